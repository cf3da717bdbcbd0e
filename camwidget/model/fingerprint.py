"""Notice that a network's weights have changed, at next to no cost."""

import math
from collections.abc import Callable
from typing import Any

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
    weights = model.weights
    if sum(math.prod(weight.shape) for weight in weights) <= _READ_WHOLE:
        return compiled(lambda: _stacked([_digest(tf.convert_to_tensor(weight.value)) for weight in weights]))
    generator = np.random.default_rng(0)
    places: list[Any] = [
        np.stack([generator.integers(0, length, _SAMPLED) for length in weight.shape], axis=1)
        if len(weight.shape)  # TensorFlow's shape of a single number is no empty tuple, and so not false
        else None
        for weight in weights
    ]

    def function() -> tf.Tensor:
        # `gather_nd` of a variable fetches the numbers without reading the rest
        numbers = [
            tf.reshape(weight.value, [1]) if place is None else tf.gather_nd(weight.value, place)
            for weight, place in zip(weights, places, strict=True)
        ]
        numbers = [each if each.dtype == tf.float32 else tf.cast(each, tf.float32) for each in numbers]
        return tf.bitcast(tf.concat(numbers, axis=0), tf.int32)

    return compiled(function)


def _digest(value: tf.Tensor) -> tf.Tensor:
    # Each place counts differently, and sums wrap around: two filters exchanged are noticed.
    bits = tf.bitcast(tf.cast(tf.reshape(value, [-1]), tf.float32), tf.int32)
    return tf.reduce_sum(bits * tf.range(1, 2 * tf.size(bits), 2))


def _stacked(numbers: list[tf.Tensor]) -> tf.Tensor:
    return tf.stack(numbers) if numbers else tf.zeros(0, tf.int32)
