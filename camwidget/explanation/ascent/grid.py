"""Pictures in a grid: as one image, and as a figure with numbers."""

import textwrap
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from ..drawing import Plot

if TYPE_CHECKING:
    from .images import FilterImages

# Pixels of white between two pictures of a sheet.
_GAP = 2

# A grid has at most so many columns: more are too small to see on a page.
_MOST_COLUMNS = 8


def columns_for(count: int) -> int:
    """As many columns as make the grid a little wider than high."""
    return min(_MOST_COLUMNS, max(1, int(np.ceil(np.sqrt(1.6 * count)))), max(1, count))


def sheet(images: UInt8[np.ndarray, "n H W 3"]) -> UInt8[np.ndarray, "h w 3"]:
    """All pictures in one, on white."""
    count, height, width, _ = images.shape
    columns = columns_for(count)
    rows = -(-count // columns)
    page = np.full((rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, 3), 255, np.uint8)
    for n, image in enumerate(images):
        top, left = (n // columns) * (height + _GAP), (n % columns) * (width + _GAP)
        page[top : top + height, left : left + width] = image
    return page


def plot(found: "FilterImages", columns: int | None) -> Plot:
    """The pictures in a grid, each with its name and the activation reached."""
    if columns is not None and columns < 1:
        raise ValueError(f"columns={columns} is below 1. Pass how many pictures stand side by side.")
    count = len(found)
    across = min(columns or columns_for(count), count)
    down = -(-count // across)
    height, width = found.images.shape[1:3]
    figure = Plot(figsize=(max(1.7 * across, 3.4), down * (1.6 * height / width + 0.42) + 0.5), layout="constrained")
    axes = figure.subplots(down, across, squeeze=False).ravel()
    silent = set(found.silent)
    for ax in axes:
        ax.set_axis_off()
    for n, (ax, image) in enumerate(zip(axes, found.images, strict=False)):
        ax.imshow(image, interpolation="nearest" if width < 100 else "antialiased")
        words = "silent" if found.filters[n] in silent else f"{found.reached[n]:.3g}"
        name = textwrap.shorten(found.names[n], 22, placeholder="...")
        ax.set_title(f"{name}\n{words}", fontsize=8, parse_math=False)
    title = f"What excites {found.layer} most; below each name, the activation reached"
    figure.suptitle("\n".join(textwrap.wrap(title, max(30, 20 * across))), fontsize=10, parse_math=False)
    return figure
