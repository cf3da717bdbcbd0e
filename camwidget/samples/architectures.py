"""The sample networks as Keras layers, before training: small, plain, with names that explain themselves.

All take pictures of 0..255 and rescale them inside. Only the training command uses this;
`networks.py` loads what it saved.
"""

import keras
from keras import KerasTensor, layers

from .drawing import SCENE_SIZE
from .material import CLASS_NAMES
from .scenes import DIGIT_SIZE


def scenes_network() -> keras.Model:
    """Three blocks of convolutions, then a Dense-ReLU tail: the kind of network that Grad-CAM++ was made for.

    Behind the last convolution come max pooling and a ReLU, so the gradient depends on the picture and averaging it
    over noise changes the map. Without the normalisation of `dense1` training does not start: the loss stays
    at log(10).
    """
    pictures, values = _three_blocks(channels=(16, 32, 64))
    values = layers.MaxPooling2D(name="block3_pool")(values)
    values = layers.Flatten(name="flatten")(values)
    values = layers.Dense(64, use_bias=False, name="dense1")(values)
    values = layers.BatchNormalization(name="dense1_bn")(values)
    values = layers.ReLU(name="dense1_relu")(values)
    classes = layers.Dense(len(CLASS_NAMES), activation="softmax", name="classes")(values)
    return keras.Model(pictures, classes, name="scenes")


def scenes_gap_network() -> keras.Model:
    """Convolutions, global average pooling, one Dense layer: the head that the original class activation map needs."""
    pictures, values = _three_blocks(channels=(16, 32, 64))
    values = layers.Conv2D(64, 3, padding="same", name="block3_conv3")(values)
    values = layers.ReLU(name="block3_relu3")(values)
    values = layers.GlobalAveragePooling2D(name="average")(values)
    classes = layers.Dense(len(CLASS_NAMES), activation="softmax", name="classes")(values)
    return keras.Model(pictures, classes, name="scenes_gap")


def digits_network() -> keras.Model:
    """Two convolutions and two Dense layers, small enough to follow number by number."""
    pictures = keras.Input((DIGIT_SIZE, DIGIT_SIZE, 1), name="picture")
    values = layers.Rescaling(1 / 255, name="rescaling")(pictures)
    for block, channels in ((1, 8), (2, 16)):
        values = layers.Conv2D(channels, 3, padding="same", activation="relu", name=f"block{block}_conv1")(values)
        values = layers.MaxPooling2D(name=f"block{block}_pool")(values)
    values = layers.Flatten(name="flatten")(values)
    values = layers.Dense(32, activation="relu", name="dense1")(values)
    classes = layers.Dense(len(CLASS_NAMES), activation="softmax", name="classes")(values)
    return keras.Model(pictures, classes, name="digits")


def _three_blocks(channels: tuple[int, int, int]) -> tuple[KerasTensor, KerasTensor]:
    """The input, (n, 112, 112, 3), and what three blocks make of it, (n, 14, 14, channels[2]).

    The first convolution steps over two pixels, and pooling separates the blocks; the last block is not pooled.
    """
    pictures = keras.Input((SCENE_SIZE, SCENE_SIZE, 3), name="picture")
    values = layers.Rescaling(1 / 127.5, offset=-1, name="rescaling")(pictures)
    values = _convolution(values, "block1", 1, channels[0], strides=2)
    values = _convolution(values, "block1", 2, channels[0])
    values = layers.MaxPooling2D(name="block1_pool")(values)
    values = _convolution(values, "block2", 1, channels[1])
    values = _convolution(values, "block2", 2, channels[1])
    values = layers.MaxPooling2D(name="block2_pool")(values)
    values = _convolution(values, "block3", 1, channels[2])
    values = _convolution(values, "block3", 2, channels[2])
    return pictures, values  # pyright: ignore[reportReturnType]  # Input gives a tensor, not the list Keras also declares


def _convolution(values: KerasTensor, block: str, number: int, channels: int, strides: int = 1) -> KerasTensor:
    """A 3x3 convolution, its normalisation and its ReLU, as three layers, so that each can be looked at."""
    values = layers.Conv2D(channels, 3, strides, padding="same", use_bias=False, name=f"{block}_conv{number}")(values)
    values = layers.BatchNormalization(name=f"{block}_bn{number}")(values)
    return layers.ReLU(name=f"{block}_relu{number}")(values)
