"""What excites filters and classes most, formed while the network has nothing else to do and shown as it forms."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from jaxtyping import Float

from camwidget.explanation import Explainer, Explanation
from camwidget.explanation.ascent import (
    Ascent,
    Frame,
    Objective,
    beginning,
    channels_of,
    climb,
    logit,
    numbers_held,
    prepare,
    stop_note,
)

from .frames import Formed, Subject, address, encode_frames, failed, key_of, output_of, together

# Seconds between two frames of the same pictures.
_INTERVAL = 0.2

# Numbers that the layers may hold for these: a step takes 0.1 s or so, and a map that is asked for waits no longer.
_NUMBERS = 2**24

# Seconds between two steps in which the network is free: a lock goes to whoever comes first, not to who waits longest.
_PAUSE = 0.001


@dataclass(frozen=True, eq=False)
class Wanted:
    """What the page wants to see.

    Attributes:
        explanation: that it shows; the filters are of its layer.
        subjects: the most urgent first; none: whatever forms is stopped.
        version: of the network that the page's pictures are of.
    """

    explanation: Explanation
    subjects: tuple[Subject, ...] = ()
    version: int = 0


@dataclass(eq=False)
class _Batch:
    """Pictures that form together.

    Attributes:
        subjects: of them.
        ascent: that is climbed.
        version: of the network when it began.
        weights: then, in a few numbers.
        frames: what comes next.
        values: the least and the largest activation so far.
        told: when the page last heard of it, a reading of `time.perf_counter`.
    """

    subjects: tuple[Subject, ...]
    ascent: Ascent
    version: int
    weights: tuple[int, ...]
    frames: Iterator[Frame]
    values: Float[np.ndarray, "2 n"] = field(init=False)
    told: float = -_INTERVAL

    def __post_init__(self) -> None:
        self.values = np.repeat([[np.inf], [-np.inf]], len(self.subjects), axis=1)

    def advance(self) -> Frame:
        """Make one step."""
        frame = next(self.frames)
        self.values = np.stack([np.fmin(self.values[0], frame.values), np.fmax(self.values[1], frame.values)])
        return frame

    def formed(self, frame: Frame) -> dict[Subject, Formed]:
        """The frame's pictures as they are sent."""
        return {subject: self._formed(n, frame) for n, subject in enumerate(self.subjects)}

    def _formed(self, n: int, frame: Frame) -> Formed:
        subject, value = self.subjects[n], float(frame.values[n])
        is_silent = frame.is_last and self.values[0, n] == self.values[1, n]
        said = [f"{subject.measure} {value:.3g} after {frame.step} of {self.ascent.steps} steps.", *self.ascent.notes]
        if frame.stopped[n] or not np.isfinite(value):
            said[0] = stop_note(str(subject).capitalize(), frame.stopped[n])
        elif is_silent:
            said[0] = "Silent: no step changed the activation."
        shown = "silent" if is_silent else f"{value:.3g}" if np.isfinite(value) else ""
        return Formed(address(frame.images[n]), shown, " ".join(said), frame.step / self.ascent.steps)


