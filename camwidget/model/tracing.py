"""See, or replace, what each layer of a network returns while TensorFlow traces it.

While a `tf.function` is traced, `call` of every layer is wrapped on the instance and put back in
`finally`. The wrapper acts in the tracing thread alone; for all others it is the original, so
`fit` may trace the same network at that moment. Weights, outputs and configuration never change.

A `tf.function` of the user's own within the network, its `call` perhaps, would be traced into a graph
of its own, whose layers cannot be tapped, and that trace would be kept for the user's own calls, with
whatever was replaced in it. So in the tracing thread it is read into the graph at hand, line by line.
What stands in a branch of a `tf.cond` or in a loop has a graph of its own even so, see `is_in_view`.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

# visit(name, layer or operation, compute, arguments) -> what its call shall return
Visit = Callable[[str, Any, Callable[[], Any], tuple[Any, ...]], Any]

# One for all networks, since two networks may share a layer.
_LOCK = threading.RLock()

# What `tf.function` makes.
_FUNCTION: Any = type(tf.function(lambda: None))


@contextmanager
def visiting(model: keras.Model, visit: Visit) -> Iterator[None]:
    """Route every layer call of `model` in this thread through `visit`.

    Each call has a name that says where it stands: `backbone/block5_conv3`; the second use of a
    layer in the same place is `backbone#2/...`. Calls of nested layers come before the call that
    contains them returns.

    Args:
        model: the network about to be called, in this thread, inside the `with`.
        visit: receives the name, the layer, a function that computes the layer's own output, and
            the positional arguments of its call.
    """
    path: list[str] = []
    uses: Counter[tuple[str, ...]] = Counter()
    thread = threading.get_ident()

    def wrap(layer: Any) -> Callable[..., Any]:
        original = layer.call

        def call(*arguments: Any, **options: Any) -> Any:
            if threading.get_ident() != thread:
                return original(*arguments, **options)
            place = (*path, layer.name)
            uses[place] += 1
            path.append(layer.name if uses[place] == 1 else f"{layer.name}#{uses[place]}")
            try:
                name = "/".join(path)
                return visit(name, layer, lambda: original(*arguments, **options), arguments)
            finally:
                path.pop()

        return call

    with _LOCK:
        touched: list[tuple[dict[str, Any], Any]] = []
        try:
            for layer in _layers_inside(model):
                # not by setattr: Keras tracks every attribute that is set on a layer
                attributes = layer.__dict__
                touched.append((attributes, attributes.get("call")))
                attributes["call"] = wrap(layer)
            with _inlining(thread):
                yield
        finally:
            for attributes, before in reversed(touched):
                if before is None:
                    attributes.pop("call", None)
                else:
                    attributes["call"] = before


def is_in_view(output: Any, graph: Any) -> bool:
    """Whether a layer's output belongs to the graph being traced, not to a branch or a loop within it."""
    return not isinstance(output, tf.Tensor) or output.graph is graph


@contextmanager
def _inlining(thread: int) -> Iterator[None]:
    """In one thread, a `tf.function` that is called runs the Python function it was made from, with autograph."""
    original = _FUNCTION.__call__

    def call(function: Any, *arguments: Any, **options: Any) -> Any:
        # What XLA compiles are mostly Keras' own operations: no layers in them, and faster as they are.
        if threading.get_ident() != thread or function._jit_compile:
            return original(function, *arguments, **options)
        return _read_by_autograph(function.python_function)(*arguments, **options)

    _FUNCTION.__call__ = call
    try:
        yield
    finally:
        _FUNCTION.__call__ = original


def _read_by_autograph(function: Callable[..., Any]) -> Callable[..., Any]:
    try:
        return tf.autograph.to_graph(function)
    except Exception:  # without a source to read, as TensorFlow itself does then
        return function


def _layers_inside(model: keras.Model) -> list[Any]:
    """Every layer at any depth, each once, without the network itself.

    In a functional network also the operations between layers, such as the addition that ends a
    residual block written as `inputs + x`: they have a name and a `call` as layers do.
    """
    found = {id(layer): layer for layer in model._flatten_layers(include_self=False, recursive=True)}
    found.pop(id(model), None)
    for nested in (model, *found.copy().values()):
        if isinstance(nested, keras.Model):
            found |= {id(operation): operation for operation in getattr(nested, "operations", ())}
    return list(found.values())
