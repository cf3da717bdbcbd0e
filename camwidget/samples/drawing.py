"""How a scene is painted: digits as clean ink, photographs as ground, and clutter that is no digit.

Pillow paints, in whole numbers, so a seed gives the same picture on every platform. Every random choice comes from the
generator passed in; no function writes into the picture it is given.
"""

import colorsys
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw, ImageFilter

SCENE_SIZE = 112  # pixels: three halvings lead to a 14x14 grid of neurons

Colour = tuple[int, int, int]  # red, green, blue, each 0..255

FULL_INK = 16  # of a cell of the original 8x8 digits
MARGIN = 3  # empty cells around a digit while it is turned
# How handwriting of 8x8 cells becomes ink, all chosen by eye. Sharpening by what surrounds each cell (radius in cells,
# strength in percent) opens the loops of an 8 without breaking a thin 0. Grey levels from INK_LEVEL on are ink, full
# ink SMOOTHING later, which is about one pixel: edges are neither jagged nor blurred. The rim is the ink, blurred
# (radius in pixels) and strengthened.
SHARPENING = (1.5, 150)
INK_LEVEL, SMOOTHING = 120, 40
RIM_BLUR, RIM_STRENGTH = 1.1, 5.0
OVERSAMPLING = 3  # lines and fragments are drawn this much larger, then reduced: Pillow draws them jagged


@dataclass(frozen=True)
class Stamp:
    """A digit as ink, cropped to where there is any: coverage, 0..255, of the rim (filled) and of the stroke."""

    rim: Image.Image
    fill: Image.Image


def enlarge(digit: UInt8[np.ndarray, "8 8"], height: float, angle: float, side: int) -> Image.Image:
    """Enlarge a digit smoothly, in one bicubic step: grey, 0..255, in the middle of a square of `side` pixels.

    Args:
        digit: ink of each cell, 0..16.
        height: of the digit's eight cells, in pixels.
        angle: in degrees; positive turns anticlockwise.
        side: of the result, in pixels.
    """
    cells = Image.fromarray(np.pad(digit * (255 / FULL_INK), MARGIN).round().astype(np.uint8))
    middle, scale = cells.width / 2, digit.shape[0] / height  # scale: cells per pixel
    cosine, sine = scale * np.cos(np.radians(angle)), scale * np.sin(np.radians(angle))
    # Pillow maps each pixel (x, y) of the result to a place among the cells; the centre goes to the centre.
    across = (cosine, -sine, middle - (cosine - sine) * side / 2)
    down = (sine, cosine, middle - (sine + cosine) * side / 2)
    return cells.transform((side, side), Image.Transform.AFFINE, across + down, Image.Resampling.BICUBIC)


def stamp(digit: UInt8[np.ndarray, "8 8"], height: float, angle: float) -> Stamp:
    """Turn a digit of 8x8 cells into ink about `height` pixels high."""
    radius, strength = SHARPENING
    levels = enlarge(digit, height, angle, side=int(height * 1.6))
    sharp = levels.filter(ImageFilter.UnsharpMask(radius * height / digit.shape[0], strength, threshold=0))
    fill = sharp.point(_ramp(INK_LEVEL, 255 / SMOOTHING))
    rim = fill.filter(ImageFilter.GaussianBlur(RIM_BLUR)).point(_ramp(0, RIM_STRENGTH))
    box = rim.getbbox()
    return Stamp(rim.crop(box), fill.crop(box))


def paint(
    canvas: Image.Image, colour: Colour | Image.Image, coverage: Image.Image, corner: tuple[int, int] = (0, 0)
) -> Image.Image:
    """A copy of the canvas with a colour (or a picture) laid over it where `coverage` is above 0.

    `corner`: (left, top) of where the coverage goes, in pixels of the canvas.
    """
    left, top = corner
    painted = canvas.copy()
    painted.paste(colour, (left, top, left + coverage.width, top + coverage.height), coverage)
    return painted


def press(canvas: Image.Image, ink: Stamp, corner: tuple[int, int], colours: tuple[Colour, Colour]) -> Image.Image:
    """A copy of the canvas with a digit on it, `colours` being those of its stroke and of its rim."""
    stroke, rim = colours
    return paint(paint(canvas, rim, ink.rim, corner), stroke, ink.fill, corner)


