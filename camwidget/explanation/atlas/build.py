"""All convolutions and dense units of a network, layer by layer, onto web pages."""

import hashlib
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from camwidget.model import LayerInfo, Model, Preprocess, Probe, architecture, digest

from ..ascent.engine import Ascent, climb, stages
from ..ascent.maximise import climbed, collect
from ..ascent.objectives import LOGITS, unit_names
from ..ascent.prepare import Size, channels_of, find_preset, layer_with_channels, numbers_held, prepare, probe_for
from ..ascent.presets import Preset, described
from ..drawing import png
from ..explainer import Explainer
from ..once import shared_explainer
from .pages import write_pages
from .store import Store

# What a pixel of such a picture takes in a PNG file, in bytes, found on the sample networks.
_BYTES = 2.4

# Seconds to compile a layer's functions.
_COMPILING = 3.0


def filter_atlas(
    model: Model | Explainer,
    folder: str | os.PathLike,
    *,
    layers: Sequence[str] | None = None,
    preset: str | Preset = "fourier",
    steps: int | None = None,
    size: Size | None = None,
    seed: int = 0,
    output: str | int | None = None,
    preprocess: str | Preprocess | None = "auto",
    progress: bool = True,
) -> Path:
    """Write a web page for each layer with a picture of what excites each of its filters or units most.

    The pages work from the disk. What it will cost is said first. Killed, interrupted or stopped by a full disk, the
    same call goes on where it ended: every picture that is finished is kept.

    Args:
        model: a Keras 3 network, or an `Explainer` of one, whose class names the pages then carry.
        folder: to write into; new, empty, or an atlas of the same settings.
        layers: names; None: all convolutions and layers of dense units.
        preset: see `maximize_activation`.
        steps: see `maximize_activation`.
        size: see `maximize_activation`.
        seed: see `maximize_activation`.
        output: see `maximize_activation`.
        preprocess: see `Explainer`; of an explainer its own is taken.
        progress: whether to say the cost and show a bar, on standard error.

    Returns:
        The path of the first page.

    Raises:
        TypeError, ValueError: as `maximize_activation`; or the folder holds something else.
        OSError: the disk is full, or the folder cannot be written.

    Example:
        >>> filter_atlas(samples.network(), "atlas/")
    """
    explainer = model if isinstance(model, Explainer) else shared_explainer(model, preprocess=preprocess)
    probe, _ = probe_for(explainer, size, output)
    chosen = _chosen(probe, layers)
    ascents = {
        layer.name: prepare(
            explainer,
            channels_of(layer, range(layer.channels)),
            preset=preset,
            steps=steps,
            size=size,
            seed=seed,
            output=output,
        )
        for layer in chosen
    }
    store = Store(Path(folder))
    store.open(_settings(explainer, probe, ascents, find_preset(preset)))
    names = {layer.name: _names(explainer, probe, layer) for layer in chosen}

    def pages() -> None:
        write_pages(store, explainer.model.name, chosen, names, probe.network.shape[:2])

    try:
        _fill(store, chosen, ascents, pages, progress)
    finally:
        pages()
    return store.folder / "index.html"


def _fill(store: Store, layers: Sequence[LayerInfo], ascents: Mapping[str, Ascent], pages: Any, progress: bool) -> None:
    """Climb what is not finished, batch by batch; the pages follow layer by layer."""
    from tqdm.auto import tqdm

    todo = {layer.name: [u for u in range(layer.channels) if u not in store.done(layer)] for layer in layers}
    left = sum(map(len, todo.values()))
    if progress and left:
        tqdm.write(cost(ascents, todo), file=sys.stderr)
    with tqdm(total=left, unit="picture", disable=not progress) as bar:
        for layer in layers:
            ascent, reached = ascents[layer.name].only(todo[layer.name]), store.done(layer)
            for positions in ascent.batches if todo[layer.name] else ():
                batch = ascent.only(positions)
                units = [todo[layer.name][n] for n in positions]
                frames, values, _ = climbed(batch, keeps=False)
                found = collect(batch, frames, values, True, [str(unit) for unit in units])
                for unit, image in zip(units, found.images, strict=True):
                    store.write(f"{store.pictures(layer)}/{unit:04}.png", png(image))
                heights = {unit: float(height) for unit, height in zip(units, found.reached, strict=True)}
                reached |= heights | dict.fromkeys(found.silent, float("nan"))
                store.finish(layer, reached)
                bar.update(len(units))
            if todo[layer.name]:
                pages()


