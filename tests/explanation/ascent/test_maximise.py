"""`maximize_activation`: what it gives, what it says, and what it refuses."""

import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image

from camwidget import Explainer, FilterImages, maximize_activation, samples
from camwidget.explanation.ascent import PRESETS, Ascent, Frame, channel, logit, prepare
from camwidget.explanation.ascent import maximise as module
from camwidget.explanation.ascent.prepare import channels_of, layer_with_channels, pixels_of
from tests.explanation.ascent.networks import activations_at, forked_network, headed_network, linear_network


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return Explainer(samples.network(), class_names=samples.CLASS_NAMES)


def quietly(*arguments: Any, **options: Any) -> FilterImages:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return maximize_activation(*arguments, **options)


# -- laws ------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("layer", ["block1_relu1", "block2_relu2", "logits"])
def test_what_is_reached_beats_random_starts_and_real_pictures(explainer: Explainer, preset: str, layer: str) -> None:
    found = quietly(explainer, layer, preset=preset)
    known = layer_with_channels(explainer.probe_of_size(112, 112), layer)
    ascent = prepare(explainer, channels_of(known, list(found.filters)), preset=preset)
    np.testing.assert_allclose(np.diagonal(activations_at(ascent, found.inputs)), found.reached, rtol=1e-3, atol=1e-4)
    assert found.inputs.min() >= 0 and found.inputs.max() <= 255
    reacting = ~np.isin(found.filters, found.silent)
    assert reacting.mean() > 0.9
    starts = [ascent.preset.parameterisation.start(np.random.default_rng(seed), (112, 112, 3)) for seed in range(64)]
    frame = Frame(ascent, range(64), 0, np.zeros(64), np.stack(starts), (112, 112, 3), (0,) * 64)
    random = np.concatenate([frame.inputs, np.random.default_rng(0).uniform(0, 255, frame.inputs.shape)])
    assert (found.reached > activations_at(ascent, random.astype(np.float32)).max(axis=1))[reacting].all()
    real = np.stack([samples.scene(seed).image for seed in range(24)]).astype(np.float32)
    assert (found.reached > activations_at(ascent, real).max(axis=1))[reacting].mean() >= 0.9


@pytest.mark.parametrize("preset", PRESETS)
def test_one_neuron_of_the_first_layer_shows_its_kernel(explainer: Explainer, preset: str) -> None:
    kernels = explainer.model.get_layer("block1_conv1").get_weights()[0]
    found = quietly(explainer, [channel("block1_conv1", c, neuron=(20, 30)) for c in range(16)], preset=preset)
    for index, inputs in zip(found.filters, found.inputs, strict=True):
        patch = inputs[40:43, 60:63]  # two pixels for each neuron, padded at the lower end alone
        assert np.corrcoef(patch.ravel(), np.sign(kernels[..., index]).ravel())[0, 1] > 0.9


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("size", [(28, 28, 1), (32, 32, 3), (40, 61, 2)])
def test_small_grey_and_other_inputs_work(size: tuple[int, int, int], preset: str) -> None:
    model = linear_network(size) if size[2] == 1 else keras.Sequential([keras.Input(size), layers.Conv2D(3, 5)])
    name = model.layers[-1].name
    found = quietly(model, name, preset=preset, preprocess=lambda picture: picture / 255)
    assert (found.reached > found.at_start).all() and found.inputs.shape[1:] == size
    assert found.images.dtype == np.uint8 and found.images.shape[3] == 3
    crop = round(28 * 25 / 180) if preset == "gradient_ascent" else 0
    if size[2] == 1:
        assert found.images.shape[1:3] == (28 - 2 * crop, 28 - 2 * crop)
        assert (found.images[..., 0] == found.images[..., 2]).all()