class Exciting:
    """The pictures that one page wants to see, formed step by step.

    Those that are done are kept with what else was measured of the network, and go with it when it changes.

    Args:
        explainer: around the network.
        send: takes fields to the page.
    """

    def __init__(self, explainer: Explainer, send: Callable[[dict[str, Any]], None]) -> None:
        self._explainer = explainer
        self._send = send
        self._wanted: Wanted | None = None
        self._met: Wanted | None = None  # what is worked at
        self._open: list[Subject] = []
        self._begun: list[_Batch] = []

    def want(self, wanted: Wanted) -> None:
        """From now on these are formed; may be called by any thread."""
        self._wanted = wanted

    def step(self) -> bool:
        """Do what is next, which takes a moment; False: there is nothing left to do. One thread calls it."""
        wanted = self._wanted
        if wanted is None:
            return False
        time.sleep(_PAUSE)
        try:
            if wanted is not self._met:
                self._meet(wanted)
            elif self._open:
                self._advance(wanted)
        except Exception as error:  # whatever a user's network raises belongs on the screen
            self._give_up(str(error) or type(error).__name__)
        return bool(self._open)

    def _meet(self, wanted: Wanted) -> None:
        """Send what is there already; pictures that were begun and are still wanted go on."""
        self._met, self._open = wanted, list(wanted.subjects)
        version = self._version(wanted)
        kept = {subject: self._explainer.cache.get(key_of(subject, wanted.explanation)) for subject in wanted.subjects}
        for subjects in together([subject for subject in wanted.subjects if kept[subject]]):
            self._tell(version, {subject: kept[subject] for subject in subjects})
        if version != wanted.version:
            self._tell(version, {})
        self._open = [subject for subject in wanted.subjects if not kept[subject]]
        # Where nothing is wanted, somebody has pressed Stop, and may go on.
        self._begun = [
            batch
            for batch in self._begun
            if batch.version == version and not ({*batch.subjects}.isdisjoint(self._open) and wanted.subjects)
        ]

    def _advance(self, wanted: Wanted) -> None:
        """One step of the batch that holds what is most urgent."""
        first = self._open[0]
        batch = next((batch for batch in self._begun if first in batch.subjects), None) or self._begin(wanted)
        with self._explainer.lock:
            frame = batch.advance()
            is_due = frame.is_last or time.perf_counter() - batch.told >= _INTERVAL
            has_changed = is_due and batch.ascent.probe.fingerprint() != batch.weights
        if has_changed:  # a picture of two networks is one of neither: all begin again
            self._begun.remove(batch)
            self._meet(wanted)
        elif is_due:
            formed = batch.formed(frame)
            if frame.is_last:
                self._finish(wanted, batch, formed)
            self._tell(batch.version, formed)
            batch.told = time.perf_counter()

    def _begin(self, wanted: Wanted) -> _Batch:
        begun = {subject for batch in self._begun for subject in batch.subjects}
        subjects = next(together([subject for subject in self._open if subject not in begun]))
        objectives = _objectives(subjects, wanted.explanation)
        ascent = prepare(self._explainer, objectives, output=output_of(subjects[0], wanted.explanation))
        count = max(1, min(len(subjects), _NUMBERS // numbers_held(ascent.probe, ascent.layers)))
        ascent = ascent.only(range(count))
        with self._explainer.lock:
            weights = ascent.probe.fingerprint()
            version = self._version(wanted)
        self._begun.append(_Batch(tuple(subjects[:count]), ascent, version, weights, _frames(ascent)))
        return self._begun[-1]

    def _finish(self, wanted: Wanted, batch: _Batch, formed: Mapping[Subject, Formed]) -> None:
        with self._explainer.lock:
            if self._version(wanted) == batch.version:
                for subject, each in formed.items():
                    self._explainer.cache.put(key_of(subject, wanted.explanation), each)
        self._begun.remove(batch)
        self._open = [subject for subject in self._open if subject not in batch.subjects]

    def _give_up(self, problem: str) -> None:
        """Say why what is most urgent, and all of its kind, cannot be formed; the other kind goes on."""
        given_up = [subject for subject in self._open if subject.kind == self._open[0].kind]
        self._open = [subject for subject in self._open if subject not in given_up]
        self._begun = [batch for batch in self._begun if {*batch.subjects}.isdisjoint(given_up)]
        self._tell(self._explainer.probes.changes, dict.fromkeys(given_up, failed(problem)))

    def _version(self, wanted: Wanted) -> int:
        """Of the network as it is now; where it has changed, what was kept is dropped."""
        with self._explainer.lock:
            self._explainer.probe(wanted.explanation.picture, wanted.explanation.query.output)
            return self._explainer.probes.changes

    def _tell(self, version: int, pictures: Mapping[Subject, Formed]) -> None:
        if self._met is not None:
            self._send(encode_frames(self._met.explanation.layer, version, pictures))


def _frames(ascent: Ascent) -> Iterator[Frame]:
    """All frames, the first by itself: so it is there before what makes the steps is compiled."""
    positions = range(len(ascent.objectives))
    yield beginning(ascent, positions)
    yield from islice(climb(ascent, positions), 1, None)


def _objectives(subjects: Sequence[Subject], explanation: Explanation) -> list[Objective]:
    units = [subject.unit for subject in subjects]
    if subjects[0].kind == "class":
        return [logit(unit) for unit in units]
    return channels_of(explanation.layer_info, units)
