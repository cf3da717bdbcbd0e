"""Figures of sanity checks: curves over the steps, and film strips of maps."""

import textwrap
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from camwidget.explanation.drawing import Plot, enlarged, jpeg, overlay, reduced
from camwidget.maths import resize

from .figures import COLOURS
from .gallery import beside
from .pages import details, figure, number, page, strip, table, title_of
from .similarity import MEASURES

if TYPE_CHECKING:
    from .labels import LabelRandomization
    from .randomization import Randomization

_TITLES = {"absolute": "rank correlation (absolute)", "signed": "rank correlation (signed)", "ssim": "SSIM"}

# Frames in one row of a film strip.
_FRAMES = 9


def name_of(method: str) -> str:
    """A method or function as people read it."""
    return "Edge detector (control)" if method == "edge_detector" else title_of(method)


def plot_steps(found: "Randomization", measure: str) -> Plot:
    """The mean at every step, a band for its interval, and a mark where some pictures have none."""
    count = len(found.steps)
    shown = Plot(figsize=(max(5.5, 2.2 + 0.42 * count), 4.4), layout="constrained")
    axes = shown.subplots()
    places, rows = np.arange(count), 0
    axes.set_ylim(-1.05 if measure != "ssim" else -0.3, 1.05)
    for place, method in enumerate(found.methods):
        means = [found.mean(method, measure, step) for step in range(count)]
        colour = "#777777" if method == "edge_detector" else COLOURS[place % len(COLOURS)]
        axes.plot(places, [m.value for m in means], "o-", color=colour, markersize=4, label=name_of(method))
        axes.fill_between(
            places, [m.low for m in means], [m.high for m in means], color=colour, alpha=0.18, linewidth=0
        )
        undefined = [(x, mean.undefined) for x, mean in zip(places, means, strict=True) if mean.undefined]
        if undefined:
            # Counted along the bottom, one row for each method: beside the curves they would cover each other.
            row = axes.get_ylim()[0] + 0.09 * rows
            rows += 1
            axes.text(-0.35, row, "undefined:", fontsize=7, color=colour, va="bottom")
            for x, count_there in undefined:
                axes.text(float(x), row, str(count_there), fontsize=7, color=colour, ha="center", va="bottom")
    axes.axhline(0, color="#999", linewidth=0.8)
    axes.set_xticks(places, found.steps, rotation=60, ha="right", rotation_mode="anchor", fontsize=8)
    axes.set_xlabel("layers with random weights, from the top: this one and all before it", fontsize=9)
    axes.set_ylabel(_TITLES[measure])
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, borderaxespad=0.3)
    shown.suptitle(f"{len(found.targets)} pictures, 95 % bootstrap intervals", fontsize=9, x=0.99, ha="right")
    return shown


def film_strip(found: "Randomization", picture: int) -> Plot:
    """The maps of one picture, one column for each step, one row for each method; long strips are broken."""
    if not 0 <= picture < len(found.pictures):
        raise ValueError(f"No film of picture {picture}: those of pictures 0 to {len(found.pictures) - 1} are kept.")
    pixels = reduced(found.pictures[picture])
    count, methods = len(found.steps), found.methods
    width = min(count, _FRAMES)
    blocks = -(-count // width)
    rows = blocks * len(methods)
    aspect = pixels.shape[0] / pixels.shape[1]
    shown = Plot(figsize=(1.2 + 1.35 * width, rows * 1.35 * aspect + 0.55 * blocks), layout="constrained")
    axes = shown.subplots(rows, width, squeeze=False)
    for ax in axes.ravel():
        ax.set_axis_off()
    for step, name in enumerate(found.steps):
        block, column = divmod(step, width)
        for m, method in enumerate(methods):
            ax = axes[block * len(methods) + m, column]
            heat = resize(found.films[method][step][picture].astype(np.float64), *pixels.shape[:2])
            ax.imshow(overlay(pixels, heat, colormap="viridis", opacity=0.75))
            value = found.values[method]["absolute"][step][picture]
            words = "undefined" if np.isnan(value) else f"{value:.2f}"
            ax.text(0.03, 0.03, words, transform=ax.transAxes, fontsize=7, color="white", va="bottom", bbox=_LABEL)
            if m == 0:
                title = "\n".join(textwrap.wrap(name.rsplit("/", 1)[-1].replace("_", " "), 14))
                ax.set_title(title, fontsize=7, parse_math=False)
            if column == 0:
                label = "\n".join(textwrap.wrap(name_of(method), 12))
                ax.text(-0.06, 0.5, label, transform=ax.transAxes, fontsize=8, ha="right", va="center")
    return shown


_LABEL = {"facecolor": "#000000aa", "edgecolor": "none", "pad": 1.2}


def randomization_page(found: "Randomization") -> str:
    """The similarity that is left when every layer is random."""
    rows = [
        [name_of(method), *(number(found.mean(method, measure)) for measure in MEASURES)] for method in found.methods
    ]
    caption = f"{len(found.targets)} pictures, all {len(found.steps) - 1} steps done, scheme {found.scheme!r}"
    fails = ", ".join(map(name_of, found.insensitive)) or "none"
    words = f"<p>The same maps without what was learnt: {fails}. (Mean correlation above 0.5, with its interval.)</p>"
    return page(table(caption, ["", *_TITLES.values()], rows), words)


def labels_page(found: "LabelRandomization") -> str:
    """How alike the maps of both networks are, and some of them side by side."""
    rows = [
        [name_of(method), *(number(found.mean(method, measure)) for measure in MEASURES)] for method in found.methods
    ]
    true, permuted = found.accuracies
    caption = (
        f"{len(found.targets)} pictures; training accuracy {true:.1%} on true and {permuted:.1%} on permuted labels"
    )
    notes = "".join(f"<p>{escape(note)}</p>" for note in found.notes)
    figures = [
        figure(_pair(pixels, pair), f"{escape(name_of(method))}<br>true labels, permuted labels")
        for method in found.methods
        for pixels, pair in list(zip(found.pictures, found.heats[method], strict=True))[:2]
    ]
    maps = details("Maps of the first pictures", strip(figures, wide=True), is_open=True)
    return page(table(caption, ["", *_TITLES.values()], rows), notes, maps)


def _pair(pixels: np.ndarray, heats: tuple[np.ndarray, np.ndarray]) -> bytes:
    """The picture under both maps, side by side."""
    shown = enlarged(reduced(pixels))
    sides = [resize(heat.astype(np.float64), *shown.shape[:2]) for heat in heats]
    left, right = (overlay(shown, side, colormap="viridis", opacity=0.75) for side in sides)
    return jpeg(beside(left, right))
