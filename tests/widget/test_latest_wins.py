"""A drag never queues: on a real network that takes its time, its runs counted."""

import time

import keras
import numpy as np
import pytest

from camwidget import CamWidget

CHANGES = 100
SPAN = 1.0  # seconds in which the changes are made


def slow_network(seconds: float) -> keras.Model:
    """A network whose tail behind the first convolution takes about that long for one picture."""
    keras.utils.set_random_seed(1)
    deep = 4
    while True:
        image = keras.layers.Input((192, 256, 3))
        x = keras.layers.Conv2D(32, 3, padding="same", activation="relu", name="first")(image)
        for _ in range(deep):
            x = keras.layers.Conv2D(32, 3, padding="same", activation="relu")(x)
        x = keras.layers.GlobalAveragePooling2D()(x)
        model = keras.Model(image, keras.layers.Dense(CHANGES, activation="softmax")(x))
        taken = one_change(model)
        if taken >= seconds:
            return model
        deep = min(4 * deep, int(np.ceil(1.2 * deep * seconds / taken)))


def one_change(model: keras.Model) -> float:
    """Seconds that one change of class takes, by the kernel's own account."""
    widget = slow_widget(model)
    times = []
    for target in (1, 2, 3):
        widget.target = target
        widget.wait()
        times.append(widget.result["milliseconds"] / 1000)
    widget.close()
    return min(times)


def slow_widget(model: keras.Model) -> CamWidget:
    pixels = np.random.default_rng(0).random((192, 256, 3), np.float32)
    return CamWidget(model, pixels, layer="first", target=0)


def runs(widget: CamWidget) -> int:
    return sum(probe.calls for probe in widget._explainer.probes._kept.values())


@pytest.fixture(scope="module")
def model():
    return slow_network(0.2)


@pytest.mark.slow
@pytest.mark.parametrize("trait", ["target", "noise"])
def test_a_hundred_changes_in_a_second_never_queue(model, trait):
    """At most seven computations where one takes 200 ms: those that fit into the second, and two."""
    widget = slow_widget(model)
    if trait == "noise":
        widget.samples = 1
        widget.wait()
    before, seq = runs(widget), widget.result["seq"]
    taken: list[float] = []
    widget.observe(lambda change: taken.append(change.new["milliseconds"] / 1000), "result")
    start = time.perf_counter()
    for step in range(1, CHANGES):
        setattr(widget, trait, step if trait == "target" else step / 200)
        time.sleep(max(0, start + step * SPAN / CHANGES - time.perf_counter()))
    elapsed = time.perf_counter() - start
    answer = widget.wait(120)
    answered = widget.result["seq"] - seq
    computations = runs(widget) - before  # one noisy copy or one class: one run each
    widget.close()
    assert getattr(answer.query, trait) == (99 if trait == "target" else 99 / 200)
    assert answered >= 1
    assert 1 <= computations <= elapsed / min(taken) + 2
    assert computations < CHANGES / 5


@pytest.mark.slow
def test_a_hundred_selections_run_no_network(model):
    widget = slow_widget(model)
    before = runs(widget)
    for step in range(CHANGES):
        widget.region = [[[0, 0], [step, 2 * step]]]
        widget.filters = [step % 32]
    answer = widget.wait(120)
    after = runs(widget)
    widget.close()
    assert answer.query.region == (((0, 0), (99, 198)),)
    assert after == before


@pytest.mark.slow
def test_stop_keeps_the_mean_of_the_copies_so_far(model):
    widget = slow_widget(model)
    widget.samples = 500
    while widget.progress == 0:
        time.sleep(0.01)
    widget._scheduler.stop()
    answer = widget.wait(60)
    assert widget.status == "stopped"
    assert 0 < answer.samples < 500
    assert widget.samples == answer.samples
    stopped = runs(widget)
    widget.region = [[[0, 0], [5, 7]]]  # what was averaged is kept: no network runs
    assert widget.wait(60).samples == answer.samples
    assert runs(widget) == stopped
    fresh = CamWidget(model, widget.image, layer="first", target=0, samples=answer.samples)
    np.testing.assert_allclose(fresh.explanation.map, answer.map, rtol=1e-9)
    fresh.close()
    widget.close()
