"""The exact derivatives of a softmax, where Grad-CAM++ takes those of exp(S) in its place."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


def likely_classes(probabilities: Float[np.ndarray, " k"], target: int, mass: float = 1e-6) -> Int[np.ndarray, " m"]:
    """The classes other than `target` that matter: all but those that hold `mass` of the probability together.

    The mass is that of the other classes, so that a target of probability 0.9999999 still has
    competitors.
    """
    others = probabilities.astype(np.float64)
    others[target] = 0.0
    order = np.argsort(-others, kind="stable")
    order = order[order != target]
    kept = int(np.searchsorted(np.cumsum(others[order]), others.sum() * (1 - mass))) + 1
    return order[:kept]


@dataclass(frozen=True)
class Competition:
    """Running sums over the classes j that compete with class k, weighted by their probabilities.

    With d_j = g_j - g_k, the difference of the logits' derivatives. Sums of differences keep their
    digits where all g_j are alike; plain moments of g_j would lose them.

    Attributes:
        sums: sum_j p_j d_j, p_j d_j^2 and p_j d_j^3, each of shape (h, w, c), float64.
        probability: sum_j p_j.
        done: number of classes.
    """

    sums: Float[np.ndarray, "3 h w c"]
    probability: float
    done: int

    @staticmethod
    def of(
        gradients: Float[np.ndarray, "j h w c"],
        target: Float[np.ndarray, "h w c"],
        probabilities: Float[np.ndarray, " j"],
    ) -> "Competition":
        """Sums over some of the classes.

        Args:
            gradients: g_j, the derivatives of the competitors' logits.
            target: g_k, that of the explained class.
            probabilities: p_j.
        """
        p = probabilities.astype(np.float64)
        d = gradients.astype(np.float64) - target
        sums = []
        power = d
        for _ in range(3):
            sums.append(np.tensordot(p, power, 1))
            power = power * d
        return Competition(np.stack(sums), float(p.sum()), len(p))

    def __add__(self, other: "Competition") -> "Competition":
        return Competition(self.sums + other.sums, self.probability + other.probability, self.done + other.done)

    def derivatives(self, target: float, *, logarithm: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """D1, D2, D3 of Y = p_k up to the factor p_k, or of Y = log p_k; each of shape (h, w, c).

        With m, v and t the mean, variance and third central moment of g_j over all classes under p:
        D1 = p (g_k - m), D2 = p ((g_k - m)^2 - v), D3 = p ((g_k - m)^3 - 3 v (g_k - m) - t), and for
        the logarithm D1 = g_k - m, D2 = -v, D3 = -t. Exact where the logits are piecewise linear in
        the activations.

        Args:
            target: p_k; the classes left out are made up for by renormalising.
            logarithm: whether Y is log p_k.
        """
        whole = target + self.probability
        mean, square, cube = self.sums / whole  # of d: the class k itself adds 0
        variance = square - mean * mean
        skew = cube - 3 * mean * square + 2 * mean**3
        lead = -mean  # g_k - m
        if logarithm:
            return lead, -variance, -skew
        return lead, lead * lead - variance, lead**3 - 3 * variance * lead - skew
