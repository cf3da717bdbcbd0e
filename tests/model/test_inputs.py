"""Networks of several inputs: which one is the picture, and what goes in beside it."""

import warnings
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from camwidget import Explainer
from camwidget.model import Network, Probe, Side, declared_inputs, load_inputs
from camwidget.model.preprocessing import Preprocessing
from tests.model.networks import (
    FILTERS,
    REFERENCE,
    SHAPE,
    body,
    chain,
    dense_tail,
    derivative,
    fill,
    finite_differences,
    functional,
    picture,
    randomize,
    relu,
)

X, Y = picture(0), picture(1)
NUMBERS = np.array([0.5, -1, 2], np.float32)
# What the numbers are worth to each filter before the hidden layer.
MATRIX = np.random.default_rng(8).normal(size=(3, FILTERS)).astype(np.float32)
PLAIN = Preprocessing(lambda picture: picture, "none, as asked")


def parts() -> tuple[list[layers.Layer], layers.Layer, list[layers.Layer]]:
    beside = layers.Dense(FILTERS, use_bias=False, name="beside")
    return body(), beside, dense_tail()


def joined(stack: list[layers.Layer], beside: layers.Layer, tail: list[layers.Layer], image: Any, given: Any) -> Any:
    """Logits of gap(relu(last(image))) * (1 + numbers MATRIX)."""
    gap, *dense = tail
    pooled, factor = gap(chain(stack, image)), beside(given)
    return chain(dense, pooled + pooled * factor)


