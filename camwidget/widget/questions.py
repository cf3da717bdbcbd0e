"""What a blind trial shows: its pictures and classes, and one question at a time as the page gets it."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from camwidget.explanation import Explainer, Query
from camwidget.explanation.drawing import display_png, enlarged, png, reduced
from camwidget.judge.cases import Case, cases, class_index
from camwidget.judge.trial import Question, Shot, Study, scores
from camwidget.maths import METHODS


@dataclass(frozen=True, eq=False)
class Material:
    """The pictures of a trial.

    Attributes:
        explainer: asks the network.
        query: the options that both maps share; its method is not used.
        pictures: by number in the data set.
        targets: the class that both maps explain, by the same number.
        shots: what the plan knows of them.
        skipped: name of each picture that could not be read, and why.
    """

    explainer: Explainer
    query: Query
    pictures: Mapping[int, Case]
    targets: Mapping[int, int | str]
    shots: tuple[Shot, ...]
    skipped: tuple[tuple[str, str], ...]


def gather(explainer: Explainer, images: Any, query: Query) -> Material:
    """Read every picture once and ask the network what it sees, one pass forward each.

    Raises:
        TypeError, ValueError: no pictures, or none that can be read.
    """
    pictures, targets, shots, skipped = {}, {}, [], []
    for number, case in enumerate(cases(images)):
        try:
            seen = explainer.predict(case.image, top=1, input=query.input, output=query.output)[0]
        except (OSError, TypeError, ValueError) as error:
            skipped.append((case.name, str(error)))
            continue
        pictures[number] = case
        targets[number] = seen.index if query.target is None else query.target
        name = seen.name if query.target is None else _name_of(explainer, case, query)
        shots.append(Shot(number, case.name, name))
    if not shots:
        first = f" The first, {skipped[0][0]!r}: {skipped[0][1]}" if skipped else ""
        raise ValueError(f"None of the {len(skipped)} pictures can be used.{first}")
    return Material(explainer, query, pictures, targets, tuple(shots), tuple(skipped))


def encode_question(material: Material, question: Question, number: int) -> dict:
    """A question for the page, which learns no method's name.

    Args:
        material: of the trial.
        question: the judge's next one.
        number: of the question, from 1.

    Raises:
        Exception: whatever the network raises where it is asked for the maps.
    """
    shot = question.shot
    explainer = material.explainer
    picture = explainer.picture(material.pictures[shot.picture].image, material.query.input)
    query = replace(material.query, target=material.targets[shot.picture])
    left, right = (explainer.answer(picture, replace(query, method=name)) for name in (question.left, question.right))
    return {
        "number": number,
        "class_name": shot.class_name,
        "failed": False,
        "picture": png(enlarged(reduced(picture.pixels))),
        "left": display_png(left, colormap="viridis", opacity=0.6),
        "right": display_png(right, colormap="viridis", opacity=0.6),
    }


def encode_failed(question: Question, number: int) -> dict:
    """A question whose maps could not be computed: the page offers to skip it."""
    nothing = {"picture": b"", "left": b"", "right": b""}
    return {"number": number, "class_name": question.shot.class_name, "failed": True, **nothing}


def still(question: Mapping[str, Any]) -> bytes | None:
    """A question as one PNG, for pages without a kernel: map A, map B, the picture; None where there are no maps."""
    if not question.get("left"):
        return None
    sides = [np.asarray(Image.open(io.BytesIO(question[side]))) for side in ("left", "right", "picture")]
    gap = np.full((len(sides[0]), 12, 3), 255, np.uint8)
    return png(np.concatenate([sides[0], gap, sides[1], gap, sides[2]], axis=1))


def encode_outcome(study: Study) -> dict:
    """The result of a trial for the page: only now methods have names."""
    found = scores(study)
    rows = [
        {
            "title": "Same" if option == "same" else METHODS[option].title,
            "votes": sum(vote.option == option for vote in study.votes),
            "score": interval.value,
            "low": interval.low,
            "high": interval.high,
        }
        for option, interval in found.items()
    ]
    skipped = len(study.votes) - len(study.verdicts)
    return {"rows": rows, "pictures": found["same"].size, "judges": len(study.judges), "skipped": skipped}


def choices_of(study: Study, judge: str) -> list[str]:
    """A judge's answers, in the order in which they were given."""
    return [vote.choice for vote in study.votes if vote.judge == judge]


def answered(study: Study, judge: str, choices: Sequence[str]) -> Study:
    """The same study with these answers of a judge: what they share stays, the rest is taken back and given anew.

    Raises:
        ValueError: no such choice, or more answers than questions.
    """
    before = choices_of(study, judge)
    shared = next((n for n, (a, b) in enumerate(zip(before, choices, strict=False)) if a != b), None)
    if shared is None:
        shared = min(len(before), len(choices))
    for _ in before[shared:]:
        study = study.undone(judge)
    for choice in choices[shared:]:
        study = study.voted(judge, choice)
    return study


def _name_of(explainer: Explainer, case: Case, query: Query) -> str:
    """Name of the class that was asked for; raises where there is none, before a plan is made of it."""
    probe = explainer.probe(explainer.picture(case.image, query.input), query.output)
    names = explainer.class_names(probe)
    return names[class_index(query.target, names, case.name, "target")]
