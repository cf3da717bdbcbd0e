"""Figures of explanations, for notebooks and papers; matplotlib without pyplot, so without state."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, UInt8
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from camwidget.maths import METHODS, full_heat, rank_correlation, resize

from .drawing import Plot, display_signed, overlay, palette, reduced

if TYPE_CHECKING:
    from .explanation import Explanation


def plot(explanation: "Explanation", *, colormap: str, opacity: float) -> Plot:
    """The picture beside the map, with a colour bar, and what was asked in the title.

    A map of neurons lies over the picture; a map of pixels stands beside it, and so do, for guided
    methods, its signed colours around grey.
    """
    pixels = reduced(explanation.picture.pixels)
    height, width = pixels.shape[:2]
    backward = METHODS[explanation.method].backward
    in_colour = backward is not None and backward.relu != "plain"
    panels = 3 if in_colour else 2
    figure = Plot(figsize=(4.2 * panels, max(2.4, 3.6 * height / width + 0.6)), layout="constrained")
    axes = figure.subplots(1, panels)
    _show(axes[0], pixels, "picture")
    if in_colour:
        _show(axes[1], display_signed(explanation.signed), "signed, per colour; grey = 0")
    rows, columns = explanation.map.shape
    last = axes[-1]
    _show(last, _painted(explanation, None, colormap, opacity), explanation.message or f"{rows} x {columns} map")
    _colour_bar(figure, last, explanation, colormap, label=_unit(explanation))
    # Class names are text: "$5 or $6" is no mathematics.
    figure.suptitle("\n".join(textwrap.wrap(explanation.title, 44 * panels)), fontsize=11, parse_math=False)
    return figure


def compare(
    explanations: "Sequence[Explanation]",
    *,
    columns: int = 4,
    shared_scale: bool = False,
    colormap: str = "viridis",
    opacity: float = 0.6,
) -> Plot:
    """Several explanations side by side, with the rank correlation of each map with the first.

    Args:
        explanations: two or more, of the same picture or of several.
        columns: how many stand in a row, at least 1.
        shared_scale: whether one colour stands for the same raw value everywhere; otherwise each
            map is stretched to its own maximum. Raw values of different methods have different
            units: share the scale between classes, layers or noise levels of one method.
        colormap: the name of any matplotlib colour map.
        opacity: of the strongest evidence, in [0, 1].

    Returns:
        A figure; `correlations(explanations)` gives its numbers, for every pair.

    Raises:
        TypeError, ValueError: no explanations, or not that many.

    Example:
        >>> compare([explain(model, image, target=k) for k in (3, 8)], shared_scale=True)
    """
    from .explanation import Explanation

    shown = list(explanations)
    if not all(isinstance(each, Explanation) for each in shown):
        raise TypeError("compare takes a list of explanations, as explain() returns them.")
    if len(shown) < 2:
        raise ValueError(f"{len(shown)} explanation was given; two or more are expected.")
    if columns < 1:
        raise ValueError(f"columns={columns} is below 1. Pass how many explanations stand in a row.")
    top = max(map(_top, shown)) if shared_scale else None
    columns = min(len(shown), columns)
    rows = -(-len(shown) // columns)
    height, width = shown[0].picture.pixels.shape[:2]
    size = (3.6 * columns + (0.8 if shared_scale else 0), rows * (2.6 * height / width + 0.75))
    figure = Plot(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    against_first = correlations(shown)[0]
    for position, (each, ax) in enumerate(zip(shown, axes, strict=False)):
        said = [each.title, each.message]
        if position:
            said.append(f"rank correlation with the first: {_number(against_first[position])}")
        title = "\n".join(line for sentence in said for line in textwrap.wrap(sentence, 46))
        _show(ax, _painted(each, top, colormap, opacity), title, size=8)
        if not shared_scale:
            _colour_bar(figure, ax, each, colormap)
    for ax in axes[len(shown) :]:
        ax.set_axis_off()
    if shared_scale:
        scale = ScalarMappable(Normalize(0, top or 1.0), colormap)
        figure.colorbar(scale, ax=axes.tolist(), fraction=0.03, label="raw units of the maps, one scale")
    return figure


def correlations(explanations: "Sequence[Explanation]") -> Float[np.ndarray, "n n"]:
    """Spearman's rank correlation of every pair of maps, in [-1, 1]; NaN where a map is constant.

    Of a pair on grids of different sizes both are enlarged to the larger number of rows and of columns; what else
    is compared makes no difference to it. Only places that were chosen in both count: a map is no other than its part.
    """
    return np.array([[agreement(a, b) for b in explanations] for a in explanations])


def agreement(a: "Explanation", b: "Explanation") -> float:
    """Spearman's rank correlation of two maps over the places chosen in both, in [-1, 1]; see `correlations`.

    NaN where fewer than two places were, or one of the maps is the same at all of them.
    """
    one, other = _on_one_grid(a.map, b.map)
    chosen, also = _on_one_grid(*(_chosen(each).astype(float) for each in (a, b)))
    both = (chosen > 0.5) & (also > 0.5)
    return rank_correlation(one[both], other[both])


def _chosen(explanation: "Explanation") -> Bool[np.ndarray, "h w"]:
    """Where the map can have evidence: at the chosen neurons, at every pixel."""
    shape = explanation.map.shape
    return np.ones(shape, bool) if explanation.is_of_pixels else explanation.query.selection.mask(*shape)


def _on_one_grid(
    a: Float[np.ndarray, "h w"], b: Float[np.ndarray, "x y"]
) -> tuple[Float[np.ndarray, "p q"], Float[np.ndarray, "p q"]]:
    rows, columns = np.maximum(a.shape, b.shape).tolist()
    one, other = (each if each.shape == (rows, columns) else resize(each, rows, columns) for each in (a, b))
    return one, other


def _top(explanation: "Explanation") -> float:
    """The raw value that the strongest colour stands for."""
    return full_heat(explanation.map) if explanation.is_of_pixels else float(explanation.map.max(initial=0.0))


def _unit(explanation: "Explanation") -> str:
    return "sum over the colours, raw units" if explanation.is_of_pixels else "evidence, raw units of the map"


def _beyond(explanation: "Explanation") -> str:
    """Whether the colour bar has an end for what lies above it."""
    return "max" if explanation.is_of_pixels else "neither"


def _painted(
    explanation: "Explanation", top: float | None, colormap: str, opacity: float
) -> UInt8[np.ndarray, "H W 3"]:
    """A map of neurons over its picture, a map of pixels by itself; `top` has the strongest colour."""
    pixels = reduced(explanation.picture.pixels)
    shown = explanation.heat if top is None else np.clip(explanation.map / (top or 1.0), 0, 1)
    if explanation.is_of_pixels:
        return palette(colormap)[np.round(shown * 255).astype(int)]
    return overlay(pixels, resize(shown, *pixels.shape[:2]), colormap=colormap, opacity=opacity)


def _colour_bar(figure: Plot, axes: Axes, explanation: "Explanation", colormap: str, label: str = "") -> None:
    """Its numbers; beside a map that has nothing to show, the room for one, so that panels stay of one size."""
    top = _top(explanation)
    scale = ScalarMappable(Normalize(0, top or 1.0), colormap)
    bar = figure.colorbar(scale, ax=axes, fraction=0.05, label=label, extend=_beyond(explanation))
    bar.ax.tick_params(labelsize=8)
    bar.ax.set_visible(bool(top))


def _show(axes: Axes, image: UInt8[np.ndarray, "H W 3"], title: str, size: int = 10) -> None:
    axes.imshow(image)
    axes.set_title(title, fontsize=size, parse_math=False)
    axes.set_axis_off()


def _number(correlation: float) -> str:
    return "undefined, one map is the same everywhere" if np.isnan(correlation) else f"{correlation:.2f}"
