"""Notice that a network is built differently than it was."""

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

# What stands where a float may be set. An int by itself is none to watch: layers count their calls.
_DECIMALS = (float, np.floating)
_MAY_BE_DECIMALS = {float, np.float32, np.float64, int, type(None)}


class Structure:
    """What tells a network from itself after layers were added or taken away, or an activation or weight exchanged.

    Such a change may leave the numbers in every weight as they were, and yet a compiled function no
    longer shows the network. So does another loss: it tells what the outputs are. And a number in an
    attribute of a layer, such as the slope of a leaky ReLU, which a compiled function holds as a constant.

    Args:
        model: the network, as it is now.
    """

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        self._layers: list[keras.layers.Layer] = []
        self._attributes = 0
        self._numbers: list[tuple[Mapping[str, Any], list[str]]] = []
        self._settings, self._parts = self._look()

    def has_changed(self) -> bool:
        """Whether the network is no longer built as it was."""
        settings, parts = self._look()
        return not (_are_equal(settings, self._settings) and _are_same(parts, self._parts))

    def _look(self) -> tuple[list[float | np.floating], tuple[object, ...]]:
        # The things themselves are held and compared: the address of one that is gone is given to the next.
        layers = self._model._flatten_layers()
        self._find_numbers(layers)
        numbers = (attributes.get(name) for attributes, names in self._numbers for name in names)
        activations = (thing for layer in layers for thing in (layer, getattr(layer, "activation", None)))
        # Its mean and variance are plain tensors, which a compiled function holds as constants.
        adapted = (
            tensor
            for layer in layers
            if isinstance(layer, keras.layers.Normalization)
            for tensor in (layer.mean, layer.variance)
        )
        settings = [number for number in numbers if isinstance(number, _DECIMALS)]
        return settings, (*activations, *adapted, *self._model.weights, getattr(self._model, "loss", None))

    def _find_numbers(self, layers: list[keras.layers.Layer]) -> None:
        """Where a layer has numbers, or may have; looked for again only when there are other attributes.

        A network has ten thousand attributes. To touch each of them at every question takes longer than all else here.
        """
        attributes = sum(len(vars(layer)) for layer in layers)
        if attributes == self._attributes and _are_same(layers, self._layers):
            return
        self._numbers = [
            (vars(layer), [name for name, value in vars(layer).items() if type(value) in _MAY_BE_DECIMALS])
            for layer in layers
        ]
        self._layers, self._attributes = layers, attributes


def _are_same(one: Sequence[object], other: Sequence[object]) -> bool:
    """Whether both hold the very same things, in order."""
    return len(one) == len(other) and all(map(operator.is_, one, other))


def _are_equal(one: Sequence[float | np.floating], other: Sequence[float | np.floating]) -> bool:
    """By value: a layer may set the same number at every call."""
    return len(one) == len(other) and all(a == b or (a != a and b != b) for a, b in zip(one, other, strict=True))
