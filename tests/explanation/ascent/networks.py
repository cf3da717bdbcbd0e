"""Networks small enough to climb by hand."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from camwidget.explanation.ascent import LOGITS, Ascent
from camwidget.explanation.ascent.objectives import place_weights
from camwidget.explanation.ascent.traces import _on_grid, _outputs
from camwidget.model import LayerInfo, Network
from camwidget.model.network import compiled

# Two filters of 2 x 2 pixels and one grey channel, by [row, column].
KERNEL = np.array([[[1.0, -3.0], [2.0, 0.5]], [[-2.0, 1.0], [4.0, -1.0]]], np.float32)


def linear_network(shape: tuple[int | None, int | None, int] = (7, 9, 1), **options: Any) -> keras.Model:
    """One convolution of KERNEL without padding, stride 1: its mean over a box is linear in the pixels."""
    inputs = keras.Input(shape, **options)
    x = layers.Conv2D(2, 2, use_bias=False, name="conv")(inputs)
    model = keras.Model(inputs, x, name="linear")
    model.get_layer("conv").set_weights([np.moveaxis(KERNEL, 0, -1)[:, :, None, :]])
    return model


def headed_network() -> keras.Model:
    """7 x 9 x 3 pictures; a ReLU'd convolution whose last filter is dead, GAP, units, a softmax over three classes."""
    inputs = keras.Input((7, 9, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1, name="rescaling")(inputs)
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(x)
    x = layers.GlobalAveragePooling2D(name="gap")(x)
    x = layers.Dense(5, activation="relu", name="units")(x)
    model = keras.Model(inputs, layers.Dense(3, activation="softmax", name="classes")(x), name="headed")
    generator = np.random.default_rng(3)
    for weight in model.weights:
        weight.assign(generator.normal(size=weight.shape, scale=0.5))
    kernel, bias = model.get_layer("conv").get_weights()
    kernel[..., 3], bias[3] = 0, -1
    model.get_layer("conv").set_weights([kernel, bias])
    return model


def forked_network() -> keras.Model:
    """7 x 9 x 3 pictures; a convolution, and two outputs: three classes "fruit" and two others, "ripe"."""
    keras.utils.set_random_seed(11)
    inputs = keras.Input((7, 9, 3))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, name="conv")(inputs))
    heads = {name: layers.Dense(units, "softmax", name=name)(x) for name, units in (("fruit", 3), ("ripe", 2))}
    return keras.Model(inputs, heads, name="forked")


def activations_at(ascent: Ascent, inputs: np.ndarray) -> np.ndarray:
    """Every objective at each of some given inputs, (n, m): what a climb is to be compared with.

    Each input goes through the network once; what the objectives make of the layers is NumPy's.
    """
    has_head = any(layer.kind == LOGITS for layer in ascent.layers)
    function = (ascent.probe.headed if has_head else ascent.probe.compiled)(_layers_at, ascent.layers)
    outputs = [output.numpy() for output in function(tf.constant(inputs))]
    units, places = place_weights(ascent.objectives, ascent.layers, ascent.preset.border)
    return np.stack(
        [
            sum(
                np.einsum("mhw,hw->m", output[..., unit], place[n])
                for output, place, unit in zip(outputs, places, units[n], strict=True)
            )
            for n in range(len(units))
        ]
    )


def _layers_at(network: Network, layers: tuple[LayerInfo, ...]) -> Any:
    """Compile inputs -> each layer's output, (m, h, w, c)."""

    def function(inputs: Any) -> list[Any]:
        return [_on_grid(output, e) for e, output in zip(layers, _outputs(network, layers, inputs), strict=True)]

    return compiled(function, tf.TensorSpec((None, *network.shape), tf.float32))
