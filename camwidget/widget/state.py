"""The part of the widget's state that asks for a map, and how one choice follows from another."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from camwidget.explanation import Explanation, Query, checks
from camwidget.explanation.query import check_option
from camwidget.maths import METHODS
from camwidget.maths.selection import rescale
from camwidget.model import Picture

SELECTION = ("filters", "neurons", "region")
QUERY_TRAITS = ("method", "layer", "target", "score", "samples", "noise", *SELECTION)

# Options of a query that are no traits: they stay as the widget was made.
FIXED = tuple(field.name for field in fields(Query) if field.name not in QUERY_TRAITS)


@dataclass(frozen=True, eq=False)
class Request:
    """What the traits said at one moment.

    Attributes:
        image: whatever the user gave.
        index: number of the picture among those that were given; None: it is none of them.
        options: the traits in `QUERY_TRAITS`.
        changed: names of the traits that were set since the last answer; "refresh" where
            everything shall be measured anew, "training" where the network has learnt.
    """

    image: object
    index: int | None
    options: Mapping[str, Any]
    changed: frozenset[str]


_check_index = checks.whole_number("index", 0, "the number of a picture, from 0", optional=True)


def check_trait(name: str, value: object) -> Any:
    """What the trait `name` is set to, in the form in which it is kept.

    Raises:
        TypeError, ValueError: it cannot be meant.
    """
    return _check_index(value) if name == "index" else as_plain(check_option(name, value))


def refuse_unknown(options: Iterable[str], own: Iterable[str]) -> None:
    """Raise where an option is none of a query's.

    Args:
        options: names that were given.
        own: names that the widget takes besides, for the hint.

    Raises:
        TypeError: names the unknown option and the nearest that is known.
    """
    known = (*own, *QUERY_TRAITS, *FIXED)
    for name in options:
        if name not in known:
            raise checks.unknown(name, known)


def follow(
    query: Query, before: Query, changed: frozenset[str], old_grid: tuple[int, int], new_grid: tuple[int, int]
) -> Query:
    """A new query, with what a change of layer, picture or method entails.

    On another grid a region keeps its part of the picture; single neurons have no counterpart there
    and are given up, and so are filters on another layer. What was set together with the layer
    stays as said. A method brings its own number of noisy copies, unless another number was chosen
    by hand; one that takes no noise has none.

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
    if "method" in changed and not query.record.takes_noise:
        query = replace(query, samples=0)
    elif "method" in changed and "samples" not in changed:
        if query.samples in (0, METHODS[before.method].samples):
            query = replace(query, samples=query.record.samples)
    return query


def same_measurement(query: Query, other: Query) -> bool:
    """Whether two queries of one widget differ at most in filters and neurons that cost no run of the network.

    For a pixel method they are what is explained, so another choice is another measurement.
    """
    compared = (name for name in QUERY_TRAITS if query.record.selects_target or name not in SELECTION)
    return all(getattr(query, name) == getattr(other, name) for name in compared)


def same_evidence(one: Explanation, other: Explanation) -> bool:
    """Whether two explanations rest on the same numbers, so that the page has them already."""
    if one.layer_weights is None or other.layer_weights is None:
        weighed = one.layer_weights is other.layer_weights
    else:
        weighed = np.array_equal(one.layer_weights, other.layer_weights)
    return (
        weighed
        # Views of one observation; what it held before is still alive, so its memory is nobody else's.
        and np.may_share_memory(one.evidence.activations, other.evidence.activations)
        and one.evidence.pixels is other.evidence.pixels
        and one.notes == other.notes
    )


def retrained(explanation: Explanation, before: Explanation) -> str:
    """A sentence where the same picture gives other outputs than before, "" where it does not."""
    if explanation.query.output != before.query.output:
        return ""
    inputs = explanation.picture.inputs, before.picture.inputs
    if inputs[0] is not inputs[1] and not np.array_equal(*inputs):
        return ""
    # The same weights give the same outputs but for the last bits, which depend on how many pictures run at once.
    if np.allclose(explanation.outputs, before.outputs, rtol=1e-3, atol=1e-3, equal_nan=True):
        return ""
    return "The network has changed since the last map: its outputs for this picture are others."


def of_what_was_stopped(
    before: Explanation, picture: Picture, query: Query, changed: frozenset[str]
) -> Explanation | None:
    """Another selection of a measurement that was stopped: what there is of it is kept, not begun anew."""
    is_same = picture is before.picture and same_measurement(query, before.query)
    is_fresh = not changed.isdisjoint({"refresh", "training"})
    if not before.stopped or not is_same or before.layer_weights is None or is_fresh:
        return None
    return before.only(**{name: getattr(query, name) for name in SELECTION})


def status_of(explanation: Explanation) -> str:
    """What the trait `status` says of the newest answer when nothing is being computed."""
    return "stopped" if explanation.stopped else "idle"


def as_traits(query: Query) -> dict[str, Any]:
    """A query as the traits hold it."""
    return {name: as_plain(getattr(query, name)) for name in QUERY_TRAITS}


def as_plain(value: Any) -> Any:
    """Tuples as lists, so that a trait survives the way over the wire unchanged."""
    return [as_plain(item) for item in value] if isinstance(value, tuple | list) else value
