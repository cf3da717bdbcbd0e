"""Random weights for a layer, as if it had never been trained."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from camwidget.model import Weighted

# Adebayo et al. 2018 draw from a truncated normal; the reproduction of Grad-CAM++ that this follows, from a normal one.
DEVIATION = 0.01

# Brought back to their initial state by every scheme: small random gammas would shut the network.
_NORMALISING = (keras.layers.BatchNormalization, keras.layers.LayerNormalization, keras.layers.GroupNormalization)

# Weights whose initialiser is not called as they are.
_INITIALISERS = {
    "depthwise_kernel": "depthwise_initializer",
    "pointwise_kernel": "pointwise_initializer",
}


# Variables, and what to put into each.
Values = list[tuple[Any, Any]]


def is_learnt(weighted: Weighted) -> bool:
    """Whether training gave the layer its weights; the mean and variance of a `Normalization` are preprocessing."""
    return not isinstance(weighted.layer, keras.layers.Normalization)


def by_normal(weighted: Weighted, generator: np.random.Generator) -> Values:
    """Kernels and biases from N(0, 0.01^2); normalising layers back to their initial state."""
    if isinstance(weighted.layer, _NORMALISING):
        return by_initializer(weighted, generator)
    return [(variable, generator.normal(0, DEVIATION, variable.shape)) for variable in weighted.variables]


def by_initializer(weighted: Weighted, generator: np.random.Generator) -> Values:
    """Every weight by the initialiser that the layer was built with, drawn anew.

    Raises:
        ValueError: a layer does not say how its weights begin.
    """
    values: Values = []
    rebuilt: list[Any] = []
    for variable in weighted.variables:
        initialiser = _initialiser(weighted.layer, variable.name)
        if initialiser is not None:
            values.append((variable, _seeded(initialiser, generator)(tuple(variable.shape), dtype=variable.dtype)))
            continue
        rebuilt = rebuilt or _rebuilt(weighted, generator)
        position = [id(each) for each in weighted.layer.weights].index(id(variable))
        values.append((variable, rebuilt[position]))
    return values


def _initialiser(layer: Any, name: str) -> Callable[..., Any] | None:
    names = [_INITIALISERS.get(name, f"{name}_initializer")]
    if name == "kernel":
        names.append("depthwise_initializer")
    return next((found for each in names if callable(found := getattr(layer, each, None))), None)


def _seeded(initialiser: Callable[..., Any], generator: np.random.Generator) -> Callable[..., Any]:
    """The same initialiser with a seed of ours, so that the whole run follows from one."""
    if not isinstance(initialiser, keras.initializers.Initializer):
        return initialiser
    config = initialiser.get_config()
    if "seed" not in config:
        return initialiser
    return type(initialiser).from_config({**config, "seed": int(generator.integers(2**31))})


def _rebuilt(weighted: Weighted, generator: np.random.Generator) -> list[Any]:
    """The weights of a new layer of the same configuration, for layers that keep no initialiser."""
    layer = weighted.layer
    try:
        with begun_anew(int(generator.integers(2**31))):
            fresh = type(layer).from_config(layer.get_config())
            fresh.build_from_config(layer.get_build_config())
    # get_config() of a layer that does not say what it was made of; __init__ or build() of one that needs more than
    # it says; code that Keras does not load. All of it is said below.
    except (NotImplementedError, TypeError, ValueError):
        pass
    else:
        if [tuple(each.shape) for each in fresh.weights] == [tuple(each.shape) for each in layer.weights]:
            return list(fresh.weights)
    raise ValueError(
        f"Layer {weighted.name!r} ({type(layer).__name__}) does not say how its weights begin, and cannot be built "
        "again from its configuration. Use scheme='normal'."
    )


@contextmanager
def begun_anew(seed: int) -> Iterator[None]:
    """Python's own generator, which seeds every initialiser without a seed, begins here; then it is as before."""
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


# name -> random values for one layer's weights
SCHEMES: dict[str, Callable[[Weighted, np.random.Generator], Values]] = {
    "normal": by_normal,
    "initializer": by_initializer,
}
