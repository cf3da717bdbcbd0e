"""From what was asked to an `Ascent`: every name, number and size checked before anything runs."""

import difflib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from camwidget.model import LayerInfo, Probe
from camwidget.model.layers import find_layer

from .. import checks
from ..explainer import Explainer
from ..query import check_option
from .colours import find_colours
from .engine import Ascent
from .objectives import LOGITS, Objective, Term
from .presets import PRESETS, Preset

# The side of a picture, in pixels, where the network takes any: that of the plain recipe.
_SIDE = 180

# Numbers that the layers of one batch may hold, up to the one looked at: 512 MB, and as much again for derivatives.
# ResNet50V2 takes a sixteenth longer for each picture with half of it, and hardly less with twice as much.
_NUMBERS = 2**27

# More at a time save nothing on a processor, and a batch is what there is between two chances to stop.
_MOST = 16

Size = int | np.integer | Sequence[int]

_positive = {
    "steps": checks.whole_number("steps", 1, "how many steps to climb, 100 for instance"),
    "size": checks.whole_number("size", 1, "the side of the pictures in pixels, or (height, width)"),
    "seed": checks.whole_number("seed", 0, "0 or any larger whole number"),
}


def prepare(
    explainer: Explainer,
    objectives: Sequence[Objective],
    *,
    preset: str | Preset = "fourier",
    steps: int | None = None,
    size: Size | None = None,
    seed: int = 0,
    output: str | int | None = None,
) -> Ascent:
    """An ascent ready to be climbed; nothing of the network is run.

    Args:
        explainer: around the network; what is compiled stays with it.
        objectives: one for each picture; all about the same layers, term by term.
        preset: a name in `PRESETS`, or a recipe of your own.
        steps: None: as the preset has it.
        size: of the pictures in pixels, one number or (height, width); None: the network's, or 180.
        seed: of the picture to begin with and of the movements.
        output: of a network of several, the one whose classes are meant, see `Query`.

    Raises:
        TypeError, ValueError: what was given, what was expected, how to mend it.
    """
    recipe = find_preset(preset)
    climbing: int = recipe.steps if steps is None else _positive["steps"](steps)
    seed = _positive["seed"](seed)
    if not objectives:
        raise ValueError("There is nothing to maximise: no filter was given. Leave out filters= for all of them.")
    names = objectives[0].layers
    if any(objective.layers != names for objective in objectives):
        raise ValueError("The objectives of one ascent are about the same layers, term by term. Make several ascents.")
    with explainer.lock:
        probe, shape = probe_for(explainer, size, output)
        layers = tuple(layer_with_channels(probe, name) for name in names)
        colours = find_colours(explainer.preprocessing.function, shape)
        coarse = _coarse(explainer, layers, shape, probe.network.output) if recipe.coarse else None
    return Ascent(
        probe=probe,
        coarse=coarse,
        colours=colours,
        layers=layers,
        objectives=tuple(_numbered(objective, layers, explainer, probe) for objective in objectives),
        preset=recipe,
        steps=climbing,
        seed=seed,
        batch=batch_for(probe, layers),
        notes=_notes(explainer, probe),
    )


def find_preset(preset: str | Preset) -> Preset:
    """The recipe of this name, or the recipe itself."""
    return preset if isinstance(preset, Preset) else PRESETS[checks.one_of("preset", PRESETS)(preset)]


def probe_for(
    explainer: Explainer, size: Size | None, output: str | int | None = None
) -> tuple[Probe, tuple[int, int, int]]:
    """The probe at this size and for this output, and the shape of its pictures.

    Raises:
        TypeError, ValueError: the network takes another size, whole numbers, or does not say what it takes.
    """
    takes = explainer.arrangement
    height, width, channels = takes.shape
    if channels is None:
        raise ValueError(
            "The network does not say how many channels its pictures have. Call it on one picture first, "
            "model(picture[None]), so that it is built."
        )
    dtype = takes.dtypes[takes.painted]
    if "int" in dtype or dtype == "bool":
        raise ValueError(
            f"The network takes whole numbers ({dtype}), and these have no derivative to climb. Build it "
            "again with a float input: keras.Input(shape, dtype='float32')."
        )
    wanted = pixels_of(size, (height or _SIDE, width or _SIDE))
    if (height or wanted[0], width or wanted[1]) != wanted:
        only = f"{height or 'any height'} x {width or 'any width'}"
        raise ValueError(f"size={size!r}: this network takes pictures of {only} pixels alone. Leave out size=.")
    probe = explainer.probe_of_size(*wanted, check_option("output", output))
    try:
        _ = probe.channels
    except Exception as error:  # what a network raises at a size that it cannot take is its own affair
        if height and width:
            raise
        raise ValueError(
            f"The network cannot take pictures of {wanted[0]} x {wanted[1]} pixels. {_sizes_taken(explainer)} What it "
            f"said: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
        ) from error
    return probe, (*wanted, channels)


def layer_with_channels(probe: Probe, name: str | LayerInfo) -> LayerInfo:
    """The layer of this name, or as another probe knows it; `LOGITS` always stands for the classes.

    Raises:
        ValueError: there is none, or it has no channels.
    """
    if isinstance(name, LayerInfo):
        return _classes(probe) if name.kind == LOGITS else find_layer(probe.channels, name.name, having="channels")
    if not isinstance(name, str):
        raise TypeError(f"layer takes a layer's name, {LOGITS!r} or objectives, not {type(name).__name__}.")
    if name == LOGITS:
        return _classes(probe)
    known = {layer.name for layer in probe.channels} | {layer.name.rsplit("/", 1)[-1] for layer in probe.channels}
    parts = {layer.name for layer in probe.network.model._flatten_layers(include_self=False)}
    if name in parts and name not in known:
        near = difflib.get_close_matches(name, known, n=3) or sorted(known)[:3]
        raise ValueError(
            f"Layer {name!r} has no channels: its output is neither (n, rows, columns, channels) nor (n, units), or "
            f"stands for the picture itself. Pass another, such as {', '.join(near)}."
        )
    return find_layer(probe.channels, name, having="channels")


