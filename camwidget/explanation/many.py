"""Many pictures, one after the other: read lazily, measured in batches, several methods at a time."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from camwidget.maths import Derivatives, PixelGradients
from camwidget.model import Picture

from .attempt import Attempt
from .cache import Cache
from .explanation import Explanation
from .measuring import Task, batch_size, observation_key
from .measuring.running import unwatched
from .query import Query, make_query

if TYPE_CHECKING:
    from .explainer import Explainer


def queries_of(methods: Sequence[str] | None, options: Mapping[str, object]) -> list[Query]:
    """A checked query for each method; None: for the one among the options."""
    if isinstance(methods, str):
        raise TypeError(f"methods= takes a list of methods; for one, pass method={methods!r}.")
    if methods is None:
        return [make_query(options)]
    names = list(methods)
    if not names:
        raise ValueError("methods= holds no method. Pass a list of them, or leave it out for the one in method=.")
    return [make_query({**options, "method": name}) for name in names]


def explanations(
    explainer: "Explainer", images: Iterable[object], queries: Sequence[Query], batch: int | None, progress: bool
) -> Iterator[tuple[Explanation, ...]]:
    """One tuple for each picture, one explanation in it for each query.

    A picture that cannot be read ends it, once those before it are done.

    What one batch measured is forgotten with it: nothing is taken from, or left in, the explainer's cache.
    """
    pictures = enumerate(image for image, _ in labelled(images))
    bar = _bar(images) if progress else None
    try:
        error: Exception | None = None
        while error is None:
            chunk, error = _chunk(explainer, pictures, queries[0], batch)
            if not chunk and error is None:
                return
            for found in explain_together(explainer, chunk, [queries] * len(chunk)):
                yield found
                if bar is not None:
                    bar.update()
        raise error
    finally:
        if bar is not None:
            bar.close()


def explain_together(
    explainer: "Explainer", pictures: Sequence[Picture], queries: Sequence[Sequence[Query]]
) -> Iterator[tuple[Explanation, ...]]:
    """The same for pictures that were read already, all of them in one batch.

    Args:
        explainer: of the network.
        pictures: from `explainer.picture()`.
        queries: for each picture as many, in the same order; they may differ in the class they are about.
    """
    with explainer.lock:
        kept = Cache(limit=sys.maxsize)
        for same in by_shape(pictures):
            _measure_together(explainer, [pictures[n] for n in same], [queries[n] for n in same], kept)
    # Whoever takes one may change the network before the next: then all that is kept goes.
    for picture, asked in zip(pictures, queries, strict=True):
        yield tuple(explainer.answer(picture, query, unwatched, kept) for query in asked)


def labelled(images: Any) -> Iterator[tuple[object, object]]:
    """Single pictures, whatever they come in, each with its label, None where there is none.

    Args:
        images: as `Explainer.explain_many` takes them.

    Raises:
        TypeError: one picture was given, not many.
    """
    shape = tuple(getattr(images, "shape", ()))
    is_picture = len(shape) == 2 or (len(shape) == 3 and shape[-1] in (1, 3, 4))  # else grey ones, one on the other
    is_many = hasattr(images, "__iter__") or hasattr(images, "__getitem__")
    if isinstance(images, str | bytes) or is_picture or not is_many:
        given = f"an array of shape {shape}" if shape else repr(images)
        raise TypeError(f"explain_many takes many pictures, and {given} is one. Pass a list of them, or use explain().")
    # A Keras data set counts its batches and hands them out by number, for ever.
    is_keras = not hasattr(images, "__iter__") or hasattr(images, "num_batches")
    batches = (images[n] for n in range(len(images))) if is_keras and hasattr(images, "__getitem__") else images
    for element in batches:
        # (images, labels) or (images, labels, weights)
        given, labels = (*element, None)[:2] if isinstance(element, tuple) else (element, None)
        if getattr(given, "ndim", None) == 4:
            pictures = np.asarray(given)
            yield from zip(pictures, _one_each(labels, len(pictures)), strict=True)
        else:
            yield given, labels


def _one_each(labels: Any, count: int) -> Iterable[object]:
    """A batch's labels, one for each picture; those of networks of several outputs are none."""
    if isinstance(labels, list | tuple):
        is_one = not any(getattr(each, "ndim", 0) for each in labels)  # else an array for each output
    else:
        labels = np.asarray(labels)  # a dict has no axis there
        is_one = labels.ndim > 0
    return labels if is_one and len(labels) == count else [None] * count


