"""Parts of a picture that evidence may lie in: its border, its ninths, its colours."""

from collections.abc import Callable
from functools import partial

import numpy as np
from jaxtyping import Bool, Float, UInt8

Pixels = UInt8[np.ndarray, "h w 3"]
Mask = Bool[np.ndarray, "h w"]

# The outermost tenth on every side, 36 % of the area.
BORDER = 0.1

# Hues from each of these degrees on, up to the next; red goes around.
_HUES = (("red", 0), ("orange or yellow", 20), ("green", 70), ("cyan", 160), ("blue", 200), ("purple or pink", 260))
_RED_AGAIN = 340

# Saturation below which a colour is grey, and value below which it is dark, both in [0, 1].
_GREY, _DARK = 0.25, 0.2


def border(pixels: Pixels) -> Mask:
    """The outermost tenth of the rows and columns on every side."""
    height, width = pixels.shape[:2]
    rows, columns = max(1, round(BORDER * height)), max(1, round(BORDER * width))
    mask = np.ones((height, width), bool)
    mask[rows : height - rows, columns : width - columns] = False
    return mask


def ninth(pixels: Pixels, row: int, column: int) -> Mask:
    """One of nine equal parts, by row and column from 0 to 2."""
    height, width = pixels.shape[:2]
    mask = np.zeros((height, width), bool)
    top, bottom = round(row * height / 3), round((row + 1) * height / 3)
    left, right = round(column * width / 3), round((column + 1) * width / 3)
    mask[top:bottom, left:right] = True
    return mask


def coloured(pixels: Pixels, name: str) -> Mask:
    """Pixels of one colour: by hue, or "dark", or "grey or white"."""
    hue, saturation, value = _hsv(pixels)
    dark, grey = value < _DARK, (saturation < _GREY) & (value >= _DARK)
    if name == "dark":
        return dark
    if name == "grey or white":
        return grey
    position = [each for each, _ in _HUES].index(name)
    start = _HUES[position][1]
    end = _HUES[position + 1][1] if position + 1 < len(_HUES) else _RED_AGAIN
    inside = (hue >= start) & (hue < end)
    return (inside | ((name == "red") & (hue >= _RED_AGAIN))) & ~dark & ~grey


def _hsv(pixels: Pixels) -> tuple[Float[np.ndarray, "h w"], Float[np.ndarray, "h w"], Float[np.ndarray, "h w"]]:
    """Hue in degrees, saturation and value in [0, 1]."""
    red, green, blue = np.moveaxis(pixels.astype(np.float64) / 255, 2, 0)
    value = np.maximum(np.maximum(red, green), blue)
    spread = value - np.minimum(np.minimum(red, green), blue)
    safe = np.where(spread > 0, spread, 1)
    hue = np.select(
        [spread == 0, value == red, value == green],
        [0, (green - blue) / safe % 6, (blue - red) / safe + 2],
        (red - green) / safe + 4,
    )
    return 60 * hue, np.divide(spread, value, out=np.zeros_like(value), where=value > 0), value


_ROWS, _COLUMNS = ("top", "middle", "bottom"), ("left", "centre", "right")

# name -> pixels -> where it is. The ninths share out the whole picture, and so do the colours.
PARTS: dict[str, Callable[[Pixels], Mask]] = {
    "border": border,
    **{
        f"{_ROWS[row]} {_COLUMNS[column]}": partial(ninth, row=row, column=column)
        for row in range(3)
        for column in range(3)
    },
    **{name: partial(coloured, name=name) for name in (*(each for each, _ in _HUES), "dark", "grey or white")},
}
