"""Tiny networks of fixed weights, built in every way people build them, and their NumPy restatement.

All take pictures of 12 x 18 x 3 and hold the same numbers:

    conv   3x3, 3 -> 5, ReLU          12 x 18 x 5
    pool   2x2 maximum                 6 x 9 x 5
    last   3x3, 5 -> 7, no ReLU yet    6 x 9 x 7
    relu                               6 x 9 x 7    the default layer
    gap, hidden Dense 7 -> 6 with ReLU, logits Dense 6 -> 4, softmax

so `Restated` says for each what a layer holds and how the logits depend on it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import keras
import numpy as np
from keras import layers

from camwidget.model import LayerInfo, Network, Probe

SHAPE = HEIGHT, WIDTH, CHANNELS = (12, 18, 3)
GRID = ROWS, COLUMNS, FILTERS = (6, 9, 7)
CLASSES = 4


def picture(seed: int = 0, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """What the networks take: float32, about -1 to 1."""
    return np.random.default_rng(seed).uniform(-1, 1, size=shape).astype(np.float32)


def randomize(model: keras.Model, seed: int = 0) -> None:
    """Fixed weights, none of them 0, all moving averages of variance positive."""
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        values = generator.normal(size=weight.shape, scale=0.4)
        if "variance" in weight.path or "gamma" in weight.path:
            values = 0.5 + np.abs(values)
        if np.issubdtype(np.dtype(str(weight.dtype).replace("bfloat16", "float32")), np.floating):
            weight.assign(values)


# -- the probe ---------------------------------------------------------------------------------------


def probe_of(model: keras.Model, shape: tuple[int, int, int] = SHAPE, output: str | int | None = None) -> Probe:
    """A probe for a network of one input."""
    return Probe(Network(model, shape, output=output))


def both(target: int, against: int = 0, count: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Target and the class it is set against, for so many pictures."""
    return np.full(count, target, np.int32), np.full(count, against, np.int32)


def derivative(
    probe: Probe,
    layer: LayerInfo,
    inputs: np.ndarray,
    output: np.ndarray,
    *,
    target: int,
    score: str = "logit",
    against: int = 0,
    sides: tuple[np.ndarray, ...] = (),
) -> np.ndarray:
    """dS/d output with the same classes for every picture."""
    return probe.gradient(layer, score, inputs, output, both(target, against, len(inputs)), sides)


def derivative_through(
    probe: Probe, layer: LayerInfo, inputs: np.ndarray, *, target: int, score: str = "logit"
) -> np.ndarray:
    """g = dS/dA in one pass, with the same class for every picture."""
    return probe.gradient_through(layer, score, inputs, both(target, count=len(inputs)))[0]


# -- NumPy -------------------------------------------------------------------------------------------


