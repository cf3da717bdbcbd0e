"""What a ReLU hands back when a score is differentiated: its derivative, or another rule."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

# Operations that are a ReLU, however a network was written: as a layer, an activation of a layer, or
# a function in a subclassed `call`.
_OPERATIONS = ("Relu", "Relu6")


def _passes(operation: tf.Operation, gradient: tf.Tensor) -> tf.Tensor:
    """1 where the input was in the part that the ReLU hands on."""
    output = operation.outputs[0]
    passed = output > 0
    if operation.type == "Relu6":
        passed &= output < 6
    return tf.cast(passed, gradient.dtype)


def _guided(operation: tf.Operation, gradient: tf.Tensor) -> tf.Tensor:
    """Springenberg et al. 2014, figure 1: only what is positive and met a positive input."""
    return tf.nn.relu(gradient) * _passes(operation, gradient)


def _deconvnet(operation: tf.Operation, gradient: tf.Tensor) -> tf.Tensor:
    """Zeiler and Fergus 2014, section 2.1: whatever is positive."""
    return tf.nn.relu(gradient)


def _redirected(operation: tf.Operation, gradient: tf.Tensor) -> tf.Tensor:
    """The derivative itself, but for a picture that it is 0 for everywhere: then whatever would open a shut ReLU.

    An ascent that starts where a filter is silent finds no way by the derivative. The rule is that of the
    library lucid (`redirected_relu_grad`), applied picture by picture.
    """
    plain = gradient * _passes(operation, gradient)
    opening = tf.where((operation.outputs[0] <= 0) & (gradient < 0), tf.zeros_like(gradient), gradient)
    if operation.type == "Relu6":
        opening *= tf.cast(operation.outputs[0] < 6, gradient.dtype)
    axes = list(range(1, gradient.shape.rank or 1))
    is_silent = tf.reduce_all(plain == 0, axis=axes, keepdims=True)
    return tf.where(is_silent, opening, plain)


RULES = {
    "guided": "CamwidgetGuidedRelu",
    "deconvnet": "CamwidgetDeconvnetRelu",
    "redirected": "CamwidgetRedirectedRelu",
}

for _name, _function in zip(RULES.values(), (_guided, _deconvnet, _redirected), strict=True):
    try:
        tf.RegisterGradient(_name)(_function)
    except KeyError:  # this module was loaded before, as by %autoreload; TensorFlow keeps the first
        pass


@contextmanager
def relus_by(rule: str) -> Iterator[None]:
    """ReLUs traced inside are differentiated by a rule: "plain" or a name in `RULES`.

    The rule is noted in the graph being traced, for `tf.gradients` alone; the network is not touched.
    """
    if rule == "plain":
        yield
        return
    graph = tf.compat.v1.get_default_graph()
    with graph.gradient_override_map({operation: RULES[rule] for operation in _OPERATIONS}):
        yield


def count_relus(score: tf.Tensor) -> tuple[int, int]:
    """How many ReLUs that a score was computed from are differentiated by another rule, and how many are out of reach.

    The rule is noted in the graph at hand. A branch of a `tf.cond`, the body of a loop or a function compiled by XLA
    has a graph of its own, and its ReLUs hand back their derivative.
    """
    seen: set[str] = set()
    waiting = [score.op]
    found = 0
    functions: set[str] = set()
    while waiting:
        operation = waiting.pop()
        if operation.name in seen:
            continue
        seen.add(operation.name)
        if operation.type in _OPERATIONS and "_gradient_op_type" in operation.node_def.attr:
            found += 1
        functions |= _functions_of(operation.node_def)
        waiting += [tensor.op for tensor in operation.inputs]
    return found, _relus_in(functions, score.graph) if functions else 0


def _functions_of(node: Any) -> set[str]:
    """Names of the functions that an operation runs."""
    values = node.attr.values()
    return {each.name for value in values for each in (value.func, *value.list.func) if each.name}


def _relus_in(names: set[str], graph: tf.Graph) -> int:
    """How many ReLUs these functions hold, and those that they run."""
    bodies = {function.signature.name: function.node_def for function in graph.as_graph_def().library.function}
    found, waiting, seen = 0, list(names), set(names)
    while waiting:
        for node in bodies[waiting.pop()]:
            found += node.op in _OPERATIONS
            more = _functions_of(node) - seen
            seen |= more
            waiting += more
    return found
