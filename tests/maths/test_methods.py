"""Every method against its paper's equations, written out one neuron at a time."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from camwidget.maths import METHODS, Evidence, Moments, combine
from tests.maths.evidences import GRID, random_evidence

# A restatement takes activations A (h, w, c), the gradients g (n, h, w, c) of every copy and the
# class's column of the last layer (c,), and returns the weight of every channel.
Restatement = Callable[[np.ndarray, np.ndarray, np.ndarray], list[float]]


def cam(A: np.ndarray, g: np.ndarray, column: np.ndarray) -> list[float]:
    """Zhou et al. 2016, eq. 2: w_c is the weight of channel c for the class."""
    return [float(weight) for weight in column]


def grad_cam(A: np.ndarray, g: np.ndarray, column: np.ndarray) -> list[float]:
    """Selvaraju et al. 2017, eq. 1: alpha_c = 1/Z sum_i sum_j dS/dA_ij; noise: the mean over copies."""
    rows, columns, channels = A.shape
    weights = []
    for c in range(channels):
        total = 0.0
        for i in range(rows):
            for j in range(columns):
                total += sum(float(g[n, i, j, c]) for n in range(len(g))) / len(g)
        weights.append(total / (rows * columns))
    return weights


def smooth_grad_cam_plus_plus(A: np.ndarray, g: np.ndarray, column: np.ndarray) -> list[float]:
    """Omeiza et al. 2019, eq. 7 and 8, with Y = exp(S): D1 = g, D2 = g^2, D3 = g^3, up to the factor Y."""
    rows, columns, channels = A.shape
    copies = len(g)
    weights = []
    for c in range(channels):
        weight = 0.0
        for i in range(rows):
            for j in range(columns):
                D1 = sum(float(g[n, i, j, c]) for n in range(copies)) / copies
                D2 = sum(float(g[n, i, j, c]) ** 2 for n in range(copies)) / copies
                D3 = sum(float(g[n, i, j, c]) ** 3 for n in range(copies)) / copies
                around = 0.0
                for a in range(rows):
                    for b in range(columns):
                        around += float(A[a, b, c]) * D3
                denominator = 2 * D2 + around
                alpha = D2 / denominator if denominator != 0 else 0.0
                weight += alpha * max(D1, 0.0)
        weights.append(weight)
    return weights


def grad_cam_plus_plus(A: np.ndarray, g: np.ndarray, column: np.ndarray) -> list[float]:
    """Chattopadhay et al. 2018, eq. 10 (alpha) and 9 (w_c): the same on the picture itself."""
    return smooth_grad_cam_plus_plus(A, g, column)


RESTATED: dict[str, Restatement] = {
    "cam": cam,
    "grad_cam": grad_cam,
    "grad_cam++": grad_cam_plus_plus,
    "smooth_grad_cam++": smooth_grad_cam_plus_plus,
}


def weigh(name: str, evidence: Evidence) -> np.ndarray:
    return METHODS[name].weigh(evidence)


def test_every_method_is_restated_here() -> None:
    assert set(RESTATED) == set(METHODS), "a method without a restatement of its equations is untested"


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("copies", [0, 1, 4])
@pytest.mark.parametrize("negative", [False, True], ids=["after a ReLU", "before it"])
def test_weights_are_those_of_the_paper(name: str, copies: int, negative: bool) -> None:
    evidence, g = random_evidence(copies, copies=copies, negative=negative)
    assert evidence.class_weights is not None
    expected = RESTATED[name](evidence.activations, g, evidence.class_weights)
    weights = np.broadcast_to(weigh(name, evidence), (1, 1, GRID[2]))[0, 0]
    assert np.ptp(weights) > 0.05  # the channels differ: a constant would not pass by chance
    np.testing.assert_allclose(weights, expected, rtol=1e-9)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1.0, 1e12, 1e30])
def test_gradients_of_any_size(name: str, scale: float) -> None:
    evidence, g = random_evidence(11, scale=scale, copies=3)
    assert evidence.class_weights is not None
    expected = RESTATED[name](evidence.activations, g, evidence.class_weights)
    assert np.abs(expected).max() > 0  # nothing underflowed in the restatement either
    np.testing.assert_allclose(weigh(name, evidence).ravel(), expected, rtol=1e-8)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("score", [-1000.0, 0.0, 1000.0, 1e30])
def test_a_huge_score_changes_nothing(name: str, score: float) -> None:
    # Y = exp(1000) is no float: the factor Y must have been left out.
    evidence, _ = random_evidence(5)
    np.testing.assert_array_equal(weigh(name, replace(evidence, score=score)), weigh(name, evidence))


@pytest.mark.parametrize("name", METHODS)
def test_weighing_does_not_write_into_the_evidence(name: str) -> None:
    evidence, _ = random_evidence(8, copies=2)
    copy = [array.copy() for array in (evidence.activations, evidence.first, evidence.second, evidence.third)]
    weigh(name, evidence)
    for before, after in zip(
        copy, (evidence.activations, evidence.first, evidence.second, evidence.third), strict=True
    ):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("name", ["grad_cam++", "smooth_grad_cam++"])
def test_alpha_is_zero_where_its_denominator_is(name: str) -> None:
    # One channel, 1 x 3, sum A = 2; g = -1 gives 2 g^2 + 2 g^3 = 0, g = 0 gives 0 / 0.
    # g = 1: alpha = 1 / (2 + 2) = 1/4, w = 1/4. Nothing may warn: warnings are errors here.
    activations = np.array([[[0.5], [1.5], [0.0]]], np.float32)
    g = np.array([[[[-1.0], [0.0], [1.0]]]], np.float32)
    assert weigh(name, Moments.of(g).evidence(activations, 0.0)).ravel().tolist() == [0.25]


@pytest.mark.parametrize("name", ["grad_cam++", "smooth_grad_cam++"])
def test_alpha_is_zero_there_also_where_the_gradient_is_positive(name: str) -> None:
    # Before a ReLU: sum A = -2 and g = 1 give 2 - 2 = 0; g = 0.5 gives 0.25 / (0.5 - 0.25) = 1, times 0.5.
    activations = np.array([[[-3.0], [1.0]]], np.float32)
    g = np.array([[[[1.0], [0.5]]]], np.float32)
    assert weigh(name, Moments.of(g).evidence(activations, 0.0)).ravel().tolist() == [0.5]


@pytest.mark.parametrize("name", ["grad_cam++", "smooth_grad_cam++"])
def test_alpha_sums_activations_over_the_whole_map(name: str) -> None:
    # sum A = 6 at every neuron. g = 1: 1 / (2 + 6) = 1/8; g = 2: 4 / (8 + 48) = 1/14, times 2.
    activations = np.array([[[1.0], [2.0]], [[3.0], [0.0]]], np.float32)
    g = np.array([[[[1.0], [0.0]], [[0.0], [2.0]]]], np.float32)
    weights = weigh(name, Moments.of(g).evidence(activations, 0.0))
    np.testing.assert_allclose(weights, [[[1 / 8 + 2 / 14]]], rtol=1e-14)


def test_averaged_derivatives_are_not_the_averaged_weights_nor_the_last_copy() -> None:
    evidence, g = random_evidence(2, copies=4)
    smooth = weigh("smooth_grad_cam++", evidence).ravel()
    column = np.zeros(GRID[2])
    each = [smooth_grad_cam_plus_plus(evidence.activations, g[n : n + 1], column) for n in range(4)]
    assert np.abs(smooth - np.mean(each, axis=0)).max() > 0.01 * np.abs(smooth).max()
    assert np.abs(smooth - each[-1]).max() > 0.01 * np.abs(smooth).max()


def test_without_the_relu_and_with_alpha_one_over_the_grid_plus_plus_is_grad_cam() -> None:
    evidence, _ = random_evidence(4)
    rows, columns, _ = GRID
    np.testing.assert_allclose(
        weigh("grad_cam", evidence).ravel(), (evidence.first / (rows * columns)).sum(axis=(0, 1)), rtol=1e-12
    )


def test_cam_is_grad_cam_times_the_grid_on_a_pooled_head() -> None:
    # S = sum_c w_c mean_hw A + b, so dS/dA_ijc = w_c / (h w).
    rows, columns, channels = GRID
    column = np.linspace(-1, 2, channels).astype(np.float32)
    g = np.broadcast_to(column / (rows * columns), (1, *GRID)).astype(np.float32)
    activations = random_evidence(6)[0].activations
    evidence = Moments.of(g).evidence(activations, 0.0, class_weights=column)
    maps = {name: combine(activations, weigh(name, evidence)) for name in ("cam", "grad_cam")}
    np.testing.assert_allclose(maps["cam"], maps["grad_cam"] * rows * columns, rtol=1e-5)
    np.testing.assert_allclose(maps["cam"].mean(), activations.mean(axis=(0, 1)) @ column, rtol=1e-5)


def test_cam_without_class_weights_says_what_is_missing() -> None:
    evidence = replace(random_evidence(1)[0], class_weights=None)
    with pytest.raises(ValueError, match="global-average-pooling head"):
        weigh("cam", evidence)


@pytest.mark.parametrize("name", METHODS)
def test_records_say_what_people_read(name: str) -> None:
    method = METHODS[name]
    assert method.name == name
    assert method.title.replace("-", "_").replace(" ", "_").lower() == name
    assert "w_c =" in method.formula or method.formula.startswith("as ")
    assert "eq." in method.source
    assert method.needs_class_weights is (name == "cam")
    assert (method.samples > 0) is name.startswith("smooth")
