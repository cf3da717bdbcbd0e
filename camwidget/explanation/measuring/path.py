"""Integrated gradients: the derivative along the line to the picture, measured closely where it changes quickly."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

import numpy as np
from jaxtyping import Float

from camwidget.maths import Count, Piece, PixelGradients, Seen, midpoints, pieces, worst

from .pixels import Sum, differentiate
from .running import add_up, batch_size
from .task import Task

# Equal steps where the caller names no number, and gradients after which no piece is divided any more. Of twelve
# trained networks and pictures five needed no more than the steps, six up to 200, one 470; of equal steps, over 4,000.
_STEPS = 50
_MOST = 1000

# The share of the change of score by which the values may miss it.
_LAW = 0.01


def integrate(task: Task) -> PixelGradients:
    """Integrated gradients of the picture, or their mean over noisy copies of it (Sundararajan et al. 2017, eq. 1).

    By the midpoints of equal steps. Where nobody named a number of steps, the pieces of the line that miss the
    change of score are divided until the values, (H, W, colours), add up to it within 1 % (proposition 1 there).
    The paper takes equal steps, and as many as that needs; noisy copies have equal steps here too.
    """
    steps, copies = task.query.steps or _STEPS, task.noisy
    if copies:
        lines = (_Line(task, end) for end in task.copies(most=1))
        parts = (part for line in lines for part in line.steps(steps))
        return task.add_up(parts, copies * steps, lambda total: _mean(total, copies * steps))
    line = _Line(task, task.inputs)
    total = add_up(line.steps(steps), steps, task.checkpoint, lambda total: task.show(lambda: _mean(total, steps)))
    if total.done < steps:
        return replace(_mean(total, steps), gap=line.gap(_mean(total, steps).values))
    return _refined(task, line, total) if task.query.steps is None else _found(line, total, steps, steps)


def _mean(total: Sum, wanted: int) -> PixelGradients:
    return PixelGradients(total.values / total.done, Count(total.done, wanted, "steps"), total.relus)


def _found(line: "_Line", total: Sum, steps: int, wanted: int) -> PixelGradients:
    values = total.values / steps
    return PixelGradients(values, Count(total.done, wanted, "steps"), total.relus, line.gap(values))


def _refined(task: Task, line: "_Line", total: Sum) -> PixelGradients:
    """Divide the pieces of the line where most is missing until the values add up to the change of score."""
    open_pieces = pieces(_STEPS, line.ends | line.seen)
    wanted = total.done
    while line.gap(total.values / _STEPS) > _LAW and wanted < _MOST:
        chosen, others = worst(open_pieces)
        wanted += sum(len(piece.places) for piece in chosen)
        if task.checkpoint(total.done / wanted):
            total = _divided(task, line, total, chosen, wanted)
        if total.done < wanted:
            break
        open_pieces = [*others, *(part for piece in chosen for part in piece.divided(line.seen))]
    return _found(line, total, _STEPS, wanted)


def _divided(task: Task, line: "_Line", total: Sum, chosen: list[Piece], wanted: int) -> Sum:
    """The sum when these pieces are divided, or those of them that there was time for."""
    corrections = (line.correction(piece, _STEPS) for piece in chosen)
    return add_up(
        corrections,
        wanted,
        task.checkpoint,
        lambda total: task.show(lambda: _found(line, total, _STEPS, wanted)),
        so_far=total,
    )


class _Line:
    """The straight line from the baseline to a picture.

    Attributes:
        seen: scores and slopes by place, where the gradient was measured.
    """

    def __init__(self, task: Task, end: Float[np.ndarray, "1 H W colours"]) -> None:
        self._task = task
        self._baseline = task.baseline
        self._difference = (end - self._baseline)[0]
        self._batch = batch_size(end.size)
        self.seen: dict[float, Seen] = {}

    @cached_property
    def ends(self) -> dict[float, Seen]:
        """The scores of the baseline and of the picture."""
        _, scores, _ = differentiate(self._task, np.stack([self._baseline, self._baseline + self._difference]))
        return {0.0: Seen(float(scores[0])), 1.0: Seen(float(scores[1]))}

    def steps(self, steps: int) -> Iterator[Sum]:
        """(x - baseline) * gradient at the middles of equal steps, in micro-batches."""
        places = midpoints(steps)
        for start in range(0, steps, self._batch):
            yield self._sum(places[start : start + self._batch])

    def correction(self, piece: Piece, steps: int) -> Sum:
        """What a sum over equal steps changes by when a piece is divided."""
        places, weights = piece.places, steps * piece.corrections
        starts = range(0, len(places), self._batch)
        parts = [self._sum(places[n : n + self._batch], weights[n : n + self._batch]) for n in starts]
        return sum(parts[1:], parts[0])

    def gap(self, values: Float[np.ndarray, "H W colours"]) -> float:
        """How far, as a share, the values are from adding up to S(x) - S(baseline) (proposition 1 of the paper)."""
        change = self.ends[1.0].score - self.ends[0.0].score
        # Of a score that hardly changes no share is worth speaking of.
        return abs(float(values.sum()) - change) / max(abs(change), 1e-3 * float(np.abs(values).sum()), 1e-30)

    def _sum(self, places: Float[np.ndarray, " n"], weights: Float[np.ndarray, " n"] | None = None) -> Sum:
        inputs = self._baseline + places.astype(np.float32)[:, None, None, None] * self._difference
        gradients, scores, relus = differentiate(self._task, inputs)
        gradients = gradients * self._difference
        slopes = gradients.sum(axis=(1, 2, 3), dtype=np.float64)
        found = map(Seen, scores.tolist(), slopes.tolist())
        self.seen.update(zip(places.tolist(), found, strict=True))
        values = np.tensordot(np.ones(len(places)) if weights is None else weights, gradients, axes=1)
        return Sum(values, len(places), relus)
