"""Figures of what was judged; matplotlib without pyplot."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from camwidget.explanation.drawing import Plot

from .pages import title_of

if TYPE_CHECKING:
    from .curves import Curve
    from .evaluation import Evaluation

# Okabe and Ito's colours, told apart by everybody.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")


def plot_summary(found: "Evaluation") -> Plot:
    """One panel for each metric: every method's mean with its interval."""
    numbers = found.summary()
    metrics = [metric for metric in found.metrics if not metric.is_pairwise]
    rows = -(-len(metrics) // 4)
    columns = -(-len(metrics) // rows)
    figure = Plot(figsize=(1.2 + 2.9 * columns, rows * (1.1 + 0.34 * len(found.methods))), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for ax, metric in zip(axes.ravel(), metrics, strict=False):
        for place, method in enumerate(found.methods):
            value = numbers[method][metric.name]
            colour = COLOURS[place % len(COLOURS)]
            ax.plot([value.low, value.high], [place, place], color=colour, linewidth=2.5, solid_capstyle="butt")
            ax.plot([value.value], [place], "o", color=colour, markersize=6)
        ax.set_title(metric.title, fontsize=10)
        ax.set_xlabel(f"{metric.unit or 'area'}, {metric.better} is better", fontsize=9)
        ax.set_yticks(range(len(found.methods)), [title_of(method) for method in found.methods], fontsize=9)
        ax.set_ylim(len(found.methods) - 0.5, -0.5)
        full = 100 if metric.unit == "%" else 1
        ax.set_xlim(-0.02 * full, 1.02 * full)
        ax.set_xticks([0, full / 2, full])
        ax.grid(axis="x", color="#ccc", linewidth=0.6)
        ax.tick_params(axis="x", labelsize=8)
        ax.spines[["top", "right", "left"]].set_visible(False)
        ax.tick_params(axis="y", length=0)
    for ax in axes.ravel()[len(metrics) :]:
        ax.set_axis_off()
    figure.suptitle(f"{len(found)} pictures, 95 % bootstrap intervals", fontsize=10)
    return figure


def plot_curves(curves: Sequence["Curve"]) -> Plot:
    """Curves of one kind over the pictures on the first one's way."""
    first = curves[0]
    frames = len(first.frames)
    figure = Plot(figsize=(6.4, 4.6), layout="constrained")
    rows = [[str(n) for n in range(frames)], ["curve"] * frames]
    axes = figure.subplot_mosaic(rows, height_ratios=[1, 2.3])  # type: ignore[arg-type] # a list of lists of names
    for n, (share, pixels) in enumerate(first.frames):
        axes[str(n)].imshow(pixels)
        axes[str(n)].set_title(f"{100 * share:.0f} %", fontsize=8)
        axes[str(n)].set_axis_off()
    ax = axes["curve"]
    for place, curve in enumerate(curves):
        colour, label = COLOURS[place % len(COLOURS)], f"{title_of(curve.method)}: area {curve.area:.3f}"
        ax.plot(100 * curve.shares, curve.probabilities, "o-", color=colour, markersize=3.5, label=label)
        if len(curves) == 1:
            ax.fill_between(100 * curve.shares, curve.probabilities, color=colour, alpha=0.18, linewidth=0)
    ax.set_xlim(-1, 101)
    ax.set_ylim(0, 1.02)
    done = "taken away" if first.kind == "deletion" else "put in"
    ax.set_xlabel(f"% of the pixels {done}, hottest first", fontsize=9)
    ax.set_ylabel(f"probability of {first.target_name}", fontsize=9, parse_math=False)
    ax.tick_params(labelsize=8)
    ax.grid(color="#ddd", linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize=9, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)  # never over a curve
    better = "lower" if first.kind == "deletion" else "higher"
    pictures = f"; pictures: {title_of(first.method)}" if len(curves) > 1 else ""
    figure.suptitle(f"{first.kind.capitalize()}: the {better} the area, the better{pictures}", fontsize=10)
    return figure
