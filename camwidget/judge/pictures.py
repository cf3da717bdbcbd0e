"""The pages and figures of an audit."""

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from camwidget.explanation.drawing import Plot

from .figures import COLOURS
from .findings import NOTABLE
from .pages import details, figure, number, page, strip, table, title_of

if TYPE_CHECKING:
    from .audit import Audit


def plot_findings(found: "Audit", count: int) -> Plot:
    """The strongest findings: share of the evidence with its interval, area, and share of other classes."""
    shown = found.findings[:count]
    figure = Plot(figsize=(8.2, 1.3 + 0.42 * max(1, len(shown))), layout="constrained")
    axes = figure.subplots()
    for place, finding in enumerate(shown):
        share = finding.share
        axes.plot([share.low, share.high], [place, place], color=COLOURS[0], linewidth=3, solid_capstyle="butt")
        axes.plot([share.value], [place], "o", color=COLOURS[0], label="evidence for the class" if not place else None)
        label = "area of the part" if not place else None
        axes.plot([finding.area], [place], "|", color="#555", markersize=13, markeredgewidth=2, label=label)
        label = "evidence for other classes" if not place else None
        axes.plot([finding.elsewhere], [place], "D", color=COLOURS[4], markersize=5, label=label)
    names = [f"{finding.class_name}: {finding.part}" for finding in shown]
    axes.set_yticks(range(len(shown)), names, fontsize=9)
    for tick in axes.get_yticklabels():
        tick.set_parse_math(False)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlim(-0.02, 1.02)
    axes.set_xlabel(f"share, mean over the class's pictures, 95 % intervals; {len(found)} pictures", fontsize=9)
    axes.grid(axis="x", color="#ddd", linewidth=0.6)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.legend(frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, borderaxespad=0.2)
    return figure


def audit_page(found: "Audit") -> str:
    """Findings, accuracies, shares inside, and the most telling pictures."""
    strongest = [finding for finding in found.findings if finding.excess > NOTABLE][:8]
    head = ["class", "part of the picture", "evidence there, %", "area, %", "evidence for other classes there, %"]
    rows = [
        [
            escape(finding.class_name),
            escape(finding.part),
            number(finding.share.scaled(100), unit="%"),
            f"{100 * finding.area:.1f}",
            "-" if np.isnan(finding.elsewhere) else f"{100 * finding.elsewhere:.1f}",
        ]
        for finding in strongest
    ]
    caption = f"Where the evidence gathers: {title_of(found.method)}, {len(found)} pictures, the most surprising first"
    parts = [table(caption, head, rows) if rows else "<p>The evidence of no class gathers anywhere in particular.</p>"]
    for by in ("group", "label"):
        accuracies, inside = found.accuracy(by), found.inside(by)
        if inside:
            cells = [
                [
                    escape(name),
                    str(inside[name].size + inside[name].undefined),
                    number(accuracies[name].scaled(100), unit="%") if name in accuracies else "-",
                    number(inside[name].scaled(100), unit="%") if inside[name].size else "-",
                ]
                for name in inside
            ]
            parts.append(table(f"By {by}", [by, "pictures", "accuracy, %", "evidence inside, %"], cells))
    parts += [f"<p>{escape(note)}</p>" for note in found.notes]
    figures = [
        figure(
            each.jpeg,
            f"{escape(each.name)}<br>{escape(each.class_name)}{_verdict(each.correct)}<br>{each.share:.0%} "
            f"{escape(each.reason)}",
        )
        for each in found.telling()
    ]
    if figures:
        parts.append(details("The most telling pictures", strip(figures, wide=True), is_open=True))
    return page(*parts)


def _verdict(correct: bool | None) -> str:
    return "" if correct is None else " (correct)" if correct else " (wrong)"
