"""How each CAM method weighs its evidence; every map is relu(sum_c weights * A)."""

import numpy as np
from jaxtyping import Float

from .evidence import Evidence, measured

Weights = Float[np.ndarray, "#h #w c"]


def cam(evidence: Evidence) -> Weights:
    """w_c = the class's weight behind global average pooling (Zhou et al. 2016, eq. 2)."""
    return measured(evidence.class_weights, "class_weights")[None, None, :]


def grad_cam(evidence: Evidence) -> Weights:
    """w_c = mean over i, j of D1 (Selvaraju et al. 2017, eq. 1)."""
    return evidence.first.mean(axis=(0, 1), keepdims=True, dtype=np.float64)


def alphas(evidence: Evidence) -> Weights:
    """alpha = D2 / (2 D2 + (sum_ab A_ab) D3), 0 where its denominator is, one for each neuron (h, w, c).

    Chattopadhay et al. 2018, eq. 10; with averaged derivatives Omeiza et al. 2019, eq. 7 and 8.
    """
    # sum_ab A_ab times D3 at (i, j); some libraries take sum(A * D3) or normalise alpha to a sum
    # of 1, which can flip a channel's sign.
    total = evidence.activations.sum(axis=(0, 1), dtype=np.float64)
    # Divided by D2, so that no power of a gradient as small as 1e-30 is needed.
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha = total * evidence.ratio
        alpha += 2
        np.divide(1, alpha, out=alpha)
    # Where D2 is 0 so is alpha, and where the whole denominator is.
    np.copyto(alpha, 0, where=~np.isfinite(alpha))
    return alpha


def grad_cam_plus_plus(evidence: Evidence) -> Weights:
    """w_c = sum over i, j of alpha relu(D1) (Chattopadhay et al. 2018, eq. 5)."""
    return np.einsum("hwc,hwc->c", alphas(evidence), np.maximum(evidence.first, 0))[None, None, :]


def layer_cam(evidence: Evidence) -> Weights:
    """w_ijc = relu(D1), one weight for each neuron (Jiang et al. 2021, section 3)."""
    return np.maximum(evidence.first, 0)


def hires_cam(evidence: Evidence) -> Weights:
    """w_ijc = D1, one weight for each neuron (Draelos and Carin 2020, section 3)."""
    return evidence.first


def xgrad_cam(evidence: Evidence) -> Weights:
    """w_c = sum(D1 A) / sum(A), 0 where a filter's activations add up to 0 (Fu et al. 2020, section 3).

    They do, as far as float32 can tell, where the sum is less than a millionth of the sum of their sizes,
    as behind a normalisation over places: divided by it, rounding would be all there is.
    """
    activations = evidence.activations.astype(np.float64)
    total = activations.sum(axis=(0, 1), keepdims=True)
    size = np.abs(activations).sum(axis=(0, 1), keepdims=True)
    product = (activations * evidence.first).sum(axis=(0, 1), keepdims=True)
    return np.divide(product, total, out=np.zeros_like(total), where=np.abs(total) > 1e-6 * size)


def score_cam(evidence: Evidence) -> Weights:
    """w_c = the softmax, over the filters, of the scores of the picture masked with each; 0 without a mask.

    Wang et al. 2020, eq. 10 and algorithm 1.
    """
    scores = measured(evidence.channel_scores, "channel_scores").scores.astype(np.float64)
    known = np.isfinite(scores)
    if not known.any():
        return np.zeros((1, 1, len(scores)))
    powers = np.exp(np.where(known, scores - scores[known].max(), -np.inf))
    return (powers / powers.sum())[None, None, :]


def ablation_cam(evidence: Evidence) -> Weights:
    """w_c = (S - S without filter c) / |S|; 0 for a filter that was not measured.

    Desai and Ramaswamy 2020, section 3, divided by |S| in place of S.
    """
    scores = measured(evidence.channel_scores, "channel_scores").scores.astype(np.float64)
    drop = np.where(np.isfinite(scores), evidence.score - scores, 0.0)
    return (drop / (abs(evidence.score) or 1.0))[None, None, :]