def restated(last: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    pooled = relu(last).mean(axis=(0, 1))
    return REFERENCE.pooled_to_logits(pooled * (1 + numbers @ MATRIX.astype(np.float64)))


class Subclassed(keras.Model):
    """Takes a dict or a list, as it is handed over."""

    def __init__(self, names: tuple[str | int, str | int]) -> None:
        super().__init__()
        self.stack, self.beside, self.tail = parts()
        self.names = names

    def call(self, inputs: Any) -> Any:
        image, numbers = (inputs[name] for name in self.names)
        return joined(self.stack, self.beside, self.tail, image, numbers)


def functional_of(container: str) -> keras.Model:
    image, numbers = keras.Input(SHAPE, name="image"), keras.Input((3,), name="numbers")
    outputs = joined(*parts(), image, numbers)
    structures = {
        "dict": {"image": image, "numbers": numbers},
        "list": [image, numbers],
        "numbers first": [numbers, image],
    }
    return keras.Model(structures[container], outputs)


def subclassed_of(container: str, *, called: bool) -> keras.Model:
    model = Subclassed(("image", "numbers") if container == "dict" else (0, 1))
    batch = X[None], NUMBERS[None]
    if called:
        model({"image": batch[0], "numbers": batch[1]} if container == "dict" else list(batch))
    return model


# how it is built -> (network, what is handed to `explain`)
BUILDS: dict[str, tuple[Callable[[], keras.Model], Any]] = {
    "functional, dict": (lambda: functional_of("dict"), {"numbers": NUMBERS, "image": X}),
    "functional, dict for a list": (lambda: functional_of("list"), {"image": X, "numbers": NUMBERS}),
    "functional, list": (lambda: functional_of("list"), [X, NUMBERS]),
    "functional, list for a dict": (lambda: functional_of("dict"), [X, NUMBERS]),
    "functional, tuple": (lambda: functional_of("list"), (X, NUMBERS)),
    "functional, batches of one": (lambda: functional_of("list"), [X[None], NUMBERS[None]]),
    "functional, numbers first": (lambda: functional_of("numbers first"), [NUMBERS, X]),
    "functional, numbers in a list": (lambda: functional_of("numbers first"), [[0.5, -1, 2], X]),
    "subclassed, dict": (lambda: subclassed_of("dict", called=True), {"image": X, "numbers": NUMBERS}),
    "subclassed, list": (lambda: subclassed_of("list", called=True), [X, NUMBERS]),
    "subclassed, batches of one": (lambda: subclassed_of("list", called=True), [X[None], NUMBERS[None]]),
}


def filled(model: keras.Model) -> keras.Model:
    fill(model)
    next(layer for layer in model._flatten_layers() if layer.name == "beside").set_weights([MATRIX])
    return model


@pytest.mark.parametrize("build", BUILDS)
def test_a_picture_and_numbers(build: str) -> None:
    make, given = BUILDS[build]
    explainer = Explainer(filled(make()))
    last = REFERENCE.last(X)
    logits = restated(last, NUMBERS)
    explanation = explainer.explain(given, layer="last", method="hires_cam", target=2)
    assert explanation.score == pytest.approx(logits[2], abs=5e-6)
    expected = finite_differences(lambda a: restated(a, NUMBERS)[2], last)
    np.testing.assert_allclose(explanation.weights, expected, atol=2e-6)
    # Without the numbers the derivative is another one: the test would see them missing.
    assert np.abs(finite_differences(lambda a: REFERENCE.tail(a)[2], last) - expected).max() > 1e-3
    assert explainer.predict(given)[0].index == int(logits.argmax())


def test_the_probe_takes_each_of_the_sides_or_one_for_all() -> None:
    model = filled(functional_of("dict"))
    declared = declared_inputs(model)
    loaded = load_inputs({"image": X, "numbers": NUMBERS}, declared, None, PLAIN)
    probe = Probe(Network(model, SHAPE, loaded.arrangement, (Side((3,), "float32"),)))
    layer = probe.find_layer("last")
    batch = np.stack([X, Y])
    other = np.array([-0.3, 0.4, 1], np.float32)
    for sides, expected in ((NUMBERS[None], (NUMBERS, NUMBERS)), (np.stack([NUMBERS, other]), (NUMBERS, other))):
        seen = probe.observe(layer, batch, (sides,))
        gradients = derivative(probe, layer, batch, seen.output, target=1, sides=(sides,))
        for n, (x, numbers) in enumerate(zip(batch, expected, strict=True)):
            last = REFERENCE.last(x)
            np.testing.assert_allclose(seen.logits[n], restated(last, numbers), atol=1e-5)
            wanted = finite_differences(lambda a, numbers=numbers: restated(a, numbers)[1], last)
            np.testing.assert_allclose(gradients[n], wanted, atol=2e-6)


def test_other_numbers_are_another_question() -> None:
    explainer = Explainer(filled(functional_of("list")))
    other = np.array([-0.3, 0.4, 1], np.float32)
    scores = [explainer.explain([X, n], layer="last", method="grad_cam", target=0).score for n in (NUMBERS, other)]
    np.testing.assert_allclose(scores, [restated(REFERENCE.last(X), n)[0] for n in (NUMBERS, other)], atol=5e-6)


def test_whole_numbers_stay_whole() -> None:
    # A category beside the picture, looked up in a table.
    image, kind = keras.Input(SHAPE, name="image"), keras.Input((1,), name="kind", dtype="int32")
    table = layers.Embedding(4, FILTERS, name="table")
    gap, *dense = dense_tail()
    outputs = chain(dense, gap(chain(body(), image)) + layers.Flatten()(table(kind)))
    model = fill(keras.Model([image, kind], outputs))
    table.set_weights([np.arange(4 * FILTERS).reshape(4, FILTERS).astype(np.float32) / 10])
    pooled = relu(REFERENCE.last(X)).mean(axis=(0, 1))
    for number in (1, 3):
        explanation = Explainer(model).explain([X, np.array([number])], method="grad_cam", target=1)
        logits = REFERENCE.pooled_to_logits(pooled + (number * FILTERS + np.arange(FILTERS)) / 10)
        assert explanation.score == pytest.approx(logits[1], abs=5e-6)


# -- two pictures -----------------------------------------------------------------------------------


def siamese() -> keras.Model:
    """Logits of gap(b(left)) + 2 gap(b(right)), one backbone."""
    left, right = keras.Input(SHAPE, name="left"), keras.Input(SHAPE, name="right")
    backbone = functional(body(), name="backbone")
    gap, *dense = dense_tail()
    # Both at one depth: Keras runs the deepest branch first, and uses are counted as they run.
    return fill(keras.Model([left, right], chain(dense, 1 * gap(backbone(left)) + 2 * gap(backbone(right)))))


class SubclassedSiamese(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = functional(body(), name="backbone")
        self.gap, *self.dense = dense_tail()

    def call(self, inputs: Any) -> Any:
        left, right = inputs
        return chain(self.dense, self.gap(self.backbone(left)) + 2 * self.gap(self.backbone(right)))


def subclassed_siamese() -> keras.Model:
    model = SubclassedSiamese()
    model([X[None], Y[None]])
    return fill(model)


def siamese_tail(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return REFERENCE.pooled_to_logits(relu(left).mean(axis=(0, 1)) + 2 * relu(right).mean(axis=(0, 1)))


@pytest.mark.parametrize("make", [siamese, subclassed_siamese])
def test_two_pictures_of_which_one_is_painted(make: Callable[[], keras.Model]) -> None:
    explainer = Explainer(make())
    names = ("left", "right") if make is siamese else ("input 0", "input 1")
    left, right = REFERENCE.last(X), REFERENCE.last(Y)
    logits = siamese_tail(left, right)
    expected = {
        "backbone/last": finite_differences(lambda a: siamese_tail(a, right)[3], left),
        "backbone#2/last": finite_differences(lambda a: siamese_tail(left, a)[3], right),
    }
    assert np.abs(expected["backbone/last"]).max() > 1e-3
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Layer .* depends on another input")
        first = explainer.explain([X, Y], input=0, layer="backbone/last", method="hires_cam", target=3).weights
    if make is siamese and np.abs(first - expected["backbone/last"]).max() > 1e-4:
        # Which branch of a graph runs first, and so is called `backbone`, is Keras' own choice.
        expected = dict(zip(expected, reversed(expected.values()), strict=True))
    for painted in (0, names[0], 1, names[1]):
        for layer, wanted in expected.items():
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Layer .* depends on another input")
                explanation = explainer.explain([X, Y], input=painted, layer=layer, method="hires_cam", target=3)
            assert explanation.score == pytest.approx(logits[3], abs=5e-6)
            np.testing.assert_allclose(explanation.weights, wanted, atol=2e-6)
        shown = (X, Y)[painted if isinstance(painted, int) else names.index(painted)]
        np.testing.assert_array_equal(explainer.picture([X, Y], painted).inputs, shown)
    # With respect to the picture itself the two differ: the second counts twice.
    pixels = [explainer.explain([X, X], input=n, method="gradient", target=3).evidence.pixels for n in (0, 1)]
    assert pixels[0] is not None and pixels[1] is not None
    np.testing.assert_allclose(2 * pixels[0].values, pixels[1].values, atol=1e-6)


def two_branches() -> keras.Model:
    """A convolution for each picture; that of the right one runs last."""
    left, right = keras.Input(SHAPE, name="left"), keras.Input(SHAPE, name="right")
    seen = [
        layers.Conv2D(3, 3, activation="relu", name=f"{side}_conv")(picture)
        for side, picture in (("left", left), ("right", right))
    ]
    pooled = [layers.GlobalAveragePooling2D()(each) for each in seen]
    model = keras.Model([left, right], layers.Dense(4, activation="softmax")(layers.Concatenate()(pooled)))
    randomize(model)
    return model


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_default_layer_is_one_of_the_picture_that_is_painted(side: str) -> None:
    explainer = Explainer(two_branches())
    found = explainer.explain([X, Y], input=side, target=3)
    assert found.layer == f"{side}_conv" and not any("another input" in note for note in found.notes)
    other = "left" if side == "right" else "right"
    with pytest.warns(UserWarning, match=f"Layer '{other}_conv' depends on another input than the picture"):
        explainer.explain([X, Y], input=side, target=3, layer=f"{other}_conv")


@pytest.mark.parametrize("make", [siamese, subclassed_siamese])
def test_the_default_use_of_a_shared_backbone_is_that_of_the_picture(make: Callable[[], keras.Model]) -> None:
    explainer = Explainer(make())
    for painted, picture_ in enumerate((X, Y)):
        found = explainer.explain([X, Y], input=painted, target=3)
        np.testing.assert_allclose(found.evidence.activations, relu(REFERENCE.last(picture_)), atol=1e-5)


def test_both_pictures_are_preprocessed() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, size=(2, 24, 30, 3), dtype=np.uint8)
    half = Preprocessing(lambda picture: picture / 255 - 0.5, "halved", is_identity=False)
    loaded = load_inputs(list(pixels), declared_inputs(siamese()), 1, half)
    other = load_inputs(list(pixels[::-1]), declared_inputs(siamese()), 0, half)
    np.testing.assert_array_equal(loaded.inputs, other.inputs)
    np.testing.assert_array_equal(loaded.sides[0], other.sides[0])
    assert loaded.inputs.shape == SHAPE and np.abs(loaded.sides[0]).max() <= 0.5
    assert loaded.key != other.key


# -- one input, in a list or a dict -------------------------------------------------------------------


@pytest.mark.parametrize("container", ["list", "dict"])
def test_one_input_in_a_container_takes_a_bare_picture(container: str) -> None:
    inputs = keras.Input(SHAPE, name="image")
    outputs = chain([*body(), *dense_tail()], inputs)
    model = fill(keras.Model([inputs] if container == "list" else {"image": inputs}, [outputs]))
    explainer = Explainer(model)
    expected = REFERENCE.logits(X)
    for given in (X, X[None], {"image": X}):
        assert explainer.explain(given, method="grad_cam", target=1).score == pytest.approx(expected[1], abs=5e-6)
    assert [layer.name for layer in explainer.layers] == ["conv", "pool", "last", "relu"]


# -- errors -----------------------------------------------------------------------------------------

BOTH = "left, right"
WRONG: dict[str, tuple[Any, dict[str, Any], type[Exception], str]] = {
    "one picture": (X, {}, TypeError, rf"takes 2 inputs: {BOTH}\. Pass them all"),
    "which is it": ([X, Y], {}, ValueError, rf"picture to paint on\? Pass one of {BOTH} as input="),
    "another name": (
        [X, Y],
        {"input": "middle"},
        ValueError,
        rf"No input 'middle'\. The network's inputs are {BOTH}\.",
    ),
    "another number": ([X, Y], {"input": 2}, ValueError, rf"No input 2\. The network's inputs are {BOTH}\."),
    "three": ([X, Y, X], {"input": 0}, ValueError, rf"takes 2 inputs, {BOTH}; 3 were given"),
    "other names": ({"left": X, "rigth": Y}, {}, ValueError, rf"inputs are {BOTH}; left, rigth were given"),
}


@pytest.mark.parametrize("case", WRONG)
def test_inputs_that_do_not_fit(case: str) -> None:
    given, options, kind, words = WRONG[case]
    with pytest.raises(kind, match=words):
        Explainer(siamese()).explain(given, **options)


def test_numbers_of_another_shape() -> None:
    with pytest.raises(ValueError, match=r"Input 'numbers' takes the shape \(3,\).*; \(4,\) was given"):
        Explainer(functional_of("list")).explain([X, np.ones(4, np.float32)])


def test_several_inputs_for_a_network_of_one() -> None:
    model = fill(functional([*body(), *dense_tail()]))
    with pytest.raises(TypeError, match="takes one picture; a dict of 2 inputs was given"):
        Explainer(model).explain({"image": X, "numbers": NUMBERS})
    with pytest.raises(ValueError, match="No input 'numbers': the network has one"):
        Explainer(model).explain(X, input="numbers")
