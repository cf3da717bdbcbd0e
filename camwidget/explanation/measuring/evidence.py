"""The evidence that a method asks for, part by part; each part is measured once and kept."""

from collections.abc import Callable
from typing import Any

import numpy as np

from camwidget.maths import Evidence
from camwidget.model import SCORES

from .channels import measure_ablated, measure_masked
from .derivatives import measure_derivatives
from .pixels import measure_pixels
from .task import Task


def measure(task: Task) -> Evidence:
    """Everything that the method of the task's query weighs."""
    method = task.query.record
    activations = task.observation.activations[0]
    parts: dict[str, Any] = {}
    if method.weigh is not None:
        if method.measures == "class_weights":
            parts["class_weights"] = _class_weights(task)  # the network's own, read afresh
        else:
            name, function = _PARTS[method.measures]
            parts[name] = task.kept(method.measures, function)
    if method.backward is not None:
        parts["pixels"] = task.kept("pixels", measure_pixels)
    return Evidence(activations, _score(task), **parts)


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
