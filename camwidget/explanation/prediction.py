"""What a network says of one class."""

from dataclasses import dataclass


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
