"""Long work in micro-batches: added up as it comes, shown, and stopped with what there is."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

# Called with the share done, in (0, 1); False: stop and keep what there is. May raise to give up.
# Not called when all is done: an answer that is there is worth showing, even if it is overtaken.
Checkpoint = Callable[[float], bool]

# Numbers in the pictures of one micro-batch: eight of 224 x 224 x 3. Four take a sixth longer for each
# picture, twenty-five save a tenth; and between batches a computation can be stopped.
_BATCH_NUMBERS = 8 * 224 * 224 * 3

# Numbers of a layer's output, or its derivative, that one micro-batch may hold: 64 MB.
_LAYER_NUMBERS = 2**24


def batch_size(picture: int, output: int = 0) -> int:
    """How many go through the network together, by the numbers that one picture and one output hold."""
    by_output = _LAYER_NUMBERS // output if output else 32
    return max(1, min(32, _BATCH_NUMBERS // picture, by_output))


@runtime_checkable
class Part(Protocol):
    """A sum over some of the things wanted."""

    @property
    def done(self) -> int:
        """How many things are in it."""
        ...

    def __add__(self, other: Any, /) -> Any: ...


_P = TypeVar("_P", bound=Part)


def add_up(
    parts: Iterable[_P],
    wanted: int,
    checkpoint: Checkpoint,
    seen: Callable[[_P], object] = lambda total: None,
    so_far: _P | None = None,
) -> _P:
    """The sum of all parts, or of those there were when it was stopped: at least one.

    Args:
        parts: made one by one, each with the number of things in it as `done`.
        wanted: how many things there are in all.
        checkpoint: asked between parts.
        seen: called with the sum so far between parts, where it goes on.
        so_far: a sum to begin with.
    """
    total = so_far
    try:
        for part in parts:
            summed: _P = part if total is None else total + part
            total = summed
            if summed.done < wanted:
                if not checkpoint(summed.done / wanted):
                    break
                seen(summed)
    except KeyboardInterrupt:
        if total is None or not _stop(checkpoint):
            raise
    assert total is not None  # noqa: S101 # nothing is measured in no parts
    return total


@dataclass(frozen=True)
class Through:
    """A checkpoint that is asked through a function; what an interrupt may end early, it still may.

    Attributes:
        checkpoint: which one.
        ask: called in its place.
    """

    checkpoint: Checkpoint
    ask: Checkpoint

    def __call__(self, share: float) -> bool:
        """Ask it."""
        return self.ask(share)


def _stop(checkpoint: Checkpoint) -> bool:
    """End work that shows its progress; whether it does."""
    while isinstance(checkpoint, Through):
        checkpoint = checkpoint.checkpoint
    if not isinstance(checkpoint, Progress):
        return False
    checkpoint.stop()
    return True


class Progress:
    """A progress bar under a notebook's cell, for work that takes more than a second.

    While it is shown, interrupting the cell ends the work and keeps what there is. Outside notebooks
    it shows nothing, and an interrupt is an interrupt.

    Args:
        title: of the bar.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._bar: Any = None
        self._stopped = False

    def __call__(self, share: float) -> bool:
        """Show the share done; False once it was stopped."""
        if self._bar is None:
            from tqdm.auto import tqdm

            self._bar = tqdm(total=100, desc=self._title, unit="%", delay=1, leave=False, bar_format=_FORMAT)
        self._bar.update(round(100 * share, 1) - self._bar.n)
        return not self._stopped

    def stop(self) -> None:
        """End the work at the next chance."""
        self._stopped = True

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()


_FORMAT = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"


def in_notebook() -> bool:
    """Whether Python was called from the cell of a notebook."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell is not None and getattr(shell, "kernel", None) is not None


def unwatched(share: float) -> bool:
    """A checkpoint that lets everything go on."""
    return True
