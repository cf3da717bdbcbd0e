"""Questions of the page: each is answered once, with its id, and changes nothing."""

import io
import threading
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from camwidget import CamWidget
from camwidget.judge import glance
from camwidget.maths import METHODS
from tests.widget.networks import picture, small_network


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return small_network()


@pytest.fixture
def widget(model: keras.Model) -> Iterator[CamWidget]:
    widget = CamWidget(model, picture(), target=1)
    yield widget
    widget.close()


def ask(widget: CamWidget, monkeypatch: pytest.MonkeyPatch, **content: Any) -> tuple[dict, list[bytes]]:
    sent: list[tuple[dict, list[bytes]]] = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: sent.append((content, buffers or [])))
    widget._on_message(widget, {"id": 7, **content}, [])
    ((answer, buffers),) = sent
    assert answer["id"] == 7
    return answer, buffers


def test_the_numbers_of_a_neuron(widget: CamWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    answer, _ = ask(widget, monkeypatch, kind="neuron", layer="late", row=3, column=5)
    assert answer["error"] == ""
    A, g = widget.explanation.evidence.activations, widget.explanation.evidence.first.astype(float)
    alpha = np.where(g == 0, 0, 1 / (2 + A.sum(axis=(0, 1)) * g))  # g^2 / (2 g^2 + sum A g^3)
    weights = (alpha * np.maximum(g, 0)).sum(axis=(0, 1))
    channel = int(np.abs(weights * A[3, 5]).argmax())
    assert answer["filter"] == channel
    assert answer["activation"] == pytest.approx(A[3, 5, channel])
    assert answer["gradient"] == pytest.approx(g[3, 5, channel])
    assert answer["alpha"] == pytest.approx(alpha[3, 5, channel])
    assert answer["weight"] == pytest.approx(weights[channel])


def test_of_the_chosen_filters_the_strongest_is_told(widget: CamWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    widget.filters = [2]
    widget.wait(30)
    answer, _ = ask(widget, monkeypatch, kind="neuron", layer="late", row=0, column=0)
    assert answer["filter"] == 2


@pytest.mark.parametrize("method", [name for name in METHODS if name != "cam"])
def test_every_method_has_some_numbers(method: str, model: keras.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    widget = CamWidget(model, picture(), method=method, samples=0)
    answer, _ = ask(widget, monkeypatch, kind="neuron", layer="late", row=1, column=2)
    assert answer["error"] == "" and answer["activation"] is not None
    assert (answer["weight"] is None) == (METHODS[method].weigh is None)
    assert (answer["alpha"] is not None) == ("++" in method)
    widget.close()


def test_the_receptive_field_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    # 3x3 without padding, stride 2 in rows: neuron (2, 3) depends on rows 4 to 6 and columns 3 to 5 of 12 x 18.
    model = keras.Sequential(
        [
            layers.Input((12, 18, 3)),
            layers.Conv2D(4, 3, strides=(2, 1), kernel_initializer="ones", name="only"),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    widget = CamWidget(model, np.ones((12, 18, 3), np.float32), method="grad_cam")
    answer, _ = ask(widget, monkeypatch, kind="neuron", layer="only", row=2, column=3)
    assert answer["field"] == pytest.approx([4 / 12, 3 / 18, 7 / 12, 6 / 18])
    widget.close()


def test_a_busy_network_is_not_waited_for(widget: CamWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with widget._explainer.lock:
            held.set()
            done.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(30)
    try:
        answer, _ = ask(widget, monkeypatch, kind="neuron", layer="late", row=3, column=5)
    finally:
        done.set()
        holder.join()
    assert answer["error"] == "" and answer["field"] is None and answer["activation"] is not None


@pytest.mark.parametrize("place", [{"row": 99, "column": 0}, {"row": 0, "column": -1}, {"row": None, "column": 0}])
def test_a_neuron_that_is_not_there(widget: CamWidget, monkeypatch: pytest.MonkeyPatch, place: dict) -> None:
    answer, _ = ask(widget, monkeypatch, kind="neuron", layer="late", **place)
    assert answer["error"]
    answer, _ = ask(widget, monkeypatch, kind="neuron", layer="early", row=0, column=0)
    assert answer["error"] == "The layer on show has changed."


def test_what_the_network_sees(widget: CamWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    answer, (data,) = ask(widget, monkeypatch, kind="inputs")
    inputs = widget.explanation.picture.inputs
    assert (answer["height"], answer["width"], answer["channels"]) == inputs.shape
    assert (answer["low"], answer["high"]) == (inputs.min(), inputs.max())
    shown = np.asarray(Image.open(io.BytesIO(data)))
    expected = np.round(255 * (inputs - inputs.min()) / (inputs.max() - inputs.min()))
    np.testing.assert_allclose(shown, expected, atol=1)


def test_the_largest_input_stays_below_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    model = keras.Sequential([layers.Input((400, 600, 3)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(2)])
    noise = np.random.default_rng(0).random((400, 600, 3), np.float32)
    widget = CamWidget(model, noise, method="grad_cam")
    answer, (data,) = ask(widget, monkeypatch, kind="inputs")
    assert (answer["height"], answer["width"]) == (400, 600) and len(data) < 256 * 1024
    widget.close()


def test_an_unknown_question(widget: CamWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    answer, _ = ask(widget, monkeypatch, kind="weather")
    assert (
        answer["error"]
        == "No request of kind 'weather'; the kernel knows 'stop', 'hello', 'neuron', 'inputs', 'check', 'pictures', "
        "'picture', 'maximize'."
    )


def test_a_check_is_answered_from_a_thread_of_its_own(widget: CamWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    found: list[tuple[dict, str]] = []

    def send(content: dict, buffers: list | None = None) -> None:
        found.append((content, threading.current_thread().name))
        answered.set()

    monkeypatch.setattr(widget, "send", send)
    widget._on_message(widget, {"id": 3, "kind": "check"}, [])
    assert answered.wait(60)
    ((answer, thread),) = found
    assert thread == "camwidget-check" and answer["id"] == 3 and answer["error"] == ""
    expected = glance(widget._explainer, widget.explanation)
    assert answer["before"] == pytest.approx(expected.before) and answer["drop"] == pytest.approx(expected.drop)
    assert answer["correlation"] == pytest.approx(expected.correlation)
    assert answer["randomized"] == expected.randomized
