"""Many pictures for one widget: by number, from whatever they come in, each read when it is wanted."""

import os
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import numpy as np

from camwidget.judge.cases import Case, as_label, beside
from camwidget.model.inputs import Arrangement, could_be_picture

# More than anybody looks through; what is told of each together stays below 256 kB.
MOST_PICTURES = 10_000

# Bytes of pictures that are kept where they cannot be read a second time.
MOST_KEPT = 512 * 2**20


class Album:
    """Pictures by number.

    Files, lists and arrays are listed at once and read when they are looked at. A data set can only be
    run through: it is read as far as it is wanted, and what was read is kept.

    Args:
        images: a folder, a list, an array (n, h, w, c), or a data set; see `judge.cases.cases`.
        labels: the true class of each, by index or name; None: those that come with the pictures.

    Attributes:
        complete: whether no more pictures come.
        note: what people should know; "" mostly.

    Raises:
        TypeError, ValueError: no such folder, no pictures, or not one label for each.
    """

    def __init__(self, images: Any, labels: Iterable[Any] | None = None) -> None:
        self.complete = False
        self.note = ""
        self._cases: list[Case] = []
        self._kept = 0  # bytes
        if isinstance(labels, str):
            raise TypeError(f"labels= takes a list of classes, one for each picture; one string was given: {labels!r}.")
        self._rest = beside(images, label=None if labels is None else map(as_label, labels))
        self._is_kept = not (isinstance(images, str | os.PathLike | list | tuple) or hasattr(images, "ndim"))
        if not self._is_kept:
            self._cases = list(islice(self._rest, MOST_PICTURES))
            self._end("" if next(self._rest, None) is None else f"The first {MOST_PICTURES:,} pictures are shown.")
        if not self.reach(0):
            raise ValueError(self.note or "There are no pictures. Pass at least one.")

    def __len__(self) -> int:
        """How many there are so far."""
        return len(self._cases)

    def __getitem__(self, number: int) -> Case:
        """The picture of this number.

        Raises:
            ValueError: there is none.
        """
        if not self.reach(number):
            raise ValueError(f"No picture {number}: there are {len(self)}, 0 to {len(self) - 1}.")
        return self._cases[number]

    def reach(self, number: int) -> bool:
        """Read on until this number is there; False: there are fewer."""
        while len(self._cases) <= number and not self.complete:
            try:
                case = next(self._rest, None)
            except Exception as error:  # whatever a data set raises; what was read of it is good
                if not self._cases:
                    raise
                self._end(f"The pictures end after {len(self)}: {type(error).__name__}: {error}")
                break
            if case is None:
                self._end("")
                break
            self._cases.append(case)
            self._kept += getattr(case.image, "nbytes", 0)
            if len(self) >= MOST_PICTURES or self._kept >= MOST_KEPT:
                self._end(f"The first {len(self):,} pictures of the data set are shown; more are not kept in memory.")
        return number < len(self._cases)

    def _end(self, note: str) -> None:
        self.complete, self.note = True, note


def is_many(given: Any, declared: Arrangement | None, *, chooses_input: bool) -> bool:
    """Whether many pictures were given, and not one: perhaps as nested lists, perhaps with other inputs beside it.

    Args:
        given: the widget's second argument.
        declared: what the network says it takes.
        chooses_input: whether it was said which of several inputs is the picture.
    """
    if isinstance(given, str | os.PathLike):
        return os.path.isdir(given)
    if hasattr(given, "ndim"):
        return given.ndim == 4 and len(given) != 1
    if isinstance(given, Mapping) or not (hasattr(given, "__iter__") or hasattr(given, "__getitem__")):
        return False
    if not isinstance(given, list | tuple):
        return True
    if declared is None:  # a list may hold the inputs of a network that does not say what it takes
        return not chooses_input and all(isinstance(each, Case) or could_be_picture(None, each) for each in given)
    if len(declared.names) > 1:
        return all(isinstance(each, list | tuple | Mapping | Case) for each in given)
    return not _are_numbers(given)


def _are_numbers(nested: Any) -> bool:
    """Whether nested lists are one picture."""
    while isinstance(nested, list | tuple) and nested:
        nested = nested[0]
    return isinstance(nested, int | float | np.number) or getattr(nested, "ndim", 2) < 2
