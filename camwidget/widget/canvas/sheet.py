"""A contact sheet: many small pictures on a dark mat, a line of words below each, some of them framed."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw

from camwidget.explanation import checks
from camwidget.explanation.captioned import font

# Dark in light and dark pages alike: pictures of middle grey stand out from it, and its words can be read in both.
MAT, EMPTY, WORDS, FRAME = (28, 31, 38), (44, 48, 57), (226, 229, 234), (255, 184, 28)

# Pixels around a picture, of a frame's line, and of the line of words.
_AROUND, _LINE, _BELOW, _LETTERS = 5, 3, 22, 12

# The longer side of a picture, in pixels: larger ones are made smaller, and of small ones each pixel is repeated.
_LARGEST, _SMALLEST = 128, 96

Pixels = UInt8[np.ndarray, "H W 3"]


def tile_for(shape: tuple[int, int], longest: object = None) -> tuple[int, int]:
    """(height, width) at which pictures of this shape are shown.

    Args:
        shape: (height, width) of the pictures.
        longest: the longer side; None: their own where that is neither small nor large.

    Raises:
        TypeError, ValueError: no whole number from 8 on.
    """
    longer = max(shape)
    if longest is not None:
        times = checks.whole_number("tile", 8, "the longer side of a picture in pixels")(longest) / longer
    else:
        times = max(1, _SMALLEST // longer) if longer <= _LARGEST else _LARGEST / longer
    height, width = (max(1, round(side * times)) for side in shape)
    return height, width


@dataclass(frozen=True)
class Sheet:
    """Where each picture lies.

    Attributes:
        count: of the pictures.
        columns: side by side.
        tile: (height, width) of a picture, in pixels of the sheet.
    """

    count: int
    columns: int
    tile: tuple[int, int]

    @property
    def cell(self) -> tuple[int, int]:
        """(height, width) of a picture with its words and the mat around both."""
        return self.tile[0] + 2 * _AROUND + _BELOW, self.tile[1] + 2 * _AROUND

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the sheet."""
        return self.cell[0] * -(-self.count // self.columns), self.cell[1] * self.columns

    def place(self, position: int) -> tuple[int, int]:
        """The upper left corner (row, column) of a picture's cell, in pixels."""
        return self.cell[0] * (position // self.columns), self.cell[1] * (position % self.columns)

    def at(self, row: float, column: float) -> int | None:
        """Which picture's cell a pixel belongs to; None: the mat beyond the last."""
        height, width = self.size
        if not (0 <= row < height and 0 <= column < width):
            return None
        position = int(row // self.cell[0]) * self.columns + int(column // self.cell[1])
        return position if position < self.count else None

    def draw(self, picture: UInt8[np.ndarray, "h w 3"] | None, words: str, is_chosen: bool) -> Pixels:
        """One cell.

        Args:
            picture: of any size; one of the tile's own size keeps every pixel. None: it has not begun to form.
            words: below it; what is too long is cut off.
            is_chosen: whether it is framed.
        """
        height, width = self.cell
        page = Image.new("RGB", (width, height), MAT)
        draw = ImageDraw.Draw(page)
        right, bottom = _AROUND + self.tile[1], _AROUND + self.tile[0]
        if picture is None:
            draw.rectangle((_AROUND, _AROUND, right - 1, bottom - 1), fill=EMPTY)
        else:
            page.paste(Image.fromarray(fitted(picture, self.tile)), (_AROUND, _AROUND))
        if is_chosen:
            gap = _AROUND - _LINE
            draw.rectangle((gap, gap, right + _LINE - 1, bottom + _LINE - 1), outline=FRAME, width=_LINE)
        letters = font(_LETTERS)
        while words and letters.getlength(words) > self.tile[1]:
            words = f"{words[:-2]}…" if len(words) > 2 else ""
        draw.text(
            (width / 2, bottom + _AROUND + 0.6 * _LETTERS),
            words,
            font=letters,
            fill=FRAME if is_chosen else WORDS,
            anchor="mm",
        )
        return np.asarray(page)


def fitted(picture: UInt8[np.ndarray, "h w 3"], tile: tuple[int, int]) -> Pixels:
    """The picture at the size of a tile: pixels repeated where it is smaller, averaged where it is larger."""
    if picture.shape[:2] == tile:
        return picture
    is_larger = picture.shape[0] > tile[0]
    way = Image.Resampling.LANCZOS if is_larger else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(picture).resize((tile[1], tile[0]), way))
