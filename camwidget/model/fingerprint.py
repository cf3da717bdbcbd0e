"""Notice that a network's weights have changed, at next to no cost."""

import math
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from .network import compiled

# Numbers of all weights together up to which every one is read: half a millisecond.
_READ_WHOLE = 2**20

# Numbers read of each weight of a larger network.
_SAMPLED = 8


def fingerprint(model: keras.Model) -> Callable[[], tf.Tensor]:
    """Compile () -> int32 numbers that change with the weights.

    In a small network every number of every weight counts, so that a single filter set to zero by
    hand is noticed. In a larger one eight numbers of every weight, drawn once: whatever touches a
    whole layer, as training and randomisation do, changes these, and nothing is read whole.
    """
    weights = [weight for weight in model.weights if math.prod(weight.shape)]
    if sum(math.prod(weight.shape) for weight in weights) <= _READ_WHOLE:
        return compiled(lambda: _digest(weights))
    generator = np.random.default_rng(0)
    places = [generator.integers(0, math.prod(weight.shape), _SAMPLED) for weight in weights]

    def function() -> tf.Tensor:
        # Never by `gather` or `gather_nd` of the variable itself: TensorFlow then takes it for one that is accessed
        # sparsely, and from that time on copies the whole weight at every read, the user's own calls included.
        values = [tf.reshape(tf.convert_to_tensor(weight.value), [-1]) for weight in weights]
        numbers = [tf.gather(value, place) for value, place in zip(values, places, strict=True)]
        return tf.bitcast(tf.concat([tf.cast(each, tf.float32) for each in numbers], axis=0), tf.int32)

    return compiled(function)


def _digest(weights: list[keras.Variable]) -> tf.Tensor:
    if not weights:
        return tf.zeros(0, tf.int32)
    # All in one row: a dozen operations to trace and to run, and not as many for each weight.
    values = [tf.reshape(tf.cast(tf.convert_to_tensor(weight.value), tf.float32), [-1]) for weight in weights]
    # Each place counts differently, and sums wrap around: two filters exchanged are noticed. The bits are mixed first
    # (as in the finaliser of MurmurHash3): else sign flips in pairs, doubling, or one constant in place of another
    # would cancel, since they change the same high bits everywhere.
    bits = tf.bitcast(tf.concat(values, axis=0), tf.uint32)
    bits += tf.bitcast(tf.range(tf.size(bits)), tf.uint32) * np.uint32(0x9E3779B9)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        bits = tf.bitwise.bitwise_xor(bits, tf.bitwise.right_shift(bits, np.uint32(shift))) * np.uint32(factor)
    first = tf.bitwise.bitwise_xor(bits, tf.bitwise.right_shift(bits, np.uint32(16)))
    second = first * np.uint32(0x9E3779B1) + bits  # two numbers of 32 bits: no two networks share them by chance
    second = tf.bitwise.bitwise_xor(second, tf.bitwise.right_shift(second, np.uint32(15)))
    return tf.stack([tf.reduce_sum(tf.bitcast(each, tf.int32)) for each in (first, second)])
