"""Methods measured on many pictures: streamed, kept as it comes, resumed, and spread over a cluster."""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from camwidget.explanation import Explainer
from camwidget.explanation.measuring.running import in_notebook
from camwidget.explanation.query import takes_query

from .evaluation import Evaluation
from .metrics import Metric
from .plan import Chunk, Plan, chunks, make_plan, opened, read, settings, total_of
from .rows import Kept, Result, Shown, column_names
from .scoring import score
from .stores import Store, open_store

# Seconds before a progress bar appears: what is done by then needs none, and a notebook keeps none of its remains.
_DELAY = 1.0


@takes_query
def evaluate(
    explainer: Explainer,
    images: Any,
    *,
    methods: Sequence[str] = ("grad_cam", "grad_cam++"),
    metrics: Sequence[str | Metric] | None = None,
    fill: str | None = None,
    out: str | os.PathLike | None = None,
    client: Any = None,
    batch: int | None = None,
    **options: object,
) -> Evaluation:
    """Measure whether the maps of some methods hold what the network needs, over many pictures.

    Each picture goes through the network once for all methods, and once more for each method's masked
    picture. Nothing is read from the explainer's cache or left in it. Memory does not grow with the
    number of pictures where `out=` is given.

    Args:
        explainer: of the network.
        images: a folder, or what `Explainer.explain_many` takes (arrays, lists, tf.data, Keras data sets,
            labels included), or an iterable of `Case`, which knows boxes.
        methods: names in `METHODS`.
        metrics: names in `camwidget.judge.METRICS`, or records of your own; None: those of Chattopadhay et al.
            2018, section 4.1: average drop, increase in confidence and, for two methods or more, win.
        fill: where a picture is hidden: "black", "mean" (its mean colour) or "blur"; None: black, and the
            blurred picture for insertion, as in the papers.
        out: where rows are kept as they come: a name that ends in .csv, or a folder for Parquet parts. The same
            call goes on where a run was killed, and gives the same table.
        client: a dask.distributed Client; each of its workers loads the network once.
        batch: pictures that go through the network together; None: by their size.
        **options: see `Query`; without `target=` the class is the one the network predicts.

    Returns:
        An `Evaluation`: a table with intervals in a notebook, `.summary()`, `.to_frame()`.

    Raises:
        TypeError, ValueError: what was given, what was expected, how to mend it. Files that are no pictures are
            skipped and listed.
        camwidget.judge.ClusterLost: the cluster is gone; what there was by then is kept.

    Example:
        >>> scenes = [samples.scene(seed).image for seed in range(20)]
        >>> evaluate(Explainer(samples.network()), scenes, methods=["grad_cam", "grad_cam++"])
    """
    return run(explainer, images, make_plan(methods, metrics, fill, options), out, client, batch)


def run(
    explainer: Explainer,
    images: Any,
    plan: Plan,
    out: str | os.PathLike | None = None,
    client: Any = None,
    batch: int | None = None,
    progress: bool | None = None,
) -> Evaluation:
    """The same for a checked plan; `progress` says whether a bar is shown, None: in a notebook."""
    if batch is not None and batch < 1:
        raise ValueError(f"batch={batch} is below 1. Pass how many pictures go through the network together.")
    size, stream = opened(explainer, images, plan, batch)
    told = settings(explainer, images, plan, size)
    store = open_store(out, column_names(plan.metrics), told)
    before = store.kept()
    shown: list[Shown] = []
    bar = _bar(images, in_notebook() if progress is None else progress)
    # Nothing in a file is touched before the first result that goes into it: by then it has proved to be the right one.
    begin = lru_cache(lambda: store.begin({number for number, each in before.items() if each.is_whole}))

    def keep(result: Result) -> None:
        begin()
        store.write(result.number, result.rows)
        shown.extend(result.shown)
        bar(len({row[0] for row in result.rows}))

    try:
        todo = _missing(explainer, plan, chunks(stream, size), size, before, bar)
        if client is None:
            for chunk in todo:
                keep(score(explainer, plan, chunk))
        else:
            from .cluster import ClusterLost, spread

            try:
                spread(client, explainer, plan, todo, keep)
            except ClusterLost as error:
                error.evaluation = _finished(plan, store, told, shown, out)
                raise
        begin()
    finally:
        bar(0, close=True)
    return _finished(plan, store, told, shown, out)


def _missing(
    explainer: Explainer,
    plan: Plan,
    given: Iterator[Chunk],
    size: int,
    before: dict[int, Kept],
    bar: Callable[[int], None],
) -> Iterator[Chunk]:
    """The chunks that are still to be done; the pictures of each other one must be those that were measured."""
    measured = max((number * size + each.pictures for number, each in before.items()), default=0)
    handed_over = 0
    for chunk in given:
        kept = before.get(chunk.number)
        handed_over = chunk.first + len(chunk.cases)
        if kept is not None and len(chunk.cases) < kept.pictures:
            break  # it is the last one, and doing it again would lose the others
        if kept is None or not kept.is_whole:
            yield chunk
            continue
        _check_same(explainer, plan, chunk, kept)
        bar(len(chunk.cases))
    if handed_over < measured:
        raise ValueError(
            f"The results hold {measured} pictures, and only {handed_over} were handed over: the others would be lost. "
            "Hand over all of them, or pass another out=."
        )


def _check_same(explainer: Explainer, plan: Plan, chunk: Chunk, kept: Kept) -> None:
    for case, name, key in zip(chunk.cases, kept.names, kept.keys, strict=True):
        picture = read(explainer, plan.queries[0], case) if key else ""
        if not isinstance(picture, str) and picture.key[: len(key)] != key:  # no text: it could be read, then and now
            raise ValueError(
                f"The results hold picture {name!r}, and in its place, in chunk {chunk.number}, is now another "
                f"one, {case.name!r}. Hand the pictures over in the same order (no shuffling), or pass another out=."
            )


def _finished(plan: Plan, store: Store, told: dict, shown: Sequence[Shown], out: Any) -> Evaluation:
    store.close()
    return Evaluation.of(plan, store.rows(), told, shown, None if out is None else str(out))


def _bar(images: Any, progress: bool) -> Callable[..., None]:
    if not progress:
        return lambda count, close=False: None
    from tqdm.auto import tqdm

    bar = tqdm(total=total_of(images), unit="picture", smoothing=0.05, delay=_DELAY)

    def advance(count: int, close: bool = False) -> None:
        bar.update(count)
        if close:
            bar.close()

    return advance
