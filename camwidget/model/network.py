"""A network about to be traced: inputs of one size, one of its outputs, and a tap in its layers."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from .head import Head, Kind, make_head
from .inputs import Arrangement
from .layers import LayerInfo
from .tracing import Visit, is_in_view, visiting


class _Reached(BaseException):
    """All that was wanted of a network has been computed. No `Exception`: Keras would add words and raise another."""


@dataclass(frozen=True)
class Side:
    """One of the other inputs: its shape without the batch axis, and its type."""

    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class Network:
    """A model to be traced at inputs of one size.

    Attributes:
        model: the user's network.
        shape: (height, width, channels) of the picture.
        arrangement: how its inputs are handed over.
        sides: the inputs beside the picture, in order.
        output: name or position of the output to explain; None: the only one.
        kind: of its head, see `Head`; found by the survey.
        weights: values in the place of some of the model's weights; the model keeps its own.
    """

    model: keras.Model
    shape: tuple[int, int, int]
    arrangement: Arrangement = Arrangement()
    sides: tuple[Side, ...] = ()
    output: str | int | None = None
    kind: Kind = "linear"
    weights: tuple[tuple[keras.Variable, Any], ...] = ()

    @property
    def specs(self) -> tuple[tf.TensorSpec, tuple[tf.TensorSpec, ...]]:
        """Of the pictures and of what goes in beside them; any number at a time."""
        sides = tuple(tf.TensorSpec((None, *side.shape), side.dtype) for side in self.sides)
        return tf.TensorSpec((None, *self.shape), tf.float32), sides

    def no_sides(self, count: Any) -> tuple[tf.Tensor, ...]:
        """Zeros for the inputs beside so many pictures."""
        return tuple(tf.zeros((count, *side.shape), side.dtype) for side in self.sides)

    def call(self, inputs: tf.Tensor, sides: tuple[tf.Tensor, ...], visit: Visit) -> tf.Tensor:
        """Run the model inside a trace, every layer through `visit`; its output, shape (n, k)."""
        return self.vector(self.outputs(inputs, sides, visit))

    def outputs(self, inputs: tf.Tensor, sides: tuple[tf.Tensor, ...], visit: Visit) -> Any:
        """Run the model inside a trace, every layer through `visit`; all of its outputs."""
        # The stateless scope keeps what layers write during a call (losses of activity
        # regularisers, seeds, counters) out of the user's network.
        # The layer around it keeps `model.losses`: a network called by itself empties that list,
        # which `fit` may be filling in another thread; a network called by a layer does not.
        around = keras.layers.Lambda(
            lambda x: self.model(x, training=False), name="around", dtype="float32", autocast=False
        )
        with keras.StatelessScope(self.weights), visiting(self.model, visit):
            return around(self.arrangement.pack(inputs, sides))

    def until(self, inputs: tf.Tensor, sides: tuple[tf.Tensor, ...], names: Collection[str]) -> dict[str, tf.Tensor]:
        """Run the model inside a trace as far as the layers of these names; the output of each.

        What comes behind the last of them is not even traced, so a network may be given pictures of a size that
        only its head cannot take.

        Raises:
            ValueError: a layer was not called.
        """
        seen: dict[str, tf.Tensor] = {}

        def visit(name: str, called: Any, compute: Callable[[], Any], arguments: Any) -> Any:
            output = compute()
            if name in names:
                seen[name] = output
                if len(seen) == len(names):
                    raise _Reached
            return output

        try:
            self.outputs(inputs, sides, visit)
        except _Reached:
            pass
        for name in names:
            if name not in seen:
                raise ValueError(f"Layer {name!r} was not called. Pass a layer that the network's output depends on.")
        return seen

    def before_weights(self, inputs: tf.Tensor, sides: tuple[tf.Tensor, ...]) -> tf.Tensor | None:
        """What the first layer with trained weights is given, in a trace that ends there; None where it is not seen."""
        graph = tf.compat.v1.get_default_graph()
        given: list[Any] = []

        def visit(name: str, called: Any, compute: Callable[[], Any], arguments: Any) -> Any:
            is_trained = isinstance(called, keras.Layer) and not isinstance(called, keras.layers.Normalization)
            if is_trained and called.weights and not called._layers:
                given.extend(arguments[:1])
                raise _Reached
            return compute()

        try:
            self.outputs(inputs, sides, visit)
        except _Reached:
            pass
        found = given[0] if given else None
        return found if isinstance(found, tf.Tensor) and is_in_view(found, graph) else None

    def vector(self, outputs: Any) -> tf.Tensor:
        """The output to be explained, shape (n, k).

        Raises:
            ValueError: there is no such one, or it is no vector.
        """
        output = _listed(outputs)[self._position(outputs)]
        if output.shape.rank == 4 and tuple(output.shape[1:3]) == (1, 1):
            output = tf.squeeze(output, [1, 2])  # not a slice: `final_activation` looks through it
        if output.shape.rank != 2:
            raise ValueError(
                f"The network's output has shape {tuple(output.shape)}; one vector of class scores or values for each "
                "picture, shape (n, classes), is expected."
            )
        return output

    def head(self, inputs: tf.Tensor, sides: tuple[tf.Tensor, ...], visit: Visit) -> Head:
        """Run the model inside a trace; its logits."""
        return make_head(self.call(inputs, sides, visit), self.kind)

    def output_names(self, outputs: Any) -> list[str]:
        """The names of the network's outputs, in order."""
        if isinstance(outputs, Mapping):
            return list(outputs)
        count = len(outputs) if isinstance(outputs, list | tuple) else 1
        names = getattr(self.model, "output_names", None) or ()
        return list(names) if len(names) == count else [f"output {n}" for n in range(count)]

    def loss(self, outputs: Any) -> object:
        """What the output to be explained was trained with, as given to `model.compile`; None where it was not."""
        loss, position = getattr(self.model, "loss", None), self._position(outputs)
        if isinstance(loss, Mapping):
            return loss.get(self.output_names(outputs)[position])
        if isinstance(loss, list | tuple):
            return loss[position] if position < len(loss) else None
        return loss

    def _position(self, outputs: Any) -> int:
        names, tensors = self.output_names(outputs), _listed(outputs)
        if isinstance(self.output, int) and 0 <= self.output < len(tensors):
            return self.output
        if isinstance(self.output, str) and self.output in names:
            return names.index(self.output)
        listed = ", ".join(map(repr, names))
        if self.output is not None:
            raise ValueError(f"No output {self.output!r}. The network's outputs: {listed}. Pass one as output=.")
        if len(tensors) != 1:
            raise ValueError(f"The network has {len(tensors)} outputs: {listed}. Pass one as output=.")
        return 0


