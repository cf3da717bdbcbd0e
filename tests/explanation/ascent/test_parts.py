"""Objectives, parameterisations, transforms and penalties, by numbers worked out by hand."""

import numpy as np
import pytest
import tensorflow as tf

from camwidget.explanation.ascent import channel, logit
from camwidget.explanation.ascent.colours import Colours
from camwidget.explanation.ascent.objectives import interior, place_weights
from camwidget.explanation.ascent.parameterisations import PARAMETERISATIONS, spectrum_scale
from camwidget.explanation.ascent.penalties import blur, l2, total_variation
from camwidget.explanation.ascent.presets import PRESETS, cell, longest_wave, standardised, strength
from camwidget.explanation.ascent.transforms import Transform, jitter, moved, pad, rotate, scale
from camwidget.model import LayerInfo

GREY = Colours(((1.0,),), (0.0,), (0.5,))
RGB = Colours(tuple(tuple(row) for row in np.eye(3).tolist()), (0.0,) * 3, (0.2, 0.5, 0.8))
SEED = tf.constant([3, 4], tf.int32)


# -- objectives ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "columns", "box"),
    [(9, 12, (2, 2, 6, 9)), (5, 4, (2, 1, 2, 2)), (3, 2, (1, 0, 1, 1)), (1, 1, (0, 0, 0, 0))],
)
def test_the_border_leaves_something_of_every_grid(rows: int, columns: int, box: tuple[int, ...]) -> None:
    assert interior(LayerInfo("a", "Conv2D", rows, columns, 3), 2) == box
    assert interior(LayerInfo("a", "Conv2D", rows, columns, 3), 0) == (0, 0, rows - 1, columns - 1)


def test_sums_and_differences_become_weights_of_neurons() -> None:
    layer = LayerInfo("a", "Conv2D", 3, 4, 8)
    objective = 2 * channel("a", 5, region=((1, 3), (0, 2))) - channel("a", 6, neuron=(2, 0))
    assert objective.layers == ("a", "a") and objective.has_place
    units, (first, second) = place_weights([objective], (layer, layer), border=0)
    assert units.tolist() == [[5, 6]]
    assert first[0].tolist() == [[0, 0, 0.5, 0.5], [0, 0, 0.5, 0.5], [0, 0, 0, 0]]
    assert second[0].tolist() == [[0, 0, 0, 0], [0, 0, 0, 0], [-1, 0, 0, 0]]
    assert not (logit(3) + channel("a", 1)).has_place
    assert (-channel("a", 1)).terms[0].weight == -1


def test_a_neuron_and_a_region_are_two_objectives() -> None:
    with pytest.raises(ValueError, match=r"neuron= or region=, not both\. Add two objectives"):
        channel("a", 1, neuron=(0, 0), region=((0, 0), (1, 1)))


# -- parameterisations -----------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(6, 9, 3), (7, 8, 1), (5, 5, 3)])
@pytest.mark.parametrize("longest", [1.0, 4.0, 100.0])
def test_one_wave_of_the_spectrum_is_one_wave_of_the_picture(shape: tuple[int, int, int], longest: float) -> None:
    height, width, channels = shape
    fourier = PARAMETERISATIONS["fourier"]
    numbers = np.zeros((1, *fourier.shape(shape)), np.float32)
    numbers[0, 1, 1, 0, 0] = 0.3  # once over the rows and once over the columns, in the first colour
    picture = np.asarray(fourier.pictures(tf.constant(numbers), shape, GREY if channels == 1 else RGB, longest))
    rows, columns = np.arange(height)[:, None], np.arange(width)[None]
    wave = 2 * np.cos(2 * np.pi * (rows / height + columns / width)) / (height * width)
    contrast = 0.25 * (height * width * channels / (112 * 112 * 3)) ** 0.25
    frequency = max(np.hypot(1 / height, 1 / width), 1 / min(longest, max(height, width)))
    frequency = 1 / 3 if longest == 1 else frequency
    value = 0.3 * np.sqrt(height * width) / frequency * contrast * wave
    mean = np.array([0.5] if channels == 1 else RGB.mean)
    natural = np.array([0.26, 0.27, 0.27]) / np.linalg.norm([0.26, 0.27, 0.27])
    mixed = np.array([1.0, 0, 0])[:channels] if longest == 1 or channels == 1 else natural
    expected = 1 / (1 + np.exp(-(value[..., None] * mixed + np.log(mean / (1 - mean)))))
    np.testing.assert_allclose(picture[0], expected, atol=2e-5)


