"""Noisy copies of a picture, as SmoothGrad and Smooth Grad-CAM++ average over."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float


def noisy_copies(
    inputs: Float[np.ndarray, "h w c"], *, samples: int, noise: float, seed: int, batch: int
) -> Iterator[Float[np.ndarray, "n h w c"]]:
    """Copies of a preprocessed picture with Gaussian noise, in micro-batches.

    The standard deviation is `noise` * (max - min) of this picture (Smilkov et al. 2017,
    section 3.2), in the units the network takes. The copies depend on the seed and their number
    alone, not on the size of the micro-batches.

    Args:
        inputs: the picture as the network takes it, shape (h, w, c).
        samples: how many copies, at least 1.
        noise: share of the picture's range, in [0, 1].
        seed: of the random generator.
        batch: most copies held in memory at a time.

    Yields:
        Float32 arrays of shape (n, h, w, c) with n <= batch.
    """
    deviation = np.float32(noise * (inputs.max() - inputs.min()))
    generator = np.random.default_rng(seed)
    for start in range(0, samples, batch):
        count = min(batch, samples - start)
        yield inputs + deviation * generator.standard_normal((count, *inputs.shape), np.float32)
