"""The most telling pictures of a data set: few are kept, however many pass by."""

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from camwidget.explanation.drawing import jpeg

# Pictures kept for each class and reason.
_KEPT = 6

# The longest side of a picture that is kept, in pixels.
_SIDE = 192


@dataclass(frozen=True)
class Telling:
    """A picture and why it tells something.

    Attributes:
        number: of the picture.
        name: of the picture.
        class_name: the explained class.
        reason: a part of the picture, or "outside" of its boxes or mask.
        share: of the evidence there, in [0, 1].
        correct: whether the network is right; None: nobody knows.
        jpeg: the picture, and beside it the same with its map.
    """

    number: int
    name: str
    class_name: str
    reason: str
    share: float
    correct: bool | None
    jpeg: bytes = field(repr=False)


@dataclass(frozen=True, eq=False)
class Gallery:
    """The pictures with the largest shares, for each class and reason."""

    kept: dict[tuple[str, str], list[tuple[float, int, Telling]]] = field(default_factory=dict)

    def offer(self, reason: str, row: Mapping[str, object], share: float, painted: Callable[[], np.ndarray]) -> None:
        """Keep the picture where it belongs to the most telling ones; only then it is painted.

        Args:
            reason: why.
            row: what is known of the picture.
            share: of the evidence; NaN is never kept.
            painted: makes the picture, RGB.
        """
        heap = self.kept.setdefault((str(row["class_name"]), reason), [])
        if np.isnan(share) or (len(heap) == _KEPT and share <= heap[0][0]):
            return
        number, correct = int(str(row["picture"])), row["correct"]
        right = bool(correct) if correct in (0.0, 1.0) else None
        entry = Telling(number, str(row["name"]), str(row["class_name"]), reason, share, right, jpeg(painted()))
        push = heapq.heappushpop if len(heap) == _KEPT else heapq.heappush
        push(heap, (share, -number, entry))

    def ranked(self, reasons: Sequence[tuple[str, str]], count: int) -> tuple[Telling, ...]:
        """The best pictures of each class and reason in turn, none twice, then those with most evidence outside."""
        outside = sorted(key for key in self.kept if key[1] == "outside")
        rows = [[entry for *_, entry in sorted(self.kept.get(key, []), reverse=True)] for key in [*reasons, *outside]]
        found: dict[int, Telling] = {}
        for row in rows:
            for entry in row[:3]:
                if len(found) < count:
                    found.setdefault(entry.number, entry)
        return tuple(found.values())


def thumbnail(pixels: UInt8[np.ndarray, "H W 3"], most: int = _SIDE) -> UInt8[np.ndarray, "h w 3"]:
    """The picture, its longer side at most so many pixels."""
    image = Image.fromarray(pixels)
    image.thumbnail((most, most))
    return np.asarray(image)


def beside(left: UInt8[np.ndarray, "h w 3"], right: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h v 3"]:
    """Two pictures of one size with a white line between them."""
    gap = np.full((len(left), max(1, left.shape[1] // 40), 3), 255, np.uint8)
    return np.concatenate([left, gap, right], axis=1)
