"""The two halves of the wire agree: js/contract.d.ts against the traits and the dicts that Python sends."""

import base64
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from camwidget.explanation import Explainer, make_query
from camwidget.explanation.drawing import png
from camwidget.maths import METHODS
from camwidget.model import load_picture
from camwidget.widget import TrustStudy, contract
from camwidget.widget.album import Album
from camwidget.widget.requests import REQUESTS, Asked, answer
from camwidget.widget.strip import Strip
from camwidget.widget.traits import Traits
from tests.widget.networks import small_network

WRITTEN = "\n".join(path.read_text() for path in sorted(Path("js").glob("contract*.d.ts")))
TEXT = re.sub(r"/\*.*?\*/|//[^\n]*", "", WRITTEN, flags=re.DOTALL)

# What ipywidgets and anywidget add to every widget.
OWN = {"layout", "tabbable", "tooltip", "comm", "keys", "log"}


def interface(name: str) -> set[str]:
    """Names of an interface's own fields."""
    match = re.search(rf"interface {name}(?: extends \w+)? {{(.*?)\n}}", TEXT, flags=re.DOTALL)
    assert match, f"no interface {name} in contract.d.ts"
    return set(re.findall(r"^\s*(\w+)\??:", match[1], flags=re.MULTILINE))


def nullable(name: str) -> set[str]:
    """Those of an interface's fields that may be null."""
    match = re.search(rf"interface {name}(?: extends \w+)? {{(.*?)\n}}", TEXT, flags=re.DOTALL)
    assert match, f"no interface {name} in contract.d.ts"
    return set(re.findall(r"^\s*(\w+)\??:[^;]*\| null;", match[1], flags=re.MULTILINE))


@pytest.fixture(scope="module")
def explained():
    explainer = Explainer(small_network(), preprocess=None)
    picture = explainer.picture(np.arange(12 * 18 * 3, dtype=np.uint8).reshape(12, 18, 3))
    return explainer, explainer.answer(picture, make_query({}))


def test_every_trait_is_in_the_contract():
    synced = {name for name, trait in Traits.class_traits(sync=True).items() if not name.startswith("_")}
    assert synced - OWN == interface("State")


def test_the_blind_trial_has_the_traits_and_fields_of_the_contract():
    synced = {name for name, trait in TrustStudy.class_traits(sync=True).items() if not name.startswith("_")}
    assert synced - OWN == interface("TrialState")
    study = TrustStudy(small_network(), [np.zeros((12, 18, 3), np.uint8)])
    assert set(study.question) == interface("TrialQuestion")
    study.answers, study.revealed = ["same"], True
    assert set(study.outcome) == interface("TrialOutcome")
    assert all(set(row) == interface("TrialRow") for row in study.outcome["rows"])


def test_many_pictures_have_the_fields_of_the_contract(explained):
    strip = Strip(explained[0], make_query({}), Album([np.zeros((12, 18, 3), np.uint8)]))
    assert set(strip.encode("given")) == interface("Pictures")


def test_choices_have_the_fields_of_the_contract(explained):
    explainer, explanation = explained
    choices = contract.encode_choices(explainer, explainer.probe(explanation.picture), "viridis")
    assert set(choices) == interface("Choices")
    for entry in choices["methods"]:
        assert set(entry) == interface("Choice") | interface("MethodChoice")
    for entry in choices["scores"]:
        assert set(entry) == interface("Choice")
    for entry in choices["layers"]:
        assert set(entry) == interface("Choice") | interface("LayerChoice")
    for entry in choices["colormaps"]:
        assert set(entry) == interface("Choice") | interface("ColormapChoice")
        assert len(entry["palette"]) == 768


def test_results_have_the_fields_of_the_contract(explained):
    _, explanation = explained
    assert set(contract.encode_picture(explanation.picture)) == interface("Picture")
    assert set(contract.encode_evidence(explanation, 1)) == interface("Evidence")
    result = contract.encode_result(explanation, seq=1, evidence_id=1, milliseconds=2.0)
    assert set(result) == interface("Result")


def test_what_is_null_on_the_wire_is_null_in_the_contract(explained):
    """And nothing else: whatever a method leaves out, the page knows that it may be missing."""
    explainer, explanation = explained
    missing: dict[str, set[str]] = {"Evidence": set(), "Result": set()}
    for method in METHODS:
        if method == "cam":
            continue  # this network's head is another one
        for options in ({}, {"filters": [0], "neurons": [(1, 2)], "region": [(0, 0), (3, 4)]}):
            found = explainer.answer(
                explanation.picture, make_query({"method": method, "score": "contrast", **options})
            )
            for name, sent in (
                ("Evidence", contract.encode_evidence(found, 1)),
                ("Result", contract.encode_result(found, seq=1, evidence_id=1, milliseconds=2.0)),
            ):
                assert set(sent) == interface(name)
                missing[name] |= {field for field, value in sent.items() if value is None}
    for name, fields in missing.items():
        assert fields <= nullable(name)
    assert missing["Evidence"] == {"contributions", "terms"}


