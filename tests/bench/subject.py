"""A network under measurement: built once, its forward pass compiled, with an explainer around it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from camwidget import Explainer


@dataclass(frozen=True, eq=False)
class Subject:
    """One network of `keras.applications` with random weights.

    Attributes:
        name: of its constructor.
        model: the network.
        explainer: around it.
        forward: its forward pass and nothing else, compiled; takes a tensor of pictures.
    """

    name: str
    model: keras.Model
    explainer: Explainer
    forward: Callable[[Any], Any]
    _generator: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def fresh(self) -> np.ndarray:
        """A picture that was never seen before."""
        return self._generator.uniform(0, 255, self.model.input_shape[1:]).astype(np.float32)

    def pictures(self, count: int) -> list[np.ndarray]:
        """As many of them, made before the clock runs."""
        return [self.fresh() for _ in range(count)]

    def supply(self, count: int) -> Iterator[np.ndarray]:
        """The same, handed out one at a time."""
        return iter(self.pictures(count))


@cache
def subject(name: str) -> Subject:
    """The network of this name; the same one for all groups of rows."""
    model = getattr(keras.applications, name)(weights=None)
    forward = tf.function(lambda x: model(x, training=False), autograph=False)
    return Subject(name, model, Explainer(model, preprocess=None), forward)
