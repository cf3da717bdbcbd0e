"""Deletion and insertion: what the network says while the hottest pixels go, or come."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, UInt8

from camwidget.explanation import Explainer, Explanation
from camwidget.explanation.drawing import Plot
from camwidget.maths import area, hottest_first, leading

from .masking import FILLS, as_pixels, check_fill, heat_at, probabilities, raw_of

# Shares of the pixels at which deletion and insertion look: every twentieth, and none.
STEPS = 20

# How many of the pictures on the way are kept to be looked at.
_FRAMES = 5


@dataclass(frozen=True, eq=False)
class Curve:
    """The class's probability over the share of the pixels that are gone, or put in, hottest first.

    Attributes:
        kind: "deletion" or "insertion".
        method: whose map orders the pixels.
        target_name: the class.
        shares: of the pixels, from 0 to 1, shape (points,).
        probabilities: of the class, in [0, 1], shape (points,).
        fill: what stands where pixels are hidden.
        frames: some of the pictures that the network saw on the way, with their share, the first and the last among
            them.
    """

    kind: Literal["deletion", "insertion"]
    method: str
    target_name: str
    shares: Float[np.ndarray, " points"]
    probabilities: Float[np.ndarray, " points"]
    fill: str
    frames: tuple[tuple[float, UInt8[np.ndarray, "H W 3"]], ...]

    @property
    def area(self) -> float:
        """Under the curve, in [0, 1]: Petsiuk's number. Lower is better for deletion, higher for insertion."""
        return area(self.probabilities)

    def plot(self, *others: "Curve") -> Plot:
        """A figure: the pictures on the way, and the curve over them with its area.

        Args:
            others: curves of other methods, drawn beside it.

        Raises:
            ValueError: one of them is of the other kind.
        """
        from .figures import plot_curves

        different = [other.kind for other in others if other.kind != self.kind]
        if different:
            raise ValueError(f"A curve of {different[0]} beside one of {self.kind}: pass curves of one kind.")
        return plot_curves([self, *others])

    def __repr__(self) -> str:
        return f"<Curve: {self.kind} of {self.target_name!r} by {self.method}, area {self.area:.3f}>"


def deletion(explainer: Explainer, explanation: Explanation, *, steps: int = STEPS, fill: str = "black") -> Curve:
    """The class's probability while the hottest pixels are taken away; the sooner it falls, the better.

    Petsiuk et al. 2018, "RISE", section 3.2. The network is asked now: nothing is taken from a cache.

    Args:
        explainer: of the network.
        explanation: whose heat orders the pixels, at the size the network takes.
        steps: equal shares, the last of them all pixels.
        fill: what takes their place: "black", "mean" (the picture's mean colour) or "blur".

    Returns:
        A `Curve` from the whole picture to none of it; its `.area` is the paper's number, lower is better.

    Raises:
        ValueError: no such fill; a picture that was preprocessed before it was given; no classes.

    Example:
        >>> curve = deletion(explainer, explainer.explain(image))
        >>> curve.area < 1
        True
    """
    return _curve("deletion", explainer, explanation, steps, fill)


def insertion(explainer: Explainer, explanation: Explanation, *, steps: int = STEPS, fill: str = "blur") -> Curve:
    """The class's probability while the hottest pixels are put in; the sooner it rises, the better.

    Petsiuk et al. 2018, "RISE", section 3.2: it begins with the picture without its details.

    Args:
        explainer: of the network.
        explanation: whose heat orders the pixels.
        steps: equal shares, the last of them all pixels.
        fill: what it begins with: "blur", "black" or "mean".

    Returns:
        A `Curve` from the fill alone to the whole picture; its `.area` is the paper's number, higher is better.

    Raises:
        ValueError: as `deletion`.
    """
    return _curve("insertion", explainer, explanation, steps, fill)


def _curve(
    kind: Literal["deletion", "insertion"], explainer: Explainer, explanation: Explanation, steps: int, fill: str
) -> Curve:
    check_fill(fill)
    if steps < 1:
        raise ValueError(f"steps={steps} is below 1. Pass the number of equal shares, 20 for instance.")
    if not explanation.is_of_classes:
        raise ValueError("This network's outputs are values, not classes: no probability rises or falls.")
    picture = explanation.picture
    raw = raw_of(picture, "")
    filled = FILLS[fill](raw)
    hottest = leading(hottest_first(heat_at(explanation, raw)), steps).reshape(-1, *raw.shape[:2], 1)
    seen = [np.where(mask == (kind == "insertion"), raw, filled) for mask in hottest]
    rows = probabilities(explainer, [picture] * len(seen), seen, explanation.query.output)
    shares = np.linspace(0, 1, steps + 1)
    some = np.unique(np.linspace(0, steps, _FRAMES).round().astype(int)).tolist()
    return Curve(
        kind=kind,
        method=explanation.method,
        target_name=explanation.target_name,
        shares=shares,
        probabilities=np.array([row[explanation.target] for row in rows], np.float64),
        fill=fill,
        frames=tuple((float(shares[n]), as_pixels(seen[n], raw)) for n in some),
    )
