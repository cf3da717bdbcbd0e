"""Long work seen while it goes on: the map refines as noisy copies, filters or steps come in."""

import time
from collections.abc import Callable
from dataclasses import replace

from camwidget.explanation import Explanation

# Seconds between two pictures of what is not done yet: often enough to be seen to move, and at most 1.3 MB a second.
_INTERVAL = 0.2


def since(start: float) -> float:
    """Milliseconds since a reading of `time.perf_counter`."""
    return (time.perf_counter() - start) * 1000


def streamed(publish: Callable[[Explanation], None]) -> Callable[[Callable[[], Explanation]], None]:
    """A `show` for `Explainer.answer` that publishes what there is, not oftener than anybody could follow.

    Args:
        publish: called with the explanation so far; its notes say how far it is, and not that it was stopped.
    """
    last = time.perf_counter()

    def show(so_far: Callable[[], Explanation]) -> None:
        nonlocal last
        if time.perf_counter() - last < _INTERVAL:
            return
        explanation = so_far()
        publish(replace(explanation, notes=(f"So far: {explanation.stopped}.",)))
        last = time.perf_counter()

    return show
