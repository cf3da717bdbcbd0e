"""Between pictures, 0 to 1, and what a network takes: the range of values and the colours to begin with."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from jaxtyping import Float

from camwidget.model import Preprocess

# How far, as a share of its range, a preprocessing may be from a linear function of each pixel.
_TOLERANCE = 1e-3

Row = tuple[float, ...]


@dataclass(frozen=True)
class Colours:
    """What a network's preprocessing does to the colours of a pixel: inputs = picture @ matrix + offset.

    Attributes:
        matrix: (c, c), rows; for `keras.applications` a scale for each channel, and perhaps RGB turned to BGR.
        offset: what black becomes, (c,).
        mean: the colour, 0 to 1, that the network takes for 0 in every channel, (c,): for most networks the mean
            colour of what they were trained on. Middle grey where that is no colour, or black or white.
    """

    matrix: tuple[Row, ...]
    offset: Row
    mean: Row

    def to_inputs(self, pictures: Any) -> Any:
        """What the network takes, of pictures 0 to 1: (..., c), a tensor or an array."""
        matrix, offset = np.array(self.matrix, np.float32), np.array(self.offset, np.float32)
        if isinstance(pictures, np.ndarray):
            return pictures @ matrix + offset
        if np.array_equal(matrix, np.diag(np.diag(matrix))):
            return pictures * np.diag(matrix) + offset
        return tf.tensordot(pictures, matrix, axes=1) + offset


def find_colours(preprocess: Preprocess, shape: tuple[int, int, int]) -> Colours:
    """Learn a preprocessing from what it does to black, to each primary colour and to noise.

    Args:
        preprocess: from pictures, 0 to 255, to what the network takes.
        shape: (height, width, channels) of the pictures.

    Raises:
        ValueError: it is not the same linear function of the colours at every pixel.
    """
    channels = shape[2]
    black = _applied(preprocess, np.zeros(shape, np.float32))
    primaries = [_applied(preprocess, np.full(shape, 255 * np.eye(channels)[c], np.float32)) for c in range(channels)]
    offset = black.mean(axis=(0, 1))
    matrix = np.stack([primary.mean(axis=(0, 1)) for primary in primaries]) - offset
    noise = np.random.default_rng(0).random(shape, np.float32)
    gap = np.abs(_applied(preprocess, 255 * noise) - (noise @ matrix + offset)).max()
    span = np.abs(matrix).sum(axis=0).max()
    if not gap <= _TOLERANCE * span or span == 0:
        raise ValueError(
            "The pictures are made in colours and go to the network through its preprocessing, which has to be the "
            f"same linear function at every pixel; on noise preprocess= is off from one by {gap:g}. Pass one that "
            "scales and shifts the channels, or preprocess=None."
        )
    zero = -offset @ np.linalg.pinv(matrix)
    is_colour = bool((zero > 0.1).all() and (zero < 0.9).all())
    mean = zero if is_colour else np.full(channels, 0.5)
    return Colours(tuple(map(_row, matrix)), _row(offset), _row(mean))


def _applied(preprocess: Preprocess, picture: Float[np.ndarray, "h w c"]) -> Float[np.ndarray, "h w c"]:
    result = np.asarray(preprocess(picture.copy()), np.float64)
    if result.shape != picture.shape:
        raise ValueError(
            f"preprocess= made shape {result.shape} of a picture of shape {picture.shape}; the same shape is expected."
        )
    return result


def _row(numbers: np.ndarray) -> Row:
    return tuple(float(number) for number in numbers)
