"""However a network was built, the probe sees the same numbers, and leaves it as it was."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from camwidget.explanation import Explainer
from camwidget.model import Probe
from tests.model.networks import (
    BUILDS,
    CLASSES,
    FILTERS,
    GRID,
    REFERENCE,
    SHAPE,
    body,
    dense_tail,
    derivative,
    derivative_through,
    fill,
    finite_differences,
    functional,
    functional_network,
    picture,
    probe_of,
    relu,
    softmax,
    unbuilt_sequential,
)
from tests.model.snapshot import Snapshot

X = picture()
GRADIENTS = [REFERENCE.gradient(X, target) for target in range(CLASSES)]


def test_the_restatement_is_worth_comparing_with() -> None:
    # Some units of the hidden layer are on and some off, and the classes pull differently.
    hidden = REFERENCE.dense("hidden", relu(REFERENCE.last(X)).mean(axis=(0, 1)))
    assert 1 < (hidden > 0).sum() < len(hidden)
    assert 0.2 < (GRADIENTS[0] != 0).mean() < 0.9
    assert np.abs(GRADIENTS[0] - GRADIENTS[1]).max() > 1e-3


@pytest.fixture(scope="module", params=BUILDS)
def build(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def model(build: str) -> keras.Model:
    return BUILDS[build][0]()


@pytest.fixture(scope="module")
def probe(model: keras.Model) -> Probe:
    return probe_of(model, SHAPE)


def test_layers_are_named_by_where_they_stand(build: str, probe: Probe) -> None:
    _, last, default = BUILDS[build]
    prefix = last.removesuffix("last")
    maps = [
        (layer.name, layer.kind, layer.rows, layer.columns, layer.channels) for layer in probe.layers if layer.listed
    ]
    assert maps == [
        (f"{prefix}conv", "Conv2D", 12, 18, 5),
        (f"{prefix}pool", "MaxPooling2D", 6, 9, 5),
        (f"{prefix}last", "Conv2D", 6, 9, 7),
        (f"{prefix}relu", "ReLU", 6, 9, 7),
    ]
    assert [layer.name for layer in probe.layers if layer.default] == [default]
    assert probe.find_layer("last").name == last
    assert probe.find_layer(last) is probe.find_layer("last")


def test_a_tap_holds_what_the_layer_holds(build: str, model: keras.Model, probe: Probe) -> None:
    seen = probe.observe(probe.find_layer("last"), X[None])
    np.testing.assert_allclose(seen.activations[0], REFERENCE.last(X), atol=2e-6)
    np.testing.assert_allclose(seen.logits[0], REFERENCE.logits(X), atol=2e-6)
    np.testing.assert_allclose(seen.probabilities[0], softmax(REFERENCE.logits(X)), atol=1e-6)
    np.testing.assert_allclose(seen.log_probabilities[0], np.log(softmax(REFERENCE.logits(X))), atol=2e-6)
    np.testing.assert_allclose(seen.probabilities, np.asarray(model(X[None])), atol=1e-6)
    assert (probe.kind, probe.classes) == ("softmax", CLASSES)


@pytest.mark.parametrize("target", [0, 3])
def test_the_gradient_is_that_of_finite_differences(probe: Probe, target: int) -> None:
    layer = probe.find_layer("last")
    seen = probe.observe(layer, X[None])
    gradient = derivative(probe, layer, X[None], seen.activations, score="logit", target=target)
    np.testing.assert_allclose(gradient[0], GRADIENTS[target], atol=1e-6)


@pytest.mark.parametrize("score", ["logit", "log_probability"])
def test_one_pass_gives_the_same_gradient(probe: Probe, score: str) -> None:
    layer = probe.find_layer("last")
    batch = np.stack([picture(seed) for seed in range(2)])
    calls = probe.calls
    through = derivative_through(probe, layer, batch, score=score, target=1)
    assert probe.calls == calls + 1
    activations = probe.observe(layer, batch).activations
    np.testing.assert_allclose(
        through, derivative(probe, layer, batch, activations, score=score, target=1), rtol=1e-5, atol=1e-7
    )
    if score == "logit":
        np.testing.assert_allclose(through[0], GRADIENTS[1], atol=1e-6)


def test_the_gradient_of_the_log_probability(probe: Probe) -> None:
    layer = probe.find_layer("last")
    seen = probe.observe(layer, X[None])
    gradient = derivative(probe, layer, X[None], seen.activations, score="log_probability", target=2)
    # d log p_k = d s_k - sum_j p_j d s_j
    p = softmax(REFERENCE.logits(X))
    expected = GRADIENTS[2] - sum(share * each for share, each in zip(p, GRADIENTS, strict=True))
    np.testing.assert_allclose(gradient[0], expected, atol=1e-6)


def test_a_batch_is_each_of_its_pictures(probe: Probe) -> None:
    layer = probe.find_layer("last")
    batch = np.stack([picture(seed) for seed in range(3)])
    seen = probe.observe(layer, batch)
    gradients = derivative(probe, layer, batch, seen.activations, score="logit", target=1)
    for n in range(3):
        np.testing.assert_allclose(seen.activations[n], REFERENCE.last(batch[n]), atol=2e-6)
        np.testing.assert_allclose(gradients[n], REFERENCE.gradient(batch[n], 1), atol=1e-6)


def test_given_activations_are_the_ones_used(probe: Probe) -> None:
    # Substitute: what the layer would compute itself plays no part.
    layer = probe.find_layer("last")
    other = np.random.default_rng(9).normal(size=(1, *GRID)).astype(np.float32)
    gradient = derivative(probe, layer, X[None], other, score="logit", target=1)
    expected = finite_differences(lambda last: REFERENCE.tail(last)[1], other[0])
    np.testing.assert_allclose(gradient[0], expected, atol=1e-6)


def test_the_network_is_left_as_it_was(build: str) -> None:
    model = BUILDS[build][0]()
    regularised = next(layer for layer in model._flatten_layers() if layer.name == "hidden")
    regularised.activity_regularizer = keras.regularizers.L2(0.1)
    before = Snapshot(model, X[None])
    assert before.losses, "a regulariser of activity must be at work for this test to mean something"
    probe = probe_of(model, SHAPE)
    for name in ("last", "conv", None):
        layer = probe.find_layer(name)
        seen = probe.observe(layer, X[None])
        derivative(probe, layer, X[None], seen.activations, score="logit", target=0)
    with pytest.raises(ValueError, match="cam"):
        probe.class_weights(probe.find_layer("last"), 0)
    before.check_unchanged()


def test_a_sequential_network_without_weights_yet() -> None:
    from camwidget.model import build

    model = unbuilt_sequential()
    build(model, X[None])
    fill(model)
    probe = probe_of(model, SHAPE)
    seen = probe.observe(probe.find_layer(None), X[None])
    np.testing.assert_allclose(seen.activations[0], relu(REFERENCE.last(X)), atol=2e-6)
    np.testing.assert_allclose(seen.logits[0], REFERENCE.logits(X), atol=2e-6)


class Part(keras.Model):
    """A network whose `build` forgets one of its layers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = keras.layers.Conv2D(4, 3, activation="relu", name="conv")
        self.out = keras.layers.Dense(3, name="out")

    def build(self, shape: Any) -> None:
        self.conv.build(shape)
        self.built = True

    def call(self, x: Any) -> Any:
        return self.out(tf.reduce_mean(self.conv(x), [1, 2]))


