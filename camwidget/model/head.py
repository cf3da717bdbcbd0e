"""The end of a network: its logits, its probabilities, and the layer behind global pooling.

All of it is read off the traced graph, so it does not matter how the network was written: a
softmax may be a Dense layer's activation, a layer of its own, inside a nested head or an operation
in a subclassed `call`; a global average may be a layer or a `reduce_mean`.
"""

from dataclasses import dataclass
from typing import Literal

import tensorflow as tf

Kind = Literal["softmax", "sigmoid", "probabilities", "linear"]

# Operations that hand their first input on, changed in shape or precision alone.
_PASSED_ON = {"Identity", "Cast", "Reshape", "Squeeze", "ExpandDims", "StopGradient", "EnsureShape"}


@dataclass(frozen=True)
class Head:
    """The logits of a traced network.

    Attributes:
        kind: `softmax` or `sigmoid`, where the final operation is one; `probabilities` where the
            outputs are probabilities whose logits cannot be reached; `linear` otherwise.
        logits: shape (n, k). A single sigmoid unit s counts as two classes with logits (-s, s);
            for `probabilities` their logarithms.
        log_probabilities: shape (n, k).
    """

    kind: Kind
    logits: tf.Tensor
    log_probabilities: tf.Tensor


def final_activation(output: tf.Tensor) -> tuple[Kind, tf.Tensor]:
    """The kind of a traced network's last operation, and the tensor it was given."""
    tensor = _origin(output)
    if tensor.op.type == "Softmax":
        return "softmax", tensor.op.inputs[0]
    if tensor.op.type == "Sigmoid":
        return "sigmoid", tensor.op.inputs[0]
    return "linear", output


def make_head(output: tf.Tensor, *, are_probabilities: bool) -> Head:
    """Logits and log probabilities, float32, from the output of a network being traced.

    Args:
        output: shape (n, k).
        are_probabilities: whether the outputs were seen to be probabilities, which matters only
            where no final softmax or sigmoid is found.
    """
    kind, logits = final_activation(output)
    logits = tf.reshape(tf.cast(logits, tf.float32), [-1, output.shape[-1]])
    if kind == "linear" and are_probabilities:
        # the smallest normal float32, so that log(0) stays finite
        logs = tf.math.log(tf.maximum(logits, 1.2e-38))
        return Head("probabilities", logs, logs)
    if kind == "sigmoid":
        if logits.shape[-1] == 1:
            logits = tf.concat([-logits, logits], axis=1)
        return Head(kind, logits, tf.math.log_sigmoid(logits))
    return Head(kind, logits, tf.nn.log_softmax(logits))


def linear_weights(activations: tf.Tensor, output: tf.Tensor) -> tf.Tensor | None:
    """The matrix W (c, k) where logits = GAP(activations) W + b; None for any other head.

    Global average pooling, then a Dense layer or a 1x1 convolution (Zhou et al. 2016).
    """
    _, tensor = final_activation(output)
    tensor = _origin(tensor)
    if tensor.op.type in {"BiasAdd", "AddV2", "Add"}:
        # a bias is one number for each class; a sum with anything else is another head
        product, bias = sorted(tensor.op.inputs, key=lambda term: -term.shape.rank)
        if bias.shape.rank != 1:
            return None
        tensor = _origin(product)
    if tensor.op.type not in {"MatMul", "Conv2D", "BatchMatMulV2"} or any(
        tensor.op.get_attr(flag) for flag in ("transpose_a", "transpose_b") if tensor.op.type == "MatMul"
    ):
        return None
    pooled, kernel = tensor.op.inputs
    if tensor.op.type == "Conv2D" and tuple(kernel.shape[:2]) != (1, 1):
        return None
    mean = _origin(pooled)
    if not _averages_whole_grid(mean) or _origin(mean.op.inputs[0]) is not _origin(activations):
        return None
    return tf.reshape(tf.cast(kernel, tf.float32), [activations.shape[-1], -1])


def _averages_whole_grid(tensor: tf.Tensor) -> bool:
    """Whether a tensor is the mean over rows and columns, taken as such or by pooling with one window."""
    if tensor.op.type == "Mean":
        axes = tf.get_static_value(tensor.op.inputs[1])
        return axes is not None and sorted(axis % 4 for axis in axes.ravel().tolist()) == [1, 2]
    if tensor.op.type == "AvgPool":
        _, rows, columns, _ = tensor.op.inputs[0].shape
        return tuple(tensor.op.get_attr("ksize")) == (1, rows, columns, 1) and tuple(tensor.shape[1:3]) == (1, 1)
    return False


def _origin(tensor: tf.Tensor) -> tf.Tensor:
    while tensor.op.type in _PASSED_ON:
        tensor = tensor.op.inputs[0]
    return tensor
