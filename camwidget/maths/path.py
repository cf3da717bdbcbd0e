"""The straight line that integrated gradients are averaged along, and where it must be looked at more closely.

Along it the change of score is known at every place looked at: how far the gradients miss it, piece by
piece, says where they change too quickly for the steps made (completeness, Sundararajan et al. 2017,
proposition 1, holds on every piece of the line).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

# Pieces that one is divided into: with both ends eight places, a micro-batch of 224 x 224 pictures.
_DIVISION = 7

# Share of all that is missing which the pieces divided next hold: of 0.5 and 0.85 more gradients were needed.
_WORST = 0.7


def midpoints(steps: int) -> Float[np.ndarray, " steps"]:
    """The middles of equal steps from 0 to 1, in an order of which every beginning covers the line evenly.

    So an average that is stopped early is a coarser one of the whole line, not one of its start.
    The order goes by the digits of the step's number in base 2, read backwards (van der Corput 1935).
    """
    bits = max(1, (steps - 1).bit_length())
    order = sorted(range(steps), key=lambda step: int(format(step, f"0{bits}b")[::-1], 2))
    return (np.array(order) + 0.5) / steps


@dataclass(frozen=True)
class Seen:
    """What was found at a place of the line.

    Attributes:
        score: there.
        slope: its derivative along the whole line; 0 where no gradient was measured.
    """

    score: float
    slope: float = 0.0


@dataclass(frozen=True)
class Piece:
    """A piece of the line, for which the gradients at its ends stand.

    Attributes:
        start, end: places, 0 to 1.
        weights: with which the gradients at both count, as shares of the line.
        missing: the change of score along it that they do not account for.
    """

    start: float
    end: float
    weights: tuple[float, float]
    missing: float

    @property
    def places(self) -> Float[np.ndarray, "8"]:
        """Where to look when it is divided, its ends included."""
        return np.linspace(self.start, self.end, _DIVISION + 1)

    @property
    def corrections(self) -> Float[np.ndarray, "8"]:
        """The weights of the gradients there, less those that were counted at its ends: the trapezoidal rule."""
        finer = np.full(_DIVISION + 1, (self.end - self.start) / _DIVISION)
        finer[[0, -1]] /= 2
        finer[[0, -1]] -= self.weights
        return finer

    def divided(self, seen: Mapping[float, Seen]) -> list["Piece"]:
        """The pieces between those places, once they were looked at."""
        return _between(self.places.tolist(), seen)


def pieces(steps: int, seen: Mapping[float, Seen]) -> list[Piece]:
    """What lies between neighbouring midpoints of equal steps, and between them and the ends of the line.

    Args:
        steps: equal steps.
        seen: at the midpoints, and the scores at 0 and 1.
    """
    middles = np.sort(midpoints(steps)).tolist()
    half = 0.5 / steps
    first = _piece(0.0, middles[0], (0.0, half), seen)
    last = _piece(middles[-1], 1.0, (half, 0.0), seen)
    return [first, *_between(middles, seen), last]


def worst(pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    """The fewest pieces that hold most of what is missing, its sign left aside, and the others."""
    ordered = sorted(pieces, key=lambda piece: -abs(piece.missing))
    held = np.cumsum([abs(piece.missing) for piece in ordered])
    count = int(np.searchsorted(held, _WORST * held[-1])) + 1
    return ordered[:count], ordered[count:]


def _between(places: Sequence[float], seen: Mapping[float, Seen]) -> list[Piece]:
    ends = zip(places, places[1:], strict=False)
    return [_piece(start, end, ((end - start) / 2, (end - start) / 2), seen) for start, end in ends]


def _piece(start: float, end: float, weights: tuple[float, float], seen: Mapping[float, Seen]) -> Piece:
    a, b = seen[start], seen[end]
    return Piece(start, end, weights, b.score - a.score - weights[0] * a.slope - weights[1] * b.slope)
