"""The map follows training."""

import threading
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest

from camwidget import CamCallback, CamWidget, explain
from tests.widget.networks import gap_network, picture, small_network

IMAGES = np.random.default_rng(0).integers(0, 256, (24, 12, 18, 3)).astype(np.float32)
LABELS = np.arange(24) % 3
QUIET: dict[str, Any] = {"verbose": 0, "shuffle": False}  # Keras' hints know strings alone


@pytest.fixture(scope="module")
def trained() -> keras.Model:
    model = gap_network()  # every class has evidence, and keeps it at this pace
    model.compile(keras.optimizers.SGD(0.01), "sparse_categorical_crossentropy")
    return model


@pytest.fixture
def model(trained) -> Iterator[keras.Model]:
    before = trained.get_weights()
    yield trained
    trained.set_weights(before)


@pytest.fixture
def widget(model):
    widget = CamWidget(model, picture(), layer="late", target=0, filters=[0, 1, 2])
    yield widget
    widget.close()


class Recorder(keras.callbacks.Callback):
    """Stands behind the callback: what the widget shows after each batch, and the right map of the moment."""

    def __init__(self, widget: CamWidget) -> None:
        super().__init__()
        self.widget = widget
        self.right: list[bool] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        right = explain(self.model, picture(), layer="late", target=0, filters=[0, 1, 2])  # type: ignore[arg-type] # set
        self.right.append(np.allclose(self.widget.explanation.signed, right.signed, rtol=1e-5, atol=1e-12))


def fit(model: keras.Model, *callbacks: keras.callbacks.Callback, epochs: int = 2) -> None:
    model.fit(IMAGES, LABELS, batch_size=4, epochs=epochs, callbacks=list(callbacks), **QUIET)


@pytest.mark.parametrize(
    ("every", "shown"),
    [("batch", list(range(12))), (4, [3, 7, 11]), ("epoch", [])],
)
def test_the_map_is_that_of_the_weights_of_the_moment(model, widget, every, shown):
    recorder = Recorder(widget)
    fit(model, CamCallback(widget, every=every), recorder)
    assert [n for n, right in enumerate(recorder.right) if right] == shown
    assert widget.explanation.signed.any()
    final = explain(model, picture(), layer="late", target=0, filters=[0, 1, 2])
    np.testing.assert_allclose(widget.explanation.signed, final.signed, rtol=1e-5, atol=1e-12)
    assert (widget.layer, widget.target, widget.filters, widget.error) == ("late", 0, [0, 1, 2], "")


def test_one_explanation_each_time_and_nothing_traced_anew(model, widget):
    fit(model, CamCallback(widget, every=3), epochs=1)  # compiles what there is to compile
    probe = widget._explainer.probe(widget.explanation.picture)
    functions, calls, seq = dict(probe._functions), probe.calls, widget.result["seq"]
    fit(model, CamCallback(widget, every=3), epochs=2)  # 12 batches
    assert widget.result["seq"] - seq == 4 + 1  # and the last state, for which nothing is to be measured
    assert probe.calls - calls == 2 * 4  # the layer's output, and the gradient
    assert probe._functions == functions


def test_a_call_for_several_batches_counts_them_all():
    model = small_network()
    model.compile("sgd", "sparse_categorical_crossentropy", steps_per_execution=3)
    widget = CamWidget(model, picture())
    seq = widget.result["seq"]
    fit(model, CamCallback(widget, every=2), epochs=1)  # six batches in two calls
    assert widget.result["seq"] - seq == 2 + 1
    widget.close()


def test_training_that_fails_leaves_the_last_map_and_a_widget_that_works(model, widget):
    class Failing(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 2:
                raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        fit(model, CamCallback(widget, every="batch"), Failing())
    final = explain(model, picture(), layer="late", target=0, filters=[0, 1, 2])
    np.testing.assert_allclose(widget.explanation.signed, final.signed, rtol=1e-5, atol=1e-12)
    widget.target = 2
    assert widget.wait(60).target == 2


def test_who_drags_meanwhile_does_not_hold_up_training(model, widget):
    """Training waits for one computation, also where a newer choice has taken its place."""
    end = threading.Event()

    def hammer() -> None:
        step = 0
        while not end.is_set():
            widget.target = step % 3
            step += 1

    thread = threading.Thread(target=hammer)
    thread.start()
    try:
        fit(model, CamCallback(widget, every="batch"))
    finally:
        end.set()
        thread.join(30)
    assert widget.wait(60).target == widget.target and widget.error == ""


def test_a_closed_widget_does_not_hold_up_training(model, widget):
    widget.close()
    fit(model, CamCallback(widget, every="batch"), epochs=1)


def test_the_strip_is_asked_again_when_training_is_over(model):
    pictures = [picture(n) for n in range(6)]
    widget = CamWidget(model, pictures, layer="late")
    fit(model, CamCallback(widget, every="batch"), epochs=6)
    expected = np.asarray(model(np.stack(pictures).astype(np.float32)))
    told, found = threading.Event(), np.zeros(6)
    for _ in range(600):  # in the background
        found = np.frombuffer(widget.pictures["probabilities"], np.float32)
        if widget.pictures["read"] == 6 and np.allclose(found, expected.max(1), rtol=1e-4):
            break
        told.wait(0.05)
    np.testing.assert_allclose(found, expected.max(1), rtol=1e-4)
    widget.close()


def test_another_networks_widget_is_refused_before_anything_is_learnt(model, widget):
    other = small_network()
    other.compile("sgd", "sparse_categorical_crossentropy")
    before = [weight.numpy().copy() for weight in other.weights]
    with pytest.raises(ValueError, match="'gap', which shares no weights with 'small'"):
        fit(other, CamCallback(widget))
    for weight, was in zip(other.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), was)
    wrapped = keras.Sequential([keras.layers.Input((12, 18, 3)), keras.layers.RandomFlip(), model])
    wrapped.compile("sgd", "sparse_categorical_crossentropy")
    fit(wrapped, CamCallback(widget), epochs=1)  # weights in common are enough


@pytest.mark.parametrize("every", [0, -1, True, "epochs"])
def test_other_intervals_are_refused(widget, every):
    with pytest.raises(ValueError, match=r'"epoch", "batch", or a number of batches'):
        CamCallback(widget, every=every)
