"""Pictures form while nothing else is asked for: step by step, without a page and mostly without a thread."""

import base64
import io
import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from camwidget import CamWidget, maximize_activation
from camwidget.explanation import Explainer, Explanation, make_query, shared_explainer
from camwidget.widget.exciting import Exciting, Wanted
from camwidget.widget.frames import Subject
from tests.widget.networks import picture, small_network, two_headed_network


class Page:
    """What a page hears of an `Exciting`, which the test runs by hand."""

    def __init__(self, explainer: Explainer, **options: object) -> None:
        self.explainer = explainer
        self.explanation: Explanation = explainer.answer(explainer.picture(picture()), make_query(options))
        self.frames: list[dict[str, Any]] = []
        self.exciting = Exciting(explainer, self.frames.append)

    @property
    def version(self) -> int:
        return self.frames[-1]["version"] if self.frames else -1

    def want(self, *units: str) -> None:
        kinds = [unit.split() for unit in units]
        subjects = [
            Subject(kind, self.explanation.layer if kind == "filter" else "", int(unit))  # type: ignore[arg-type] # one of two words
            for kind, unit in kinds
        ]
        self.exciting.want(Wanted(self.explanation, tuple(subjects), self.version))

    def run(self, most: int = 1000) -> bool:
        """So many steps; whether something is left to do."""
        return all(self.exciting.step() for _ in range(most))

    def seen(self, unit: str) -> list[dict[str, Any]]:
        """All that was sent of a unit."""
        return [fields["pictures"][unit] for fields in self.frames if unit in fields["pictures"]]

    def last(self, unit: str) -> dict[str, Any]:
        return self.seen(unit)[-1]

    def steps(self, unit: str) -> list[float]:
        """Steps that had been made whenever something was sent of a unit."""
        return [64 * each["share"] for each in self.seen(unit)]


def pixels(src: str) -> np.ndarray:
    """The picture at a data address, lossless."""
    kind, data = src.split(";base64,")
    assert kind == "data:image/png"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))).astype(int)


NETWORK = small_network()


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """A page that nothing was sent to yet; what is compiled is shared by all tests."""
    monkeypatch.setattr("camwidget.widget.exciting._INTERVAL", 0)  # every step is told
    weights = NETWORK.get_weights()
    explainer = shared_explainer(NETWORK)
    explainer.cache.clear()
    yield Page(explainer)
    NETWORK.set_weights(weights)


def test_what_arrives_is_what_maximize_activation_makes(page: Page) -> None:
    page.want("filter 2", "class 1", "filter 0")
    assert not page.run()
    for layer, units, names in (("late", [2, 0], ["filter 2", "filter 0"]), ("logits", [1], ["class 1"])):
        expected = maximize_activation(page.explainer, layer, units)
        for n, name in enumerate(names):
            found = page.last(name)
            assert float(found["value"]) == pytest.approx(expected.reached[n], rel=0.01)
            assert f"{found['value']} after 64 of 64 steps." in found["words"]
            np.testing.assert_allclose(pixels(found["src"]), expected.images[n].astype(int), atol=1)
    assert page.steps("filter 2") == list(range(65))


def test_the_most_urgent_goes_first_and_what_was_begun_goes_on(page: Page) -> None:
    page.want("filter 0", "filter 1")
    page.run(20)
    before = page.last("filter 0")
    page.want("class 2", "filter 1", "filter 0")
    page.run(30)
    assert page.steps("class 2")[-1] > 20
    assert page.last("filter 0") is before
    page.run()
    assert page.steps("filter 0") == list(range(65))  # none was made twice


def test_nothing_wanted_stops_it_and_it_may_go_on(page: Page) -> None:
    page.want("filter 0")
    assert page.run(5)
    page.want()
    told = len(page.frames)
    assert not page.run(5)
    assert len(page.frames) == told
    page.want("filter 0")
    assert page.run(5)
    assert page.steps("filter 0") == list(range(8))


def test_pictures_are_kept_until_the_network_changes(page: Page) -> None:
    page.want("filter 3")
    page.run()
    reached = page.last("filter 3")
    other = Page(page.explainer)  # a page that was loaded again
    other.want("filter 3")
    assert not other.run(1)
    assert other.seen("filter 3") == [reached]
    version = page.version
    kernel = page.explainer.model.get_layer("late").kernel
    kernel.assign(-kernel)
    page.want("filter 3")
    page.run(3)
    assert page.version > version and page.steps("filter 3")[-1] <= 1
    page.run()
    assert page.last("filter 3")["value"] != reached["value"]


def test_a_filter_that_nothing_excites_is_silent(page: Page) -> None:
    late = page.explainer.model.get_layer("late")
    kernel, bias = late.get_weights()
    kernel[..., 1], bias[1] = 0, -1
    late.set_weights([kernel, bias])
    page.want("filter 1", "filter 2")
    page.run()
    assert page.last("filter 1")["value"] == "silent" and page.last("filter 1")["words"].startswith("Silent: ")
    assert float(page.last("filter 2")["value"]) > 0


def test_numbers_that_are_not_finite_are_said(page: Page) -> None:
    late = page.explainer.model.get_layer("late")
    kernel, bias = late.get_weights()
    kernel[..., 1] = np.nan
    late.set_weights([kernel, bias])
    page.want("filter 1")
    page.run(4)
    assert page.last("filter 1")["value"] == "" and "Filter 1 stopped at step 1" in page.last("filter 1")["words"]


