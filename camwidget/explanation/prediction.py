"""What a network says of a picture, class by class."""

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Prediction:
    """The network's verdict on one class.

    Attributes:
        index: of the class.
        name: of the class.
        probability: in [0, 1]; NaN where the outputs are values, not classes.
        output: the logit, or the value.
    """

    index: int
    name: str
    probability: float
    output: float


@lru_cache(maxsize=8)
def numbered_classes(count: int, word: str = "class") -> tuple[str, ...]:
    """Names where none were given."""
    return tuple(f"{word} {index}" for index in range(count))