@pytest.mark.parametrize("colours", [GREY, RGB], ids=["grey", "rgb"])
@pytest.mark.parametrize("waves", [(50.0, 50.0), (5.0, 12.0), (12.0, 5.0), (1.0, 6.0), (6.0, 1.0)])
def test_enlarged_pictures_show_the_same(waves: tuple[float, float], colours: Colours) -> None:
    channels = len(colours.mean)
    fourier, shape, larger = PARAMETERISATIONS["fourier"], (8, 10, channels), (16, 20, channels)
    start = fourier.start(np.random.default_rng(0), shape)[None] * 20
    start[:, 4] = start[:, :, 5] = 0  # the highest frequencies, which stand for two
    small = np.asarray(fourier.pictures(tf.constant(start), shape, colours, waves[0]))
    large = np.asarray(fourier.pictures(fourier.enlarge(start, shape, larger, *waves), larger, colours, waves[1]))
    logits = [
        np.log(each / (1 - each)) - np.log(np.divide(colours.mean, np.subtract(1, colours.mean)))
        for each in (small, large)
    ]
    # Every second pixel is one of the smaller picture, up to the contrast that goes with the size.
    np.testing.assert_allclose(logits[1][:, ::2, ::2], logits[0] * 4**0.25, atol=2e-4)
    assert np.abs(logits[0]).max() > 0.05


def test_pixels_stay_within_the_range() -> None:
    pixels = PARAMETERISATIONS["pixels"]
    start = pixels.start(np.random.default_rng(0), (30, 40, 3))
    assert start.min() >= -0.125 and start.max() <= 0.125 and abs(start.mean()) < 0.01
    settled = np.asarray(pixels.settle(tf.constant([[-3.0, 0.5, 2.0]])))
    assert settled.tolist() == [[-1, 0.5, 1]]
    assert np.asarray(pixels.pictures(tf.constant(settled), (1, 3, 1), GREY, 1.0)).tolist() == [[0, 0.75, 1]]


def test_low_frequencies_count_no_more_than_the_longest_wave() -> None:
    scale_ = spectrum_scale(20, 30, 10.0)
    assert scale_[0, 0] == scale_[1, 1] == pytest.approx(np.sqrt(600) * 10)
    assert scale_[10, 0] == pytest.approx(np.sqrt(600) * 2)


# -- transforms ------------------------------------------------------------------------------------


def by(matrix: list[list[float]]) -> Transform:
    return Transform("fixed", lambda *_: tf.constant(matrix, tf.float32))


def test_a_shift_moves_pixels_and_fills_with_the_colour() -> None:
    picture = np.arange(12, dtype=np.float32).reshape(1, 3, 4, 1)
    shifted = np.asarray(moved(tf.constant(picture), [by([[1, 0, 1], [0, 1, 0], [0, 0, 1]])], 1.0, SEED, (0.5,)))
    assert shifted[0, :, :, 0].tolist() == [[1, 2, 3, 0.5], [5, 6, 7, 0.5], [9, 10, 11, 0.5]]


def test_a_half_turn_is_about_the_centre() -> None:
    picture = np.arange(12, dtype=np.float32).reshape(1, 3, 4, 1)
    turned = np.asarray(moved(tf.constant(picture), [by([[-1, 0, 0], [0, -1, 0], [0, 0, 1]])], 1.0, SEED, (0.0,)))
    np.testing.assert_allclose(turned[0, :, :, 0], picture[0, ::-1, ::-1, 0], atol=1e-4)


