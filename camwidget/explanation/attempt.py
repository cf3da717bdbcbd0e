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
    derivative. Of a network that may be in training, and after long work, it is asked once more at the end. What
    somebody changes and puts back between two such questions is not noticed, nor what is changed within an answer
    by who trains a network that was never compiled.

    Args:
        probes: of the network.
        probe: that measures.
        cache: of what is known.
        checkpoint: of the work; it is asked once all there is, is known to be of one network.
        is_final: whether this one's answer is taken as it is.

    Attributes:
        probe: to measure with.
        cache: to take from and to keep in.
        is_final: whether its answer is taken, of one network or not: it was to be the last, another would meet a
            change as well, or it was stopped.
        has_told: whether the work's checkpoint has been asked.
    """

    def __init__(self, probes: "Probes", probe: Probe, cache: Cache, checkpoint: Checkpoint, *, is_final: bool) -> None:
        self.probe = probe
        self.cache = Staged(cache, probes.changes)
        self.is_final = is_final
        self.has_told = False
        self._probes = probes
        self._checkpoint = checkpoint
        self._calls = probe.calls
        self._changes = probes.changes
        self._reading = _asked(probe)

    @property
    def checkpoint(self) -> Checkpoint:
        """To ask; nothing may be shown to anybody before. It ends an attempt that is not of one network."""
        return Through(self._checkpoint, self._ask)  # made here: held by what it asks, it would outlive all of it

    def settle(self) -> bool:
        """Wait for the weights' fingerprint; whether all there is so far is of one network, the newest one known."""
        if self._probes.changes != self._changes:  # Somebody has asked something else meanwhile.
            return False
        self._probes.note(self._reading())
        if self._probes.changes != self._changes:
            if self.cache.has_borrowed:
                return False
            self._changes = self._probes.changes
            self.cache.renew(self._changes)
        return True

    def look_again(self, *, is_exposed: bool) -> bool:
        """End the work: whether the answer has to say that the network changed meanwhile; then it is not kept.

        Args:
            is_exposed: whether somebody may have changed it: then it is looked at once more.
        """
        is_exposed = is_exposed and self.probe.calls != self._calls
        if not (is_exposed or self.is_final):  # If it has changed, there is another attempt.
            return False
        if not self.settle():
            return self.is_final
        if is_exposed:
            self._probes.look_again(self.probe)
        has_changed = self._probes.changes != self._changes
        self.is_final |= has_changed
        return has_changed

    def _ask(self, share: float) -> bool:
        if not (self.settle() or self.is_final):
            return False
        self.has_told = True
        goes_on = self._checkpoint(share)
        self.is_final |= not goes_on
        return goes_on
