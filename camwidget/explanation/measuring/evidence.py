"""The evidence that a method asks for, part by part; each part is measured once and kept."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from camwidget.maths import Evidence
from camwidget.model import SCORES

from .channels import measure_ablated, measure_masked
from .derivatives import measure_derivatives
from .path import integrate
from .pixels import measure_pixels
from .task import Task


def measure(task: Task, show: Callable[[Callable[[], Evidence]], None] | None = None) -> Evidence:
    """Everything that the method of the task's query weighs.

    Args:
        task: what is asked.
        show: called between micro-batches with a function that gives the evidence so far; not before
            every part of it has begun.
    """
    method = task.query.record
    activations = task.observation.activations[0]
    score = _score(task)
    parts: dict[str, Any] = {}

    def watched(name: str) -> Task:
        def seen(part: Callable[[], Any]) -> None:
            if show is not None:
                show(lambda: Evidence(activations, score, **{**parts, name: part()}))

        return replace(task, show=seen)

    if method.weigh is not None:
        if method.measures == "class_weights":
            parts["class_weights"] = _class_weights(task)  # the network's own, read afresh
        else:
            name, function = _PARTS[method.measures]
            # Of a product with pixels there is nothing to see before its pixels.
            parts[name] = (watched(name) if method.backward is None else task).kept(method.measures, function)
    if method.backward is not None:
        function = integrate if method.backward.path else measure_pixels
        parts["pixels"] = watched("pixels").kept("pixels", function)
    return Evidence(activations, score, **parts)


def _score(task: Task) -> float:
    """What is explained, of the picture itself."""
    observation = task.observation
    if task.query.explains_selection:
        return float((observation.activations[0] * task.chosen).sum(dtype=np.float64))
    function = SCORES[task.query.score].function
    return float(function(observation.logits, observation.log_probabilities, *task.classes(1))[0])


def _class_weights(task: Task) -> np.ndarray:
    return task.probe.class_weights(task.layer, task.target)


# What a method measures -> the field of `Evidence` it fills, and who measures it.
_PARTS: dict[str, tuple[str, Callable[[Task], Any]]] = {
    "derivatives": ("derivatives", measure_derivatives),
    "masked_scores": ("channel_scores", measure_masked),
    "ablated_scores": ("channel_scores", measure_ablated),
}
