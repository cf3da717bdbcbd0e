"""Whole data sets on a cluster: the same table as from one process, also after a worker was killed."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from camwidget import samples
from camwidget.explanation import Explainer
from camwidget.judge import ClusterLost, Evaluation, cluster, evaluate

distributed = pytest.importorskip("distributed", reason="dask.distributed, of the extra 'cluster'")

pytestmark = [
    pytest.mark.slow,
    # Of distributed's own threads and sockets, as they go down with a worker that is killed.
    pytest.mark.filterwarnings("default::ResourceWarning", "default::pytest.PytestUnhandledThreadExceptionWarning"),
]

SCENES = [samples.scene(seed).image for seed in range(40)]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as local,
        distributed.Client(local) as connected,
    ):
        yield connected


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return Explainer(samples.network(), class_names=samples.CLASS_NAMES)


def asked(explainer: Explainer, **options: Any) -> Evaluation:
    metrics = ["average_drop", "win_rate", "deletion"]
    return evaluate(explainer, SCENES, methods=["grad_cam", "layer_cam"], metrics=metrics, batch=4, **options)


@pytest.fixture(scope="module")
def alone(explainer: Explainer) -> Evaluation:
    return asked(explainer)


def assert_same(one: Evaluation, other: Evaluation) -> None:
    for name, values in one.columns.items():
        if values.dtype == np.float64:  # as many threads, and so as many partial sums, as a worker has
            np.testing.assert_allclose(values, other.columns[name], rtol=2e-4, atol=1e-6)
        else:
            assert values.tolist() == other.columns[name].tolist()


def test_the_same_table_from_a_cluster(client: Any, explainer: Explainer, alone: Evaluation, tmp_path: Path):
    found = asked(explainer, client=client, out=tmp_path / "table.csv")
    assert_same(alone, found)
    assert [row.split(",")[0] for row in (tmp_path / "table.csv").read_text().splitlines()[1::2]] == [
        str(n) for n in range(40)
    ]
    assert len(found.shown) == len(alone.shown) > 0

    def loaded() -> int:
        from camwidget.judge import cluster

        return len(cluster._LOADED)

    assert set(client.run(loaded).values()) == {1}  # each worker has the network, once


def test_the_same_table_after_a_worker_was_killed(client: Any, explainer: Explainer, alone: Evaluation, tmp_path: Path):
    out = tmp_path / "table.csv"
    victim = next(iter(client.run(os.getpid).values()))
    killed = threading.Event()

    def kill() -> None:
        while not (out.exists() and out.read_bytes().count(b"\n") > 16):
            time.sleep(0.005)
        os.kill(victim, signal.SIGKILL)
        killed.set()

    thread = threading.Thread(target=kill)
    thread.start()
    found = asked(explainer, client=client, out=out)
    thread.join(10)
    assert killed.is_set()
    assert_same(alone, found)


def test_a_cluster_that_dies_loses_nothing(
    explainer: Explainer, alone: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)
    out = tmp_path / "table.csv"
    local = distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0", processes=True)
    with distributed.Client(local) as connected:

        def stop() -> None:
            while not (out.exists() and out.read_bytes().count(b"\n") > 16):
                time.sleep(0.005)
            local.scale(0)

        thread = threading.Thread(target=stop)
        thread.start()
        with pytest.raises(ClusterLost, match=r"The cluster is gone \(.*with out= the same call goes on") as caught:
            asked(explainer, client=connected, out=out)
        thread.join(10)
    local.close()
    partial = caught.value.evaluation
    assert 8 <= len(partial) < 40
    assert_same(alone, asked(explainer, out=out))  # goes on in one process


def test_the_same_weights_come_again_with_another_preprocess(client: Any):
    model, shown = samples.network(), SCENES[:8]
    found = []
    for preprocess in (None, lambda picture: picture / 2):
        explainer = Explainer(model, preprocess=preprocess)
        found.append(evaluate(explainer, shown, methods=["grad_cam"], batch=4, client=client))
        assert_same(evaluate(explainer, shown, methods=["grad_cam"], batch=4), found[-1])
    one, other = (each.columns["probability"] for each in found)
    assert (np.abs(one - other) > 1e-3).any()


@pytest.mark.parametrize("given", [object(), "tcp://somewhere:8786"])
def test_what_is_no_client(explainer: Explainer, given: Any):
    with pytest.raises(TypeError, match="client= takes a dask.distributed Client"):
        asked(explainer, client=given)


class Nameless(keras.layers.Layer):
    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def call(self, inputs: Any) -> Any:
        return inputs * self.number


def test_a_network_that_cannot_be_sent(client: Any):
    network = samples.network()
    picture = keras.Input((112, 112, 3))
    model = keras.Model(picture, network(Nameless(1)(picture)))
    with pytest.raises(ValueError, match="(?s)cannot be sent to the workers.*register_keras_serializable"):
        asked(Explainer(model, preprocess=None), client=client)


def test_errors_come_back_as_they_are(client: Any, explainer: Explainer):
    with pytest.raises(ValueError, match="Picture 1: label 10 is outside the classes"):
        evaluate(explainer, [(SCENES[0], 3), (SCENES[1], 10)], methods=["grad_cam"], client=client)
