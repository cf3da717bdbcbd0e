"""How the way to go is put together, by hand on networks of one layer of units."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from camwidget import Explainer
from camwidget.explanation.ascent import (
    PRESETS,
    Objective,
    Preset,
    blur,
    channel,
    climb,
    l2,
    logit,
    prepare,
    total_variation,
)
from camwidget.explanation.ascent.objectives import place_weights
from camwidget.explanation.ascent.traces import direction
from camwidget.explanation.ascent.transforms import Transform

PLAIN = PRESETS["gradient_ascent"]
# A layer of units sees everything: movements and penalties are in full from a longer side of 16 pixels on.
WIDE = (3, 16, 1)
SHIFT = Transform("shift", lambda *_: tf.constant([[1.0, 0, 1], [0, 1, 0], [0, 0, 1]]))


def units_of(count: int, shape: tuple[int, int, int] = WIDE, **options: Any) -> tuple[keras.Model, np.ndarray]:
    """Units over all pixels; the network, and each unit's numbers as a picture, (units, h, w)."""
    inputs = keras.Input(shape)
    model = keras.Model(inputs, layers.Dense(count, name="units", **options)(layers.Flatten()(inputs)))
    kernel = np.random.default_rng(count).normal(size=(int(np.prod(shape)), count)).astype(np.float32)
    model.get_layer("units").set_weights([kernel, np.zeros(count)])
    return model, kernel.T.reshape(count, *shape[:2])


def pictures_of(count: int, shape: tuple[int, int, int] = WIDE) -> np.ndarray:
    return np.random.default_rng(7).random((count, *shape), np.float32)


