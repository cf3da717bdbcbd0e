"""Which filters and neurons of a layer a map is made of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

Neuron = tuple[int, int]
Box = tuple[Neuron, Neuron]


@dataclass(frozen=True)
class Selection:
    """Filters and neurons kept; None everywhere keeps all.

    Attributes:
        filters: channel indices; None = all, () = none.
        neurons: single neurons (row, column) on the layer's grid.
        region: boxes, each two opposite corners, inclusive, in any order. Together with
            `neurons`: the union.
    """

    filters: tuple[int, ...] | None = None
    neurons: tuple[Neuron, ...] | None = None
    region: tuple[Box, ...] | None = None

    def check(self, rows: int, columns: int, channels: int) -> None:
        """Raise ValueError where the selection leaves a layer of rows x columns x channels."""
        for index in self.filters or ():
            if not 0 <= index < channels:
                raise ValueError(
                    f"No filter {index}: the layer has {channels} filters, 0 to {channels - 1}. "
                    "Pass indices in that range as filters=."
                )
        for row, column in [*(self.neurons or ()), *(corner for box in self.region or () for corner in box)]:
            if not (0 <= row < rows and 0 <= column < columns):
                raise ValueError(
                    f"Neuron ({row}, {column}) is outside the layer's grid of {rows} rows and {columns} columns: "
                    f"rows go from 0 to {rows - 1}, columns from 0 to {columns - 1}, in the order (row, column)."
                )

    def channels(self, channels: int) -> Int[np.ndarray, " kept"]:
        """Indices of the kept filters, each once, in ascending order."""
        if self.filters is None:
            return np.arange(channels)
        return np.unique(np.array(self.filters, dtype=int))

    def mask(self, rows: int, columns: int) -> Bool[np.ndarray, "{rows} {columns}"]:
        """True at the kept neurons, shape (rows, columns)."""
        if self.neurons is None and self.region is None:
            return np.ones((rows, columns), dtype=bool)
        mask = np.zeros((rows, columns), dtype=bool)
        for row, column in self.neurons or ():
            mask[row, column] = True
        for (row, column), (other_row, other_column) in self.region or ():
            top, bottom = sorted((row, other_row))
            left, right = sorted((column, other_column))
            mask[top : bottom + 1, left : right + 1] = True
        return mask


EVERYTHING = Selection()


def rescale(region: Sequence[Box], old: tuple[int, int], new: tuple[int, int]) -> tuple[Box, ...]:
    """The boxes on a grid of another size that cover the same part of the picture.

    Args:
        region: boxes on the old grid.
        old: its (rows, columns).
        new: (rows, columns) of the grid to move to.

    Returns:
        Boxes that hold every cell of the new grid whose centre lies inside; where there is none,
        the cell that holds the box's middle.
    """

    def move(one: int, other: int, before: int, after: int) -> tuple[int, int]:
        first, last = sorted((one, other))
        start = int(np.ceil(first * after / before - 0.5))
        end = int(np.ceil((last + 1) * after / before - 0.5)) - 1
        if start > end:
            start = end = (first + last + 1) * after // (2 * before)
        return start, end

    moved = []
    for (row, column), (other_row, other_column) in region:
        top, bottom = move(row, other_row, old[0], new[0])
        left, right = move(column, other_column, old[1], new[1])
        moved.append(((top, left), (bottom, right)))
    return tuple(moved)
