"""Evidence of fixed numbers on a grid of 2 x 3 neurons or larger, never square."""

import numpy as np

from camwidget.maths import Evidence, Moments

GRID = (4, 6, 5)  # rows, columns, channels


def random_evidence(
    seed: int, *, scale: float = 1.0, copies: int = 0, shape: tuple[int, int, int] = GRID, negative: bool = False
) -> tuple[Evidence, np.ndarray]:
    """Evidence with gradients of size `scale`, and the gradients of every copy, shape (n, h, w, c), float64."""
    generator = np.random.default_rng(seed)
    activations = generator.normal(size=shape).astype(np.float32)
    if not negative:
        activations = np.maximum(activations, 0)
    gradients = (scale * generator.normal(size=(max(1, copies), *shape))).astype(np.float32)
    class_weights = generator.normal(size=shape[2]).astype(np.float32)
    evidence = Moments.of(gradients).evidence(activations, 1.5, class_weights=class_weights, copies=copies)
    return evidence, gradients.astype(np.float64)
