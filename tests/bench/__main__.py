"""Speed against the budgets, as ratios measured in one run: `make bench`.

Every ratio pairs two things timed in turn, A B A B ..., and takes the median of the pairs, so
that it holds on a machine whose speed drifts. Compiling is done beforehand and reported apart.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from camwidget import Explainer
from camwidget.explanation import make_query


@dataclass(frozen=True)
class Row:
    """One line of the table: a name, what was measured, what is allowed, and the unit of both."""

    name: str
    measured: float
    budget: float
    unit: str
    detail: str = ""

    def __str__(self) -> str:
        verdict = "ok" if self.measured <= self.budget else "OVER"
        return f"{self.name:<58} {self.measured:>8.2f} {self.budget:>8.2f} {self.unit:<6} {verdict:<5} {self.detail}"


def seconds(function: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def paired(first: Callable[[], object], second: Callable[[], object], pairs: int) -> tuple[float, float, float]:
    """Median seconds of both, and the median of their ratios pair by pair."""
    first()
    second()
    times = [(seconds(first), seconds(second)) for _ in range(pairs)]
    a, b = zip(*times, strict=True)
    return statistics.median(a), statistics.median(b), statistics.median(x / y for x, y in times)


def network_rows(name: str, model: keras.Model, *, first_map: float, class_change: float, pairs: int) -> list[Row]:
    """The budgets of one network."""
    shape = model.input_shape[1:]
    generator = np.random.default_rng(0)
    forward = tf.function(lambda x: model(x, training=False), autograph=False)
    explainer = Explainer(model, preprocess=None)

    def fresh() -> np.ndarray:
        return generator.uniform(0, 255, shape).astype(np.float32)

    def ratio(what: str, mine: Callable[[], object], other: Callable[[], object], budget: float, n: int) -> Row:
        a, b, measured = paired(mine, other, n)
        return Row(f"{name}: {what}", measured, budget, "x", f"{1000 * a:.1f} ms / {1000 * b:.1f} ms")

    kept = explainer.picture(fresh())
    compiling = seconds(lambda: explainer.answer(kept, make_query({"target": 0})))
    classes = iter(range(1, 1000))
    one = tf.constant(kept.inputs[None])
    many = tf.constant(np.stack([fresh() for _ in range(25)]))
    seeds = iter(range(1000))
    pictures = iter([fresh() for _ in range(pairs + 1)])
    regions = iter((((r % 7, 0), (6, r % 7)),) for r in range(1000))

    def next_region() -> object:
        return explainer.answer(kept, make_query({"target": 0, "region": next(regions)})).heatmap

    rows = [
        Row(f"{name}: compiling, once for each layer (reported, no budget)", compiling, float("inf"), "s"),
        ratio(
            "first Grad-CAM++ / forward pass",
            lambda: explainer.explain(next(pictures), target=0).heatmap,
            lambda: forward(one).numpy(),
            first_map,
            pairs,
        ),
        ratio(
            "class change / forward pass",
            lambda: explainer.answer(kept, make_query({"target": next(classes)})).heatmap,
            lambda: forward(one).numpy(),
            class_change,
            pairs,
        ),
        ratio(
            "Smooth Grad-CAM++, n = 25 / forward pass of 25",
            lambda: explainer.answer(kept, make_query({"samples": 25, "seed": next(seeds), "target": 0})),
            lambda: forward(many).numpy(),
            1.2,
            5,
        ),
    ]
    calls = sum(probe.calls for probe in explainer._probes.values())
    times = [seconds(next_region) for _ in range(100)]
    rows.append(Row(f"{name}: region change", 1000 * statistics.median(times), 2.0, "ms"))
    runs = sum(probe.calls for probe in explainer._probes.values()) - calls
    rows.append(Row(f"{name}: network runs for 100 region changes", runs, 0, "runs"))
    return rows


def memory_row() -> Row:
    """Peak memory of a process that averages 64 noisy copies, beside one that averages 8."""
    program = (
        "import keras, numpy as np, resource; from camwidget import explain;"
        "model = keras.applications.ResNet50(weights=None);"
        "explain(model, np.zeros((224, 224, 3), np.float32), preprocess=None, target=0, samples={});"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    few, many = (
        min(int(subprocess.check_output([sys.executable, "-c", program.format(n)])) for _ in range(2)) for n in (8, 64)
    )
    return Row("ResNet50: peak memory, 64 noisy copies / 8", many / few, 1.05, "x", f"{many / 1024:.0f} MB")


def import_row() -> Row:
    """`import camwidget` in a fresh interpreter, less the interpreter's own start."""
    program = "import time; t = time.perf_counter(); import camwidget; print(time.perf_counter() - t)"
    times = [float(subprocess.check_output([sys.executable, "-c", program])) for _ in range(5)]
    return Row("import camwidget", statistics.median(times), 0.3, "s")


def main() -> int:
    """Print the table; 1 where something is over its budget."""
    rows = [import_row(), memory_row()]
    print(f"{'':<58} {'measured':>8} {'budget':>8}")
    networks = (
        ("ResNet50", keras.applications.ResNet50, 1.1, 0.1, 21),
        ("VGG16", keras.applications.VGG16, 1.35, 0.35, 11),
    )
    for name, make, first_map, class_change, pairs in networks:
        rows += network_rows(
            name,
            make(weights=None),  # pyright: ignore[reportArgumentType] # None is meant to be allowed
            first_map=first_map,
            class_change=class_change,
            pairs=pairs,
        )
    for row in rows:
        print(row)
    return int(any(row.measured > row.budget for row in rows))


if __name__ == "__main__":
    sys.exit(main())
