"""The end of a network: its logits, its probabilities, and the layer behind global pooling.

All of it is read off the traced graph, so it does not matter how the network was written: a
softmax may be a Dense layer's activation, a layer of its own, inside a nested head or an operation
in a subclassed `call`; a global average may be a layer or a `reduce_mean`.
"""

from dataclasses import dataclass
from typing import Literal

import keras
import tensorflow as tf

Kind = Literal["softmax", "sigmoid", "labels", "probabilities", "linear", "values"]

# Of these each unit is a probability of its own.
OF_LABELS = ("sigmoid", "labels")

# What the names of losses for regression and embeddings hold.
_LOSSES_OF_VALUES = "squarederror squaredlog absolute mse mae mape msle huber cosh cosine poisson".split()

# Operations that hand their first input on, changed in shape or precision alone.
_PASSED_ON = {"Identity", "Cast", "Reshape", "Squeeze", "ExpandDims", "StopGradient", "EnsureShape"}


@dataclass(frozen=True)
class Head:
    """The logits of a traced network.

    Attributes:
        kind: `softmax` or `sigmoid`, where the final operation is one, or the loss takes the sigmoid;
            `labels` where the loss is one for probabilities p each of its own, whatever they come from: their logits
            are log(p / (1 - p)), those of the sigmoid if it is one;
            `probabilities` where the outputs are probabilities whose logits cannot be reached;
            `linear` where they are logits; `values` where they are no classes, as in regression or
            an embedding.
        logits: shape (n, k). A single sigmoid unit s counts as two classes with logits (-s, s); several
            sigmoid units are labels, each with a probability of its own;
            for `probabilities` their logarithms; for `values` the outputs themselves.
        log_probabilities: shape (n, k); for `values` there are none, and these are NaN.
    """

    kind: Kind
    logits: tf.Tensor
    log_probabilities: tf.Tensor


def final_activation(output: tf.Tensor) -> tuple[Kind, tf.Tensor]:
    """The kind of a traced network's last operation, and the tensor it was given."""
    tensor = _origin(output)
    logits = _given_to_softmax(tensor)
    # Over other classes than those of the output where it was flattened afterwards.
    if logits is not None and tensor.shape[-1] == output.shape[-1]:
        return "softmax", logits
    if (logits := _given_to_sigmoid(tensor)) is not None:
        return "sigmoid", logits
    if tensor.op.type == "ConcatV2" and tensor.shape == output.shape and _along_last_axis(tensor):
        # a unit for each label, put side by side
        parts = [final_activation(part) for part in tensor.op.inputs[:-1]]
        if all(kind == "sigmoid" for kind, _ in parts):
            return "sigmoid", tf.concat([logits for _, logits in parts], axis=-1)
    return "linear", output


def _given_to_softmax(tensor: tf.Tensor) -> tf.Tensor | None:
    """x, where a tensor is softmax(x), its logarithm, or written by hand as exp(x) / sum(exp(x))."""
    if tensor.op.type in {"Softmax", "LogSoftmax"}:
        return _unshifted(tensor.op.inputs[0])
    if tensor.op.type not in {"RealDiv", "Div"}:
        return None
    power, total = tensor.op.inputs
    if power.op.type != "Exp" or not _is_sum_of_powers(total, power.op.inputs[0]):
        return None
    return _unshifted(power.op.inputs[0])


def _is_sum_of_powers(total: tf.Tensor, exponent: tf.Tensor) -> bool:
    """Whether a tensor is the sum of exp(exponent) along its last axis, which it keeps."""
    rank = exponent.shape.rank
    if total.op.type != "Sum" or total.shape.rank != rank:
        return False
    power, axes = total.op.inputs[0], tf.get_static_value(total.op.inputs[1])
    is_over_classes = axes is not None and {int(axis) % rank for axis in axes.ravel()} == {rank - 1}
    return is_over_classes and power.op.type == "Exp" and power.op.inputs[0] is exponent


def _unshifted(logits: tf.Tensor) -> tf.Tensor:
    """What one number for all classes was taken off from, mostly the largest of them: a softmax does not see it.

    Left in, it would leave the best class a logit of 0 and no derivative.
    """
    difference = _origin(logits)
    if difference.op.type != "Sub":
        return logits
    unshifted, shift = difference.op.inputs
    is_one_for_all = shift.shape.rank == 0 or (shift.shape.rank is not None and shift.shape[-1] == 1)
    return unshifted if is_one_for_all and unshifted.shape == difference.shape else logits


def _given_to_sigmoid(tensor: tf.Tensor) -> tf.Tensor | None:
    """x, where a tensor is sigmoid(x), or written by hand as 1 / (1 + exp(-x)) or exp(x) / (1 + exp(x)).

    Terms may stand in any order.
    """
    if tensor.op.type == "Sigmoid":
        return tensor.op.inputs[0]
    numerator = None
    if tensor.op.type in {"RealDiv", "Div"}:
        numerator, denominator = tensor.op.inputs
    elif tensor.op.type in {"Reciprocal", "Inv"}:
        denominator = tensor.op.inputs[0]
    else:
        return None
    if denominator.op.type not in {"AddV2", "Add"}:
        return None
    power, one = sorted(denominator.op.inputs, key=lambda term: term.op.type != "Exp")
    if power.op.type != "Exp" or not _is_one(one):
        return None
    exponent = power.op.inputs[0]
    if numerator is not None and numerator.op.type == "Exp" and numerator.op.inputs[0] is exponent:
        return exponent
    if numerator is not None and not _is_one(numerator):
        return None
    return exponent.op.inputs[0] if exponent.op.type == "Neg" else -exponent


