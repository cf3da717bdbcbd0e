"""What the network says of many pictures, found out little by little, and how it goes to the page."""

import base64
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float32, Int32, Int64

from camwidget.explanation import Explainer, Query
from camwidget.explanation.drawing import jpeg, reduced
from camwidget.explanation.many import by_shape
from camwidget.judge.cases import Case, by_folder
from camwidget.model import Picture, Probe

from .album import MOST_PICTURES, Album

# Orders of the strip. "wrong": wrong and confident first, right ones last; "unsure": the least confident first.
ORDERS = ("given", "wrong", "unsure")

# In place of a predicted class, and of a label.
UNREAD, SKIPPED, UNKNOWN = -1, -2, -1

# Longest side of a thumbnail, in pixels, and bytes of those that go out together.
THUMBNAIL = 112
MOST_BYTES = 200 * 1024

# Pictures read at a time: as many as take about that long, so that an explanation never waits longer.
MOST_AT_ONCE = 32
SECONDS_AT_ONCE = 0.1

Numbers = Int32[np.ndarray, " n"]


class Strip:
    """The pictures of a widget: thumbnails, predicted classes and their order.

    `step` is called by the widget's worker when nothing is asked for, and reads a few pictures at a time;
    those in sight come first. A picture that cannot be read is left out, and said. When the
    network has changed all are asked again, and what was found stays until then.

    Args:
        explainer: of the network.
        query: its input and output are those of every picture.
        album: the pictures; None: there is one picture, and no strip.
    """

    def __init__(self, explainer: Explainer, query: Query, album: Album | None) -> None:
        self._explainer = explainer
        self._query = query
        self._album = album
        self._predicted = np.full(MOST_PICTURES, UNREAD, np.int32)
        self._probabilities = np.full(MOST_PICTURES, np.nan, np.float32)
        self._labels = np.full(MOST_PICTURES, UNKNOWN, np.int32)
        self._thumbnails: dict[int, str] = {}
        self._skipped: dict[int, str] = {}
        self._done: set[int] = set()
        self._wanted: Sequence[int] = ()
        self._next = 0
        self._at_once = 1
        self._changes = -1  # of the network, when it was asked last
        self._resting = 0.0  # until then
        self._told = 0  # how many were done when the page was told last, and whether that was the end
        self._told_end = False
        self._is_wanted = False  # whether one of those in sight has been read since

    @property
    def skipped(self) -> tuple[tuple[str, str], ...]:
        """Name of each picture that could not be used, and why."""
        return tuple((self._case(number).name, reason) for number, reason in sorted(self._skipped.items()))

    def _case(self, number: int) -> Case:
        if self._album is None:
            raise ValueError(f"No picture {number}: this widget was given one picture alone, and it has no number.")
        return self._album[number]

    def image(self, number: int) -> object:
        """A picture as it was given.

        Raises:
            ValueError: there is no such picture.
        """
        return self._case(number).image

    def first(self, number: int | None) -> tuple[int, Picture]:
        """The picture to begin with: this one, or the first that can be read.

        Raises:
            TypeError, ValueError: it cannot be read, or none can; a label of a class that there is not.
        """
        place = number or 0
        while True:
            try:
                case = self._case(place)
            except ValueError:
                if number is not None or not self.skipped:
                    raise
                name, reason = self.skipped[0]
                raise ValueError(f"None of {place} pictures can be used. The first, {name!r}: {reason}") from None
            try:
                picture = self._explainer.picture(case.image, self._query.input)
            except (OSError, TypeError, ValueError) as error:
                if number is not None:
                    raise
                self._skip(place, error)
                place += 1
                continue
            self._label(place, case, self._explainer.probe(picture, self._query.output, measures=False))
            return place, picture

    # -- reading, in the worker ---------------------------------------------------------------

    def step(self) -> float | None:
        """Read a few pictures more; seconds until it wants to be called again, None: all is read."""
        if self._album is None:
            return None
        rest = self._resting - time.monotonic()
        if rest > 0:
            return rest
        if self._explainer.probes.changes != self._changes:
            self._again()
        numbers = self._unread(self._album)
        if not numbers:
            return None
        start = time.perf_counter()
        self._read(numbers)
        self._is_wanted = self._is_wanted or not set(numbers).isdisjoint(self._wanted)
        taken = time.perf_counter() - start
        if taken < SECONDS_AT_ONCE / 2:
            self._at_once = min(MOST_AT_ONCE, 2 * self._at_once)
        elif taken > SECONDS_AT_ONCE:
            self._at_once = max(1, self._at_once // 2)
        return 0.0

    def rest(self, seconds: float) -> None:
        """Read nothing for so long: the network is in training."""
        self._resting = time.monotonic() + seconds

    @property
    def has_news(self) -> bool:
        """Whether it is time to tell the page: those in sight are read, all are, or an eighth more than at last."""
        done = len(self._done)
        if self._album is None or (done == self._told and self._told_end == self._album.complete):
            return False
        is_all = self._album.complete and done == len(self._album)
        return is_all or self._is_wanted or done >= 1.125 * self._told + 8

    def _again(self) -> None:
        self._changes = self._explainer.probes.changes
        self._done = set()
        self._next = self._told = 0

    def _unread(self, album: Album) -> list[int]:
        numbers = [n for n in self._wanted if n not in self._done][: self._at_once]
        while len(numbers) < self._at_once and album.reach(self._next):
            if self._next not in self._done and self._next not in numbers:
                numbers.append(self._next)
            self._next += 1
        return numbers

    def _read(self, numbers: Sequence[int]) -> None:
        pictures: dict[int, Picture] = {}
        for number in numbers:
            try:
                picture = self._explainer.picture(self._case(number).image, self._query.input)
            except Exception as error:  # also what a user's preprocessing raises: the others can be shown
                self._skip(number, error)
                continue
            small = reduced(picture.pixels, THUMBNAIL)
            if number not in self._thumbnails:
                self._thumbnails[number] = f"data:image/jpeg;base64,{base64.b64encode(jpeg(small)).decode()}"
            pictures[number] = replace(picture, pixels=small)  # lets go of a large photograph
        listed = list(pictures)
        for places in by_shape(list(pictures.values())):
            same = [listed[place] for place in places]
            try:
                self._ask(same, [pictures[number] for number in same])
            except Exception as error:  # whatever a user's network raises
                for number in same:
                    self._skip(number, error)

    def _ask(self, numbers: Sequence[int], pictures: Sequence[Picture]) -> None:
        sides = tuple(map(np.concatenate, zip(*(picture.sides for picture in pictures), strict=True)))
        with self._explainer.lock:
            probe = self._explainer.probe(pictures[0], self._query.output)
            logits, logs = probe.verdict(np.stack([picture.inputs for picture in pictures]), sides)
            changes = self._explainer.probes.changes
        if changes != self._changes:
            self._again()
        for n, number in enumerate(numbers):
            try:
                self._label(number, self._case(number), probe)
            except (TypeError, ValueError) as error:
                self._skip(number, error)
                continue
            predicted = int(logits[n].argmax())
            self._predicted[number] = predicted
            self._probabilities[number] = np.exp(logs[n, predicted])
            self._skipped.pop(number, None)
            self._done.add(number)

    def _label(self, number: int, case: Case, probe: Probe) -> None:
        if probe.gives_classes:
            label = by_folder(case, self._explainer.class_names(probe))[0].label
            self._labels[number] = UNKNOWN if label is None else label

    def _skip(self, number: int, error: Exception) -> None:
        self._skipped[number] = str(error) or type(error).__name__
        self._predicted[number] = SKIPPED
        self._done.add(number)

    # -- telling, from any thread -------------------------------------------------------------

    def encode(self, order: str) -> dict[str, Any]:
        """All that is known of every picture, without the thumbnails; {} where there is one picture."""
        if self._album is None:
            return {}
        count = len(self._album)
        predicted, labels = self._predicted[:count].copy(), self._labels[:count].copy()
        probabilities = self._probabilities[:count].copy()
        self._told, self._told_end, self._is_wanted = len(self._done), self._album.complete, False
        return {
            "count": count,
            "read": min(count, len(self._done)),
            "complete": self._album.complete,
            "order": arranged(order, predicted, probabilities, labels).tobytes(),
            "predicted": predicted.tobytes(),
            "probabilities": probabilities.tobytes(),
            "labels": labels.tobytes(),
            "note": self._note(order, labels),
        }

    def page(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """Names and thumbnails of some pictures: those that are read and fit one message; the others are read next."""
        count = 0 if self._album is None else len(self._album)
        self._wanted = tuple(number for number in numbers if 0 <= number < count)
        found, room = [], MOST_BYTES
        for number in self._wanted:
            thumbnail = self._thumbnails.get(number)
            if thumbnail is None:
                continue
            room -= len(thumbnail)
            if room < 0:
                break
            name = self._case(number).name
            found.append({"number": number, "name": "" if name == str(number) else name, "thumbnail": thumbnail})
        return found

    def _note(self, order: str, labels: Numbers) -> str:
        notes = [self._album.note] if self._album is not None and self._album.note else []
        if len(self._done) < len(labels):
            notes.insert(0, f"{len(self._done):,} of {len(labels):,} pictures are read.")
        if self._skipped:
            (name, reason), *others = self.skipped
            few = f"{len(others) + 1} pictures are left out. The first" if others else "One picture is left out"
            notes.append(f"{few}, {name!r}: {reason}")
        if order == "wrong" and (labels == UNKNOWN).all():
            notes.append("No labels are known, so nothing is known to be wrong: pass labels=.")
        return " ".join(notes)


def arranged(
    order: str,
    predicted: Numbers,
    probabilities: Float32[np.ndarray, " n"],
    labels: Numbers,
) -> Int32[np.ndarray, " shown"]:
    """Numbers of the pictures in an order; those that are left out are missing, those not read yet come last.

    Args:
        order: one of `ORDERS`.
        predicted: class of each picture, or `UNREAD`, or `SKIPPED`.
        probabilities: of that class, in [0, 1].
        labels: the true class of each, or `UNKNOWN`.
    """
    shown: Int64[np.ndarray, " shown"] = np.flatnonzero(predicted != SKIPPED)
    if order == "given":
        return shown.astype(np.int32)
    predicted, sure, labels = predicted[shown], probabilities[shown], labels[shown]
    unread = predicted == UNREAD
    if order == "unsure":
        return shown[np.lexsort((sure, unread))].astype(np.int32)
    wrong, unknown = labels != predicted, labels == UNKNOWN
    groups = np.select([unread, unknown, wrong], [3, 1, 0], 2)
    return shown[np.lexsort((np.where(groups == 0, -sure, sure), groups))].astype(np.int32)
