"""Deletion and insertion: pixels in the order of a map's heat, and the area under what follows."""

import numpy as np
from jaxtyping import Bool, Float, Int

# A map is 0, and so without order, over large parts of a picture: these are shuffled, always alike, so
# that no sweep from the first row to the last is taken for evidence.
_TIES = 0


def hottest_first(map: Float[np.ndarray, "h w"]) -> Int[np.ndarray, " pixels"]:
    """Flat indices of all pixels, hottest first; equal ones in an arbitrary order that never changes."""
    shuffled = np.random.default_rng(_TIES).permutation(map.size)
    return shuffled[np.argsort(-map.ravel()[shuffled], kind="stable")]


def leading(order: Int[np.ndarray, " pixels"], steps: int) -> Bool[np.ndarray, "{steps}+1 pixels"]:
    """For each of steps + 1 equal shares from none to all, which pixels belong to the leading ones.

    Args:
        order: flat indices, first comes first.
        steps: at least 1.
    """
    counts = np.round(np.linspace(0, order.size, steps + 1)).astype(int)
    rank = np.empty(order.size, int)
    rank[order] = np.arange(order.size)
    return rank[None] < counts[:, None]


def area(curve: Float[np.ndarray, " points"]) -> float:
    """Area under a curve over equal steps from 0 to 1, by trapezes: its mean height, NaN included.

    Petsiuk et al. 2018, section 3.2.
    """
    return float(np.mean((curve[1:] + curve[:-1]) / 2))
