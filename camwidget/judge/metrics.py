"""The measures: each is one record, and the table, its definitions and the shell command follow from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from camwidget.explanation import Explainer, Explanation
from camwidget.maths import box_mask, drops, energy_inside, instances_found, pointing_game

from .curves import STEPS, deletion, insertion


@dataclass(frozen=True, eq=False)
class Subject:
    """One picture explained by one method.

    Attributes:
        explainer: of the network.
        explanation: by the method.
        boxes: that hold the explained class, shape (n, 4); None where none are known.
        fill: asked for; None: each measure's own.
    """

    explainer: Explainer
    explanation: Explanation
    boxes: np.ndarray | None
    fill: str | None


Columns = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Metric:
    """One measure of a method.

    Attributes:
        name: the value in `metrics=`.
        title: at the head of its column.
        definition: in words, with the paper.
        unit: "%" or "".
        better: which way.
        measure: of a picture, one number, kept in a column called as the metric; None: it is made of the
            probabilities of the picture and of the masked one, which are columns of their own.
        values: the numbers that are averaged, from the columns of one method; None: the column itself.
        needs_boxes: whether it is about where the objects are.
        is_pairwise: whether it sets two methods side by side.
    """

    name: str
    title: str
    definition: str
    unit: Literal["%", ""]
    better: Literal["higher", "lower"]
    measure: Callable[[Subject], float] | None = None
    values: Callable[[Columns], Float[np.ndarray, " n"]] | None = None
    needs_boxes: bool = False
    is_pairwise: bool = False

    @property
    def needs_masked(self) -> bool:
        """Whether it looks at the network's verdict on the masked picture."""
        return self.measure is None

    def numbers(self, columns: Columns) -> Float[np.ndarray, " n"]:
        """One number for each picture, in the metric's unit; its mean is the metric."""
        return columns[self.name] if self.values is None else self.values(columns)


def _drop(columns: Columns) -> np.ndarray:
    return 100 * drops(columns["probability"], columns["masked_probability"])


def _increase(columns: Columns) -> np.ndarray:
    after = columns["masked_probability"]
    return np.where(np.isnan(after), np.nan, 100.0 * (after > columns["probability"]))


def _pointing(subject: Subject) -> float:
    boxes = _known(subject)
    return 100 * pointing_game(subject.explanation.heatmap, boxes) if len(boxes) else float("nan")


def _energy(subject: Subject) -> float:
    boxes, heatmap = _known(subject), subject.explanation.heatmap
    return 100 * energy_inside(heatmap, box_mask(boxes, *heatmap.shape)) if len(boxes) else float("nan")


def _instances(subject: Subject) -> float:
    return 100 * instances_found(subject.explanation.heatmap, _known(subject))


def _known(subject: Subject) -> np.ndarray:
    assert subject.boxes is not None  # noqa: S101 # checked before anything is measured
    return subject.boxes


_MASKED = (
    "Y: probability of the class on the picture; O: on the picture times its map, enlarged and in [0, 1], before "
    "preprocessing (Chattopadhay et al. 2018, section 4.1; the class is the one the network predicts)"
)

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "average_drop",
            "average drop",
            f"mean of max(0, Y - O) / Y. {_MASKED}. Pictures with Y = 0 have no drop and are left out.",
            "%",
            "lower",
            values=_drop,
        ),
        Metric(
            "increase_in_confidence",
            "increase in confidence",
            f"share of pictures with O > Y. {_MASKED}.",
            "%",
            "higher",
            values=_increase,
        ),
        Metric(
            "win_rate",
            "win",
            f"share of pictures on which max(0, Y - O) is strictly smaller than the other method's; ties apart, more "
            f"than two methods in pairs. {_MASKED}.",
            "%",
            "higher",
            is_pairwise=True,
        ),
        Metric(
            "deletion",
            "deletion",
            f"area under the class's probability while the hottest pixels become black, in {STEPS} steps (Petsiuk et "
            "al. 2018, section 3.2).",
            "",
            "lower",
            measure=lambda subject: deletion(subject.explainer, subject.explanation, fill=subject.fill or "black").area,
        ),
        Metric(
            "insertion",
            "insertion",
            f"area under the class's probability while the hottest pixels are put into the blurred picture, in {STEPS} "
            "steps (Petsiuk et al. 2018, section 3.2).",
            "",
            "higher",
            measure=lambda subject: insertion(subject.explainer, subject.explanation, fill=subject.fill or "blur").area,
        ),
        Metric(
            "pointing_game",
            "pointing game",
            "share of pictures whose map has its maximum inside a box of the explained class, no margin allowed (Zhang "
            "et al. 2016, section 4.1).",
            "%",
            "higher",
            measure=_pointing,
            needs_boxes=True,
        ),
        Metric(
            "energy_inside",
            "energy inside",
            "share of the map's sum inside the boxes of the explained class (Wang et al. 2020, section 4.3).",
            "%",
            "higher",
            measure=_energy,
            needs_boxes=True,
        ),
        Metric(
            "instances_found",
            "instances found",
            "share of the boxes of the explained class in which the map reaches half of its maximum.",
            "%",
            "higher",
            measure=_instances,
            needs_boxes=True,
        ),
    )
}
