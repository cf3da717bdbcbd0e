"""The part of the widget's state that asks for a map, and how one choice follows from another."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from camwidget.explanation import Query
from camwidget.maths import METHODS
from camwidget.maths.selection import rescale

QUERY_TRAITS = ("method", "layer", "target", "score", "samples", "noise", "filters", "neurons", "region")


@dataclass(frozen=True, eq=False)
class Request:
    """What the traits said at one moment.

    Attributes:
        image: whatever the user gave.
        options: the traits in `QUERY_TRAITS`.
        changed: names of the traits that were set since the last answer; "refresh" where
            everything shall be measured anew.
    """

    image: object
    options: Mapping[str, Any]
    changed: frozenset[str]


def follow(
    query: Query, before: Query, changed: frozenset[str], old_grid: tuple[int, int], new_grid: tuple[int, int]
) -> Query:
    """A new query, with what a change of layer, picture or method entails.

    On another grid a region keeps its part of the picture; single neurons have no counterpart there
    and are given up, and so are filters on another layer. What was set together with the layer
    stays as said. A method brings its own number of noisy copies, unless another number was chosen
    by hand.

    Args:
        query: the new one, checked, with the layer's full name.
        before: the last one that was answered.
        changed: names of the options set since then.
        old_grid: (rows, columns) of the layer before.
        new_grid: (rows, columns) of the new layer.
    """
    moved = query.layer != before.layer
    if moved and "filters" not in changed:
        query = replace(query, filters=None)
    if moved or new_grid != old_grid:
        if "neurons" not in changed:
            query = replace(query, neurons=None)
        if "region" not in changed and query.region is not None:
            query = replace(query, region=rescale(query.region, old_grid, new_grid))
    if "method" in changed and "samples" not in changed:
        if query.samples in (0, METHODS[before.method].samples):
            query = replace(query, samples=METHODS[query.method].samples)
    return query


def same_measurement(query: Query, other: Query) -> bool:
    """Whether two queries differ at most in filters and neurons, for which no network is run."""
    everything: Any = {"filters": None, "neurons": None, "region": None}
    return replace(query, **everything) == replace(other, **everything)


def as_traits(query: Query) -> dict[str, Any]:
    """A query as the traits hold it."""
    return {name: as_plain(getattr(query, name)) for name in QUERY_TRAITS}


def as_plain(value: Any) -> Any:
    """Tuples as lists, so that a trait survives the way over the wire unchanged."""
    return [as_plain(item) for item in value] if isinstance(value, tuple | list) else value