def _listed(outputs: Any) -> list[tf.Tensor]:
    return list(outputs.values()) if isinstance(outputs, Mapping) else tf.nest.flatten(outputs)


def tap(layer: LayerInfo) -> tuple[Visit, list[tf.Tensor]]:
    """A visit that keeps the layer's output, and the list that will hold it."""
    seen: list[tf.Tensor] = []

    def visit(name: str, called: Any, compute: Callable[[], Any], arguments: Any) -> Any:
        output = compute()
        if name == layer.name:
            seen.append(output)
        return output

    return visit, seen


def substitute(layer: LayerInfo, output: tf.Tensor) -> Visit:
    """A visit that returns the given output instead of computing the layer."""

    def visit(name: str, called: Any, compute: Callable[[], Any], arguments: Any) -> Any:
        if name != layer.name:
            return compute()
        return tf.cast(output, layer.dtype)

    return visit


@dataclass(frozen=True, eq=False)
class Compiled:
    """A function compiled for tensors of one signature.

    Attributes:
        function: what is run.
        source: what it was taken from. The functions within it, such as those that XLA compiles, live
            as long as it does.
        reads_first: whether its results depend on the first of its arguments.
    """

    function: Callable[..., Any]
    source: Any
    reads_first: bool

    @property
    def variables(self) -> tuple[tf.Variable, ...]:
        """Those it was traced with."""
        return self.source.graph.variables

    def __call__(self, *arguments: Any) -> Any:
        """Run it."""
        return self.function(*arguments)


def compiled(function: Callable[..., Any], *signature: Any) -> Compiled:
    """Compile what a function's results need, and nothing else.

    TensorFlow runs every operation of a function that might have an effect, needed or not, and hands
    over every variable that was met while tracing. Behind a substituted layer that would be most of
    the work. So the results are taken out, with the operations they are computed from. What a network
    does besides (counting its calls, checking a condition) is left out. A variable that is written and
    then read is read after it was written, as in the network itself.

    Traced here and now, under this signature alone: a `tf.function` that is called counts its
    traces by the address of the Python function and warns when another one is given that address.
    """
    source = tf.function(function, autograph=False).get_concrete_function(*signature)
    definition = _by_data(source)
    present = {node.name for node in definition.node}

    def results(*arguments: Any) -> Any:
        capture = tf.compat.v1.get_default_graph().capture
        given = zip(source.inputs, [*tf.nest.flatten(arguments), *source.captured_inputs], strict=True)
        inputs = {place.name: capture(tensor) for place, tensor in given if place.op.name in present}
        names = [tensor.name for tensor in source.outputs]
        found = tf.graph_util.import_graph_def(definition, input_map=inputs, return_elements=names, name="")
        return tf.nest.pack_sequence_as(source.structured_outputs, found)

    reads_first = bool(signature) and source.inputs[0].op.name in present
    return Compiled(tf.function(results, autograph=False).get_concrete_function(*signature), source, reads_first)


def _by_data(source: Any) -> Any:
    """The operations that a function's results are computed from, as a GraphDef; order counts for reads alone."""

    def counts(name: str, operation: str) -> bool:
        return not name.startswith("^") or operation == "ReadVariableOp"

    whole = source.graph.as_graph_def()
    needed = type(whole)(versions=whole.versions, library=whole.library)
    inputs = {node.name: [name for name in node.input if counts(name, node.op)] for node in whole.node}
    names: set[str] = set()
    ahead = {tensor.op.name for tensor in source.outputs}
    while ahead:
        names |= ahead
        ahead = {each.lstrip("^").split(":")[0] for name in ahead for each in inputs[name]} - names
    for node in whole.node:
        if node.name in names:
            needed.node.add().CopyFrom(node)
            needed.node[-1].input[:] = inputs[node.name]
            needed.node[-1].attr.pop("_class", None)  # "beside that node", which may be left out
    return needed