def found(
    model: keras.Model,
    objectives: Sequence[Objective],
    preset: Preset,
    pictures: np.ndarray,
    *,
    moves: bool = False,
    leak: float = 0.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The way to go for each picture, (n, h, w), the values, and whether there is a derivative."""
    ascent = prepare(Explainer(model, preprocess=lambda picture: picture / 255), objectives, preset=preset)
    function = ascent.probe.headed(direction, ascent.layers, preset, ascent.colours, moves, "plain")
    units, places = place_weights(ascent.objectives, ascent.layers, preset.border)
    seed = tf.constant([0, 0], tf.int32)
    way, values, exists = function(
        tf.constant(2 * pictures - 1), tf.constant(units), [tf.constant(each) for each in places], seed, leak
    )
    return way.numpy()[..., 0], values.numpy(), exists.numpy()


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def scores(weights: np.ndarray, pictures: np.ndarray) -> np.ndarray:
    """What each unit gives for each picture, (n, units)."""
    return np.einsum("nhw,khw->nk", pictures[..., 0], weights)


@pytest.mark.parametrize(("shape", "share"), [(WIDE, 1.0), ((5, 7, 1), 0.25)])
def test_penalties_lead_away(shape: tuple[int, int, int], share: float) -> None:
    """Way = g / |g| - s sum of w dP/dx: l2 grows by 4 (x - 0.5) / sqrt(n), total variation by signs / sqrt(n)."""
    model, weights = units_of(2, shape)
    x = pictures_of(1, shape)
    rows, columns = np.sign(np.diff(x[0, :, :, 0], axis=0)), np.sign(np.diff(x[0, :, :, 0], axis=1))
    variation = np.zeros(shape[:2])
    variation[1:] += rows
    variation[:-1] -= rows
    variation[:, 1:] += columns
    variation[:, :-1] -= columns
    against = (0.4 * 4 * (x[0, :, :, 0] - 0.5) + 0.3 * variation) / np.sqrt(x.size)
    penalised = replace(PLAIN, name="penalised", penalties=(l2(0.4), total_variation(0.3)))
    way, values, exists = found(model, [channel("units", 1)], penalised, x)
    np.testing.assert_allclose(way[0], unit(weights[1]) - share * against, atol=1e-5)
    np.testing.assert_allclose(values, scores(weights, x)[:, 1], rtol=1e-4)  # without the penalties
    assert exists.all()


def test_blur_takes_what_is_blurred_as_given() -> None:
    """Its derivative is 4 (x - blurred) / sqrt(n): that of the blur itself is left out."""
    model, weights = units_of(2)
    x = pictures_of(1)
    padded = np.pad(x[0, :, :, 0], 1, mode="edge")
    blurred = np.mean([padded[i : i + 3, j : j + 16] for i in range(3) for j in range(3)], axis=0)
    way, _, _ = found(model, [channel("units", 0)], replace(PLAIN, name="blurred", penalties=(blur(0.3),)), x)
    against = 0.3 * 4 * (x[0, :, :, 0] - blurred) / np.sqrt(x.size)
    np.testing.assert_allclose(way[0], unit(weights[0]) - against, atol=1e-5)


def test_a_shut_relu_leaks_towards_what_would_open_it() -> None:
    model, weights = units_of(3, activation="relu")
    x = np.stack([(weights[0] - weights[1] > 0), (weights[1] - weights[0] > 0)])[..., None].astype(np.float32)
    before = scores(weights, x)
    assert before[0, 0] > 0 > before[0, 1] and before[1, 1] > 0 > before[1, 0]  # each opens one and shuts the other
    both = [channel("units", 0) + channel("units", 1)] * 2
    leaking = replace(PLAIN, name="leaking", leak=0.3)
    way, values, _ = found(model, both, leaking, x, leak=0.2)
    np.testing.assert_allclose(way[0], unit(weights[0] + 0.2 * weights[1]), atol=1e-5)
    np.testing.assert_allclose(way[1], unit(0.2 * weights[0] + weights[1]), atol=1e-5)
    np.testing.assert_allclose(values, [before[0, 0], before[1, 1]], rtol=1e-4)  # the objective itself does not leak
    way, _, _ = found(model, both, PLAIN, x, leak=0.2)
    np.testing.assert_allclose(way[0], unit(weights[0]), atol=1e-5)
    _, _, exists = found(model, [channel("units", 1), channel("units", 1)], PLAIN, x)
    assert exists.tolist() == [False, True]
    _, _, exists = found(model, [channel("units", 1), channel("units", 1)], leaking, x, leak=0.2)
    assert exists.tolist() == [True, True]


@pytest.mark.parametrize("classes", [3, 9])
def test_a_class_is_set_against_its_strongest_rivals(classes: int) -> None:
    model, weights = units_of(classes, activation="softmax")
    x = pictures_of(2)
    against = replace(PLAIN, name="against", contrast=0.6)
    way, values, _ = found(model, [logit(1), logit(2)], against, x)
    every = scores(weights, x)
    for n, target in enumerate((1, 2)):
        rivals = [k for k in np.argsort(-every[n]) if k != target][:5]
        np.testing.assert_allclose(way[n], unit(weights[target] - 0.6 * weights[rivals].mean(axis=0)), atol=1e-5)
        assert values[n] == pytest.approx(every[n, target], rel=1e-4)  # what is told is the class's own logit


@pytest.mark.parametrize("loss", ["mse", None])
def test_what_is_no_class_has_no_rivals(loss: str | None) -> None:
    """Neither values, as in regression, nor a layer's units, nor a difference of two classes."""
    model, weights = units_of(4)
    if loss:
        model.compile(loss=loss)
    against = replace(PLAIN, name="against", contrast=0.6)
    x = pictures_of(1)
    way, _, _ = found(model, [logit(1)], against, x)
    rivals = np.zeros_like(weights[0]) if loss else weights[[0, 2, 3]].mean(axis=0)
    np.testing.assert_allclose(way[0], unit(weights[1] - 0.6 * rivals), atol=1e-5)
    way, _, _ = found(model, [channel("units", 1)], against, x)
    np.testing.assert_allclose(way[0], unit(weights[1]), atol=1e-5)
    way, _, _ = found(model, [logit(1) - 2 * logit(3)], against, x)
    np.testing.assert_allclose(way[0], unit(weights[1] - 2 * weights[3]), atol=1e-5)


def test_the_picture_is_moved_but_where_a_place_is_meant() -> None:
    """The shift shows each unit the pixel to the right, so that the way is its numbers one further to the right."""
    model, weights = units_of(2)
    shifted = np.zeros_like(weights[0])
    shifted[:, 1:] = weights[0][:, :-1]
    moving = replace(PLAIN, name="moving", transforms=(SHIFT,), optimizer=lambda: keras.optimizers.SGD(0.01))
    x = pictures_of(1)
    for moves, expected in ((True, shifted), (False, weights[0])):
        way, _, _ = found(model, [channel("units", 0)], moving, x, moves=moves)
        np.testing.assert_allclose(way[0], unit(expected), atol=1e-5)
    explainer = Explainer(model, preprocess=lambda picture: picture / 127.5 - 1)
    for objective, expected in (
        (channel("units", 0), shifted),
        (channel("units", 0, neuron=(0, 0)), weights[0]),
        (channel("units", 0) + 0 * channel("units", 1, region=((0, 0), (0, 0))), weights[0]),
    ):
        first, second = climb(prepare(explainer, [objective], preset=moving, steps=1))
        np.testing.assert_allclose((second.inputs - first.inputs)[0, :, :, 0], 0.01 * unit(expected), atol=1e-6)
