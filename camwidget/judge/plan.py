"""What is evaluated: methods, metrics and options, checked once; pictures in chunks that never shift."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import chain, islice
from typing import Any

from camwidget.explanation import Explainer, Query, make_query
from camwidget.explanation.checks import nearest
from camwidget.explanation.measuring import batch_size
from camwidget.maths import METHODS
from camwidget.model import Picture, architecture, digest

from .cases import Case, cases, files
from .masking import check_fill
from .metrics import METRICS, Metric
from .rows import FIXED

PAPER = ("average_drop", "increase_in_confidence", "win_rate")


@dataclass(frozen=True, eq=False)
class Plan:
    """What every picture is asked.

    Attributes:
        queries: one for each method.
        metrics: of them, records.
        fill: where a picture is hidden; None: each measure's own.
    """

    queries: tuple[Query, ...]
    metrics: tuple[Metric, ...]
    fill: str | None

    @property
    def methods(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(query.method for query in self.queries)

    @property
    def needs_masked(self) -> bool:
        """Whether the masked pictures are shown to the network."""
        return any(metric.needs_masked for metric in self.metrics)

    @property
    def options(self) -> dict[str, str]:
        """The options of `explain` that are not the usual ones, as text."""
        usual, query = Query(), self.queries[0]
        return {
            field.name: repr(getattr(query, field.name))
            for field in fields(Query)
            if field.name != "method" and getattr(query, field.name) != getattr(usual, field.name)
        }


def make_plan(
    methods: Sequence[str], metrics: Sequence[str | Metric] | None, fill: str | None, options: Mapping[str, object]
) -> Plan:
    """Check what was asked for.

    Raises:
        TypeError, ValueError: no such method or metric, a metric called as a column that every run has, too few
            methods, an unknown option.
    """
    names = _names("methods", methods, METHODS)
    if "method" in options:
        raise TypeError(f"evaluate compares methods: pass methods=[{options['method']!r}] in place of method=.")
    queries = tuple(make_query({**options, "method": name}) for name in names)
    if metrics is None:
        metrics = PAPER if len(names) > 1 else PAPER[:2]
    if isinstance(metrics, str | Metric):
        raise TypeError("metrics= takes a list of names and records; pass metrics=[...].")
    known = METRICS | {each.name: each for each in metrics if isinstance(each, Metric)}
    taken = next((name for name in known if name in FIXED), None)
    if taken is not None:
        raise ValueError(f"A metric cannot be called {taken!r}: each run has that column. Taken: {', '.join(FIXED)}.")
    records = tuple(
        known[name]
        for name in _names("metrics", [each.name if isinstance(each, Metric) else each for each in metrics], known)
    )
    if len(names) < 2 and any(record.is_pairwise for record in records):
        raise ValueError(f"win_rate compares two methods or more, and there is only {''.join(names)!r}: pass more.")
    if fill is not None:
        check_fill(fill)
    return Plan(queries, records, fill)


def _names(what: str, given: Any, known: Mapping[str, object]) -> tuple[str, ...]:
    if isinstance(given, str):
        raise TypeError(f"{what}= takes a list of names; for one, pass {what}=[{given!r}].")
    names = tuple(given)
    if not names:
        raise ValueError(f"{what}= is empty. Choices: {', '.join(known)}.")
    for name in names:
        if name not in known:
            hint = nearest(name, known) if isinstance(name, str) else ""
            raise ValueError(f"No {what[:-1]} {name!r}.{hint} Choices: {', '.join(known)}.")
        if names.count(name) > 1:
            raise ValueError(f"{what}= names {name!r} more than once.")
    return names


@dataclass(frozen=True, eq=False)
class Chunk:
    """Pictures that go through the network together; always the same ones, in whatever order chunks are worked on.

    Attributes:
        number: of the chunk, from 0.
        first: number of its first picture.
        cases: the pictures.
    """

    number: int
    first: int
    cases: tuple[Case, ...]


def chunks(given: Iterable[Case], size: int) -> Iterator[Chunk]:
    """Pictures in chunks of a size, read as they are asked for; the last one may be smaller."""
    stream, number = iter(given), 0
    while some := tuple(islice(stream, size)):
        yield Chunk(number, number * size, some)
        number += 1


def opened(explainer: Explainer, images: Any, plan: Plan, batch: int | None) -> tuple[int, Iterator[Case]]:
    """The size of a chunk, and all pictures.

    The first picture that can be read is: it says how many go through the network together, and builds
    a network that has no weights yet.

    Raises:
        ValueError: no picture can be read, or the network gives no classes.
    """
    stream, seen = cases(images), []
    for case in stream:
        seen.append(case)
        picture = read(explainer, plan.queries[0], case)
        if isinstance(picture, str):
            continue
        if not explainer.probe(picture, plan.queries[0].output).gives_classes:
            raise ValueError(
                "This network's outputs are values, not classes: there is no probability to measure faithfulness by."
            )
        return batch or 2 * batch_size(picture.inputs.size), chain(seen, stream)
    raise ValueError(f"No picture left: none was given, or none of {len(seen)} could be read. Check the files.")


def read(explainer: Explainer, query: Query, case: Case) -> Picture | str:
    """The picture; of a file that cannot be read, which is no reason to stop among many, why.

    Raises:
        TypeError, ValueError: what is no file cannot be read; with its name.
    """
    try:
        return explainer.picture(case.image, query.input)
    except (TypeError, ValueError) as error:
        if isinstance(case.image, str | os.PathLike):
            return str(error)
        raise type(error)(f"Picture {case.name}: {error}") from error


def read_chunk(
    explainer: Explainer, query: Query, chunk: Chunk
) -> tuple[list[tuple[int, Case, Picture]], list[tuple[int, Case, str]]]:
    """The pictures of a chunk with their numbers: those that can be read, and those that cannot, and why.

    Raises:
        TypeError, ValueError: as `read`.
    """
    readable, skipped = [], []
    for number, case in enumerate(chunk.cases, chunk.first):
        picture = read(explainer, query, case)
        if isinstance(picture, str):
            skipped.append((number, case, picture))
        else:
            readable.append((number, case, picture))
    return readable, skipped


def settings(explainer: Explainer, images: Any, plan: Plan, size: int) -> dict[str, Any]:
    """Everything that results depend on, to tell the results of one run from those of another."""
    return {
        "network": digest(explainer.model),
        "architecture": architecture(explainer.model),
        "preprocessing": explainer.preprocessing.description,
        "methods": list(plan.methods),
        "metrics": [metric.name for metric in plan.metrics],
        "fill": plan.fill or "each measure's own",
        "options": plan.options,
        "batch": size,
        "pictures": _source(images),
    }


def _source(images: Any) -> str:
    if not isinstance(images, str | os.PathLike):
        return "handed over one by one"
    found = files(images)
    names = "\n".join(path.relative_to(images).as_posix() for path in found)
    return f"{len(found)} files, {hashlib.sha1(names.encode(), usedforsecurity=False).hexdigest()[:16]}"


def total_of(images: Any) -> int | None:
    """How many pictures there are, where that is known beforehand."""
    if isinstance(images, str | os.PathLike):
        return len(files(images))
    return len(images) if isinstance(images, list | tuple) or getattr(images, "ndim", None) == 4 else None