def test_a_network_built_in_part() -> None:
    model = Part()
    model.build((None, *SHAPE))
    assert model.weights and not model.out.built
    found = Explainer(model, preprocess=None).explain(X, method="grad_cam")
    assert len(model.weights) == 4
    np.testing.assert_allclose(found.outputs, np.asarray(model(X[None]))[0], rtol=1e-5, atol=1e-6)


def test_building_leaves_weights_that_are_there() -> None:
    from camwidget.model import build

    model = functional_network()
    build(model, X[None])
    np.testing.assert_array_equal(model.get_layer("last").get_weights()[0], REFERENCE.weights["last"][0])


def test_the_gradient_is_that_of_a_network_cut_in_two() -> None:
    # Another oracle: TensorFlow's own tape on the part behind the layer, in a separate model.
    model = functional_network()
    probe = probe_of(model, SHAPE)
    layer = probe.find_layer("pool")
    seen = probe.observe(layer, X[None])
    inputs = keras.Input((6, 9, 5))
    x = inputs
    for name in ("last", "relu", "gap", "hidden", "logits"):
        x = model.get_layer(name)(x)
    cut = keras.Model(inputs, x)
    activations = tf.constant(seen.activations)
    with tf.GradientTape() as tape:
        tape.watch(activations)
        score = cut(activations)[:, 2]
    expected = tape.gradient(score, activations)
    gradient = derivative(probe, layer, X[None], seen.activations, score="logit", target=2)
    np.testing.assert_allclose(gradient, np.asarray(expected), atol=1e-6)
    assert np.abs(gradient).max() > 0.01


