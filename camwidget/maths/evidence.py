"""What was measured at one layer for one score: the input of every CAM method."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Evidence:
    """Activations of a layer and the derivatives of Y = exp(S) with respect to them.

    S is the explained score. Behind a piecewise linear tail (ReLU, max pooling, Dense) the
    derivatives of Y = exp(S) are Y g, Y g^2 and Y g^3 with g = dS/dA (Grad-CAM++, eq. 11 to 13).
    The factor Y is left out: it cancels in the ratio alpha and only scales the weights, and
    without it a score of 1000 cannot overflow.

    Attributes:
        activations: A, the layer's output on the picture itself, shape (h, w, c).
        first: D1 = <g>, the mean over noisy copies (one copy: g itself), shape (h, w, c).
        score: S of the picture itself.
        averaged: D2 = <g^2> and D3 = <g^3>, shape (h, w, c), in float64; None where there was one
            copy: they are then powers of `first`, worked out when a method asks for them.
        class_weights: the class's column of the layer behind global average pooling, shape (c,);
            None where the network has no such head or no method asked for it.
        copies: how many noisy copies were averaged; 0 = the picture itself, without noise.
    """

    activations: Float[np.ndarray, "h w c"]
    first: Float[np.ndarray, "h w c"]
    score: float
    averaged: tuple[Float[np.ndarray, "h w c"], Float[np.ndarray, "h w c"]] | None = None
    class_weights: Float[np.ndarray, " c"] | None = None
    copies: int = 0

    @property
    def second(self) -> Float[np.ndarray, "h w c"]:
        """D2, in float64."""
        if self.averaged:
            return self.averaged[0]
        g = self.first.astype(np.float64)
        return g * g

    @property
    def third(self) -> Float[np.ndarray, "h w c"]:
        """D3, in float64, so that the cube of a gradient as small as 1e-30 is still a number."""
        if self.averaged:
            return self.averaged[1]
        g = self.first.astype(np.float64)
        return g * g * g  # NumPy's power takes fifty times as long

    @property
    def nbytes(self) -> int:
        """Memory held, in bytes."""
        arrays = (self.activations, self.first, *(self.averaged or ()), self.class_weights)
        return sum(array.nbytes for array in arrays if array is not None)


@dataclass(frozen=True)
class Moments:
    """Running sums of g, g^2 and g^3: memory does not grow with the number of copies."""

    first: Float[np.ndarray, "h w c"]
    second: Float[np.ndarray, "h w c"]
    third: Float[np.ndarray, "h w c"]
    count: int

    @staticmethod
    def of(gradients: Float[np.ndarray, "n h w c"]) -> "Moments":
        """Sums over a micro-batch of gradients, shape (n, h, w, c)."""
        g = gradients.astype(np.float64)
        square = g * g
        return Moments(g.sum(0), square.sum(0), (square * g).sum(0), len(g))

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(
            self.first + other.first,
            self.second + other.second,
            self.third + other.third,
            self.count + other.count,
        )

    def evidence(
        self,
        activations: Float[np.ndarray, "h w c"],
        score: float,
        *,
        class_weights: Float[np.ndarray, " c"] | None = None,
        copies: int = 0,
    ) -> Evidence:
        """The averaged derivatives together with the activations of the picture itself."""
        n = self.count
        return Evidence(activations, self.first / n, score, (self.second / n, self.third / n), class_weights, copies)