@pytest.mark.slow
def test_squeezenet_puts_the_class_first(real_data: Path) -> None:
    network = keras.models.load_model(real_data / "networks" / "squeezenet11.keras")
    assert isinstance(network, keras.Model)
    classes = np.linspace(5, 995, 20).astype(int)
    found = quietly(network, "logits", classes.tolist())
    generator = np.random.default_rng(0)
    shifted = np.roll(found.inputs, (8, 8), axis=(1, 2))
    noisy = np.clip(np.roll(found.inputs, (-8, 8), axis=(1, 2)) + generator.normal(0, 8, shifted.shape), 0, 255)
    for inputs in (found.inputs, shifted, noisy):
        first = np.asarray(network(inputs.astype(np.float32))).argmax(axis=1)
        assert (first == classes).sum() >= 18


# -- what is given ---------------------------------------------------------------------------------


def test_names_numbers_and_silent_filters(headed: Explainer) -> None:
    with pytest.warns(UserWarning, match=r"1 filter is silent, no step changed the activation: 3\."):
        found = maximize_activation(headed, "conv", steps=5)
    assert found.filters == (0, 1, 2, 3) and found.names[2] == "filter 2" and found.layer == "conv"
    assert found.silent == (3,) and found.reached[3] == 0
    assert found.activations.shape == (4, 5) and (found.reached == found.activations[:, -1]).all()
    assert repr(found) == "<FilterImages: 4 pictures for conv, fourier, 5 steps, 1 silent>"


def test_classes_go_by_name_and_filters_by_a_single_number(headed: Explainer) -> None:
    found = quietly(headed, "logits", ["<pear>", 0], steps=3)
    assert found.filters == (1, 0) and found.names == ("<pear>", "plum & fig")
    assert quietly(headed, "units", 4, steps=2).names == ("unit 4",)
    assert quietly(headed, logit("lime") - logit(0), steps=2).names == ("objective 0",)


@pytest.mark.parametrize(("output", "name"), [("ripe", "ripe"), (1, "ripe"), ("fruit", "fruit")])
def test_of_several_outputs_the_classes_are_those_of_one(output: str | int, name: str) -> None:
    explainer = Explainer(forked_network(), preprocess=None)
    inputs = np.random.default_rng(0).uniform(0, 1, (3, 7, 9, 3)).astype(np.float32)
    probabilities = np.asarray(explainer.model(inputs)[name])
    found = activations_at(prepare(explainer, [logit(0), logit(1)], output=output), inputs)
    # differences of logits are differences of log-probabilities
    np.testing.assert_allclose(found[0] - found[1], np.log(probabilities[:, 0] / probabilities[:, 1]), atol=1e-4)
    pictures = quietly(explainer, "logits", steps=2, output=output)
    assert pictures.filters == tuple(range(probabilities.shape[1]))
    assert len(quietly(explainer, "conv", steps=2, output=output).filters) == 4


def test_which_of_several_outputs_has_to_be_said() -> None:
    explainer = Explainer(forked_network(), preprocess=None)
    with pytest.raises(ValueError, match=r"The network has 2 outputs: 'fruit', 'ripe'. Pass one as output="):
        maximize_activation(explainer, "logits", 0)
    with pytest.raises(ValueError, match=r"No output 'colour'. The network's outputs: 'fruit', 'ripe'."):
        maximize_activation(explainer, "logits", 0, output="colour")
    with pytest.raises(TypeError, match="output"):
        maximize_activation(explainer, "logits", 0, output=1.5)  # type: ignore[arg-type] # what is tested


def called_logits(units: int, activation: str) -> keras.Model:
    """A layer called "logits" before the network's last activation, and another way to the same numbers."""
    inputs = keras.Input((7, 9, 3))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, name="conv")(inputs))
    x = layers.Dense(units, name="logits")(x)
    return keras.Model(inputs, layers.Activation(activation, name="end")(x))


