"""Two recipes: the plain one of the textbooks, and the better one."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from jaxtyping import Float

from .parameterisations import PARAMETERISATIONS, Parameterisation
from .penalties import Penalty, l2, total_variation
from .transforms import Transform, jitter, pad, rotate, scale


@dataclass(frozen=True)
class Preset:
    """How the ascent is made. Any field can be exchanged by `dataclasses.replace`.

    Attributes:
        name: the value of `preset=`.
        title: as people read it.
        parameterisation: what is changed.
        optimizer: makes a `keras.optimizers` optimiser, which minimises: it is given the way to go, its sign turned.
            With respect to the parameters, that is the objective's derivative, brought to a length of 1 for each
            picture, less the penalties' on the same scale; in the last steps shorter, see `cooling`.
        steps: by default.
        transforms: the picture is moved by before each step; less, the finer the grid, see `strength`, and not where
            the objective is about a place.
        border: cells at each edge of a channel's grid that do not count.
        leak: slope of a ReLU that the layer ends with, below 0, as far as the way to go is concerned: so that a filter
            is excited all over the picture, and not only where it was in the beginning. It goes down to 0, the plain
            derivative, step by step.
        contrast: for a single class's logit, how much the strongest other logits count against it as far as the way
            to go is concerned: what excites every class alike is not what this one looks for. Outputs that are values,
            as in regression, are no rivals.
        penalties: drawn against the objective, each with its weight: `total_variation`, `l2`, `blur`, or others.
        cooling: share of the steps, the last ones, that get shorter and shorter: steps of one length go to and fro
            about a summit.
        coarse: share of the steps made at half the size, where the network takes any size; 0: none.
        show: pictures, 0 to 1, as people see them, 0 to 1.
        source: where it comes from, and where it differs.

    Example:
        >>> mine = replace(PRESETS["fourier"], name="mine", penalties=(blur(0.05), l2(0.02)))
        >>> maximize_activation(samples.network(), "block3_conv2", [0, 5, 9], preset=mine)
    """

    name: str
    title: str
    parameterisation: Parameterisation
    optimizer: Callable[[], Any]
    steps: int
    transforms: tuple[Transform, ...] = ()
    border: int = 0
    leak: float = 0.0
    contrast: float = 0.0
    penalties: tuple[Penalty, ...] = ()
    cooling: float = 0.0
    coarse: float = 0.0
    show: Callable[[Float[np.ndarray, "n h w c"]], Float[np.ndarray, "n H W c"]] = lambda pictures: pictures
    source: str = ""


def make_optimizer(preset: Preset) -> Any:
    """A new optimiser of the recipe.

    Raises:
        TypeError: the recipe makes something else.
    """
    optimizer = preset.optimizer()
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise TypeError(
            f"A preset's optimizer is a function that makes a keras.optimizers optimiser; it made {optimizer!r}. Pass "
            "for instance lambda: keras.optimizers.Adam(0.05)."
        )
    return optimizer


def seen(preset: Preset) -> Preset:
    """The recipe as far as what is compiled depends on it: another optimiser, for one, compiles nothing anew."""
    plain = Preset("", "", preset.parameterisation, keras.optimizers.SGD, steps=0)
    kept = ("transforms", "leak", "contrast", "penalties")
    return replace(plain, **{name: getattr(preset, name) for name in kept})


def described(preset: Preset) -> dict[str, Any]:
    """What tells a recipe from others, changed ones of the same name among them, as JSON has it.

    Its numbers, the names of its parts, the optimiser's settings, and each movement that is made by one seed. Two
    functions of the same name with other numbers inside them, as penalties of your own may be, are not told apart.
    """
    optimizer = make_optimizer(preset)
    settings = {name: value for name, value in optimizer.get_config().items() if name != "name"}
    moves = [[t.name, np.asarray(t.matrix(_SEED, 112, 140, 1.0)).round(4).tolist()] for t in preset.transforms]
    found = {
        "preset": preset.name,
        "parameterisation": preset.parameterisation.name,
        "optimizer": {"kind": type(optimizer).__name__, **settings},
        "transforms": moves,
        "penalties": [[penalty.name, penalty.weight] for penalty in preset.penalties],
        "show": preset.show.__qualname__,
        **{name: getattr(preset, name) for name in ("border", "leak", "contrast", "cooling", "coarse")},
    }
    return json.loads(json.dumps(found, default=str))


# Of the movements by which transforms are told apart.
_SEED = np.array([1, 2], np.int32)

# Pixels between two cells of a grid from which on pictures are moved about, and at which they are in full.
_STILL, _FULL = 4, 16

# Up to so many pixels between two cells a layer sees single pixels, and natural pictures are no measure.
_PIXELS = 2

# Cells of the grid that the longest wave goes over: larger patterns say nothing of what a filter looks for.
_LONGEST = 4


def cell(shape: tuple[int, int, int], grids: Sequence[tuple[int, int]]) -> float:
    """Pixels between two cells of the finest grid; of a grid of one cell, which sees everything, the longer side."""
    sides = [side / cells for grid in grids for side, cells in zip(shape[:2], grid, strict=True) if cells > 1]
    return min(sides, default=float(max(shape[:2])))


def strength(cell: float) -> float:
    """How strongly pictures are moved, and how much the penalties count, 0 to 1.

    A pattern finer than the movements cannot form: under those that suit a layer of objects, one of edges gets plain
    colours.
    """
    return min(1.0, max(0.0, (cell - _STILL) / (_FULL - _STILL)))


def longest_wave(cell: float) -> float:
    """The wavelength, in pixels, that longer ones count no more than.

    A layer that sees a few pixels has no use for what is usual in natural pictures: there it is 1, and all waves and
    colours count the same.
    """
    return _LONGEST * cell if cell > _PIXELS else 1.0


def standardised(pictures: Float[np.ndarray, "n h w c"]) -> Float[np.ndarray, "n H W c"]:
    """Without their edges, centred, with a standard deviation of 0.15, plus 0.5, cut off at 0 and 1.

    25 pixels fall away at each edge. Of a side below 100 pixels, the share that this is of 180, which the recipe was
    written for: 4 of 28.
    """
    height, width = pictures.shape[1:3]
    top, left = (25 if side >= 100 else round(side * 25 / 180) for side in (height, width))
    inner = pictures[:, top : height - top, left : width - left]
    axes = (1, 2, 3)
    centred = inner - inner.mean(axis=axes, keepdims=True)
    return np.clip(centred / (centred.std(axis=axes, keepdims=True) + 1e-5) * 0.15 + 0.5, 0, 1)


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "fourier",
            "Fourier basis, decorrelated colours, small movements",
            PARAMETERISATIONS["fourier"],
            lambda: keras.optimizers.SGD(12.0),
            steps=64,
            transforms=(pad(1 / 32), jitter(1 / 16), scale(0.08), rotate(6)),
            leak=0.3,
            contrast=0.6,
            cooling=0.5,
            coarse=0.5,
            penalties=(total_variation(0.05), l2(0.02)),
            source="Olah, Mordvintsev and Schubert 2017, 'Feature Visualization', and its library lucid; with plain "
            "steps, which lead further in fewer of them than lucid's Adam does, with movements and waves that suit "
            "the layer's grid, classes set against their rivals, and with one movement for all pictures of a step",
        ),
        Preset(
            "gradient_ascent",
            "plain gradient ascent",
            PARAMETERISATIONS["pixels"],
            lambda: keras.optimizers.SGD(10.0),
            steps=30,
            border=2,
            show=standardised,
            source="the Keras guide 'Visualizing what convnets learn' (Chollet 2020); its input runs from -1 to 1, and "
            "that of other networks is stretched to this. The derivative is normalised for each picture by itself, "
            "values stay within the legal range, and small pictures lose a smaller edge",
        ),
    )
}
