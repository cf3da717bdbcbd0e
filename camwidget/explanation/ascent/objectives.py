"""What is maximised: a channel, a part of it, a unit, a class's logit, and sums and differences of these."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from camwidget.model import LayerInfo

# The name that stands for the network's logits among the layers.
LOGITS = "logits"

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Term:
    """The mean activation of one channel over a box of neurons, times a weight.

    Attributes:
        layer: its name, or the layer itself; `LOGITS` for the classes, also where a layer is called so.
        unit: number of the channel, unit or class; a class may be given by name.
        box: first row, first column, last row, last column, inclusive; None: the whole grid, or, as the preset
            has it, the grid without its border.
        weight: in the sum.
    """

    layer: str | LayerInfo
    unit: int | str
    box: Box | None = None
    weight: float = 1.0


@dataclass(frozen=True)
class Objective:
    """A weighted sum of terms; objectives are added, subtracted and multiplied by numbers.

    Example:
        >>> channel("block3_conv2", 5) - 0.5 * channel("block3_conv2", 9)
    """

    terms: tuple[Term, ...]

    def __add__(self, other: "Objective") -> "Objective":
        return Objective(self.terms + other.terms)

    def __sub__(self, other: "Objective") -> "Objective":
        return self + -1.0 * other

    def __neg__(self) -> "Objective":
        return -1.0 * self

    def __mul__(self, factor: float) -> "Objective":
        return Objective(tuple(replace(term, weight=factor * term.weight) for term in self.terms))

    __rmul__ = __mul__

    @property
    def has_place(self) -> bool:
        """Whether some term is about a part of the grid, so that the picture must not be moved about."""
        return any(term.box is not None for term in self.terms)

    @property
    def layers(self) -> tuple[str | LayerInfo, ...]:
        """The layer of each term, in order."""
        return tuple(term.layer for term in self.terms)


def channel(
    layer: str,
    index: int,
    *,
    neuron: tuple[int, int] | None = None,
    region: tuple[tuple[int, int], tuple[int, int]] | None = None,
) -> Objective:
    """The mean activation of a channel, or of a unit of a dense layer.

    Args:
        layer: its name, in full or its unique last part.
        index: of the channel or unit.
        neuron: (row, column) of the one neuron that counts.
        region: two corners (row, column), inclusive, in any order, of the neurons that count.

    Raises:
        ValueError: both a neuron and a region.
    """
    if neuron is not None and region is not None:
        raise ValueError("A channel takes neuron= or region=, not both. Add two objectives to have both.")
    corners = (neuron, neuron) if neuron is not None else region
    if corners is None:
        return Objective((Term(layer, index),))
    (top, left), (bottom, right) = corners
    box = (min(top, bottom), min(left, right), max(top, bottom), max(left, right))
    return Objective((Term(layer, index, box),))


def logit(target: int | str) -> Objective:
    """A class's number before the final softmax or sigmoid, by index or name."""
    return Objective((Term(LOGITS, target),))


def unit_names(layer: LayerInfo, units: Iterable[int]) -> list[str]:
    """What people call them: "filter 3", or "unit 3" where the layer has no grid."""
    word = "filter" if max(layer.grid) > 1 else "unit"
    return [f"{word} {unit}" for unit in units]


def interior(layer: LayerInfo, border: int) -> Box:
    """The grid without a border of so many cells, or of fewer where nothing would be left of it."""
    top, left = (min(border, (cells - 1) // 2) for cells in layer.grid)
    return top, left, layer.rows - 1 - top, layer.columns - 1 - left


def place_weights(
    objectives: Sequence[Objective], layers: Sequence[LayerInfo], border: int
) -> tuple[Int[np.ndarray, "n t"], list[Float[np.ndarray, "n h w"]]]:
    """The objectives as arrays: units, and for each term what every neuron of its grid counts.

    Args:
        objectives: n of them, of the same layers, with every unit a number.
        layers: of the t terms, in order.
        border: cells at each edge that do not count where no place is named.

    Returns:
        units (n, t), and t arrays (n, rows, columns), each of which sums to the term's weight.
    """
    units = np.array([[term.unit for term in objective.terms] for objective in objectives], np.int32)
    places = [np.zeros((len(objectives), *layer.grid), np.float32) for layer in layers]
    for n, objective in enumerate(objectives):
        for term, layer, weights in zip(objective.terms, layers, places, strict=True):
            top, left, bottom, right = interior(layer, border) if term.box is None else term.box
            box = weights[n, top : bottom + 1, left : right + 1]
            box[...] = term.weight / box.size
    return units, places
