"""What is seen of a picture in a network."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from .layers import LayerInfo

Output = Float[np.ndarray, "n ..."]  # of a layer: (n, h, w, c), or (n, tokens, c)


@dataclass(frozen=True)
class Observation:
    """What one forward pass saw: a layer's output and the network's verdict.

    Attributes:
        layer: which one was looked at.
        output: of the layer, float32, as it is: (n, h, w, c), or (n, tokens, c).
        logits: shape (n, k); a single sigmoid unit s counts as two classes, (-s, s).
        log_probabilities: shape (n, k); NaN where the outputs are values, not classes.
    """

    layer: LayerInfo
    output: Output
    logits: Float[np.ndarray, "n k"]
    log_probabilities: Float[np.ndarray, "n k"]

    @property
    def activations(self) -> Float[np.ndarray, "n h w c"]:
        """The layer's output on its grid."""
        return self.layer.on_grid(self.output)

    @cached_property
    def probabilities(self) -> Float[np.ndarray, "n k"]:
        """Each class's probability, in [0, 1]; NaN where the outputs are values."""
        return np.exp(self.log_probabilities)

    @property
    def nbytes(self) -> int:
        """Memory held, in bytes."""
        return self.output.nbytes + self.logits.nbytes + self.log_probabilities.nbytes

    def one(self, n: int) -> "Observation":
        """What it saw of one picture; it holds on to no other."""
        arrays = (self.output, self.logits, self.log_probabilities)
        return Observation(self.layer, *(np.array(array[n : n + 1]) for array in arrays))
