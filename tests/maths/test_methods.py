"""Every method against its paper's equations, written out one neuron at a time."""

import math
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from camwidget.maths import METHODS, ChannelScores, Evidence, combine
from tests.maths.evidences import GRID, averaged, random_evidence

# A restatement takes activations A (h, w, c), the gradients g (n, h, w, c) of every copy and the rest
# of the evidence, and returns the weight of every neuron and channel, shape (h, w, c) or (c,).
Restatement = Callable[[np.ndarray, np.ndarray, Evidence], list]


def scores_of(evidence: Evidence) -> list[float]:
    assert evidence.channel_scores is not None
    return [float(score) for score in evidence.channel_scores.scores]


def cam(A: np.ndarray, g: np.ndarray, evidence: Evidence) -> list:
    """Zhou et al. 2016, eq. 2: w_c is the weight of channel c for the class."""
    assert evidence.class_weights is not None
    return [float(weight) for weight in evidence.class_weights]


def grad_cam(A: np.ndarray, g: np.ndarray, evidence: Evidence) -> list:
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


def smooth_grad_cam_plus_plus(A: np.ndarray, g: np.ndarray, evidence: Evidence) -> list:
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


def grad_cam_plus_plus(A: np.ndarray, g: np.ndarray, evidence: Evidence) -> list:
    """Chattopadhay et al. 2018, eq. 10 (alpha) and 9 (w_c): the same on the picture itself."""
    return smooth_grad_cam_plus_plus(A, g, evidence)


def hires_cam(A: np.ndarray, g: np.ndarray, evidence: Evidence) -> list:
    """Draelos and Carin 2020: every activation times its own derivative."""
    rows, columns, channels = A.shape
    mean = [[[sum(float(g[n, i, j, c]) for n in range(len(g))) / len(g) for c in range(channels)]
             for j in range(columns)] for i in range(rows)]  # fmt: skip
    return mean


def layer_cam(A: np.ndarray, g: np.ndarray, evidence: Evidence) -> list:
    """Jiang et al. 2021: the same where it is positive."""
    return [[[max(one, 0.0) for one in cell] for cell in row] for row in hires_cam(A, g, evidence)]


def xgrad_cam(A: np.ndarray, g: np.ndarray, evidence: Evidence) -> list:
    """Fu et al. 2020: the mean of the derivatives, each counting as its share of the channel's activation."""
    D1 = hires_cam(A, g, evidence)
    rows, columns, channels = A.shape
    weights = []
    for c in range(channels):
        total = sum(float(A[i, j, c]) for i in range(rows) for j in range(columns))
        weights.append(
            sum(float(A[i, j, c]) / total * D1[i][j][c] for i in range(rows) for j in range(columns)) if total else 0.0
        )
    return weights


def score_cam(A: np.ndarray, g: np.ndarray, evidence: Evidence) -> list:
    """Wang et al. 2020: softmax of the masked pictures' scores; what has no mask takes no part."""
    powers = [0.0 if math.isnan(score) else math.exp(score) for score in scores_of(evidence)]
    return [power / sum(powers) for power in powers]


def ablation_cam(A: np.ndarray, g: np.ndarray, evidence: Evidence) -> list:
    """Desai and Ramaswamy 2020: the share of the score that goes with the channel."""
    y = evidence.score
    return [0.0 if math.isnan(without) else (y - without) / abs(y) for without in scores_of(evidence)]


RESTATED: dict[str, Restatement] = {
    "cam": cam,
    "grad_cam": grad_cam,
    "grad_cam++": grad_cam_plus_plus,
    "smooth_grad_cam++": smooth_grad_cam_plus_plus,
    "layer_cam": layer_cam,
    "hires_cam": hires_cam,
    "xgrad_cam": xgrad_cam,
    "score_cam": score_cam,
    "ablation_cam": ablation_cam,
    "guided_grad_cam": grad_cam,
    "guided_grad_cam++": grad_cam_plus_plus,
}

WEIGHING = [name for name, method in METHODS.items() if method.weigh is not None]


