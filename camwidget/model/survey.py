"""What one trace of the whole network shows: its layers with a map, and its head."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .head import Kind, head_kind, make_head
from .layers import LayerInfo, mark_default
from .network import Network, compiled

# The name of the picture itself among the layers, for networks that have no other map.
INPUT = "input"

# What stands inside one of these has rows and columns of another kind: heads, queries and keys.
_ATTENTION = (
    keras.layers.MultiHeadAttention,
    keras.layers.GroupQueryAttention,
    keras.layers.Attention,
    keras.layers.AdditiveAttention,
)

# At most so many tokens may stand before those of the places: a class token and a few registers.
_MOST_PREFIX = 8


@dataclass(frozen=True)
class Survey:
    """Layers and head of a network.

    Attributes:
        network: the same network, with the kind of its head.
        layers: every use of a layer with a map, in order of execution.
        classes: number of classes, or of values.
        tokens: how many layers give tokens that form no grid.
    """

    network: Network
    layers: tuple[LayerInfo, ...]
    classes: int
    tokens: int


def census(network: Network) -> tuple[LayerInfo, ...]:
    """Trace the network once and note every use of a layer whose output has channels, whatever its head is.

    These are the maps and tokens of `survey`, maps of one row or column, and units: an output of shape (n, units) is
    a map of one row and one column.
    """
    layers: list[LayerInfo] = []
    grids: list[tuple[int, int]] = []
    attention = [0, 0]  # how deep inside one, and how many there were
    outputs: list[Any] = []

    def visit(name: str, layer: Any, compute: Callable[[], Any], arguments: Any) -> Any:
        is_attention = isinstance(layer, _ATTENTION)
        attention[0] += is_attention
        attention[1] += is_attention
        try:
            output = compute()
        finally:
            attention[0] -= is_attention
        form = None if attention[0] else _form(output, network.shape, grids, attends=attention[1] > 0)
        form = form or (None if attention[0] else _small(output))
        if form is not None and not isinstance(layer, keras.layers.InputLayer):
            rows, columns, prefix = form
            grids.extend([(rows, columns)] if prefix is None and min(rows, columns) > 1 else [])
            listed = not any(output is other for other in outputs)
            has_weights = isinstance(layer, keras.Layer) and bool(layer.weights) and not layer._layers
            info = LayerInfo(name, type(layer).__name__, rows, columns, output.shape[-1], prefix=prefix)
            layers.append(replace(info, listed=listed, has_weights=has_weights))
            outputs.append(output)
        return output

    def forward(inputs: tf.Tensor, sides: tuple[tf.Tensor, ...]) -> tf.Tensor:
        network.outputs(inputs, sides, visit)
        return tf.zeros(())

    compiled(forward, *network.specs)
    return tuple(layers)


def survey(network: Network) -> Survey:
    """Trace the network once and note every use of a layer whose output is a map."""
    maps: list[tuple[LayerInfo, tf.Tensor]] = []
    weights_at: list[int] = []  # number of maps seen before each layer that has weights but no map
    head: list[tuple[Kind, int]] = []
    grids: list[tuple[int, int]] = []
    attention = [0, 0]  # how deep inside one, and how many there were
    loose_tokens: list[str] = []

    def visit(name: str, layer: Any, compute: Callable[[], Any], arguments: Any) -> Any:
        is_attention = isinstance(layer, _ATTENTION)
        attention[0] += is_attention
        attention[1] += is_attention
        try:
            output = compute()
        finally:
            attention[0] -= is_attention
        has_weights = isinstance(layer, keras.Layer) and bool(layer.weights) and (is_attention or not layer._layers)
        form = None if attention[0] else _form(output, network.shape, grids, attends=attention[1] > 0)
        if form is not None:
            rows, columns, prefix = form
            if prefix is None:
                grids.append((rows, columns))
            info = LayerInfo(
                name,
                type(layer).__name__,
                rows,
                columns,
                output.shape[-1],
                has_weights=has_weights,
                listed=not any(output is other for _, other in maps),
                prefix=prefix,
                dtype=output.dtype.name,
            )
            maps.append((info, output))
        elif has_weights:
            weights_at.append(len(maps))
            if attention[1] and isinstance(output, tf.Tensor) and output.shape.rank == 3:
                loose_tokens.append(name)
        return output

    def forward(inputs: tf.Tensor, sides: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, tf.Tensor]:
        # Traced twice where a layer makes its weights at its first call.
        for noted in (maps, weights_at, head, grids, loose_tokens):
            noted.clear()
        outputs = network.outputs(inputs, sides, visit)
        output = network.vector(outputs)
        kind = head_kind(output, network.loss(outputs))
        units: Any = output.shape[1]
        head.append((kind, 2 if kind == "sigmoid" and units == 1 else units))
        return output, _reach(make_head(output, kind).logits, maps)

    concrete = compiled(forward, *network.specs)
    ((kind, classes),) = head
    # What comes before the first weights is the picture itself, rescaled or padded.
    start = next((position for position, (info, _) in enumerate(maps) if info.has_weights), 0)
    layers = [info for info, _ in maps[start:]]
    without_effect: set[str] = set()
    tokens = [info.name for info, _ in maps if info.prefix is not None]
    if tokens or (kind == "linear" and classes > 1):
        noise = np.random.default_rng(0).random((2, *network.shape), np.float32)
        sides = tuple(tf.zeros((2, *side.shape), side.dtype) for side in network.sides)
        outputs, reach = (tensor.numpy() for tensor in concrete(tf.constant(noise), sides))
        without_effect = {name for name, most in zip(tokens, reach, strict=True) if most == 0}
        # A softmax that the graph hides still shows in the numbers.
        if kind == "linear" and (outputs >= 0).all() and np.allclose(outputs.sum(axis=1), 1, atol=1e-3):
            kind = "probabilities"
    weights_follow = any(position == len(maps) for position in weights_at)
    marked = mark_default(layers, weights_follow=weights_follow, without_effect=without_effect)
    return Survey(replace(network, kind=kind), marked, classes, len(loose_tokens))


def _form(
    output: Any, shape: tuple[int, int, int], grids: Sequence[tuple[int, int]], *, attends: bool
) -> tuple[int, int, int | None] | None:
    """Rows, columns and prefix of an output that is a map, see `LayerInfo`; None for any other.

    Args:
        output: of a layer.
        shape: of the picture.
        grids: of the maps before it.
        attends: whether there was an attention before it, so that rows of vectors are tokens.
    """
    if not (isinstance(output, tf.Tensor) and output.dtype.is_floating):
        return None
    if output.shape.rank == 4:
        rows, columns, channels = (length or 0 for length in output.shape[1:])  # None where a length is open
        return (rows, columns, None) if min(rows, columns) > 1 and channels > 0 else None
    if output.shape.rank != 3 or None in output.shape[1:]:
        return None
    count = int(output.shape[1])  # type: ignore[arg-type] # no length is open
    for rows, columns in reversed(grids):
        if 0 <= count - rows * columns <= _MOST_PREFIX:
            return rows, columns, count - rows * columns
    # Patches cut out without a convolution: as square as the picture's sides allow.
    for prefix in (0, 1, 2) if attends else ():
        rows = round(math.sqrt((count - prefix) * shape[0] / shape[1]))
        columns = round(math.sqrt((count - prefix) * shape[1] / shape[0]))
        if min(rows, columns) > 1 and rows * columns == count - prefix and rows * shape[1] == columns * shape[0]:
            return rows, columns, prefix
    return None


def _small(output: Any) -> tuple[int, int, int | None] | None:
    """The form of units, and of a map that is a single row or column."""
    if not (isinstance(output, tf.Tensor) and output.dtype.is_floating) or output.shape.rank not in (2, 4):
        return None
    if None in output.shape[1:] or 0 in output.shape[1:]:
        return None
    rows, columns = output.shape[1:3] if output.shape.rank == 4 else (1, 1)
    return int(rows), int(columns), None  # type: ignore[arg-type] # no length is open


def _reach(logits: tf.Tensor, maps: Sequence[tuple[LayerInfo, tf.Tensor]]) -> tf.Tensor:
    """For each layer of tokens, how far the logits depend on those that stand for places, shape (layers,)."""
    tokens = [(info, output) for info, output in maps if info.prefix is not None]
    if not tokens:
        return tf.zeros(0)
    # By random numbers, since all logits together may add up to a constant.
    mixed = tf.reduce_sum(logits * tf.random.stateless_uniform(tf.shape(logits)[1:], (0, 0), 0.5, 1.5))
    gradients = tf.gradients(mixed, [output for _, output in tokens], unconnected_gradients="zero")
    places = [gradient[:, info.prefix :] for (info, _), gradient in zip(tokens, gradients, strict=True)]
    return tf.stack([tf.reduce_max(tf.abs(tf.cast(each, tf.float32))) for each in places])
