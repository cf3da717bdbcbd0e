"""The derivative of a score with respect to the picture: plain, by a rule for ReLUs, or along a path."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from camwidget.maths import WHOLE, Count, PixelGradients, midpoints

from .running import batch_size
from .task import Task


@dataclass(frozen=True)
class _Sum:
    """Running sum of gradients: memory does not grow with their number."""

    values: Float[np.ndarray, "H W colours"]
    done: int
    relus: int

    @staticmethod
    def of(gradients: Float[np.ndarray, "n H W colours"], relus: int) -> "_Sum":
        return _Sum(gradients.sum(axis=0, dtype=np.float64), len(gradients), relus)

    def __add__(self, other: "_Sum") -> "_Sum":
        return _Sum(self.values + other.values, self.done + other.done, self.relus)


def measure_pixels(task: Task) -> PixelGradients:
    """What the method's rules hand back to the picture, averaged over noisy copies or along a path."""
    backward, query = task.query.record.backward, task.query
    assert backward is not None  # noqa: S101 # the method has pixels
    samples = task.noisy
    if backward.path:
        found = _mean(task, _along_path(task), max(1, samples) * query.steps, "steps")
        return found if samples else replace(found, gap=_gap(task, found.values))
    if samples == 0:
        gradients, _, relus = _differentiate(task, task.inputs)
        return PixelGradients(gradients[0], WHOLE, relus)
    return _mean(task, _of_copies(task), samples, "noisy copies")


def _mean(task: Task, sums: Iterator[_Sum], wanted: int, unit: str) -> PixelGradients:
    def finish(total: _Sum) -> PixelGradients:
        return PixelGradients(total.values / total.done, Count(total.done, wanted, unit), total.relus)

    return task.add_up(sums, wanted, finish)


def _differentiate(
    task: Task, inputs: Float[np.ndarray, "n H W colours"]
) -> tuple[Float[np.ndarray, "n H W colours"], Float[np.ndarray, " n"], int]:
    """Gradients, scores, and how many ReLUs follow the rule."""
    backward, sides = task.query.record.backward, task.picture.sides
    assert backward is not None  # noqa: S101 # the method has pixels
    if task.query.explains_selection:
        return task.probe.pixel_gradient_of(task.layer, backward.relu, inputs, task.chosen, sides)
    return task.probe.pixel_gradient(task.query.score, backward.relu, inputs, task.classes(len(inputs)), sides)


def _of_copies(task: Task) -> Iterator[_Sum]:
    for inputs in task.copies():
        gradients, _, relus = _differentiate(task, inputs)
        yield _Sum.of(gradients, relus)


def _along_path(task: Task) -> Iterator[_Sum]:
    """(x - baseline) * gradient at the steps of the path to each noisy copy, or to the picture itself."""
    batch = batch_size(task.picture.inputs.size)
    places = midpoints(task.query.steps).astype(np.float32)[:, None, None, None]
    ends = task.copies(most=1) if task.noisy else [task.inputs]
    baseline = task.baseline
    for end in ends:
        difference = end - baseline
        for start in range(0, len(places), batch):
            inputs = baseline + places[start : start + batch] * difference
            gradients, _, relus = _differentiate(task, inputs)
            yield _Sum.of(gradients * difference, relus)


def _gap(task: Task, values: Float[np.ndarray, "H W colours"]) -> float:
    """How far, as a share, the values are from adding up to S(x) - S(baseline) (proposition 1 of the paper)."""
    _, scores, _ = _differentiate(task, np.stack([task.picture.inputs, task.baseline]))
    change = float(scores[0]) - float(scores[1])
    # Of a score that hardly changes no share is worth speaking of.
    return abs(float(values.sum()) - change) / max(abs(change), 1e-3 * float(np.abs(values).sum()), 1e-30)
