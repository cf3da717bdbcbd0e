"""Figures of blind trials; matplotlib without pyplot."""

from collections.abc import Mapping

import numpy as np

from camwidget.explanation.drawing import Plot
from camwidget.maths import METHODS

from .scores import scores
from .study import Study

# The first method, the second, the same: Okabe and Ito's blue and vermilion, and grey.
_COLOURS = ("#0072B2", "#D55E00", "#777777")


def plot_scores(studies: Mapping[str, Study]) -> Plot:
    """A figure: the scores of some studies of one trial, one row for each, in percent of its points, with intervals.

    Args:
        studies: by the name of the row, such as a judge's.

    Raises:
        ValueError: none, studies of different methods, or one without votes.
    """
    if len({study.trial.methods for study in studies.values()}) != 1:
        raise ValueError(f"{len(studies)} studies were given. Pass one or more, all of the same two methods.")
    found = [scores(study) for study in studies.values()]
    figure = Plot(figsize=(7, 1.1 + 0.55 * len(found)), layout="constrained")
    axes = figure.subplots()
    for place, option in enumerate(found[0]):
        row = [each[option].scaled(100 / each[option].size) for each in found]
        heights = np.arange(len(found)) + 0.2 * (place - 1)
        colour, title = _COLOURS[place], "the same" if option == "same" else METHODS[option].title
        axes.hlines(heights, [each.low for each in row], [each.high for each in row], color=colour, linewidth=2.5)
        axes.plot([each.value for each in row], heights, "o", color=colour, markersize=6, label=title)
    axes.set_yticks(range(len(found)), list(studies))
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.set_xlim(-2, 102)
    axes.set_xlabel("% of the points, with 95 % bootstrap intervals over the pictures", fontsize=9)
    axes.grid(axis="x", color="#ddd", linewidth=0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.legend(frameon=False, ncols=3, fontsize=9, loc="lower left", bbox_to_anchor=(0, 1))
    return figure
