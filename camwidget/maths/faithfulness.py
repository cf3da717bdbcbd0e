"""Does a map hold what the network needs? Numbers from its verdict on a picture and on a masked one.

Chattopadhay et al. 2018, section 4.1: Y is the probability of a class on the picture, O its
probability on the picture times the map. All of them 0 to 1, one for each picture.
"""

import numpy as np
from jaxtyping import Float

Probabilities = Float[np.ndarray, " n"]


def drops(before: Probabilities, after: Probabilities) -> Float[np.ndarray, " n"]:
    """What share of the probability is lost with the masked picture: max(0, Y - O) / Y, in [0, 1].

    NaN where Y is 0: nothing can be lost of it.

    Args:
        before: Y, probability of the class on each picture.
        after: O, probability of the same class on the masked picture.
    """
    lost = np.maximum(0.0, before - after)
    return np.divide(lost, before, out=np.full(before.shape, np.nan), where=before > 0)


def average_drop(before: Probabilities, after: Probabilities) -> float:
    """Average drop in percent: 100 * mean of max(0, Y - O) / Y; lower is better.

    Chattopadhay et al. 2018, section 4.1. Pictures with Y = 0 have no drop and are left out of the
    mean; NaN where there is no other.

    Args:
        before: Y, probability of the class on each picture, in [0, 1].
        after: O, its probability on the picture times the map, in [0, 1].

    Example:
        >>> average_drop(np.array([0.8, 0.5]), np.array([0.2, 0.9]))  # 0.6 / 0.8 and 0
        37.5
    """
    return 100 * mean(drops(before, after))


def increase_in_confidence(before: Probabilities, after: Probabilities) -> float:
    """Increase in confidence in percent: the share of pictures with O > Y; higher is better.

    Chattopadhay et al. 2018, section 4.1. NaN where there are no pictures.

    Args:
        before: Y, probability of the class on each picture, in [0, 1].
        after: O, its probability on the picture times the map, in [0, 1].
    """
    return 100 * mean((after > before).astype(np.float64))


def wins(before: Probabilities, first: Probabilities, second: Probabilities) -> Float[np.ndarray, "n 3"]:
    """For each picture which of two methods loses less, 1 in one of three columns: first, second, tie.

    max(0, Y - O) of the two is compared; strictly smaller wins (Chattopadhay et al. 2018, section 4.1).

    Args:
        before: Y.
        first: O of the first method.
        second: O of the second method.
    """
    lost, other = np.maximum(0.0, before - first), np.maximum(0.0, before - second)
    return np.stack([lost < other, other < lost, lost == other], axis=1).astype(np.float64)


def win_rate(before: Probabilities, first: Probabilities, second: Probabilities) -> tuple[float, float, float]:
    """Win percentages of two methods, and that of ties; together 100.

    The paper's win % counts no ties; here they are a number of their own.

    Args:
        before: Y, probability of the class on each picture, in [0, 1].
        first: O, its probability on the picture times the first method's map.
        second: the same of the second method.

    Returns:
        The share of pictures, in percent, where the first loses less, where the second does, and
        where both lose the same; NaN where there are no pictures.

    Example:
        >>> win_rate(np.array([0.9, 0.9]), np.array([0.8, 0.95]), np.array([0.5, 0.9]))
        (50.0, 0.0, 50.0)
    """
    one, other, tie = (100 * mean(column) for column in wins(before, first, second).T)
    return one, other, tie


def mean(values: Float[np.ndarray, " n"]) -> float:
    """The mean of those that are not NaN; NaN where there are none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def f1_scores(labels: np.ndarray, predicted: np.ndarray, classes: int) -> Float[np.ndarray, " classes"]:
    """F1 of every class: 2 true positives / (2 true positives + false ones of both kinds); NaN without any.

    Args:
        labels: the true class of each picture.
        predicted: the class the network predicts.
        classes: how many there are.
    """
    true = np.bincount(labels[labels == predicted], minlength=classes)
    both = np.bincount(labels, minlength=classes) + np.bincount(predicted, minlength=classes)
    return np.divide(2.0 * true, both, out=np.full(classes, np.nan), where=both > 0)
