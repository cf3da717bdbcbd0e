"""A network so small that every number of a judgement can be worked out in NumPy beside it."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import layers

ROWS, COLUMNS = 4, 6
KERNEL = np.array([[1.0, -0.5]])
BIAS = np.array([0.1, 0.2])
DENSE = np.array([[3.0, -2.0, 0.5], [-1.0, 4.0, 0.0]])
OFFSET = np.array([0.0, 0.3, -0.2])


def tiny_network() -> keras.Model:
    """1x1 convolution to two filters, ReLU, global average, three classes; takes grey, -0.5 to 0.5."""
    picture = keras.Input((ROWS, COLUMNS, 1))
    x = layers.ReLU(name="relu")(layers.Conv2D(2, 1, name="conv")(picture))
    classes = layers.Dense(3, activation="softmax", name="classes")(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(picture, classes)
    model.get_layer("conv").set_weights([KERNEL.reshape(1, 1, 1, 2), BIAS])
    model.get_layer("classes").set_weights([DENSE, OFFSET])
    return model


def nested_network() -> keras.Model:
    """A backbone inside a functional network, a layer used twice, normalisation, preprocessing, dropout."""
    inner = keras.Sequential(
        [layers.Conv2D(3, 3, padding="same", name="a"), layers.BatchNormalization(name="n")], name="back"
    )
    twice = layers.Conv2D(3, 1, activation="relu", name="twice")
    picture = keras.Input((6, 8, 3))
    x = inner(layers.Normalization(mean=1.0, variance=4.0)(picture))
    x = layers.Dropout(0.5, seed=3)(twice(layers.SeparableConv2D(3, 3, padding="same", name="b")(twice(x))))
    model = keras.Model(picture, layers.Dense(4, activation="softmax", name="end")(layers.GlobalAveragePooling2D()(x)))
    generator = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(generator.normal(size=weight.shape) + 5)
    return model


def halved(picture: np.ndarray) -> np.ndarray:
    """The preprocessing: 0..255 becomes -0.5..0.5, so that black is not 0."""
    return picture / 255 - 0.5


def pictures(count: int, seed: int = 0) -> list[np.ndarray]:
    """Grey pictures, uint8."""
    generator = np.random.default_rng(seed)
    return [generator.integers(0, 256, (ROWS, COLUMNS), dtype=np.uint8) for _ in range(count)]


@dataclass(frozen=True)
class Restated:
    """The same network in NumPy, for one picture before preprocessing, shape (rows, columns)."""

    raw: np.ndarray

    @property
    def activations(self) -> np.ndarray:
        return np.maximum(halved(self.raw.astype(np.float64))[..., None] * KERNEL[0] + BIAS, 0)

    @property
    def probabilities(self) -> np.ndarray:
        logits = self.activations.mean(axis=(0, 1)) @ DENSE + OFFSET
        powers = np.exp(logits - logits.max())
        return powers / powers.sum()

    @property
    def target(self) -> int:
        return int(self.probabilities.argmax())

    def heat(self, target: int) -> np.ndarray:
        """Grad-CAM: behind global average pooling dS/dA is the class's column over rows * columns."""
        signed = self.activations @ DENSE[:, target]
        map = np.maximum(signed, 0)
        return map / map.max() if map.max() > 0 else map