def ink_colours(rng: np.random.Generator) -> tuple[Colour, Colour]:
    """A vivid colour for a stroke and a contrasting one for its rim, so that it can be read on any ground."""
    hue = rng.uniform()
    if rng.uniform() < 0.7:
        return _colour(hue, rng.uniform(0.3, 0.95), 1.0), _colour(hue, 0.6, rng.uniform(0.05, 0.2))
    return _colour(hue, rng.uniform(0.7, 1.0), rng.uniform(0.35, 0.6)), _colour(hue, 0.1, 1.0)


def ground(rng: np.random.Generator, photographs: tuple[Image.Image, ...]) -> Image.Image:
    """A square crop of a photograph, sometimes mirrored, in slightly other light."""
    photograph = photographs[rng.integers(len(photographs))]
    side = int(rng.integers(SCENE_SIZE, min(photograph.size) + 1))
    left, top = rng.integers(0, (photograph.width - side + 1, photograph.height - side + 1)).tolist()
    crop = photograph.resize((SCENE_SIZE, SCENE_SIZE), Image.Resampling.BILINEAR, (left, top, left + side, top + side))
    light = rng.uniform(0.75, 1.1) * rng.uniform(0.85, 1.1, size=3)
    lit = crop.point(np.minimum(np.arange(256) * light[:, None], 255).round().astype(int).ravel().tolist())
    return lit.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.uniform() < 0.5 else lit


def clutter(rng: np.random.Generator, canvas: Image.Image, photographs: tuple[Image.Image, ...]) -> Image.Image:
    """Add what is no digit: splinters of other photographs, and thin lines in the digits' own colours."""
    for _ in range(rng.integers(0, 3)):
        canvas = paint(canvas, ground(rng, photographs), _splinter(rng))
    for _ in range(rng.integers(1, 4)):
        colour, rim = ink_colours(rng)
        points, width = _bent_line(rng), rng.uniform(1.2, 2.6)
        canvas = paint(paint(canvas, rim, _stroke(points, width + 1.6)), colour, _stroke(points, width))
    return canvas


def _ramp(start: int, slope: float) -> list[int]:
    """A table from grey levels 0..255 to coverage 0..255, which grows by `slope` per level from `start` on."""
    return np.clip((np.arange(256) - start) * slope, 0, 255).round().astype(int).tolist()


def _colour(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return round(255 * red), round(255 * green), round(255 * blue)


def _bent_line(rng: np.random.Generator, num_points: int = 24) -> Float[np.ndarray, "points 2"]:
    """A gently bent line, longer than a digit is high so that nobody takes it for a 1: (x, y) in pixels."""
    start, length = rng.uniform(0, SCENE_SIZE, size=2), rng.uniform(60, 120)
    heading = rng.uniform(0, 2 * np.pi) + np.linspace(0, rng.uniform(-2.0, 2.0), num_points)  # radians
    return start + np.cumsum(np.stack([np.cos(heading), np.sin(heading)], axis=1), axis=0) * length / num_points


def _stroke(points: Float[np.ndarray, "points 2"], width: float) -> Image.Image:
    picture, corners = _large(points)
    ImageDraw.Draw(picture).line(corners, fill=255, width=round(width * OVERSAMPLING))
    return picture.reduce(OVERSAMPLING)


def _splinter(rng: np.random.Generator) -> Image.Image:
    """A polygon of three to six corners around a random middle."""
    middle = rng.uniform(0, SCENE_SIZE, size=2)
    directions = np.sort(rng.uniform(0, 2 * np.pi, size=rng.integers(3, 7)))  # radians
    reach = rng.uniform(8, 22, size=(directions.size, 1))  # pixels
    picture, corners = _large(middle + reach * np.stack([np.cos(directions), np.sin(directions)], axis=1))
    ImageDraw.Draw(picture).polygon(corners, fill=255)
    return picture.reduce(OVERSAMPLING)


def _large(points: Float[np.ndarray, "points 2"]) -> tuple[Image.Image, list[tuple[int, int]]]:
    """An empty oversampled picture, and the points in its pixels."""
    side = SCENE_SIZE * OVERSAMPLING
    return Image.new("L", (side, side)), [(x, y) for x, y in (points * OVERSAMPLING).round().astype(int).tolist()]
