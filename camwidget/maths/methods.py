"""The CAM family: each method is one way to weigh the same evidence.

Every map is relu(sum_c weights * A), Grad-CAM's equation 2; a method says only what the weights
are. A new variant is one function and one record in `METHODS`: menu, tests and tables follow.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from .evidence import Evidence

Weights = Float[np.ndarray, "#h #w c"]


@dataclass(frozen=True)
class Method:
    """One member of the family.

    Attributes:
        name: the value of `method=`.
        title: as people read it.
        formula: the weights, in one line.
        source: paper and equation numbers, and where this differs.
        weigh: evidence -> weights, broadcastable to (h, w, c).
        samples: noisy copies averaged where the caller names no number.
        needs_class_weights: whether the network must end in global average pooling and one
            linear layer.
    """

    name: str
    title: str
    formula: str
    source: str
    weigh: Callable[[Evidence], Weights]
    samples: int = 0
    needs_class_weights: bool = False


def _cam(evidence: Evidence) -> Weights:
    if evidence.class_weights is None:
        raise ValueError("method='cam' needs the class weights of a global-average-pooling head.")
    return evidence.class_weights[None, None, :]


def _grad_cam(evidence: Evidence) -> Weights:
    return evidence.first.mean(axis=(0, 1), keepdims=True, dtype=np.float64)


def _grad_cam_plus_plus(evidence: Evidence) -> Weights:
    # sum_ab A_ab times D3 at (i, j); some libraries take sum(A * D3) or normalise alpha to a sum
    # of 1, which can flip a channel's sign.
    total = evidence.activations.sum(axis=(0, 1), dtype=np.float64)
    second = evidence.second
    denominator = total * evidence.third
    denominator += 2 * second
    # In place: where the denominator is 0, so is what stays there.
    alpha = np.divide(second, denominator, out=denominator, where=denominator != 0)
    alpha *= np.maximum(evidence.first, 0)
    return alpha.sum(axis=(0, 1), keepdims=True)


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            name="cam",
            title="CAM",
            formula="w_c = the class's weight of channel c behind global average pooling",
            source="Zhou et al. 2016, eq. 2. The map is passed through a ReLU like the others; "
            "`signed` keeps the sum as the paper has it.",
            weigh=_cam,
            needs_class_weights=True,
        ),
        Method(
            name="grad_cam",
            title="Grad-CAM",
            formula="w_c = mean over i,j of dS/dA_ijc",
            source="Selvaraju et al. 2017, eq. 1 and 2.",
            weigh=_grad_cam,
        ),
        Method(
            name="grad_cam++",
            title="Grad-CAM++",
            formula="alpha = D2 / (2 D2 + (sum_ab A_ab) D3); w_c = sum_ij alpha relu(D1)",
            source="Chattopadhay et al. 2018, eq. 5, 9 and 10, with Y = exp(S) (eq. 11 to 13): "
            "D_n = Y g^n with g = dS/dA; the factor Y is left out of the weights.",
            weigh=_grad_cam_plus_plus,
        ),
        Method(
            name="smooth_grad_cam++",
            title="Smooth Grad-CAM++",
            formula="as Grad-CAM++, with D1, D2 and D3 each averaged over noisy copies",
            source="Omeiza et al. 2019, eq. 7 and 8. A is that of the clean picture; every copy weighs the same.",
            weigh=_grad_cam_plus_plus,
            samples=20,  # between the paper's own call (5) and SmoothGrad's recommendation (50)
        ),
    )
}