def _chunk(
    explainer: "Explainer", pictures: Iterator[tuple[int, object]], query: Query, batch: int | None
) -> tuple[list[Picture], Exception | None]:
    """The next pictures, and what the one behind them was refused for."""
    chunk: list[Picture] = []
    for number, image in pictures:
        try:
            picture = explainer.picture(image, query.input)
        except (TypeError, ValueError) as error:
            numbered = type(error)(f"Picture {number}: {error}")
            numbered.__cause__ = error
            return chunk, numbered
        chunk.append(picture)
        if len(chunk) >= (batch or 2 * batch_size(picture.inputs.size)):
            break
    return chunk, None


def by_shape(chunk: Sequence[Picture]) -> Iterator[list[int]]:
    """Positions of pictures that can go through the network together."""
    groups: dict[object, list[int]] = {}
    for n, picture in enumerate(chunk):
        shapes = (picture.inputs.shape, picture.arrangement, *(side.shape for side in picture.sides))
        groups.setdefault(shapes, []).append(n)
    yield from groups.values()


def _measure_together(
    explainer: "Explainer", pictures: Sequence[Picture], queries: Sequence[Sequence[Query]], kept: Cache
) -> None:
    """Observe a batch in one pass, and take the derivatives that need no more than one pass back.

    Longer work (noise, paths, filter by filter) makes micro-batches of its own, picture by picture.
    """
    inputs = np.stack([picture.inputs for picture in pictures])
    sides = tuple(map(np.concatenate, zip(*(picture.sides for picture in pictures), strict=True)))

    def measure(attempt: Attempt, column: Sequence[Query]) -> None:
        query, probe = column[0], attempt.probe
        layer = probe.layer_for(query.layer, anything=query.record.selects_target)
        keys = [observation_key(picture, layer, query.output) for picture in pictures]
        if any(attempt.cache.get(key) is None for key in keys):
            observed = probe.observe(layer, inputs, sides)
            for n, key in enumerate(keys):
                attempt.cache.put(key, observed.one(n))
        tasks = [explainer.task(attempt, *each)[0] for each in zip(pictures, column, strict=True)]
        _differentiate_together(attempt, tasks, inputs, sides)
        # If it has changed, nothing of this is kept, and each picture is measured by itself.
        attempt.look_again(is_exposed=explainer.model.compiled)

    for column in zip(*queries, strict=True):
        work = partial(measure, column=column)
        explainer.probes.measured(pictures[0], column[0].output, work, unwatched, kept)


def _differentiate_together(
    attempt: Attempt, tasks: Sequence[Task], inputs: np.ndarray, sides: tuple[np.ndarray, ...]
) -> None:
    probe, kept = attempt.probe, attempt.cache
    resolved, layer = tasks[0].query, tasks[0].layer
    backward = resolved.record.backward
    is_short = not resolved.samples and resolved.derivatives == "exp"
    target, against = (np.concatenate(each) for each in zip(*(task.classes(1) for task in tasks), strict=True))
    classes = (target, against)

    def missing(part: str) -> bool:
        return any(kept.get(task.key(part, 0)) is None for task in tasks)

    if resolved.record.weigh and resolved.record.measures == "derivatives" and is_short and missing("derivatives"):
        output = np.concatenate([task.observation.output for task in tasks])
        gradients = layer.on_grid(probe.gradient(layer, resolved.score, inputs, output, classes, sides))
        for n, task in enumerate(tasks):
            kept.put(task.key("derivatives", 0), Derivatives(gradients[n]))
    is_single = backward is not None and not backward.path and not resolved.samples
    if backward is not None and is_single and not resolved.explains_selection and missing("pixels"):
        gradients, _, relus = probe.pixel_gradient(resolved.score, backward.relu, inputs, classes, sides)
        for n, task in enumerate(tasks):
            kept.put(task.key("pixels", 0), PixelGradients(gradients[n], relus=relus))


def _bar(images: object) -> Any:
    from tqdm.auto import tqdm

    try:
        total = len(images)  # type: ignore[arg-type] # its TypeError is the answer
    except TypeError:
        total = None
    is_batched = total is not None and not isinstance(images, list | tuple | np.ndarray)
    return tqdm(total=None if is_batched else total, unit="picture", delay=1)
