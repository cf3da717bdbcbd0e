"""What the numbers are that the ascent changes, and the picture they stand for.

A parameterisation is a record of pure functions. Pictures are (n, h, w, c), 0 to 1; parameters
are (n, ...), the same number for each picture.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from jaxtyping import Float

from .colours import Colours

Shape = tuple[int, int, int]

# Square root of the covariance of natural images' colours, by its singular values, over the length of its longest
# column; from the library lucid (`color_correlation_svd_sqrt`, measured on ImageNet).
_CORRELATION = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], np.float32)
_CORRELATION /= np.linalg.norm(_CORRELATION, axis=0).max()

# Standard deviation of the spectrum that the ascent begins with, as in lucid.
_SPECTRUM = 0.01

# Pixels of the wave that all count as where none counts more than another.
_FLAT = 3

# Numbers in a picture of 112 x 112 x 3.
_USUAL = 112 * 112 * 3


@dataclass(frozen=True)
class Parameterisation:
    """From parameters to pictures.

    Attributes:
        name: of it.
        shape: (shape of a picture) -> shape of its parameters.
        start: (generator, shape of a picture) -> the parameters of one picture to begin with.
        pictures: (parameters, shape, colours, longest wave in pixels) -> pictures; differentiable.
        settle: (parameters) -> parameters inside the legal range, after each step.
        enlarge: (parameters, shape, larger shape, longest wave, that of the larger pictures) -> parameters of the same
            pictures, larger.
    """

    name: str
    shape: Callable[[Shape], tuple[int, ...]]
    start: Callable[[np.random.Generator, Shape], Float[np.ndarray, "..."]]
    pictures: Callable[[Any, Shape, Colours, float], Any]
    settle: Callable[[Any], Any]
    enlarge: Callable[[Any, Shape, Shape, float, float], Any]


def _pixels_start(generator: np.random.Generator, shape: Shape) -> Float[np.ndarray, "h w c"]:
    return ((generator.random(shape, np.float32) - np.float32(0.5)) * np.float32(0.25)).astype(np.float32)


def _pixels(parameters: Any, shape: Shape, colours: Colours, longest: float) -> Any:
    return (parameters + 1) / 2


def _pixels_enlarged(parameters: Any, shape: Shape, larger: Shape, longest: float, longest_larger: float) -> Any:
    return tf.image.resize(parameters, larger[:2], "bilinear")


def _spectrum_start(generator: np.random.Generator, shape: Shape) -> Float[np.ndarray, "h w c parts"]:
    return generator.normal(size=_spectrum_shape(shape), scale=_SPECTRUM).astype(np.float32)


def _spectrum_shape(shape: Shape) -> tuple[int, ...]:
    height, width, channels = shape
    return height, width // 2 + 1, channels, 2


def spectrum_scale(height: int, width: int, longest: float) -> Float[np.ndarray, "h w"]:
    """What each frequency counts: 1 / frequency, in cycles per pixel, as in natural pictures, times sqrt(h w).

    Waves longer than `longest`, in pixels, and than the longer side count as much as that one; where it is 1, shorter
    than any, all count the same: as one of three pixels.
    """
    if longest <= 1:
        return np.full((height, width // 2 + 1), _FLAT * np.sqrt(height * width), np.float32)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    lowest = 1 / min(longest, max(height, width))
    return (np.sqrt(height * width) / np.maximum(frequency, lowest)).astype(np.float32)


def _spectrum(parameters: Any, shape: Shape, colours: Colours, longest: float) -> Any:
    height, width, channels = shape
    scaled = parameters * spectrum_scale(height, width, longest)[:, :, None, None]
    complex_ = tf.transpose(tf.complex(scaled[..., 0], scaled[..., 1]), [0, 3, 1, 2])
    # A quarter as in lucid; less in small pictures, whose few numbers the same step would drive to black and white,
    # and more in large ones, which it would leave grey.
    contrast = 0.25 * (height * width * channels / _USUAL) ** 0.25
    values = contrast * tf.transpose(tf.signal.irfft2d(complex_, [height, width]), [0, 2, 3, 1])
    if channels == 3 and longest > 1:
        values = tf.tensordot(values, _CORRELATION.T, axes=1)
    mean = np.array(colours.mean, np.float32)
    return tf.sigmoid(values + np.log(mean / (1 - mean)))


def _colours(channels: int, longest: float) -> Float[np.ndarray, "c c"]:
    """What natural colours the parameters' colours stand for, by rows; themselves where all waves count the same."""
    return _CORRELATION.T if channels == 3 and longest > 1 else np.eye(channels, dtype=np.float32)


def _spectrum_enlarged(parameters: Any, shape: Shape, larger: Shape, longest: float, longest_larger: float) -> Any:
    """The same frequencies over the picture; those that the smaller one cannot hold are 0.

    What goes into the sigmoid is the smaller picture's times (number of pixels / that of the smaller) ** 0.25, the
    contrast that goes with the size: of twice the side 1.41 times.
    """
    (height, width, _), (rows, columns, channels) = shape, larger
    numbers = np.asarray(parameters) * spectrum_scale(height, width, longest)[:, :, None, None]
    wide = np.zeros((len(numbers), rows, columns // 2 + 1, *numbers.shape[3:]), np.float32)
    above, below = (height + 1) // 2, height // 2
    kept = (width + 1) // 2  # without the highest frequency of an even width, which stands for two
    wide[:, :above, :kept] = numbers[:, :above, :kept]
    wide[:, rows - below :, :kept] = numbers[:, height - below :, :kept]
    wide *= rows * columns / (height * width)  # the inverse transform divides by the number of pixels
    if (longest > 1) != (longest_larger > 1):
        turned = _colours(channels, longest) @ np.linalg.inv(_colours(channels, longest_larger))
        wide = np.einsum("nhwcp,cd->nhwdp", wide, turned)
    return tf.constant(wide / spectrum_scale(rows, columns, longest_larger)[:, :, None, None])


PARAMETERISATIONS: dict[str, Parameterisation] = {
    each.name: each
    for each in (
        # The network's input, its range stretched to -1 to 1, which is what the plain recipe's network takes.
        Parameterisation(
            "pixels",
            lambda shape: shape,
            _pixels_start,
            _pixels,
            lambda values: tf.clip_by_value(values, -1, 1),
            _pixels_enlarged,
        ),
        # Olah et al. 2017, "Feature Visualization": gradient descent in a basis in which pixels and colours of natural
        # pictures are not correlated. The sigmoid keeps every picture within the legal range.
        Parameterisation(
            "fourier", _spectrum_shape, _spectrum_start, _spectrum, lambda values: values, _spectrum_enlarged
        ),
    )
}
