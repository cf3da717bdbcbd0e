"""The ascent itself: x <- x + a * dL/dx with the network frozen, many pictures at a time, frame by frame."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from jaxtyping import Bool, Float, UInt8

from camwidget.model import LayerInfo, Probe, as_rgb

from .colours import Colours
from .objectives import LOGITS, Objective, place_weights
from .presets import Preset, cell, longest_wave, make_optimizer, seen
from .traces import direction, look

Values = Float[np.ndarray, " n"]


@dataclass(frozen=True, eq=False)
class Ascent:
    """Everything that an ascent needs to know; nothing has run yet. Made by `prepare`.

    Attributes:
        probe: around the network, at the size of the pictures.
        coarse: the same at half the size, for the first steps; None: all steps are made at full size.
        colours: of the network's preprocessing.
        layers: of the objectives' terms, in order.
        objectives: one for each picture; all of them of these layers, with every unit a number.
        preset: the recipe.
        steps: of the whole ascent.
        seed: of the picture to begin with, the same one for all, and of the movements.
        batch: pictures that go through the network together, at most.
        notes: sentences people should read; mostly none.
    """

    probe: Probe
    coarse: "tuple[Probe, tuple[LayerInfo, ...]] | None"
    colours: Colours
    layers: tuple[LayerInfo, ...]
    objectives: tuple[Objective, ...]
    preset: Preset
    steps: int
    seed: int
    batch: int
    notes: tuple[str, ...] = ()

    @property
    def batches(self) -> list[range]:
        """Positions of the objectives that are climbed together: as even as can be, in order."""
        count = len(self.objectives)
        number = -(-count // self.batch)
        edges = [round(count * n / number) for n in range(number + 1)]
        return [range(a, b) for a, b in zip(edges, edges[1:], strict=False)]

    def longest(self, shape: tuple[int, int, int]) -> float:
        """The longest wave of the pictures, in pixels."""
        is_coarse = self.coarse is not None and shape != self.probe.network.shape
        layers = self.coarse[1] if self.coarse is not None and is_coarse else self.layers
        return longest_wave(cell(shape, [layer.grid for layer in layers]))

    def only(self, positions: Sequence[int]) -> "Ascent":
        """The same for some of the objectives, in this order; what was compiled is shared."""
        return replace(self, objectives=tuple(self.objectives[n] for n in positions))


@dataclass(frozen=True, eq=False)
class Frame:
    """Where one batch of pictures stands.

    Attributes:
        ascent: it belongs to.
        positions: of its objectives in the ascent.
        step: how many steps were made, 0 to `ascent.steps`.
        values: the objectives, (n,): of the moved pictures where the preset moves them, of the pictures
            themselves otherwise and in the last frame.
        parameters: of the pictures.
        shape: of the pictures.
        stopped: for each picture the step that gave numbers that are not finite and was taken back, or that could
            not be made, the first one; 0: none.
    """

    ascent: Ascent
    positions: range
    step: int
    values: Values
    parameters: Any
    shape: tuple[int, int, int]
    stopped: tuple[int, ...]

    @property
    def is_last(self) -> bool:
        """Whether all steps were made."""
        return self.step == self.ascent.steps

    @cached_property
    def pictures(self) -> Float[np.ndarray, "n h w c"]:
        """As the ascent left them, 0 to 1, in the network's colours."""
        values = self.ascent.preset.parameterisation.pictures(
            self.parameters, self.shape, self.ascent.colours, self.ascent.longest(self.shape)
        )
        return np.clip(np.asarray(values), 0, 1)

    @cached_property
    def inputs(self) -> Float[np.ndarray, "n h w c"]:
        """The pictures as the network takes them."""
        return self.ascent.colours.to_inputs(self.pictures)

    @cached_property
    def images(self) -> UInt8[np.ndarray, "n H W 3"]:
        """The pictures as people see them, RGB."""
        return to_rgb(self.ascent.preset.show(self.pictures))


def to_rgb(pictures: Float[np.ndarray, "n h w c"]) -> UInt8[np.ndarray, "n h w 3"]:
    """Pictures, 0 to 1, as RGB; other than three or four channels become a grey, their mean."""
    return as_rgb(np.round(np.clip(np.nan_to_num(pictures), 0, 1) * 255).astype(np.uint8))


