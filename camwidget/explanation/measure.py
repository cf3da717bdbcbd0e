"""Evidence measured on a network: the derivatives of a score, averaged over noisy copies."""

from collections.abc import Callable

from camwidget.maths import Evidence, Moments, noisy_copies
from camwidget.model import SCORES, LayerInfo, Observation, Picture, Probe

from .query import Query

# Called with the share done, in (0, 1); False: stop and keep what there is. May raise to give up.
# Not called when all is done: an answer that is there is worth showing, even if it is overtaken.
Checkpoint = Callable[[float], bool]

# Numbers in the pictures of one micro-batch: eight of 224 x 224 x 3. Four take a sixth longer for each
# picture, twenty-five save a tenth; and between batches a computation can be stopped.
_BATCH_NUMBERS = 8 * 224 * 224 * 3


def measure(
    probe: Probe,
    layer: LayerInfo,
    picture: Picture,
    observation: Observation,
    query: Query,
    checkpoint: Checkpoint,
) -> Evidence:
    """Measure the derivatives of a score at a layer.

    Without noise only the network's tail runs, from the activations of `observation`. With noise
    every copy runs through the whole network, in micro-batches; only sums are kept.

    Args:
        probe: around the network.
        layer: whose activations count.
        picture: the picture.
        observation: of the clean picture at that layer.
        query: says score, target (an index), samples, noise and seed.
        checkpoint: asked between micro-batches.
    """
    assert isinstance(query.target, int)  # noqa: S101 # filled in by the explainer
    target = query.target
    scores = SCORES[query.score].function(observation.logits, observation.log_probabilities, target)
    clean, score = observation.activations[0], float(scores[0])
    samples = query.num_samples
    if samples == 0:
        gradients = probe.gradient(
            layer, picture.inputs[None], observation.activations, score=query.score, target=target
        )
        return Evidence(clean, gradients[0], score)
    batch = max(1, min(32, _BATCH_NUMBERS // picture.inputs.size))
    total: Moments | None = None
    for copies in noisy_copies(picture.inputs, samples=samples, noise=query.noise, seed=query.seed, batch=batch):
        part = Moments.of(probe.gradient_through(layer, copies, score=query.score, target=target))
        total = part if total is None else total + part
        if total.count < samples and not checkpoint(total.count / samples):
            break
    assert total is not None  # noqa: S101 # samples is at least 1 here
    return total.evidence(clean, score, copies=total.count)
