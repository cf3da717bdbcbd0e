"""Networks of several outputs, of values, or without a map; and the options that are no traits."""

import inspect
from dataclasses import fields

import numpy as np
import pytest

from camwidget import CamWidget, explain
from camwidget.explanation import Query
from tests.widget.networks import dense_network, gap_network, picture, two_headed_network


@pytest.fixture(scope="module")
def two_headed():
    return two_headed_network()


def test_an_unknown_option_is_named_with_the_nearest(two_headed):
    with pytest.raises(TypeError, match=r"Unknown option 'methd'\. Did you mean 'method'\?"):
        CamWidget(two_headed, picture(), methd="grad_cam")
    with pytest.raises(TypeError, match=r"Unknown option 'color_map'\. Did you mean 'colormap'\?"):
        CamWidget(two_headed, picture(), color_map="jet")


def test_the_signature_shows_every_option():
    names = list(inspect.signature(CamWidget).parameters)
    assert names[:2] == ["model", "image"]
    assert {field.name for field in fields(Query)} < set(names)
    assert "options" not in names


def test_an_output_of_values_has_no_probabilities_and_no_scores_about_them(two_headed):
    widget = CamWidget(two_headed, picture(), output="age", class_names=["years", "months"])
    assert widget.choices["classes"] == ["years", "months"]
    assert [choice["value"] for choice in widget.choices["scores"]] == ["logit", "contrast"]
    assert widget.choices["scores"][0]["label"] == "output"
    assert widget.result["probabilities"] is None
    values = two_headed(picture()[None].astype(np.float32))["age"].numpy()[0]
    np.testing.assert_allclose(np.frombuffer(widget.result["outputs"], np.float32), values, rtol=1e-5)
    widget.target = "months"
    answer = widget.wait(60)
    assert (answer.target, widget.target) == (1, 1)
    assert answer.score == pytest.approx(values[1], rel=1e-5)
    widget.score = "probability"
    with pytest.raises(ValueError, match="outputs are values"):
        widget.wait(60)
    assert widget.score == "logit"
    widget.close()


def test_an_output_of_classes_beside_it(two_headed):
    widget = CamWidget(two_headed, picture(), output="kind")
    assert len(widget.choices["classes"]) == 3
    assert np.frombuffer(widget.result["probabilities"], np.float32).sum() == pytest.approx(1)
    widget.image = picture(5)
    expected = explain(two_headed, picture(5), output="kind")
    np.testing.assert_allclose(widget.wait(60).map, expected.map, rtol=1e-9)
    widget.close()


def test_an_output_must_be_named_where_there_are_several(two_headed):
    with pytest.raises(ValueError, match="Pass one as output="):
        CamWidget(two_headed, picture())


@pytest.mark.filterwarnings("ignore:.* made no difference")
def test_fixed_options_are_part_of_every_question():
    model = gap_network()
    fixed = {"seed": 3, "sample_weights": "score", "baseline": "white", "steps": 5, "against": 0}
    widget = CamWidget(model, picture(), target=1, samples=2, **fixed)
    for change in (
        {"method": "smooth_grad"},
        {"method": "integrated_gradients", "samples": 0},
        {"score": "contrast", "target": 2},
    ):
        widget.set_state(change)
        answer = widget.wait(60)
        asked = {"method": widget.method, "samples": widget.samples, "target": widget.target, "score": widget.score}
        expected = explain(model, picture(), **asked, **fixed)
        assert any("sample_weights='score' made no difference" in note for note in expected.notes)
        assert all(note in widget.evidence["note"] for note in expected.notes)  # and the page says so
        np.testing.assert_allclose(answer.map, expected.map, rtol=1e-9)
        assert widget.error == ""
    assert widget.result["against"] == 0
    widget.target = 0
    with pytest.raises(ValueError, match="set against itself"):
        widget.wait(60)
    widget.close()


def test_exact_derivatives_are_an_option():
    model = gap_network()
    widget = CamWidget(model, picture(), target=1, derivatives="softmax")
    np.testing.assert_allclose(widget.explanation.map, explain(model, picture(), target=1, derivatives="softmax").map)
    assert not np.allclose(widget.explanation.map, explain(model, picture(), target=1).map)
    widget.close()


def test_a_network_without_a_map_shows_its_pixels_and_offers_no_neurons():
    widget = CamWidget(dense_network(), picture(), method="gradient")
    assert (widget.evidence["rows"], widget.evidence["columns"], widget.evidence["channels"]) == (0, 0, 0)
    assert "no neurons to choose from" in widget.evidence["note"]
    assert widget.choices["layers"] == []
    widget.method = "grad_cam"
    with pytest.raises(ValueError, match="no layer with a map"):
        widget.wait(60)
    assert widget.method == "gradient"
    widget.method = "integrated_gradients"
    assert widget.wait(60).is_of_pixels
    widget.close()
