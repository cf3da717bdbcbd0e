"""Tables for notebooks, as HTML: no script, no address, every word escaped."""

import base64
from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from camwidget.maths import METHODS, Interval

if TYPE_CHECKING:
    from .evaluation import Evaluation
    from .metrics import Metric

_STYLE = """<style>
.camwidget-table{font:13px/1.45 system-ui,sans-serif;max-width:72em;color:inherit}
.camwidget-table table{border-collapse:collapse;margin:.4em 0 .8em}
.camwidget-table caption{text-align:left;font-weight:600;padding:.5em 0 .2em}
.camwidget-table th,.camwidget-table td{padding:.3em .9em;text-align:right;vertical-align:top;
font-variant-numeric:tabular-nums;border-bottom:1px solid #8884;white-space:nowrap;background:none}
.camwidget-table th:first-child,.camwidget-table td:first-child{text-align:left;padding-left:0}
.camwidget-table thead th{border-bottom:1px solid #8888;font-weight:600}
.camwidget-table small{display:block;opacity:.7;font-weight:400}
.camwidget-table b{font-weight:650}
.camwidget-table summary{cursor:pointer;padding:.2em 0}
.camwidget-table dl{margin:.3em 0 .6em 1.2em}.camwidget-table dt{font-weight:600}.camwidget-table dd{margin:0 0 .4em}
.camwidget-wide{overflow-x:auto}
.camwidget-strip{display:flex;flex-wrap:wrap;gap:.8em;margin:.3em 0 1em}
.camwidget-strip figure{margin:0;width:160px}.camwidget-strip img{width:160px;display:block;border-radius:3px}
.camwidget-pairs figure,.camwidget-pairs img{width:270px}
.camwidget-strip figcaption{font-size:12px;line-height:1.35;padding-top:.25em;white-space:normal}
</style>"""


def page(*parts: str) -> str:
    """Parts in one block with its style."""
    return f'<div class="camwidget-table">{_STYLE}{"".join(parts)}</div>'


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are HTML already."""
    top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>' for first, *rest in rows
    )
    text = f"<table><caption>{escape(caption)}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="camwidget-wide">{text}</div>'


def details(title: str, inside: str, *, is_open: bool = False) -> str:
    """Something one click away."""
    return f"<details{' open' if is_open else ''}><summary>{escape(title)}</summary>{inside}</details>"


def number(interval: Interval, *, unit: str = "", best: bool = False) -> str:
    """A mean over its interval."""
    if np.isnan(interval.value):
        return "undefined<small>in every picture</small>"
    digits = 1 if unit == "%" else 3
    value = f"{interval.value:.{digits}f}"
    ends = f"{interval.low:.{digits}f} to {interval.high:.{digits}f}"
    left_out = f"<small>undefined in {interval.undefined}</small>" if interval.undefined else ""
    return f"{f'<b>{value}</b>' if best else value}<small>{ends}</small>{left_out}"


def figure(jpeg: bytes, caption: str) -> str:
    """A picture with words below, which are HTML already."""
    source = base64.b64encode(jpeg).decode()
    return f'<figure><img alt="" src="data:image/jpeg;base64,{source}"><figcaption>{caption}</figcaption></figure>'


def strip(figures: Iterable[str], *, wide: bool = False) -> str:
    """Pictures in a row; wide ones are pairs."""
    return f'<div class="camwidget-strip{" camwidget-pairs" if wide else ""}">{"".join(figures)}</div>'


def title_of(method: str) -> str:
    """A method as people read it."""
    return METHODS[method].title if method in METHODS else method


def evaluation_page(found: "Evaluation") -> str:
    """The table of an evaluation, its definitions, its subsets, and what was skipped and scored."""
    parts = [_summary(found, f"{len(found)} pictures, with 95 % bootstrap intervals")]
    parts += [_summary(part, f"{name}: {len(part)} pictures") for name, part in _subsets(found)]
    parts += [f"<p>{escape(note)}</p>" for note in found.notes]
    words = "".join(f"<dt>{escape(m.title)}</dt><dd>{escape(_definition(m))}</dd>" for m in found.metrics)
    parts.append(details("What the columns mean", f"<dl>{words}</dl>"))
    if found.shown:
        count = len({each.number for each in found.shown})
        parts.append(details(f"The masked pictures that were scored, of the first {count}", _masked(found)))
    if found.skipped:
        listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(why)}</dd>" for name, why in found.skipped[:200])
        parts.append(details(f"{len(found.skipped)} files that were skipped", f"<dl>{listed}</dl>"))
    return page(*parts)


def _subsets(found: "Evaluation") -> list[tuple[str, "Evaluation"]]:
    return [(name, found.subset(name)) for name in found.subsets]


def _definition(metric: "Metric") -> str:
    return f"{metric.definition} {metric.better.capitalize()} is better."


def _summary(found: "Evaluation", caption: str) -> str:
    single = [metric for metric in found.metrics if not metric.is_pairwise]
    numbers = found.summary()
    best = {}
    for metric in single:
        values = {method: numbers[method][metric.name].value for method in found.methods}
        known = [value for value in values.values() if not np.isnan(value)]
        differ = len(set(known)) > 1
        best[metric.name] = (max if metric.better == "higher" else min)(known) if differ else float("nan")
    head = ["method", *(f"{escape(m.title)}<small>{m.unit or 'area'}, {m.better} is better</small>" for m in single)]
    rows = [
        [
            escape(title_of(method)),
            *(
                number(found_one := numbers[method][m.name], unit=m.unit, best=found_one.value == best[m.name])
                for m in single
            ),
        ]
        for method in found.methods
    ]
    text = table(caption, head, rows) if single else f"<p>{escape(caption)}</p>"
    if any(metric.is_pairwise for metric in found.metrics):
        pairs = [
            [f"{escape(title_of(a))} against {escape(title_of(b))}", *(number(each, unit="%") for each in three)]
            for (a, b), three in found.wins().items()
        ]
        text += table("Win, % of pictures", ["", "the first wins", "the second wins", "tie"], pairs)
    return text


def _masked(found: "Evaluation") -> str:
    strips = []
    for _, some in groupby(found.shown, key=lambda each: each.number):
        shown = list(some)
        captions = [
            f"{escape(each.name)}<br>Y = {each.probability:.3f}"
            if not each.method
            else f"{escape(title_of(each.method))}<br>O = {each.probability:.3f}"
            for each in shown
        ]
        strips.append(strip(figure(each.jpeg, words) for each, words in zip(shown, captions, strict=True)))
    return "".join(strips)