def climb(ascent: Ascent, positions: range | None = None) -> Iterator[Frame]:
    """The frames of one batch, the first before any step: `ascent.steps` + 1 of them.

    A frame costs next to nothing until its pictures are looked at. Whoever takes the frames may stop at
    any time, and keeps what the last one holds. Between frames nothing is locked; several batches may
    be climbed in turn or by several threads.

    Args:
        ascent: from `prepare`.
        positions: of its objectives; None: all of them at once.
    """
    positions = range(len(ascent.objectives)) if positions is None else positions
    stopped = np.zeros(len(positions), np.int64)
    parameters: Any = None
    good: Any = None  # each picture as it was when its numbers were last finite
    shape = ascent.probe.network.shape
    done = 0
    for probe, layers, steps in stages(ascent):
        parameters, good = (_entered(ascent, probe, each, shape, len(positions)) for each in (parameters, good))
        shape = probe.network.shape
        stage = _Stage(ascent, probe, layers, positions)
        optimizer = make_optimizer(ascent.preset)
        variable = keras.Variable(parameters, dtype="float32")
        optimizer.build([variable])
        for _ in range(steps):
            way, values = stage.direction(parameters, done)
            is_good = np.isfinite(values) & _finite(way)
            good = tf.where(_each(is_good, good), parameters, good)
            yield Frame(ascent, positions, done, values, parameters, shape, tuple(stopped.tolist()))
            stopped[~is_good & (stopped == 0)] = max(1, done)
            done += 1
            shorter = min(1.0, (ascent.steps - done + 1) / max(1.0, ascent.preset.cooling * ascent.steps))
            optimizer.apply([tf.where(_each(is_good, way), -shorter * way, 0.0)], [variable])
            after = ascent.preset.parameterisation.settle(tf.convert_to_tensor(variable.value))
            # A picture whose numbers are not finite goes back to its last good frame, and stays there.
            parameters = tf.where(_each(stopped == 0, after), after, good)
            variable.assign(parameters)
    stage = _Stage(ascent, ascent.probe, ascent.layers, positions)
    values = stage.look(parameters)
    if not np.isfinite(values).all():
        stopped[~np.isfinite(values) & (stopped == 0)] = done
        parameters = tf.where(_each(stopped == 0, good), parameters, good)
        values = stage.look(parameters)
    yield Frame(ascent, positions, done, values, parameters, shape, tuple(stopped.tolist()))


def beginning(ascent: Ascent, positions: range) -> Frame:
    """The frame before any step, its values those of the pictures themselves.

    It takes a pass forward, and what is compiled for that is compiled much sooner than a step: for those who wait.
    """
    probe, layers, _ = next(stages(ascent))
    shape = probe.network.shape
    parameters = _entered(ascent, probe, None, shape, len(positions))
    values = _Stage(ascent, probe, layers, positions).look(parameters)
    return Frame(ascent, positions, 0, values, parameters, shape, (0,) * len(positions))


def stages(ascent: Ascent) -> Iterator[tuple[Probe, tuple[LayerInfo, ...], int]]:
    """Each size that an ascent is made at: the probe, the layers as it knows them, and how many steps."""
    coarse = round(ascent.steps * ascent.preset.coarse) if ascent.coarse is not None else 0
    if ascent.coarse is not None and coarse:
        yield *ascent.coarse, coarse
    yield ascent.probe, ascent.layers, ascent.steps - coarse


def _entered(ascent: Ascent, probe: Probe, parameters: Any, shape: Any, count: int) -> Any:
    """The parameters that a stage begins with."""
    parameterisation, larger = ascent.preset.parameterisation, probe.network.shape
    if parameters is not None:
        return parameterisation.enlarge(parameters, shape, larger, ascent.longest(shape), ascent.longest(larger))
    start = parameterisation.start(np.random.default_rng(ascent.seed), larger)
    return tf.constant(np.repeat(start[None], count, axis=0))


@dataclass(frozen=True, eq=False)
class _Stage:
    """One batch at one size."""

    ascent: Ascent
    probe: Probe
    layers: tuple[LayerInfo, ...]
    positions: range

    @cached_property
    def _objective(self) -> tuple[Any, list[Any]]:
        objectives = [self.ascent.objectives[n] for n in self.positions]
        units, places = place_weights(objectives, self.layers, self.ascent.preset.border)
        return tf.constant(units), [tf.constant(each) for each in places]

    def direction(self, parameters: Any, step: int) -> tuple[Any, Values]:
        """Which way to go; where the derivative is 0, what would open the ReLUs that are shut."""
        moves = not any(self.ascent.objectives[n].has_place for n in self.positions)
        seed = tf.constant([self.ascent.seed % 2**31, step], tf.int32)
        leak = tf.constant(self.ascent.preset.leak * (1 - step / self.ascent.steps), tf.float32)
        way, values, exists = self._direction(moves, "plain")(parameters, *self._objective, seed, leak)
        is_open: Bool[np.ndarray, " n"] = exists.numpy()
        if not is_open.all():
            other, _, _ = self._direction(moves, "redirected")(parameters, *self._objective, seed, leak)
            way = tf.where(_each(is_open, way), way, other)
        return way, values.numpy()

    def _direction(self, moves: bool, rule: str) -> Any:
        return _compiled(self.probe, direction, self.layers, self.ascent, moves, rule)

    def look(self, parameters: Any) -> Values:
        """The objectives at the pictures themselves."""
        return _compiled(self.probe, look, self.layers, self.ascent)(parameters, *self._objective).numpy()


def _compiled(probe: Probe, trace: Any, layers: tuple[LayerInfo, ...], ascent: Ascent, *details: Any) -> Any:
    has_head = any(layer.kind == LOGITS for layer in layers)
    return (probe.headed if has_head else probe.compiled)(trace, layers, seen(ascent.preset), ascent.colours, *details)


def _finite(values: Any) -> Bool[np.ndarray, " n"]:
    axes = list(range(1, values.shape.rank))
    return tf.reduce_all(tf.math.is_finite(values), axis=axes).numpy()


def _each(chosen: Bool[np.ndarray, " n"], like: Any) -> Any:
    return tf.reshape(tf.constant(chosen), [-1] + [1] * (like.shape.rank - 1))
