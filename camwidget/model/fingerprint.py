"""Notice that a network's weights have changed, at next to no cost."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .network import Compiled, compiled

# Numbers of all weights together up to which every one is read: half a millisecond.
_READ_WHOLE = 2**20

# Numbers drawn of each weight of a larger network, beside one for each filter.
_DRAWN = 8

# Of these the filters stand along another axis.
_TRANSPOSED = (keras.layers.Conv1DTranspose, keras.layers.Conv2DTranspose, keras.layers.Conv3DTranspose)

# Numbers of four bytes in what a processor fetches at once: a row of so many is as quick to read as one of its numbers.
_SIDE_BY_SIDE = 16


def fingerprint(model: keras.Model, others: Sequence[Any] = ()) -> Callable[[], tf.Tensor]:
    """Compile () -> int64 numbers that change with the weights.

    In a small network every number of every weight counts. In a larger one a few of each weight, one for each filter
    among them: whatever touches a whole layer, as training and randomisation do, changes these, so does a filter set
    to zero by hand, and no large weight is read whole. A channel of a kernel's input set to zero may not be noticed.

    Args:
        model: the network.
        others: references to variables that it reads and Keras knows nothing of.
    """
    weights = [*(weight.value for weight in model.weights), *(other.deref() for other in others)]
    weights = [weight for weight in weights if math.prod(weight.shape)]
    if sum(math.prod(weight.shape) for weight in weights) <= _READ_WHOLE:
        return _in_one_thread(compiled(lambda: _digest([tf.convert_to_tensor(weight) for weight in weights])))
    generator = np.random.default_rng(0)
    transposed = {
        id(weight.value)
        for layer in model._flatten_layers()
        if isinstance(layer, _TRANSPOSED)
        for weight in layer.weights
    }
    places = [_places(tuple(weight.shape), generator, transposed=id(weight) in transposed) for weight in weights]

    def read(weight: Any, single: np.ndarray, start: int, row: int) -> list[tf.Tensor]:
        # Never by `gather` or `gather_nd` of the variable itself: TensorFlow then takes it for one that is accessed
        # sparsely, and from that time on copies the whole weight at every read, the user's own calls included.
        value = tf.convert_to_tensor(weight)
        if len(weight.shape) == 1:
            return [value]
        value = tf.reshape(value, [-1])
        return [tf.gather(value, single), tf.slice(value, [start], [row])]

    def drawn() -> tf.Tensor:
        return _digest([part for weight, place in zip(weights, places, strict=True) for part in read(weight, *place)])

    return _in_one_thread(compiled(drawn))


def _in_one_thread(function: Compiled) -> Callable[[], tf.Tensor]:
    """A thousand operations of a microsecond each: to hand them from thread to thread costs more than to run them."""

    def run() -> tf.Tensor:
        with tf.experimental.function_executor_type("SINGLE_THREADED_EXECUTOR"):
            return function()

    return run


def _places(
    shape: tuple[int, ...], generator: np.random.Generator, *, transposed: bool = False
) -> tuple[np.ndarray, int, int]:
    """Places to read one by one among a weight's numbers, and start and length of a row.

    The row is the last axis, where most kernels have their filters. Those of a transposed convolution stand along the
    axis before it, of a depthwise one along both: where the last axis is short the row is both, and of a
    transposed one the places hold one number for each index of the axis before it, beside eight that are drawn. The
    row's numbers lie side by side in memory: as many read one by one would each wait for it. In ResNet50 those of every
    kernel would take two milliseconds.
    """
    size, axis = math.prod(shape), len(shape) - 1
    while axis > 0 and math.prod(shape[axis:]) == 1:  # of a single number without any axis it is -1
        axis -= 1
    is_kernel = len(shape) > 2
    if is_kernel and shape[-1] <= _SIDE_BY_SIDE:
        axis = min(axis, len(shape) - 2)
    row = math.prod(shape[axis:])
    start = int(generator.integers(0, size // row)) * row
    places = generator.integers(0, size, _DRAWN)
    if transposed and is_kernel and axis == len(shape) - 1:
        plane = shape[-2] * shape[-1]
        first = generator.integers(0, size // plane) * plane + generator.integers(0, shape[-1])
        places = np.append(places, first + shape[-1] * np.arange(shape[-2]))
    return places.astype(np.int32 if size < 2**31 else np.int64), start, row


def _digest(values: list[tf.Tensor]) -> tf.Tensor:
    if not values:
        return tf.zeros(0, tf.int64)
    # All in one row: a few operations to trace and to run, and not as many for each weight.
    row = tf.concat(
        [tf.cast(value if value.shape.rank == 1 else tf.reshape(value, [-1]), tf.float32) for value in values], 0
    )
    # Each place counts by an odd factor of its own, of 64 bits, and sums wrap around (a multilinear hash): filters
    # exchanged, sign flips in pairs, doubling, or one constant in place of another do not cancel but by a chance
    # of one in billions.
    factors = np.random.default_rng(1).integers(-(2**63), 2**63, row.shape[0], np.int64) | 1
    # As a product of matrices: the sum of an elementwise product writes all of it to memory before.
    numbers = tf.cast(tf.bitcast(row, tf.int32), tf.int64)
    return tf.reshape(tf.linalg.matmul(numbers[tf.newaxis], factors[:, np.newaxis]), [1])
