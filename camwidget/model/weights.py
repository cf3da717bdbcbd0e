"""A network's weights: read as NumPy, told apart, and put back as they were."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .network import Network, compiled


@dataclass(frozen=True, eq=False)
class Weighted:
    """A layer with weights of its own.

    Attributes:
        name: with its path, see `visiting`.
        layer: the Keras layer.
        variables: its own floating point weights, without those of layers inside it.
    """

    name: str
    layer: Any
    variables: tuple[Any, ...]


def weighted_layers(network: Network) -> tuple[Weighted, ...]:
    """Every layer with weights that a call of the network uses, at any depth, in order of execution.

    A layer that is used several times stands where it is used last; one with layers inside it comes
    after them.
    """
    found: dict[int, Weighted] = {}

    def visit(name: str, layer: Any, compute: Callable[[], Any], arguments: Any) -> Any:
        output = compute()
        own = _own(layer) if isinstance(layer, keras.Layer) else ()
        if own:
            found.pop(id(layer), None)
            found[id(layer)] = Weighted(name, layer, own)
        return output

    compiled(lambda inputs, sides: network.vector(network.outputs(inputs, sides, visit)), *network.specs)
    own = _own(network.model)
    last = (Weighted(network.model.name, network.model, own),) if own else ()
    return (*found.values(), *last)


def _own(layer: keras.Layer) -> tuple[Any, ...]:
    inside = {id(v) for nested in layer._flatten_layers(include_self=False) for v in nested.weights}
    return tuple(v for v in layer.weights if id(v) not in inside and "float" in str(v.dtype))


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
