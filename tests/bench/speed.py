"""What one picture costs, beside a forward pass of the same network."""

import statistics
from itertools import count

import numpy as np
import tensorflow as tf

from camwidget.explanation import make_query

from .subject import Subject, subject
from .timing import NO_BUDGET, Row, paired_row, seconds
from .traces import counted_traces

# Noisy copies averaged, and pictures in the forward pass beside them.
_MANY = 25


def speed_rows(name: str, *, first_map: float, class_change: float, pairs: int) -> list[Row]:
    """First map, class change, noise and region of one network."""
    under = subject(name)
    explainer = under.explainer
    kept = explainer.picture(under.fresh())
    compiling = seconds(lambda: explainer.answer(kept, make_query({"target": 0})))
    one = tf.constant(kept.inputs[None])
    many = tf.constant(np.stack(under.pictures(_MANY)))
    classes, seeds, pictures = count(1), count(), under.supply(pairs + 1)
    return [
        Row(f"{name}: compiling, once for each layer", compiling, NO_BUDGET, "s"),
        paired_row(
            f"{name}: first Grad-CAM++ / forward pass",
            lambda: explainer.explain(next(pictures), target=0).heatmap,
            lambda: under.forward(one).numpy(),
            first_map,
            pairs,
        ),
        paired_row(
            f"{name}: class change / forward pass",
            lambda: explainer.answer(kept, make_query({"target": next(classes)})).heatmap,
            lambda: under.forward(one).numpy(),
            class_change,
            pairs,
        ),
        paired_row(
            f"{name}: Smooth Grad-CAM++, n = {_MANY} / forward pass of {_MANY}",
            lambda: explainer.answer(kept, make_query({"samples": _MANY, "seed": next(seeds), "target": 0})),
            lambda: under.forward(many).numpy(),
            1.2,
            5,
        ),
        *_region_rows(under),
        _traces_row(under),
    ]


def _region_rows(under: Subject) -> list[Row]:
    """Milliseconds of another region, and how often the network was run for it."""
    explainer = under.explainer
    kept = explainer.picture(under.fresh())
    explainer.answer(kept, make_query({"target": 0}))
    regions = iter((((r % 7, 0), (6, r % 7)),) for r in range(100))
    calls = _calls(under)
    times = [
        seconds(lambda: explainer.answer(kept, make_query({"target": 0, "region": next(regions)})).heatmap)
        for _ in range(100)
    ]
    return [
        Row(f"{under.name}: region change", 1000 * statistics.median(times), 2.0, "ms"),
        Row(f"{under.name}: network runs for 100 region changes", _calls(under) - calls, 0, "runs"),
    ]


def _calls(under: Subject) -> int:
    return sum(probe.calls for probe in under.explainer.probes._kept.values())


def _traces_row(under: Subject) -> Row:
    """Functions traced for twenty pictures after the first."""
    with counted_traces() as counter:
        under.explainer.refresh()
        under.explainer.explain(under.fresh(), target=0)
        first = counter.total
        for picture in under.supply(20):
            under.explainer.explain(picture, target=0)
    # A counter that saw nothing of the first explanation proves nothing about the others.
    later = counter.total - first if first else float("nan")
    return Row(f"{under.name}: traces for 20 fresh pictures", later, 0, "traces", f"{first} for the first")