def test_the_first_movement_is_made_first() -> None:
    picture = np.arange(12, dtype=np.float32).reshape(1, 3, 4, 1)
    shift, turn = by([[1, 0, 1], [0, 1, 0], [0, 0, 1]]), by([[-1, 0, 0], [0, -1, 0], [0, 0, 1]])
    shifted_then_turned = [[0, 11, 10, 9], [0, 7, 6, 5], [0, 3, 2, 1]]
    turned_then_shifted = [[10, 9, 8, 0], [6, 5, 4, 0], [2, 1, 0, 0]]
    for transforms, expected in (((shift, turn), shifted_then_turned), ((turn, shift), turned_then_shifted)):
        found = np.asarray(moved(tf.constant(picture), transforms, 1.0, SEED, (0.0,)))
        np.testing.assert_allclose(found[0, :, :, 0], expected, atol=1e-4)


@pytest.mark.parametrize("transform", [jitter(0.2), scale(0.3), rotate(20), pad(0.2)], ids=lambda t: t.name)
def test_every_transform_moves_by_its_seed_and_not_at_strength_0(transform: Transform) -> None:
    picture = tf.constant(np.random.default_rng(0).random((2, 21, 34, 3), np.float32))
    first, again, other = (
        np.asarray(moved(picture, [transform], 1.0, tf.constant(seed, tf.int32), (0.5,) * 3))
        for seed in ([0, 1], [0, 1], [0, 2])
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - picture).max() > 0.1
    assert (np.abs(first - other).max() > 0.05) == (transform.name != "pad")
    assert moved(picture, [transform], 0.0, SEED, (0.5,) * 3) is picture
    still = np.asarray(transform.matrix(SEED, 21, 34, 0.0))
    np.testing.assert_array_equal(still, np.eye(3))


def test_movements_and_waves_go_with_the_grid() -> None:
    assert cell((112, 140, 3), [(14, 14)]) == 8
    assert cell((112, 140, 3), [(1, 1)]) == 140
    assert [strength(pixels) for pixels in (1, 4, 10, 16, 100)] == [0, 0, 0.5, 1, 1]
    assert [longest_wave(pixels) for pixels in (1, 2, 8)] == [1, 1, 32]


# -- penalties and what is shown -------------------------------------------------------------------


def test_penalties_by_hand() -> None:
    picture = np.zeros((1, 2, 3, 1), np.float32)
    picture[0, 0, 1] = 0.6
    tensor = tf.constant(picture)
    assert float(total_variation(1).function(tensor)[0]) == pytest.approx(3 * 0.6 / np.sqrt(6), rel=1e-5)
    assert float(l2(1).function(tensor)[0]) == pytest.approx(2 * (5 * 0.25 + 0.01) / np.sqrt(6), rel=1e-5)
    # the mean of each pixel's 3 x 3 neighbours, the edge repeated: 2 of 9 of them are the bright one, above and below 1
    blurred = 0.6 * np.array([[2, 2, 2], [1, 1, 1]]) / 9
    expected = 2 * ((picture[0, :, :, 0] - blurred) ** 2).sum() / np.sqrt(6)
    assert float(blur(1).function(tensor)[0]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("side", "left"), [(180, 130), (112, 62), (96, 70), (28, 20), (3, 3)])
def test_the_plain_recipe_crops_and_centres(side: int, left: int) -> None:
    pictures = np.random.default_rng(0).random((2, side, side + 1, 3)).astype(np.float32)
    shown = standardised(pictures)
    assert shown.shape[1] == left
    if side > 20:
        assert abs(shown.mean() - 0.5) < 0.01 and abs(shown[0].std() - 0.15) < 0.005
    assert PRESETS["gradient_ascent"].show is standardised
