"""What is explained: one number for each picture, made from the network's logits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Score:
    """A score S.

    Attributes:
        name: the value of `score=`.
        title: as people read it.
        meaning: in one sentence.
        function: (logits (n, k), log probabilities (n, k), class) -> (n,); for NumPy arrays and
            TensorFlow tensors alike.
    """

    name: str
    title: str
    meaning: str
    function: Callable[[Any, Any, Any], Any]


SCORES: dict[str, Score] = {
    score.name: score
    for score in (
        Score(
            "logit",
            "logit",
            "the class's number before the final softmax or sigmoid",
            lambda logits, log_probabilities, target: logits[:, target],
        ),
        Score(
            "log_probability",
            "log probability",
            "the logarithm of the class's probability: what speaks against the other classes counts as well",
            lambda logits, log_probabilities, target: log_probabilities[:, target],
        ),
    )
}
