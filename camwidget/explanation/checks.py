"""One check for each kind of option: the value in the form a `Query` has it, or what is wrong with it."""

import difflib
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from camwidget.maths.selection import Box, Neuron

Check = Callable[[object], Any]


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint for a misspelt name, or one as people write it, "Grad-CAM"; "" where nothing is near."""
    plain = {_plain(each): each for each in known}
    close = difflib.get_close_matches(_plain(name), list(plain), n=1)
    return f" Did you mean {plain[close[0]]!r}?" if close else ""


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).lower()


def one_of(what: str, choices: Iterable[str]) -> Check:
    """A name out of a table."""
    known = tuple(choices)

    def check(value: object) -> str:
        if not isinstance(value, str):
            raise TypeError(f"{what}= takes a name, not {type(value).__name__}. Choices: {', '.join(known)}.")
        if value not in known:
            raise ValueError(
                f"No {what} {value!r}.{nearest(value, known)} Choices: {', '.join(known)}. Pass one as {what}=."
            )
        return value

    return check


def name_of(what: str, where: str) -> Check:
    """A name that only the network knows, or None."""

    def check(value: object) -> str | None:
        if value is None or isinstance(value, str):
            return value
        raise TypeError(f"{what}= takes a {what}'s name, not {type(value).__name__}. Names are in {where}.")

    return check


def name_or_index(what: str) -> Check:
    """A name or a number that only the network knows, or None."""
    return lambda value: value if value is None or isinstance(value, str) else _integer(value, f"{what}=")


def whole_number(what: str, least: int, meaning: str, *, optional: bool = False) -> Check:
    """A whole number not below `least`; None too where it is optional."""

    def check(value: object) -> int | None:
        if value is None and optional:
            return None
        number = _integer(value, f"{what}=")
        if number < least:
            raise ValueError(f"{what}={number} is below {least}. Pass {meaning}.")
        return number

    return check


batch = whole_number("batch", 1, "how many pictures go through the network together", optional=True)
count = whole_number("count", 0, "how many are wanted, at most")
top = whole_number("top", 1, "how many classes are wanted, at most")


def noise(value: object) -> float:
    """A share of the picture's range."""
    try:
        if isinstance(value, bool | str):
            raise TypeError
        share = float(value)  # type: ignore[arg-type] # its TypeError is the check
    except (TypeError, ValueError):
        raise TypeError(f"noise= takes a number from 0 to 1, not {value!r}.") from None
    if not (math.isfinite(share) and 0 <= share <= 1):
        raise ValueError(
            f"noise={share:g} is out of range. Pass the standard deviation as a share of the picture's range, 0 to 1; "
            "0.1 to 0.2 is usual."
        )
    return share


BASELINES = ("black", "white", "mean", "blur")


def baseline(value: object) -> str | float | tuple[float, ...]:
    """A named baseline, one number, or one for each channel."""
    expected = f"takes {', '.join(map(repr, BASELINES))}, a number, or one number for each channel of the input"
    if isinstance(value, str):
        if value not in BASELINES:
            raise ValueError(f"No baseline {value!r}.{nearest(value, BASELINES)} baseline= {expected}.")
        return value
    try:
        numbers = tuple(float(each) for each in value) if isinstance(value, Iterable) else float(value)  # type: ignore[arg-type] # its TypeError is the check
    except (TypeError, ValueError):
        raise TypeError(f"baseline= {expected}; {value!r} is none of these.") from None
    if not all(map(math.isfinite, numbers if isinstance(numbers, tuple) else (numbers,))):
        raise ValueError(f"baseline= {expected}; {value!r} is not finite.")
    return numbers


def filters(value: object) -> tuple[int, ...] | None:
    """Channel indices."""
    if value is None:
        return None
    if not isinstance(value, Iterable) or isinstance(value, str):
        value = (value,)
    return tuple(_integer(index, "filters=") for index in value)


def neurons(value: object) -> tuple[Neuron, ...] | None:
    """Pairs (row, column); one pair is one neuron."""
    if value is None:
        return None
    if not isinstance(value, Iterable) or isinstance(value, str):
        raise TypeError(f"neurons= takes a list of pairs (row, column), not {value!r}.")
    value = list(value)
    if len(value) == 2 and not any(map(_depth, value)):
        value = [value]
    return tuple(_neuron(pair, "neurons=") for pair in value)


def region(value: object) -> tuple[Box, ...] | None:
    """Boxes, each two corners; one pair of corners is one box."""
    if value is None:
        return None
    message = (
        f"region= takes two corners ((row, column), (row, column)), or a list of such boxes; {value!r} is neither."
    )
    if not isinstance(value, Iterable) or isinstance(value, str):
        raise TypeError(message)
    boxes = list(value)
    if len(boxes) == 2 and all(_depth(corner) == 1 for corner in boxes):
        boxes = [boxes]
    checked = []
    for box in boxes:
        if _depth(box) != 2 or len(box) != 2:
            raise TypeError(message)
        checked.append((_neuron(box[0], "region="), _neuron(box[1], "region=")))
    return tuple(checked)


def unknown(name: str, known: Mapping[str, object] | Iterable[str]) -> TypeError:
    """The error for an option nobody knows, with the nearest one that is known."""
    names = tuple(known)
    return TypeError(f"Unknown option {name!r}.{nearest(name, names)} Options: {', '.join(names)}.")


def _integer(value: object, what: str) -> int:
    try:
        if isinstance(value, bool):
            raise TypeError
        return operator.index(value)  # type: ignore[arg-type] # its TypeError is the check
    except TypeError:
        raise TypeError(f"{what} takes whole numbers, not {value!r}.") from None


def _neuron(value: object, what: str) -> Neuron:
    try:
        row, column = value  # type: ignore[misc] # its TypeError is the check
    except (TypeError, ValueError):
        raise TypeError(f"{what} takes pairs (row, column), not {value!r}.") from None
    return _integer(row, what), _integer(column, what)


def _depth(value: object) -> int:
    """How many lists deep: a number 0, a pair 1, a box 2."""
    if not isinstance(value, Iterable) or isinstance(value, str):
        return 0
    return 1 + max((_depth(item) for item in value), default=0)
