"""A network that has changed never meets an old trace or an old measurement."""

import sys
import threading
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from camwidget import Explainer
from camwidget.model import Structure
from tests.model.networks import (
    HEIGHT,
    REFERENCE,
    SHAPE,
    WIDTH,
    body,
    both,
    dense_tail,
    fill,
    functional,
    functional_network,
    nested_network,
    picture,
    probe_of,
    randomize,
    sequential_network,
    subclassed_network,
)

X = picture()
QUIET: Any = 0  # Keras says "auto" where it takes numbers too


class Upwards(layers.Conv2DTranspose):
    """A name of its own."""


def large_network() -> keras.Model:
    """Above 2^20 weights, of every shape and type: kernels, vectors, single numbers, float16."""
    stack = [
        layers.Normalization(mean=0.1, variance=0.9, name="range"),
        layers.Conv2D(5, 3, padding="same", use_bias=False, name="conv"),
        layers.BatchNormalization(name="normal"),
        layers.PReLU(shared_axes=[1, 2], name="prelu"),
        layers.SeparableConv2D(7, 3, padding="same", name="separable"),
        layers.DepthwiseConv2D(3, padding="same", name="depthwise"),
        layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, name="doubled"),
        Upwards(24, 3, padding="same", name="transposed"),
        layers.Conv2D(20, 3, padding="same", name="after"),
        layers.Flatten(),
        layers.Dense(720, activation="relu", name="wide"),
        layers.Dense(40, dtype="float16", name="half"),
        layers.Dense(4, activation="softmax", name="out"),
    ]
    model = functional(stack)
    assert sum(int(np.prod(weight.shape)) for weight in model.weights) > 2**20
    randomize(model, 2)
    return model


def test_every_layer_changed_by_hand_in_a_large_network() -> None:
    model = large_network()
    probe = probe_of(model)
    before = probe.fingerprint()
    assert probe.fingerprint() == before
    changed = [layer for layer in model.layers if layer.weights and layer.name != "range"]
    assert len(changed) == 11
    for layer in changed:
        kept = layer.get_weights()
        for change in (np.zeros_like, lambda w: w * np.float16(1.01), lambda w: w + np.float16(0.001), lambda w: -w):
            layer.set_weights([change(weight).astype(weight.dtype) for weight in kept])
            assert probe.fingerprint() != before, layer.name
        for position, weight in enumerate(layer.weights):  # and each weight of it by itself
            layer.set_weights(kept)
            weight.assign(np.asarray(kept[position]) * 0)
            assert probe.fingerprint() != before, weight.path
        layer.set_weights(kept)
        assert probe.fingerprint() == before