def test_quantised_terms_give_the_map_back(explained):
    _, explanation = explained
    sent = contract.encode_evidence(explanation, 1)
    shape = sent["channels"], sent["rows"], sent["columns"]
    scales = np.frombuffer(sent["scales"], np.float32)
    terms = np.frombuffer(sent["terms"], np.int8).reshape(shape) * scales[:, None, None]
    exact = np.moveaxis(explanation.evidence.activations * explanation.weights, 2, 0)
    # half a step of each channel's own scale, and the channels' errors at most add up
    np.testing.assert_allclose(terms, exact, atol=0.5001 * scales.max())
    np.testing.assert_allclose(terms.sum(0), explanation.signed, atol=0.5001 * scales.sum())
    contributions = np.frombuffer(sent["contributions"], np.float32)
    np.testing.assert_allclose(contributions, exact.sum((1, 2)), rtol=1e-5)
    means = np.frombuffer(sent["means"], np.float32)
    np.testing.assert_allclose(means, explanation.evidence.activations.sum((0, 1)) / (shape[1] * shape[2]), rtol=1e-5)


def test_the_map_goes_out_as_it_is(explained):
    _, explanation = explained
    sent = contract.encode_result(explanation, seq=3, evidence_id=1, milliseconds=2.0)
    sent_map = np.frombuffer(sent["map"], np.float32).reshape(sent["rows"], sent["columns"])
    np.testing.assert_allclose(sent_map, explanation.map, rtol=1e-6)
    asked = explanation.query
    named = ("method", "layer", "target", "samples", "noise", "score_name")
    assert [sent[name] for name in named] == [*(getattr(asked, name) for name in named[:-1]), asked.score]
    assert sent["score"] == pytest.approx(explanation.score)
    np.testing.assert_allclose(np.frombuffer(sent["probabilities"], np.float32).sum(), 1, rtol=1e-5)


def test_a_layer_too_large_for_a_preview_says_so(explained, monkeypatch):
    _, explanation = explained
    monkeypatch.setattr(contract, "PREVIEW_LIMIT", explanation.evidence.activations.size - 1)
    sent = contract.encode_evidence(explanation, 1)
    assert sent["terms"] is None
    assert "too large for an instant preview" in sent["note"]


def test_load_picture_and_contract_agree_on_the_picture():
    explainer = Explainer(small_network(), preprocess=None)
    pixels = np.zeros((5, 7, 3), np.uint8)
    picture = load_picture(pixels, (12, 18, 3), explainer.preprocessing)
    sent = contract.encode_picture(picture)
    assert (sent["height"], sent["width"]) == (5, 7)
    assert sent["file"].startswith(b"\x89PNG")


def test_a_photograph_is_sent_small_whatever_it_shows():
    explainer = Explainer(small_network(), preprocess=None)
    noise = np.random.default_rng(0).integers(0, 256, (3888, 5184, 3), np.uint8)
    smooth = np.broadcast_to(np.linspace(0, 255, 5184).astype(np.uint8)[:, None], noise.shape)
    for pixels in (noise, smooth):
        sent = contract.encode_picture(load_picture(pixels, (12, 18, 3), explainer.preprocessing))
        assert len(sent["file"]) < 250_000
        with Image.open(io.BytesIO(sent["file"])) as opened:
            assert opened.size == (sent["width"], sent["height"])
            assert opened.size[0] / opened.size[1] == pytest.approx(5184 / 3888, rel=0.01)
            shown = np.asarray(opened.convert("RGB"), float)
    # the gradient from left to right is still one: a column's brightness is its share of the width
    np.testing.assert_allclose(shown.mean((0, 2)), np.linspace(0, 255, shown.shape[1]), atol=2)
    assert shown.shape[1] == 1280


def test_every_question_of_the_contract_is_known_and_answered_as_it_says():
    assert set(re.findall(r'\| \{ kind: "(\w+)"', TEXT)) == set(REQUESTS)
    explainer = Explainer(small_network(), preprocess=None)
    picture = explainer.picture(np.arange(12 * 18 * 3, dtype=np.uint8).reshape(12, 18, 3))
    strip = Strip(explainer, make_query({}), Album([np.zeros((12, 18, 3), np.uint8)]))
    while strip.step() is not None:
        pass
    shown: list[Any] = []
    asked = Asked(
        explainer, explainer.answer(picture, make_query({})), lambda: True, strip, shown.append, lambda wanted: None
    )
    of_one = {"layer": asked.explanation.layer, "row": 1, "column": 2}
    dropped = {"data": "data:image/png;base64," + base64.b64encode(png(np.zeros((5, 7, 3), np.uint8))).decode()}
    exciting = {"layer": asked.explanation.layer, "units": ["filter 0", "class 2"], "version": 0}
    questions = {"neuron": of_one, "pictures": {"numbers": [0]}, "picture": dropped, "maximize": exciting}
    for kind in REQUESTS:
        content = questions.get(kind, {})
        found = answer(asked, {"id": 1, "kind": kind, **content}).fields
        own = interface(f"{kind.capitalize()}Answer") if f"interface {kind.capitalize()}Answer" in TEXT else set()
        assert set(found) == own | interface("Answer"), kind
        assert found["error"] == ""
        if kind == "pictures":
            assert [set(one) for one in found["pictures"]] == [interface("Thumbnail")]
    assert [image.size for image in shown] == [(7, 5)]
