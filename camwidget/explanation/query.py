"""What can be asked of a network: one record for every entry point, and its one checker."""

import difflib
import inspect
import math
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from camwidget.maths import METHODS, Selection
from camwidget.maths.selection import Box, Neuron
from camwidget.model import SCORES

_Function = TypeVar("_Function", bound=Callable)


@dataclass(frozen=True)
class Query:
    """The options of an explanation.

    Attributes:
        method: a name in `METHODS`.
        layer: a layer's name, in full or its unique last part; None: the default layer.
        target: a class, by index or name; None: the class the network predicts.
        score: what is explained, a name in `SCORES`.
        samples: noisy copies averaged, 0 = none; None: as the method has it.
        noise: their standard deviation, as a share of the picture's range, in [0, 1].
        seed: of the noise.
        filters: channels kept in the map; None: all.
        neurons: single neurons (row, column) kept; None: all, unless `region` says otherwise.
        region: boxes of neurons kept, two opposite corners each, inclusive; with `neurons`, the union.
    """

    method: str = "grad_cam++"
    layer: str | None = None
    target: int | str | None = None
    score: str = "logit"
    samples: int | None = None
    noise: float = 0.15
    seed: int = 0
    filters: tuple[int, ...] | None = None
    neurons: tuple[Neuron, ...] | None = None
    region: tuple[Box, ...] | None = None

    @property
    def selection(self) -> Selection:
        """The filters and neurons kept."""
        return Selection(self.filters, self.neurons, self.region)

    @property
    def num_samples(self) -> int:
        """The noisy copies really averaged: the method's own number where none is given."""
        return METHODS[self.method].samples if self.samples is None else self.samples


_NAMES = tuple(field.name for field in fields(Query))


def make_query(options: Mapping[str, object]) -> Query:
    """Check options given by name and bring them into a `Query`.

    Lists, arrays and ranges become tuples; one pair of corners becomes a list of one box.

    Raises:
        TypeError: an unknown option, or a value of the wrong type.
        ValueError: an unknown method or score, or a number out of range.
    """
    for name in options:
        if name not in _NAMES:
            raise TypeError(f"Unknown option {name!r}.{_nearest(name, _NAMES)} Options: {', '.join(_NAMES)}.")
    return Query(**{name: check_option(name, value) for name, value in options.items()})


def check_option(name: str, value: object) -> Any:
    """One option of `Query` in the form it has there; raises as `make_query` does."""
    return _CHECKS[name](value)


def takes_query(function: _Function) -> _Function:
    """Let a function that takes `**options` show the fields of `Query` in its signature."""
    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    options = [
        inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=f.type)
        for f in fields(Query)
    ]
    function.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined] # functions have it
    return function


def _one_of(what: str, table: Mapping[str, object]) -> Callable[[object], str]:
    def check(value: object) -> str:
        if not isinstance(value, str):
            raise TypeError(f"{what}= takes a name, not {type(value).__name__}. Choices: {', '.join(table)}.")
        if value not in table:
            hint = _nearest(value, table)
            raise ValueError(f"No {what} {value!r}.{hint} Choices: {', '.join(table)}. Pass one as {what}=.")
        return value

    return check


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def _integer(value: object, what: str) -> int:
    try:
        if isinstance(value, bool):
            raise TypeError
        return operator.index(value)  # type: ignore[arg-type] # its TypeError is the check
    except TypeError:
        raise TypeError(f"{what} takes whole numbers, not {value!r}.") from None


def _layer(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"layer= takes a layer's name, not {type(value).__name__}. Names are in Explainer(model).layers.")


def _target(value: object) -> int | str | None:
    return value if value is None or isinstance(value, str) else _integer(value, "target=")


def _samples(value: object) -> int | None:
    if value is None:
        return None
    samples = _integer(value, "samples=")
    if samples < 0:
        raise ValueError(f"samples={samples} is below 0. Pass the number of noisy copies, 0 for none.")
    return samples


def _seed(value: object) -> int:
    seed = _integer(value, "seed=")
    if seed < 0:
        raise ValueError(f"seed={seed} is below 0. Pass 0 or any larger whole number.")
    return seed


def _noise(value: object) -> float:
    try:
        if isinstance(value, bool | str):
            raise TypeError
        noise = float(value)  # type: ignore[arg-type] # its TypeError is the check
    except (TypeError, ValueError):
        raise TypeError(f"noise= takes a number from 0 to 1, not {value!r}.") from None
    if not (math.isfinite(noise) and 0 <= noise <= 1):
        raise ValueError(
            f"noise={noise:g} is out of range. Pass the standard deviation as a share of the picture's range, 0 to 1; "
            "0.1 to 0.2 is usual."
        )
    return noise


def _filters(value: object) -> tuple[int, ...] | None:
    if value is None:
        return None
    if not isinstance(value, Iterable) or isinstance(value, str):
        value = (value,)
    return tuple(_integer(index, "filters=") for index in value)


def _neuron(value: object, what: str) -> Neuron:
    try:
        row, column = value  # type: ignore[misc] # its TypeError is the check
    except (TypeError, ValueError):
        raise TypeError(f"{what} takes pairs (row, column), not {value!r}.") from None
    return _integer(row, what), _integer(column, what)


def _neurons(value: object) -> tuple[Neuron, ...] | None:
    if value is None:
        return None
    if not isinstance(value, Iterable) or isinstance(value, str):
        raise TypeError(f"neurons= takes a list of pairs (row, column), not {value!r}.")
    return tuple(_neuron(pair, "neurons=") for pair in value)


def _region(value: object) -> tuple[Box, ...] | None:
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


def _depth(value: object) -> int:
    """How many lists deep: a number 0, a pair 1, a box 2."""
    if not isinstance(value, Iterable) or isinstance(value, str):
        return 0
    return 1 + max((_depth(item) for item in value), default=0)


_CHECKS: dict[str, Callable[[object], object]] = {
    "method": _one_of("method", METHODS),
    "layer": _layer,
    "target": _target,
    "score": _one_of("score", SCORES),
    "samples": _samples,
    "noise": _noise,
    "seed": _seed,
    "filters": _filters,
    "neurons": _neurons,
    "region": _region,
}