def _along_last_axis(concatenated: tf.Tensor) -> bool:
    axis = tf.get_static_value(concatenated.op.inputs[-1])
    return axis is not None and int(axis) in (-1, concatenated.shape.rank - 1)


def _is_one(tensor: tf.Tensor) -> bool:
    value = tf.get_static_value(tensor)
    return value is not None and bool((value == 1).all())


def head_kind(output: tf.Tensor, loss: object) -> Kind:
    """The kind of a head by its last operation, its number of units and the loss it was trained with.

    Args:
        output: of the traced network.
        loss: that this output was trained with, as given to `model.compile`; None where it was not.

    Returns:
        Of `labels` only the numbers show whether they are probabilities.
    """
    kind, _ = final_activation(output)
    if kind != "linear":
        return kind
    binary = (keras.losses.BinaryCrossentropy, keras.losses.BinaryFocalCrossentropy)
    if isinstance(loss, binary) and loss.get_config()["from_logits"]:
        return "sigmoid"  # the loss takes it itself
    told = (
        loss
        if isinstance(loss, str)
        else f"{getattr(loss, 'name', '')} {getattr(loss, '__name__', type(loss).__name__)}"
    )
    told = told.lower().replace("_", "")
    if "bce" in told or "binarycrossentropy" in told or "binaryfocal" in told:
        return "labels"
    is_value = output.shape[-1] == 1 or any(word in told for word in _LOSSES_OF_VALUES)
    return "values" if is_value else "linear"


def make_head(output: tf.Tensor, kind: Kind) -> Head:
    """Logits and log probabilities, float32, from the output of a network being traced.

    Args:
        output: shape (n, k).
        kind: of the head. Only the numbers show that outputs are `probabilities` where no final
            softmax or sigmoid is found.
    """
    _, logits = final_activation(output)
    logits = tf.reshape(tf.cast(logits, tf.float32), [-1, output.shape[-1]])
    if kind == "probabilities":
        # the smallest normal float32, so that log(0) stays finite
        logs = tf.math.log(tf.maximum(logits, 1.2e-38))
        return Head(kind, logs, logs)
    if kind == "values":
        return Head(kind, logits, tf.fill(tf.shape(logits), float("nan")))
    if kind == "labels":
        logits = tf.clip_by_value(logits, 1.2e-38, 1 - 6e-8)  # as far as float32 tells from 0 and 1
        logits = tf.math.log(logits) - tf.math.log1p(-logits)
    if kind in OF_LABELS:
        if logits.shape[-1] == 1:
            logits = tf.concat([-logits, logits], axis=1)
        return Head(kind, logits, tf.math.log_sigmoid(logits))
    return Head(kind, logits, tf.nn.log_softmax(logits))


def linear_weights(activations: tf.Tensor, output: tf.Tensor) -> tf.Tensor | str:
    """The matrix W (c, k) where logits = GAP(activations) W + b; for any other head what it is, in words.

    Global average pooling, then a Dense layer or a 1x1 convolution (Zhou et al. 2016).
    """
    _, tensor = final_activation(output)
    tensor = _origin(tensor)
    if tensor.op.type in {"BiasAdd", "AddV2", "Add"}:
        # a bias is one number for each class; a sum with anything else is another head
        product, bias = sorted(tensor.op.inputs, key=lambda term: -term.shape.rank)
        if bias.shape.rank != 1:
            return "the logits are a sum of several terms"
        tensor = _origin(product)
    if tensor.op.type not in {"MatMul", "Conv2D", "BatchMatMulV2"} or any(
        tensor.op.get_attr(flag) for flag in ("transpose_a", "transpose_b") if tensor.op.type == "MatMul"
    ):
        return f"the logits do not come from such a layer (the last operation is {tensor.op.type})"
    pooled, kernel = tensor.op.inputs
    if tensor.op.type == "Conv2D" and tuple(kernel.shape[:2]) != (1, 1):
        return "the last convolution is larger than 1x1"
    mean = _origin(pooled)
    if not _averages_whole_grid(mean):
        return (
            f"{_HEADS.get(mean.op.type, f'an operation of another kind ({mean.op.type})')} comes before the last layer"
        )
    if _origin(mean.op.inputs[0]) is not _origin(activations):
        return "what is averaged is another layer's output (that of the default layer, mostly: leave out layer=)"
    return tf.reshape(tf.cast(kernel, tf.float32), [activations.shape[-1], -1])


# What stands in the place of the global average in other heads, by TensorFlow's name.
_HEADS = {
    "Relu": "another Dense layer with a ReLU",
    "MaxPool": "maximum pooling without a global average",
    "Max": "global maximum pooling",
    "Mul": "dropout or a scaling",
    "BiasAdd": "another Dense layer or convolution",
}


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
