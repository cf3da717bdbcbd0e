"""Arrays as the value of a trait: traits, and links between them, compare values and want one truth."""

from typing import Any

import numpy as np


class Comparable(np.ndarray):
    """An array that is equal to itself, in one word; with anything else it is compared number by number.

    `ipywidgets.link` asks whether what it has set is still there. Of a plain array NumPy answers with
    an array, which has no one truth.
    """

    def __eq__(self, other: object) -> Any:
        return True if other is self else super().__eq__(other)

    def __ne__(self, other: object) -> Any:
        return False if other is self else super().__ne__(other)

    __hash__ = None  # type: ignore[assignment] # as of every array


def comparable(value: object) -> object:
    """An array or tensor as a `Comparable`, without a copy where it is an array; anything else as it is."""
    if isinstance(value, Comparable) or not hasattr(value, "ndim"):
        return value
    try:
        return np.asarray(value).view(Comparable)
    except Exception:  # whatever it is, it is looked at, and refused, where pictures are read
        return value
