"""A network's weights: read as NumPy, told apart, and put back as they were."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf


def numbers(variable: Any) -> np.ndarray:
    """A weight's numbers, a copy."""
    return tf.convert_to_tensor(variable.value).numpy().copy()


def digest(model: keras.Model) -> str:
    """Sixteen hexadecimal digits that tell these weights from any others; every number is read."""
    found = hashlib.sha1(usedforsecurity=False)
    for weight in model.weights:
        values = numbers(weight)
        found.update(f"{values.shape} {values.dtype}".encode())
        found.update(values.tobytes())
    return found.hexdigest()[:16]


@contextmanager
def restored(model: keras.Model) -> Iterator[None]:
    """Put every variable of the network back, bit for bit, also after an error or an interrupt.

    Weights, moving averages and the seeds of layers that draw at random; not an optimizer's state.
    """
    before = [(variable, numbers(variable)) for variable in model.variables]
    try:
        yield
    finally:
        for variable, values in before:
            variable.assign(values)
