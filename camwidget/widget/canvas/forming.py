"""All filters of a layer climbed in the background, batch by batch, those on show first."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from jaxtyping import UInt8

from camwidget.explanation.ascent import Ascent, FilterImages, Frame, climb
from camwidget.explanation.ascent.maximise import collect

from ..scheduler import Scheduler, Superseded, Token

# Seconds between two looks at pictures that form, which have to be made of their numbers each time.
_INTERVAL = 0.2

Status = Literal["computing", "idle", "stopped"]


class Forming:
    """One worker that climbs an ascent; asked for what there is at any time.

    Args:
        ascent: of the filters of one layer.
        names: of its pictures.
        lock: a `threading.RLock`.
        wanted: (positions) -> whether anybody would see these pictures change now; the last frame of a batch is
            shown in any case.
        first: the positions to be climbed before all others.
        seen: called in the worker with the positions of pictures that have changed, and the pictures.
        told: called in the worker, with the lock held, when a status, the share done or an error has changed.
    """

    def __init__(
        self,
        ascent: Ascent,
        names: list[str],
        lock: Any,
        *,
        wanted: Callable[[range], bool],
        first: Callable[[], range],
        seen: Callable[[range, UInt8[np.ndarray, "n H W 3"]], None],
        told: Callable[[Status, float, str], None],
    ) -> None:
        self._ascent, self._names, self._lock = ascent, names, lock
        self._wanted, self._first, self._seen, self._told = wanted, first, seen, told
        self._frames: dict[range, Frame] = {}  # the newest of each batch that was begun
        self.values = np.full((len(names), ascent.steps + 1), np.nan, np.float32)
        self._is_stopped = False
        self._scheduler: Scheduler[str, None] = Scheduler(lambda changes: None, self._climb, lock)

    def start(self) -> None:
        """Climb what has not been climbed to the end; a batch that was stopped on the way begins anew."""
        with self._lock:
            self._is_stopped = False
            self._scheduler.submit({"start"})

    def stop(self) -> None:
        """End after the present step; what there is is kept."""
        self._is_stopped = True

    def wait(self, timeout: float | None) -> bool:
        """Block until the worker has nothing to do; False: it took longer than `timeout` seconds."""
        return self._scheduler.wait(timeout)

    def close(self) -> None:
        """End the worker after the present step; may be called twice."""
        self._scheduler.close()

    @property
    def share(self) -> float:
        """Share of all steps that were made."""
        done = sum(len(batch) * frame.step for batch, frame in self._frames.items())
        return done / (len(self._names) * self._ascent.steps)

    def has_formed(self, position: int) -> bool:
        """Whether all steps of a picture were made."""
        return any(position in batch and frame.is_last for batch, frame in self._frames.items())

    def collected(self) -> FilterImages:
        """What there is of the pictures that were begun, finished ones first of all.

        Raises:
            ValueError: none was begun.
        """
        with self._lock:
            frames = sorted(self._frames.values(), key=lambda frame: frame.positions.start)
            if not frames:
                raise ValueError("No picture has begun to form yet. Wait for the first one, or call start().")
            largest = max(frame.shape for frame in frames)
            frames = [frame for frame in frames if frame.shape == largest]
            chosen = [n for frame in frames for n in frame.positions]
            values = self.values[chosen]
        begun, parts = 0, []
        for frame in frames:
            parts.append(replace(frame, positions=range(begun, begun + len(frame.positions))))
            begun += len(frame.positions)
        made = sum(len(frame.positions) for frame in frames if frame.is_last)
        notes = [f"Stopped: {made} of {len(self._names)} pictures have formed."] if made < len(self._names) else []
        ascent = self._ascent.only(chosen)
        return collect(ascent, parts, values, True, [self._names[n] for n in chosen], notes)

    def _climb(self, request: None, token: Token) -> None:
        """Runs in the worker."""
        try:
            self._tell("computing")
            while not self._is_stopped and (batch := self._next()) is not None:
                last = 0.0
                for frame in climb(self._ascent, batch):
                    token.go_on()
                    self._keep(batch, frame)
                    is_end = frame.is_last or self._is_stopped
                    if is_end or (time.perf_counter() - last > _INTERVAL and self._wanted(batch)):
                        last = time.perf_counter()
                        # A copy, so that what the frame makes of its numbers is not kept for ever.
                        self._seen(batch, replace(frame).images)
                    self._tell("computing")
                    if is_end:
                        break
            self._tell("stopped" if self._next() is not None else "idle")
        except Superseded:
            raise
        except Exception as error:  # whatever a user's network raises belongs on the screen
            self._tell("stopped", f"The pictures could not be made: {type(error).__name__}: {error}")

    def _next(self) -> range | None:
        left = [each for each in self._ascent.batches if each not in self._frames or not self._frames[each].is_last]
        first = self._first()
        return min(left, key=lambda batch: (not _overlap(batch, first), batch.start), default=None)

    def _keep(self, batch: range, frame: Frame) -> None:
        with self._lock:
            self._frames[batch] = frame
            rows = self.values[batch.start : batch.stop]
            rows[:, frame.step] = frame.values
            rows[:, frame.step + 1 :] = np.nan

    def _tell(self, status: Status, error: str = "") -> None:
        with self._lock:
            if not self._scheduler.closed:
                self._told(status, self.share, error)


def _overlap(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop
