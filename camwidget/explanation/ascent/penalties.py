"""What a picture is drawn away from: noise, strong colours, fine detail.

Each penalty is a number for each picture, (n, h, w, c), 0 to 1, -> (n,), scaled so that its derivative
has a length of about 1 on a picture of pure noise. The derivative of the objective is brought to
length 1, so that one weight fits every layer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf


@dataclass(frozen=True)
class Penalty:
    """A penalty and its weight against the objective."""

    name: str
    function: Callable[[Any], Any]
    weight: float


def _scaled(values: Any, pictures: Any) -> Any:
    return tf.reduce_sum(values, axis=[1, 2, 3]) / np.sqrt(np.prod(pictures.shape[1:])).astype(np.float32)


def total_variation(weight: float) -> Penalty:
    """The sum of the absolute differences of neighbouring pixels (anisotropic)."""

    def function(pictures: Any) -> Any:
        _, height, width, channels = pictures.shape
        # Numbers in a row, and pixels in a row of numbers: the derivative of a slice of four axes takes its time.
        down = _differences(tf.reshape(pictures, [-1, height * width * channels]), width * channels)
        across = _differences(tf.reshape(pictures, [-1, width * channels]), channels)
        total = down + tf.reduce_sum(tf.reshape(across, [-1, height]), axis=1)
        return total / np.sqrt(height * width * channels).astype(np.float32)

    return Penalty("total_variation", function, weight)


def _differences(rows: Any, apart: int) -> Any:
    """For each row the sum of the absolute differences of numbers so far apart."""
    return tf.reduce_sum(tf.abs(rows[:, apart:] - rows[:, :-apart]), axis=1)


def l2(weight: float) -> Penalty:
    """The squared distance from middle grey."""
    return Penalty("l2", lambda pictures: _scaled(tf.square(pictures - 0.5), pictures) * 2, weight)


def blur(weight: float) -> Penalty:
    """The squared distance from the picture itself under a blur of 3 x 3 pixels, which is taken as given."""

    def function(pictures: Any) -> Any:
        padded = tf.pad(pictures, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
        blurred = tf.nn.avg_pool2d(padded, 3, 1, "VALID")
        return _scaled(tf.square(pictures - tf.stop_gradient(blurred)), pictures) * 2

    return Penalty("blur", function, weight)