# -- one layer used twice, and connections around it ------------------------------------------------


def test_a_backbone_used_twice() -> None:
    # head(gap(b(x)) + 2 gap(b(x turned over))): each use has its own activations and its own gradient.
    class Siamese(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.backbone = functional(body(), name="backbone")
            self.gap, self.hidden, self.out = dense_tail()

        def call(self, x: Any) -> Any:
            first = self.gap(self.backbone(x))
            second = self.gap(self.backbone(keras.ops.flip(x, axis=2)))
            return self.out(self.hidden(first + 2 * second))

    model = Siamese()
    model(X[None])
    fill(model)
    probe = probe_of(model, SHAPE)
    lasts = {"backbone/last": REFERENCE.last(X), "backbone#2/last": REFERENCE.last(X[:, ::-1])}
    assert [layer.name for layer in probe.layers if layer.name.endswith("/last")] == list(lasts)

    def tail(first: np.ndarray, second: np.ndarray) -> float:
        pooled = relu(first).mean(axis=(0, 1)) + 2 * relu(second).mean(axis=(0, 1))
        return REFERENCE.pooled_to_logits(pooled)[3]

    one, other = lasts.values()
    expected = {
        "backbone/last": finite_differences(lambda a: tail(a, other), one),
        "backbone#2/last": finite_differences(lambda a: tail(one, a), other),
    }
    for name, activations in lasts.items():
        layer = probe.find_layer(name)
        seen = probe.observe(layer, X[None])
        np.testing.assert_allclose(seen.activations[0], activations, atol=2e-6)
        np.testing.assert_allclose(seen.logits[0, 3], tail(one, other), atol=2e-6)
        gradient = derivative(probe, layer, X[None], seen.activations, score="logit", target=3)
        np.testing.assert_allclose(gradient[0], expected[name], atol=1e-6)
        assert np.abs(gradient).max() > 1e-3
    with pytest.raises(ValueError, match=r"Several layers are called 'last': backbone/last, backbone#2/last\."):
        probe.find_layer("last")


def test_a_plain_layer_used_twice() -> None:
    again = keras.layers.Conv2D(3, 3, padding="same", activation="tanh", name="again")
    inputs = keras.Input(SHAPE)
    outputs = keras.layers.Dense(2, name="out")(keras.layers.Flatten()(again(again(inputs))))
    model = keras.Model(inputs, outputs)
    probe = probe_of(model, SHAPE)
    assert [layer.name for layer in probe.layers] == ["again", "again#2"]
    first, second = (probe.observe(probe.find_layer(name), X[None]).activations for name in ("again", "again#2"))
    np.testing.assert_allclose(first, np.asarray(again(X[None])), atol=1e-6)
    np.testing.assert_allclose(second, np.asarray(again(first)), atol=1e-6)
    # Behind the second use the network is linear: the gradient is the Dense kernel itself.
    gradient = derivative(probe, probe.find_layer("again#2"), X[None], second, score="logit", target=1)
    np.testing.assert_allclose(gradient.ravel(), np.asarray(model.get_layer("out").kernel)[:, 1], atol=1e-6)


def test_a_connection_around_the_layer_still_counts() -> None:
    # relu(last(early) + early times a matrix): the bypass decides where the ReLU is open.
    inputs = keras.Input(SHAPE)
    conv_, pool_, last_, relu_ = body()
    early = pool_(conv_(inputs))
    around = keras.layers.Conv2D(FILTERS, 1, use_bias=False, name="around")
    x = relu_(keras.layers.Add(name="add")([last_(early), around(early)]))
    for layer in dense_tail():
        x = layer(x)
    model = fill(keras.Model(inputs, x))
    matrix = np.random.default_rng(4).normal(size=(5, FILTERS)).astype(np.float32)
    around.set_weights([matrix[None, None]])

    bypass = REFERENCE.early(X) @ matrix.astype(np.float64)
    probe = probe_of(model, SHAPE)
    layer = probe.find_layer("last")
    seen = probe.observe(layer, X[None])
    np.testing.assert_allclose(seen.logits[0], REFERENCE.tail(REFERENCE.last(X) + bypass), atol=5e-6)
    gradient = derivative(probe, layer, X[None], seen.activations, score="logit", target=0)
    expected = finite_differences(lambda last: REFERENCE.tail(last + bypass)[0], REFERENCE.last(X))
    np.testing.assert_allclose(gradient[0], expected, atol=1e-6)
    # Without the bypass other ReLUs are open: the test would see it missing.
    without = finite_differences(lambda last: REFERENCE.tail(last)[0], REFERENCE.last(X))
    assert np.abs(without - expected).max() > 1e-3
    # The gradient at the layer before flows through both ways.
    pool = probe.find_layer("pool")
    seen = probe.observe(pool, X[None])
    gradient = derivative(probe, pool, X[None], seen.activations, score="logit", target=0)
    from tests.model.networks import convolve

    kernel, bias = REFERENCE.weights["last"]
    expected = finite_differences(
        lambda a: REFERENCE.tail(convolve(a, kernel, bias) + a @ matrix.astype(np.float64))[0], REFERENCE.early(X)
    )
    np.testing.assert_allclose(gradient[0], expected, atol=2e-6)


def test_a_layer_that_the_output_does_not_use() -> None:
    class Unused(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.aside = keras.layers.Conv2D(2, 3, name="aside")
            self.used = keras.layers.Conv2D(2, 3, name="used")

        def call(self, x: Any) -> Any:
            self.aside(x)
            return keras.ops.mean(self.used(x), axis=(1, 2))

    model = Unused()
    model(X[None])
    probe = probe_of(model, SHAPE)
    layer = probe.find_layer("aside")
    seen = probe.observe(layer, X[None])
    with pytest.raises(ValueError, match="The score does not depend on layer 'aside'"):
        derivative(probe, layer, X[None], seen.activations, score="logit", target=0)


def test_calls_are_counted_and_nothing_is_traced_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    probe = probe_of(functional_network(), SHAPE)
    layer = probe.find_layer("last")
    seen = probe.observe(layer, X[None])
    derivative(probe, layer, X[None], seen.activations, score="logit", target=0)
    assert probe.calls == 2
    traces = []
    monkeypatch.setattr("camwidget.model.network.visiting", lambda *_: traces.append(1))
    for target in range(CLASSES):
        for count in (1, 2, 5):  # another class and another number of pictures run the same function
            batch = np.stack([picture(seed) for seed in range(count)])
            activations = probe.observe(layer, batch).activations
            derivative(probe, layer, batch, activations, score="logit", target=target)
    assert probe.calls == 2 + 2 * 4 * 3
    assert not traces


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_is_cast_to_float32(policy: str) -> None:
    # The last layer computes in float32, as Keras advises.
    stack = [*body(dtype=policy), *dense_tail(dtype=policy), keras.layers.Softmax(dtype="float32")]
    model = fill(functional(stack))
    probe = probe_of(model, SHAPE)
    layer = probe.find_layer("last")
    assert model.get_layer("last").compute_dtype == policy.removeprefix("mixed_")
    seen = probe.observe(layer, X[None])
    gradient = derivative(probe, layer, X[None], seen.activations, score="logit", target=0)
    assert seen.activations.dtype == seen.logits.dtype == gradient.dtype == np.float32
    coarse = 2e-3 if policy == "mixed_float16" else 2e-2
    np.testing.assert_allclose(seen.activations[0], REFERENCE.last(X), atol=5 * coarse)
    np.testing.assert_allclose(seen.logits[0], REFERENCE.logits(X), atol=5 * coarse)
    # Where `last` is near 0, its ReLU may be open in one precision and shut in the other.
    clear = np.abs(REFERENCE.last(X)) > 10 * coarse
    np.testing.assert_allclose(gradient[0][clear], GRADIENTS[0][clear], atol=coarse * np.abs(GRADIENTS[0]).max() * 5)


def test_a_whole_network_in_mixed_precision() -> None:
    # The softmax too in float16: logits and log probabilities still come in float32.
    stack = [
        *body(dtype="mixed_float16"),
        *dense_tail(dtype="mixed_float16"),
        keras.layers.Softmax(dtype="mixed_float16"),
    ]
    probe = probe_of(fill(functional(stack)), SHAPE)
    seen = probe.observe(probe.find_layer("last"), X[None])
    assert seen.log_probabilities.dtype == np.float32
    assert probe.kind == "softmax"
    np.testing.assert_allclose(np.exp(seen.log_probabilities).sum(), 1, rtol=1e-6)
    np.testing.assert_allclose(seen.logits[0], REFERENCE.logits(X), atol=1e-2)
