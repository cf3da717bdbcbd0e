"""The two compiled functions of an ascent: one step's direction, and a look at where it stands.

Compiled once for each combination of layers, size and preset: which channels, neurons and weights are
meant comes in as tensors, so that all filters of a layer share one function. Nothing behind the
layers is part of it.
"""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from camwidget.model import LayerInfo, Network
from camwidget.model.convolutions import quick_convolutions
from camwidget.model.head import final_activation
from camwidget.model.network import compiled
from camwidget.model.relus import relus_by

from .colours import Colours
from .objectives import LOGITS
from .presets import Preset, cell, longest_wave, strength
from .transforms import moved

# Other classes that a class is set against at a time.
_RIVALS = 5

_SEED, _LEAK = tf.TensorSpec((2,), tf.int32), tf.TensorSpec((), tf.float32)


def direction(
    network: Network, layers: tuple[LayerInfo, ...], preset: Preset, colours: Colours, moves: bool, rule: str
) -> Any:
    """Compile (parameters, units, places, seed, leak) -> (which way to go, values, whether there is a derivative).

    Args:
        network: and its size.
        layers: of the objective's terms, in order.
        preset: the recipe.
        colours: of the network's preprocessing.
        moves: whether the preset's transforms are made.
        rule: for ReLUs, "plain" or "redirected".

    The compiled function takes parameters (n, ...), units (n, t), a place weight (n, h, w) for each term, a seed (2,),
    and the slope of the final ReLU below 0. It gives the direction, of the parameters' shape, values (n,) of the
    objective, and (n,) True where the derivative is not 0.
    """
    pixels = cell(network.shape, [layer.grid for layer in layers])
    moving = strength(pixels) if moves else 0.0

    def function(parameters: Any, units: Any, places: Any, seed: Any, leak: Any) -> Any:
        pictures = preset.parameterisation.pictures(parameters, network.shape, colours, longest_wave(pixels))
        seen = moved(pictures, preset.transforms, moving, seed, colours.mean)
        with relus_by(rule), quick_convolutions():
            outputs = _outputs(network, layers, colours.to_inputs(seen))
        values = _objective(outputs, layers, units, places)
        led = [_leaking(output, leak) for output in outputs] if preset.leak else outputs
        if preset.contrast and [layer.kind for layer in layers] == [LOGITS] and network.kind != "values":
            led = [led[0] - preset.contrast * _rivals(led[0], units[:, 0])]
        (slope,) = tf.gradients(_objective(led, layers, units, places), pictures)
        if slope is None:
            raise ValueError(
                "The objective has no derivative with respect to the picture: the network turns it into whole numbers, "
                "or an operation on the way has none. Build it with a float input, or choose a layer before that."
            )
        slope = _normalised(slope)
        way, exists = _carried(slope, pictures, parameters), tf.reduce_any(slope != 0, axis=[1, 2, 3])
        length = _length(way)
        if preset.penalties:
            terms = [strength(pixels) * penalty.weight * penalty.function(pictures) for penalty in preset.penalties]
            (against,) = tf.gradients(tf.add_n(terms), pictures)
            way -= _carried(against, pictures, parameters)
        way = tf.math.divide_no_nan(way, length)
        return way, values, exists

    return compiled(function, _parameters(network, preset), *_objective_spec(layers), _SEED, _LEAK)


def look(network: Network, layers: tuple[LayerInfo, ...], preset: Preset, colours: Colours) -> Any:
    """Compile (parameters, units, places) -> values (n,) of the objective at the pictures themselves."""
    pixels = cell(network.shape, [layer.grid for layer in layers])

    def function(parameters: Any, units: Any, places: Any) -> Any:
        pictures = preset.parameterisation.pictures(parameters, network.shape, colours, longest_wave(pixels))
        return _objective(_outputs(network, layers, colours.to_inputs(pictures)), layers, units, places)

    return compiled(function, _parameters(network, preset), *_objective_spec(layers))


