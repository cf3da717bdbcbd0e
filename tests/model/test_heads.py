"""Logits under a final softmax or sigmoid in every form, and the class weights of a pooled head."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tests.model.networks import (
    CLASSES,
    GRID,
    REFERENCE,
    SHAPE,
    body,
    chain,
    dense_tail,
    derivative,
    fill,
    functional,
    gap_network,
    picture,
    probe_of,
    relu,
    softmax,
)

X = picture()
LOGITS = REFERENCE.logits(X)


class WithEnd(keras.Model):
    """The layers, then an operation written in `call`."""

    def __init__(self, stack: list[layers.Layer], end: Callable[[Any], Any]) -> None:
        super().__init__()
        self.stack = stack
        self.end = end

    def call(self, x: Any) -> Any:
        return self.end(chain(self.stack, x))


def with_end(end: Callable[[Any], Any], stack: list[layers.Layer] | None = None) -> keras.Model:
    model = WithEnd(stack or [*body(), *dense_tail()], end)
    model(X[None])
    return fill(model)


def by_dense() -> keras.Model:
    *stack, _ = dense_tail()
    return fill(functional([*body(), *stack, layers.Dense(4, activation="softmax", name="logits")]))


def by_nested_head() -> keras.Model:
    head = keras.Sequential(
        [
            keras.Input((7,)),
            layers.Dense(6, activation="relu", name="hidden"),
            layers.Dense(4, activation="softmax", name="logits"),
        ],
        name="head",
    )
    return fill(functional([*body(), layers.GlobalAveragePooling2D(), head]))


def by_convolutions() -> keras.Model:
    # (n, 1, 1, k) to the very end, as fully convolutional classifiers have it
    stack = [layers.GlobalAveragePooling2D(keepdims=True), layers.Conv2D(6, 1, activation="relu", name="hidden")]
    return fill(functional([*body(), *stack, layers.Conv2D(4, 1, activation="softmax", name="logits")]))


def by_convolutions_reshaped() -> keras.Model:
    # MobileNet's end
    stack = [layers.GlobalAveragePooling2D(keepdims=True), layers.Conv2D(6, 1, activation="relu", name="hidden")]
    return fill(
        functional([*body(), *stack, layers.Conv2D(4, 1, name="logits"), layers.Reshape((4,)), layers.Softmax()])
    )


def then(layer: layers.Layer) -> Callable[[], keras.Model]:
    return lambda: fill(functional([*body(), *dense_tail(), layer]))


def softmax_by_hand(logits: Any) -> Any:
    powers: Any = keras.ops.exp(logits)
    return powers / keras.ops.sum(powers, axis=-1, keepdims=True)


SOFTMAX_FORMS: dict[str, Callable[[], keras.Model]] = {
    "Dense(activation=)": by_dense,
    "Activation layer": then(layers.Activation("softmax")),
    "Softmax layer": then(layers.Softmax()),
    "nested head": by_nested_head,
    "1x1 convolutions": by_convolutions,
    "1x1 convolutions, reshaped": by_convolutions_reshaped,
    "tf.nn.softmax in call": lambda: with_end(tf.nn.softmax),
    "keras.ops.softmax in call": lambda: with_end(keras.ops.softmax),
    "by hand": lambda: with_end(softmax_by_hand),
    "by hand, in one line": lambda: with_end(lambda x: tf.exp(x) / tf.reduce_sum(tf.exp(x), axis=1, keepdims=True)),
    "by hand, the largest taken off": lambda: with_end(
        lambda x: softmax_by_hand(x - tf.stop_gradient(tf.reduce_max(x, axis=1, keepdims=True)))
    ),
    "by hand, the largest of all pictures": lambda: with_end(lambda x: softmax_by_hand(x - tf.reduce_max(x))),
    "by hand, the largest with a new axis": lambda: with_end(
        lambda x: softmax_by_hand(x - tf.reduce_max(x, axis=1)[:, tf.newaxis])
    ),
    "tf.nn.softmax, the largest taken off": lambda: with_end(
        lambda x: tf.nn.softmax(x - tf.reduce_max(x, axis=1, keepdims=True))
    ),
    "in float32 behind float16": lambda: fill(
        functional([*body(), *dense_tail(), layers.Activation("softmax", dtype="float32"), layers.Identity()])
    ),
}


@pytest.mark.parametrize("form", SOFTMAX_FORMS)
def test_logits_behind_every_form_of_softmax(form: str) -> None:
    model = SOFTMAX_FORMS[form]()
    probe = probe_of(model, SHAPE)
    assert (probe.kind, probe.classes) == ("softmax", CLASSES)
    layer = probe.find_layer("last")
    seen = probe.observe(layer, X[None])
    np.testing.assert_allclose(seen.logits, LOGITS[None], atol=2e-6)
    np.testing.assert_allclose(seen.probabilities, softmax(LOGITS)[None], atol=1e-6)
    np.testing.assert_allclose(np.ravel(model(X[None])), softmax(LOGITS), atol=1e-6)
    gradient = derivative(probe, layer, X[None], seen.activations, score="logit", target=3)
    np.testing.assert_allclose(gradient[0], REFERENCE.gradient(X, 3), atol=1e-6)


def test_a_linear_head_is_taken_as_logits() -> None:
    probe = probe_of(fill(functional([*body(), *dense_tail()])), SHAPE)
    seen = probe.observe(probe.find_layer(None), X[None])
    assert probe.kind == "linear"
    np.testing.assert_allclose(seen.logits[0], LOGITS, atol=2e-6)
    np.testing.assert_allclose(seen.log_probabilities[0], np.log(softmax(LOGITS)), atol=2e-6)


@pytest.mark.parametrize("form", ["Dense", "layer", "operation"])
def test_one_sigmoid_unit_is_two_classes(form: str) -> None:
    if form == "operation":
        model = with_end(tf.nn.sigmoid, [*body(), layers.GlobalAveragePooling2D(), layers.Dense(1, name="unit")])
    else:
        unit = [layers.Dense(1, activation="sigmoid" if form == "Dense" else None, name="unit")]
        more = [layers.Activation("sigmoid")] if form == "layer" else []
        model = fill(functional([*body(), layers.GlobalAveragePooling2D(), *unit, *more]))
    column = np.linspace(-1, 2, 7).astype(np.float32)
    unit_layer = next(layer for layer in model._flatten_layers() if layer.name == "unit")
    unit_layer.set_weights([column[:, None], np.array([0.25], np.float32)])
    s = float(relu(REFERENCE.last(X)).mean(axis=(0, 1)) @ column + 0.25)
    probe = probe_of(model, SHAPE)
    assert (probe.kind, probe.classes) == ("sigmoid", 2)
    layer = probe.find_layer("relu")
    seen = probe.observe(layer, X[None])
    np.testing.assert_allclose(seen.logits, [[-s, s]], atol=1e-6)
    p = 1 / (1 + np.exp(-s))
    np.testing.assert_allclose(seen.probabilities, [[1 - p, p]], atol=1e-6)
    for_it, against = (derivative(probe, layer, X[None], seen.activations, score="logit", target=k)[0] for k in (1, 0))
    np.testing.assert_allclose(for_it, np.broadcast_to(column / (6 * 9), GRID), atol=1e-7)
    np.testing.assert_array_equal(against, -for_it)
    # the derivative of log p is (1 - p) times that of s
    log_gradient = derivative(probe, layer, X[None], seen.activations, score="log_probability", target=1)[0]
    np.testing.assert_allclose(log_gradient, (1 - p) * for_it, atol=1e-7)
    np.testing.assert_allclose(probe.class_weights(layer, 1), column)
    np.testing.assert_allclose(probe.class_weights(layer, 0), -column)


def test_one_linear_unit_is_one_value() -> None:
    # A regression: no second class, and no sign turned.
    model = functional([*body(), layers.GlobalAveragePooling2D(), layers.Dense(1, name="unit")])
    fill(model)
    column = np.linspace(-1, 2, 7).astype(np.float32)
    model.get_layer("unit").set_weights([column[:, None], np.zeros(1, np.float32)])
    probe = probe_of(model, SHAPE)
    assert (probe.kind, probe.classes, probe.gives_classes) == ("values", 1, False)
    np.testing.assert_allclose(probe.class_weights(probe.find_layer("relu"), 0), column)


@pytest.mark.parametrize(
    "activation",
    [
        "sigmoid",
        lambda x: 1 / (1 + keras.ops.exp(-x)),  # pyright: ignore[reportOperatorIssue] # a list of numbers
        lambda x: tf.math.reciprocal(tf.exp(-1.0 * x) + 1.0),
        lambda x: tf.exp(x) / (1 + tf.exp(x)),
    ],
    ids=["sigmoid", "by hand", "reciprocal", "of two powers"],
)
def test_several_sigmoids_are_labels_of_their_own(activation: Any) -> None:
    probe = probe_of(gap_network(activation), SHAPE)
    assert (probe.kind, probe.classes) == ("sigmoid", CLASSES)
    layer = probe.find_layer("relu")
    seen = probe.observe(layer, X[None])
    s = REFERENCE.dense("gap_logits", relu(REFERENCE.last(X)).mean(axis=(0, 1)))
    np.testing.assert_allclose(seen.logits[0], s, atol=2e-6)
    np.testing.assert_allclose(seen.probabilities[0], 1 / (1 + np.exp(-s)), atol=1e-6)
    assert abs(seen.probabilities.sum() - 1) > 0.1
    gradient = derivative(probe, layer, X[None], seen.activations, score="log_probability", target=2)[0]
    share = 1 - 1 / (1 + np.exp(-s[2]))  # no other label plays a part
    np.testing.assert_allclose(gradient, np.broadcast_to(share * REFERENCE.column[:, 2] / (6 * 9), GRID), atol=1e-7)


def test_labels_put_side_by_side_are_labels_of_their_own() -> None:
    inputs = keras.Input(SHAPE)
    pooled = keras.layers.GlobalAveragePooling2D()(chain(body(), inputs))
    units = [keras.layers.Dense(1, activation="sigmoid", name=f"label_{k}")(pooled) for k in range(CLASSES)]
    model = fill(keras.Model(inputs, keras.layers.Concatenate()(units)))
    kernel, bias = REFERENCE.weights["gap_logits"]
    for k in range(CLASSES):
        model.get_layer(f"label_{k}").set_weights([kernel[:, k : k + 1], bias[k : k + 1]])
    probe, like = probe_of(model, SHAPE), probe_of(gap_network("sigmoid"), SHAPE)
    assert (probe.kind, probe.classes) == ("sigmoid", CLASSES)
    for found, expected in zip(probe.verdict(X[None]), like.verdict(X[None]), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_pictures_put_one_after_the_other_are_no_labels() -> None:
    """Along the first axis: classes of the first half are not those of the second."""

    def halves(x: Any) -> Any:
        return tf.concat([tf.nn.sigmoid(x[:1]), tf.nn.sigmoid(2 * x[1:])], axis=0)

    assert probe_of(with_end(halves), SHAPE).kind == "linear"


def hidden_softmax(logits: Any) -> Any:
    """In words that nobody expects."""
    powers: Any = keras.ops.square(keras.ops.exp(logits / 2))
    return powers / keras.ops.sum(powers, axis=-1, keepdims=True)


def test_a_softmax_in_other_words_shows_in_the_numbers() -> None:
    probe = probe_of(with_end(hidden_softmax), SHAPE)
    assert probe.kind == "probabilities"
    layer = probe.find_layer("last")
    seen = probe.observe(layer, X[None])
    np.testing.assert_allclose(seen.log_probabilities[0], np.log(softmax(LOGITS)), atol=2e-6)
    gradient = derivative(probe, layer, X[None], seen.activations, score="log_probability", target=1)[0]
    each = [REFERENCE.gradient(X, k) for k in range(CLASSES)]
    expected = each[1] - sum(p * g for p, g in zip(softmax(LOGITS), each, strict=True))
    np.testing.assert_allclose(gradient, expected, atol=2e-6)


def test_what_looks_like_a_sigmoid_and_is_none() -> None:
    others = (
        lambda x: 1 / (2 + tf.exp(-x)),
        lambda x: x / (1 + tf.exp(-x)),
        lambda x: tf.exp(2 * x) / (1 + tf.exp(x)),
    )
    for other in others:
        assert probe_of(with_end(other), SHAPE).kind == "linear"


@pytest.mark.parametrize("loss", ["binary_crossentropy", keras.losses.BinaryFocalCrossentropy(), "bce"])
@pytest.mark.parametrize("units", [1, CLASSES])
def test_a_loss_for_labels_tells_what_no_operation_shows(loss: Any, units: int) -> None:
    """A sigmoid in other words: its logits are those of the sigmoid, and so are their derivatives."""

    def of_tanh(x: Any) -> Any:
        return (tf.tanh(x / 2) + 1) / 2

    model, like = (
        fill(functional([*body(), layers.GlobalAveragePooling2D(), layers.Dense(units, activation=end, name="top")]))
        for end in (of_tanh, "sigmoid")
    )
    for each in (model, like):
        each.get_layer("top").set_weights([REFERENCE.column[:, :units], np.linspace(-1, 1, units, dtype=np.float32)])
    model.compile(loss=loss)
    probes = probe_of(model, SHAPE), probe_of(like, SHAPE)
    assert [probe.kind for probe in probes] == ["labels", "sigmoid"]
    assert {probe.classes for probe in probes} == {max(2, units)} and all(probe.gives_labels for probe in probes)
    for found, expected in zip(*(probe.verdict(X[None]) for probe in probes), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)
    layer = probes[0].find_layer("last")
    activations = probes[0].observe(layer, X[None]).activations
    for score in ("logit", "log_probability"):
        found, expected = (derivative(probe, layer, X[None], activations, score=score, target=1) for probe in probes)
        assert np.abs(expected).max() > 0
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)


def test_what_is_no_probability_is_no_label_whatever_the_loss() -> None:
    model = with_end(lambda x: 3 * x)
    model.compile(loss="binary_crossentropy")
    assert probe_of(model, SHAPE).kind == "linear"


def test_labels_of_which_one_is_sure_stay_finite() -> None:
    model = with_end(lambda x: tf.clip_by_value(1000 * x, 0, 1))
    model.compile(loss="binary_crossentropy")
    probe = probe_of(model, SHAPE)
    assert probe.kind == "labels"
    logits, logs = probe.verdict(X[None])
    assert np.isfinite(logits).all() and np.isfinite(logs).all()
    assert logits.min() < -80 and logits.max() > 16


def test_what_looks_like_a_softmax_and_is_none() -> None:
    others = (
        lambda x: tf.exp(x) / tf.reduce_sum(tf.exp(2 * x), axis=-1, keepdims=True),
        lambda x: tf.exp(x) / tf.reduce_sum(tf.exp(x), axis=0, keepdims=True),
        lambda x: tf.exp(x) / tf.reduce_max(tf.exp(x), axis=-1, keepdims=True),
    )
    for other in others:
        assert probe_of(with_end(other), SHAPE).kind == "linear"


def test_probabilities_of_zero_stay_finite() -> None:
    def one_hot(logits: Any) -> Any:
        return hidden_softmax(logits * 1000)

    probe = probe_of(with_end(lambda logits: one_hot(logits - keras.ops.max(logits, axis=-1, keepdims=True))), SHAPE)
    assert probe.kind == "probabilities"
    seen = probe.observe(probe.find_layer("last"), X[None])
    assert seen.log_probabilities.min() == pytest.approx(np.log(1.2e-38), rel=1e-5)
    assert seen.log_probabilities.max() == 0


def test_outputs_that_do_not_sum_to_one_are_no_probabilities() -> None:
    probe = probe_of(with_end(lambda logits: hidden_softmax(logits) * 2), SHAPE)
    assert probe.kind == "linear"
    probe = probe_of(with_end(lambda logits: hidden_softmax(logits) * 3 - 0.5), SHAPE)  # sums to 1, partly below 0
    assert probe.kind == "linear"


# -- class weights ----------------------------------------------------------------------------------


def gap_dense(*between: layers.Layer) -> list[layers.Layer]:
    return [
        *body(),
        layers.GlobalAveragePooling2D(),
        *between,
        layers.Dense(4, activation="softmax", name="gap_logits"),
    ]


def nested_gap() -> keras.Model:
    head = keras.Sequential(
        [
            keras.Input(GRID),
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.5),
            layers.Dense(4, name="gap_logits"),
            layers.Softmax(),
        ]
    )
    return fill(functional([functional(body(), name="backbone"), head]))


class Reduced(keras.Model):
    def __init__(self, reduce: Callable[[Any], Any]) -> None:
        super().__init__()
        self.stack = body()
        self.out = layers.Dense(4, name="gap_logits")
        self.reduce = reduce

    def call(self, x: Any) -> Any:
        return tf.nn.softmax(self.out(self.reduce(chain(self.stack, x))))


def reduced(reduce: Callable[[Any], Any]) -> keras.Model:
    model = Reduced(reduce)
    model(X[None])
    return fill(model)


CAM_HEADS: dict[str, Callable[[], keras.Model]] = {
    "GAP, Dense": lambda: fill(functional(gap_dense())),
    "GAP, dropout, Dense": lambda: fill(functional(gap_dense(layers.Dropout(0.5)))),
    "linear": lambda: gap_network(None),
    "sigmoids": lambda: gap_network("sigmoid"),
    "nested head": nested_gap,
    "GAP keeping axes, flatten": lambda: fill(
        functional(
            [
                *body(),
                layers.GlobalAveragePooling2D(keepdims=True),
                layers.Flatten(),
                layers.Dense(4, name="gap_logits"),
            ]
        )
    ),
    "GAP keeping axes, 1x1 convolution": lambda: fill(
        functional(
            [
                *body(),
                layers.GlobalAveragePooling2D(keepdims=True),
                layers.Conv2D(4, 1, name="gap_logits"),
                layers.Flatten(),
                layers.Softmax(),
            ]
        )
    ),
    "1x1 convolution to the end": lambda: fill(
        functional(
            [
                *body(),
                layers.GlobalAveragePooling2D(keepdims=True),
                layers.Conv2D(4, 1, activation="softmax", name="gap_logits"),
            ]
        )
    ),
    "tf.reduce_mean": lambda: reduced(lambda x: tf.reduce_mean(x, axis=[1, 2])),
    "tf.reduce_mean, axes from behind": lambda: reduced(lambda x: tf.reduce_mean(x, axis=(-2, -3))),
    "keras.ops.mean": lambda: reduced(lambda x: keras.ops.mean(x, axis=(1, 2))),
    "pooling over the whole grid": lambda: fill(
        functional(
            [
                *body(),
                layers.AveragePooling2D((6, 9)),
                layers.Flatten(),
                layers.Dense(4, activation="softmax", name="gap_logits"),
            ]
        )
    ),
    "without a bias": lambda: fill_kernel(
        functional([*body(), layers.GlobalAveragePooling2D(), layers.Dense(4, use_bias=False, name="gap_logits")])
    ),
}


def fill_kernel(model: keras.Model) -> keras.Model:
    for name in ("conv", "last"):
        model.get_layer(name).set_weights(REFERENCE.weights[name])
    model.get_layer("gap_logits").set_weights([REFERENCE.column])
    return model


@pytest.mark.parametrize("head", CAM_HEADS)
def test_class_weights_of_a_pooled_head(head: str) -> None:
    probe = probe_of(CAM_HEADS[head](), SHAPE)
    layer = probe.find_layer("relu")
    for target in range(CLASSES):
        np.testing.assert_array_equal(probe.class_weights(layer, target), REFERENCE.column[:, target])
    # The definition: their sum over the pooled map is the logit, up to the bias.
    seen = probe.observe(layer, X[None])
    bias = 0 if head == "without a bias" else REFERENCE.weights["gap_logits"][1]
    np.testing.assert_allclose(
        seen.activations[0].mean(axis=(0, 1)) @ REFERENCE.column + bias, seen.logits[0], atol=2e-6
    )


OTHER_HEADS: dict[str, tuple[Callable[[], keras.Model], str]] = {
    "a hidden layer between": (lambda: fill(functional([*body(), *dense_tail()])), "relu"),
    "a layer before the ReLU": (lambda: gap_network(), "last"),
    "a layer further down": (lambda: gap_network(), "pool"),
    "the largest instead of the mean": (
        lambda: functional([*body(), layers.GlobalMaxPooling2D(), layers.Dense(4)]),
        "relu",
    ),
    "no pooling": (lambda: functional([*body(), layers.Flatten(), layers.Dense(4)]), "relu"),
    "pooling over a part": (
        lambda: functional([*body(), layers.AveragePooling2D((4, 5)), layers.Flatten(), layers.Dense(4)]),
        "relu",
    ),
    "pooling over several parts": (
        lambda: functional([*body(), layers.AveragePooling2D((3, 3)), layers.Flatten(), layers.Dense(4)]),
        "relu",
    ),
    "the mean over rows alone": (
        lambda: functional(
            [*body(), layers.Lambda(lambda x: tf.reduce_mean(x, axis=1)), layers.Flatten(), layers.Dense(4)]
        ),
        "relu",
    ),
    "a 3x3 convolution behind it": (
        lambda: functional(
            [
                *body(),
                layers.GlobalAveragePooling2D(keepdims=True),
                layers.Conv2D(4, 3, padding="same"),
                layers.Flatten(),
            ]
        ),
        "relu",
    ),
}


@pytest.mark.parametrize("head", OTHER_HEADS)
def test_other_heads_have_no_class_weights(head: str) -> None:
    make, name = OTHER_HEADS[head]
    probe = probe_of(make(), SHAPE)
    with pytest.raises(
        ValueError, match=rf"layer '{name}' is followed by global average pooling .* Use method='grad_cam'"
    ):
        probe.class_weights(probe.find_layer(name), 0)


# -- outputs that are not one vector of scores ----------------------------------------------------


def test_one_of_two_outputs_must_be_chosen() -> None:
    inputs = keras.Input(SHAPE)
    x = layers.Flatten()(chain(body(), inputs))
    model = keras.Model(inputs, [layers.Dense(2, name="kind")(x), layers.Dense(3, name="age")(x)])
    with pytest.raises(ValueError, match=r"The network has 2 outputs: 'kind', 'age'\. Pass one as output=\."):
        probe_of(model, SHAPE)


def test_a_map_as_output_is_refused() -> None:
    with pytest.raises(ValueError, match=r"output has shape \(None, 6, 9, 7\); one vector of class scores"):
        probe_of(functional(body()), SHAPE)


def test_a_sum_of_two_branches_is_no_cam_head() -> None:
    """logits = Dense(GAP) + another branch: the Dense layer's weights would explain half of the score."""
    keras.utils.set_random_seed(0)
    image = keras.layers.Input((12, 18, 3))
    x = keras.layers.Conv2D(4, 3, name="last")(image)
    pooled = keras.layers.GlobalAveragePooling2D()(x)
    branch = keras.layers.Dense(3, activation="relu")(keras.layers.Dense(5, activation="relu")(pooled))
    for terms in ([keras.layers.Dense(3, use_bias=False)(pooled), branch], [branch, keras.layers.Dense(3)(pooled)]):
        probe = probe_of(keras.Model(image, keras.layers.Add()(terms)), (12, 18, 3))
        with pytest.raises(ValueError, match="here the logits are a sum of several terms"):
            probe.class_weights(probe.find_layer("last"), 1)


def test_a_log_softmax_is_looked_through() -> None:
    logits = keras.Sequential([layers.Input(SHAPE), *body(), layers.Flatten(), layers.Dense(3, name="top")])
    log = keras.Model(logits.inputs, layers.Activation("log_softmax")(logits.outputs[0]))
    probes = probe_of(logits, SHAPE), probe_of(log, SHAPE)
    assert [probe.kind for probe in probes] == ["linear", "softmax"]
    expected, found = (probe.verdict(X[None])[0] for probe in probes)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_softmax_over_parts_of_the_output_is_not_looked_through() -> None:
    stack = [layers.Flatten(), layers.Dense(10), layers.Reshape((2, 5)), layers.Softmax(), layers.Flatten()]
    model = keras.Sequential([layers.Input(SHAPE), *body(), *stack])
    logits, _ = probe_of(model, SHAPE).verdict(X[None])
    np.testing.assert_allclose(logits, model.predict(X[None], verbose="0"), atol=1e-6)
