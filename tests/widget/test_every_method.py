"""Every method through the widget: CAM methods, methods for pixels and products of both."""

import keras
import numpy as np
import pytest

from camwidget import CamWidget, Explainer
from camwidget.explanation import Explanation, make_query
from camwidget.explanation.measuring import batch_size
from camwidget.maths import METHODS, resize
from camwidget.widget import contract
from tests.widget.networks import gap_network, picture

ALL = sorted(METHODS)
OF_PIXELS = [name for name in ALL if METHODS[name].backward is not None]
SELECTING = [name for name in ALL if METHODS[name].selects_target]


@pytest.fixture(scope="module")
def model():
    return gap_network()


@pytest.fixture
def widget(model):
    widget = CamWidget(model, picture(), target=1, steps=4)
    yield widget
    widget.close()


def few(method: str) -> dict[str, int]:
    """Options that keep a method short."""
    return {"samples": 2 if METHODS[method].samples else 0}


def explained(model: keras.Model, **options: object) -> Explanation:
    """What the engine says, without its warnings."""
    explainer = Explainer(model)
    return explainer.answer(explainer.picture(picture()), make_query({"target": 1, "steps": 4, **options}))


def choose(widget: CamWidget, method: str) -> None:
    widget.set_state({"method": method, **few(method)})


@pytest.mark.parametrize("method", ALL)
def test_a_method_chosen_on_the_page_gives_the_map_that_explain_gives(widget, model, method):
    choose(widget, method)
    answer = widget.wait(60)
    expected = explained(model, method=method, **few(method))
    np.testing.assert_allclose(answer.map, expected.map, rtol=1e-9, atol=1e-15)
    assert (widget.method, widget.error, widget.status) == (method, "", "idle")
    sent = widget.result
    assert sent["of_pixels"] == (method in OF_PIXELS)
    assert (sent["rows"], sent["columns"]) == answer.map.shape
    assert (widget.evidence["rows"], widget.evidence["columns"]) == (9, 14)


@pytest.mark.parametrize("method", ALL)
def test_the_page_paints_the_heatmap(widget, method):
    """Its rule: the map divided by `full`, resized by half-pixel bilinear steps."""
    choose(widget, method)
    widget.wait(60)
    sent = widget.result
    heat = np.frombuffer(sent["map"], np.float32).reshape(sent["rows"], sent["columns"]) / sent["full"]
    np.testing.assert_allclose(resize(heat.astype(float), 12, 18), widget.heatmap, atol=1e-6)
    assert sent["maximum"] == widget.explanation.map.max()
    assert sent["maximum"] >= sent["full"]


@pytest.mark.parametrize("method", ALL)
def test_what_a_selection_costs_and_means(widget, model, method):
    choose(widget, method)
    widget.wait(60)
    evidence = widget.evidence["id"]
    widget.set_state({"region": [[[1, 2], [5, 7]]], "filters": [0, 3]})
    answer = widget.wait(60)
    expected = explained(model, region=[(1, 2), (5, 7)], filters=[0, 3], method=method, **few(method))
    np.testing.assert_allclose(answer.map, expected.map, rtol=1e-9, atol=1e-15)
    is_new = method in SELECTING
    assert (widget.evidence["id"] > evidence) == is_new
    assert widget.result["explains_selection"] == is_new
    if is_new:
        chosen = answer.evidence.activations[1:6, 2:8][..., [0, 3]]
        assert widget.result["score"] == pytest.approx(float(chosen.sum()), rel=1e-5)


@pytest.mark.parametrize("method", SELECTING)
def test_a_method_for_pixels_weighs_no_filters_and_says_what_a_choice_means(widget, method):
    choose(widget, method)
    widget.wait(60)
    assert widget.evidence["contributions"] is None
    assert widget.evidence["terms"] is None
    assert not widget.evidence["previews"]
    assert "chosen neurons and filters are themselves explained" in widget.evidence["note"]


