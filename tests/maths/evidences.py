"""Evidence of fixed numbers on a grid of 2 x 3 neurons or larger, never square."""

import numpy as np

from camwidget.maths import ChannelScores, Derivatives, Evidence, Moments

GRID = (4, 6, 5)  # rows, columns, channels


def random_evidence(
    seed: int, *, scale: float = 1.0, copies: int = 0, shape: tuple[int, int, int] = GRID, negative: bool = False
) -> tuple[Evidence, np.ndarray]:
    """Evidence of everything a CAM method weighs, and the gradients of every copy, shape (n, h, w, c), float64.

    The gradients are of size `scale`. The score without, or with, one filter alone was not measured for filter 2.
    """
    generator = np.random.default_rng(seed)
    activations = generator.normal(size=shape).astype(np.float32)
    if not negative:
        activations = np.maximum(activations, 0)
    gradients = (scale * generator.normal(size=(max(1, copies), *shape))).astype(np.float32)
    class_weights = generator.normal(size=shape[2]).astype(np.float32)
    scores = generator.normal(size=shape[2]) + 2
    scores[2] = np.nan
    derivatives = Moments.of(gradients).derivatives(copies) if copies else Derivatives(gradients[0])
    evidence = Evidence(activations, 1.5, derivatives, class_weights, ChannelScores(scores))
    return evidence, gradients.astype(np.float64)


def averaged(gradients: np.ndarray, activations: np.ndarray) -> Evidence:
    """Evidence of the gradients of some copies, shape (n, h, w, c), and nothing else."""
    return Evidence(activations, 0.0, Moments.of(gradients).derivatives())
