"""Each score and its derivative, against the network restated in NumPy, for every kind of head."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from camwidget import Explainer
from camwidget.model import SCORES, Probe
from tests.model.networks import (
    CLASSES,
    FILTERS,
    GRID,
    REFERENCE,
    SHAPE,
    body,
    both,
    dense_tail,
    derivative,
    fill,
    finite_differences,
    functional,
    functional_network,
    gap_network,
    picture,
    probe_of,
    relu,
    softmax,
)

X = picture()
UNIT = np.linspace(-1, 2, FILTERS).astype(np.float32)


def sigmoid(s: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-s))


def restated(name: str, logits: np.ndarray, probabilities: np.ndarray, target: int, against: int) -> float:
    """The score by its definition."""
    return {
        "logit": logits[target],
        "probability": probabilities[target],
        "log_probability": np.log(probabilities[target]),
        "contrast": logits[target] - logits[against],
    }[name]


def unit_network(activation: str | None, loss: Any = None) -> keras.Model:
    """relu, GAP, one unit with the weights UNIT and the bias 0.25."""
    unit = layers.Dense(1, activation=activation, name="unit")
    model = fill(functional([*body(), layers.GlobalAveragePooling2D(name="gap"), unit]))
    unit.set_weights([UNIT[:, None], np.array([0.25], np.float32)])
    if loss is not None:
        model.compile(loss=loss)
    return model


def unit_of(last: np.ndarray) -> float:
    return float(relu(last).mean(axis=(0, 1)) @ UNIT.astype(np.float64) + 0.25)


def gap_logits(last: np.ndarray) -> np.ndarray:
    return REFERENCE.dense("gap_logits", relu(last).mean(axis=(0, 1)))


def two_classes(last: np.ndarray) -> np.ndarray:
    return np.array([-unit_of(last), unit_of(last)])


# head -> (network, logits from `last` on, probabilities from logits)
HEADS: dict[str, tuple[Callable[[], keras.Model], Callable[..., np.ndarray], Callable[..., np.ndarray]]] = {
    "softmax": (functional_network, REFERENCE.tail, softmax),
    "logits": (lambda: gap_network(None), gap_logits, softmax),
    "several sigmoids": (lambda: gap_network("sigmoid"), gap_logits, sigmoid),
    "one sigmoid": (lambda: unit_network("sigmoid"), two_classes, sigmoid),
    "one unit, sigmoid in the loss": (
        lambda: unit_network(None, keras.losses.BinaryCrossentropy(from_logits=True)),
        two_classes,
        sigmoid,
    ),
}


@pytest.fixture(scope="module", params=HEADS)
def head(request: pytest.FixtureRequest) -> tuple[Probe, Callable[..., np.ndarray], Callable[..., np.ndarray]]:
    make, logits, probabilities = HEADS[request.param]
    return probe_of(make()), logits, probabilities


@pytest.mark.parametrize("score", SCORES)
def test_the_derivative_of_each_score(head: Any, score: str) -> None:
    probe, logits_of, probabilities_of = head
    layer, last = probe.find_layer("last"), REFERENCE.last(X)
    target, against = probe.classes - 1, 0

    def function(output: np.ndarray) -> float:
        logits = logits_of(output)
        return restated(score, logits, probabilities_of(logits), target, against)

    seen = probe.observe(layer, X[None])
    np.testing.assert_allclose(seen.logits[0], logits_of(last), atol=2e-6)
    np.testing.assert_allclose(seen.probabilities[0], probabilities_of(logits_of(last)), atol=1e-6)
    expected = finite_differences(function, last)
    given = {"score": score, "target": target, "against": against}
    np.testing.assert_allclose(derivative(probe, layer, X[None], seen.output, **given)[0], expected, atol=1e-6)
    assert np.abs(expected).max() > 1e-4
    through, scores = probe.gradient_through(layer, score, X[None], both(target, against))
    np.testing.assert_allclose(through[0], expected, atol=1e-6)
    np.testing.assert_allclose(scores, [function(last)], atol=2e-6)
    half = (seen.output / 2).astype(np.float32)
    at_half = probe.scores_at(layer, score, X[None], half, both(target, against))
    np.testing.assert_allclose(at_half, [function(last / 2)], atol=2e-6)


@pytest.mark.parametrize("score", SCORES)
def test_every_picture_has_classes_of_its_own(score: str) -> None:
    probe = probe_of(functional_network())
    layer = probe.find_layer("last")
    batch = np.stack([picture(seed) for seed in range(3)])
    classes = np.array([2, 0, 3], np.int32), np.array([1, 3, 0], np.int32)
    gradients, scores = probe.gradient_through(layer, score, batch, classes)
    pixels, again, relus = probe.pixel_gradient(score, "plain", batch, classes)
    np.testing.assert_array_equal(again, scores)
    assert relus == 0
    for n, (target, against) in enumerate(zip(*classes, strict=True)):
        alone, score_alone = probe.gradient_through(layer, score, batch[n : n + 1], both(target, against))
        np.testing.assert_allclose(gradients[n], alone[0], atol=1e-7)
        logits = REFERENCE.logits(batch[n])
        np.testing.assert_allclose(scores[n], restated(score, logits, softmax(logits), target, against), atol=2e-6)
        np.testing.assert_allclose(score_alone[0], scores[n], atol=1e-6)
        alone, _, _ = probe.pixel_gradient(score, "plain", batch[n : n + 1], both(target, against))
        np.testing.assert_allclose(pixels[n], alone[0], atol=1e-7)


def test_the_derivative_with_respect_to_the_picture() -> None:
    probe = probe_of(functional_network())
    gradients, scores, _ = probe.pixel_gradient("contrast", "plain", X[None], both(2, 1))
    expected = finite_differences(lambda x: REFERENCE.logits(x)[2] - REFERENCE.logits(x)[1], X, step=1e-7)
    np.testing.assert_allclose(gradients[0], expected, atol=2e-6)
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(scores, [REFERENCE.logits(X)[2] - REFERENCE.logits(X)[1]], atol=2e-6)


def test_a_contrast_of_two_sigmoid_classes_is_twice_the_unit() -> None:
    explainer = Explainer(unit_network("sigmoid"))
    one = explainer.explain(X, method="grad_cam", layer="relu", target=1)
    two = explainer.explain(X, method="grad_cam", layer="relu", target=1, score="contrast")
    s = unit_of(REFERENCE.last(X))
    assert two.score == pytest.approx(2 * s, rel=1e-5)
    # s - (-s): the derivative is twice that of s, the weight of a filter UNIT / 54
    np.testing.assert_allclose(np.ravel(one.weights), UNIT / 54, rtol=1e-5)
    np.testing.assert_allclose(np.ravel(two.weights), 2 * UNIT / 54, rtol=1e-5)
    other = explainer.explain(X, method="grad_cam", layer="relu", target=0)
    np.testing.assert_allclose(other.signed, -one.signed, atol=1e-7)


# -- outputs that are no classes --------------------------------------------------------------------


def values_network(loss: Any) -> keras.Model:
    model = gap_network(None)
    model.compile(loss=loss)
    return model


VALUES: dict[str, Callable[[], keras.Model]] = {
    "one unit": lambda: unit_network(None),
    "one unit, mse": lambda: unit_network(None, "mse"),
    "units, mse": lambda: values_network("mse"),
    "units, mae in a list": lambda: values_network(["mae"]),
    "units, a loss object": lambda: values_network(keras.losses.Huber()),
    "units, a loss under a name of its own": lambda: values_network(keras.losses.MeanSquaredError(name="mine")),
    "units, a loss function": lambda: values_network(keras.losses.mean_squared_logarithmic_error),
    "an embedding": lambda: values_network(keras.losses.CosineSimilarity()),
}


@pytest.mark.parametrize("case", VALUES)
def test_the_logit_of_a_value_is_the_units_output(case: str) -> None:
    model = VALUES[case]()
    explainer = Explainer(model)
    pooled = relu(REFERENCE.last(X)).mean(axis=(0, 1))
    matrix, bias = ((weight.astype(np.float64)) for weight in model.layers[-1].get_weights())
    values = pooled @ matrix + bias
    probe = explainer.probe(explainer.picture(X))
    assert (probe.kind, probe.classes) == ("values", len(values))
    for unit in range(len(values)):
        explanation = explainer.explain(X, method="grad_cam", target=unit)
        assert explanation.score == pytest.approx(values[unit], abs=2e-6)
        # GAP and one layer: the weight of filter c is W[c, unit] / 54
        signed = relu(REFERENCE.last(X)) @ matrix[:, unit] / 54
        np.testing.assert_allclose(explanation.signed, signed, atol=1e-6)
    assert np.isnan(explainer.predict(X, top=1)[0].probability)
    assert explainer.predict(X, top=1)[0].output == pytest.approx(values.max(), abs=2e-6)


@pytest.mark.parametrize("score", ["probability", "log_probability"])
def test_a_value_has_no_probability(score: str) -> None:
    explainer = Explainer(unit_network(None))
    with pytest.raises(ValueError, match=rf"score='{score}' is about the probabilities of classes.*outputs are values"):
        explainer.explain(X, method="grad_cam", score=score)


def test_a_contrast_of_two_values_is_their_difference() -> None:
    explanation = Explainer(values_network("mse")).explain(X, method="hires_cam", score="contrast", target=3, against=1)
    values = gap_logits(REFERENCE.last(X))
    assert explanation.score == pytest.approx(values[3] - values[1], abs=2e-6)
    column = (REFERENCE.column[:, 3] - REFERENCE.column[:, 1]) / 54
    np.testing.assert_allclose(explanation.weights, np.broadcast_to(column, GRID), atol=1e-7)


CLASSIFIERS = ["categorical_crossentropy", "squared_hinge", "kl_divergence", keras.losses.CategoricalCrossentropy()]


@pytest.mark.parametrize("loss", CLASSIFIERS)
def test_a_loss_for_classes_leaves_logits_logits(loss: Any) -> None:
    probe = probe_of(values_network(loss))
    assert (probe.kind, probe.classes) == ("linear", CLASSES)


def test_labels_whose_sigmoid_stands_in_the_loss() -> None:
    probe = probe_of(values_network(keras.losses.BinaryCrossentropy(from_logits=True)))
    assert (probe.kind, probe.classes) == ("sigmoid", CLASSES)
    seen = probe.observe(probe.find_layer(None), X[None])
    np.testing.assert_allclose(seen.probabilities[0], sigmoid(gap_logits(REFERENCE.last(X))), atol=1e-6)


def test_the_loss_of_the_output_that_is_explained() -> None:
    inputs = keras.Input(SHAPE)
    x = inputs
    for layer in [*body(), *dense_tail()[:1]]:
        x = layer(x)
    outputs = [layers.Dense(3, name="kind")(x), layers.Dense(2, name="place")(x)]
    model = keras.Model(inputs, outputs)
    for loss in (["categorical_crossentropy", "mse"], {"kind": "categorical_crossentropy", "place": "mse"}):
        model.compile(loss=loss)
        for output, kind in ((0, "linear"), ("kind", "linear"), (1, "values"), ("place", "values")):
            assert probe_of(model, output=output).kind == kind


def test_a_network_compiled_after_it_was_explained() -> None:
    model = gap_network(None)
    explainer = Explainer(model)
    with pytest.warns(UserWarning, match=r"they are taken for logits. .*model.compile\(loss='mse'\) says so"):
        assert explainer.explain(X, method="grad_cam", score="log_probability").score < 0
    model.compile(loss="mse")
    with pytest.raises(ValueError, match="outputs are values"):
        explainer.explain(X, method="grad_cam", score="log_probability")
