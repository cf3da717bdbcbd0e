"""Scores and derivatives through a network: exact ones, weighted ones, and what is said of them."""

from typing import Any

import keras
import numpy as np
import pytest

from camwidget.explanation import Explainer, Explanation, make_query
from tests.explanation.networks import dense_network
from tests.model.networks import (
    REFERENCE,
    body,
    dense_tail,
    fill,
    finite_differences,
    functional,
    functional_network,
    gap_network,
    picture,
    softmax,
)

X = picture()
pytestmark = pytest.mark.filterwarnings("ignore:Noise made no difference")


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return Explainer(functional_network(), preprocess=None)


def probability(last: np.ndarray, k: int) -> float:
    return float(softmax(REFERENCE.tail(last))[k])


def higher(k: int, place: tuple[int, int, int], logarithm: bool) -> tuple[float, float, float]:
    """D1, D2 and D3 of p_k, over p_k, or of log p_k, at one activation of `last`, by central differences."""
    at = REFERENCE.last(X)
    p = probability(at, k)

    def f(n: int, step: float) -> float:
        moved = at.copy()
        moved[place] += n * step
        found = probability(moved, k)
        return float(np.log(found)) if logarithm else found / p

    h = 0.02
    first = (f(1, 1e-5) - f(-1, 1e-5)) / 2e-5
    second = (f(1, h) - 2 * f(0, h) + f(-1, h)) / h**2
    third = (f(2, h) - 2 * f(1, h) + 2 * f(-1, h) - f(-2, h)) / (2 * h**3)
    return first, second, third


@pytest.mark.parametrize("score", ["logit", "probability", "log_probability"])
def test_derivatives_of_the_softmax_are_exact(explainer: Explainer, score: str) -> None:
    found = explainer.explain(X, layer="last", target=1, score=score, derivatives="softmax").evidence
    open_places = np.argwhere(REFERENCE.last(X) > 0.1)  # away from the ReLU's corner
    for row, column, channel in open_places[:: len(open_places) // 6]:
        place = (int(row), int(column), int(channel))
        expected = higher(1, place, score == "log_probability")
        assert found.first[place] == pytest.approx(expected[0], rel=1e-3, abs=1e-7)
        assert found.second[place] == pytest.approx(expected[1], rel=1e-2, abs=1e-7)
        assert found.third[place] == pytest.approx(expected[2], rel=2e-2, abs=3e-7)


def test_the_map_of_the_softmax_is_another_one(explainer: Explainer) -> None:
    exp, exact = (explainer.explain(X, layer="last", target=1, derivatives=name) for name in ("exp", "softmax"))
    assert np.abs(exp.heatmap - exact.heatmap).max() > 0.01
    D1, D2, D3 = (exact.evidence.first, exact.evidence.second, exact.evidence.third)
    A = exact.evidence.activations.astype(float)
    denominator = 2 * D2 + A.sum(axis=(0, 1)) * D3
    alpha = np.divide(D2, denominator, out=np.zeros_like(D2), where=denominator != 0)
    np.testing.assert_allclose(exact.signed, A @ (alpha * np.maximum(D1, 0)).sum(axis=(0, 1)), rtol=1e-6)


@pytest.mark.parametrize("score", ["logit", "probability", "log_probability", "contrast"])
def test_first_derivatives_of_every_score(explainer: Explainer, score: str) -> None:
    def value(last: np.ndarray) -> float:
        z = REFERENCE.tail(last)
        return float(
            {
                "logit": z[1],
                "probability": softmax(z)[1],
                "log_probability": np.log(softmax(z)[1]),
                "contrast": z[1] - z[3],
            }[score]
        )

    against = 3 if score == "contrast" else None
    found = explainer.explain(X, layer="last", target=1, score=score, against=against, method="grad_cam")
    np.testing.assert_allclose(found.evidence.first, finite_differences(value, REFERENCE.last(X)), atol=2e-6)
    assert found.score == pytest.approx(value(REFERENCE.last(X)), abs=1e-5)


def test_contrast_is_by_default_against_the_most_probable_other_class(explainer: Explainer) -> None:
    order = [int(k) for k in REFERENCE.logits(X).argsort()[::-1]]
    best = explainer.explain(X, score="contrast")
    assert (best.target, best.query.against) == (order[0], order[1])
    worst = explainer.explain(X, score="contrast", target=order[-1])
    assert worst.query.against == order[0]
    with pytest.raises(ValueError, match="set against itself. Pass another class as against="):
        explainer.explain(X, score="contrast", target=2, against=2)


def test_contrasts_are_differences_of_grad_cams(explainer: Explainer) -> None:
    one, other = (explainer.explain(X, method="grad_cam", target=k).signed for k in (0, 3))
    both = explainer.explain(X, method="grad_cam", target=0, score="contrast", against=3).signed
    np.testing.assert_allclose(both, one - other, atol=1e-6)


def test_a_softmax_of_a_contrast_is_refused(explainer: Explainer) -> None:
    with pytest.raises(ValueError, match="a contrast of two logits has none. Use score='logit'"):
        explainer.explain(X, score="contrast", derivatives="softmax")


def test_of_one_sigmoid_unit_the_other_outcome_competes() -> None:
    stack = [*body(), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1, activation="sigmoid", name="one")]
    model = fill(functional(stack))
    kernel = np.linspace(-2, 2, 7, dtype=np.float32)[:, None]
    model.get_layer("one").set_weights([kernel, np.array([0.3])])
    explainer = Explainer(model, preprocess=None)
    for target, sign in ((1, 1), (0, -1)):
        found = explainer.explain(X, layer="relu", target=target, derivatives="softmax").evidence
        p = 1 / (1 + np.exp(-found.score))
        g = sign * kernel[:, 0] / 54
        # Y = sigmoid(s): Y' / Y = 1 - p, Y'' / Y = (1 - p)(1 - 2p), Y''' / Y = (1 - p)(1 - 6p + 6p^2)
        np.testing.assert_allclose(found.first[2, 3], (1 - p) * g, rtol=1e-4)
        np.testing.assert_allclose(found.second[2, 3], (1 - p) * (1 - 2 * p) * g**2, rtol=1e-4)
        np.testing.assert_allclose(found.third[2, 3], (1 - p) * (1 - 6 * p + 6 * p**2) * g**3, rtol=1e-4)


