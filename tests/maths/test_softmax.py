"""The exact derivatives of a softmax: by finite differences, and where nothing but cancellation is left."""

from collections.abc import Callable

import numpy as np
import pytest

from camwidget.maths import Competition, likely_classes

CLASSES, GRID = 5, (2, 3, 2)


def linear_head(seed: int = 0, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits z_j = sum(G_j A) of 2 x 3 x 2 activations: G, shape (k, h, w, c), A, and p."""
    generator = np.random.default_rng(seed)
    gradients = scale * generator.normal(size=(CLASSES, *GRID))
    activations = generator.uniform(size=GRID)
    return gradients, activations, softmax(np.tensordot(gradients, activations, 3))


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def competition(gradients: np.ndarray, p: np.ndarray, k: int, cuts: tuple[int, ...] = ()) -> Competition:
    others = [j for j in range(len(p)) if j != k]
    parts = [Competition.of(gradients[some], gradients[k], p[some]) for some in np.split(np.array(others), cuts)]
    return sum(parts[1:], parts[0])


def along(function: Callable[[float], float], step: float) -> tuple[float, float, float]:
    """First, second and third derivative at 0 by central differences of fourth order."""
    f = {n: function(n * step) for n in range(-3, 4)}
    first = (f[-2] - 8 * f[-1] + 8 * f[1] - f[2]) / (12 * step)
    second = (-f[-2] + 16 * f[-1] - 30 * f[0] + 16 * f[1] - f[2]) / (12 * step**2)
    third = (f[-3] - 8 * f[-2] + 13 * f[-1] - 13 * f[1] + 8 * f[2] - f[3]) / (8 * step**3)
    return first, second, third


@pytest.mark.parametrize("logarithm", [False, True], ids=["p", "log p"])
@pytest.mark.parametrize("k", range(CLASSES))
def test_derivatives_are_those_of_finite_differences(k: int, logarithm: bool) -> None:
    gradients, activations, p = linear_head(k)
    D = np.stack(competition(gradients, p, k).derivatives(float(p[k]), logarithm=logarithm))
    for place in [(0, 0, 0), (1, 2, 1), (0, 1, 1)]:

        def score(step: float, place: tuple[int, ...] = place) -> float:
            moved = activations.copy()
            moved[place] += step
            found = softmax(np.tensordot(gradients, moved, 3))[k]
            return float(np.log(found) if logarithm else found / p[k])  # up to the factor p_k

        expected = along(score, 2e-3)
        np.testing.assert_allclose(D[(slice(None), *place)], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("cuts", [(1,), (2, 3), (1, 2, 3)])
def test_the_classes_may_come_in_any_parts(cuts: tuple[int, ...]) -> None:
    gradients, _, p = linear_head(1)
    whole, parts = (competition(gradients, p, 2, c).derivatives(float(p[2]), logarithm=False) for c in ((), cuts))
    np.testing.assert_allclose(parts, whole, rtol=1e-12)
    assert competition(gradients, p, 2, cuts).done == CLASSES - 1


def test_two_classes_by_hand() -> None:
    # g = 1 and -1, p = 3/4 and 1/4: d = -2, m = 1/2, lead = 1/2, v = 3/4, t = -3/4 (about the mean).
    g = np.array([1.0, -1.0]).reshape(2, 1, 1, 1)
    found = competition(g, np.array([0.75, 0.25]), 0).derivatives(0.75, logarithm=False)
    np.testing.assert_allclose(np.ravel(found), [1 / 2, 1 / 4 - 3 / 4, 1 / 8 - 3 * 3 / 4 / 2 + 3 / 4])
    logs = competition(g, np.array([0.75, 0.25]), 0).derivatives(0.75, logarithm=True)
    np.testing.assert_allclose(np.ravel(logs), [1 / 2, -3 / 4, 3 / 4])


def test_of_a_certain_class_the_digits_are_kept() -> None:
    # p_1 = 1e-9: D1 = p_1 (g_0 - g_1), which plain moments of gradients near 1000 would lose in float32.
    g = np.array([1000.0, 1000.5], np.float32).reshape(2, 1, 1, 1)
    first, second, _ = competition(g, np.array([1.0, 1e-9]), 0).derivatives(1.0, logarithm=False)
    np.testing.assert_allclose(first.item(), -0.5e-9, rtol=1e-6)
    np.testing.assert_allclose(second.item(), -0.25e-9, rtol=1e-6)


def test_likely_classes() -> None:
    p = np.array([0.5, 0.3, 0.2 - 3e-8, 2e-8, 1e-8])
    assert likely_classes(p, 0).tolist() == [1, 2]  # the last two hold 6e-8 of the rest
    assert likely_classes(p, 1).tolist() == [0, 2]
    assert likely_classes(p, 0, mass=1e-9).tolist() == [1, 2, 3, 4]
    sure = np.array([1e-12, 1 - 1.1e-12, 1e-13])
    assert likely_classes(sure, 1).tolist() == [0, 2]  # of what is left, both matter
    assert likely_classes(np.array([0.5, 0.5]), 1).tolist() == [0]
