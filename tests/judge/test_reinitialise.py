"""Random weights: what each scheme draws, for every kind of layer, and that nothing else is drawn on the way."""

import random
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from camwidget.explanation import Explainer
from camwidget.judge import cascading_randomization
from camwidget.judge.reinitialise import SCHEMES, begun_anew
from camwidget.model.weights import numbers
from tests.judge.networks import halved, nested_network, pictures


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_each_scheme_draws(scheme: str):
    model = nested_network()
    explainer = Explainer(model, preprocess=None)
    probe = explainer.probe(explainer.picture(np.zeros((6, 8, 3), np.float32)))
    weighted = {each.name: each for each in probe.weighted_layers()}
    generator = np.random.default_rng(0)
    for each in (weighted["end"], weighted["b"], weighted["back/n"]):
        for variable, values in SCHEMES[scheme](each, generator):
            variable.assign(values)
    kernel, bias = (numbers(v) for v in weighted["end"].variables)
    spread = {"normal": 0.01, "initializer": np.sqrt(2 / (3 + 4))}[scheme]
    assert 0.3 * spread < kernel.std() < 2 * spread
    assert bias.any() == (scheme == "normal")
    depth, point, _ = (numbers(v) for v in weighted["b"].variables)
    assert np.abs(depth).max() < 1.5 and np.abs(point).max() < 1.5  # they were about 5
    gamma, beta, mean, variance = (numbers(v) for v in weighted["back/n"].variables)
    assert (gamma == 1).all() and (beta == 0).all() and (mean == 0).all() and (variance == 1).all()


class Scaled(layers.Layer):
    """Keeps no initialiser: how its weights begin is known while it is built."""

    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight(shape=(input_shape[-1],), initializer="random_normal", name="scale")

    def call(self, inputs: Any) -> Any:
        return inputs * self.scale


def test_a_layer_that_keeps_no_initialiser_follows_from_the_seed():
    keras.utils.set_random_seed(2)
    picture = keras.Input((4, 6, 1))
    x = Scaled(name="scaled")(layers.Conv2D(3, 3, padding="same", name="conv")(picture))
    model = keras.Model(picture, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(x)))
    explainer = Explainer(model, preprocess=halved)

    def drawn(seed: int) -> np.ndarray:
        shown = pictures(4)
        options: dict[str, Any] = {"methods": ["grad_cam"], "scheme": "initializer", "target": 1}
        found = cascading_randomization(explainer, shown, seed=seed, **options)
        assert found.steps[2] == "scaled"
        return found.values["grad_cam"]["signed"]

    first = drawn(5)
    random.random()  # whatever else draws meanwhile
    np.testing.assert_array_equal(drawn(5), first)
    assert (drawn(6) != first).any()


def test_pythons_generator_goes_on_where_it_was():
    before = random.getstate()
    drawn = []
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt), begun_anew(3):
            drawn.append(random.random())
            raise KeyboardInterrupt
    assert drawn[0] == drawn[1] and random.getstate() == before


class Unnamed(Scaled):
    """Does not say what it was made of."""

    def __init__(self, made_of: object) -> None:
        super().__init__(name="unnamed")
        self.made_of = made_of


class Broken(Scaled):
    """Has a fault of its own where it is built for the second time."""

    built_before = False

    def build(self, input_shape: Any) -> None:
        if Broken.built_before:
            raise AttributeError("no attribute 'scal'")
        Broken.built_before = True
        super().build(input_shape)


@pytest.mark.parametrize(
    "layer, error, message",
    [
        (Unnamed(object()), ValueError, r"Layer 'unnamed' \(Unnamed\) does not say how its weights begin"),
        (Broken(), AttributeError, "no attribute 'scal'"),  # a fault of the layer's is not called something else
    ],
)
def test_a_layer_that_cannot_be_built_again(layer: keras.layers.Layer, error: type[Exception], message: str):
    picture = keras.Input((4, 6, 1))
    x = layer(layers.Conv2D(3, 3, name="conv")(picture))
    model = keras.Model(picture, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(x)))
    probe = Explainer(model, preprocess=halved).probe_of_size(4, 6)
    weighted = next(each for each in probe.weighted_layers() if each.layer is layer)
    with pytest.raises(error, match=message):
        SCHEMES["initializer"](weighted, np.random.default_rng(0))