# -- noise ------------------------------------------------------------------------------------------


def test_copies_that_count_as_their_score() -> None:
    explainer = Explainer(dense_network(), preprocess=None)
    options: dict[str, Any] = {"method": "grad_cam", "target": 1, "noise": 0.4, "seed": 5}
    found = explainer.explain(X, **options, samples=5, sample_weights="score")
    deviation = np.float32(0.4 * (X.max() - X.min()))
    copies = X + deviation * np.random.default_rng(5).standard_normal((5, *X.shape), np.float32)
    each = [explainer.explain(copy, method="grad_cam", target=1) for copy in copies]
    weights = softmax(np.array([one.score for one in each]))
    expected = np.tensordot(weights, np.stack([one.evidence.first for one in each]), 1)
    np.testing.assert_allclose(found.evidence.first, expected, rtol=1e-4, atol=1e-7)
    equal = explainer.explain(X, **options, samples=5)
    assert np.abs(equal.evidence.first - found.evidence.first).max() > 1e-3 * np.abs(expected).max()


def test_noise_and_the_exact_softmax_together() -> None:
    explainer = Explainer(dense_network(), preprocess=None)
    options: dict[str, Any] = {"method": "grad_cam++", "target": 1, "derivatives": "softmax"}
    found = explainer.explain(X, **options, samples=3, noise=0.4, seed=5)
    deviation = np.float32(0.4 * (X.max() - X.min()))
    copies = X + deviation * np.random.default_rng(5).standard_normal((3, *X.shape), np.float32)
    each = [explainer.explain(copy, **options).evidence for copy in copies]
    for name in ("first", "second", "third"):
        expected = np.mean([getattr(one, name) for one in each], axis=0)
        np.testing.assert_allclose(getattr(found.evidence, name), expected, rtol=1e-4, atol=1e-12)


# -- laws -------------------------------------------------------------------------------------------


