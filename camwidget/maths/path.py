"""The straight line that integrated gradients are averaged along."""

import numpy as np
from jaxtyping import Float


def midpoints(steps: int) -> Float[np.ndarray, " steps"]:
    """The middles of equal steps from 0 to 1, in an order of which every beginning covers the line evenly.

    So an average that is stopped early is a coarser one of the whole line, not one of its start.
    The order goes by the digits of the step's number in base 2, read backwards (van der Corput 1935).
    """
    bits = max(1, (steps - 1).bit_length())
    order = sorted(range(steps), key=lambda step: int(format(step, f"0{bits}b")[::-1], 2))
    return (np.array(order) + 0.5) / steps
