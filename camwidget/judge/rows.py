"""Results as rows, one for each picture and method, and as columns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from .metrics import Metric

Value = int | float | str
Row = tuple[Value, ...]

# Whole numbers, -1 where there is none; every column that is not named here or below is a number, NaN where undefined.
WHOLE = ("picture", "class", "objects", "instances", "empty")
TEXT = ("name", "key", "label", "group", "class_name", "method", "note")


# The columns of every run; a metric's own stand before the last.
FIXED = (
    *("picture", "name", "key", "label", "group", "class", "class_name", "method", "objects", "instances", "empty"),
    *("probability", "masked_probability", "note"),
)


def column_names(metrics: Sequence[Metric]) -> tuple[str, ...]:
    """The columns of a run's rows, in order.

    picture: its number; name; key: tells its content; label, group: as given; class, class_name: the
    explained one; method; objects: boxes known; instances: those of the explained class; empty: 1 where the map
    has nothing to show, 0 elsewhere; probability: Y; masked_probability: O; one for each metric that is not made of
    these two; note: what there is to say.
    """
    own = [metric.name for metric in metrics if metric.measure is not None]
    return (*FIXED[:-1], *own, FIXED[-1])


def skipped_row(names: Sequence[str], number: int, name: str, note: str) -> Row:
    """The row of a picture that could not be read."""
    known: dict[str, Value] = {"picture": number, "name": name, "note": note}
    return tuple(known.get(each, empty(each)) for each in names)


def empty(name: str) -> Value:
    """What stands where a column has no value."""
    return -1 if name in WHOLE else "" if name in TEXT else float("nan")


def to_columns(names: Sequence[str], rows: Iterable[Row]) -> dict[str, np.ndarray]:
    """Rows turned into one array for each column, in the order of the pictures; memory for numbers, not for rows."""
    kept: list[list[Value]] = [[] for _ in names]
    for row in rows:
        for column, value in zip(kept, row, strict=True):
            column.append(value)
    arrays = {
        name: np.array(values, dtype=np.int64 if name in WHOLE else object if name in TEXT else np.float64)
        for name, values in zip(names, kept, strict=True)
    }
    order = np.argsort(arrays["picture"], kind="stable")
    return {name: values[order] for name, values in arrays.items()}


def chosen(columns: Mapping[str, np.ndarray], mask: np.ndarray) -> dict[str, np.ndarray]:
    """The rows where a mask is True."""
    return {name: values[mask] for name, values in columns.items()}


@dataclass(frozen=True, eq=False)
class Shown:
    """A masked picture as it was scored.

    Attributes:
        number: of the picture.
        name: of the picture.
        method: whose map masks it; "" is the picture itself.
        jpeg: what the network saw, before preprocessing, reduced.
        probability: of the class, by the network.
    """

    number: int
    name: str
    method: str
    jpeg: bytes
    probability: float


@dataclass(frozen=True, eq=False)
class Result:
    """What came of one chunk."""

    number: int
    rows: tuple[Row, ...]
    shown: tuple[Shown, ...] = ()


def by_picture(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows that follow one another, picture by picture."""
    return [list(some) for _, some in groupby(rows, key=lambda row: row[0])]


@dataclass(frozen=True)
class Kept:
    """What an earlier run left of a chunk.

    Attributes:
        pictures: that it has rows of.
        is_whole: whether nothing of it can be missing; otherwise it is done again.
        names: of these.
        keys: tell the content of each; "" where it could not be read.
    """

    pictures: int
    is_whole: bool
    names: tuple[str, ...]
    keys: tuple[str, ...]


def kept(names: Sequence[str], rows: Sequence[Row], *, size: int, methods: int) -> Kept:
    """What the rows of a chunk amount to.

    Args:
        names: of the columns.
        rows: of one chunk, picture by picture.
        size: pictures in a whole chunk. Of the last one nobody knows how many it has: with fewer it is not whole.
        methods: rows of each picture that could be read.
    """
    method, name, key = (names.index(each) for each in ("method", "name", "key"))
    pictures = by_picture(rows)
    wanted = sum(methods if any(row[method] for row in some) else 1 for some in pictures)
    firsts = [some[0] for some in pictures]
    told = (tuple(str(row[place]) for row in firsts) for place in (name, key))
    return Kept(len(pictures), len(pictures) == size and len(rows) == wanted, *told)
