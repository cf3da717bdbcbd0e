"""What is explained: one number for each picture, made from the network's last layer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np


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
    picked: Any = keras.ops.take_along_axis(values, keras.ops.expand_dims(index, 1), axis=1)
    return picked[:, 0]


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