def test_a_product_shows_its_filters_but_repaints_no_selection_by_itself(widget):
    choose(widget, "guided_grad_cam")
    widget.wait(60)
    product = widget.evidence
    choose(widget, "grad_cam")
    widget.wait(60)
    assert widget.evidence["previews"] and not product["previews"]
    assert product["terms"] == widget.evidence["terms"]
    assert product["contributions"] == widget.evidence["contributions"]


@pytest.mark.parametrize("method", [name for name in ALL if not METHODS[name].takes_noise])
def test_a_method_that_takes_no_noise_has_no_samples(widget, method):
    widget.samples = 2
    widget.wait(60)
    widget.method = method
    assert widget.wait(60).samples == 0
    assert widget.samples == 0
    widget.samples = 4
    with pytest.raises(ValueError, match="Leave out samples="):
        widget.wait(60)
    assert widget.samples == 0


def test_a_large_map_of_pixels_goes_out_as_the_means_of_areas(widget, monkeypatch):
    choose(widget, "gradient")
    widget.wait(60)
    monkeypatch.setattr(contract, "MOST_PIXELS", 9)  # half of 12 x 18
    sent, full = contract.painted(widget.explanation)
    cut = np.minimum(widget.explanation.map, full)
    np.testing.assert_allclose(sent, cut.reshape(6, 2, 9, 2).mean(axis=(1, 3)), rtol=1e-5)


def test_the_menu_says_what_a_method_makes_its_map_of(widget):
    groups = {choice["value"]: choice["group"] for choice in widget.choices["methods"]}
    assert list(groups) == list(METHODS)
    assert groups["score_cam"] == "class activation maps"
    assert groups["smooth_grad"] == "pixels"
    assert groups["guided_grad_cam++"] == "maps times pixels"
    runs = [group for n, group in enumerate(groups.values()) if n == 0 or list(groups.values())[n - 1] != group]
    assert len(runs) == len(set(runs)), "each group stands in one piece"
    for choice in widget.choices["methods"]:
        record = METHODS[choice["value"]]
        assert all(part in choice["note"] for part in (record.formula, record.source, record.cost))


@pytest.mark.parametrize(("method", "unit"), [("score_cam", "filters"), ("integrated_gradients", "steps")])
def test_stop_keeps_what_there_is_and_says_how_much(model, monkeypatch, method, unit):
    monkeypatch.setattr("camwidget.explanation.measuring.channels.batch_size", lambda *sizes: 1)
    monkeypatch.setattr("camwidget.explanation.measuring.path.batch_size", lambda *sizes: 1)
    assert batch_size(12 * 18 * 3) > 4
    widget = CamWidget(model, picture(), target=0, steps=400)
    widget.observe(lambda change: change.new > 0 and widget._scheduler.stop(), "progress")
    widget.method = method
    answer = widget.wait(60)
    (count,) = answer.evidence.counts
    assert 0 < count.done < count.wanted
    assert widget.status == "stopped"
    assert f"Stopped early, after {count.done} of {count.wanted} {unit}." in widget.evidence["note"]
    widget.close()


def test_a_selection_of_what_was_stopped_does_not_begin_it_anew(model, monkeypatch):
    monkeypatch.setattr("camwidget.explanation.measuring.channels.batch_size", lambda *sizes: 1)
    widget = CamWidget(model, picture(), target=0)
    widget.observe(lambda change: change.new > 0 and widget._scheduler.stop(), "progress")
    widget.method = "score_cam"
    stopped = widget.wait(60)
    calls = sum(probe.calls for probe in widget._explainer.probes._kept.values())
    widget.region = [[[0, 0], [3, 3]]]
    answer = widget.wait(60)
    assert sum(probe.calls for probe in widget._explainer.probes._kept.values()) == calls
    assert answer.stopped == stopped.stopped != ""
    np.testing.assert_allclose(answer.map[:4, :4], stopped.map[:4, :4], rtol=1e-12)
    widget.close()


def test_the_page_hears_that_pixels_of_another_choice_are_computed(widget, monkeypatch):
    choose(widget, "smooth_grad")
    widget.wait(60)
    seen = []
    widget.observe(lambda change: seen.append(change.new), "status")
    widget.region = [[[0, 0], [1, 1]]]
    widget.wait(60)
    assert seen == ["computing", "idle"]
