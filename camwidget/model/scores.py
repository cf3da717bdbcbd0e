"""What is explained: one number for each picture, made from the network's last layer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf


@dataclass(frozen=True)
class Score:
    """A score S.

    Attributes:
        name: the value of `score=`.
        title: as people read it.
        meaning: in one sentence.
        function: (logits (n, k), log probabilities (n, k), target (n,), against (n,)) -> (n,).
        needs_classes: whether it makes sense for probabilities of classes alone.
        saturates: whether its derivative fades where the probability is almost 1.
    """

    name: str
    title: str
    meaning: str
    function: Callable[[Any, Any, Any, Any], Any]
    needs_classes: bool = True
    saturates: bool = False


def _pick(values: Any, index: Any) -> Any:
    """One number of each row; of arrays by NumPy, since an operation of TensorFlow outside a trace costs far more."""
    if isinstance(values, np.ndarray):
        return values[np.arange(len(values)), index]
    return _picked(values, index)


@tf.custom_gradient
def _picked(values: tf.Tensor, index: tf.Tensor) -> tuple[tf.Tensor, Callable[..., Any]]:
    """The same in a trace. What is handed back does not depend on the values: what they come from need not run.

    The gradient of `gather`, and of Keras's `take_along_axis` still more, asks for their shape: a class's derivative
    at the last convolution then took the multiplication by the last Dense layer twice, and a hundred small operations.
    """

    def backward(upstream: tf.Tensor) -> tuple[tf.Tensor, None]:
        return tf.one_hot(index, values.shape[1], dtype=upstream.dtype) * upstream[:, tf.newaxis], None

    return tf.gather(values, index, batch_dims=1), backward


def _exp(values: Any) -> Any:
    return np.exp(values) if isinstance(values, np.ndarray) else keras.ops.exp(values)


SCORES: dict[str, Score] = {
    score.name: score
    for score in (
        Score(
            "logit",
            "logit",
            "the class's number before the final softmax or sigmoid; the unit's output where there is neither",
            lambda logits, logs, target, against: _pick(logits, target),
            needs_classes=False,
        ),
        Score(
            "probability",
            "probability",
            "the class's probability; its derivatives fade where it is almost 1",
            lambda logits, logs, target, against: _exp(_pick(logs, target)),
            saturates=True,
        ),
        Score(
            "log_probability",
            "log probability",
            "the logarithm of the class's probability: what speaks against the other classes counts as well",
            lambda logits, logs, target, against: _pick(logs, target),
            saturates=True,
        ),
        Score(
            "contrast",
            "contrast",
            "the class's logit less that of another class (against=; by default the most probable other one)",
            lambda logits, logs, target, against: _pick(logits, target) - _pick(logits, against),
            needs_classes=False,
        ),
    )
}
