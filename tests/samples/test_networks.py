"""The shipped networks: accurate on what they have never seen, and shaped as the course says."""

import zipfile

import keras
import numpy as np
import pytest

from camwidget import samples
from camwidget.samples import slim, train
from camwidget.samples.material import FOLDER

# Measured on 2,000 held-out pictures by the training command; the floors leave room for a sample of 300.
LOWEST_ACCURACY = {"scenes": 0.97, "scenes_gap": 0.96, "digits": 0.97}


@pytest.fixture(scope="module", params=samples.NETWORK_NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def network(name: str) -> keras.Model:
    return samples.network(name)


def test_held_out_pictures_are_named_rightly(name: str) -> None:
    assert train.accuracy(name, num_pictures=300) >= LOWEST_ACCURACY[name]


def test_answers_are_probabilities_of_ten_classes(network: keras.Model) -> None:
    answers = np.asarray(network(np.zeros((2, *network.input_shape[1:]))))
    assert answers.shape == (2, len(samples.CLASS_NAMES))
    np.testing.assert_allclose(answers.sum(axis=1), 1, rtol=1e-5)


def test_pixels_are_rescaled_inside(network: keras.Model) -> None:
    assert isinstance(network.layers[1], keras.layers.Rescaling)


def test_networks_ship_without_an_optimizer(network: keras.Model) -> None:
    assert not network.compiled


def test_files_open_in_older_versions_of_keras(name: str) -> None:
    """Options that older versions reject are left out; tried once with Keras 3.4.1 and 3.8.0."""
    with zipfile.ZipFile(FOLDER / f"{name}.keras") as archive:
        config = archive.read("config.json").decode()
    assert '"class_name": "Functional"' in config
    assert not [option for option in slim.NEWER_OPTIONS if f'"{option}"' in config]


def test_weights_are_shipped_in_half_precision(network: keras.Model) -> None:
    for weights in network.get_weights():
        assert weights.dtype == np.float32
        np.testing.assert_array_equal(weights, weights.astype(np.float16))


def test_layers_have_telling_names(network: keras.Model) -> None:
    kinds = (keras.layers.Conv2D, keras.layers.BatchNormalization, keras.layers.ReLU)
    named = [layer.name for layer in network.layers if isinstance(layer, kinds)]
    assert named
    assert all(layer.startswith(("block", "dense")) for layer in named)


@pytest.mark.parametrize("name", ["scenes", "scenes_gap"])
def test_the_last_convolution_has_a_14x14_grid(name: str) -> None:
    convolutions = [layer for layer in samples.network(name).layers if isinstance(layer, keras.layers.Conv2D)]
    output = convolutions[-1].output
    _, height, width, channels = output.shape  # pyright: ignore[reportAttributeAccessIssue]  # one output, no list
    assert (height, width) == (14, 14)
    assert channels >= 48


def test_scenes_ends_in_a_dense_relu_tail() -> None:
    layers = [type(layer).__name__ for layer in samples.network("scenes").layers]
    assert layers[-6:] == ["MaxPooling2D", "Flatten", "Dense", "BatchNormalization", "ReLU", "Dense"]


def test_scenes_gap_has_the_head_that_cam_needs() -> None:
    *_, convolution, activation, average, classes = samples.network("scenes_gap").layers
    assert isinstance(convolution, keras.layers.Conv2D)
    assert isinstance(activation, keras.layers.ReLU)
    assert isinstance(average, keras.layers.GlobalAveragePooling2D)
    assert classes.kernel.shape == (convolution.filters, len(samples.CLASS_NAMES))


def test_both_classes_of_a_scene_are_found() -> None:
    """In a scene of threes and an eight these are mostly the two likeliest classes."""
    images = np.stack([samples.scene(seed, [3, 3, 8]).image for seed in range(100)])
    answers = samples.network("scenes").predict(images, verbose=0)  # pyright: ignore[reportArgumentType]  # takes numbers
    top_two = np.sort(np.argsort(answers, axis=1)[:, -2:], axis=1)
    assert (top_two == [3, 8]).all(axis=1).mean() >= 0.85


def test_each_call_loads_a_fresh_copy() -> None:
    first, second = samples.network("digits"), samples.network("digits")
    first.set_weights([np.zeros_like(weights) for weights in first.get_weights()])
    assert any(weights.any() for weights in second.get_weights())


def test_an_unknown_network_is_explained() -> None:
    with pytest.raises(ValueError, match="No sample network 'vgg'. Expected one of: 'scenes', 'scenes_gap', 'digits'."):
        samples.network("vgg")
