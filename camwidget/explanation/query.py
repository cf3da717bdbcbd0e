"""What can be asked of a network: one record for every entry point, and its one checker."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from camwidget.maths import METHODS, Method, Selection
from camwidget.maths.selection import Box, Neuron
from camwidget.model import SCORES

from . import checks

_Function = TypeVar("_Function", bound=Callable)

DERIVATIVES = ("exp", "softmax")
SAMPLE_WEIGHTS = ("equal", "score")


@dataclass(frozen=True)
class Query:
    """The options of an explanation.

    Attributes:
        method: a name in `METHODS`.
        layer: a layer's name, in full or its unique last part; None: the default layer.
        target: a class, by index or name; None: the class the network predicts.
        score: what is explained, a name in `SCORES`.
        against: for score="contrast", the class it is set against, by index or name; None: the most
            probable other one.
        derivatives: what Grad-CAM++ differentiates: "exp", Y = exp(S), as every implementation does;
            "softmax", the class's probability itself, as the paper is printed: exact, at the cost
            of a pass through the tail for each class that has a probability worth speaking of.
        samples: noisy copies averaged, 0 = none; None: as the method has it.
        noise: their standard deviation, as a share of the picture's range, in [0, 1].
        seed: of the noise.
        sample_weights: "equal", or "score": each copy's derivatives count as its own Y.
        filters: channels kept in the map; None: all. For a pixel method filters, neurons and region
            are what is explained: the sum of the chosen activations.
        neurons: single neurons (row, column) kept; None: all, unless `region` says otherwise.
        region: boxes of neurons kept, two opposite corners each, inclusive; with `neurons`, the union.
        input: for a network of several inputs, the name or position of the picture to paint on.
        output: for a network of several outputs, the name or position of the one to explain.
        steps: of integrated gradients, at least 1: the middles of equal parts of the path. None: 50, then more where
            the gradient changes quickly, until the values miss the change of score by 1 % at most, or 1,000 were made.
        baseline: where integrated gradients start: "black", "white", "mean" (the picture's mean colour),
            "blur" (the picture, its details gone), or a number, or one for each channel, as the network
            takes them.
    """

    method: str = "grad_cam++"
    layer: str | None = None
    target: int | str | None = None
    score: str = "logit"
    against: int | str | None = None
    derivatives: str = "exp"
    samples: int | None = None
    noise: float = 0.15
    seed: int = 0
    sample_weights: str = "equal"
    filters: tuple[int, ...] | None = None
    neurons: tuple[Neuron, ...] | None = None
    region: tuple[Box, ...] | None = None
    input: int | str | None = None
    output: int | str | None = None
    steps: int | None = None
    baseline: str | float | tuple[float, ...] = "black"

    @property
    def selection(self) -> Selection:
        """The filters and neurons kept."""
        return Selection(self.filters, self.neurons, self.region)

    @property
    def record(self) -> Method:
        """The method's record."""
        return METHODS[self.method]

    @property
    def num_samples(self) -> int:
        """The noisy copies really averaged: the method's own number where none is given."""
        return self.record.samples if self.samples is None else self.samples

    @property
    def explains_selection(self) -> bool:
        """Whether the chosen neurons and filters are themselves what is explained."""
        chosen = (self.filters, self.neurons, self.region)
        return self.record.selects_target and any(part is not None for part in chosen)


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
            raise checks.unknown(name, _NAMES)
    return Query(**{name: check_option(name, value) for name, value in options.items()})


def check_option(name: str, value: object) -> Any:
    """One option of `Query` in the form it has there; raises as `make_query` does."""
    return _CHECKS[name](value)


def takes_query(function: _Function) -> _Function:
    """Let a function that takes `**options` show the fields of `Query` in its signature."""
    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    taken = {p.name for p in own}
    options = [
        inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=f.type)
        for f in fields(Query)
        if f.name not in taken
    ]
    function.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined] # functions have it
    return function


_CHECKS: dict[str, checks.Check] = {
    "method": checks.one_of("method", METHODS),
    "layer": checks.name_of("layer", "Explainer(model).layers"),
    "target": checks.name_or_index("target"),
    "score": checks.one_of("score", SCORES),
    "against": checks.name_or_index("against"),
    "derivatives": checks.one_of("derivatives", DERIVATIVES),
    "samples": checks.whole_number("samples", 0, "the number of noisy copies, 0 for none", optional=True),
    "noise": checks.noise,
    "seed": checks.whole_number("seed", 0, "0 or any larger whole number"),
    "sample_weights": checks.one_of("sample_weights", SAMPLE_WEIGHTS),
    "filters": checks.filters,
    "neurons": checks.neurons,
    "region": checks.region,
    "input": checks.name_or_index("input"),
    "output": checks.name_or_index("output"),
    "steps": checks.whole_number("steps", 1, "the number of steps from the baseline, 50 for instance", optional=True),
    "baseline": checks.baseline,
}
