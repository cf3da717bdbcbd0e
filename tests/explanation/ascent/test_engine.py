"""The ascent by numbers worked out by hand, and that the network is left as it was."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from camwidget import Explainer
from camwidget.explanation.ascent import PRESETS, Ascent, Objective, channel, climb, logit, prepare
from camwidget.explanation.ascent.prepare import batch_for, numbers_held
from camwidget.explanation.ascent.transforms import Transform
from tests.bench.traces import counted_traces
from tests.explanation.ascent.networks import KERNEL, activations_at, headed_network, linear_network
from tests.model.snapshot import Snapshot

PLAIN = PRESETS["gradient_ascent"]


def test_a_step_is_ten_times_the_gradient_of_length_one(linear: Explainer) -> None:
    """Of the mean over the inner 2 x 4 neurons of a 6 x 8 grid of a linear network, whose input runs from -1 to 1."""
    # short steps, so that none ends at the edge of the range
    gentle = replace(PLAIN, name="gentle", optimizer=lambda: keras.optimizers.SGD(0.05))
    ascent = prepare(linear, [channel("conv", 0), channel("conv", 1)], preset=gentle, steps=3, seed=5)
    frames = list(climb(ascent))
    assert [frame.step for frame in frames] == [0, 1, 2, 3] and [f.is_last for f in frames] == [False] * 3 + [True]
    start = (np.random.default_rng(5).random((7, 9, 1), np.float32) - 0.5) * 0.25
    for n in range(2):
        gradient = np.zeros((7, 9))
        for row in range(2, 4):
            for column in range(2, 6):
                gradient[row : row + 2, column : column + 2] += KERNEL[n] / 8
        way = gradient / np.linalg.norm(gradient)
        for step, frame in enumerate(frames):
            expected = start[..., 0] + step * 0.05 * way
            np.testing.assert_allclose(frame.inputs[n, :, :, 0], expected, atol=1e-6)
            assert frame.values[n] == pytest.approx((expected * gradient).sum(), abs=1e-5)


def test_the_recipe_itself_ends_at_the_edges_of_the_legal_range() -> None:
    explainer = Explainer(linear_network(), preprocess=lambda picture: picture / 255)
    frame = list(climb(prepare(explainer, [channel("conv", 1)], preset="gradient_ascent")))[-1]
    assert frame.step == 30 and frame.ascent.preset.optimizer().learning_rate == 10
    assert frame.inputs.min() >= 0 and frame.inputs.max() <= 1
    assert (frame.inputs[0, 3, 3:6, 0] == 1).all()  # where all four numbers of the kernel meet: their sum is 2
    assert frame.inputs[0, 2, 2, 0] == 0  # where its upper left number does alone: -2
    assert frame.values[0] == pytest.approx(activations_at(frame.ascent, frame.inputs)[0, 0], abs=1e-5)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_picture_does_not_depend_on_those_beside_it(headed: Explainer, preset: str) -> None:
    together = prepare(headed, [channel("conv", 0), channel("conv", 1)], preset=preset, steps=6)
    alone = together.only([1])
    one, other = list(climb(together))[-1], list(climb(alone))[-1]
    np.testing.assert_allclose(one.inputs[1], other.inputs[0], atol=0.3)  # of 255
    again = list(climb(alone))[-1]
    np.testing.assert_array_equal(other.inputs, again.inputs)
    seeded = list(climb(replace(alone, seed=1)))[-1]
    assert np.abs(seeded.inputs - other.inputs).max() > 0.05


def test_the_last_steps_get_shorter_where_the_preset_cools(linear: Explainer) -> None:
    cooling = replace(PLAIN, name="cooling", optimizer=lambda: keras.optimizers.SGD(0.01), cooling=0.5)
    frames = list(climb(prepare(linear, [channel("conv", 1)], preset=cooling, steps=8)))
    lengths = [np.linalg.norm(b.inputs - a.inputs) for a, b in zip(frames, frames[1:], strict=False)]
    np.testing.assert_allclose(lengths, 0.01 * np.array([1, 1, 1, 1, 1, 0.75, 0.5, 0.25]), rtol=1e-4)


def test_sums_and_differences_are_climbed(linear: Explainer) -> None:
    place = ((1, 1), (1, 1))
    objective = channel("conv", 0, region=place) - 2 * channel("conv", 1, region=place)
    frame = list(climb(prepare(linear, [objective], preset="gradient_ascent")))[-1]
    best = np.abs(KERNEL[0] - 2 * KERNEL[1]).sum()
    assert frame.values[0] == pytest.approx(best, rel=1e-5)
    np.testing.assert_array_equal(frame.inputs[0, 1:3, 1:3, 0], np.sign(KERNEL[0] - 2 * KERNEL[1]))


def test_a_unit_behind_a_softmax_is_its_logit() -> None:
    model = headed_network()
    explainer = Explainer(model)
    inputs = np.random.default_rng(0).uniform(0, 255, (3, 7, 9, 3)).astype(np.float32)
    probabilities = np.asarray(model(inputs))
    unit, score = (
        activations_at(prepare(explainer, objectives), inputs)
        for objectives in ([channel("classes", k) for k in range(3)], [logit(k) for k in range(3)])
    )
    np.testing.assert_allclose(unit, score, rtol=1e-5)
    exponentials = np.exp(unit.T)
    np.testing.assert_allclose(exponentials / exponentials.sum(axis=1, keepdims=True), probabilities, rtol=1e-4)


def test_several_layers_in_one_objective(headed: Explainer) -> None:
    inputs = np.random.default_rng(0).uniform(0, 255, (2, 7, 9, 3)).astype(np.float32)
    mixed = activations_at(prepare(headed, [channel("units", 2) + 3 * logit(1)]), inputs)
    parts = [activations_at(prepare(headed, [each]), inputs) for each in (channel("units", 2), logit(1))]
    np.testing.assert_allclose(mixed, parts[0] + 3 * parts[1], rtol=1e-5)


class Overflow(layers.Layer):
    """Hands its input on until it is large, and infinity from there on."""

    def call(self, x: Any) -> Any:
        return x / tf.cast(x <= 0.5, x.dtype)


def test_numbers_that_are_not_finite_stop_a_picture_and_keep_its_last_good_frame() -> None:
    inputs = keras.Input((7, 9, 1))
    x = layers.Conv2D(2, 1, use_bias=False, name="inner")(inputs)
    model = keras.Model(inputs, Overflow(name="conv")(x))
    model.get_layer("inner").set_weights([np.array([1.0, -0.1]).reshape(1, 1, 1, 2)])
    explainer = Explainer(model, preprocess=lambda picture: picture / 127.5 - 1)
    ascent = prepare(explainer, [channel("conv", 0), channel("conv", 1)], preset="gradient_ascent", steps=8)
    frames = list(climb(ascent))
    last = frames[-1]
    assert last.step == 8 and last.stopped[0] > 0 and last.stopped[1] == 0
    assert np.isfinite(last.values).all() and np.isfinite(last.inputs).all()
    # the last frame that had a number, and no other
    good = [frame for frame in frames[: last.stopped[0]] if np.isfinite(frame.values[0])][-1]
    assert good.step == last.stopped[0] - 1
    np.testing.assert_array_equal(last.inputs[0], good.inputs[0])
    assert last.values[1] > frames[0].values[1]


def overflowing(shape: tuple[int | None, int | None, int], **options: Any) -> Ascent:
    """One pixel is one neuron: n grey pixels rise together by 1 / sqrt(n) each step, and above 0.5 is no number."""
    inputs = keras.Input(shape)
    x = layers.Conv2D(1, 1, use_bias=False, name="inner")(inputs)
    model = keras.Model(inputs, Overflow(name="conv")(x))
    model.get_layer("inner").set_weights([np.ones((1, 1, 1, 1))])
    start = replace(PLAIN.parameterisation, start=lambda _, shape: np.zeros(shape, np.float32))
    recipe = replace(PLAIN, name="even", parameterisation=start, optimizer=lambda: keras.optimizers.SGD(1.0), border=0)
    coarse = options.pop("coarse", 0.0)
    explainer = Explainer(model, preprocess=lambda picture: picture / 127.5 - 1)
    return prepare(explainer, [channel("conv", 0)], preset=replace(recipe, coarse=coarse), **options)


@pytest.mark.parametrize(("steps", "stopped"), [(3, 0), (4, 4), (5, 4), (9, 4)])
def test_a_last_step_that_is_not_finite_is_taken_back_too(steps: int, stopped: int) -> None:
    """Of 7 x 9 pixels: 3 / sqrt(63) is 0.38, and 4 / sqrt(63) is 0.504."""
    frames = list(climb(overflowing((7, 9, 1), steps=steps)))
    last = frames[-1]
    assert last.step == steps and last.stopped == (stopped,)
    np.testing.assert_allclose(last.inputs, 3 / np.sqrt(63), rtol=1e-5)
    assert last.values[0] == pytest.approx(3 / np.sqrt(63), rel=1e-5)


@pytest.mark.parametrize(("steps", "coarse"), [(14, 7), (18, 9), (7, 7)])
def test_a_step_taken_back_stays_so_in_larger_pictures(steps: int, coarse: int) -> None:
    """Of 12 x 15 pixels: 6 / sqrt(180) is 0.447, and 7 / sqrt(180) is 0.52, seen at twice the size alone."""
    frames = list(climb(overflowing((None, None, 1), steps=steps, size=(24, 30), coarse=coarse / steps)))
    last = frames[-1]
    assert [frame.shape[0] for frame in frames] == [12] * coarse + [24] * (steps + 1 - coarse)
    assert last.stopped == (7,)
    np.testing.assert_allclose(last.inputs, 6 / np.sqrt(180), rtol=1e-5)
    assert last.values[0] == pytest.approx(6 / np.sqrt(180), rel=1e-5)


def test_a_filter_that_is_shut_at_the_start_is_opened() -> None:
    inputs = keras.Input((7, 9, 1))
    model = keras.Model(inputs, layers.Conv2D(2, 1, activation="relu", name="conv")(inputs))
    model.get_layer("conv").set_weights([np.array([1.0, 1.0]).reshape(1, 1, 1, 2), np.array([-0.5, 0.5])])
    explainer = Explainer(model, preprocess=lambda picture: picture / 127.5 - 1)
    ascent = prepare(explainer, [channel("conv", 0), channel("conv", 1)], preset="gradient_ascent")
    frames = list(climb(ascent))
    assert frames[0].values[0] == 0 and frames[0].values[1] > 0
    np.testing.assert_allclose(frames[-1].values, [0.5, 1.5], rtol=1e-5)


def test_one_function_serves_all_filters_and_nothing_behind_the_layer_is_computed() -> None:
    explainer = Explainer(headed_network())
    with counted_traces() as counter:
        ascent = prepare(explainer, [channel("conv", 0)], preset="gradient_ascent", steps=2)
        list(climb(ascent))
        first = counter.total
        list(climb(prepare(explainer, [channel("conv", n) for n in (1, 2, 0)], preset="gradient_ascent", steps=3)))
    assert 0 < first == counter.total
    function = next(f for key, f in ascent.probe._functions.items() if key[0] == "direction")
    kinds = [operation.type for operation in function.function.graph.get_operations()]
    assert "Conv2D" in kinds and "MatMul" not in kinds and "Softmax" not in kinds


def test_the_network_is_left_as_it_was_also_after_an_exception() -> None:
    model = headed_network()
    inputs = np.random.default_rng(0).uniform(0, 255, (2, 7, 9, 3)).astype(np.float32)
    before = Snapshot(model, inputs)
    explainer = Explainer(model)
    for objective in (channel("conv", 0), logit(1)):
        list(climb(prepare(explainer, [objective], steps=3)))

    def fail(*_: Any) -> Any:
        raise RuntimeError("inside the trace")

    broken = replace(PLAIN, name="broken", transforms=(Transform("broken", fail),))
    with pytest.raises(RuntimeError, match="inside the trace"):
        list(climb(prepare(explainer, [channel("units", 0)], preset=broken)))
    before.check_unchanged()


@pytest.mark.parametrize(
    "optimizer",
    [keras.optimizers.Adam(0.1), keras.optimizers.RMSprop(0.05), keras.optimizers.Lion(0.05)],
    ids=lambda optimizer: optimizer.name,
)
def test_any_optimizer_climbs(headed: Explainer, optimizer: Any) -> None:
    recipe = replace(
        PRESETS["fourier"], name=optimizer.name, optimizer=lambda: type(optimizer).from_config(optimizer.get_config())
    )
    frames = list(climb(prepare(headed, [logit(2)], preset=recipe, steps=20)))
    assert frames[-1].values[0] > frames[0].values[0] + 0.1


def test_no_optimizer_is_an_error(headed: Explainer) -> None:
    ascent = prepare(headed, [logit(0)], preset=replace(PLAIN, name="x", optimizer=lambda: 0.1))
    with pytest.raises(TypeError, match=r"a function that makes a keras\.optimizers optimiser; it made 0\.1"):
        next(climb(ascent))


def test_coarse_steps_come_first_where_the_network_takes_any_size() -> None:
    explainer = Explainer(linear_network((None, None, 1)), preprocess=lambda picture: picture / 255)
    ascent = prepare(explainer, [channel("conv", 1)], steps=10, size=(24, 30))
    shapes = [frame.shape for frame in climb(ascent)]
    assert shapes == [(12, 15, 1)] * 5 + [(24, 30, 1)] * 6
    fixed = prepare(Explainer(linear_network((24, 30, 1)), preprocess=None), [channel("conv", 1)], steps=4)
    assert fixed.coarse is None and {frame.shape for frame in climb(fixed)} == {(24, 30, 1)}


def test_the_batch_is_bounded_by_what_the_layers_hold(headed: Explainer) -> None:
    probe = headed.probe_of_size(7, 9)
    conv = next(layer for layer in probe.channels if layer.name == "conv")
    assert numbers_held(probe, [conv]) == 7 * 9 * 3 + 7 * 9 * 4
    assert batch_for(probe, [conv]) == 16
    ascent = prepare(headed, [logit(0)] * 20)
    assert [list(part) for part in ascent.batches] == [list(range(10)), list(range(10, 20))]
    assert replace(ascent, batch=8).batches[0] == range(0, 7)


def test_objectives_of_one_ascent_share_their_layers(headed: Explainer) -> None:
    with pytest.raises(ValueError, match=r"about the same layers, term by term"):
        prepare(headed, [channel("conv", 0), logit(0)])
    with pytest.raises(ValueError, match=r"There is nothing to maximise"):
        prepare(headed, list[Objective]())
