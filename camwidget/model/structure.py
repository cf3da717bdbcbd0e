"""Notice that a network is built differently than it was."""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import keras

# What `compile` and `fit` set in a network when they are called, beside what it has from the beginning.
_OF_TRAINING = {"history", "optimizer", "stop_training", "stop_evaluating", "stop_predicting", "_eval_epoch_iterator"}


class Structure:
    """What tells a network from itself after layers were added or taken away, or what a layer has was exchanged.

    Such a change may leave the numbers in every weight as they were, and yet a compiled function no longer shows the
    network: it holds the slope of a leaky ReLU or the factor of a rescaling as they were when it was traced. So does
    another loss: it tells what the outputs are.

    Every attribute of a layer counts, but for those in which Keras keeps its books and those that the layer sets anew
    whenever it is called. An array that was changed in place is not noticed.

    Args:
        model: the network, as it is now.
    """

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        self._loss = getattr(model, "loss", None)
        # The things themselves are held and compared: the address of one that is gone is given to the next.
        self._layers = model._flatten_layers()
        self._attributes = [_Attributes(layer) for layer in self._layers]

    def has_changed(self) -> bool:
        """Whether the network is no longer built as it was."""
        return (
            getattr(self._model, "loss", None) is not self._loss
            or not _are_same(self._model._flatten_layers(), self._layers)
            or any(attributes.have_changed() for attributes in self._attributes)
        )

    @contextmanager
    def tracing(self) -> Iterator[None]:
        """Around a trace, to see what the layers set when they are called."""
        before = [attributes.now() for attributes in self._attributes]
        yield
        for attributes, values in zip(self._attributes, before, strict=True):
            attributes.were_called(values)


class _Attributes:
    """Those of one layer."""

    def __init__(self, layer: keras.layers.Layer) -> None:
        self._layer = layer
        self._all = vars(layer)
        self._is_network = isinstance(layer, keras.Model)
        self._ignored = _books(self._is_network)
        self._set_once: set[str] = set()
        self._count = len(self._all)
        self._variables = _variables(layer)
        self._watch(self.now())

    def have_changed(self) -> bool:
        if len(self._all) != self._count and not self._is_network:  # `fit` sets some in a network, at any time
            return True
        if not _are_same(_variables(self._layer), self._variables):
            return True
        try:
            return self._read(self._all) != self._values
        except Exception:  # an attribute is gone, or is now an array, or whatever a user's object raises
            return True

    def now(self) -> dict[str, Any]:
        """What they are at this moment."""
        return {
            name: _copy(value)
            for name, value in self._all.copy().items()  # in one step: `fit` in another thread may set some meanwhile
            if name not in self._ignored and not name.startswith("_self_")
        }

    def were_called(self, before: Mapping[str, Any]) -> None:
        """Ignore from now on what two traces have changed.

        Not what one has: that may have been somebody else, in another thread, and must be noticed.
        """
        changed = {name for name, value in self.now().items() if name not in before or _differ(value, before[name])}
        again = changed & self._set_once
        self._set_once |= changed
        if again:
            self._ignored |= again
            kept = zip(self._names, self._values, strict=True)
            self._watch({name: value for name, value in kept if name not in again})

    def _watch(self, values: Mapping[str, Any]) -> None:
        self._names, self._values = tuple(values), tuple(values.values())
        self._read = _reader(self._names)


def _reader(names: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """From a mapping to its values under these names.

    A network has thousands, asked for at every question. Here they are fetched, and compared, without a line of
    Python for each; where both are the same object it is not even touched.
    """
    if len(names) > 1:
        return operator.itemgetter(*names)
    return lambda mapping: tuple(mapping[name] for name in names)


def _variables(layer: keras.layers.Layer) -> list[Any]:
    return [*layer._trainable_variables, *layer._non_trainable_variables]


def _copy(value: Any) -> Any:
    """Of what may be changed in place, a copy."""
    return next((kind(value) for kind in (list, dict, set) if isinstance(value, kind)), value)


def _are_same(one: Sequence[object], other: Sequence[object]) -> bool:
    """Whether both hold the very same things, in order."""
    return len(one) == len(other) and all(map(operator.is_, one, other))


def _differ(one: Any, other: Any) -> bool:
    try:
        return (one,) != (other,)  # in a tuple an object equals itself, NaN too
    except Exception:
        return True


@cache
def _books(is_network: bool) -> frozenset[str]:
    """The attributes that a layer, or network, without any content has: Keras's own."""
    kept = {"_dtype_policy"}
    names = set(vars(keras.layers.Layer())) - kept
    return frozenset(names | (set(vars(keras.Model())) | _OF_TRAINING) - kept if is_network else names)
