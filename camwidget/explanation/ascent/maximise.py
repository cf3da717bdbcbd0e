"""Activation maximisation in one call."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from camwidget.model import Model, Preprocess

from ..explainer import Explainer
from ..measuring.running import Progress, in_notebook
from ..once import shared_explainer
from .engine import Ascent, Frame, climb
from .images import FilterImages
from .objectives import LOGITS, Objective, unit_names
from .prepare import Size, channels_of, layer_with_channels, prepare, probe_for
from .presets import Preset


def maximize_activation(
    model: Model | Explainer,
    layer: str | Objective | Sequence[Objective],
    filters: int | str | Sequence[int | str] | None = None,
    *,
    preset: str | Preset = "fourier",
    steps: int | None = None,
    size: Size | None = None,
    seed: int = 0,
    output: str | int | None = None,
    preprocess: str | Preprocess | None = "auto",
    progress: bool | None = None,
) -> FilterImages:
    """Make the picture that excites each filter most: x <- x + a * dL/dx, the network frozen.

    The objective L of a filter is its mean activation without a border of two cells (Erhan et al. 2009, "Visualizing
    higher-layer features of a deep network"); of a unit, its output, and of a unit behind a softmax or sigmoid the
    number before it. An interrupt of the kernel ends the ascent and keeps what there is.

    Args:
        model: a Keras 3 network, with or without its head, or an `Explainer` of one.
        layer: its name, in full or its unique last part: of a convolution or any layer with channels, or of a layer
            of units. "logits": always the classes, before the final softmax or sigmoid. Or objectives, made by
            `channel` and `logit`, added and subtracted, one or several about the same layers.
        filters: numbers of channels, units or classes, classes also by name; None: all of them.
        preset: "fourier", the better pictures, or "gradient_ascent", the plain recipe; see `PRESETS`.
        steps: None: as the preset has it, 64 or 30.
        size: of the pictures in pixels, one number or (height, width), where it takes any; None: its own, or 180.
        seed: of the noise to begin with, the same for all filters, and of the small movements.
        output: of a network of several, the one whose classes "logits" are, by name or position.
        preprocess: see `Explainer`; of an explainer its own is taken.
        progress: whether to show a bar; None: in a notebook.

    Returns:
        `FilterImages`, with as many pictures as filters.

    Raises:
        TypeError, ValueError: what was given, what was expected, how to mend it.

    Example:
        >>> maximize_activation(samples.network(), "block3_conv2", [0, 5, 9]).plot()
    """
    explainer = model if isinstance(model, Explainer) else shared_explainer(model, preprocess=preprocess)
    objectives, are_filters = _objectives(explainer, layer, filters, size, output)
    ascent = prepare(explainer, objectives, preset=preset, steps=steps, size=size, seed=seed, output=output)
    shown = in_notebook() if progress is None else progress
    bar = Progress("Activation maximisation") if shown else None
    try:
        frames, values, notes = climbed(ascent, bar)
    finally:
        if bar is not None:
            bar.close()
    found = collect(ascent, frames, values, are_filters, names_of(explainer, ascent, are_filters), notes)
    for note in found.notes:
        warnings.warn(note, stacklevel=2)
    return found


def _objectives(
    explainer: Explainer, layer: object, filters: object, size: Size | None, output: str | int | None
) -> tuple[list[Objective], bool]:
    """One objective for each picture, and whether they are filters of one layer."""
    if not isinstance(layer, str):
        given = [layer] if isinstance(layer, Objective) else list(layer) if isinstance(layer, list | tuple) else []
        if not given or not all(isinstance(each, Objective) for each in given):
            raise TypeError(f"layer takes a layer's name, {LOGITS!r}, or objectives, not {layer!r}.")
        if filters is not None:
            raise TypeError("filters= goes with a layer's name; objectives name their channels themselves.")
        return given, False
    with explainer.lock:
        known = layer_with_channels(probe_for(explainer, size, output)[0], layer)
    if filters is None:
        chosen: list[int | str] = list(range(known.channels))
    elif isinstance(filters, str) or not hasattr(filters, "__iter__"):
        chosen = [filters]  # type: ignore[list-item] # `prepare` says what is no number
    else:
        chosen = list(filters)  # type: ignore[arg-type] # it has an iterator
    return channels_of(known, chosen), True


def climbed(
    ascent: Ascent, watch: Callable[[float], object] | None = None, *, keeps: bool = True
) -> tuple[list[Frame], np.ndarray, list[str]]:
    """Climb all batches in turn.

    Args:
        ascent: from `prepare`.
        watch: called with the share done, 0 to 1, after each step.
        keeps: whether an interrupt ends the ascent and keeps what there is; otherwise it is raised.

    Returns:
        The last frame of every batch that was begun, all values (pictures, steps + 1), and what there is to say.
    """
    values = np.full((len(ascent.objectives), ascent.steps + 1), np.nan, np.float32)
    frames: dict[int, Frame] = {}
    total = len(ascent.objectives) * ascent.steps
    try:
        for positions in ascent.batches:
            for frame in climb(ascent, positions):
                frames[positions.start] = frame
                values[positions.start : positions.stop, frame.step] = frame.values
                if watch is not None and not frame.is_last:
                    watch((positions.start * ascent.steps + len(positions) * frame.step) / total)
    except KeyboardInterrupt:
        if not (frames and keeps):
            raise
        last = list(frames.values())[-1]
        said = (
            f"Interrupted: {last.positions.stop} of {len(ascent.objectives)} pictures were begun, the last "
            f"{len(last.positions)} of them climbed for {last.step} of {ascent.steps} steps."
        )
        return list(frames.values()), values, [said]
    return list(frames.values()), values, []


def names_of(explainer: Explainer, ascent: Ascent, are_filters: bool) -> list[str]:
    """What each picture is of, in words."""
    if not are_filters:
        return [f"objective {n}" for n in range(len(ascent.objectives))]
    units = [int(objective.terms[0].unit) for objective in ascent.objectives]
    if ascent.layers[0].kind == LOGITS:
        classes = explainer.class_names(ascent.probe)
        return [classes[unit] for unit in units]
    return unit_names(ascent.layers[0], units)


def collect(
    ascent: Ascent,
    frames: Sequence[Frame],
    values: np.ndarray,
    are_filters: bool,
    names: Sequence[str],
    notes: Sequence[str] = (),
) -> FilterImages:
    """The newest frame of each batch, put together.

    Args:
        ascent: that was climbed.
        frames: one for each batch, in order, from the first objective on.
        values: of the objectives at each step, (pictures, steps + 1), NaN for steps not made.
        are_filters: whether the objectives are filters of one layer, which have numbers.
        names: of the pictures.
        notes: to add to those of the ascent.
    """
    # Interrupted in the coarse steps of a batch: pictures of its size stand beside none of another.
    frames = [frame for frame in frames if frame.shape == frames[0].shape]
    count = frames[-1].positions.stop
    filters = (int(o.terms[0].unit) for o in ascent.objectives[:count]) if are_filters else range(count)
    done = values[:count]
    found = FilterImages(
        layer=", ".join(dict.fromkeys(layer.name for layer in ascent.layers)),
        filters=tuple(filters),
        names=tuple(names[:count]),
        images=np.concatenate([frame.images for frame in frames]),
        inputs=np.concatenate([frame.inputs for frame in frames]).astype(np.float32),
        activations=done[:, 1:],
        at_start=done[:, 0],
        preset=ascent.preset.name,
    )
    return replace(found, notes=(*ascent.notes, *notes, *_stops(frames, found), *_silence(found)))


def _stops(frames: Sequence[Frame], found: FilterImages) -> list[str]:
    stops = [step for frame in frames for step in frame.stopped]
    return [stop_note(name, step) for name, step in zip(found.names, stops, strict=True) if step]


def stop_note(name: str, step: int) -> str:
    """What there is to say of a picture whose numbers were not finite at this step."""
    return (
        f"{name} stopped at step {step}: its activation or derivative was not finite there. The picture is that of "
        "the last step before."
    )


def _silence(found: FilterImages) -> list[str]:
    if not found.silent:
        return []
    few = ", ".join(map(str, found.silent[:12])) + (", ..." if len(found.silent) > 12 else "")
    word = "filter is" if len(found.silent) == 1 else "filters are"
    return [f"{len(found.silent)} {word} silent, no step changed the activation: {few}."]
