"""Long work is seen while it goes on, and what is seen on the way is true of what was done so far."""

import threading
import time
from collections.abc import Iterator

import keras
import numpy as np
import pytest

from camwidget import CamWidget, explain
from camwidget.maths import METHODS
from camwidget.maths.selection import rescale
from tests.widget.networks import picture, small_network


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return small_network()


@pytest.fixture
def widget(model: keras.Model, monkeypatch: pytest.MonkeyPatch) -> Iterator[CamWidget]:
    monkeypatch.setattr("camwidget.explanation.measuring.running._BATCH_NUMBERS", 2 * 12 * 18 * 3)  # two at a time
    monkeypatch.setattr("camwidget.widget.streaming._INTERVAL", 0)
    widget = CamWidget(model, picture(), target=1, layer="early", noise=0.4, steps=6)
    yield widget
    widget.close()


def test_the_map_refines_as_copies_arrive(widget: CamWidget, model: keras.Model) -> None:
    seen: list[tuple[dict, str, str, int]] = []
    widget.observe(
        lambda change: seen.append((change.new, widget.status, widget.evidence["note"], widget.samples)), "result"
    )
    widget.set_trait("samples", 6)
    final = widget.wait(60)
    assert [note for _, _, note, _ in seen[:2]] == ["So far: 2 of 6 noisy copies.", "So far: 4 of 6 noisy copies."]
    assert [status for _, status, _, _ in seen[:2]] == ["computing"] * 2 and widget.status == "idle"
    assert [samples for *_, samples in seen] == [6, 6, 6]
    seqs = [result["seq"] for result, *_ in seen]
    assert seqs == sorted(set(seqs))
    # The first two of six copies are the two copies of a shorter run.
    two = explain(model, picture(), target=1, layer="early", noise=0.4, samples=2)
    shown = np.frombuffer(seen[0][0]["map"], np.float32).reshape(two.map.shape)
    np.testing.assert_allclose(shown, two.map, rtol=1e-5)
    assert not final.stopped and final.samples == 6


@pytest.mark.parametrize("method", ["score_cam", "ablation_cam", "integrated_gradients", "guided_grad_cam"])
def test_whatever_takes_long_is_seen_on_the_way(
    widget: CamWidget, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("camwidget.explanation.measuring.channels.batch_size", lambda *sizes: 2)
    notes: list[str] = []
    widget.observe(lambda change: notes.append(change.new["note"]), "evidence")
    if METHODS[method].takes_noise and method != "integrated_gradients":
        widget.samples = 6
    widget.method = method
    widget.wait(60)
    assert any(note.startswith("So far: ") for note in notes) and "So far" not in notes[-1]


def test_another_selection_on_the_way_begins_the_measurement_anew(widget: CamWidget) -> None:
    def choose(change: object) -> None:
        if widget.filters is None and widget.status == "computing":
            widget.filters = [1]

    widget.observe(choose, "result")
    widget.samples = 8
    final = widget.wait(60)
    assert final.query.filters == (1,) and final.samples == 8 and not final.stopped


def test_an_error_on_the_way_leaves_what_there_is_marked_as_stopped(widget: CamWidget) -> None:
    def spoil(change: object) -> None:
        if widget.layer == "early" and widget.status == "computing":
            widget.layer = "nonsense"

    widget.observe(spoil, "result")
    widget.samples = 10  # no number that was measured before: that would be answered at once
    with pytest.raises(ValueError, match="No layer 'nonsense'"):
        widget.wait(60)
    assert widget.explanation.stopped and widget.status == "stopped"


def test_an_observer_may_explain_while_the_map_refines(widget: CamWidget) -> None:
    """It holds the widget and waits for the network; the worker has the network and would show something."""
    found: list[int] = []

    def ask(change: dict) -> None:
        if widget._explainer.lock.acquire(timeout=20):  # as `explain` does, but that would wait for ever
            found.append(widget._explainer.explain(picture(), target=change["new"]).target)
            widget._explainer.lock.release()

    widget.observe(ask, "target")
    widget.samples = 1500
    done = threading.Event()

    def choose() -> None:
        while widget.status != "computing" or "So far" not in widget.evidence["note"]:
            time.sleep(0.001)
        widget.set_state({"target": 0})
        done.set()

    threading.Thread(target=choose, daemon=True).start()
    assert done.wait(60) and found, "observer and worker wait for each other"
    widget.samples = 2
    assert widget.wait(60).target == 0 and found == [0]


def test_what_a_layer_entails_is_not_lost_when_it_was_seen_on_the_way(widget: CamWidget) -> None:
    """A filter and a box of another layer are given up and rescaled, though the new layer's map was overtaken."""
    box = ((8, 0), (10, 15))
    widget.set_state({"target": 0, "region": [box], "filters": [1]})
    before = widget.wait(60).layer_info.grid
    widget.set_state({"samples": 5000, "layer": "late"})
    while widget.explanation.layer != "late":
        time.sleep(0.001)
    widget.set_state({"target": 2, "samples": 2})
    answer = widget.wait(60)
    assert (answer.layer, answer.target, answer.query.filters) == ("late", 2, None)
    assert before != answer.layer_info.grid
    assert answer.query.region == rescale((box,), before, answer.layer_info.grid)
