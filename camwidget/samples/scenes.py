"""Scenes and single digits with known answers: what is there, and exactly where."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import index

import numpy as np
from jaxtyping import Bool, Int, UInt8

from .drawing import SCENE_SIZE, Stamp, clutter, enlarge, ground, ink_colours, press, stamp
from .material import CLASS_NAMES, Material, material

MOST_DIGITS = 6  # more of them would be too small to read
DIGIT_SIZE = 28  # pixels of a single digit's picture, the size MNIST made usual
# Height of the digits in pixels by their number: from a scene filled by one to six side by side.
HEIGHTS = {1: (38, 66), 2: (34, 50), 3: (30, 44), 4: (28, 40), 5: (26, 34), 6: (26, 32)}
LARGEST_TURN = 18  # degrees either way: a 6 stays a 6
SPACING = 1  # pixels kept free around each digit

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Scene:
    """A picture with handwritten digits on a photograph.

    image: RGB, 0..255. labels: the digits drawn, in the order asked for.
    boxes: one row per digit, (top, left, bottom, right) in pixels of the image, half-open, tight around the ink.
    """

    image: UInt8[np.ndarray, "112 112 3"]
    labels: tuple[int, ...]
    boxes: Int[np.ndarray, "n 4"]

    def mask(self, label: int | None = None) -> Bool[np.ndarray, "112 112"]:
        """Which pixels lie in the box of a digit of this class; None: of any digit.

        Raises:
            ValueError: no such digit is in the scene.

        Example:
            >>> heatmap[scene.mask(3)].sum() / heatmap.sum()  # the share of the evidence on the threes
        """
        chosen = [box for box, each in zip(self.boxes, self.labels, strict=True) if label in (each, None)]
        if not chosen:
            raise ValueError(f"No digit {label!r} in this scene. It holds: {', '.join(map(str, self.labels))}.")
        mask = np.zeros(self.image.shape[:2], dtype=bool)
        for top, left, bottom, right in chosen:
            mask[top:bottom, left:right] = True
        return mask


@dataclass(frozen=True)
class Digit:
    """One handwritten digit, light on dark: `image` grey, 0..255, and its `label`, 0..9."""

    image: UInt8[np.ndarray, "28 28 1"]
    label: int


def scene(seed: int, digits: Sequence[int] | Int[np.ndarray, " n"] | None = None, *, held_out: bool = True) -> Scene:
    """Paint a scene: real handwriting on a real photograph, with clutter, and the box of every digit.

    The same seed gives the same picture. The networks of `network()` were trained with `held_out=False`; the default
    uses digits and parts of photographs that they have never seen.

    Args:
        seed: any integer from 0.
        digits: the digits to draw, 1 to 6 of them, each 0..9, such as `[3, 3, 8]`. None: 1 to 4 of one random class.
        held_out: whether to use the held-out half of the material.

    Example:
        >>> scene(7, [3, 3, 8]).labels
        (3, 3, 8)
    """
    labels = None if digits is None else _checked(digits)
    rng, source = np.random.default_rng(seed), material(held_out)
    if labels is None:
        labels = (int(rng.integers(len(CLASS_NAMES))),) * int(rng.integers(1, 5))
    canvas = clutter(rng, ground(rng, source.photographs), source.photographs)
    stamps, boxes = _arrange(rng, labels, source)
    for ink, box in zip(stamps, boxes, strict=True):
        canvas = press(canvas, ink, (box[1], box[0]), ink_colours(rng))
    return Scene(np.array(canvas), labels, np.array(boxes, dtype=np.int64))


def digit(seed: int, label: int | None = None, *, held_out: bool = True) -> Digit:
    """One handwritten digit as a grey picture of 28x28 pixels, the input of the network "digits".

    Args:
        seed: any integer from 0; the same seed gives the same picture.
        label: the digit wanted, 0..9. None: a random one.
        held_out: whether to use digits that the networks have never seen.
    """
    label = None if label is None else _checked([label])[0]
    rng, source = np.random.default_rng(seed), material(held_out)
    label = int(rng.integers(len(CLASS_NAMES))) if label is None else label
    image = enlarge(_handwriting(rng, label, source), height=24.0, angle=0.0, side=DIGIT_SIZE)
    return Digit(np.array(image)[..., None], label)


def _checked(digits: Sequence[int] | Int[np.ndarray, " n"]) -> tuple[int, ...]:
    """The digits as plain integers, or an error that says what is wrong with them."""
    expected = f"Expected 1 to {MOST_DIGITS} whole numbers from 0 to 9, such as [3, 3, 8]."
    try:
        labels = tuple(index(value) for value in digits)
    except TypeError:
        raise TypeError(f"Cannot read {digits!r} as digits. {expected}") from None
    wrong = [label for label in labels if not 0 <= label <= 9]
    if wrong:
        raise ValueError(f"No digit {wrong[0]} in {list(labels)}: a digit is one of 0 to 9. {expected}")
    if not labels:
        raise ValueError(f"A scene without digits was asked for. {expected} Pass None for a random choice.")
    if len(labels) > MOST_DIGITS:
        size = f"{SCENE_SIZE}x{SCENE_SIZE} pixels"
        raise ValueError(f"{len(labels)} digits do not fit in {size} and stay readable. {expected}")
    return labels


def _handwriting(rng: np.random.Generator, label: int, source: Material) -> UInt8[np.ndarray, "8 8"]:
    return source.digits[rng.choice(np.flatnonzero(source.labels == label))]


def _arrange(rng: np.random.Generator, labels: tuple[int, ...], source: Material) -> tuple[list[Stamp], list[Box]]:
    """Choose handwriting, size, turn and place of every digit, none overlapping; they shrink until they fit."""
    originals = [_handwriting(rng, label, source) for label in labels]
    heights = rng.uniform(*HEIGHTS[len(labels)], size=len(labels))
    angles = rng.uniform(-LARGEST_TURN, LARGEST_TURN, size=len(labels))
    while True:
        stamps = [stamp(*drawn) for drawn in zip(originals, heights.tolist(), angles.tolist(), strict=True)]
        boxes = _places(rng, stamps)
        if boxes is not None:
            return stamps, boxes
        heights = heights * 0.96


def _places(rng: np.random.Generator, stamps: list[Stamp], attempts: int = 30) -> list[Box] | None:
    """A free place for every stamp, or None when one found none."""
    boxes: list[Box] = []
    for ink in stamps:
        width, height = ink.rim.size
        room = (SCENE_SIZE - height + 1, SCENE_SIZE - width + 1)
        for top, left in rng.integers(0, room, size=(attempts, 2)).tolist():
            box = (top, left, top + height, left + width)
            if all(_apart(box, other) for other in boxes):
                boxes.append(box)
                break
        else:
            return None
    return boxes


def _apart(first: Box, second: Box) -> bool:
    return (
        first[0] >= second[2] + SPACING
        or second[0] >= first[2] + SPACING
        or first[1] >= second[3] + SPACING
        or second[1] >= first[3] + SPACING
    )
