"""Scores of a trial: each picture has one point, which its votes share."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from camwidget.maths import Interval, bootstrap

from .study import Study, Vote

_NOTHING = "No votes yet, or skipped pictures alone: there is nothing to score."


def scores(study: Study, *, level: float = 0.95) -> dict[str, Interval]:
    """For both methods and "same": the share of a picture's votes, summed over the pictures.

    Chattopadhay et al. 2018, section 4.2: 13 judges and 250 pictures gave 109.69 for Grad-CAM++, 56.08 for
    Grad-CAM and 84.23 for the same. Pictures without a vote, or that every judge skipped, have no point; the scores
    add up to the number of the others. The intervals are bootstrap intervals over pictures: they speak of other
    pictures before the same judges.

    Args:
        study: with votes.
        level: of the intervals.

    Returns:
        By option; `.size` is the number of pictures with a vote.

    Raises:
        ValueError: there are no votes.
    """
    shares = _shares(study, [shot.picture for shot in study.trial.shots])
    return _summed(study, shares, level)


def by_class(study: Study, *, level: float = 0.95) -> dict[str, dict[str, Interval]]:
    """The same for the pictures of each class that has votes.

    Raises:
        ValueError: there are no votes.
    """
    classes = dict.fromkeys(shot.class_name for shot in study.trial.shots)
    voted = {vote.picture for vote in study.verdicts}
    found = {}
    for name in classes:
        pictures = [shot.picture for shot in study.trial.shots if shot.class_name == name]
        if voted.intersection(pictures):
            found[name] = _summed(study, _shares(study, pictures), level)
    if not found:
        raise ValueError(_NOTHING)
    return found


def _shares(study: Study, pictures: Sequence[int]) -> Float[np.ndarray, "pictures 3"]:
    """For each picture with votes the share of each option."""
    options = (*study.trial.methods, "same")
    votes: dict[int, list[Vote]] = {}
    for vote in study.verdicts:
        votes.setdefault(vote.picture, []).append(vote)
    rows = [
        [sum(vote.option == option for vote in votes[picture]) / len(votes[picture]) for option in options]
        for picture in pictures
        if picture in votes
    ]
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


def _summed(study: Study, shares: Float[np.ndarray, "pictures 3"], level: float) -> dict[str, Interval]:
    if not len(shares):
        raise ValueError(_NOTHING)
    options = (*study.trial.methods, "same")
    return {
        option: bootstrap(column, level=level).scaled(len(shares))
        for option, column in zip(options, shares.T, strict=True)
    }
