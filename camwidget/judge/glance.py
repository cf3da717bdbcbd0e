"""One map's trustworthiness at a glance: two numbers in the time of a few passes."""

from dataclasses import dataclass

import numpy as np

from camwidget.explanation import Explainer, Explanation
from camwidget.explanation.cache import Cache
from camwidget.explanation.figures import agreement
from camwidget.explanation.measuring.running import Checkpoint, unwatched
from camwidget.maths import drops

from .masking import heat_at, masked, probabilities, raw_of
from .reinitialise import by_initializer, by_normal, is_learnt


@dataclass(frozen=True)
class Glance:
    """What was found about one map.

    Attributes:
        before: the class's probability on the picture, in [0, 1]; NaN where the network gives none.
        after: the same on the picture times the map.
        correlation: Spearman's, of the map with that of the network whose top layer has random weights
            (the first step of Adebayo et al. 2018); NaN where one of them is constant. Near 1: the map
            does not depend on what the top layer has learnt.
        randomized: name of that layer.
    """

    before: float
    after: float
    correlation: float
    randomized: str

    @property
    def drop(self) -> float:
        """Share of the probability that is lost, max(0, before - after) / before (Chattopadhay et al. 2018, 4.1).

        NaN where there is none.
        """
        return float(drops(np.array([self.before]), np.array([self.after]))[0])


def glance(
    explainer: Explainer, explanation: Explanation, *, seed: int = 0, checkpoint: Checkpoint = unwatched
) -> Glance:
    """Check one explanation.

    The network is not touched, even while it is being trained elsewhere: random values stand in for
    its top layer's weights in functions compiled for this alone.

    Args:
        explainer: of the network.
        explanation: of one picture.
        seed: of the random weights.
        checkpoint: asked while a long method is measured again, see `Explainer.answer`.

    Raises:
        ValueError: the picture was given after a preprocessing that cannot be undone; no layer has weights.

    Example:
        >>> glance(explainer, explainer.explain(image)).drop <= 1
        True
    """
    picture, query = explanation.picture, explanation.query
    before = after = float("nan")
    if explanation.is_of_classes:
        raw = raw_of(picture, "on show")
        shown = [raw, masked(raw, heat_at(explanation, raw), "black")]
        rows = probabilities(explainer, [picture] * 2, shown, query.output)
        before, after = (float(row[explanation.target]) for row in rows)
    with explainer.lock:
        layers = [each for each in explainer.probe(picture, query.output).weighted_layers() if is_learnt(each)]
    if not layers:
        raise ValueError("No layer of this network has weights: there is nothing to randomize.")
    top, generator = layers[-1], np.random.default_rng(seed)
    try:
        values = by_initializer(top, generator)
    except ValueError:  # it does not say how its weights begin
        values = by_normal(top, generator)
    other = explainer.with_weights([(variable, np.asarray(value)) for variable, value in values])
    randomized = other.answer(picture, query, checkpoint, Cache(limit=0))
    return Glance(
        before=before,
        after=after,
        correlation=agreement(explanation, randomized),
        randomized=top.name,
    )
