"""Activation maximisation, beside a compiled loop that takes filter after filter."""

from dataclasses import replace
from typing import Any

import keras
import tensorflow as tf

from camwidget import Explainer
from camwidget.explanation.ascent import PRESETS, channel, prepare
from camwidget.explanation.ascent.maximise import climbed

from .timing import NO_BUDGET, Row, seconds

FILTERS, STEPS, SIDE = 64, 30, 180
NETWORK, LAYER = "ResNet50V2", "conv3_block4_out"


def ascent_rows() -> list[Row]:
    """All filters by each preset / one after the other, by the plain recipe as it is printed; each timed once."""
    model = getattr(keras.applications, NETWORK)(weights=None, include_top=False)
    explainer = Explainer(model, preprocess=lambda picture: picture / 127.5 - 1)
    slow = seconds(_loop(model))
    rows = []
    for preset in PRESETS:
        objectives = [channel(LAYER, index) for index in range(FILTERS)]
        ascent = prepare(explainer, objectives, preset=preset, steps=STEPS, size=SIDE)
        name = f"ResNet50V2: {FILTERS} filters, {STEPS} steps, {preset}"
        # two steps of each batch's size, of the coarse stage as well
        compiling = seconds(lambda ascent=ascent: climbed(replace(ascent.only(ascent.batches[0]), steps=2)))
        fast = seconds(lambda ascent=ascent: climbed(ascent))
        rows.append(Row(f"{name}: compiling", compiling, NO_BUDGET, "s"))
        rows.append(Row(f"{name} / one by one", fast / slow, 0.65, "x", f"{fast:.0f} s / {slow:.0f} s"))
    return rows


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
        for index in range(FILTERS):
            picture = (tf.random.uniform((1, SIDE, SIDE, 3)) - 0.5) * 0.25
            for _ in range(STEPS):
                picture = step(picture, tf.constant(index))
            picture.numpy()

    step(tf.zeros((1, SIDE, SIDE, 3)), tf.constant(0))
    return run
