"""What a network wants done to a picture, found out or given."""

import keras
import numpy as np
import pytest
from keras import layers

from camwidget.model import find_preprocessing
from camwidget.model.pictures import load_picture
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
