"""Activation maximisation, beside a compiled loop that takes filter after filter."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import keras
import tensorflow as tf

from camwidget import Explainer
from camwidget.explanation.ascent import PRESETS, Ascent, channel, climb, prepare
from camwidget.explanation.ascent.engine import stages

from .timing import NO_BUDGET, Row, paired, seconds

FILTERS, STEPS, SIDE = 64, 30, 180
NETWORK, LAYER = "ResNet50V2", "conv3_block4_out"
PAIRS = 7

# Steps of the loop beside one of a batch: long enough for the clock, and no longer.
FEW = 4


def ascent_rows() -> list[Row]:
    """A filter's step by each preset / one of the loop, which climbs by the plain recipe as it is printed.

    What is timed in turn is one step of a whole batch, of as many pictures as the 64 filters are climbed with, beside
    a few steps of the loop. Where a preset begins at half the size, each size counts by its share of the steps.
    """
    model = getattr(keras.applications, NETWORK)(weights=None, include_top=False)
    explainer = Explainer(model, preprocess=lambda picture: picture / 127.5 - 1)
    loop = _loop(model)
    loop()
    rows = []
    for preset in PRESETS:
        objectives = [channel(LAYER, index) for index in range(FILTERS)]
        ascent = prepare(explainer, objectives, preset=preset, steps=STEPS, size=SIDE)
        batch = ascent.batches[0]
        compiling, mine, other, ratio = 0.0, 0.0, 0.0, 0.0
        for stage, share in _stages(ascent.only(batch)):
            frames = climb(stage)
            compiling += seconds(lambda frames=frames: (next(frames), next(frames)))
            step, few, found = paired(lambda frames=frames: next(frames), loop, PAIRS)
            mine, other = mine + share * step / len(batch), other + share * few / FEW
            ratio += share * found * FEW / len(batch)
        name = f"ResNet50V2: {FILTERS} filters, {STEPS} steps, {preset}"
        detail = f"{1000 * mine:.0f} ms / {1000 * other:.0f} ms a filter and step, {len(batch)} together"
        rows.append(Row(f"{name}: compiling", compiling, NO_BUDGET, "s"))
        rows.append(Row(f"{name} / one by one", ratio, 0.65, "x", detail))
    return rows


def _stages(ascent: Ascent) -> Iterator[tuple[Ascent, float]]:
    """Each size by itself, with steps enough for the clock, and its share of the steps."""
    for probe, layers, steps in stages(ascent):
        yield replace(ascent, probe=probe, layers=layers, coarse=None, steps=10 * STEPS), steps / ascent.steps


def _loop(model: keras.Model) -> Any:
    """The loop of the Keras guide: one compiled step for all filters, one picture at a time."""
    extractor = keras.Model(model.inputs, model.get_layer(LAYER).output)

    @tf.function(autograph=False)
    def step(picture: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(picture)
            activations = extractor(picture, training=False)
            value = tf.reduce_mean(tf.gather(activations[:, 2:-2, 2:-2], index, axis=3))
        return picture + 10 * tf.math.l2_normalize(tape.gradient(value, picture))

    def run() -> None:
        picture = (tf.random.uniform((1, SIDE, SIDE, 3)) - 0.5) * 0.25
        for _ in range(FEW):
            picture = step(picture, tf.constant(3))
        picture.numpy()

    return run
