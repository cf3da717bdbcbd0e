"""How alike two maps are."""

import numpy as np
from jaxtyping import Float, Shaped


def rank_correlation(a: Shaped[np.ndarray, "..."], b: Shaped[np.ndarray, "..."]) -> float:
    """Spearman's rank correlation of two arrays of one shape, in [-1, 1].

    Pearson's correlation of the ranks, equal values sharing their average rank.

    Args:
        a: numbers, any shape.
        b: as many numbers, in the same order.

    Returns:
        The correlation; NaN where one of them is the same everywhere or holds a NaN: it ranks
        nothing, and so it correlates with nothing.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 15.0]))
        0.5
    """
    if a.shape != b.shape:
        raise ValueError(f"Maps of shapes {a.shape} and {b.shape} have no rank correlation. Bring them to one size.")
    if a.size == 0 or np.isnan(a).any() or np.isnan(b).any():
        return float("nan")
    x, y = (_ranks(each.ravel()) - (each.size + 1) / 2 for each in (a, b))
    spread = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / spread) if spread > 0 else float("nan")


def are_proportional(a: Float[np.ndarray, "..."], b: Float[np.ndarray, "..."]) -> bool:
    """Whether two arrays of one shape are the same up to a positive factor, to four digits of the largest number."""
    largest, other = float(np.abs(a).max(initial=0)), float(np.abs(b).max(initial=0))
    if largest == 0 or other == 0:
        return largest == other
    return bool(np.abs(a / largest - b / other).max() < 1e-4)


def _ranks(values: Shaped[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Ranks from 1; equal values share the average of theirs."""
    _, place, times = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(times)
    return (last - (times - 1) / 2)[place.ravel()]