def cost(ascents: Mapping[str, Ascent], todo: Mapping[str, Sequence[int]]) -> str:
    """What the pictures that are not there yet will take, in a sentence: time and disk.

    One step of the deepest layer is timed, at full size; that of another layer, and one at half the size, is taken to
    cost as much less as the layers before it hold.
    """
    wanted = {name: ascent for name, ascent in ascents.items() if todo[name]}
    held = {name: numbers_held(ascent.probe, ascent.layers) for name, ascent in wanted.items()}
    deepest = max(held, key=lambda name: held[name])
    trial = wanted[deepest].only(todo[deepest][: wanted[deepest].batch])
    frames = climb(replace(trial, coarse=None))
    next(frames)  # compiles
    start = time.perf_counter()
    next(frames)
    each = (time.perf_counter() - start) / (len(trial.objectives) * held[deepest])
    pictures = sum(len(todo[name]) for name in wanted)
    climbing = sum(
        len(todo[name]) * steps * numbers_held(probe, layers)
        for name, ascent in wanted.items()
        for probe, layers, steps in stages(ascent)
    )
    seconds = _COMPILING * len(wanted) + each * climbing
    height, width, _ = trial.probe.network.shape
    megabytes = pictures * height * width * _BYTES / 2**20
    return (
        f"{pictures} pictures of {height} x {width} pixels in {len(wanted)} layers: about {_duration(seconds)} and "
        f"{megabytes:.0f} MB. Interrupted, the same call goes on where it ended."
    )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def _chosen(probe: Probe, layers: Sequence[str] | None) -> tuple[LayerInfo, ...]:
    if isinstance(layers, str):
        raise TypeError(f"layers= takes a list of names; for one, pass layers=[{layers!r}].")
    if layers is not None:
        return tuple(layer_with_channels(probe, name) for name in layers)
    found = tuple(
        layer
        for layer in probe.channels
        if layer.has_weights and (layer.is_convolution or "Dense" in layer.kind) and layer.listed
    )
    if not found:
        raise ValueError("The network has no convolution and no layer of dense units. Name others in layers=.")
    return found


def _names(explainer: Explainer, probe: Probe, layer: LayerInfo) -> Sequence[str]:
    """The classes' names for these and, of an only output, for the last layer of as many units; numbers otherwise."""
    if layer.kind == LOGITS:
        return explainer.class_names(probe)
    units = [other for other in probe.channels if other.has_weights]
    is_last = bool(units) and layer.name == units[-1].name and probe.network.output is None
    if layer.grid == (1, 1) and is_last:
        try:
            names = explainer.class_names(probe)
        except ValueError:  # the network ends in no classes, or in others than were named
            names = ()
        if len(names) == layer.channels:
            return names
    return unit_names(layer, range(layer.channels))


def _settings(explainer: Explainer, probe: Probe, ascents: Mapping[str, Ascent], preset: Preset) -> dict[str, Any]:
    """All that pictures depend on; an atlas goes on only where it is the same."""
    first = next(iter(ascents.values()))
    numbers = repr((digest(explainer.model), first.colours)).encode()  # the fingerprint of a large one is a sample
    height, width, _ = probe.network.shape
    output = probe.network.output
    return {
        "network": explainer.model.name,
        "architecture": architecture(explainer.model),
        "weights and colours": hashlib.sha1(numbers, usedforsecurity=False).hexdigest(),
        **described(preset),
        "steps": first.steps,
        "size": [height, width],
        "seed": first.seed,
        **({} if output is None else {"output": output}),
    }
