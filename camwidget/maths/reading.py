"""From weights to a map, and from a map to something one can look at."""

from functools import lru_cache

import numpy as np
from jaxtyping import Float

from .selection import EVERYTHING, Selection


def combine(
    activations: Float[np.ndarray, "h w c"],
    weights: Float[np.ndarray, "#h #w c"],
    selection: Selection = EVERYTHING,
) -> Float[np.ndarray, "h w"]:
    """The signed map: sum over the kept filters of weights * A, 0 at neurons not kept.

    Weights always come from the whole layer, so a selection never changes the values it keeps;
    maps of disjoint sets of filters, or of neurons, add up to the map of their union.

    Args:
        activations: A, shape (h, w, c).
        weights: broadcastable to (h, w, c).
        selection: filters and neurons kept.

    Returns:
        Shape (h, w), float64, before the ReLU.
    """
    rows, columns, channels = activations.shape
    if selection.filters is not None:
        kept = selection.channels(channels)
        activations, weights = activations[..., kept], weights[..., kept]
    activations = activations.astype(np.float64)
    if weights.shape[:2] == (1, 1):
        signed = activations @ weights[0, 0]
    else:
        signed = (activations * weights).sum(axis=2)
    return np.where(selection.mask(rows, columns), signed, 0.0)


def contributions(
    activations: Float[np.ndarray, "h w c"], weights: Float[np.ndarray, "#h #w c"]
) -> Float[np.ndarray, " c"]:
    """What each filter adds to the whole map: sum over h, w of weights * A; signed, shape (c,)."""
    if weights.shape[:2] == (1, 1):
        return activations.sum(axis=(0, 1), dtype=np.float64) * weights[0, 0]
    return (activations * weights).sum(axis=(0, 1), dtype=np.float64)


def normalize(map: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """Divide by the maximum, so that 0 stays "no evidence"; a map without evidence stays all 0.

    No minimum is subtracted: that would paint the weakest evidence as none.
    """
    maximum = map.max(initial=0.0)
    if not np.isfinite(map).all() or maximum <= 0:
        return np.zeros_like(map)
    return map / maximum


def full_heat(map: Float[np.ndarray, "..."]) -> float:
    """The value of a map of pixels that has full heat: its 99th percentile, what lies above is cut off.

    A few pixels of such a map are far stronger than all others; divided by its maximum it would look
    empty (Smilkov et al. 2017, section 3.1). Of a map so sparse that its percentile is 0, the maximum.
    """
    return float(np.percentile(map, 99) or map.max(initial=0.0))


def stretch(map: Float[np.ndarray, "H W"]) -> Float[np.ndarray, "H W"]:
    """Divide a map of pixels by `full_heat` and cut off what lies above, in [0, 1]."""
    if not np.isfinite(map).all():
        return np.zeros_like(map)
    limit = full_heat(map)
    return np.clip(map / limit, 0, 1) if limit > 0 else np.zeros_like(map)


def strongest(terms: Float[np.ndarray, " n"], count: int) -> list[int]:
    """Indices of the `count` largest of the numbers above 0, largest first; fewer where fewer are."""
    order = np.argsort(-terms, kind="stable")[: max(count, 0)]
    return [int(index) for index in order if terms[index] > 0]


def masks(
    activations: Float[np.ndarray, "h w c"], channels: list[int], height: int, width: int
) -> Float[np.ndarray, "n {height} {width} 1"]:
    """Score-CAM's masks: filters enlarged to the picture and stretched to [0, 1] (Wang et al. 2020, eq. 7 and 8).

    Args:
        activations: A, shape (h, w, c).
        channels: filters, none of them the same everywhere.
        height: of what the network takes, in pixels.
        width: of what the network takes, in pixels.
    """
    chosen = np.moveaxis(activations[..., channels].astype(np.float64), 2, 0)
    large = _weights(activations.shape[0], height) @ chosen @ _weights(activations.shape[1], width).T
    low, high = (extreme(large, axis=(1, 2), keepdims=True) for extreme in (np.min, np.max))
    return ((large - low) / np.where(high > low, high - low, 1)).astype(np.float32)[..., None]


def resize(map: Float[np.ndarray, "h w"], height: int, width: int) -> Float[np.ndarray, "{height} {width}"]:
    """Half-pixel bilinear resize with clamped edges.

    The value at pixel y is read at the grid coordinate (y + 0.5) * h / height - 0.5, so every cell
    covers its own block of the picture and a single cell peaks at that block's centre.
    """
    return _weights(map.shape[0], height) @ map @ _weights(map.shape[1], width).T


@lru_cache(maxsize=64)
def _weights(cells: int, pixels: int) -> Float[np.ndarray, "{pixels} {cells}"]:
    """Interpolation matrix from a row of cells to a row of pixels; each row sums to 1."""
    position = np.clip((np.arange(pixels) + 0.5) * cells / pixels - 0.5, 0, cells - 1)
    below = np.minimum(position.astype(int), max(cells - 2, 0))
    matrix = np.zeros((pixels, cells))
    rows = np.arange(pixels)
    matrix[rows, below] = 1 - (position - below)
    matrix[rows, np.minimum(below + 1, cells - 1)] += position - below
    matrix.setflags(write=False)
    return matrix


def describe(signed: Float[np.ndarray, "h w"], selection: Selection) -> str:
    """Why there is nothing to paint, in words; "" where there is."""
    if not np.isfinite(signed).all():
        return "The map holds numbers that are not finite: the network's activations or gradients overflow here."
    if signed.max(initial=0.0) > 0:
        return ""
    if selection.filters == ():
        return "No filter is chosen."
    if not selection.mask(*signed.shape).any():
        return "No neuron is chosen."
    part = "in this selection" if selection != EVERYTHING else "at this layer"
    if (signed < 0).any():
        return f"No positive evidence {part}: what there is speaks against the class."
    return f"No evidence {part}: every term of the map is zero."


def describe_pixels(map: Float[np.ndarray, "H W"]) -> str:
    """The same for a map of pixels."""
    if not np.isfinite(map).all():
        return "The map holds numbers that are not finite: the network's gradients overflow here."
    return "" if map.any() else "No evidence: nothing that is explained depends on the picture here."