def test_hires_cam_is_grad_cam_on_a_pooled_head() -> None:
    explainer = Explainer(gap_network(), preprocess=None)
    one, other = (explainer.explain(X, method=name, target=2).signed for name in ("hires_cam", "grad_cam"))
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-7)


def test_hires_cam_adds_up_to_the_score_behind_a_linear_tail() -> None:
    # S = sum g A + b where the tail is linear: Flatten and one Dense layer.
    model = fill(functional([*body(), keras.layers.Flatten(), keras.layers.Dense(3, name="linear")]))
    kernel = np.random.default_rng(2).normal(size=(378, 3))
    model.get_layer("linear").set_weights([kernel, np.array([0.5, -1.0, 2.0])])
    found = Explainer(model, preprocess=None).explain(X, method="hires_cam", target=1)
    assert found.signed.sum() - 1.0 == pytest.approx(found.score, rel=1e-4)


# -- what is said -----------------------------------------------------------------------------------


def sure_network() -> Explainer:
    model = fill(functional([*body(), *dense_tail(), keras.layers.Softmax()]))
    kernel, bias = REFERENCE.weights["logits"]
    model.get_layer("logits").set_weights([kernel * 200, bias])
    return Explainer(model, preprocess=None)


@pytest.mark.parametrize("options", [{"score": "probability"}, {"derivatives": "softmax"}])
def test_a_saturated_softmax_is_said(options: dict[str, Any]) -> None:
    explainer = sure_network()
    with pytest.warns(UserWarning, match=r"probability is (1|0\.999)\d*.*: the softmax is saturated"):
        explainer.explain(X, **options)
    assert explainer.explain(X).notes == ()  # the logit does not fade


def test_a_class_that_nothing_speaks_for() -> None:
    explainer = Explainer(gap_network(), preprocess=None)
    model = explainer.model
    model.get_layer("gap_logits").set_weights([-np.ones((7, 4)), np.zeros(4)])
    found: Explanation = explainer.explain(X, method="grad_cam", target=0)
    assert "No positive evidence at this layer" in found.message
    assert not found.map.any() and found.signed.min() < 0  # the signed map holds it
    model.get_layer("last").set_weights([np.zeros((3, 3, 5, 7)), -np.ones(7)])  # a dead layer
    assert "No evidence at this layer" in explainer.explain(X, method="grad_cam", target=0).message


def test_cam_says_what_the_head_is() -> None:
    for model, words in (
        (dense_network(), "another Dense layer with a ReLU comes before the last layer"),
        (functional_network(), "another Dense layer with a ReLU comes before the last layer"),
        (functional([*body(), keras.layers.GlobalMaxPooling2D(), keras.layers.Dense(2)]), "global maximum pooling"),
    ):
        with pytest.raises(ValueError, match=rf"here {words}.* Use method='grad_cam'"):
            Explainer(model, preprocess=None).explain(X, method="cam")


def test_strongest_neurons_and_filters() -> None:
    found = Explainer(gap_network(), preprocess=None).explain(X, method="grad_cam", target=1)
    order = np.argsort(-found.signed.ravel(), kind="stable")[:5]
    assert found.strongest_neurons(5) == [(int(n) // 9, int(n) % 9) for n in order]
    chosen = found.only(neurons=found.strongest_neurons(5))
    assert chosen.map.sum() == pytest.approx(np.sort(found.map.ravel())[-5:].sum())
    best = found.strongest_filters(2)
    assert best == [int(c) for c in np.argsort(-found.contributions())[:2]]
    assert found.query == make_query({"method": "grad_cam", "target": 1, "layer": "relu", "against": 1, "samples": 0})


@pytest.mark.parametrize("method", ["gradient", "score_cam"])
def test_options_that_a_method_takes_no_heed_of_are_said(explainer: Explainer, method: str) -> None:
    with pytest.warns(
        UserWarning, match=rf"derivatives='softmax' made no difference: it is about .* method='{method}' weighs none"
    ):
        exact = explainer.explain(X, method=method, target=1, derivatives="softmax")
    np.testing.assert_array_equal(exact.map, explainer.explain(X, method=method, target=1).map)
