"""Times taken in turn, A B C A B C ..., and the lines they become."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

NO_BUDGET = float("inf")

Work = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """One line of the table: a name, what was measured, what is allowed, and the unit of both.

    Attributes:
        name: of what was measured, the network first.
        measured: in `unit`.
        budget: the most that is allowed; `NO_BUDGET`: it is only reported.
        unit: "x" for a ratio.
        detail: what the number was made from.
    """

    name: str
    measured: float
    budget: float
    unit: str
    detail: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it is over its budget; a number that could not be measured is."""
        return not self.measured <= self.budget

    def __str__(self) -> str:
        budget, verdict = f"{self.budget:.2f}", "OVER" if self.is_over else "ok"
        if self.budget == NO_BUDGET:
            budget, verdict = "-", ""
        return f"{self.name:<66} {self.measured:>8.2f} {budget:>8} {self.unit:<6} {verdict:<5} {self.detail}".rstrip()


def seconds(function: Work) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def in_turn(functions: Sequence[Work], rounds: int) -> list[list[float]]:
    """For each function its seconds, one for each round.

    A round calls all of them, one after the other; a first round is not counted.
    """
    for function in functions:
        function()
    times = [[seconds(function) for function in functions] for _ in range(rounds)]
    return [list(column) for column in zip(*times, strict=True)]


def ratio(mine: Sequence[float], other: Sequence[float]) -> float:
    """The median of the ratios round by round: it holds on a machine whose speed drifts."""
    return statistics.median(a / b for a, b in zip(mine, other, strict=True))


def paired(first: Work, second: Work, pairs: int) -> tuple[float, float, float]:
    """Median seconds of both, and the median of their ratios pair by pair."""
    a, b = in_turn((first, second), pairs)
    return statistics.median(a), statistics.median(b), ratio(a, b)


def paired_row(name: str, mine: Work, other: Work, budget: float, pairs: int) -> Row:
    """The row of one ratio."""
    a, b, measured = paired(mine, other, pairs)
    return Row(name, measured, budget, "x", f"{1000 * a:.1f} ms / {1000 * b:.1f} ms")
