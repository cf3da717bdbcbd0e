"""Pictures of what excites filters and classes, as they are kept and as they go to the page."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import UInt8

from camwidget.explanation import Explainer, Explanation
from camwidget.explanation.drawing import jpeg, png, reduced

# Longest side of a picture on the page, in pixels: a message of eight of them is at most 200 kB.
_SIDE = 160

# Up to this side a picture is sent as it is, lossless: its pixels are seen one by one.
_SMALL = 64

# Pictures that are formed, or sent, together, at most.
_MOST = 8


@dataclass(frozen=True)
class Subject:
    """Whose picture it is.

    Attributes:
        kind: of the unit.
        layer: of a filter; "" for a class.
        unit: number of the filter or class.
    """

    kind: Literal["filter", "class"]
    layer: str
    unit: int

    def __str__(self) -> str:
        return f"{self.kind} {self.unit}"

    @property
    def measure(self) -> str:
        """What is driven up."""
        return "Mean activation" if self.kind == "filter" else "Logit"


@dataclass(frozen=True)
class Formed:
    """One picture as it is sent, the contract's `Excited`.

    Attributes:
        src: a data address; "" where it cannot be formed.
        value: the activation reached, of the filter's mean or the class's logit, as people read it.
        words: the same and what there is to say, in sentences.
        share: of the steps that were made; 1 where it is done, or no more can be done.
    """

    src: str
    value: str
    words: str
    share: float

    @property
    def nbytes(self) -> int:
        """Memory held, in bytes."""
        return len(self.src)


def failed(problem: str) -> Formed:
    """In place of a picture that cannot be formed."""
    return Formed("", "", problem, 1.0)


def encode_frames(layer: str, version: int, pictures: Mapping[Subject, Formed]) -> dict[str, Any]:
    """The contract's `Frames`; `layer` is the one on show."""
    found = {str(subject): asdict(formed) for subject, formed in pictures.items()}
    return {"kind": "frames", "version": version, "layer": layer, "pictures": found}


def kept_frames(explainer: Explainer, explanation: Explanation) -> dict[str, Any]:
    """The pictures that are done of this layer's filters."""
    filters = [Subject("filter", explanation.layer, unit) for unit in range(explanation.layer_info.channels)]
    kept = {subject: explainer.cache.get(key_of(subject, explanation)) for subject in filters}
    found = {subject: formed for subject, formed in kept.items() if formed}
    return encode_frames(explanation.layer, explainer.probes.changes, found)


def address(image: UInt8[np.ndarray, "H W 3"]) -> str:
    """A picture for the page: a small one as it is, a large one reduced."""
    is_small = max(image.shape[:2]) <= _SMALL
    data, kind = (png(image), "png") if is_small else (jpeg(reduced(image, _SIDE)), "jpeg")
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def together(subjects: Sequence[Subject]) -> Iterator[list[Subject]]:
    """Subjects in groups of one kind, each as large as may be formed together; the order of each kind stays."""
    for kind in dict.fromkeys(subject.kind for subject in subjects):
        alike = [subject for subject in subjects if subject.kind == kind]
        yield from (alike[n : n + _MOST] for n in range(0, len(alike), _MOST))


def key_of(subject: Subject, explanation: Explanation) -> tuple[str, str, str, int, str | int | None]:
    """Under which a cache keeps the picture: filters are the same for all outputs of a network, classes are not."""
    return ("formed", subject.kind, subject.layer, subject.unit, output_of(subject, explanation))


def output_of(subject: Subject, explanation: Explanation) -> str | int | None:
    """The network's output that the picture depends on."""
    return explanation.query.output if subject.kind == "class" else None