def test_one_filter_changed_by_hand_in_a_large_network() -> None:
    model = large_network()
    probe = probe_of(model)
    before = probe.fingerprint()
    for weight in model.weights:
        kept = np.asarray(weight).copy()
        # Which axis has a kernel's filters depends on its layer; the other has the input's channels.
        for axis in range(max(kept.ndim - (2 if kept.ndim > 2 or kept.shape[-1:] == (1,) else 1), 0), kept.ndim):
            if kept.ndim > 2 and axis == kept.ndim - 2 and kept.shape[-1] > 16 and "transposed" not in weight.path:
                continue  # channels of an ordinary kernel's input: too far apart to be read each time
            for channel in range(kept.shape[axis]) if kept.ndim > 2 else {0, kept.shape[axis] // 2, -1}:
                values = kept.copy()
                np.moveaxis(values, axis, 0)[channel] = 0
                if (values == kept).all():
                    continue  # the rest of a vector may be zero already
                weight.assign(values)
                assert probe.fingerprint() != before, (weight.path, axis, channel)
        weight.assign(kept)
    assert probe.fingerprint() == before


def test_each_filter_of_a_depthwise_kernel_in_a_large_network() -> None:
    """Such a filter is a channel of the input and one of its multiples, not a whole slice along either axis."""
    model = large_network()
    probe, kernel = probe_of(model), model.get_layer("doubled").weights[0]
    before, kept = probe.fingerprint(), np.asarray(kernel).copy()
    assert kept.shape == (3, 3, 7, 2)
    for channel, multiple in np.ndindex(7, 2):
        values = kept.copy()
        values[:, :, channel, multiple] = 0
        kernel.assign(values)
        assert probe.fingerprint() != before, (channel, multiple)


def test_one_more_step_of_training_in_a_large_network() -> None:
    model = large_network()
    probe = probe_of(model)
    model.compile(keras.optimizers.SGD(1e-3), "sparse_categorical_crossentropy")
    seen = {probe.fingerprint()}
    for step in range(3):
        model.fit(X[None], np.array([step]), verbose=QUIET)
        seen.add(probe.fingerprint())
    assert len(seen) == 4


# -- through the explainer ----------------------------------------------------------------------------


def check_fresh(explainer: Explainer, *, moved: np.ndarray | None = None, method: str = "grad_cam") -> np.ndarray:
    """The explainer says what a new one says, and, if `moved` is given, something else than that."""
    found = explainer.explain(X, method=method, layer="last", target=1).signed
    fresh = Explainer(explainer.model).explain(X, method=method, layer="last", target=1).signed
    np.testing.assert_array_equal(found, fresh)
    if moved is not None:
        assert np.abs(found - moved).max() > 1e-3 * np.abs(moved).max()
    return found


def trained(model: keras.Model) -> None:
    model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy")
    model.fit(X[None], np.array([1]), epochs=3, verbose=QUIET)


def one_number(model: keras.Model) -> None:
    kernel, bias = named(model, "last").get_weights()
    kernel[1, 1, 0, 0] += 1
    named(model, "last").set_weights([kernel, bias])


def named(model: keras.Model, name: str) -> Any:
    return next(layer for layer in model._flatten_layers() if layer.name == name)


CHANGES: dict[str, Callable[[keras.Model], None]] = {
    "trained": trained,
    "randomised": lambda model: randomize(model, 9),
    "one number": one_number,
    "one layer set to zero": lambda model: (
        named(model, "logits").set_weights([np.zeros((6, 4)), np.ones(4)])
        or named(model, "hidden").set_weights([w * 2 for w in named(model, "hidden").get_weights()])
        or named(model, "logits").kernel.assign(np.linspace(-1, 1, 24).reshape(6, 4))
    ),
    "filters exchanged": lambda model: named(model, "last").kernel.assign(
        np.asarray(named(model, "last").kernel)[..., ::-1]
    ),
}
BUILDS = {
    "functional": functional_network,
    "sequential": sequential_network,
    "nested": nested_network,
    "subclassed": subclassed_network,
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("build", BUILDS)
def test_a_changed_network_is_measured_anew(build: str, change: str) -> None:
    model = BUILDS[build]()
    explainer = Explainer(model)
    before = check_fresh(explainer)
    CHANGES[change](model)
    after = check_fresh(explainer, moved=before)
    fill(model)  # back to what it was
    np.testing.assert_array_equal(check_fresh(explainer, moved=after), before)


@pytest.mark.parametrize("method", ["grad_cam++", "score_cam", "gradient", "cam"])
def test_every_kind_of_measurement_is_made_anew(method: str) -> None:
    stack = [*body(), layers.GlobalAveragePooling2D(), layers.Dense(4, activation="softmax", name="gap_logits")]
    model = fill(functional(stack))
    explainer = Explainer(model)

    def ask(one: Explainer) -> np.ndarray:
        return one.explain(X, method=method, target=1).signed

    before = ask(explainer)
    randomize(model, 4)
    after = ask(explainer)
    np.testing.assert_array_equal(after, ask(Explainer(model)))
    assert np.abs(after - before).max() > 1e-3


def test_a_large_network_through_the_explainer() -> None:
    stack = [*body(), layers.Flatten(), layers.Dense(2800, activation="relu", name="wide"), layers.Dense(4, name="out")]
    model = fill(functional(stack))
    assert model.count_params() > 2**20
    explainer = Explainer(model)
    seen = check_fresh(explainer)
    for name in ("conv", "last", "wide", "out"):  # one layer randomised after the other
        layer = named(model, name)
        generator = np.random.default_rng(1)
        layer.set_weights([generator.normal(size=weight.shape, scale=0.1) for weight in layer.get_weights()])
        seen = check_fresh(explainer, moved=seen)


@pytest.mark.parametrize("build", ["functional", "sequential", "nested"])
def test_an_activation_exchanged(build: str) -> None:
    model = BUILDS[build]()
    explainer = Explainer(model)
    before = check_fresh(explainer)
    named(model, "hidden").activation = keras.activations.tanh
    after = check_fresh(explainer, moved=before)
    named(model, "hidden").activation = keras.activations.relu
    np.testing.assert_array_equal(check_fresh(explainer, moved=after), before)


def test_the_last_activation_taken_away() -> None:
    # As is often advised before explaining: the same logits, and no softmax behind them any more.
    model = fill(functional([*body(), *dense_tail()[:2], layers.Dense(4, activation="softmax", name="logits")]))
    explainer = Explainer(model)
    probability = explainer.explain(X, method="grad_cam", target=1, score="probability").score
    assert explainer.probe(explainer.picture(X)).kind == "softmax"
    model.layers[-1].activation = keras.activations.linear
    assert explainer.probe(explainer.picture(X)).kind == "linear"
    logits = REFERENCE.logits(X)
    assert explainer.explain(X, method="grad_cam", target=1).score == pytest.approx(logits[1], abs=2e-6)
    model.layers[-1].activation = keras.activations.sigmoid
    assert explainer.probe(explainer.picture(X)).kind == "sigmoid"
    alone = explainer.explain(X, method="grad_cam", target=1, score="probability").score
    assert alone == pytest.approx(1 / (1 + np.exp(-logits[1])), abs=1e-6) and alone != pytest.approx(probability)


def test_many_activations_one_after_the_other() -> None:
    # Each is freed before the next is made: one may get the address of one before.
    model = functional_network()
    explainer = Explainer(model)
    hidden = model.get_layer("hidden")
    for factor in range(1, 7):
        hidden.activation = lambda x, factor=factor: factor * keras.ops.relu(x)  # pyright: ignore[reportOperatorIssue] # a list of numbers
        pooled = np.maximum(REFERENCE.last(X), 0).mean(axis=(0, 1))
        values = factor * np.maximum(REFERENCE.dense("hidden", pooled), 0)
        score = explainer.explain(X, method="grad_cam", target=1).score
        assert score == pytest.approx(REFERENCE.dense("logits", values)[1], abs=1e-5)


def test_a_number_of_a_layer_exchanged() -> None:
    stack = [*body()[:-1], layers.LeakyReLU(0.2, name="leaky"), *dense_tail()]
    model = fill(functional(stack))
    explainer = Explainer(model)
    before = check_fresh(explainer)
    for slope in (0.8, np.float32(0.5), np.float64(0.1)):
        named(model, "leaky").negative_slope = slope
        before = check_fresh(explainer, moved=before)


def test_a_number_where_there_was_none() -> None:
    stack = [*body()[:-1], layers.ReLU(name="limited"), *dense_tail()]
    model = fill(functional(stack))
    explainer = Explainer(model)
    before = check_fresh(explainer)
    named(model, "limited").max_value = 0.05  # None till now
    check_fresh(explainer, moved=before)


def test_whatever_a_layer_has_exchanged() -> None:
    class Weighing(layers.Layer):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.power, self.factors, self.table = 1, [1.0, 2.0], np.ones(1, np.float32)

        def call(self, inputs: Any) -> Any:
            return inputs**self.power * sum(self.factors) * self.table

    stack = [layers.Rescaling(1, name="rescaling"), layers.Lambda(abs, name="lambda"), Weighing(name="weighing")]
    model = fill(functional([*body(), *stack, *dense_tail()]))
    explainer = Explainer(model)
    before = check_fresh(explainer)
    named(model, "rescaling").scale = 5  # from integer to integer
    before = check_fresh(explainer, moved=before)
    named(model, "lambda").function = lambda x: keras.ops.power(keras.ops.abs(x), 1.5)
    before = check_fresh(explainer, moved=before)
    named(model, "weighing").power = 2
    before = check_fresh(explainer, moved=before)
    named(model, "weighing").factors.append(4.0)  # the list is the same, and longer
    before = check_fresh(explainer, moved=before)
    named(model, "weighing").table = np.full(1, 0.5, np.float32)
    check_fresh(explainer, moved=before)
    del named(model, "weighing").table
    with pytest.raises(AttributeError, match="table"):
        explainer.explain(X)


@pytest.mark.parametrize("during", [False, True])
def test_a_number_exchanged_by_another_thread_around_a_trace(during: bool) -> None:
    """What is set while the network is compiled is not taken for something that the layer sets by itself."""
    change: list[Callable[[], None]] = []

    class Meddling(layers.Layer):
        def call(self, inputs: Any) -> Any:
            if during and change:
                change.pop()()
            return inputs

    stack = [*body()[:-1], layers.LeakyReLU(0.2, name="leaky"), Meddling(), *dense_tail()]
    model = fill(functional(stack))
    explainer = Explainer(model)
    before = check_fresh(explainer)
    probe = explainer.probe(explainer.picture(X))
    change.append(lambda: setattr(named(model, "leaky"), "negative_slope", 0.8))
    if not during:
        change.pop()()
    probe.gradient_through(probe.find_layer("conv"), "logit", X[None], both(1))  # a new trace, without a question
    assert not change
    check_fresh(explainer, moved=before)


def test_attributes_that_another_thread_sets_at_this_moment() -> None:
    """As `fit` does in a network that is looked at."""
    model, is_over = functional_network(), threading.Event()
    attributes = model.__dict__

    def set_and_delete() -> None:
        while not is_over.is_set():
            attributes.update({f"history_{n}": n for n in range(20)})
            for n in range(20):
                del attributes[f"history_{n}"]

    setting = threading.Thread(target=set_and_delete)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    setting.start()
    try:
        for _ in range(300):
            with Structure(model).tracing():
                pass
    finally:
        is_over.set()
        setting.join()
        sys.setswitchinterval(interval)


def test_a_network_that_is_trained_is_not_compiled_again() -> None:
    for build in BUILDS.values():
        model = build()
        model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        explainer = Explainer(model)
        before = check_fresh(explainer)
        probe = explainer.probe(explainer.picture(X))
        model.fit(X[None], np.array([1]), verbose=QUIET)
        model.evaluate(X[None], np.array([1]), verbose=QUIET)
        model.predict(X[None], verbose=QUIET)
        check_fresh(explainer, moved=before)
        assert explainer.probe(explainer.picture(X)) is probe


def test_a_layer_that_sets_attributes_when_it_is_called_is_compiled_once() -> None:
    class Counting(layers.ReLU):
        calls, last, scale = 0, None, None

        def call(self, inputs: Any) -> Any:
            self.calls += 1
            self.last = self.calls
            self.scale = float(inputs.shape[-1]) ** -0.5
            self.seen = [*getattr(self, "seen", ()), self.calls]
            self.unknown = float("nan")
            return super().call(inputs)

    model = fill(functional([*body()[:-1], Counting(name="counting"), *dense_tail()]))
    explainer = Explainer(model)
    check_fresh(explainer)
    explainer.explain(X)  # tracing was the first call, which set a number where there was none
    changes = explainer.probes.changes
    for _ in range(3):
        model(X[None])
        explainer.explain(X)
    assert explainer.probes.changes == changes


def test_a_variable_that_keras_knows_nothing_of() -> None:
    factor = tf.Variable(tf.constant(1.0))
    stack = body()
    stack.insert(1, layers.Lambda(lambda x: x * factor))
    model = fill(functional([*stack, *dense_tail()]))
    explainer = Explainer(model)
    before = check_fresh(explainer)
    factor.assign(3.0)
    check_fresh(explainer, moved=before)


def test_layers_taken_away_and_added() -> None:
    model = sequential_network()
    explainer = Explainer(model)
    before = check_fresh(explainer)
    model.pop()  # the softmax
    model.pop()
    model.add(layers.Dense(2, name="other"))
    named(model, "other").set_weights([np.linspace(-1, 1, 12).reshape(6, 2), np.zeros(2)])
    check_fresh(explainer, moved=before)
    assert explainer.probe(explainer.picture(X)).classes == 2


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_weights_that_were_not_there_before() -> None:
    """LoRA leaves the kernel as it is and trains two new weights beside it."""
    model = functional_network()
    explainer = Explainer(model)
    before = check_fresh(explainer)
    model.get_layer("hidden").enable_lora(2)
    np.testing.assert_allclose(check_fresh(explainer), before, atol=1e-6)  # it begins at zero
    trained(model)
    np.testing.assert_array_equal(model.get_layer("hidden")._kernel, REFERENCE.weights["hidden"][0])
    check_fresh(explainer, moved=before)


def test_pictures_of_several_sizes_forget_together() -> None:
    model = fill(functional([*body(), *dense_tail()], shape=(None, None, 3)))
    explainer = Explainer(model)
    small, large = picture(1, (8, 10, 3)), picture(2, (HEIGHT, 2 * WIDTH, 3))
    before = [explainer.explain(x, method="grad_cam", target=0).signed for x in (small, large)]
    randomize(model, 6)
    assert SHAPE != small.shape
    for x, old in zip((small, large, small), (*before, before[0]), strict=True):
        new = explainer.explain(x, method="grad_cam", target=0).signed
        np.testing.assert_array_equal(new, Explainer(model).explain(x, method="grad_cam", target=0).signed)
        assert np.abs(new - old).max() > 1e-3


def test_reading_a_weight_does_not_make_tensorflow_copy_it_ever_after() -> None:
    # A variable that was gathered from is copied whole at every read, by whomever.
    def is_shared(variable: Any) -> bool:
        first, second = (np.asarray(memoryview(tensor)) for tensor in (variable.read_value(), variable.read_value()))
        return first.__array_interface__["data"] == second.__array_interface__["data"]

    model = large_network()
    assert all(is_shared(weight.value) for weight in model.weights)
    probe_of(model).fingerprint()
    Explainer(model, preprocess=None).explain(picture(), target=0)
    assert all(is_shared(weight.value) for weight in model.weights)
    kernel = model.get_layer("wide").kernel.value
    tf.gather_nd(kernel, tf.constant([[0, 0]]))  # the law can be broken
    assert not is_shared(kernel)
