"""Methods evaluated on many pictures, beside the forward passes that this has to cost; and on a cluster."""

import subprocess
import sys

import numpy as np
import tensorflow as tf

from camwidget.judge import evaluate

from .subject import subject
from .timing import Row, paired_row

METHODS = ("grad_cam", "grad_cam++", "layer_cam")
PICTURES = 16


def evaluate_rows(name: str = "ResNet50", pairs: int = 5) -> list[Row]:
    """`evaluate` with M methods and the paper's measures on N pictures / (1 + M) N forward passes."""
    under = subject(name)
    sets = iter([under.pictures(PICTURES) for _ in range(pairs + 1)])
    batch = tf.constant(np.stack(under.pictures(PICTURES)))

    def judge() -> None:
        evaluate(under.explainer, next(sets), methods=METHODS, batch=PICTURES, target=0).summary()

    def passes() -> None:
        for _ in range(1 + len(METHODS)):
            under.forward(batch).numpy()

    what = f"evaluate {len(METHODS)} methods on {PICTURES} pictures / {(1 + len(METHODS)) * PICTURES} forward passes"
    return [paired_row(f"{name}: {what}", judge, passes, 1.25, pairs)]


# Both clusters stand at the same time and take turns; each worker has one thread and one core.
_CLUSTERS = """
import logging, os, statistics, time, warnings
warnings.simplefilter("ignore")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import distributed
from camwidget import Explainer, evaluate, samples

logging.disable(logging.WARNING)

def main():
    explainer = Explainer(samples.network())
    scenes = [samples.scene(seed).image for seed in range(192)]
    options = {"threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": 50}
    clusters = [distributed.LocalCluster(n_workers=n, **options) for n in (1, 2)]
    clients = [distributed.Client(cluster) for cluster in clusters]

    def seconds(client):
        start = time.perf_counter()
        metrics = ["average_drop", "deletion"]
        evaluate(explainer, scenes, methods=["grad_cam"], metrics=metrics, batch=8, client=client)
        return time.perf_counter() - start

    for number, client in enumerate(clients):
        cores = sorted(os.sched_getaffinity(0))
        places = {address: cores[n % len(cores)] for n, address in enumerate(client.scheduler_info()["workers"])}
        for address, core in places.items():
            client.run(pin, core, workers=[address])
        seconds(client)
    pairs = [(seconds(clients[0]), seconds(clients[1])) for _ in range(3)]
    print(statistics.median(one / two for one, two in pairs), *(statistics.median(times) for times in zip(*pairs)))
    for client, cluster in zip(clients, clusters):
        client.close()
        cluster.close()

def pin(core):
    import os
    for thread in os.listdir("/proc/self/task"):
        os.sched_setaffinity(int(thread), {core})

if __name__ == "__main__":
    main()
"""


def cluster_rows() -> list[Row]:
    """How much faster two workers on two cores are than one on one core; the row's number is its inverse."""
    try:
        import distributed  # noqa: F401  # pyright: ignore[reportMissingImports] # of the extra "cluster"
    except ImportError:
        return []
    said = subprocess.check_output([sys.executable, "-c", _CLUSTERS], text=True)
    ratio, one, two = (float(word) for word in said.splitlines()[-1].split())
    name = "samples: evaluate, two dask workers / one"
    return [Row(name, 1 / ratio, 1 / 1.6, "x", f"{one:.1f} s / {two:.1f} s: {ratio:.2f} times as fast")]
