"""What one trace of the whole network shows: its layers with a map, and its head."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .head import OF_LABELS, Kind, head_kind, make_head
from .layers import LayerInfo, mark_default
from .network import Network, compiled
from .tracing import Visit, is_in_view

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
        hidden: names of the layers whose map stands inside a branch or a loop, where it cannot be seen.
        apart: names of the layers whose map does not depend on the picture, but on another input.
        variables: references to those of TensorFlow that the network reads and Keras knows nothing of.
    """

    network: Network
    layers: tuple[LayerInfo, ...]
    classes: int
    tokens: int
    hidden: tuple[str, ...]
    apart: tuple[str, ...]
    variables: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class _Call:
    """What one layer returned, and where among attentions it stands.

    Attributes:
        info: its name, class and type; rows, columns and channels where it is a map, see `_form`, else 0.
        layer: the Keras layer, or the operation.
        output: what it returned.
        is_map: whether `info` has a shape.
        inside: whether it stands inside an attention.
        attends: whether it is one, or stands behind one.
        is_hidden: whether it gave a map inside a branch or a loop; `is_map` is False then.
    """

    info: LayerInfo
    layer: Any
    output: Any
    is_map: bool
    inside: bool
    attends: bool
    is_hidden: bool = False


def _watching(network: Network, calls: list[_Call]) -> Visit:
    """A visit that notes every call of a layer, in order of execution."""
    graph = tf.compat.v1.get_default_graph()
    grids: list[tuple[int, int]] = []
    attention = [0, 0]  # how deep inside one, and how many there were

    def visit(name: str, layer: Any, compute: Callable[[], Any], arguments: Any) -> Any:
        is_attention = isinstance(layer, _ATTENTION)
        attention[0] += is_attention
        attention[1] += is_attention
        try:
            output = compute()
        finally:
            attention[0] -= is_attention
        inside, attends = attention[0] > 0, attention[1] > 0
        form = None if inside else _form(output, network.shape, grids, attends=attends)
        if not is_in_view(output, graph):
            info = _info(name, layer, output, None)
            calls.append(_Call(info, layer, None, False, inside, attends, is_hidden=form is not None))
            return output
        if form is not None and form[2] is None:
            grids.append(form[:2])
        calls.append(_Call(_info(name, layer, output, form), layer, output, form is not None, inside, attends))
        return output

    return visit


def _info(name: str, layer: Any, output: Any, form: tuple[int, int, int | None] | None) -> LayerInfo:
    is_attention = isinstance(layer, _ATTENTION)
    has_weights = isinstance(layer, keras.Layer) and bool(layer.weights) and (is_attention or not layer._layers)
    if form is None:
        return LayerInfo(name, type(layer).__name__, 0, 0, 0, has_weights=has_weights)
    rows, columns, prefix = form
    shape = (rows, columns, output.shape[-1])
    dtype = output.dtype.name
    return LayerInfo(name, type(layer).__name__, *shape, has_weights=has_weights, prefix=prefix, dtype=dtype)


def _listed(calls: Sequence[_Call]) -> list[_Call]:
    """The same; those whose output is that of an earlier one only hand it on, and are not listed."""
    first: dict[int, _Call] = {}
    for call in calls:
        first.setdefault(id(call.output), call)
    return [replace(call, info=replace(call.info, listed=first[id(call.output)] is call)) for call in calls]


def census(network: Network) -> tuple[LayerInfo, ...]:
    """Trace the network once and note every use of a layer whose output has channels, whatever its head is.

    These are the maps and tokens of `survey`, maps of one row or column, and units: an output of shape (n, units) is
    a map of one row and one column.
    """
    calls: list[_Call] = []

    def forward(inputs: tf.Tensor, sides: tuple[tf.Tensor, ...]) -> tf.Tensor:
        calls.clear()  # traced twice where a layer makes its weights at its first call
        network.outputs(inputs, sides, _watching(network, calls))
        return tf.zeros(())

    compiled(forward, *network.specs)
    found: list[_Call] = []
    for call in calls:
        small = None if call.is_map or call.inside else _small(call.output)
        if not isinstance(call.layer, keras.layers.InputLayer) and (call.is_map or small is not None):
            info = call.info if small is None else _info(call.info.name, call.layer, call.output, small)
            found.append(replace(call, info=info))
    return tuple(call.info for call in _listed(found))


