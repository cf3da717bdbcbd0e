"""One chunk of pictures explained by every method and measured by every metric."""

from collections.abc import Sequence

import numpy as np

from camwidget.explanation import Explainer, Explanation
from camwidget.explanation.drawing import jpeg
from camwidget.explanation.many import explain_together

from .cases import Case, by_folder
from .gallery import thumbnail
from .masking import as_pixels, heat_at, masked, probabilities, raw_of
from .metrics import Subject
from .plan import Chunk, Plan, read_chunk
from .rows import Result, Shown, Value, column_names, empty, skipped_row

# Pictures of a run whose masked versions are kept to be looked at, and the longest side of these in pixels.
SHOWN = 12
_SIDE = 160


def score(explainer: Explainer, plan: Plan, chunk: Chunk) -> Result:
    """Explain and measure; the network is asked afresh for everything, and no cache is read.

    Raises:
        TypeError, ValueError: a picture that is no file cannot be read, a label or a box is wrong.
    """
    names = column_names(plan.metrics)
    readable, skipped = read_chunk(explainer, plan.queries[0], chunk)
    rows = [skipped_row(names, number, case.name, f"skipped: {why}") for number, case, why in skipped]
    if not readable:
        return Result(chunk.number, tuple(rows))
    numbers, known, pictures = zip(*readable, strict=True)
    explained = list(explain_together(explainer, pictures, [plan.queries] * len(pictures)))
    after, shown = _masked(explainer, plan, explained, numbers, known)
    classes = explainer.class_names(explainer.probe(pictures[0], plan.queries[0].output))
    for n, case in enumerate(known):
        _check_needs(plan, case)
        for m, explanation in enumerate(explained[n]):
            values = _values(explainer, plan, case, explanation, classes)
            values |= {"picture": numbers[n], "masked_probability": after[n, m]}
            rows.append(tuple(values.get(name, empty(name)) for name in names))
    return Result(chunk.number, tuple(sorted(rows, key=lambda row: row[0])), tuple(shown))


def _check_needs(plan: Plan, case: Case) -> None:
    wanting = [metric.name for metric in plan.metrics if metric.needs_boxes]
    if wanting and case.boxes is None:
        raise ValueError(
            f"{', '.join(wanting)}: picture {case.name} has no boxes. Pass Case(image, boxes=[(top, left, bottom, "
            "right), ...]) for every picture, an empty list where there is no object."
        )


def _values(
    explainer: Explainer, plan: Plan, case: Case, explanation: Explanation, classes: Sequence[str]
) -> dict[str, Value]:
    target = explanation.target
    case, label = by_folder(case, classes)
    boxes = case.boxes_of(target, classes)
    subject = Subject(explainer, explanation, boxes, plan.fill)
    notes = [explanation.message, *explanation.notes]
    probability = float(explanation.probabilities[target])
    if probability == 0:
        notes.append("Y is 0: no drop.")
    values: dict[str, Value] = {
        "name": case.name,
        "key": explanation.picture.key[:12],
        "label": label,
        "group": case.group,
        "class": target,
        "class_name": explanation.target_name,
        "method": explanation.method,
        "objects": -1 if case.all_boxes is None else len(case.all_boxes),
        "instances": -1 if boxes is None else len(boxes),
        "empty": int(not explanation.heat.any()),
        "probability": probability,
        "note": " ".join(note for note in notes if note),
    }
    try:
        return values | {m.name: float(m.measure(subject)) for m in plan.metrics if m.measure is not None}
    except ValueError as error:
        raise ValueError(f"Picture {case.name}: {error}") from error


def _masked(
    explainer: Explainer,
    plan: Plan,
    explained: Sequence[tuple[Explanation, ...]],
    numbers: Sequence[int],
    known: Sequence[Case],
) -> tuple[np.ndarray, list[Shown]]:
    """O of every picture and method, shape (n, methods), and the masked pictures themselves, of the first few."""
    after = np.full((len(explained), len(plan.queries)), np.nan)
    shown: list[Shown] = []
    if not plan.needs_masked:
        return after, shown
    pictures = [row[0].picture for row in explained]
    raws = [raw_of(picture, case.name) for picture, case in zip(pictures, known, strict=True)]
    for n, row in enumerate(explained):
        if numbers[n] < SHOWN:
            before = float(row[0].probabilities[row[0].target])
            shown.append(Shown(numbers[n], known[n].name, "", _shown(raws[n], raws[n]), before))
    for m, query in enumerate(plan.queries):
        # One method at a time: as many masked pictures are held as there are pictures in the chunk.
        hidden = [
            masked(raw, heat_at(row[m], raw), plan.fill or "black") for raw, row in zip(raws, explained, strict=True)
        ]
        for n, row in enumerate(probabilities(explainer, pictures, hidden, query.output)):
            after[n, m] = row[explained[n][m].target]
            if numbers[n] < SHOWN:
                seen = _shown(hidden[n], raws[n])
                shown.append(Shown(numbers[n], known[n].name, query.method, seen, float(after[n, m])))
    return after, shown


def _shown(raw: np.ndarray, original: np.ndarray) -> bytes:
    """A picture before preprocessing, reduced."""
    return jpeg(thumbnail(as_pixels(raw, original), _SIDE))
