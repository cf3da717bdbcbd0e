"""The score, filter by filter: with one shown alone (Score-CAM) or left out (Ablation-CAM)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from camwidget.maths import ChannelScores, Count, masks
from camwidget.model import SCORES

from .running import batch_size
from .task import Task


@dataclass(frozen=True)
class _Scored:
    """Scores of some filters; NaN where there are none yet."""

    scores: Float[np.ndarray, " c"]
    done: int

    def __add__(self, other: "_Scored") -> "_Scored":
        return _Scored(np.where(np.isnan(self.scores), other.scores, self.scores), self.done + other.done)


def measure_masked(task: Task) -> ChannelScores:
    """S of the picture times each filter's mask (Wang et al. 2020)."""
    activations = task.observation.activations[0]
    height, width, _ = task.picture.inputs.shape

    def score(channels: list[int]) -> Float[np.ndarray, " n"]:
        inputs = task.picture.inputs * masks(activations, channels, height, width)
        verdict = task.probe.verdict(inputs, task.picture.sides)
        return np.asarray(SCORES[task.query.score].function(*verdict, *task.classes(len(channels))))

    has_mask = np.ptp(activations, axis=(0, 1)) > 0
    return _filter_by_filter(task, np.flatnonzero(has_mask), score, task.picture.inputs.size)


def measure_ablated(task: Task) -> ChannelScores:
    """S with the layer's activations as they are but one filter at 0 (Desai and Ramaswamy 2020)."""
    output, start = task.observation.output[0], task.layer.prefix or 0

    def score(channels: list[int]) -> Float[np.ndarray, " n"]:
        count = len(channels)
        without = np.repeat(output[None], count, axis=0)
        without[np.arange(count), start:, ..., channels] = 0
        inputs = np.repeat(task.inputs, count, axis=0)
        return task.probe.scores_at(
            task.layer, task.query.score, inputs, without, task.classes(count), task.picture.sides
        )

    # A filter that is 0 everywhere is left out already.
    is_active = task.observation.activations[0].any(axis=(0, 1))
    return _filter_by_filter(task, np.flatnonzero(is_active), score, output.size)


def _filter_by_filter(
    task: Task, channels: np.ndarray, score: Callable[[list[int]], Float[np.ndarray, " n"]], numbers: int
) -> ChannelScores:
    """Scores of the given filters, the most active first, so that whoever stops early has what weighs most."""
    activations = task.observation.activations[0]
    order = channels[np.argsort(-np.abs(activations[..., channels]).sum(axis=(0, 1)), kind="stable")].tolist()
    nothing = np.full(activations.shape[2], np.nan)
    if not order:
        return ChannelScores(nothing)

    def parts() -> Iterator[_Scored]:
        batch = batch_size(task.picture.inputs.size, numbers)
        for start in range(0, len(order), batch):
            some = order[start : start + batch]
            found = nothing.copy()
            found[some] = score(some)
            yield _Scored(found, len(some))

    def finish(scored: _Scored) -> ChannelScores:
        return ChannelScores(scored.scores, Count(scored.done, len(order), "filters"))

    return task.add_up(parts(), len(order), finish)
