"""Structure that two maps share, and the edges of a picture, which know nothing of any network."""

from functools import lru_cache

import numpy as np
from jaxtyping import Float

# Wang et al. 2004, section III-C: a Gaussian window of 11 x 11 with a standard deviation of 1.5 pixels, and the two
# constants that keep the quotients from dividing by almost nothing.
_RADIUS, _DEVIATION = 5, 1.5
_K1, _K2 = 0.01, 0.03


def structural_similarity(a: Float[np.ndarray, "h w"], b: Float[np.ndarray, "x y"]) -> float:
    """SSIM of two maps in [0, 1]: 1 for the same map, about 0 for unrelated ones.

    SSIM = (2 m_a m_b + C1) (2 s_ab + C2) / ((m_a^2 + m_b^2 + C1) (s_a^2 + s_b^2 + C2)), with m, s^2 and s_ab the
    means, variances and covariance under a Gaussian window around each place, averaged over the places
    where the window fits (Wang et al. 2004, eq. 13). A map smaller than the window is taken under one
    window of its own size.

    Args:
        a: a map, in [0, 1].
        b: another one of the same shape.

    Raises:
        ValueError: the shapes differ.
    """
    if a.shape != b.shape:
        raise ValueError(f"Maps of shapes {a.shape} and {b.shape} cannot be compared. Bring them to one size.")
    rows, columns = (_windows(length) for length in a.shape)

    def blurred(values: np.ndarray) -> np.ndarray:
        return rows @ values @ columns.T

    x, y = a.astype(np.float64), b.astype(np.float64)
    mean_x, mean_y = blurred(x), blurred(y)
    variance_x, variance_y = blurred(x * x) - mean_x**2, blurred(y * y) - mean_y**2
    covariance = blurred(x * y) - mean_x * mean_y
    c1, c2 = _K1**2, _K2**2
    likeness = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    return float(np.mean(likeness / ((mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2))))


@lru_cache(maxsize=64)
def _windows(length: int) -> Float[np.ndarray, "places {length}"]:
    """One row for each place where the window fits into so many pixels; each adds up to 1."""
    size = min(2 * _RADIUS + 1, length)
    weights = np.exp(-0.5 * ((np.arange(size) - (size - 1) / 2) / _DEVIATION) ** 2)
    matrix = np.zeros((length - size + 1, length))
    for place in range(len(matrix)):
        matrix[place, place : place + size] = weights / weights.sum()
    matrix.setflags(write=False)
    return matrix


def edges(pixels: np.ndarray) -> Float[np.ndarray, "h w"]:
    """How steep a picture is at each pixel: the length of Sobel's gradient of its brightness.

    The control of Adebayo et al. 2018, figure 1: it looks like an explanation and depends on no network.

    Args:
        pixels: (h, w, colours), any range.
    """
    grey = np.pad(pixels.astype(np.float64).mean(axis=2), 1, mode="edge")
    down = grey[2:] - grey[:-2]
    across = grey[:, 2:] - grey[:, :-2]
    vertical = down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]
    horizontal = across[:-2] + 2 * across[1:-1] + across[2:]
    return np.hypot(vertical, horizontal)
