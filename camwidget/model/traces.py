"""The functions compiled from a network: each traces it once, tapping or substituting a layer.

**Tap** keeps a layer's output. **Substitute** returns a given tensor instead of computing it, so
that everything upstream that no longer matters falls out of the compiled function, while
connections that bypass the layer still work.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from .head import Kind, final_activation, linear_weights, make_head
from .layers import LayerInfo, mark_default
from .scores import SCORES
from .tracing import Visit, visiting

_TARGET = tf.TensorSpec((), tf.int32)


@dataclass(frozen=True)
class Network:
    """A model to be traced at inputs of one size.

    Attributes:
        model: the user's network.
        shape: (height, width, channels) of what it takes.
        are_probabilities: whether its outputs are probabilities although the graph shows no final
            softmax or sigmoid.
    """

    model: keras.Model
    shape: tuple[int, int, int]
    are_probabilities: bool = False

    @property
    def input_spec(self) -> tf.TensorSpec:
        """Pictures, any number of them at a time."""
        return tf.TensorSpec((None, *self.shape), tf.float32)

    def call(self, inputs: tf.Tensor, visit: Visit) -> tf.Tensor:
        """Run the model inside a trace, every layer through `visit`; its output, shape (n, k)."""
        # The stateless scope keeps what layers write during a call (losses of activity
        # regularisers, seeds, counters) out of the user's network.
        # The layer around it keeps `model.losses`: a network called by itself empties that list,
        # which `fit` may be filling in another thread; a network called by a layer does not.
        around = keras.layers.Lambda(
            lambda x: self.model(x, training=False), name="around", dtype="float32", autocast=False
        )
        with keras.StatelessScope(), visiting(self.model, visit):
            outputs = tf.nest.flatten(around(inputs))
        if len(outputs) != 1:
            raise ValueError(
                f"The network has {len(outputs)} outputs; one vector of class scores is expected. Pass a network "
                "with one of them: keras.Model(model.inputs, model.outputs[0])."
            )
        (output,) = outputs
        if output.shape.rank == 4 and tuple(output.shape[1:3]) == (1, 1):
            output = tf.squeeze(output, [1, 2])  # not a slice: `final_activation` looks through it
        if output.shape.rank != 2:
            raise ValueError(
                f"The network's output has shape {tuple(output.shape)}; one vector of class scores for each "
                "picture, shape (n, classes), is expected. Pass a classifier."
            )
        return output


@dataclass(frozen=True)
class Survey:
    """What one trace of the whole network shows: its layers with a map and its head."""

    layers: tuple[LayerInfo, ...]
    kind: Kind
    classes: int
    forward: Callable[[tf.Tensor], tf.Tensor]


def survey(network: Network) -> Survey:
    """Trace the network once and note every use of a layer whose output is a map."""
    maps: list[tuple[LayerInfo, tf.Tensor]] = []
    weights_at: list[int] = []  # number of maps seen before each layer that has weights but no map
    head: list[tuple[Kind, int]] = []

    def visit(name: str, layer: keras.Layer, compute: Callable[[], Any], arguments: Any) -> Any:
        output = compute()
        has_weights = bool(layer.weights) and not layer._layers
        if _is_map(output):
            handed_on = any(output is other for _, other in maps)
            _, rows, columns, channels = output.shape
            info = LayerInfo(
                name, type(layer).__name__, rows, columns, channels, has_weights=has_weights, listed=not handed_on
            )
            maps.append((info, output))
        elif has_weights:
            weights_at.append(len(maps))
        return output

    def forward(inputs: tf.Tensor) -> tf.Tensor:
        output = network.call(inputs, visit)
        kind, _ = final_activation(output)
        units: Any = output.shape[1]
        head.append((kind, 2 if kind == "sigmoid" and units == 1 else units))
        return output

    concrete = _compile(forward, network.input_spec)
    # What comes before the first weights is the picture itself, rescaled or padded.
    start = next((position for position, (info, _) in enumerate(maps) if info.has_weights), 0)
    weights_follow = any(position == len(maps) for position in weights_at)
    layers = mark_default([info for info, _ in maps[start:]], weights_follow=weights_follow)
    ((kind, classes),) = head
    return Survey(layers, kind, classes, concrete)


def observe(network: Network, layer: LayerInfo) -> Callable[..., Any]:
    """Compile inputs -> (activations of the layer, logits, log probabilities), all float32."""

    def function(inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        visit, seen = _tap(layer)
        head = make_head(network.call(inputs, visit), are_probabilities=network.are_probabilities)
        return tf.cast(seen[0], tf.float32), head.logits, head.log_probabilities

    return _compile(function, network.input_spec)


def gradient(network: Network, layer: LayerInfo, score: str) -> Callable[..., Any]:
    """Compile (inputs, activations, target) -> dS/dA, float32, of the layer's shape."""

    def function(inputs: tf.Tensor, activations: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
        def substitute(name: str, called: keras.Layer, compute: Callable[[], Any], arguments: Any) -> Any:
            return tf.cast(activations, called.compute_dtype) if name == layer.name else compute()

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(activations)
            head = make_head(network.call(inputs, substitute), are_probabilities=network.are_probabilities)
            scores = SCORES[score].function(head.logits, head.log_probabilities, target)
        return _depends(tape.gradient(scores, activations), layer)

    shape = tf.TensorSpec((None, layer.rows, layer.columns, layer.channels), tf.float32)
    return _compile(function, network.input_spec, shape, _TARGET)


def gradient_through(network: Network, layer: LayerInfo, score: str) -> Callable[..., Any]:
    """Compile (inputs, target) -> dS/dA at the activations that these inputs give, float32.

    One pass forward and back to the layer: where the activations are not known yet, this spares
    `gradient` its second pass through the network's tail.
    """

    def function(inputs: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            visit, seen = _tap(layer, tape.watch)
            head = make_head(network.call(inputs, visit), are_probabilities=network.are_probabilities)
            scores = SCORES[score].function(head.logits, head.log_probabilities, target)
        return tf.cast(_depends(tape.gradient(scores, seen[0]), layer), tf.float32)

    return _compile(function, network.input_spec, _TARGET)


def class_weights(network: Network, layer: LayerInfo) -> Callable[[], tf.Tensor] | None:
    """Compile () -> W (c, k) behind global average pooling of the layer; None for any other head."""

    def function(inputs: tf.Tensor) -> tf.Tensor:
        visit, seen = _tap(layer)
        output = network.call(inputs, visit)
        matrix = linear_weights(seen[0], output)
        return tf.zeros((0, 0)) if matrix is None else matrix

    concrete = _compile(function, network.input_spec)
    if concrete.output_shapes == (0, 0):
        return None
    return lambda: concrete(tf.zeros((1, *network.shape)))


# Numbers of all weights together up to which every one is read: half a millisecond.
_READ_WHOLE = 2**20


def fingerprint(model: keras.Model) -> Callable[[], tf.Tensor]:
    """Compile () -> int32 numbers that change with the weights.

    In a small network every number of every weight counts, so that a single filter set to zero by
    hand is noticed. In a larger one, the middle number of at most 64 weights, evenly spread, the
    last among them: training changes these, and nothing is read whole.
    """
    weights = model.weights
    whole = sum(math.prod(weight.shape) for weight in weights) <= _READ_WHOLE
    step = 1 if whole else max(1, len(weights) // 64)

    def number(value: tf.Tensor) -> tf.Tensor:
        numbers = tf.reshape(value, [-1])
        if not whole:
            return tf.bitcast(tf.cast(numbers[tf.size(numbers) // 2], tf.float32), tf.int32)
        # Each place counts differently, and sums wrap around: two filters exchanged are noticed.
        bits = tf.bitcast(tf.cast(numbers, tf.float32), tf.int32)
        return tf.reduce_sum(bits * tf.range(1, 2 * tf.size(bits), 2))

    def function() -> tf.Tensor:
        values = [tf.convert_to_tensor(weight.value) for weight in weights[::-step]]
        return tf.stack([number(value) for value in values]) if values else tf.zeros(0, tf.int32)

    return _compile(function)


def _compile(function: Callable[..., Any], *signature: tf.TensorSpec) -> Any:
    # Traced here and now, under this signature alone: a `tf.function` that is called counts its
    # traces by the address of the Python function and warns when another one is given that address.
    return tf.function(function, autograph=False).get_concrete_function(*signature)


def _tap(layer: LayerInfo, watch: Callable[[tf.Tensor], object] = lambda output: None) -> tuple[Visit, list[tf.Tensor]]:
    seen: list[tf.Tensor] = []

    def visit(name: str, called: keras.Layer, compute: Callable[[], Any], arguments: Any) -> Any:
        output = compute()
        if name == layer.name:
            watch(output)
            seen.append(output)
        return output

    return visit, seen


def _depends(gradient: Any, layer: LayerInfo) -> tf.Tensor:
    if gradient is None:
        raise ValueError(
            f"The score does not depend on layer {layer.name!r}. Pass a layer that the output is computed from."
        )
    return gradient


def _is_map(output: Any) -> bool:
    if not (isinstance(output, tf.Tensor) and output.shape.rank == 4 and output.dtype.is_floating):
        return False
    rows, columns, channels = (length or 0 for length in output.shape[1:])  # None where a length is open
    return min(rows, columns) > 1 and channels > 0
