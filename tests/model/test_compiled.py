"""What is compiled holds what the results need, and nothing that they do not."""

import gc
from typing import Any

import numpy as np
import tensorflow as tf
from keras import layers

from camwidget.model import traces
from camwidget.model.network import compiled
from tests.model.networks import (
    REFERENCE,
    body,
    convolve,
    dense_tail,
    derivative,
    fill,
    functional,
    functional_network,
    picture,
    probe_of,
    relu,
)

X = picture()


def operations(function: Any) -> set[str]:
    return {operation.type for operation in function.function.graph.get_operations()}


def test_behind_a_substituted_layer_only_the_tail_is_left() -> None:
    probe = probe_of(functional_network())
    layer = probe.find_layer("relu")
    whole: Any = traces.observe(probe.network, layer)
    tail: Any = traces.gradient(probe.network, layer, "logit")
    # Two convolutions and two Dense layers, each with a bias. A logit's derivative at the first Dense layer's input
    # needs the kernels of both, and the bias of the first, which tells where its ReLU lets through; the logit itself
    # it does not need, nor the matrix product that gives it.
    assert len(whole.function.captured_inputs) == 8
    assert len(tail.function.captured_inputs) == 3
    products = [each for each in tail.function.graph.get_operations() if each.type == "MatMul"]
    assert len(products) == 3  # the first layer forward, both back
    assert "Conv2D" in operations(whole) and "Conv2D" not in operations(tail)


class Meddler(layers.Layer):
    """Counts its calls in a variable of its own, and hands its input on."""

    def __init__(self) -> None:
        super().__init__()
        self.counter = tf.Variable(tf.constant(0))

    def call(self, x: Any) -> Any:
        self.counter.assign_add(1)
        return x


def test_what_a_layer_does_besides_is_not_done() -> None:
    first, pool, *rest = body()
    model = fill(functional([first, pool, Meddler(), *rest, *dense_tail(), layers.Softmax()]))
    meddler = next(layer for layer in model.layers if isinstance(layer, Meddler))
    before = meddler.counter.numpy()
    probe = probe_of(model)
    observation = probe.observe(probe.find_layer("relu"), X[None])
    assert meddler.counter.numpy() == before
    np.testing.assert_allclose(observation.output[0], relu(REFERENCE.last(X)), atol=1e-5)


@tf.function(jit_compile=True)
def doubled(x: tf.Tensor) -> tf.Tensor:
    return 2 * x


class Inner(layers.Layer):
    """Computes by a compiled function of its own, as depthwise convolutions do where XLA is quicker."""

    def call(self, x: Any) -> Any:
        return doubled(x)


def test_functions_within_are_run_while_they_are_needed_and_only_then() -> None:
    first, pool, *rest = body()
    probe = probe_of(fill(functional([first, pool, Inner(), *rest, *dense_tail(), layers.Softmax()])))
    layer = probe.find_layer("relu")
    assert any("PartitionedCall" in name for name in operations(traces.observe(probe.network, layer)))
    assert not any("PartitionedCall" in name for name in operations(traces.gradient(probe.network, layer, "logit")))
    gc.collect()  # what was traced is gone; what it called must not be
    kernel, bias = REFERENCE.weights["last"]
    observation = probe.observe(layer, X[None])
    np.testing.assert_allclose(observation.output[0], relu(convolve(2 * REFERENCE.early(X), kernel, bias)), atol=1e-5)
    found = derivative(probe, layer, X[None], observation.output, target=1)
    plain = probe_of(functional_network())
    np.testing.assert_allclose(
        found, derivative(plain, plain.find_layer("relu"), X[None], observation.output, target=1), atol=1e-6
    )


def test_results_keep_their_structure() -> None:
    function = compiled(
        lambda x, more: {"sum": x + more[0], "same": [x]}, *(tf.TensorSpec((None,)), (tf.TensorSpec(()),))
    )
    found = function(tf.constant([1.0, 2.0]), (tf.constant(3.0),))
    assert found["sum"].numpy().tolist() == [4, 5] and found["same"][0].numpy().tolist() == [1, 2]