def test_what_cannot_be_formed_says_why_and_the_others_go_on(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(unit: int) -> None:
        raise ValueError(f"no derivative of {unit}")

    monkeypatch.setattr("camwidget.widget.exciting.logit", refuse)
    page.want("class 0", "filter 2")
    assert page.run(3)
    failed = page.last("class 0")
    assert (failed["words"], failed["src"], failed["share"]) == ("no derivative of 0", "", 1.0)
    assert page.steps("filter 2") == [0]


def test_classes_of_two_outputs_are_kept_apart_and_filters_shared() -> None:
    explainer = Explainer(two_headed_network())
    reached = {}
    for output, unit in (("kind", 0), ("age", 0)):
        page = Page(explainer, output=output)
        page.want(f"class {unit}", "filter 2")
        assert not page.run()
        expected = maximize_activation(explainer, "logits", [unit], output=output, progress=False)
        assert float(page.last("class 0")["value"]) == pytest.approx(expected.reached[0], rel=0.01)
        np.testing.assert_allclose(pixels(page.last("class 0")["src"]), expected.images[0].astype(int), atol=1)
        reached[output] = page.last("class 0")
    assert page.steps("filter 2") == [64]  # formed for the other output
    assert reached["kind"] != reached["age"]
    for output, kept in reached.items():
        page = Page(explainer, output=output)
        page.want("class 0")
        assert not page.run(1)
        assert page.seen("class 0") == [kept]


@pytest.mark.parametrize("is_noticed", [False, True])
def test_weights_that_change_while_pictures_form_let_them_begin_again(page: Page, is_noticed: bool) -> None:
    """What is reached is what the network now there gives, whoever notices first that it is another."""
    page.want("filter 3", "class 1")
    page.run(20)
    version = page.version
    kernel = page.explainer.model.get_layer("late").kernel
    kernel.assign(kernel[..., ::-1])
    if is_noticed:
        page.explainer.answer(page.explanation.picture, page.explanation.query)
    assert not page.run()
    for layer, unit, name in (("late", 3, "filter 3"), ("logits", 1, "class 1")):
        expected = maximize_activation(page.explainer, layer, [unit])
        assert float(page.last(name)["value"]) == pytest.approx(expected.reached[0], rel=0.01)
        np.testing.assert_allclose(pixels(page.last(name)["src"]), expected.images[0].astype(int), atol=1)
    done = [fields["version"] for fields in page.frames for each in fields["pictures"].values() if each["share"] == 1]
    assert done == [page.version] * 2 and page.version > version
    assert page.steps("filter 3")[-65:] == list(range(65))


def test_a_last_step_of_another_network_is_no_end(page: Page) -> None:
    page.want("filter 3")
    page.run(65)
    assert page.steps("filter 3")[-1] == 63
    kernel = page.explainer.model.get_layer("late").kernel
    kernel.assign(-kernel)
    assert page.run(2)
    assert page.steps("filter 3")[-1] == 0 and 64 not in page.steps("filter 3")


def test_the_widget_answers_between_two_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class is changed while filters form, which goes on behind it; after `close` nothing is sent."""
    widget = CamWidget(NETWORK, picture(), target=1)
    widget._explainer.cache.clear()
    heard: list[dict] = []
    moved, formed = threading.Event(), threading.Event()

    def send(content: dict, buffers: list | None = None) -> None:
        heard.append(content)
        for each in content.get("pictures", {}).values():
            moved.set()
            if each["share"] == 1:
                formed.set()

    monkeypatch.setattr(widget, "send", send)
    question = {"kind": "maximize", "layer": "late", "units": ["filter 3", "filter 1"], "version": -1}
    widget._on_message(widget, {"id": 1, **question}, [])
    assert {"id": 1, "error": ""} in heard and moved.wait(60)
    widget.target = 2
    assert widget.wait(60).target == 2
    assert formed.wait(60)
    assert widget.status == "idle"

    page = widget.to_html() or ""
    (state,) = re.findall(r'id="camwidget-state">(.*?)</script>', page)
    assert set(json.loads(state)["frames"]["pictures"]) == {"filter 1", "filter 3"}

    widget._on_message(widget, {"id": 2, **question, "units": ["filter 0"]}, [])
    widget.close()
    told = len(heard)
    time.sleep(0.05)
    assert len(heard) == told


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"layer": "early"}, "The layer on show has changed."),
        ({"units": ["filter 4"]}, "No filter 4: there are 0 to 3."),
        ({"units": ["class 3"]}, "No class 3: there are 0 to 2."),
        ({"units": ["unit 1"]}, "neither 'filter 12' nor 'class 3'"),
        ({"units": "filter 1"}, "is no list"),
        ({"version": None}, "no whole number"),
    ],
)
def test_a_wrong_question_is_answered_in_words(wrong: dict, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    widget = CamWidget(NETWORK, picture())
    sent: list[dict] = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: sent.append(content))
    question = {"id": 1, "kind": "maximize", "layer": "late", "units": ["filter 1"], "version": 0}
    widget._on_message(widget, {**question, **wrong}, [])
    assert words in sent[0]["error"]
    widget.close()


def test_frames_have_the_fields_of_the_contract(page: Page) -> None:
    page.want("filter 0")
    page.run(2)
    text = re.sub(r"/\*.*?\*/", "", Path("js/contract-frames.d.ts").read_text(), flags=re.DOTALL)
    for name, sent in (("Frames", page.frames[-1]), ("Excited", page.last("filter 0"))):
        match = re.search(rf"interface {name} {{(.*?)\n}}", text, flags=re.DOTALL)
        assert match is not None
        assert set(sent) == set(re.findall(r"^\s*(\w+):", match[1], flags=re.MULTILINE))


def test_refresh_drops_them(page: Page) -> None:
    page.want("filter 3")
    page.run()
    version = page.version
    page.explainer.refresh()
    page.want("filter 3")
    assert page.run(1)
    assert page.version > version
