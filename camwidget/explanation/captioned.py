"""A picture with its map and, below it, what was asked and found."""

import textwrap
from functools import lru_cache
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw, ImageFont

from camwidget.maths import resize

from .drawing import enlarged, overlay, reduced

if TYPE_CHECKING:
    from .explanation import Explanation

INK, PAPER = (26, 30, 38), (255, 255, 255)


def captioned(
    explanation: "Explanation", *, colormap: str, opacity: float, view: str = "smooth", for_page: bool = False
) -> UInt8[np.ndarray, "H W 3"]:
    """The map over the picture as it is on show, its title as a caption below.

    A small picture is shown with larger pixels; a large one at its own size, or `reduced` to what a page shows.
    """
    pixels = explanation.picture.pixels
    pixels = enlarged(reduced(pixels) if for_page else pixels)
    heat = (_blocks if view == "cells" else resize)(explanation.heat, *pixels.shape[:2])
    painted = overlay(pixels, heat, colormap=colormap, opacity=opacity)
    return np.concatenate([painted, caption(_words(explanation), pixels.shape[1])])


def caption(text: str, width: int) -> UInt8[np.ndarray, "H W 3"]:
    """Black words on white, so large that they can be read beside a picture of this width, in pixels."""
    size = max(13, round(width / 46))
    letters = font(size)
    lines = _wrapped(text, letters, width - 2 * size)
    height = round(1.4 * size)
    strip = Image.new("RGB", (width, height * len(lines) + size), PAPER)
    draw = ImageDraw.Draw(strip)
    for place, line in enumerate(lines):
        draw.text((size, size // 2 + place * height), line, font=letters, fill=INK)
    return np.asarray(strip)


def _words(explanation: "Explanation") -> str:
    return f"{explanation.title}. {explanation.message}" if explanation.message else explanation.title


def _blocks(heat: Float[np.ndarray, "h w"], height: int, width: int) -> Float[np.ndarray, "{height} {width}"]:
    """Every value on exactly its own block of pixels."""
    rows = (np.arange(height) + 0.5) * heat.shape[0] / height
    columns = (np.arange(width) + 0.5) * heat.shape[1] / width
    return heat[rows.astype(int)][:, columns.astype(int)]


@lru_cache(maxsize=8)
def font(size: int) -> ImageFont.FreeTypeFont:
    """The font that comes with matplotlib: it has more letters than most, and is there on every machine."""
    return ImageFont.truetype(f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf", size)


def _wrapped(text: str, font: ImageFont.FreeTypeFont, room: int) -> list[str]:
    """Lines that fit `room` pixels; only a word that is longer than a line is cut."""
    text = " ".join(text.split())
    characters = len(text)
    while characters > 1:
        lines = textwrap.wrap(text, characters)
        if all(font.getlength(line) <= room for line in lines):
            return lines
        characters = min(characters - 1, max(map(len, lines)) - 1)
    return [text]