def survey(network: Network) -> Survey:
    """Trace the network once and note every use of a layer whose output is a map."""
    calls: list[_Call] = []
    head: list[tuple[Kind, int]] = []
    apart: list[str] = []

    def forward(inputs: tf.Tensor, sides: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, tf.Tensor]:
        calls.clear()  # traced twice where a layer makes its weights at its first call
        outputs = network.outputs(inputs, sides, _watching(network, calls))
        apart[:] = _of_other_inputs(inputs, calls) if sides else []
        output = network.vector(outputs)
        kind = head_kind(output, network.loss(outputs))
        units: Any = output.shape[1]
        head[:] = [(kind, units)]
        return output, _reach(make_head(output, kind).logits, [call for call in calls if call.is_map])

    concrete = compiled(forward, *network.specs)
    ((kind, units),) = head
    maps = [call.info for call in _listed([call for call in calls if call.is_map])]
    # What comes before the first weights is the picture itself, rescaled or padded.
    start = next((position for position, info in enumerate(maps) if info.has_weights), 0)
    without_effect: set[str] = set()
    tokens = [info.name for info in maps if info.prefix is not None]
    if tokens or kind == "labels" or (kind == "linear" and units > 1):
        noise = np.random.default_rng(0).random((2, *network.shape), np.float32)
        outputs, reach = (tensor.numpy() for tensor in concrete(tf.constant(noise), network.no_sides(2)))
        without_effect = {name for name, most in zip(tokens, reach, strict=True) if most == 0}
        # A softmax that the graph hides still shows in the numbers.
        if kind == "linear" and (outputs >= 0).all() and np.allclose(outputs.sum(axis=1), 1, atol=1e-3):
            kind = "probabilities"
        if kind == "labels" and not ((outputs >= 0) & (outputs <= 1)).all():
            kind = "linear" if units > 1 else "values"
    classes = 2 if kind in OF_LABELS and units == 1 else units
    last = max((position for position, call in enumerate(calls) if call.is_map), default=-1)
    behind = calls[last + 1 :]
    weights_follow = any(call.info.has_weights for call in behind)
    of_picture = [info for info in maps[start:] if info.name not in apart]
    marked = {
        info.name: info
        for info in mark_default(of_picture, weights_follow=weights_follow, without_effect=without_effect)
    }
    layers = tuple(marked.get(info.name, info) for info in maps[start:])
    loose = [call for call in calls if not call.is_map and call.info.has_weights and call.attends]
    tokens_without_grid = [call for call in loose if isinstance(call.output, tf.Tensor) and call.output.shape.rank == 3]
    hidden = tuple(call.info.name for call in calls if call.is_hidden)
    known = {id(variable.value) for variable in network.model.variables}
    variables = tuple(each.ref() for each in concrete.variables if id(each) not in known)
    return Survey(
        replace(network, kind=kind), layers, classes, len(tokens_without_grid), hidden, tuple(apart), variables
    )


def _of_other_inputs(picture: tf.Tensor, calls: Sequence[_Call]) -> list[str]:
    """Names of the maps that nothing leads to from the picture: laid over it they would speak of another one."""
    reached = {picture.op.name}
    for operation in picture.graph.get_operations():  # in the order in which they were made
        if any(tensor.op.name in reached for tensor in operation.inputs):
            reached.add(operation.name)
    return [call.info.name for call in calls if call.is_map and call.output.op.name not in reached]


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


def _reach(logits: tf.Tensor, maps: Sequence[_Call]) -> tf.Tensor:
    """For each layer of tokens, how far the logits depend on those that stand for places, shape (layers,)."""
    tokens = [(call.info, call.output) for call in maps if call.info.prefix is not None]
    if not tokens:
        return tf.zeros(0)
    # By random numbers, since all logits together may add up to a constant.
    mixed = tf.reduce_sum(logits * tf.random.stateless_uniform(tf.shape(logits)[1:], (0, 0), 0.5, 1.5))
    gradients = tf.gradients(mixed, [output for _, output in tokens], unconnected_gradients="zero")
    places = [gradient[:, info.prefix :] for (info, _), gradient in zip(tokens, gradients, strict=True)]
    return tf.stack([tf.reduce_max(tf.abs(tf.cast(each, tf.float32))) for each in places])
