"""The functions compiled from a network: each traces it once, tapping or substituting a layer.

**Tap** keeps a layer's output. **Substitute** returns a given tensor instead of computing it, so
that everything upstream that no longer matters falls out of the compiled function, while
connections that bypass the layer still work.

Every function takes (inputs, sides, ...): pictures, and what goes in beside them. Where a score is
named, target and against say for each picture which class is explained, against which.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from .head import Head, linear_weights
from .layers import LayerInfo
from .network import Network, compiled, substitute, tap
from .relus import count_relus, relus_by
from .scores import SCORES

_CLASSES = tf.TensorSpec((None,), tf.int32)
Sides = tuple[tf.Tensor, ...]


def observe(network: Network, layer: LayerInfo) -> Callable[..., Any]:
    """Compile (inputs, sides) -> (the layer's output, logits, log probabilities), all float32."""

    def function(inputs: tf.Tensor, sides: Sides) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        visit, seen = tap(layer)
        head = network.head(inputs, sides, visit)
        return tf.cast(_seen(seen, layer), tf.float32), head.logits, head.log_probabilities

    return compiled(function, *network.specs)


def verdict(network: Network) -> Callable[..., Any]:
    """Compile (inputs, sides) -> (logits, log probabilities), float32, without a look at any layer."""

    def function(inputs: tf.Tensor, sides: Sides) -> tuple[tf.Tensor, tf.Tensor]:
        head = network.head(inputs, sides, _unchanged)
        return head.logits, head.log_probabilities

    return compiled(function, *network.specs)


def gradient(network: Network, layer: LayerInfo, score: str) -> Callable[..., Any]:
    """Compile (inputs, sides, output, target, against) -> dS/d output, of the layer's shape, float32."""

    def function(inputs: tf.Tensor, sides: Sides, output: tf.Tensor, *classes: tf.Tensor) -> tf.Tensor:
        head = network.head(inputs, sides, substitute(layer, output))
        return _derivative(_score(score, head, classes), output, layer, head)

    return compiled(function, *network.specs, _output_spec(layer), _CLASSES, _CLASSES)


def gradient_through(network: Network, layer: LayerInfo, score: str) -> Callable[..., Any]:
    """Compile (inputs, sides, target, against) -> (dS/d output at these inputs, S), float32.

    One pass forward and back to the layer: where the output is not known yet, this spares `gradient`
    its second pass through the network's tail.
    """

    def function(inputs: tf.Tensor, sides: Sides, *classes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        visit, seen = tap(layer)
        head = network.head(inputs, sides, visit)
        scores = _score(score, head, classes)
        return _derivative(scores, _seen(seen, layer), layer, head), scores

    return compiled(function, *network.specs, _CLASSES, _CLASSES)


def scores_at(network: Network, layer: LayerInfo, score: str) -> Callable[..., Any]:
    """Compile (inputs, sides, output, target, against) -> S where the layer returns `output`."""

    def function(inputs: tf.Tensor, sides: Sides, output: tf.Tensor, *classes: tf.Tensor) -> tf.Tensor:
        return _score(score, network.head(inputs, sides, substitute(layer, output)), classes)

    return compiled(function, *network.specs, _output_spec(layer), _CLASSES, _CLASSES)


def pixel_gradient(network: Network, score: str, rule: str) -> Callable[..., Any]:
    """Compile (inputs, sides, target, against) -> (dS/d inputs, S, number of ReLUs differentiated by the rule)."""

    def function(inputs: tf.Tensor, sides: Sides, *classes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        with relus_by(rule):
            head = network.head(inputs, sides, _unchanged)
            scores = _score(score, head, classes)
        return _to_pixels(scores, inputs, rule, head)

    return compiled(function, *network.specs, _CLASSES, _CLASSES)


def pixel_gradient_of(network: Network, layer: LayerInfo, rule: str) -> Callable[..., Any]:
    """Compile (inputs, sides, chosen) -> as `pixel_gradient`, S the sum of the layer's chosen activations.

    `chosen` is 1 or 0 at each place of the layer's output.
    """

    def function(inputs: tf.Tensor, sides: Sides, chosen: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        visit, seen = tap(layer)
        with relus_by(rule):
            network.call(inputs, sides, visit)
        terms = tf.cast(_seen(seen, layer), tf.float32) * chosen
        return _to_pixels(tf.reduce_sum(terms, axis=list(range(1, terms.shape.rank))), inputs, rule)

    return compiled(function, *network.specs, tf.TensorSpec(_output_spec(layer).shape[1:], tf.float32))


def class_weights(network: Network, layer: LayerInfo) -> Callable[[], tf.Tensor] | str:
    """Compile () -> W (c, k) behind global average pooling of the layer; for any other head say what it is."""
    found: list[str] = []

    def function(inputs: tf.Tensor, sides: Sides) -> tf.Tensor:
        visit, seen = tap(layer)
        output = network.call(inputs, sides, visit)
        matrix = linear_weights(_seen(seen, layer), output)
        if isinstance(matrix, str):
            found.append(matrix)
            return tf.zeros((0, 0))
        return matrix

    concrete = compiled(function, *network.specs)
    if found:
        return found[0]
    return lambda: concrete(tf.zeros((1, *network.shape)), network.no_sides(1))


def _unchanged(name: str, called: Any, compute: Callable[[], Any], arguments: Any) -> Any:
    return compute()


def _score(name: str, head: Head, classes: tuple[tf.Tensor, ...]) -> tf.Tensor:
    return SCORES[name].function(head.logits, head.log_probabilities, *classes)


def _output_spec(layer: LayerInfo) -> tf.TensorSpec:
    if layer.prefix is None:
        return tf.TensorSpec((None, *layer.grid, layer.channels), tf.float32)
    return tf.TensorSpec((None, layer.prefix + layer.rows * layer.columns, layer.channels), tf.float32)


def _seen(seen: list[tf.Tensor], layer: LayerInfo) -> tf.Tensor:
    if not seen:
        raise ValueError(f"Layer {layer.name!r} was not called. Pass a layer that the output is computed from.")
    return seen[0]


def _gradients(scores: tf.Tensor, place: tf.Tensor, head: Head | None) -> tf.Tensor | None:
    """dS/d place for each picture, float32; None where S does not depend on it.

    By way of the logits. A probability's derivative there may be 1e-10, which is 0 in a network of half precision;
    so what goes back through the network is divided by the power of two below its largest number, without rounding,
    and what comes out is multiplied by it.
    """
    if head is None:
        (gradient,) = tf.gradients(scores, place)
        return None if gradient is None else tf.cast(gradient, tf.float32)
    # Ones, as there would be by default; those are made in the shape of the scores, which then have to be computed.
    (at_logits,) = tf.gradients(scores, head.logits, grad_ys=tf.ones(tf.shape(place)[:1], scores.dtype))
    largest = tf.reduce_max(tf.abs(at_logits), axis=1, keepdims=True)
    # A float32 without its sign and fraction is a power of two.
    power = tf.bitcast(tf.bitwise.bitwise_and(tf.bitcast(largest, tf.int32), 0x7F800000), tf.float32)
    factor = tf.where(power > 0, power, tf.ones_like(power))
    (gradient,) = tf.gradients(head.logits, place, grad_ys=at_logits / factor)
    if gradient is None:
        return None
    return tf.cast(gradient, tf.float32) * tf.reshape(factor, [-1] + [1] * (gradient.shape.rank - 1))


def _derivative(scores: tf.Tensor, output: tf.Tensor, layer: LayerInfo, head: Head) -> tf.Tensor:
    gradient = _gradients(scores, output, head)
    if gradient is None:
        raise ValueError(
            f"The score does not depend on layer {layer.name!r}. Pass a layer that the output is computed from."
        )
    return gradient


def _to_pixels(
    scores: tf.Tensor, inputs: tf.Tensor, rule: str, head: Head | None = None
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    relus, out_of_reach = (0, 0) if rule == "plain" else count_relus(scores)
    if out_of_reach:
        raise ValueError(
            f"Guided backprop and deconvnet change what every ReLU hands back, and {out_of_reach} of the "
            f"{relus + out_of_reach} here stand inside a tf.cond or a loop, where no rule can be given. Use "
            "method='gradient' or 'smooth_grad', or take them out of it."
        )
    if rule != "plain" and relus == 0:
        raise ValueError(
            "Guided backprop and deconvnet change what ReLUs hand back, and nothing of the kind lies between the "
            "picture and what is explained. Use method='gradient' or 'smooth_grad' for a network of other activations."
        )
    gradient = _gradients(scores, inputs, head)
    if gradient is None:
        raise ValueError("The score has no derivative with respect to the picture: an operation on the way has none.")
    return gradient, scores, tf.constant(relus)