def weigh(name: str, evidence: Evidence) -> np.ndarray:
    function = METHODS[name].weigh
    assert function is not None
    return function(evidence)


def test_every_method_is_restated_here() -> None:
    assert set(RESTATED) == set(WEIGHING), "a method without a restatement of its equations is untested"


@pytest.mark.parametrize("name", WEIGHING)
@pytest.mark.parametrize("copies", [0, 1, 4])
@pytest.mark.parametrize("negative", [False, True], ids=["after a ReLU", "before it"])
def test_weights_are_those_of_the_paper(name: str, copies: int, negative: bool) -> None:
    evidence, g = random_evidence(copies, copies=copies, negative=negative)
    expected = np.broadcast_to(RESTATED[name](evidence.activations, g, evidence), GRID)
    weights = np.broadcast_to(weigh(name, evidence), GRID)
    assert np.ptp(weights) > 0.05  # the channels differ: a constant would not pass by chance
    np.testing.assert_allclose(weights, expected, rtol=1e-6 if copies == 0 else 1e-9)  # float32 without copies


@pytest.mark.parametrize("name", WEIGHING)
@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1.0, 1e12, 1e30])
def test_gradients_of_any_size(name: str, scale: float) -> None:
    evidence, g = random_evidence(11, scale=scale, copies=3)
    expected = np.broadcast_to(RESTATED[name](evidence.activations, g, evidence), GRID)
    assert np.abs(expected).max() > 0  # nothing underflowed in the restatement either
    np.testing.assert_allclose(np.broadcast_to(weigh(name, evidence), GRID), expected, rtol=1e-6)


@pytest.mark.parametrize("name", [name for name in WEIGHING if name != "ablation_cam"])  # it weighs shares of the score
@pytest.mark.parametrize("score", [-1000.0, 0.0, 1000.0, 1e30])
def test_a_huge_score_changes_nothing(name: str, score: float) -> None:
    # Y = exp(1000) is no float: the factor Y must have been left out.
    evidence, _ = random_evidence(5)
    np.testing.assert_array_equal(weigh(name, replace(evidence, score=score)), weigh(name, evidence))


@pytest.mark.parametrize("name", WEIGHING)
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
    assert weigh(name, averaged(g, activations)).ravel().tolist() == [0.25]


@pytest.mark.parametrize("name", ["grad_cam++", "smooth_grad_cam++"])
def test_alpha_is_zero_there_also_where_the_gradient_is_positive(name: str) -> None:
    # Before a ReLU: sum A = -2 and g = 1 give 2 - 2 = 0; g = 0.5 gives 0.25 / (0.5 - 0.25) = 1, times 0.5.
    activations = np.array([[[-3.0], [1.0]]], np.float32)
    g = np.array([[[[1.0], [0.5]]]], np.float32)
    assert weigh(name, averaged(g, activations)).ravel().tolist() == [0.5]


@pytest.mark.parametrize("name", ["grad_cam++", "smooth_grad_cam++"])
def test_alpha_sums_activations_over_the_whole_map(name: str) -> None:
    # sum A = 6 at every neuron. g = 1: 1 / (2 + 6) = 1/8; g = 2: 4 / (8 + 48) = 1/14, times 2.
    activations = np.array([[[1.0], [2.0]], [[3.0], [0.0]]], np.float32)
    g = np.array([[[[1.0], [0.0]], [[0.0], [2.0]]]], np.float32)
    weights = weigh(name, averaged(g, activations))
    np.testing.assert_allclose(weights, [[[1 / 8 + 2 / 14]]], rtol=1e-14)


def test_averaged_derivatives_are_not_the_averaged_weights_nor_the_last_copy() -> None:
    evidence, g = random_evidence(2, copies=4)
    smooth = weigh("smooth_grad_cam++", evidence).ravel()
    each = [smooth_grad_cam_plus_plus(evidence.activations, g[n : n + 1], evidence) for n in range(4)]
    assert np.abs(smooth - np.mean(each, axis=0)).max() > 0.01 * np.abs(smooth).max()
    assert np.abs(smooth - each[-1]).max() > 0.01 * np.abs(smooth).max()