def test_logits_are_the_classes_whatever_a_layer_is_called() -> None:
    explainer = Explainer(called_logits(3, "softmax"), preprocess=None, class_names=["plum", "fig", "pear"])
    found = quietly(explainer, "logits", ["fig", 0], steps=2)
    assert found.names == ("fig", "plum") and found.filters == (1, 0)
    assert prepare(explainer, [logit("fig")]).layers[0].kind == "logits"
    # one sigmoid unit s is two classes, -s and s, and the layer's own unit is s
    explainer = Explainer(called_logits(1, "sigmoid"), preprocess=None, class_names=["no", "yes"])
    inputs = np.random.default_rng(0).uniform(0, 1, (2, 7, 9, 3)).astype(np.float32)
    probability = np.asarray(explainer.model(inputs))[:, 0]
    score = np.log(probability / (1 - probability))
    yes = activations_at(prepare(explainer, [logit("no"), logit("yes")]), inputs)
    np.testing.assert_allclose(yes, [-score, score], atol=1e-5)
    layer = next(layer for layer in explainer.probe_of_size(7, 9).channels if layer.name == "logits")
    np.testing.assert_allclose(activations_at(prepare(explainer, channels_of(layer, [0])), inputs), [score], atol=1e-5)


def test_a_network_without_a_head_will_do() -> None:
    model = linear_network((None, None, 1))
    with pytest.warns(UserWarning, match=r"Nothing tells how this network wants its pictures"):
        found = maximize_activation(model, "conv", [1], steps=4, size=(20, 26))
    assert found.inputs.shape == (1, 20, 26, 1)
    assert quietly(model, "conv", [1], steps=1, size=np.int64(22)).inputs.shape == (1, 22, 22, 1)


def test_pictures_are_saved_and_shown(headed: Explainer, tmp_path: Path) -> None:
    found = quietly(headed, "conv", [2, 0, 1], steps=2)
    found.save(tmp_path / "all.png")
    with Image.open(tmp_path / "all.png") as sheet:
        assert sheet.size == (3 * 9 + 2 * 2, 7)
        np.testing.assert_array_equal(np.asarray(sheet)[:, 11:20], found.images[1])
        assert np.asarray(sheet)[0, 9].tolist() == [255] * 3
    found.save(tmp_path / "each")
    with Image.open(tmp_path / "each" / "conv_2.png") as one:
        np.testing.assert_array_equal(np.asarray(one), found.images[0])
    assert found._repr_png_().startswith(b"\x89PNG")
    titles = [ax.get_title() for ax in found.plot(columns=2).axes]
    assert titles[0] == f"filter 2\n{found.reached[0]:.3g}" and len(titles) == 4
    with pytest.raises(ValueError, match=r"columns=0 is below 1"):
        found.plot(columns=0)


