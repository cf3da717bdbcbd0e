"""Notice that a network's weights have changed, at next to no cost."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .network import compiled

# Numbers of all weights together up to which every one is read: half a millisecond.
_READ_WHOLE = 2**20

# Numbers drawn of each weight of a larger network, beside one for each filter.
_DRAWN = 8


def fingerprint(model: keras.Model, others: Sequence[Any] = ()) -> Callable[[], tf.Tensor]:
    """Compile () -> int32 numbers that change with the weights.

    In a small network every number of every weight counts. In a larger one a few of each weight, one for each filter
    among them: whatever touches a whole layer, as training and randomisation do, changes these, so does a filter set
    to zero by hand, and no large weight is read whole.

    Args:
        model: the network.
        others: references to variables that it reads and Keras knows nothing of.
    """
    weights = [*(weight.value for weight in model.weights), *(other.deref() for other in others)]
    weights = [weight for weight in weights if math.prod(weight.shape)]
    if sum(math.prod(weight.shape) for weight in weights) <= _READ_WHOLE:
        return compiled(lambda: _digest([tf.convert_to_tensor(weight) for weight in weights]))
    generator = np.random.default_rng(0)
    places = [_places(tuple(weight.shape), generator) for weight in weights]

    def function() -> tf.Tensor:
        # Never by `gather` or `gather_nd` of the variable itself: TensorFlow then takes it for one that is accessed
        # sparsely, and from that time on copies the whole weight at every read, the user's own calls included.
        values = [tf.reshape(tf.convert_to_tensor(weight), [-1]) for weight in weights]
        return _digest([tf.gather(value, place) for value, place in zip(values, places, strict=True)])

    return compiled(function)


def _places(shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    """Eight places drawn among a weight's numbers, and a row with one number for each filter that it makes.

    The row is the last axis; of depthwise kernels, where that has one number, the last two. Its numbers lie side by
    side in memory: as many drawn one by one would each wait for it.
    """
    size = math.prod(shape)
    row = next((math.prod(shape[axis:]) for axis in range(len(shape) - 1, -1, -1) if math.prod(shape[axis:]) > 1), 1)
    start = int(generator.integers(0, size // row)) * row
    return np.concatenate([generator.integers(0, size, _DRAWN), np.arange(start, start + row)])


def _digest(values: list[tf.Tensor]) -> tf.Tensor:
    if not values:
        return tf.zeros(0, tf.int32)
    # All in one row: a dozen operations to trace and to run, and not as many for each weight.
    row = tf.concat([tf.reshape(tf.cast(value, tf.float32), [-1]) for value in values], axis=0)
    # Each place counts differently, and sums wrap around: two filters exchanged are noticed. The bits are mixed first
    # (as in the finaliser of MurmurHash3): else sign flips in pairs, doubling, or one constant in place of another
    # would cancel, since they change the same high bits everywhere.
    bits = tf.bitcast(row, tf.uint32)
    bits += tf.bitcast(tf.range(tf.size(bits)), tf.uint32) * np.uint32(0x9E3779B9)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        bits = tf.bitwise.bitwise_xor(bits, tf.bitwise.right_shift(bits, np.uint32(shift))) * np.uint32(factor)
    first = tf.bitwise.bitwise_xor(bits, tf.bitwise.right_shift(bits, np.uint32(16)))
    second = first * np.uint32(0x9E3779B1) + bits  # two numbers of 32 bits: no two networks share them by chance
    second = tf.bitwise.bitwise_xor(second, tf.bitwise.right_shift(second, np.uint32(15)))
    return tf.stack([tf.reduce_sum(tf.bitcast(each, tf.int32)) for each in (first, second)])
