"""Pictures with a part hidden, and what a network says to them."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, UInt8

from camwidget.explanation import Explainer, Explanation
from camwidget.explanation.many import by_shape
from camwidget.explanation.measuring import batch_size
from camwidget.explanation.resolve import blurred
from camwidget.maths import resize
from camwidget.model import Picture, as_rgb

Raw = Float[np.ndarray, "h w c"]


def _black(raw: Raw) -> Raw:
    return np.zeros_like(raw)


def _mean(raw: Raw) -> Raw:
    return np.broadcast_to(raw.mean(axis=(0, 1)), raw.shape)


# What stands where a picture is hidden: 0, its mean colour, or itself without details. All before preprocessing.
FILLS: dict[str, Callable[[Raw], Raw]] = {"black": _black, "mean": _mean, "blur": blurred}


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


def as_pixels(raw: Raw, original: Raw) -> UInt8[np.ndarray, "h w 3"]:
    """A changed picture before preprocessing, for people.

    Args:
        raw: the changed one.
        original: what it was; if that does not lie in 0 to 255 both are stretched alike.
    """
    low, high = min(0.0, float(original.min())), float(original.max())
    scale = 1.0 if low == 0 and high > 1.5 else 255 / ((high - low) or 1.0)
    return as_rgb(np.clip((raw - low) * scale, 0, 255).round().astype(np.uint8))


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


def check_fill(fill: str) -> str:
    """The fill's name; raises ValueError where there is none."""
    if fill not in FILLS:
        raise ValueError(f"No fill {fill!r}. Choices: {', '.join(FILLS)}. Pass one as fill=.")
    return fill