def _objective(outputs: Sequence[Any], layers: Sequence[LayerInfo], units: Any, places: Any) -> Any:
    """The objective's values, (n,), from the output of each term's layer."""
    total = 0.0
    for position, (layer, output) in enumerate(zip(layers, outputs, strict=True)):
        # Not a gather, whose derivative is slow by picture; not a product, by which one channel's infinity would become
        # every other's NaN.
        chosen = tf.one_hot(units[:, position], layer.channels, on_value=True, off_value=False)[:, None, None]
        channel = tf.reduce_sum(tf.where(chosen, _on_grid(output, layer), 0.0), axis=3)
        total += tf.reduce_sum(channel * places[position], axis=[1, 2])
    return total


def _on_grid(output: Any, layer: LayerInfo) -> Any:
    if layer.prefix is not None:
        output = output[:, layer.prefix :]
    return tf.reshape(tf.cast(output, tf.float32), [-1, *layer.grid, layer.channels])


def _outputs(network: Network, layers: Sequence[LayerInfo], inputs: Any) -> list[Any]:
    """The output of each term's layer; nothing behind the last of them is traced."""
    sides = network.no_sides(tf.shape(inputs)[0])
    names = {layer.name for layer in layers if layer.kind != LOGITS}
    kept: dict[str, Any] = {}
    if len(names) < len(set(layers)):

        def visit(name: str, called: Any, compute: Any, arguments: Any) -> Any:
            output = compute()
            kept.update({name: output} if name in names else {})
            return output

        kept[LOGITS] = network.head(inputs, sides, visit).logits
    else:
        kept = network.until(inputs, sides, names)
    # Behind a softmax the other classes' units would be pushed down instead, and it fades where it is almost 1.
    return [final_activation(kept[e.name])[1] if kept[e.name].shape.rank == 2 else kept[e.name] for e in layers]


def _leaking(output: Any, slope: Any) -> Any:
    """The layer's output with another slope below 0 where it ends in a ReLU."""
    if output.op.type != "Relu":
        return output
    before = output.op.inputs[0]
    return tf.maximum(before, tf.cast(slope, before.dtype) * before)


def _rivals(logits: Any, target: Any) -> Any:
    """The mean of the strongest logits but the target's, (n, 1)."""
    classes = int(logits.shape[1])
    others = tf.where(tf.one_hot(target, classes) > 0, logits.dtype.min, logits)
    return tf.reduce_mean(tf.math.top_k(others, min(_RIVALS, classes - 1)).values, axis=1, keepdims=True)


def _normalised(slope: Any) -> Any:
    """With a length of 1 for each picture, never over the batch; 0 stays 0."""
    axes = list(range(1, slope.shape.rank))
    # squares of tiny numbers would be 0
    scaled = tf.math.divide_no_nan(slope, tf.reduce_max(tf.abs(slope), axis=axes, keepdims=True))
    return tf.math.divide_no_nan(scaled, _length(scaled))


def _length(vectors: Any) -> Any:
    return tf.sqrt(tf.reduce_sum(tf.square(vectors), axis=list(range(1, vectors.shape.rank)), keepdims=True))


def _carried(slope: Any, pictures: Any, parameters: Any) -> Any:
    """A slope with respect to the pictures as one with respect to the parameters."""
    return tf.gradients(pictures, parameters, grad_ys=slope)[0]


def _parameters(network: Network, preset: Preset) -> tf.TensorSpec:
    return tf.TensorSpec((None, *preset.parameterisation.shape(network.shape)), tf.float32)


def _objective_spec(layers: Sequence[LayerInfo]) -> tuple[tf.TensorSpec, list[tf.TensorSpec]]:
    places = [tf.TensorSpec((None, *layer.grid), tf.float32) for layer in layers]
    return tf.TensorSpec((None, len(layers)), tf.int32), places
