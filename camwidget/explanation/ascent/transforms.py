"""Small movements of the picture before each look at it, so that what is found does not hang on single pixels.

Each is a function of two random numbers' seed to a matrix that takes places of the moved picture to
those of the picture, about its centre, in pixels; all of them together cost one resampling. The same
movement is made for all pictures of a step, so that a picture does not depend on those beside it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

Matrix = Any  # (3, 3)


@dataclass(frozen=True)
class Transform:
    """A random movement.

    Attributes:
        name: of it.
        matrix: (seed (2,), height, width, strength, 0 to 1) -> (3, 3); at strength 0 nothing moves.
    """

    name: str
    matrix: Callable[[Any, int, int, float], Matrix]


def jitter(share: float) -> Transform:
    """A shift by whole pixels, at most this share of each side, either way."""

    def matrix(seed: Any, height: int, width: int, strength: float) -> Matrix:
        most = strength * np.array([share * width, share * height], np.float32)
        shift = tf.round(tf.random.stateless_uniform((2,), seed, -1.0, 1.0) * most)
        return _matrix(1.0, 0.0, 0.0, 1.0, shift[0], shift[1])

    return Transform("jitter", matrix)


def scale(share: float) -> Transform:
    """Larger or smaller by at most this share."""

    def matrix(seed: Any, height: int, width: int, strength: float) -> Matrix:
        factor = 1 + strength * tf.random.stateless_uniform((), seed, -share, share)
        return _matrix(factor, 0.0, 0.0, factor, 0.0, 0.0)

    return Transform("scale", matrix)


def rotate(degrees: float) -> Transform:
    """Turned by at most so many degrees, either way."""

    def matrix(seed: Any, height: int, width: int, strength: float) -> Matrix:
        angle = tf.random.stateless_uniform((), seed, -degrees, degrees) * np.float32(strength * np.pi / 180)
        return _matrix(tf.cos(angle), -tf.sin(angle), tf.sin(angle), tf.cos(angle), 0.0, 0.0)

    return Transform("rotate", matrix)


def pad(share: float) -> Transform:
    """A frame of this share of each side around it, the whole shrunk to the former size."""

    def matrix(seed: Any, height: int, width: int, strength: float) -> Matrix:
        factor = 1 + 2 * share * strength
        return _matrix(factor, 0.0, 0.0, factor, 0.0, 0.0)

    return Transform("pad", matrix)


def moved(pictures: Any, transforms: Sequence[Transform], strength: float, seed: Any, fill: Any) -> Any:
    """The pictures after all transforms, the first one first; `fill` is the colour beyond their edges."""
    if not (transforms and strength):
        return pictures
    _, height, width, _ = pictures.shape
    total = tf.eye(3)
    for position, transform in enumerate(transforms):
        total = total @ transform.matrix(seed + np.array([position + 1, 0], np.int32), height, width, strength)
    across, down = (width - 1) / 2, (height - 1) / 2
    centred = _matrix(1.0, 0.0, 0.0, 1.0, across, down) @ total @ _matrix(1.0, 0.0, 0.0, 1.0, -across, -down)
    warped = tf.raw_ops.ImageProjectiveTransformV3(
        images=pictures - fill,
        transforms=tf.reshape(centred, [1, 9])[:, :8],
        output_shape=[height, width],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )
    return warped + fill


def _matrix(xx: Any, xy: Any, yx: Any, yy: Any, x: Any, y: Any) -> Matrix:
    return tf.stack([tf.stack([xx, xy, x]), tf.stack([yx, yy, y]), tf.constant([0.0, 0.0, 1.0])])
