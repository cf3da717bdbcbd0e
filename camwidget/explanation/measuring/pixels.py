"""The derivative of a score with respect to the picture: plain, or by a rule for ReLUs."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from camwidget.maths import WHOLE, Count, PixelGradients

from .task import Task


@dataclass(frozen=True)
class Sum:
    """Running sum of gradients: memory does not grow with their number."""

    values: Float[np.ndarray, "H W colours"]
    done: int
    relus: int

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.values + other.values, self.done + other.done, self.relus)


def measure_pixels(task: Task) -> PixelGradients:
    """What the method's rules hand back to the picture, averaged over noisy copies."""
    samples = task.noisy
    if samples == 0:
        gradients, _, relus = differentiate(task, task.inputs)
        return PixelGradients(gradients[0], WHOLE, relus)

    def finish(total: Sum) -> PixelGradients:
        return PixelGradients(total.values / total.done, Count(total.done, samples, "noisy copies"), total.relus)

    return task.add_up(_of_copies(task), samples, finish)


def differentiate(
    task: Task, inputs: Float[np.ndarray, "n H W colours"]
) -> tuple[Float[np.ndarray, "n H W colours"], Float[np.ndarray, " n"], int]:
    """Gradients, scores, and how many ReLUs follow the rule."""
    backward, sides = task.query.record.backward, task.picture.sides
    assert backward is not None  # noqa: S101 # the method has pixels
    if task.query.explains_selection:
        return task.probe.pixel_gradient_of(task.layer, backward.relu, inputs, task.chosen, sides)
    return task.probe.pixel_gradient(task.query.score, backward.relu, inputs, task.classes(len(inputs)), sides)


def _of_copies(task: Task) -> Iterator[Sum]:
    for inputs in task.copies():
        gradients, _, relus = differentiate(task, inputs)
        yield Sum(gradients.sum(axis=0, dtype=np.float64), len(gradients), relus)