def test_an_interrupt_keeps_what_there_is(headed: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    original = module.climb

    def climb(ascent: Any, positions: range) -> Iterator[Frame]:
        for frame in original(ascent, positions):
            yield frame
            if positions.start == 16 and frame.step == 2:
                raise KeyboardInterrupt

    monkeypatch.setattr(module, "climb", climb)
    monkeypatch.setattr(Ascent, "batches", [range(16), range(16, 32), range(32, 40)])
    with pytest.warns(UserWarning, match=r"Interrupted: 32 of 40 pictures were begun, the last 16 .* for 2 of 6 steps"):
        found = maximize_activation(headed, [logit(n % 3) for n in range(40)], steps=6)
    assert len(found) == len(found.images) == 32
    assert np.isfinite(found.activations[:16]).all()
    assert np.isnan(found.activations[16:, 2:]).all() and np.isfinite(found.reached).all()


def test_a_stopped_picture_is_named(headed: Explainer) -> None:
    nan = replace(PRESETS["gradient_ascent"], name="nan", penalties=())
    model = headed_network()
    kernel, bias = model.get_layer("conv").get_weights()
    bias[1] = np.inf
    model.get_layer("conv").set_weights([kernel, bias])
    with pytest.warns(UserWarning) as said:
        found = maximize_activation(model, "conv", [0, 1], preset=nan, steps=3)
    assert any(
        "filter 1 stopped at step 1: its activation or derivative was not finite" in str(w.message) for w in said
    )
    assert np.isfinite(found.inputs).all() and found.reached[0] > found.at_start[0]


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        (("conv", [4]), {}, ValueError, r"No filter 4: layer 'conv' has 4, 0 to 3\."),
        (("conv", [-1]), {}, ValueError, r"filters=-1 is below 0"),
        (("conv", ["fig"]), {}, TypeError, r"A filter of layer 'conv' is a number, 0 to 3, not 'fig'"),
        (("logits", ["limes"]), {}, ValueError, r"No one class is called 'limes'\. Did you mean 'lime'"),
        (("logits", [3]), {}, ValueError, r"No class 3: the network has 3, 0 to 2\."),
        (("konv",), {}, ValueError, r"No layer 'konv'\. Did you mean 'conv'\? Layers with channels: .*gap, units"),
        (([],), {}, TypeError, r"takes a layer's name, 'logits', or objectives, not \[\]"),
        ((channel("conv", 0), [1]), {}, TypeError, r"filters= goes with a layer's name"),
        ((channel("conv", 0, neuron=(7, 0)),), {}, ValueError, r"not on the grid of layer 'conv', 7 x 9"),
        (("conv", []), {}, ValueError, r"no filter was given"),
        (("conv", [0]), {"steps": 0}, ValueError, r"steps=0 is below 1"),
        (("conv", [0]), {"size": 0}, ValueError, r"size=0 is below 1"),
        (("conv", [0]), {"size": (7, -9)}, ValueError, r"size=-9 is below 1"),
        (("conv", [0]), {"size": (7, 9, 3)}, ValueError, r"size= takes one number or \(height, width\)"),
        (("conv", [0]), {"size": 32}, ValueError, r"size=32: this network takes pictures of 7 x 9 pixels alone"),
        (("conv", [0]), {"seed": -1}, ValueError, r"seed=-1 is below 0"),
        (("conv", [0]), {"preset": "furier"}, ValueError, r"No preset 'furier'\. Did you mean 'fourier'\?"),
    ],
)
def test_bad_input(headed: Explainer, arguments: tuple, options: dict, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        maximize_activation(headed, *arguments, **options)


@pytest.mark.parametrize("size", [96.0, np.float32(96), (7, 96.0), "96", True])
def test_a_size_is_of_whole_pixels(size: object) -> None:
    with pytest.raises(TypeError, match=r"size= takes whole numbers, not (np\.float32\()?(96|True|'96')"):
        pixels_of(size, (7, 9))
    assert pixels_of(np.array([7, 9]), (1, 1)) == pixels_of(None, (7, 9)) == (7, 9)


def test_a_layer_without_channels() -> None:
    inputs = keras.Input((8, 6, 1))
    x = layers.Reshape((8, 6), name="rows")(layers.Conv2D(1, 1, name="conv")(inputs))
    model = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(x)))
    with pytest.raises(ValueError, match=r"Layer 'rows' has no channels: its output is neither .* Pass another"):
        maximize_activation(model, "rows", preprocess=None)


class Whole(layers.Layer):
    """Rounds down."""

    def call(self, x: Any) -> Any:
        return tf.cast(tf.cast(x, tf.int32), tf.float32)


def test_integer_inputs_have_no_derivative() -> None:
    inputs = keras.Input((8, 6, 3), dtype="uint8")
    model = keras.Model(inputs, layers.Conv2D(2, 3, name="conv")(layers.Rescaling(1 / 255)(inputs)))
    with pytest.raises(ValueError, match=r"takes whole numbers \(uint8\), and these have no derivative to climb"):
        maximize_activation(model, "conv")
    inputs = keras.Input((8, 6, 3))
    x = layers.Conv2D(2, 3, name="conv")(Whole()(inputs))
    with pytest.raises(ValueError, match=r"the network turns it into whole numbers, or an operation"):
        maximize_activation(keras.Model(inputs, x), "conv", preprocess=None)


def test_a_size_that_the_layers_cannot_take() -> None:
    inputs = keras.Input((None, None, 3))
    x = layers.Conv2D(2, 40, strides=20, name="wide")(inputs)
    model = keras.Model(inputs, x)
    with pytest.raises(ValueError, match=r"cannot take pictures of 30 x 30 pixels\. .* it takes 64, 96"):
        maximize_activation(model, "wide", preprocess=None, size=30)
