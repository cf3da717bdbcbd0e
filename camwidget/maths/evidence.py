"""What was measured at one layer for one score: the input of every method."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from jaxtyping import Float

_Part = TypeVar("_Part")


@dataclass(frozen=True)
class Count:
    """How much of a measurement was done: all of it, or less where it was stopped.

    Attributes:
        done: of the units.
        wanted: of the units.
        unit: what is counted, in words: "noisy copies", "filters", "steps".
    """

    done: int = 0
    wanted: int = 0
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.done} of {self.wanted} {self.unit}"

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return self.done >= self.wanted


WHOLE = Count()


@dataclass(frozen=True)
class Derivatives:
    """D1, D2 and D3 of Y with respect to the activations, up to the factor Y.

    For Y = exp(S) they are g, g^2 and g^3 with g = dS/dA, exactly so behind a piecewise linear
    tail (Grad-CAM++, eq. 11 to 13); for the softmax itself see `maths.softmax`. The factor Y
    cancels in the ratio alpha and only scales the weights; without it a score of 1000 cannot
    overflow.

    Attributes:
        first: D1, the mean over noisy copies (one copy: g itself), shape (h, w, c).
        higher: D2 and D3, shape (h, w, c), in float64; None where they are powers of `first`,
            worked out when a method asks for them.
        count: noisy copies averaged; none without noise.
        clean: g of the picture itself, beside the mean over its noisy copies; None without noise.
    """

    first: Float[np.ndarray, "h w c"]
    higher: tuple[Float[np.ndarray, "h w c"], Float[np.ndarray, "h w c"]] | None = None
    count: Count = WHOLE
    clean: Float[np.ndarray, "h w c"] | None = None

    @property
    def second(self) -> Float[np.ndarray, "h w c"]:
        """D2, in float64."""
        if self.higher:
            return self.higher[0]
        g = self.first.astype(np.float64)
        return g * g

    @property
    def third(self) -> Float[np.ndarray, "h w c"]:
        """D3, in float64, so that the cube of a gradient as small as 1e-30 is still a number."""
        if self.higher:
            return self.higher[1]
        g = self.first.astype(np.float64)
        return g * g * g  # NumPy's power takes fifty times as long

    @property
    def ratio(self) -> Float[np.ndarray, "h w c"]:
        """D3 / D2, infinite where D2 is 0; g itself where they are its powers."""
        if self.higher is None:
            return np.where(self.first == 0, np.float32(np.inf), self.first)
        second, third = self.higher
        return np.divide(third, second, out=np.full_like(third, np.inf), where=second != 0)

    @property
    def nbytes(self) -> int:
        """Memory held, in bytes."""
        return sum(array.nbytes for array in (self.first, *(self.higher or ()), self.clean) if array is not None)


@dataclass(frozen=True)
class ChannelScores:
    """The score of the picture changed for one filter at a time.

    Attributes:
        scores: S where filter c alone is shown (Score-CAM) or left out (Ablation-CAM), shape (c,);
            NaN where it was not measured: a filter without a mask, or one that was not reached.
        count: filters measured.
    """

    scores: Float[np.ndarray, " c"]
    count: Count = WHOLE

    @property
    def nbytes(self) -> int:
        """Memory held, in bytes."""
        return self.scores.nbytes


@dataclass(frozen=True)
class PixelGradients:
    """The derivative of a score with respect to the picture, by one of the rules for pixels.

    Attributes:
        values: signed, in the colours and at the size that the network takes, shape (H, W, colours).
        count: noisy copies averaged, or steps along a path.
        relus: ReLUs whose backward pass was replaced.
        gap: by how much, as a share, the values miss the change of score that they should add up
            to; None where there is no such law.
    """

    values: Float[np.ndarray, "H W colours"]
    count: Count = WHOLE
    relus: int = 0
    gap: float | None = None

    @property
    def nbytes(self) -> int:
        """Memory held, in bytes."""
        return self.values.nbytes


@dataclass(frozen=True)
class Weighed:
    """A method's weights, as they are kept for the next selection.

    Attributes:
        values: broadcastable to (h, w, c).
    """

    values: Float[np.ndarray, "#h #w c"]

    @property
    def nbytes(self) -> int:
        """Memory held, in bytes."""
        return self.values.nbytes


@dataclass(frozen=True)
class Evidence:
    """Everything a method may weigh; what it did not ask for is None.

    Attributes:
        activations: A, the layer's output on the picture itself, shape (h, w, c).
        score: S of the picture itself.
        derivatives: of the score with respect to A.
        class_weights: the class's column of the layer behind global average pooling, shape (c,).
        channel_scores: the score with one filter at a time shown or left out.
        pixels: the derivative with respect to the picture.
    """

    activations: Float[np.ndarray, "h w c"]
    score: float
    derivatives: Derivatives | None = None
    class_weights: Float[np.ndarray, " c"] | None = None
    channel_scores: ChannelScores | None = None
    pixels: PixelGradients | None = None

    @property
    def first(self) -> Float[np.ndarray, "h w c"]:
        """D1, see `Derivatives`."""
        return measured(self.derivatives, "derivatives").first

    @property
    def second(self) -> Float[np.ndarray, "h w c"]:
        """D2, see `Derivatives`."""
        return measured(self.derivatives, "derivatives").second

    @property
    def third(self) -> Float[np.ndarray, "h w c"]:
        """D3, see `Derivatives`."""
        return measured(self.derivatives, "derivatives").third

    @property
    def ratio(self) -> Float[np.ndarray, "h w c"]:
        """D3 / D2, see `Derivatives`."""
        return measured(self.derivatives, "derivatives").ratio

    @property
    def counts(self) -> tuple[Count, ...]:
        """How much was done of each long measurement in it."""
        parts = (self.derivatives, self.channel_scores, self.pixels)
        return tuple(part.count for part in parts if part is not None and part.count.wanted)

    @property
    def copies(self) -> int:
        """Noisy copies averaged; the fewer where one part was stopped earlier than another.

        Integrated gradients count steps: a copy that was begun counts.
        """
        copies = [count.done for count in self.counts if count.unit == "noisy copies"]
        return min(copies) if copies else 0


def measured(part: _Part | None, name: str) -> _Part:
    """A part of the evidence that a method needs.

    Raises:
        ValueError: it was not measured.
    """
    if part is None:
        raise ValueError(f"This method weighs {name}, and the evidence holds none: pass Evidence(..., {name}=...).")
    return part


@dataclass(frozen=True)
class Moments:
    """Running sums of D1, D2 and D3: memory does not grow with the number of copies.

    Attributes:
        first, second, third: sums over copies of weight * D, shape (h, w, c), float64.
        weight: sum of the weights.
        peak: the logarithm that was taken off every weight, so that none overflows.
        done: number of copies.
    """

    first: Float[np.ndarray, "h w c"]
    second: Float[np.ndarray, "h w c"]
    third: Float[np.ndarray, "h w c"]
    weight: float
    peak: float
    done: int

    @staticmethod
    def of(gradients: Float[np.ndarray, "n h w c"], log_weights: Float[np.ndarray, " n"] | None = None) -> "Moments":
        """Sums over a micro-batch of gradients g, with D1 = g, D2 = g^2, D3 = g^3.

        Args:
            gradients: g, shape (n, h, w, c).
            log_weights: logarithm of what each copy counts, shape (n,); None: all the same.
        """
        weights, weight, peak = _weights(len(gradients), log_weights)
        first, second, third = (np.zeros(gradients.shape[1:]) for _ in range(3))
        # Copy by copy: at a large layer the powers of a whole micro-batch would take hundreds of megabytes.
        for each, w in zip(gradients, weights, strict=True):
            g = each.astype(np.float64)
            power = w * g
            first += power
            power *= g
            second += power
            power *= g
            third += power
        return Moments(first, second, third, weight, peak, len(gradients))

    @staticmethod
    def of_derivatives(
        first: Float[np.ndarray, "n h w c"],
        second: Float[np.ndarray, "n h w c"],
        third: Float[np.ndarray, "n h w c"],
        log_weights: Float[np.ndarray, " n"] | None = None,
    ) -> "Moments":
        """Sums over a micro-batch of derivatives that are no powers of one another."""
        weights, weight, peak = _weights(len(first), log_weights)
        sum1, sum2, sum3 = (np.tensordot(weights, each.astype(np.float64), 1) for each in (first, second, third))
        return Moments(sum1, sum2, sum3, weight, peak, len(first))

    def __add__(self, other: "Moments") -> "Moments":
        peak = max(self.peak, other.peak)
        a, b = np.exp(self.peak - peak), np.exp(other.peak - peak)
        if a == b == 1:  # copies that all count the same: no array is multiplied
            sums = (self.first + other.first, self.second + other.second, self.third + other.third)
        else:
            sums = (
                a * self.first + b * other.first,
                a * self.second + b * other.second,
                a * self.third + b * other.third,
            )
        return Moments(*sums, float(a * self.weight + b * other.weight), peak, self.done + other.done)

    def derivatives(self, wanted: int = 0) -> Derivatives:
        """The averages; `wanted` says how many copies were asked for."""
        n = self.weight
        count = Count(self.done, wanted, "noisy copies") if wanted else WHOLE
        return Derivatives(self.first / n, (self.second / n, self.third / n), count)


def _weights(copies: int, logarithms: Float[np.ndarray, " n"] | None) -> tuple[Float[np.ndarray, " n"], float, float]:
    """What each copy counts, their sum, and the logarithm taken off each."""
    if logarithms is None:
        return np.ones(copies), float(copies), 0.0
    logs = logarithms.astype(np.float64)
    peak = float(logs.max())
    weights = np.exp(logs - peak)
    return weights, float(weights.sum()), peak
