"""What a network wants done to a picture, found out or given."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from camwidget.model import declared_inputs, find_preprocessing
from camwidget.model.pictures import load_picture
from camwidget.model.preprocessing import Preprocessing
from tests.model.networks import body, functional

PIXELS = np.random.default_rng(0).uniform(0, 255, size=(4, 6, 3)).astype(np.float32)
CAFFE = np.array([103.939, 116.779, 123.68], np.float32)  # mean blue, green, red of ImageNet
TORCH_MEAN, TORCH_DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])

# the name keras.applications gives -> what its paper does with pixels
KNOWN = {
    "vgg16": PIXELS[..., ::-1] - CAFFE,
    "vgg19": PIXELS[..., ::-1] - CAFFE,
    "resnet50": PIXELS[..., ::-1] - CAFFE,
    "resnet101": PIXELS[..., ::-1] - CAFFE,
    "resnet50v2": PIXELS / 127.5 - 1,
    "resnet152v2": PIXELS / 127.5 - 1,
    "mobilenet_1.00_224": PIXELS / 127.5 - 1,
    "mobilenetv2_1.00_224": PIXELS / 127.5 - 1,
    "xception": PIXELS / 127.5 - 1,
    "inception_v3": PIXELS / 127.5 - 1,
    "inception_resnet_v2": PIXELS / 127.5 - 1,
    "NASNet": PIXELS / 127.5 - 1,
    "densenet121": (PIXELS / 255 - TORCH_MEAN) / TORCH_DEVIATION,
    "efficientnetb0": PIXELS,
    "efficientnetv2-s": PIXELS,
    "MobileNetV3Large": PIXELS,
    "convnext_tiny": PIXELS,
}


def named(name: str) -> keras.Model:
    return functional([*body()[:1]], shape=(4, 6, 3), name=name)


@pytest.mark.parametrize("name", KNOWN)
def test_networks_of_keras_applications_are_known_by_name(name: str) -> None:
    found = find_preprocessing(named(name))
    before = PIXELS.copy()
    np.testing.assert_allclose(found.function(PIXELS), KNOWN[name], rtol=1e-5, atol=1e-4)
    np.testing.assert_array_equal(PIXELS, before)  # Keras' own functions write into their argument
    assert found.is_known
    assert found.is_identity is (KNOWN[name] is PIXELS)
    assert found.description.startswith("keras.applications.")


@pytest.mark.parametrize("name", ["VGG16", "ResNet50V2", "MobileNetV2", "MobileNetV3Small"])
def test_the_names_are_those_that_keras_gives(name: str) -> None:
    size = (32, 64, 3) if name != "MobileNetV3Small" else (64, 96, 3)
    options = {"minimalistic": True} if name == "MobileNetV3Small" else {}
    model = getattr(keras.applications, name)(weights=None, include_top=False, input_shape=size, **options)
    assert find_preprocessing(model).is_known
    assert find_preprocessing(model).description.startswith("keras.applications.")


@pytest.mark.parametrize("layer", [layers.Rescaling(1 / 255), layers.Normalization(mean=0.5, variance=1.0)])
@pytest.mark.parametrize("nested", [False, True])
def test_a_network_that_rescales_inside(layer: layers.Layer, nested: bool) -> None:
    stack = [layer, *body()[:1]]
    if nested:
        stack = [functional(stack, shape=(4, 6, 3))]
    found = find_preprocessing(functional(stack, shape=(4, 6, 3)))
    assert (found.is_known, found.is_identity, found.description) == (True, True, "inside the network")
    np.testing.assert_array_equal(found.function(PIXELS), PIXELS)


def test_a_network_that_tells_nothing() -> None:
    found = find_preprocessing(functional(body()[:1], shape=(4, 6, 3)))
    assert not found.is_known
    np.testing.assert_array_equal(found.function(PIXELS), PIXELS)


def test_none_is_none() -> None:
    found = find_preprocessing(named("vgg16"), None)
    assert (found.is_known, found.is_identity) == (True, True)
    np.testing.assert_array_equal(found.function(PIXELS), PIXELS)


def test_a_function_is_taken_as_it_is() -> None:
    def halved(picture: np.ndarray) -> np.ndarray:
        return picture / 2

    found = find_preprocessing(named("vgg16"), halved)
    assert (found.is_known, found.is_identity, found.description) == (True, False, "halved")
    np.testing.assert_array_equal(found.function(PIXELS), PIXELS / 2)


def test_a_function_that_writes_into_its_argument_leaves_the_picture_as_it_was() -> None:
    found = find_preprocessing(named("x"), keras.applications.vgg16.preprocess_input)  # pyright: ignore[reportArgumentType] # gives an array for an array
    picture = load_picture(np.full((4, 6, 3), 200, np.uint8), (4, 6, 3), found)
    np.testing.assert_array_equal(picture.raw, np.full((4, 6, 3), 200))
    np.testing.assert_allclose(picture.inputs, np.broadcast_to(200 - CAFFE, (4, 6, 3)), rtol=1e-5)


def test_anything_else_is_refused() -> None:
    with pytest.raises(TypeError, match=r'preprocess= takes "auto", None or a function .* \'vgg16\' is none of these'):
        find_preprocessing(named("x"), "vgg16")


# -- found by showing plain pictures ----------------------------------------------------------------


def beginning(first: Any, shape: tuple[int | None, ...] = (4, 6, 3)) -> keras.Model:
    inputs = keras.Input(shape)
    return keras.Model(inputs, body()[0](first(inputs)))


INSIDE: dict[str, Callable[[Any], Any]] = {
    "divided": lambda x: x / 255.0,
    "a function of Keras": keras.applications.mobilenet_v2.preprocess_input,
    "means subtracted": keras.applications.vgg16.preprocess_input,
    "a Lambda": layers.Lambda(lambda x: tf.cast(x, tf.float32) / 127.5 - 1),
    "padded": lambda x: layers.ZeroPadding2D(1)(x) * (1 / 255),
    "enlarged": lambda x: layers.Resizing(8, 8)(x) - 128.0,
    "standardised": layers.Lambda(tf.image.per_image_standardization),
}
NOT_INSIDE: dict[str, Callable[[Any], Any]] = {
    "enlarged": layers.Resizing(8, 8),
    "flipped and padded": lambda x: layers.ZeroPadding2D(1)(x[:, :, ::-1]),
    "made large from 0 to 1": lambda x: keras.applications.vgg16.preprocess_input(255.0 * x),
    "cut off at 1": lambda x: keras.ops.clip(x, 0, 1),
    "normalised by training": layers.BatchNormalization(),
}


def looked_at(model: keras.Model) -> Preprocessing:
    return find_preprocessing(model, "auto", declared_inputs(model))


@pytest.mark.parametrize("how", INSIDE)
def test_pixels_made_small_by_operations_are_found(how: str) -> None:
    found = looked_at(beginning(INSIDE[how]))
    assert (found.is_known, found.is_identity, found.takes_pixels) == (True, True, True)


def test_pictures_of_any_size_and_other_inputs_beside_them() -> None:
    assert looked_at(beginning(INSIDE["divided"], (None, None, 1))).is_known
    picture, age = keras.Input((4, 6, 3)), keras.Input((2,))
    small: Any = INSIDE["divided"](picture)
    joined = layers.Concatenate()([layers.Flatten()(body()[0](small)), age])
    assert looked_at(keras.Model([age, picture], joined)).is_known


@pytest.mark.parametrize("how", NOT_INSIDE)
def test_what_leaves_pixels_as_they_are_or_takes_other_numbers_tells_nothing(how: str) -> None:
    assert not looked_at(beginning(NOT_INSIDE[how])).is_known
