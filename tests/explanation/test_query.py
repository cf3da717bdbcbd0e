"""The options: one record, one checker, and words for whatever does not fit."""

import inspect

import numpy as np
import pytest

import camwidget
from camwidget.explanation import Explainer, Query, explain, make_query
from camwidget.explanation.notes import without_effect
from camwidget.maths import METHODS, Selection
from camwidget.model import SCORES


def test_defaults() -> None:
    assert make_query({}) == Query()
    expected = dict(method="grad_cam++", score="logit", derivatives="exp", noise=0.15, seed=0, sample_weights="equal")
    assert Query() == Query(**expected, steps=None, baseline="black")  # type: ignore[arg-type] # of several types
    left_open = ("layer", "target", "against", "samples", "filters", "neurons", "region", "input", "output")
    assert all(getattr(Query(), name) is None for name in left_open)


def test_samples_are_the_methods_own_unless_given() -> None:
    assert {name: make_query({"method": name}).num_samples for name in METHODS} == {
        name: method.samples for name, method in METHODS.items()
    }
    assert make_query({"method": "smooth_grad_cam++", "samples": 0}).num_samples == 0
    assert make_query({"method": "grad_cam", "samples": 3}).num_samples == 3


@pytest.mark.parametrize(
    ("options", "without"),
    [
        ({}, []),
        ({"against": 1}, ["against"]),
        ({"against": 1, "score": "contrast"}, []),
        ({"derivatives": "softmax", "sample_weights": "score"}, []),
        ({"method": "ablation_cam", "derivatives": "softmax"}, ["derivatives"]),
        ({"method": "gradient", "sample_weights": "score", "samples": 3}, ["sample_weights"]),
        ({"noise": 0.3, "seed": 2}, ["noise", "seed"]),
        ({"noise": 0.3, "seed": 2, "samples": 4}, []),
        ({"noise": 0.3, "seed": 2, "method": "smooth_grad"}, []),
        ({"noise": 0.0, "samples": 4, "seed": 2}, ["samples", "seed"]),
        ({"steps": 20, "baseline": "blur"}, ["steps", "baseline"]),
        ({"steps": 20, "baseline": "blur", "method": "integrated_gradients"}, []),
        ({"method": "gradient", "filters": [0], "score": "contrast", "against": 1}, ["against"]),
    ],
)
def test_options_without_effect_are_named(options: dict[str, object], without: list[str]) -> None:
    found = without_effect(make_query(options))
    assert sorted(sentence.split("=")[0] for sentence in found) == sorted(without)
    assert all(" made no difference: " in sentence and "{" not in sentence for sentence in found)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([3, 1], (3, 1)),
        (range(3), (0, 1, 2)),
        (np.array([4, 0]), (4, 0)),
        ({2}, (2,)),
        (5, (5,)),
        (np.int64(5), (5,)),
        ([], ()),
        (None, None),
    ],
)
def test_filters(given: object, kept: tuple[int, ...] | None) -> None:
    filters = make_query({"filters": given}).filters
    assert filters == kept
    assert all(type(index) is int for index in filters or ())


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([(0, 1), (2, 3)], ((0, 1), (2, 3))),
        (np.array([[0, 1], [2, 3]]), ((0, 1), (2, 3))),
        ([[np.int32(4), 5]], ((4, 5),)),
        ((2, 3), ((2, 3),)),
        ([], ()),
        (None, None),
    ],
)
def test_neurons(given: object, kept: object) -> None:
    assert make_query({"neurons": given}).neurons == kept


@pytest.mark.parametrize(
    ("given", "kept"), [(0, 0.0), ("blur", "blur"), ([1, 2.5, 3], (1.0, 2.5, 3.0)), (np.float32(0.5), 0.5)]
)
def test_baseline(given: object, kept: object) -> None:
    baseline = make_query({"baseline": given}).baseline
    assert baseline == kept and type(baseline) is type(kept)


BOX = ((0, 10), (12, 3))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (BOX, (BOX,)),
        ([[0, 10], [12, 3]], (BOX,)),
        (np.array(BOX), (BOX,)),
        ([BOX], (BOX,)),
        ([BOX, ((1, 1), (2, 2))], (BOX, ((1, 1), (2, 2)))),
        (np.array([BOX, BOX]), (BOX, BOX)),
        ([], ()),
        (None, None),
    ],
)
def test_a_pair_of_corners_is_one_box(given: object, kept: object) -> None:
    query = make_query({"region": given, "neurons": [(1, 2)]})
    assert query.region == kept
    assert query.selection == Selection(None, ((1, 2),), kept)  # type: ignore[arg-type] # boxes, as tested


@pytest.mark.parametrize("name", ["target", "samples", "seed"])
def test_numpy_integers(name: str) -> None:
    value = getattr(make_query({name: np.int64(3)}), name)
    assert value == 3 and type(value) is int


def test_numpy_floats() -> None:
    noise = make_query({"noise": np.float32(0.25)}).noise
    assert noise == 0.25 and type(noise) is float
    assert make_query({"noise": 0}).noise == 0.0
    assert make_query({"noise": 1}).noise == 1.0