def test_without_the_relu_and_with_alpha_one_over_the_grid_plus_plus_is_grad_cam(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    evidence, _ = random_evidence(4)
    rows, columns, _ = GRID
    monkeypatch.setattr("camwidget.maths.weights.alphas", lambda evidence: np.full(GRID, 1 / (rows * columns)))
    positive = replace(averaged(np.abs(evidence.first)[None], evidence.activations))  # of which the ReLU takes nothing
    np.testing.assert_allclose(weigh("grad_cam++", positive), weigh("grad_cam", positive), rtol=1e-6)
    assert np.abs(weigh("grad_cam++", evidence) - weigh("grad_cam", evidence)).max() > 1e-3  # here it does


def test_cam_is_grad_cam_times_the_grid_on_a_pooled_head() -> None:
    # S = sum_c w_c mean_hw A + b, so dS/dA_ijc = w_c / (h w).
    rows, columns, channels = GRID
    column = np.linspace(-1, 2, channels).astype(np.float32)
    g = np.broadcast_to(column / (rows * columns), (1, *GRID)).astype(np.float32)
    activations = random_evidence(6)[0].activations
    evidence = replace(averaged(g, activations), class_weights=column)
    maps = {name: combine(activations, weigh(name, evidence)) for name in ("cam", "grad_cam")}
    np.testing.assert_allclose(maps["cam"], maps["grad_cam"] * rows * columns, rtol=1e-5)
    np.testing.assert_allclose(maps["cam"].mean(), activations.mean(axis=(0, 1)) @ column, rtol=1e-5)


def test_cam_without_class_weights_says_what_is_missing() -> None:
    evidence = replace(random_evidence(1)[0], class_weights=None)
    with pytest.raises(ValueError, match="weighs class_weights, and the evidence holds none"):
        weigh("cam", evidence)


def test_score_cam_of_scores_of_a_thousand_and_without_any_mask() -> None:
    evidence = random_evidence(3)[0]
    huge = replace(evidence, channel_scores=ChannelScores(np.array([1000.0, 1000.0, np.nan, 999.0, -1000.0])))
    e = np.exp(-1.0)
    np.testing.assert_allclose(weigh("score_cam", huge).ravel(), np.array([1, 1, 0, e, 0]) / (2 + e), atol=1e-12)
    none = replace(evidence, channel_scores=ChannelScores(np.full(5, np.nan)))
    assert not weigh("score_cam", none).any()


def test_a_negative_score_does_not_turn_ablations_signs() -> None:
    # S = -2; without filter 0 it falls to -3: the filter spoke for the class, by half of |S|.
    evidence = Evidence(np.ones((1, 2, 2), np.float32), -2.0, channel_scores=ChannelScores(np.array([-3.0, -2.0])))
    assert weigh("ablation_cam", evidence).ravel().tolist() == [0.5, 0.0]
    assert weigh("ablation_cam", replace(evidence, score=0.0)).ravel().tolist() == [3.0, 2.0]  # nothing is divided


def test_xgrad_cam_of_a_filter_that_adds_up_to_nothing() -> None:
    activations = np.array([[[1.0, 2.0], [-1.0, 2.0]]], np.float32)
    g = np.array([[[[5.0, 1.0], [3.0, 3.0]]]], np.float32)
    assert weigh("xgrad_cam", averaged(g, activations)).ravel().tolist() == [0.0, 2.0]


@pytest.mark.parametrize("name", METHODS)
def test_records_say_what_people_read(name: str) -> None:
    method = METHODS[name]
    assert method.name == name
    plain = method.title.lower().replace("-", "_").replace(" ", "_")
    assert plain.replace("_", "") == name.replace("_", "")
    assert method.formula and method.cost
    assert re.search(r"(eq\.|section|figure) \d", method.source), "paper and equation or section"
    assert method.weigh is not None or method.backward is not None
    assert (method.samples > 0) is name.startswith("smooth")
    assert method.takes_noise is (name not in ("cam", "score_cam", "ablation_cam"))
    assert method.selects_target is (method.weigh is None)
