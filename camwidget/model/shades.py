"""What a network does with a picture's numbers before its first trained layer, found by showing it plain pictures."""

from dataclasses import replace

import keras
import numpy as np
import tensorflow as tf

from .inputs import Arrangement
from .network import Network, Side, compiled

# The shades of three plain pictures, of the 0 to 255 that a picture has.
_SHADES = np.array([0, 128, 255], np.float32)

# A size for networks that take any.
_ANY = (64, 96)


def makes_pixels_small(model: keras.Model, declared: Arrangement) -> bool:
    """Whether a network rescales, centres or standardises 0 to 255 itself, by layers or by mere operations.

    A plain picture stays plain whatever is cut, enlarged or exchanged, so what becomes of three shades tells: they
    move, evenly, and are not made larger. Numbers that are enlarged or cut off inside may be others than 0 to 255.

    Args:
        model: the network.
        declared: what it says it takes.
    """
    pictures = [n for n, shape in enumerate(declared.shapes) if shape is not None and len(shape) == 3]
    if not model.built or not pictures:
        return False
    painted = pictures[0]
    arrangement = replace(declared, painted=painted)
    height, width, channels = arrangement.shape
    others = [(declared.shapes[n], declared.dtypes[n]) for n in range(len(declared.shapes)) if n != painted]
    if channels is None or any(shape is None or None in shape for shape, _ in others):
        return False
    sides = tuple(Side(shape, dtype) for shape, dtype in others)  # type: ignore[arg-type] # no length is open
    network = Network(model, (height or _ANY[0], width or _ANY[1], channels), arrangement, sides)
    try:
        found = _at_weights(network)
    except Exception:  # a network that cannot be called will say so when a picture is explained
        return False
    if found is None or not np.isfinite(found).all() or np.abs(found).max() > 2 * _SHADES[-1]:
        return False
    black, grey, white = found.tolist()
    is_even = abs((grey - black) - (white - black) * 128 / 255) <= 0.01 * abs(white - black)
    return is_even and bool(np.abs(found - _SHADES).max() > 2)


def _at_weights(network: Network) -> np.ndarray | None:
    """What the first trained layer is given for each shade."""

    def function(inputs: tf.Tensor, sides: tuple[tf.Tensor, ...]) -> tf.Tensor:
        found = network.before_weights(inputs, sides)
        return tf.zeros(0) if found is None else tf.cast(found, tf.float32)

    plain = np.broadcast_to(_SHADES[:, None, None, None], (3, *network.shape)).astype(np.float32)
    numbers = compiled(function, *network.specs)(tf.constant(plain), network.no_sides(3)).numpy()
    if len(numbers) != 3:
        return None
    if numbers.ndim == 4:  # in the middle, where nothing was padded
        numbers = numbers[:, numbers.shape[1] // 2, numbers.shape[2] // 2]
    return np.median(numbers.reshape(3, -1), axis=1)
