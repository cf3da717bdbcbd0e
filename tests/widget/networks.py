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
