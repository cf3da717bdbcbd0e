"""Rank correlation: by hand, against SciPy, and where there is none."""

import json

import numpy as np
import pytest

from camwidget.maths import are_proportional, rank_correlation
from tests.maths import correlation_fixture


def test_by_hand() -> None:
    # Ranks 1 2 3 4 and 2 1 4 3: 1 - 6 * 4 / (4 * 15) = 0.6.
    assert rank_correlation(np.array([10.0, 20, 30, 40]), np.array([3.0, 1, 9, 7])) == pytest.approx(0.6)
    assert rank_correlation(np.array([1.0, 2, 3]), np.array([-1.0, -2, -3])) == pytest.approx(-1)


def test_equal_values_share_their_rank() -> None:
    # Ranks 1.5 1.5 3 and 1 2 3, less 2: (-.5, -.5, 1) . (-1, 0, 1) = 1.5; over sqrt(1.5 * 2).
    assert rank_correlation(np.array([[0.0, 0, 5]]), np.array([[1.0, 2, 3]])) == pytest.approx(1.5 / np.sqrt(3))


@pytest.mark.parametrize("seed", range(5))
def test_as_scipy_has_it(seed: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    generator = np.random.default_rng(seed)
    a = np.maximum(generator.normal(size=(7, 5)), 0).round(1)  # many ties, half of them 0
    b = (a + generator.normal(size=(7, 5))).round(1)
    assert rank_correlation(a, b) == pytest.approx(stats.spearmanr(a.ravel(), b.ravel()).statistic, abs=1e-12)


def test_a_constant_map_has_none() -> None:
    a = np.arange(6.0).reshape(2, 3)
    assert np.isnan(rank_correlation(a, np.ones((2, 3))))
    assert np.isnan(rank_correlation(a, np.where(a == 2, np.nan, a)))


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shapes \(2, 3\) and \(3, 2\) .* one size"):
        rank_correlation(np.zeros((2, 3)), np.zeros((3, 2)))


def test_proportional_arrays() -> None:
    a = np.array([[1.0, -2.0, 0.0]])
    assert are_proportional(a, 3e-9 * a)
    assert not are_proportional(a, -a)
    assert not are_proportional(a, np.array([[1.0, -2.0, 0.001]]))
    assert are_proportional(0 * a, 0 * a)
    assert not are_proportional(0 * a, a)


def test_the_numbers_kept_for_the_page_are_of_today() -> None:
    """`python tests/maths/correlation_fixture.py` writes them anew; js/pure reads them."""
    kept = json.loads(correlation_fixture.FIXTURE.read_text(encoding="utf-8"))
    now = correlation_fixture.cases()
    assert len(kept) == len(now) == len(correlation_fixture.SIZES)
    for case, fresh in zip(kept, now, strict=True):
        assert (case["one"], case["other"]) == (fresh["one"], fresh["other"])
        assert case["expected"] == pytest.approx(fresh["expected"], abs=1e-9)