WRONG: list[tuple[type[Exception], str, object, str]] = [
    (ValueError, "method", "gradcam", "No method 'gradcam'. Did you mean 'grad_cam'? Choices: cam, grad_cam"),
    (ValueError, "method", "xyz", "No method 'xyz'. Choices: cam"),
    (TypeError, "method", 3, "method= takes a name, not int. Choices: cam"),
    (TypeError, "method", None, "method= takes a name, not NoneType"),
    (
        ValueError,
        "score",
        "logits",
        "No score 'logits'. Did you mean 'logit'? Choices: logit, probability, log_probability, contrast. Pass one as",
    ),
    (TypeError, "layer", 3, "layer= takes a layer's name, not int. Names are in Explainer(model).layers."),
    (TypeError, "target", 1.0, "target= takes whole numbers, not 1.0."),
    (TypeError, "target", True, "target= takes whole numbers, not True."),
    (TypeError, "target", [1], "target= takes whole numbers"),
    (ValueError, "samples", -1, "samples=-1 is below 0. Pass the number of noisy copies, 0 for none."),
    (TypeError, "samples", 2.5, "samples= takes whole numbers, not 2.5."),
    (TypeError, "samples", "5", "samples= takes whole numbers, not '5'."),
    (ValueError, "noise", 1.5, "noise=1.5 is out of range."),
    (ValueError, "noise", -0.1, "noise=-0.1 is out of range."),
    (ValueError, "noise", float("nan"), "noise=nan is out of range."),
    (TypeError, "noise", "much", "noise= takes a number from 0 to 1, not 'much'."),
    (TypeError, "noise", "0.3", "noise= takes a number from 0 to 1, not '0.3'."),
    (TypeError, "noise", None, "noise= takes a number from 0 to 1, not None."),
    (TypeError, "noise", True, "noise= takes a number from 0 to 1, not True."),
    (TypeError, "seed", None, "seed= takes whole numbers, not None."),
    (ValueError, "seed", -1, "seed=-1 is below 0."),
    (TypeError, "filters", "3", "filters= takes whole numbers, not '3'."),
    (TypeError, "filters", [1.5], "filters= takes whole numbers, not 1.5."),
    (TypeError, "filters", [True], "filters= takes whole numbers, not True."),
    (TypeError, "neurons", 3, "neurons= takes a list of pairs (row, column), not 3."),
    (TypeError, "neurons", (3, 4, 5), "neurons= takes pairs (row, column), not 3."),
    (ValueError, "method", "Grad-CAM", "No method 'Grad-CAM'. Did you mean 'grad_cam'?"),
    (TypeError, "neurons", [(1, 2, 3)], "neurons= takes pairs (row, column), not (1, 2, 3)."),
    (TypeError, "neurons", [(1.5, 2)], "neurons= takes whole numbers, not 1.5."),
    (TypeError, "region", 3, "region= takes two corners"),
    (TypeError, "region", (3, 4), "region= takes two corners"),
    (TypeError, "region", [(0, 1)], "region= takes two corners"),
    (TypeError, "region", [(0, 1), (2, 3), (4, 5)], "region= takes two corners"),
    (TypeError, "region", [((0, 1), (2, 3), (4, 5))], "region= takes two corners"),
    (TypeError, "region", [((0, 1, 2), (2, 3, 4))], "region= takes pairs (row, column), not (0, 1, 2)."),
    (TypeError, "region", "all", "region= takes two corners"),
    (TypeError, "against", 1.5, "against= takes whole numbers, not 1.5."),
    (
        ValueError,
        "derivatives",
        "soft",
        "No derivatives 'soft'. Did you mean 'softmax'? Choices: exp, softmax. Pass one as derivatives=.",
    ),
    (ValueError, "sample_weights", "scores", "No sample_weights 'scores'. Did you mean 'score'?"),
    (ValueError, "steps", 0, "steps=0 is below 1. Pass the number of steps"),
    (TypeError, "steps", 1.5, "steps= takes whole numbers, not 1.5."),
    (ValueError, "baseline", "blak", "No baseline 'blak'. Did you mean 'black'? baseline= takes 'black', 'white'"),
    (TypeError, "baseline", None, "baseline= takes 'black'"),
    (TypeError, "baseline", ["a"], "baseline= takes 'black'"),
    (ValueError, "baseline", float("inf"), "inf is not finite."),
    (TypeError, "output", 1.5, "output= takes whole numbers, not 1.5."),
    (TypeError, "input", [1], "input= takes whole numbers"),
]


@pytest.mark.parametrize(("kind", "name", "value", "words"), WRONG, ids=[f"{row[1]}={row[2]!r}" for row in WRONG])
def test_what_does_not_fit_is_said(kind: type[Exception], name: str, value: object, words: str) -> None:
    with pytest.raises(kind) as error:
        make_query({name: value})
    assert words in str(error.value)


def test_an_unknown_option_names_the_nearest() -> None:
    with pytest.raises(TypeError) as error:
        make_query({"filter": [1]})
    assert str(error.value) == (
        "Unknown option 'filter'. Did you mean 'filters'? Options: method, layer, target, score, against, "
        "derivatives, samples, noise, seed, sample_weights, filters, neurons, region, input, output, steps, baseline."
    )
    with pytest.raises(TypeError, match=r"Unknown option 'xyz'\. Options: method"):
        make_query({"xyz": 1})


@pytest.mark.parametrize("function", [explain, Explainer.explain, camwidget.explain])
def test_the_signature_shows_every_option(function: object) -> None:
    parameters = inspect.signature(function).parameters  # type: ignore[arg-type] # functions
    for name, field in Query.__dataclass_fields__.items():
        assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY
        assert parameters[name].default == field.default
    assert not any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values())


def test_every_score_can_be_asked_for() -> None:
    for name in SCORES:
        assert make_query({"score": name}).score == name
