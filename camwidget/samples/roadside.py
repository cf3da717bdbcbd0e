"""How a road is painted: asphalt, its surroundings and its potholes, out of crops of photographs.

Every random choice comes from the generator passed in.
"""

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFilter

from .material import PHOTOGRAPHS, Material

SURROUNDINGS = ("bare", "meadow", "sign", "town")
ROAD_SIZE = 64  # pixels

_OVERSAMPLING = 2  # everything is drawn this much larger, then reduced: Pillow draws jagged edges
_SIDE = ROAD_SIZE * _OVERSAMPLING
# The road's half width at the horizon and at the lower border, as shares of the picture's width.
_FAR, _NEAR = 0.07, 0.4
# What black and white of a photograph become.
_TINTS = {
    "asphalt": ((66, 66, 70), (138, 138, 142)),
    "rubble": ((14, 12, 11), (92, 84, 76)),
    "soil": ((84, 66, 46), (186, 158, 122)),
    "leaves": ((14, 44, 10), (118, 186, 66)),
    "bricks": ((92, 44, 36), (206, 150, 128)),
}
_VERGES = {"meadow": ("grass", "leaves"), "town": ("brick", "bricks")}

Box = tuple[int, int, int, int]
Point = tuple[float, float]


class Textures:
    """Crops of photographs, tinted, each another one."""

    def __init__(self, rng: np.random.Generator, source: Material) -> None:
        self.rng = rng
        self._photographs: dict[str, Image.Image] = dict(zip(PHOTOGRAPHS, source.photographs, strict=True))

    def crop(self, photograph: str, tint: str) -> Image.Image:
        """A square crop, turned or mirrored, in other light."""
        picture = self._photographs[photograph]
        side = int(self.rng.integers(80, min(picture.size) + 1))
        left, top = self.rng.integers(0, (picture.width - side + 1, picture.height - side + 1)).tolist()
        box = (left, top, left + side, top + side)
        grey = picture.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BILINEAR, box)
        turned = grey.transpose(Image.Transpose(int(self.rng.integers(len(Image.Transpose)))))
        low, high = np.array(_TINTS[tint]) * self.rng.uniform(0.85, 1.12)
        table = low + (high - low) * np.arange(256)[:, None] / 255
        return Image.merge("RGB", [turned.point(row.round().astype(int).tolist()) for row in table.T])


def paint_road(textures: Textures, group: str, *, broken: bool) -> tuple[UInt8[np.ndarray, "64 64 3"], Box]:
    """One picture, and the box of its pothole, (top, left, bottom, right) in its pixels; all zero without one."""
    rng, view = textures.rng, _View(textures.rng)
    canvas = _sky(rng)
    canvas.paste(textures.crop(*_VERGES.get(group, ("gravel", "soil"))), (0, round(view.horizon)))
    asphalt = textures.crop("gravel", "asphalt").filter(ImageFilter.GaussianBlur(2))
    canvas.paste(asphalt, (0, 0), _polygon(view.strip(-1, 1, 0, 1)))
    for start in np.arange(rng.uniform(0, 0.2), 1, 0.25).tolist():
        canvas.paste((206, 204, 196), (0, 0), _polygon(view.strip(-0.03, 0.03, start, min(start + 0.12, 1))))
    for _ in range(rng.integers(1, 4)):
        _darken(canvas, view, rng)
    box = _pothole(canvas, view, textures) if broken else (0, 0, 0, 0)
    if group == "meadow":
        _bushes(canvas, view, textures)
    if group == "sign":
        _sign(canvas, view, rng)
    lit = np.asarray(canvas.reduce(_OVERSAMPLING)) * rng.uniform(0.8, 1.1)
    return np.clip(lit, 0, 255).round().astype(np.uint8), box


