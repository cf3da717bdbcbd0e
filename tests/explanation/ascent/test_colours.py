"""What a preprocessing does to colours is found from what it does to pictures."""

import numpy as np
import pytest

from camwidget.explanation.ascent.colours import find_colours
from camwidget.model import find_preprocessing


def caffe(picture: np.ndarray) -> np.ndarray:
    """RGB to BGR, less the mean colour: in place, as functions of users may."""
    picture[:] = picture[..., ::-1] - np.array([100.0, 120.0, 140.0])
    return picture


def test_scale_and_shift_of_grey() -> None:
    colours = find_colours(lambda picture: picture / 127.5 - 1, (5, 7, 1))
    np.testing.assert_allclose(colours.matrix, [[2.0]], atol=1e-6)
    np.testing.assert_allclose(colours.offset, [-1.0], atol=1e-6)
    np.testing.assert_allclose(colours.mean, [0.5], atol=1e-6)


def test_channels_are_exchanged_and_the_mean_colour_is_found() -> None:
    colours = find_colours(caffe, (5, 7, 3))
    np.testing.assert_allclose(np.array(colours.matrix), 255 * np.eye(3)[::-1], atol=1e-4)
    # red is what the last channel has as its mean
    np.testing.assert_allclose(np.array(colours.mean) * 255, [140, 120, 100], atol=1e-3)
    picture = np.random.default_rng(0).random((2, 5, 7, 3), np.float32)
    expected = np.stack([caffe(255 * each) for each in picture])
    np.testing.assert_allclose(colours.to_inputs(picture), expected, atol=1e-3)


def test_where_black_is_zero_pictures_begin_with_grey() -> None:
    assert find_colours(lambda picture: picture / 255, (5, 7, 3)).mean == (0.5, 0.5, 0.5)


def test_another_function_at_each_pixel_is_refused() -> None:
    with pytest.raises(ValueError, match=r"has to be the same linear function at every pixel; .* preprocess=None"):
        find_colours(lambda picture: (picture - picture.mean()) / (picture.std() + 1), (5, 7, 3))


def test_a_tensor_gets_the_numbers_of_an_array() -> None:
    import tensorflow as tf

    for function in (caffe, lambda picture: picture / 255):
        colours = find_colours(function, (5, 7, 3))
        picture = np.random.default_rng(0).random((2, 5, 7, 3), np.float32)
        np.testing.assert_allclose(
            colours.to_inputs(tf.constant(picture)).numpy(), colours.to_inputs(picture), atol=1e-3
        )


def test_the_preprocessing_of_applications_is_linear() -> None:
    import keras

    model = keras.Sequential([keras.Input((32, 40, 3)), keras.layers.Conv2D(1, 1)], name="resnet50v2")
    colours = find_colours(find_preprocessing(model).function, (32, 40, 3))
    np.testing.assert_allclose(colours.to_inputs(np.ones((1, 1, 1, 3), np.float32)), 1, atol=1e-5)