def convolve(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """3x3, stride 1, zeros around: (h, w, c) -> (h, w, filters), float64."""
    rows, columns, _ = x.shape
    padded = np.pad(x.astype(np.float64), ((1, 1), (1, 1), (0, 0)))
    result = np.zeros((rows, columns, kernel.shape[-1])) + bias
    for i in range(3):
        for j in range(3):
            result += padded[i : i + rows, j : j + columns] @ kernel[i, j].astype(np.float64)
    return result


def pool(x: np.ndarray) -> np.ndarray:
    """2x2 maximum."""
    rows, columns, channels = x.shape
    return x.reshape(rows // 2, 2, columns // 2, 2, channels).max(axis=(1, 3))


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def finite_differences(function: Callable[[np.ndarray], float], at: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """Central differences of a number with respect to every entry of `at`, float64."""
    at = at.astype(np.float64)
    result = np.zeros_like(at)
    for index in np.ndindex(*at.shape):
        up, down = at.copy(), at.copy()
        up[index] += step
        down[index] -= step
        result[index] = (function(up) - function(down)) / (2 * step)
    return result


@dataclass(frozen=True)
class Restated:
    """The network in NumPy, float64.

    Attributes:
        weights: kernel and bias of conv, last, hidden, logits, and the unused-by-most `gap_logits`
            (7 -> 4), for heads of one linear layer.
    """

    weights: dict[str, tuple[np.ndarray, np.ndarray]] = field(hash=False)

    def early(self, x: np.ndarray) -> np.ndarray:
        return pool(relu(convolve(x, *self.weights["conv"])))

    def last(self, x: np.ndarray) -> np.ndarray:
        return convolve(self.early(x), *self.weights["last"])

    def dense(self, name: str, x: np.ndarray) -> np.ndarray:
        kernel, bias = self.weights[name]
        return x @ kernel.astype(np.float64) + bias

    def pooled_to_logits(self, pooled: np.ndarray) -> np.ndarray:
        return self.dense("logits", relu(self.dense("hidden", pooled)))

    def tail(self, last: np.ndarray) -> np.ndarray:
        """Logits from the output of `last`, before its ReLU."""
        return self.pooled_to_logits(relu(last).mean(axis=(0, 1)))

    def logits(self, x: np.ndarray) -> np.ndarray:
        return self.tail(self.last(x))

    def gradient(self, x: np.ndarray, target: int) -> np.ndarray:
        """d logit / d last by central differences."""
        return finite_differences(lambda last: self.tail(last)[target], self.last(x))

    @cached_property
    def column(self) -> np.ndarray:
        return self.weights["gap_logits"][0]


def _weights() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    generator = np.random.default_rng(12)
    shapes = {
        "conv": (3, 3, 3, 5),
        "last": (3, 3, 5, 7),
        "hidden": (7, 6),
        "logits": (6, 4),
        "gap_logits": (7, 4),
    }
    found = {}
    for name, shape in shapes.items():
        kernel = generator.normal(size=shape, scale=1.5 / np.sqrt(np.prod(shape[:-1]))).astype(np.float32)
        found[name] = kernel, generator.normal(size=shape[-1], scale=0.1).astype(np.float32)
    return found


REFERENCE = Restated(_weights())


# -- Keras -------------------------------------------------------------------------------------------


def fill(model: keras.Model, reference: Restated = REFERENCE) -> keras.Model:
    """Give every layer that is named as one of `Restated` its numbers."""
    for layer in model._flatten_layers():
        if layer.name in reference.weights and layer.weights:
            kernel, bias = reference.weights[layer.name]
            layer.set_weights([kernel.reshape(layer.kernel.shape), bias])
    return model


def conv(**options: Any) -> layers.Layer:
    return layers.Conv2D(5, 3, padding="same", activation="relu", name="conv", **options)


def last(**options: Any) -> layers.Layer:
    return layers.Conv2D(7, 3, padding="same", name="last", **options)


def body(**options: Any) -> list[layers.Layer]:
    return [conv(**options), layers.MaxPooling2D(name="pool"), last(**options), layers.ReLU(name="relu")]


def dense_tail(**options: Any) -> list[layers.Layer]:
    return [
        layers.GlobalAveragePooling2D(name="gap"),
        layers.Dense(6, activation="relu", name="hidden", **options),
        layers.Dense(4, name="logits", **options),
    ]


def chain(stack: Sequence[layers.Layer], x: Any) -> Any:
    for layer in stack:
        x = layer(x)
    return x


def functional(
    stack: Sequence[layers.Layer], shape: tuple[int | None, ...] = SHAPE, name: str | None = None
) -> keras.Model:
    inputs = keras.Input(shape)
    return keras.Model(inputs, chain(stack, inputs), name=name)


def functional_network() -> keras.Model:
    return fill(functional([*body(), *dense_tail(), layers.Softmax(name="softmax")]))


def sequential_network() -> keras.Model:
    return fill(keras.Sequential([keras.Input(SHAPE), *body(), *dense_tail(), layers.Activation("softmax")]))


def unbuilt_sequential() -> keras.Model:
    """Has no weights yet: the probe's caller builds it, then `fill` gives it its numbers."""
    return keras.Sequential([*body(), *dense_tail(), layers.Softmax()])


@keras.saving.register_keras_serializable("camwidget-tests")
class Subclassed(keras.Model):
    """Everything in `call`, the softmax too, layers in an attribute and in a list."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.early = conv()
        self.stack = [layers.MaxPooling2D(name="pool"), last(), layers.ReLU(name="relu")]
        self.gap = layers.GlobalAveragePooling2D(name="gap")
        self.hidden = layers.Dense(6, name="hidden")
        self.out = layers.Dense(4, name="logits")

    def call(self, x, training=False):
        x = chain(self.stack, self.early(x))
        x = self.hidden(self.gap(x))
        return keras.ops.softmax(self.out(keras.ops.relu(x)))


def subclassed_network() -> keras.Model:
    model = Subclassed()
    model(picture()[None])
    return fill(model)


def nested_network() -> keras.Model:
    """A backbone in a model, and a nested head that ends in the softmax."""
    backbone = functional(body(), name="backbone")
    head = keras.Sequential([keras.Input(GRID), *dense_tail(), layers.Softmax()], name="head")
    return fill(functional([backbone, head]))


def twice_nested_network() -> keras.Model:
    inner = functional(body(), name="inner")
    inputs = keras.Input(SHAPE)
    outer = keras.Model(inputs, inner(inputs), name="outer")
    return fill(keras.Sequential([keras.Input(SHAPE), outer, *dense_tail(), layers.Softmax(name="softmax")]))


class SubclassedAroundFunctional(keras.Model):
    """The usual transfer learning: a ready backbone inside a class."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = functional(body(), name="backbone")
        self.tail = dense_tail()

    def call(self, x):
        return keras.ops.softmax(chain(self.tail, self.backbone(x)))


def subclassed_around_functional() -> keras.Model:
    model = SubclassedAroundFunctional()
    model(picture()[None])
    return fill(model)


# how it is built -> (network, full name of `last`, full name of the default layer)
BUILDS: dict[str, tuple[Callable[[], keras.Model], str, str]] = {
    "functional": (functional_network, "last", "relu"),
    "sequential": (sequential_network, "last", "relu"),
    "subclassed": (subclassed_network, "last", "relu"),
    "nested": (nested_network, "backbone/last", "backbone/relu"),
    "twice nested": (twice_nested_network, "outer/inner/last", "outer/inner/relu"),
    "functional in subclassed": (subclassed_around_functional, "backbone/last", "backbone/relu"),
}


def gap_network(final: Any = "softmax") -> keras.Model:
    """One linear layer behind global average pooling of `relu`: a head for CAM."""
    stack = [*body(), layers.GlobalAveragePooling2D(name="gap"), layers.Dense(4, activation=final, name="gap_logits")]
    return fill(functional(stack))
