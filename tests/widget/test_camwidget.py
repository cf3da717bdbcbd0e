"""The widget's traits without a front end."""

import base64
import io
import threading
from typing import Any

import jaxtyping
import numpy as np
import pytest
from PIL import Image

from camwidget import CamWidget, explain
from camwidget.explanation.drawing import display_png
from tests.widget.networks import picture, small_network


@pytest.fixture(scope="module")
def model():
    return small_network()


@pytest.fixture
def widget(model):
    widget = CamWidget(model, picture())
    yield widget
    widget.close()


def calls(widget: CamWidget) -> int:
    return sum(probe.calls for probe in widget._explainer.probes._kept.values())


def page(widget: CamWidget, **state: object) -> CamWidget:
    """What a message from the page does."""
    widget.set_state(state)
    return widget


def test_it_shows_what_explain_computes(widget, model):
    expected = explain(model, picture())
    np.testing.assert_allclose(widget.heatmap, expected.heatmap, rtol=1e-12)
    assert widget.layer == "late"
    assert widget.target == expected.target
    sent = np.frombuffer(widget.result["map"], np.float32).reshape(9, 14)
    np.testing.assert_allclose(sent, expected.map, rtol=1e-6)


@pytest.mark.parametrize("by", ["python", "page"])
@pytest.mark.parametrize(
    "change",
    [
        {"region": [[[7, 1], [2, 5]]]},
        {"neurons": [[3, 4], [8, 13]]},
        {"filters": [0, 2]},
        {"target": 2},
        {"layer": "early"},
        {"method": "grad_cam"},
        {"score": "log_probability"},
        {"samples": 3, "noise": 0.3},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_choice_gives_the_map_that_explain_gives(widget, model, change, by):
    seq = widget.result["seq"]
    if by == "page":
        page(widget, **change)
    else:
        for name, value in change.items():
            setattr(widget, name, value)
    answer = widget.wait(60)
    options = {"layer": "late", "target": widget.explanation.target, **change}
    np.testing.assert_allclose(answer.signed, explain(model, picture(), **options).signed, rtol=1e-9, atol=1e-15)
    assert widget.result["seq"] > seq
    assert widget.error == ""
    assert widget.status == "idle"
    for name, value in change.items():
        assert getattr(widget, name) == value


def test_a_selection_runs_no_network_and_sends_no_evidence(widget):
    before, evidence = calls(widget), widget.evidence["id"]
    for row in range(100):
        page(widget, region=[[[row % 9, 0], [8, row % 14]]], filters=[row % 4])
    widget.wait(60)
    assert calls(widget) == before
    assert widget.evidence["id"] == evidence
    assert widget.explanation.query.region == (((99 % 9, 0), (8, 99 % 14)),)


def test_a_class_costs_one_run_of_the_tail(widget):
    widget.target = 0
    widget.wait(60)
    before = calls(widget)
    widget.target = 1
    widget.wait(60)
    assert calls(widget) == before + 1
    widget.target = 0  # known
    widget.wait(60)
    assert calls(widget) == before + 1


@pytest.mark.parametrize(
    ("trait", "value", "says"),
    [
        ("layer", "nonsense", "No layer 'nonsense'"),
        ("method", "grad-cam", "No method 'grad-cam'"),
        ("target", 3, "No class 3"),
        ("target", "cat", "No class called 'cat'"),
        ("filters", [4], "No filter 4"),
        ("neurons", [[0, 14]], "outside the layer's grid of 9 rows and 14 columns"),
        ("region", [[[0, 0], [9, 0]]], "outside the layer's grid"),
        ("region", 3, "region= takes two corners"),
        ("samples", -1, "below 0"),
        ("noise", float("nan"), "out of range"),
        ("image", "/no/such/file.png", "No picture at"),
        ("image", np.zeros((4, 4, 2), np.uint8), "2 channels"),
        ("image", np.full((12, 18, 3), np.nan), "NaN"),
        ("image", np.zeros((0, 3, 3), np.uint8), "empty"),
        ("colormap", "puce", "No colour map 'puce'"),
    ],
)
def test_bad_input_is_said_and_costs_nothing(widget, trait, value, says):
    widget.region = [[[1, 2], [3, 4]]]
    good = widget.wait(60)
    before = {name: getattr(widget, name) for name in ("layer", "target", "region", "filters", "neurons", "noise")}
    setattr(widget, trait, value)
    with pytest.raises(ValueError, match=says):
        widget.wait(60)
    assert says in widget.error
    assert widget.status == "idle"
    assert widget.explanation is good
    assert {name: getattr(widget, name) for name in before} == before
    assert isinstance(widget.image, np.ndarray) and widget.image.shape == (12, 18, 3)

    widget.target = (good.target + 1) % 3  # and it goes on working
    assert widget.wait(60).target == widget.target
    assert widget.error == ""


def test_a_page_that_says_nonsense_is_set_right(widget):
    page(widget, layer="nonsense", filters=["x"])
    with pytest.raises(ValueError, match="filters="):
        widget.wait(60)
    assert widget.filters is None
    assert widget.layer == "late"


def test_a_constructor_refuses_bad_input(model):
    with pytest.raises(ValueError, match="No layer 'conv9'"):
        CamWidget(model, picture(), layer="conv9")
    with pytest.raises(ValueError, match="No colour map"):
        CamWidget(model, picture(), colormap="puce")
    with pytest.raises(ValueError, match="2 names and the network has 3 classes"):
        CamWidget(model, picture(), class_names=["a", "b"])


def test_something_else_than_a_network_is_refused_in_words():
    jaxtyping.config.update("jaxtyping_disable", True)  # as for users: no type checker stands before our own words
    try:
        with pytest.raises(TypeError, match="a keras.Model; this is str"):
            CamWidget("vgg16", picture())  # type: ignore[arg-type] # the point of the test
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)


def test_another_layer_keeps_the_part_of_the_picture(widget):
    widget.region = [[[0, 0], [8, 6]]]
    widget.filters = [1]
    widget.wait(60)
    page(widget, layer="early")  # 11 x 16
    widget.wait(60)
    assert widget.filters is None
    assert widget.region == [[[0, 0], [10, 7]]]


def test_another_picture_is_explained_for_its_own_class(widget):
    other = picture(5)
    widget.image = other
    answer = widget.wait(60)
    assert answer.target == answer.probabilities.argmax() == widget.target
    assert np.shares_memory(widget.image, other)
    sent = Image.open(io.BytesIO(widget.get_state("image")["image"]["file"]))
    np.testing.assert_array_equal(np.asarray(sent), other)


def test_class_names_stay_text(model):
    names = ["<img src=x onerror=alert(1)>", "b", "c"]
    widget = CamWidget(model, picture(), class_names=names, target=names[0])
    assert widget.choices["classes"] == names
    assert widget.target == 0
    widget.close()


def test_the_picture_on_display_is_the_overlay(widget):
    data, _ = widget._repr_mimebundle_()
    shown = base64.b64decode(data["image/png"])
    assert shown == display_png(widget.explanation, colormap="viridis", opacity=widget.opacity)
    assert Image.open(io.BytesIO(shown)).size == (432, 288)  # 18 x 12, each pixel 24 times as large
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == repr(widget)
    assert repr(widget).startswith("<CamWidget: Grad-CAM++ for class ")


def test_any_colour_map_comes_with_its_colours(widget):
    widget.colormap = "plasma"
    entry = {choice["value"]: choice for choice in widget.choices["colormaps"]}["plasma"]
    colours = np.frombuffer(entry["palette"], np.uint8).reshape(256, 3)
    np.testing.assert_array_equal(colours[[0, 255]], [[12, 7, 134], [239, 248, 33]])


def test_training_is_noticed(model):
    model = small_network()
    widget = CamWidget(model, picture(), target=0)
    before = widget.explanation.signed.copy()
    widget.refresh()
    widget.wait(60)
    assert "changed since" not in widget.evidence["note"]
    model.set_weights([weight + 0.1 for weight in model.get_weights()])
    widget.refresh()
    assert not np.allclose(widget.wait(60).signed, before)
    np.testing.assert_allclose(widget.explanation.signed, explain(model, picture(), target=0).signed)
    assert "The network has changed since the last map" in widget.evidence["note"]
    widget.image = picture(1)  # another picture has other outputs anyway
    widget.wait(60)
    assert "changed since" not in widget.evidence["note"]
    widget.close()


def test_an_observer_may_wait_for_the_answer(widget):
    seen = []
    widget.observe(lambda change: seen.append(widget.wait(30).query.region), "region")
    page(widget, region=[[[1, 1], [2, 2]]])
    assert seen == [(((1, 1), (2, 2)),)]


def test_after_close_nothing_happens(model):
    widget = CamWidget(model, picture())
    widget.close()
    widget.close()
    widget.target = 1
    assert widget.wait(5) is widget.explanation
    assert not [thread for thread in threading.enumerate() if thread is widget._scheduler._worker]


class Held:
    """Holds the worker when it has computed and before it publishes, as a long first trace would."""

    def __init__(self, widget: CamWidget, monkeypatch: pytest.MonkeyPatch) -> None:
        self.computed, self.go_on = threading.Semaphore(0), threading.Semaphore(0)
        answer = widget._explainer.answer

        def held(*arguments: Any, **options: Any) -> Any:
            found = answer(*arguments, **options)
            self.computed.release()
            assert self.go_on.acquire(timeout=30)
            return found

        monkeypatch.setattr(widget._explainer, "answer", held)


def test_what_follows_from_a_layer_is_not_lost_to_a_change_that_comes_before_its_answer(widget, monkeypatch):
    widget.region = [[[0, 0], [8, 6]]]
    widget.filters = [3]
    widget.wait(60)
    held = Held(widget, monkeypatch)
    widget.layer = "early"  # 11 x 16
    assert held.computed.acquire(timeout=30)
    widget.target = 1
    for _ in range(2):
        held.go_on.release()
    answer = widget.wait(60)
    assert (answer.layer, answer.target) == ("early", 1)
    assert answer.query.region == (((0, 0), (10, 7)),)
    assert answer.query.filters is None
    assert widget.region == [[[0, 0], [10, 7]]]


def test_what_is_set_while_an_answer_is_on_its_way_is_never_overwritten(widget, monkeypatch):
    held = Held(widget, monkeypatch)
    widget.layer = "early"
    assert held.computed.acquire(timeout=30)
    widget.region = [[[0, 0], [10, 15]]]
    for _ in range(2):
        held.go_on.release()
    assert widget.wait(60).query.region == (((0, 0), (10, 15)),)
    assert widget.region == [[[0, 0], [10, 15]]]


def test_what_an_observer_sets_is_answered(widget):
    def pick(change: object) -> None:
        widget.filters = [1]

    widget.observe(pick, "evidence")
    widget.target = (widget.target + 1) % 3
    widget.wait(60)
    assert widget.wait(60).query.filters == (1,)


def test_an_observers_mistake_is_reported_and_the_widget_lives_on(widget, monkeypatch):
    reported = []
    monkeypatch.setattr(threading, "excepthook", lambda args: reported.append(args.exc_type))

    def mistaken(change: object) -> None:
        raise NameError("mine")

    widget.observe(mistaken, "result")
    widget.target = (widget.target + 1) % 3
    widget.wait(60)
    assert reported == [NameError]
    assert widget.status == "idle"
    widget.unobserve(mistaken, "result")
    widget.target = (widget.target + 1) % 3
    assert widget.wait(60).target == widget.target


@pytest.mark.parametrize(
    ("name", "wrong"), [("region", [(0, 0), (99, 99)]), ("filters", [999]), ("layer", "nonsense"), ("target", "nobody")]
)
def test_what_was_refused_is_forgiven_by_what_was_there(widget, name, wrong):
    before = getattr(widget, name)
    setattr(widget, name, wrong)
    with pytest.raises(ValueError):
        widget.wait(60)
    with pytest.raises(ValueError):
        widget.wait(60)  # said as often as it is asked for
    setattr(widget, name, before)  # where the widget is already
    assert widget.wait(60) is not None and widget.error == ""


def test_an_error_stays_until_something_newer_is_answered(widget):
    widget.target = (widget.target + 1) % 3
    widget.samples = -1
    with pytest.raises(ValueError, match="below 0"):
        widget.wait(60)
    widget.samples = 0  # what it was: nothing to answer, and nothing wrong any more
    assert widget.wait(60).samples == 0


def test_refresh_while_copies_are_averaged_does_not_block(model):
    widget = CamWidget(model, picture(), samples=400)
    widget.observe(lambda change: widget.refresh(), "opacity")
    widget.noise = 0.2
    page(widget, opacity=0.3)
    assert widget.wait(60).samples == 400
    widget.close()


def test_refresh_reads_an_array_that_was_edited_in_place(model):
    pixels = picture()
    widget = CamWidget(model, pixels, target=0)
    before = widget.explanation.signed.copy()
    pixels[:] = 255 - pixels
    widget.refresh()
    after = widget.wait(60)
    assert not np.allclose(after.signed, before)
    assert after.target == 0
    np.testing.assert_array_equal(after.picture.pixels, pixels)
    widget.close()


def test_a_large_photograph_goes_out_small(model):
    large = np.random.default_rng(0).integers(0, 256, (1500, 2000, 3), dtype=np.uint8)
    widget = CamWidget(model, large)
    sent = widget.get_state("image")["image"]
    assert (sent["height"], sent["width"]) == (540, 720), "noise, which JPEG cannot make small: 960 x 720 take 400 kB"
    assert len(sent["file"]) <= 256 * 1024
    assert Image.open(io.BytesIO(sent["file"])).size == (sent["width"], sent["height"])
    data, _ = widget._repr_mimebundle_() or ({}, {})
    shown = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert shown.size == (1280, 960)
    assert widget.heatmap.shape == (1500, 2000)
    widget.close()


def test_widgets_of_one_network_compile_it_once(model):
    one, other = CamWidget(model, picture()), CamWidget(model, picture(5))
    assert one._explainer is other._explainer
    one.close()
    other.close()


def test_stop_without_work_is_answered(widget):
    answers = []
    widget.send = lambda content, buffers=None: answers.append(content)
    widget._handle_custom_msg({"id": 7, "kind": "stop"}, [])
    widget._handle_custom_msg({"id": 8, "kind": "dance"}, [])
    assert [answer["id"] for answer in answers] == [7, 8]
    assert answers[0]["error"] == "Nothing is being computed."
    assert "dance" in answers[1]["error"]
