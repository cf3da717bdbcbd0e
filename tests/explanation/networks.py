"""Networks for explanations, beside those of tests/model/networks.py."""

import keras
import numpy as np
from keras import layers

from tests.model.networks import HEIGHT, SHAPE, WIDTH, body, fill, functional

PIXELS = np.random.default_rng(5).integers(0, 256, size=(2 * HEIGHT, 2 * WIDTH, 3), dtype=np.uint8)


def captum_network() -> keras.Model:
    """Captum's toy: one 3x3 convolution of ones to two channels, ReLU, one linear unit.

    On the picture 0..15 (4x4) with the published numbers of its tests.
    """
    inputs = keras.Input((4, 4, 1))
    x = layers.Conv2D(2, 3, name="conv")(inputs)
    x = layers.ReLU(name="relu")(x)
    outputs = layers.Dense(1, name="unit")(layers.Flatten()(x))
    model = keras.Model(inputs, outputs)
    model.get_layer("conv").set_weights([np.ones((3, 3, 1, 2)), np.array([-50.0, -75.0])])
    rows = np.array([[1, 1], [1, -1], [1, -1], [1, -1]], np.float32)
    model.get_layer("unit").set_weights([rows.reshape(8, 1), np.zeros(1)])
    return model


CAPTUM_PICTURE = np.arange(16, dtype=np.float32).reshape(4, 4, 1)


def dense_network() -> keras.Model:
    """A Flatten + Dense-ReLU tail, in which noise opens and shuts ReLUs: averaging matters there."""
    stack = [
        *body(),
        layers.Flatten(),
        layers.Dense(12, activation="relu", name="wide"),
        layers.Dense(4, activation="softmax", name="end"),
    ]
    model = fill(functional(stack))
    generator = np.random.default_rng(1)
    model.get_layer("wide").set_weights([generator.normal(size=(378, 12), scale=0.1), np.zeros(12)])
    model.get_layer("end").set_weights([generator.normal(size=(12, 4)), np.zeros(4)])
    return model


__all__ = ["CAPTUM_PICTURE", "HEIGHT", "PIXELS", "SHAPE", "WIDTH", "captum_network", "dense_network"]