def _classes(probe: Probe) -> LayerInfo:
    return LayerInfo(LOGITS, LOGITS, 1, 1, probe.classes)


def numbers_held(probe: Probe, layers: Sequence[LayerInfo]) -> int:
    """How many numbers all layers up to the last of these hold for one picture."""
    names = [layer.name for layer in probe.channels]
    whole = any(layer.kind == LOGITS for layer in layers)
    last = len(names) - 1 if whole else max(names.index(layer.name) for layer in layers)
    return sum(layer.rows * layer.columns * layer.channels for layer in probe.channels[: last + 1])


def batch_for(probe: Probe, layers: Sequence[LayerInfo]) -> int:
    """How many pictures go through the network together, at most."""
    return max(1, min(_MOST, _NUMBERS // numbers_held(probe, layers)))


def pixels_of(size: object, usual: tuple[int, int]) -> tuple[int, int]:
    """(height, width) of the pictures, as they were asked for or else as is usual.

    Raises:
        TypeError, ValueError: no whole numbers above 0, or neither one nor two.
    """
    if size is None:
        return usual
    sides = (size, size) if np.ndim(size) == 0 else tuple(size)  # type: ignore[arg-type] # `_positive` says what is none
    if len(sides) != 2:
        raise ValueError(f"size= takes one number or (height, width); {size!r} was given.")
    height, width = (_positive["size"](side) for side in sides)
    return height, width


def _sizes_taken(explainer: Explainer) -> str:
    """Sizes that the network was found to take, in a sentence."""
    taken = []
    for side in (32, 64, 96, 128, 160, 192, 224, 256, 299):
        try:
            _ = explainer.probe_of_size(side, side, kept=False).channels
        except Exception:  # noqa: S112 # the next size is tried
            continue
        taken.append(f"{side}")
    return f"Of the sizes tried it takes {', '.join(taken)}." if taken else "It took none of the usual sizes either."


def _coarse(
    explainer: Explainer, layers: Sequence[LayerInfo], shape: tuple[int, int, int], output: str | int | None
) -> tuple[Probe, tuple[LayerInfo, ...]] | None:
    """The same layers at half the size; None where the network does not take it, or a grid gets too small."""
    height, width, _ = explainer.arrangement.shape
    if height is not None or width is not None:
        return None
    probe = explainer.probe_of_size(shape[0] // 2, shape[1] // 2, output)
    try:
        found = tuple(layer_with_channels(probe, layer) for layer in layers)
    except Exception:  # what a network raises at a size that it cannot take is its own affair
        return None
    return (probe, found) if all(min(*layer.grid) >= 5 for layer in found) else None


def _numbered(objective: Objective, layers: Sequence[LayerInfo], explainer: Explainer, probe: Probe) -> Objective:
    """The objective with full layer names and every unit a number that the layer has."""
    pairs = zip(objective.terms, layers, strict=True)
    return Objective(tuple(_numbered_term(term, layer, explainer, probe) for term, layer in pairs))


def _numbered_term(term: Term, layer: LayerInfo, explainer: Explainer, probe: Probe) -> Term:
    what = "class" if layer.kind == LOGITS else "filter"
    unit: Any = term.unit
    if isinstance(unit, str):
        if layer.kind != LOGITS:
            raise TypeError(f"A filter of layer {layer.name!r} is a number, 0 to {layer.channels - 1}, not {unit!r}.")
        names = explainer.class_names(probe)
        if names.count(unit) != 1:
            raise ValueError(f"No one class is called {unit!r}.{checks.nearest(unit, names)} Pass a name or a number.")
        unit = names.index(unit)
    unit = checks.whole_number("filters", 0, f"numbers from 0 to {layer.channels - 1}")(unit)
    if unit >= layer.channels:
        where = "The network" if layer.kind == LOGITS else f"Layer {layer.name!r}"
        raise ValueError(
            f"No {what} {unit}: {where[0].lower() + where[1:]} has {layer.channels}, 0 to {layer.channels - 1}. Pass "
            "some of these as filters=."
        )
    box = term.box
    if box is not None and not (0 <= box[0] and box[2] < layer.rows and 0 <= box[1] and box[3] < layer.columns):
        raise ValueError(
            f"The neurons {box[:2]} to {box[2:]} are not on the grid of layer {layer.name!r}, {layer.rows} x "
            f"{layer.columns}. Pass (row, column) from (0, 0) to ({layer.rows - 1}, {layer.columns - 1})."
        )
    return replace(term, layer=layer.name, unit=unit)


def _notes(explainer: Explainer, probe: Probe) -> tuple[str, ...]:
    notes = []
    if not explainer.preprocessing.is_known:
        notes.append(
            "Nothing tells how this network wants its pictures: the range from 0 to 255 is taken. If it was trained on "
            "another, pass preprocess=, a function of the picture (for instance lambda x: x / 255), or preprocess=None "
            "if this is right."
        )
    if probe.network.sides:
        notes.append("The network's other inputs are zeros throughout.")
    return tuple(notes)


def channels_of(layer: LayerInfo, filters: Sequence[int | str]) -> list[Objective]:
    """One objective for each filter of a layer."""
    return [Objective((Term(layer, index),)) for index in filters]
