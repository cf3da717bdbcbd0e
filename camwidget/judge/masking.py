"""Pictures with a part hidden, and what a network says to them."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from camwidget.explanation import Explainer, Explanation
from camwidget.explanation.many import by_shape
from camwidget.explanation.measuring import batch_size
from camwidget.explanation.resolve import blurred
from camwidget.maths import area, hottest_first, leading, resize
from camwidget.model import Picture

Raw = Float[np.ndarray, "h w c"]


def _black(raw: Raw) -> Raw:
    return np.zeros_like(raw)


def _mean(raw: Raw) -> Raw:
    return np.broadcast_to(raw.mean(axis=(0, 1)), raw.shape)


# What stands where a picture is hidden: 0, its mean colour, or itself without details. All before preprocessing.
FILLS: dict[str, Callable[[Raw], Raw]] = {"black": _black, "mean": _mean, "blur": blurred}

# Shares of the pixels at which deletion and insertion look: every twentieth, and none.
STEPS = 20


def raw_of(picture: Picture, name: str) -> Raw:
    """The picture before preprocessing, at the network's size.

    Raises:
        ValueError: it was given after a preprocessing that cannot be undone.
    """
    if picture.raw is None:
        raise ValueError(
            f"Picture {name} was given as floats, after preprocessing; masks go over pictures before it, so that what "
            "is hidden becomes black and not whatever the preprocessing makes of 0. Pass uint8 pictures, 0 to 255."
        )
    return picture.raw


def heat_at(explanation: Explanation, raw: Raw) -> Float[np.ndarray, "h w"]:
    """The explanation's heat, in [0, 1], enlarged to the size the network takes."""
    return np.clip(resize(explanation.heat, *raw.shape[:2]), 0, 1)


def masked(raw: Raw, heat: Float[np.ndarray, "h w"], fill: str) -> Raw:
    """E: the picture where there is heat, the fill where there is none; heat * picture + (1 - heat) * fill.

    With black, the picture times the map (Chattopadhay et al. 2018, section 4.1).
    """
    share = heat[..., None].astype(np.float32)
    return share * raw + (1 - share) * FILLS[fill](raw)


def probabilities(
    explainer: Explainer, pictures: Sequence[Picture], raws: Sequence[Raw], output: str | int | None
) -> list[Float[np.ndarray, " k"]]:
    """What the network gives every class, for other pictures in the place of these.

    Args:
        explainer: of the network.
        pictures: what goes in beside them is theirs.
        raws: as many, before preprocessing.
        output: of the network.

    Returns:
        Probabilities, one row for each picture.
    """
    preprocess = explainer.preprocessing.function
    found: list[np.ndarray] = [np.empty(0)] * len(pictures)
    for same in by_shape(pictures):
        size = batch_size(pictures[same[0]].inputs.size)
        for start in range(0, len(same), size):
            some = same[start : start + size]
            inputs = np.stack([np.asarray(preprocess(raws[n]), np.float32) for n in some])
            sides = tuple(map(np.concatenate, zip(*(pictures[n].sides for n in some), strict=True)))
            with explainer.lock:
                _, logs = explainer.probe(pictures[same[0]], output).verdict(inputs, sides)
            for n, row in zip(some, logs, strict=True):
                found[n] = np.exp(row)
    return found


def deletion(
    explainer: Explainer, explanation: Explanation, *, steps: int = STEPS, fill: str = "black"
) -> Float[np.ndarray, " points"]:
    """The class's probability while the hottest pixels are taken away; the sooner it falls, the better.

    Petsiuk et al. 2018, "RISE", section 3.2. `camwidget.maths.area` of it is the paper's number, lower
    is better. The network is asked now: nothing is taken from a cache.

    Args:
        explainer: of the network.
        explanation: whose heat orders the pixels, at the size the network takes.
        steps: equal shares, the last of them all pixels.
        fill: what takes their place: "black", "mean" (the picture's mean colour) or "blur".

    Returns:
        Probabilities, the first of the whole picture, the last of none of it.

    Raises:
        ValueError: no such fill; a picture that was preprocessed before it was given; no classes.

    Example:
        >>> curve = deletion(explainer, explainer.explain(image))
        >>> float(curve.mean()) < 1
        True
    """
    return _curve(explainer, explanation, steps, fill, inserting=False)


def insertion(
    explainer: Explainer, explanation: Explanation, *, steps: int = STEPS, fill: str = "blur"
) -> Float[np.ndarray, " points"]:
    """The class's probability while the hottest pixels are put in; the sooner it rises, the better.

    Petsiuk et al. 2018, "RISE", section 3.2: it begins with the picture without its details. The area
    under it is the paper's number, higher is better.

    Args:
        explainer: of the network.
        explanation: whose heat orders the pixels.
        steps: equal shares, the last of them all pixels.
        fill: what it begins with: "blur", "black" or "mean".

    Returns:
        Probabilities, the first of the fill alone, the last of the whole picture.

    Raises:
        ValueError: as `deletion`.
    """
    return _curve(explainer, explanation, steps, fill, inserting=True)


def _curve(explainer: Explainer, explanation: Explanation, steps: int, fill: str, *, inserting: bool) -> np.ndarray:
    check_fill(fill)
    if steps < 1:
        raise ValueError(f"steps={steps} is below 1. Pass the number of equal shares, 20 for instance.")
    if not explanation.is_of_classes:
        raise ValueError("This network's outputs are values, not classes: no probability rises or falls.")
    picture = explanation.picture
    raw = raw_of(picture, "")
    filled = FILLS[fill](raw)
    shares = leading(hottest_first(heat_at(explanation, raw)), steps).reshape(-1, *raw.shape[:2], 1)
    shown = [np.where(share == inserting, raw, filled) for share in shares]
    rows = probabilities(explainer, [picture] * len(shown), shown, explanation.query.output)
    return np.array([row[explanation.target] for row in rows])


def deletion_area(explainer: Explainer, explanation: Explanation, fill: str) -> float:
    """The area under `deletion`."""
    return area(deletion(explainer, explanation, fill=fill))


def insertion_area(explainer: Explainer, explanation: Explanation, fill: str) -> float:
    """The area under `insertion`."""
    return area(insertion(explainer, explanation, fill=fill))


def check_fill(fill: str) -> str:
    """The fill's name; raises ValueError where there is none."""
    if fill not in FILLS:
        raise ValueError(f"No fill {fill!r}. Choices: {', '.join(FILLS)}. Pass one as fill=.")
    return fill
