"""Latest wins: one slot for what has changed and one worker that answers it."""

import sys
import threading
from collections.abc import Callable, Hashable, Iterable
from typing import Any, Generic, TypeVar

_Change = TypeVar("_Change", bound=Hashable)
_Request = TypeVar("_Request")


class Superseded(Exception):  # noqa: N818 # not an error: the answer is no longer wanted
    """Raised inside a computation whose answer is no longer wanted."""


class Token:
    """Says to one computation whether to go on.

    Attributes:
        number: of changes submitted before the computation began.
        superseded: something newer waits; the answer is no longer wanted.
        stopped: somebody pressed Stop; what there is shall be kept.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.superseded = False
        self.stopped = False

    def go_on(self) -> bool:
        """False: stop and keep what there is. Raises `Superseded` where nobody wants it any more."""
        if self.superseded:
            raise Superseded
        return not self.stopped


class Scheduler(Generic[_Change, _Request]):
    """Answers the newest state in a thread of its own and drops what it overtakes.

    `submit` only notes what has changed and wakes the worker, so it may be called from any thread,
    as often as a pointer moves: from the main one, or from the one in which newer kernels run
    observers.

    Args:
        take: makes one request of what has changed since the last answer, names for instance; called in the
            worker with the lock held, so that names and values belong together.
        work: answers one request; called in the worker with the request and its `Token`. What it
            raises, `Superseded` apart, is reported as from any thread, and the worker lives on.
        lock: a `threading.RLock`; guards the slot, and whatever else the caller guards with it.
            `wait` lets go of it, even where the waiting thread holds it, so that an observer may
            wait for an answer.
        spare: done in the worker when nothing is asked for, a little at a time: called again and again
            with nothing between but what is asked for meanwhile. Gives the seconds until it wants to be
            called again, None: not before the next answer, or `start`. Nobody waits for it.

    Attributes:
        number: of changes submitted so far.
        closed: whether `close` was called.
    """

    def __init__(
        self,
        take: Callable[[frozenset[_Change]], _Request],
        work: Callable[[_Request, Token], None],
        lock: Any,
        spare: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._take = take
        self._work = work
        self._spare = spare
        self._changed = threading.Condition(lock)
        self._slot: set[_Change] | None = None
        self._token: Token | None = None
        self._worker: threading.Thread | None = None
        self._is_woken = False
        self._ended = 0  # the highest number of a computation that has ended
        self.number = 0
        self.closed = False

    def submit(self, changes: Iterable[_Change]) -> None:
        """Have the present state answered; after `close` nothing happens.

        Args:
            changes: what has changed; joins what waits already.
        """
        with self._changed:
            if self.closed:
                return
            self.number += 1
            self._slot = {*(self._slot or ()), *changes}
            if self._token is not None:
                self._token.superseded = True
            self.start()

    def start(self) -> None:
        """Let the worker begin with what is spare, at once; `submit` does so too."""
        with self._changed:
            if self.closed:
                return
            self._is_woken = True
            if self._worker is None:
                # a daemon, so that a notebook's kernel can end while a long map is computed
                self._worker = threading.Thread(target=self._run, name="camwidget", daemon=True)
                self._worker.start()
            self._changed.notify_all()

    def stop(self) -> bool:
        """Ask the present computation to end early and keep what it has; False: there is none."""
        with self._changed:
            if self._token is None:
                return False
            self._token.stopped = True
            return True

    def wait(self, timeout: float | None = None) -> bool:
        """Block until everything is answered; False: it took longer than `timeout` seconds."""
        if threading.current_thread() is self._worker:
            return True
        with self._changed:
            return self._changed.wait_for(lambda: self.closed or (self._slot is None and self._token is None), timeout)

    def wait_once(self) -> None:
        """Block until one computation has ended that knew of all that is submitted by now, overtaken or not."""
        if threading.current_thread() is self._worker:
            return
        with self._changed:
            number = self.number
            self._changed.wait_for(lambda: self.closed or self._ended >= number)

    def close(self) -> None:
        """Drop what waits and let the worker end; may be called twice and from anywhere."""
        with self._changed:
            self.closed = True
            self._slot = None
            if self._token is not None:
                self._token.superseded = True
            self._changed.notify_all()

    def _run(self) -> None:
        pause: float | None = 0.0  # seconds until what is spare is due; None: not before the next answer
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._slot is not None or self._is_woken or self.closed, pause)
                self._is_woken = False
                if self.closed:
                    return
                asked = self._asked()
            try:
                pause = None if asked is None else 0.0  # also should it raise
                if asked is None:
                    pause = self._spare()
                else:
                    self._answer(*asked)
            except Exception:  # for instance of a user's observer: the next change is answered all the same
                threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))

    def _asked(self) -> tuple[_Request, Token, set[_Change]] | None:
        """Empty the slot; None where nothing is asked for."""
        changes, self._slot = self._slot, None
        if changes is None:
            return None
        self._token = Token(self.number)
        return self._take(frozenset(changes)), self._token, changes

    def _answer(self, request: _Request, token: Token, changes: set[_Change]) -> None:
        try:
            self._work(request, token)
        except Superseded:
            with self._changed:
                if self._slot is not None:  # what was left unanswered falls to the next one
                    self._slot |= changes
        finally:
            with self._changed:
                self._token, self._ended = None, token.number
                self._changed.notify_all()
