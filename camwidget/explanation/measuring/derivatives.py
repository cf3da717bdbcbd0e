"""The derivatives of a score at a layer: of the picture itself, or averaged over noisy copies."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from camwidget.maths import Competition, Count, Derivatives, Moments, likely_classes
from camwidget.model import Observation

from .running import add_up, batch_size
from .task import Task


def measure_derivatives(task: Task) -> Derivatives:
    """D1, D2 and D3 as the query wants them.

    Without noise only the network's tail runs, from the activations that were observed. With noise
    every copy runs through the whole network; only sums are kept.
    """
    exact = task.query.derivatives == "softmax"
    wanted = task.noisy
    if wanted == 0:
        return _exact(task) if exact else _clean(task)
    parts = _exact_copies(task) if exact else _copies(task)
    averaged = task.add_up(parts, wanted, lambda moments: moments.derivatives(wanted))
    if exact:
        return averaged
    clean = task.without_noise.kept("derivatives", _clean)
    return replace(averaged, clean=clean.first)


def _clean(task: Task) -> Derivatives:
    gradient = task.probe.gradient(
        task.layer, task.query.score, task.inputs, task.observation.output, task.classes(1), task.picture.sides
    )
    return Derivatives(task.layer.on_grid(gradient)[0])


def _copies(task: Task) -> Iterator[Moments]:
    by_score = task.query.sample_weights == "score"
    for inputs in task.copies(output=task.observation.activations.size):
        gradients, scores = task.probe.gradient_through(
            task.layer, task.query.score, inputs, task.classes(len(inputs)), task.picture.sides
        )
        yield Moments.of(gradients, scores if by_score else None)


# -- the softmax itself, see maths.softmax -----------------------------------------------------------


def _exact(task: Task) -> Derivatives:
    observation = task.observation
    rivals = len(_rivals(task, observation))

    def finish(competition: Competition) -> Derivatives:
        first, second, third = _of_softmax(task, observation, competition)
        return Derivatives(first, (second, third), Count(competition.done, rivals, "classes"))

    return task.add_up(_competition(task, observation, task.inputs), rivals, finish)


def _exact_copies(task: Task) -> Iterator[Moments]:
    by_score = task.query.sample_weights == "score"
    for inputs in task.copies(most=1):
        observation = task.probe.observe(task.layer, inputs, task.picture.sides)
        rivals = len(_rivals(task, observation))
        competition = add_up(_competition(task, observation, inputs), rivals, lambda share: True)
        first, second, third = _of_softmax(task, observation, competition)
        log_weight = observation.log_probabilities[:, task.target] if by_score else None
        yield Moments.of_derivatives(first[None], second[None], third[None], log_weight)


def _of_softmax(task: Task, observation: Observation, competition: Competition) -> tuple[np.ndarray, ...]:
    target = float(_probabilities(observation)[task.target])
    return competition.derivatives(target, logarithm=task.query.score == "log_probability")


_OTHER_OUTCOME = -1  # of a sigmoid, whose logit is 0


def _rivals(task: Task, observation: Observation) -> list[int]:
    """The classes that compete with the target."""
    if task.probe.gives_labels:
        return [_OTHER_OUTCOME]
    return likely_classes(_probabilities(observation), task.target).tolist()


def _probabilities(observation: Observation) -> Float[np.ndarray, " k"]:
    """In float64: beside a class of probability 1 float32 has none left for the others."""
    return np.exp(observation.log_probabilities[0].astype(np.float64))


def _competition(
    task: Task, observation: Observation, inputs: Float[np.ndarray, "1 H W colours"]
) -> Iterator[Competition]:
    """The logits' derivatives of every class that matters, in micro-batches, the most probable first."""
    probe, target = task.probe, task.target

    def gradients(of: list[int]) -> Float[np.ndarray, "j h w c"]:
        classes = np.array(of, np.int32)
        tiled, output = (np.repeat(array, len(of), axis=0) for array in (inputs, observation.output))
        found = probe.gradient(task.layer, "logit", tiled, output, (classes, classes), task.picture.sides)
        return task.layer.on_grid(found)

    mine = gradients([target])[0]
    probabilities = _probabilities(observation)
    rivals = _rivals(task, observation)
    if rivals == [_OTHER_OUTCOME]:
        other = np.exp(-np.logaddexp(0, observation.logits[0, target].astype(np.float64)))  # 1 - p without rounding
        yield Competition.of(np.zeros_like(mine)[None], mine, np.array([other]))
        return
    batch = batch_size(task.picture.inputs.size, observation.activations.size)
    for start in range(0, len(rivals), batch):
        some = rivals[start : start + batch]
        yield Competition.of(gradients(some), mine, probabilities[some])
