"""Latest wins: one slot for the newest request and one worker that answers it."""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

_Request = TypeVar("_Request")


class Superseded(Exception):  # noqa: N818 # not an error: the answer is no longer wanted
    """Raised inside a computation whose answer is no longer wanted."""


class Token:
    """Says to one computation whether to go on.

    Attributes:
        superseded: a newer request waits; the answer is no longer wanted.
        stopped: somebody pressed Stop; what there is shall be kept.
    """

    def __init__(self) -> None:
        self.superseded = False
        self.stopped = False

    def go_on(self) -> bool:
        """False: stop and keep what there is. Raises `Superseded` where nobody wants it any more."""
        if self.superseded:
            raise Superseded
        return not self.stopped


class Scheduler(Generic[_Request]):
    """Answers the newest request in a thread of its own and drops those it overtakes.

    `submit` only stores the request and wakes the worker, so it may be called from any thread, as
    often as a pointer moves: from the main one, or from the one in which newer kernels run
    observers.

    Args:
        work: answers one request; called in the worker with the request and its `Token`. It must
            not raise anything but `Superseded`.
        lock: a `threading.RLock`; guards the slot, and whatever else the caller guards with it. `wait` lets go of it,
            even where the waiting thread holds it, so that an observer may wait for an answer.
    """

    def __init__(self, work: Callable[[_Request, Token], None], lock: Any) -> None:
        self._work = work
        self._changed = threading.Condition(lock)
        self._slot: list[_Request] = []
        self._token: Token | None = None
        self._worker: threading.Thread | None = None
        self._closed = False

    def submit(self, request: _Request) -> None:
        """Replace whatever waits by this request; after `close` nothing happens."""
        with self._changed:
            if self._closed:
                return
            self._slot[:] = [request]
            if self._token is not None:
                self._token.superseded = True
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

    def is_newest(self) -> bool:
        """Whether no newer request waits."""
        with self._changed:
            return not self._slot

    def in_worker(self) -> bool:
        """Whether the caller runs in the worker."""
        return threading.current_thread() is self._worker

    def wait(self, timeout: float | None = None) -> bool:
        """Block until every request is answered; False: it took longer than `timeout` seconds."""
        if self.in_worker():
            return True
        with self._changed:
            return self._changed.wait_for(lambda: self._closed or not (self._slot or self._token), timeout)

    def close(self) -> None:
        """Drop what waits and let the worker end; may be called twice and from anywhere."""
        with self._changed:
            self._closed = True
            self._slot.clear()
            if self._token is not None:
                self._token.superseded = True
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._slot or self._closed)
                if self._closed:
                    return
                request = self._slot.pop()
                self._token = token = Token()
            try:
                self._work(request, token)
            except Superseded:
                pass
            finally:
                with self._changed:
                    self._token = None
                    self._changed.notify_all()