class _View:
    """From the driver's seat: where a place on the ground is seen.

    Ground places are (side, nearness): side -1 and 1 are the edges of the road, nearness 0 the horizon, 1 the lower
    border of the picture.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.horizon = _SIDE * rng.uniform(0.26, 0.34)
        self._far, self._near = _SIDE * rng.uniform(0.42, 0.58), _SIDE * rng.uniform(0.47, 0.53)

    def half_width(self, nearness: float) -> float:
        """Of the road, in pixels."""
        return _SIDE * (_FAR + (_NEAR - _FAR) * nearness)

    def place(self, side: float, nearness: float) -> Point:
        """(x, y) in pixels of the canvas."""
        middle = self._far + (self._near - self._far) * nearness
        return middle + side * self.half_width(nearness), self.horizon + (_SIDE - self.horizon) * nearness

    def strip(self, left: float, right: float, far: float, near: float) -> list[Point]:
        """The corners of a piece of ground."""
        return [self.place(left, far), self.place(right, far), self.place(right, near), self.place(left, near)]


def _sky(rng: np.random.Generator) -> Image.Image:
    high, low = np.array([[120, 160, 205], [205, 215, 225]]) * rng.uniform(0.85, 1.05)
    rows = high + (low - high) * np.linspace(0, 1, _SIDE)[:, None]
    return Image.fromarray(np.broadcast_to(rows[:, None], (_SIDE, _SIDE, 3)).round().astype(np.uint8))


def _darken(canvas: Image.Image, view: _View, rng: np.random.Generator) -> None:
    """A stain or a shadow, soft and as dark as a pothole may be: darkness alone tells nothing."""
    x, y = view.place(rng.uniform(-0.8, 0.8), rng.uniform(0.2, 0.95))
    across, along = rng.uniform(6, 40), rng.uniform(3, 9)
    stain = _polygon(_ragged(rng, x, y, across, along)).filter(ImageFilter.GaussianBlur(rng.uniform(2, 5)))
    depth = rng.uniform(0.3, 0.65)
    canvas.paste((24, 24, 27), (0, 0), stain.point([round(depth * level) for level in range(256)]))


def _pothole(canvas: Image.Image, view: _View, textures: Textures) -> Box:
    """A hole with rubble in it and a broken, lighter rim on the far side."""
    rng = textures.rng
    nearness = rng.uniform(0.35, 0.85)
    x, y = view.place(rng.uniform(-0.5, 0.5), nearness)
    across = view.half_width(nearness) * rng.uniform(0.3, 0.5)
    hole = _ragged(rng, x, y, across, across * rng.uniform(0.4, 0.6))
    rim = [(px + (px - x) * 0.16, py + (py - y) * 0.16 - 2) for px, py in hole]
    outer, inner = _polygon(rim), _polygon(hole)
    canvas.paste((172, 166, 156), (0, 0), outer)
    canvas.paste(textures.crop("gravel", "rubble"), (0, 0), inner)
    left, top, right, bottom = outer.reduce(_OVERSAMPLING).getbbox() or (0, 0, 0, 0)
    return top, left, bottom, right


def _bushes(canvas: Image.Image, view: _View, textures: Textures) -> None:
    """Vegetation along the horizon and the verges."""
    rng = textures.rng
    for _ in range(rng.integers(3, 7)):
        side, nearness = rng.choice([-1, 1]) * rng.uniform(1.35, 4), rng.uniform(0, 0.25)
        x, y = view.place(side, nearness)
        size = rng.uniform(12, 26)
        canvas.paste(textures.crop("grass", "leaves"), (0, 0), _polygon(_ragged(rng, x, y - size / 2, size, size)))


def _sign(canvas: Image.Image, view: _View, rng: np.random.Generator) -> None:
    """A warning sign at the right-hand side of the road."""
    x, y = view.place(rng.uniform(1.25, 1.5), rng.uniform(0.15, 0.4))
    size, height = rng.uniform(17, 24), rng.uniform(26, 36)
    middle = y - height
    canvas.paste((150, 152, 156), (0, 0), _polygon([(x - 2, middle), (x + 2, middle), (x + 2, y), (x - 2, y)]))
    for scale, colour in ((1.0, (206, 34, 38)), (0.6, (244, 240, 228))):
        reach = size * scale
        corners = [(x, middle - reach), (x + 0.87 * reach, middle + reach / 2), (x - 0.87 * reach, middle + reach / 2)]
        canvas.paste(colour, (0, 0), _polygon(corners))


def _ragged(rng: np.random.Generator, x: float, y: float, across: float, along: float) -> list[Point]:
    """An uneven ellipse around (x, y)."""
    turns = np.linspace(0, 2 * np.pi, 18, endpoint=False)
    reach = rng.uniform(0.75, 1.15, size=turns.size)
    return list(
        zip((x + across * reach * np.cos(turns)).tolist(), (y + along * reach * np.sin(turns)).tolist(), strict=True)
    )


def _polygon(corners: list[Point]) -> Image.Image:
    """Coverage, 255 inside."""
    coverage = Image.new("L", (_SIDE, _SIDE))
    ImageDraw.Draw(coverage).polygon(corners, fill=255)
    return coverage
