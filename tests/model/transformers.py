"""Small vision transformers of Keras layers, with fixed weights."""

from typing import Any

import keras
import numpy as np
from keras import layers

from tests.model.networks import chain, randomize

SHAPE = (16, 24, 3)
PATCH = 4
GRID = (4, 6)  # patches of 4 x 4 in a picture of 16 x 24
TOKENS = 24
WIDTH = 6


class ClassToken(layers.Layer):
    """One learnt token before all others."""

    token: Any

    def build(self, input_shape: Any) -> None:
        self.token = self.add_weight(shape=(1, 1, input_shape[-1]), initializer="zeros", name="token")

    def call(self, x: Any) -> Any:
        count = keras.ops.shape(x)[0]  # pyright: ignore[reportOptionalSubscript] # it has a shape
        return keras.ops.concatenate([keras.ops.tile(self.token, (count, 1, 1)), x], axis=1)


class Positions(layers.Layer):
    """A learnt vector for each place, added."""

    def build(self, input_shape: Any) -> None:
        self.vectors = self.add_weight(shape=tuple(input_shape[1:]), initializer="zeros", name="vectors")

    def call(self, x: Any) -> Any:
        return x + self.vectors


class Patches(layers.Layer):
    """The Keras example's: patches cut out, each a row of its pixels."""

    def __init__(self, height: int = PATCH, width: int = PATCH, **options: Any) -> None:
        super().__init__(**options)
        self.size = (height, width)

    def call(self, images: Any) -> Any:
        patches: Any = keras.ops.image.extract_patches(images, size=self.size)
        _, rows, columns, length = patches.shape
        return keras.ops.reshape(patches, (-1, rows * columns, length))


class FirstToken(layers.Layer):
    def call(self, x: Any) -> Any:
        return x[:, 0]


def block(x: Any, number: int) -> Any:
    """Attention and a hidden layer, each behind a normalisation and with a connection around it."""
    normal = layers.LayerNormalization(name=f"norm{number}a")(x)
    attended = layers.MultiHeadAttention(2, 3, name=f"attention{number}")(normal, normal)
    x = layers.Add(name=f"add{number}a")([x, attended])
    normal = layers.LayerNormalization(name=f"norm{number}b")(x)
    hidden = layers.Dense(8, activation="gelu", name=f"wide{number}")(normal)
    return layers.Add(name=f"add{number}b")([x, layers.Dense(WIDTH, name=f"narrow{number}")(hidden)])


def transformer(patches: list[layers.Layer], head: list[layers.Layer], shape: tuple[int, int, int]) -> keras.Model:
    inputs = keras.Input(shape)
    x = chain(patches, inputs)
    for number in (1, 2):
        x = block(x, number)
    model = keras.Model(inputs, chain(head, layers.LayerNormalization(name="norm")(x)))
    randomize(model, 5)
    return model


def classes() -> layers.Layer:
    return layers.Dense(3, activation="softmax", name="classes")


def with_class_token(shape: tuple[int, int, int] = SHAPE) -> keras.Model:
    """Patches by a convolution; the head reads the class token alone."""
    patches = [
        layers.Conv2D(WIDTH, PATCH, strides=PATCH, name="patches"),
        layers.Reshape((-1, WIDTH), name="rows"),
        ClassToken(name="with_class"),
        Positions(name="positions"),
    ]
    return transformer(patches, [FirstToken(name="first"), classes()], shape)


def of_cut_patches(head: list[layers.Layer], shape: tuple[int, int, int] = SHAPE, **size: int) -> keras.Model:
    """The Keras example's kind: patches cut out and projected, the head reads all of them."""
    patches = [Patches(name="patches", **size), layers.Dense(WIDTH, name="projection"), Positions(name="positions")]
    return transformer(patches, [*head, classes()], shape)


def by_average() -> keras.Model:
    return of_cut_patches([layers.GlobalAveragePooling1D(name="gap")])


def flattened() -> keras.Model:
    return of_cut_patches([layers.Flatten(name="flat")])


def of_strips() -> keras.Model:
    """Seven strips, one over the other: tokens, but no grid."""
    return of_cut_patches([layers.GlobalAveragePooling1D(name="gap")], (14, 24, 3), height=2, width=24)


def of_pooled_tokens() -> keras.Model:
    """A grid of patches, of which eleven mixtures are all that attention sees."""
    patches = [
        Patches(name="patches"),
        layers.Permute((2, 1)),
        layers.Dense(11, name="mixtures"),
        layers.Permute((2, 1)),
        layers.Dense(WIDTH, name="projection"),
    ]
    return transformer(patches, [layers.GlobalAveragePooling1D(name="gap"), classes()], SHAPE)


def names_of_attention(model: keras.Model) -> set[str]:
    """What the layers inside an attention are called."""
    inside = [layer for layer in model.layers if isinstance(layer, layers.MultiHeadAttention)]
    return {each.name for attention in inside for each in attention._flatten_layers(include_self=False)}


def picture(seed: int = 0, shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, size=shape).astype(np.float32)
