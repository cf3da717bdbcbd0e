"""One attempt at an answer, with the question beside it: is all of it of one network?"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from camwidget.model import Probe

from .cache import Cache, Staged
from .measuring.running import Checkpoint, Through

if TYPE_CHECKING:
    from .probes import Probes

# One thread for all networks: a question takes two milliseconds at the most.
_ASKING = ThreadPoolExecutor(1, "camwidget-asking")


def _asked(probe: Probe) -> Callable[[], tuple[int, ...]]:
    """The weights' fingerprint, asked for in another thread; the result waits for it."""
    ask = probe.fingerprint
    try:
        asked = _ASKING.submit(ask)
    except RuntimeError:  # Python has no other thread: it is ending, or has too many
        answer = ask()
        return lambda: answer
    time.sleep(0)  # Python runs in one thread at a time: let the other one get as far as TensorFlow.
    return asked.result


class Attempt:
    """One attempt at an answer.

    Whether weights have changed is asked in another thread while it is worked out: that takes as long as a class's
    derivative. Weights that somebody exchanges and puts back within that time are not noticed.

    Args:
        probes: of the network.
        probe: that measures.
        cache: of what is known.
        checkpoint: of the work; it is asked once all there is, is known to be of one network.
        is_last: whether this one's answer is taken as it is.

    Attributes:
        probe: to measure with.
        cache: to take from and to keep in.
        checkpoint: to ask; nothing may be shown to anybody before. It ends an attempt that is not sound.
        has_told: whether the work's own checkpoint has been asked.
        is_final: whether its answer is taken, sound or not: it is the last, or another would meet a change as well.
    """

    def __init__(self, probes: "Probes", probe: Probe, cache: Cache, checkpoint: Checkpoint, *, is_last: bool) -> None:
        self.probe = probe
        self.cache = Staged(cache.of(probes.changes))
        self.checkpoint = Through(checkpoint, self._ask)
        self.has_told = False
        self.is_final = is_last
        self._probes = probes
        self._given = cache
        self._calls = probe.calls
        self._changes = probes.changes
        self._reading = _asked(probe)

    @property
    def is_sound(self) -> bool:
        """Whether all there is so far is of one network, the newest that is known."""
        if self._probes.changes != self._changes:  # Somebody has asked something else meanwhile.
            return False
        self._probes.note(self._reading())
        if self._probes.changes != self._changes:
            if self.cache.has_borrowed:
                return False
            self._changes = self._probes.changes
            self._given.of(self._changes)
        return True

    def has_changed(self, *, is_exposed: bool) -> bool:
        """Whether the answer has to say that the network changed while it was measured; then it is not kept.

        Args:
            is_exposed: whether somebody may have changed it: then weights are read once more.
        """
        is_exposed = is_exposed and self.probe.calls != self._calls
        if not (is_exposed or self.is_final):  # If it has changed, there is another attempt.
            return False
        if not self.is_sound:
            return self.is_final
        if is_exposed:
            self._probes.note(self.probe.fingerprint())
        has_changed = self._probes.changes != self._changes
        self.is_final |= has_changed
        return has_changed

    def _ask(self, share: float) -> bool:
        if not (self.is_sound or self.is_final):
            return False
        self.has_told = True
        return self.checkpoint.checkpoint(share)
