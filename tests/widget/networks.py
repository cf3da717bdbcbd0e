"""Networks for the widget's tests: tiny, seeded, nothing square."""

import keras
import numpy as np


def small_network(classes: int = 3) -> keras.Model:
    """12 x 18 x 3 pictures, a last convolution of 9 x 14 with 4 filters, a Dense-ReLU tail."""
    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.layers.Input((12, 18, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(5, (2, 3), activation="relu", name="early"),
            keras.layers.Conv2D(4, 3, activation="relu", name="late", padding="valid"),
            keras.layers.Flatten(),
            keras.layers.Dense(6, activation="relu"),
            keras.layers.Dense(classes, activation="softmax"),
        ],
        name="small",
    )


def picture(seed: int = 0) -> np.ndarray:
    """A uint8 picture of 12 x 18."""
    return np.random.default_rng(seed).integers(0, 256, (12, 18, 3), dtype=np.uint8)


def gap_network() -> keras.Model:
    """12 x 18 x 3 pictures, a last convolution of 9 x 14 with 4 filters, global average pooling: every method works."""
    keras.utils.set_random_seed(5)
    model = keras.Sequential(
        [
            keras.layers.Input((12, 18, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(5, (2, 3), activation="relu", name="early"),
            keras.layers.Conv2D(4, 3, activation="relu", name="late"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3, activation="softmax"),
        ],
        name="gap",
    )
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([np.abs(kernel), bias])  # every class has evidence
    return model


def two_headed_network() -> keras.Model:
    """Two outputs: "kind", three classes, and "age", two values, whose logits are no probabilities."""
    keras.utils.set_random_seed(7)
    image = keras.layers.Input((12, 18, 3))
    x = keras.layers.Conv2D(5, (2, 3), activation="relu", name="early")(keras.layers.Rescaling(1 / 255)(image))
    x = keras.layers.Conv2D(4, 3, activation="relu", name="late")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    kind = keras.layers.Dense(3, activation="softmax", name="kind")(x)
    age = keras.layers.Dense(2, name="age")(x)
    model = keras.Model(image, {"kind": kind, "age": age}, name="two_headed")
    model.compile(loss={"kind": "categorical_crossentropy", "age": "mse"})
    return model


def dense_network() -> keras.Model:
    """A network without a layer that has a map."""
    keras.utils.set_random_seed(9)
    layers = keras.layers
    return keras.Sequential(
        [layers.Input((12, 18, 3)), layers.Flatten(), layers.Dense(6, activation="relu"), layers.Dense(3)],
        name="dense",
    )
