"""Layers are wrapped for one trace in one thread, and put back whatever happens."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import pytest

from camwidget.model import Probe
from camwidget.model.fingerprint import fingerprint
from camwidget.model.tracing import visiting
from tests.model.networks import (
    REFERENCE,
    SHAPE,
    body,
    dense_tail,
    derivative,
    derivative_through,
    fill,
    functional,
    functional_network,
    nested_network,
    picture,
    probe_of,
    softmax,
    twice_nested_network,
)

QUIET: Any = 0  # Keras says "auto" where it takes numbers too
X = picture()
PATIENCE = 60  # seconds; a hang, not a slow machine


class Gate(keras.layers.Layer):
    """Hands its input on; stops in the thread called "tracer" until told to go, and raises where armed."""

    def __init__(self) -> None:
        super().__init__(name="gate")
        self.reached, self.go = threading.Event(), threading.Event()
        self.armed = False

    def call(self, x: Any) -> Any:
        if self.armed:
            raise RuntimeError("armed")
        if threading.current_thread().name == "tracer":
            self.reached.set()
            assert self.go.wait(PATIENCE)
        return x


def gated_network() -> tuple[keras.Model, Gate]:
    gate = Gate()
    first, pool, *rest = body()
    model = fill(functional([first, pool, gate, *rest, *dense_tail(), keras.layers.Softmax()]))
    return model, gate


def wrapped(model: keras.Model) -> list[str]:
    return [layer.name for layer in model._flatten_layers() if "call" in vars(layer)]


def test_every_call_is_visited_from_the_inside_out() -> None:
    model = twice_nested_network()
    names = []

    def visit(name: str, layer: Any, compute: Any, arguments: Any) -> Any:
        output = compute()
        names.append(name)
        return output

    with visiting(model, visit):
        assert "outer" in wrapped(model) and "last" in wrapped(model)
        model(X[None])
    assert not wrapped(model)
    inner = ["conv", "pool", "last", "relu"]
    shown = [name for name in names if "input" not in name]
    assert shown == [
        *(f"outer/inner/{name}" for name in inner),
        "outer/inner",
        "outer",
        "gap",
        "hidden",
        "logits",
        "softmax",
    ]


def test_what_visit_returns_is_what_the_layer_returns() -> None:
    model = nested_network()
    ones = np.ones((1, 6, 9, 7), np.float32)

    def visit(name: str, layer: Any, compute: Any, arguments: Any) -> Any:
        return keras.ops.convert_to_tensor(ones) if name == "backbone/last" else compute()

    with visiting(model, visit):
        output = model(X[None])
    np.testing.assert_allclose(np.asarray(output)[0], softmax(REFERENCE.tail(ones[0])), atol=1e-6)
    np.testing.assert_allclose(np.asarray(model(X[None]))[0], softmax(REFERENCE.logits(X)), atol=1e-6)


def test_layers_are_put_back_after_an_exception() -> None:
    model = nested_network()

    def visit(name: str, layer: Any, compute: Any, arguments: Any) -> Any:
        if name == "backbone/last":
            raise KeyError("given up")
        return compute()

    with pytest.raises(KeyError, match="given up"), visiting(model, visit):
        model(X[None])
    assert not wrapped(model)


def test_a_call_set_by_the_user_is_put_back() -> None:
    # People do patch a layer's call by hand; theirs is what stands there afterwards.
    model = functional_network()
    layer = model.get_layer("relu")

    def mine(x: Any) -> Any:
        y: Any = keras.ops.relu(x)
        return 2 * y

    vars(layer)["call"] = mine
    probe = probe_of(model, SHAPE)
    seen = probe.observe(probe.find_layer("relu"), X[None])
    np.testing.assert_allclose(seen.activations[0], 2 * np.maximum(REFERENCE.last(X), 0), atol=4e-6)
    assert vars(layer)["call"] is mine


@pytest.mark.parametrize("what", ["survey", "observe", "gradient", "gradient_through", "class_weights"])
def test_the_network_is_whole_after_a_trace_that_raises(what: str) -> None:
    model, gate = gated_network()
    expected = np.asarray(model(X[None]))
    attributes = {id(layer): dict(vars(layer)) for layer in model._flatten_layers()}
    probe = probe_of(model, SHAPE)
    layer = probe.find_layer("last")
    gate.armed = True
    attributes[id(gate)]["armed"] = True
    with pytest.raises(RuntimeError, match="armed"):
        if what == "survey":
            probe_of(model, SHAPE)
        elif what == "observe":
            probe.observe(layer, X[None])
        elif what == "gradient":
            derivative(probe, layer, X[None], REFERENCE.last(X)[None].astype(np.float32), score="logit", target=0)
        elif what == "gradient_through":
            derivative_through(probe, layer, X[None], score="logit", target=0)
        else:
            probe.class_weights(layer, 0)
    for layer_ in model._flatten_layers():
        before, after = attributes[id(layer_)], vars(layer_)
        assert before.keys() == after.keys()
        assert all(before[name] is after[name] for name in before), layer_.name
    gate.armed = False
    np.testing.assert_array_equal(np.asarray(model(X[None])), expected)
    # and the probe works again: the failed trace left no half-made function behind
    activations = probe.observe(layer, X[None]).activations
    gradient = derivative(probe, layer, X[None], activations, score="logit", target=0)
    np.testing.assert_allclose(gradient[0], REFERENCE.gradient(X, 0), atol=1e-6)


@contextmanager
def tracing_in_another_thread(probe: Probe, gate: Gate, results: list[np.ndarray]) -> Iterator[None]:
    """Inside the `with`, another thread stands in the middle of a trace: every layer is wrapped."""

    def work() -> None:
        layer = probe.find_layer("last")
        results.append(derivative_through(probe, layer, X[None], score="logit", target=0))

    thread = threading.Thread(target=work, name="tracer")
    thread.start()
    try:
        assert gate.reached.wait(PATIENCE)
        yield
    finally:
        gate.go.set()
        thread.join(PATIENCE)
    assert not thread.is_alive()


def test_another_thread_sees_the_original_while_one_traces() -> None:
    model, gate = gated_network()
    expected = np.asarray(model(X[None]))
    probe = probe_of(model, SHAPE)
    seen: list[np.ndarray] = []
    with tracing_in_another_thread(probe, gate, seen):
        assert "last" in wrapped(model)  # the other thread is in the middle of it
        np.testing.assert_array_equal(np.asarray(model(X[None])), expected)
        np.testing.assert_allclose(model.predict(X[None], verbose=QUIET), expected, atol=1e-6)
    assert not wrapped(model)
    np.testing.assert_allclose(seen[0][0], REFERENCE.gradient(X, 0), atol=1e-6)


def test_fit_traces_the_same_network_at_that_moment() -> None:
    # A twin without a probe says what training must come to, penalties for activity included.
    pictures = np.stack([picture(seed) for seed in range(8)])
    labels = np.arange(8) % 4

    def train(model: keras.Model) -> list[float]:
        model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        return model.fit(pictures, labels, batch_size=4, epochs=2, shuffle=False, verbose=QUIET).history["loss"]

    networks = []
    for _ in range(2):
        model, gate = gated_network()
        model.get_layer("hidden").activity_regularizer = keras.regularizers.L2(0.5)
        networks.append((model, gate))
    (twin, _), (model, gate) = networks
    expected = train(twin)
    probe = probe_of(model, SHAPE)
    seen: list[np.ndarray] = []
    with tracing_in_another_thread(probe, gate, seen):
        losses = train(model)
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    for trained, wanted in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(trained, wanted, atol=1e-6)
    assert not wrapped(model)
    # The penalty mattered: without it the twin comes to something else.
    plain, _ = gated_network()
    assert abs(train(plain)[0] - expected[0]) > 1e-3


def test_the_other_threads_trace_does_not_reach_the_visitor() -> None:
    model = functional_network()
    names: list[str] = []

    def visit(name: str, layer: Any, compute: Any, arguments: Any) -> Any:
        names.append(name)
        return compute() * 0

    outputs: list[np.ndarray] = []
    with visiting(model, visit):
        other = threading.Thread(target=lambda: outputs.append(np.asarray(model(X[None]))))
        other.start()
        other.join(PATIENCE)
    assert not names
    np.testing.assert_allclose(outputs[0][0], softmax(REFERENCE.logits(X)), atol=1e-6)


def test_losses_collected_by_another_thread_survive_a_trace() -> None:
    # A training loop by hand: forward pass, then the regularisers' losses are summed. Between the
    # two, a probe traces.
    model, _ = gated_network()
    model.get_layer("hidden").activity_regularizer = keras.regularizers.L2(0.5)
    model(X[None])
    before = [float(loss) for loss in model.losses]
    probe = probe_of(model, SHAPE)
    probe.observe(probe.find_layer(None), X[None])
    assert [float(loss) for loss in model.losses] == before != []


def test_a_probe_follows_the_weights() -> None:
    # Compiled once, it reads the weights of the moment.
    model = functional_network()
    probe = probe_of(model, SHAPE)
    layer = probe.find_layer("last")
    before = probe.observe(layer, X[None])
    kernel, bias = REFERENCE.weights["last"]
    model.get_layer("last").set_weights([kernel, bias + np.float32(0.5)])
    after = probe.observe(layer, X[None])
    np.testing.assert_allclose(after.activations, before.activations + 0.5, atol=1e-6)


def test_any_change_of_a_small_networks_weights_shows_in_its_fingerprint() -> None:
    model = functional_network()
    probe = probe_of(model, SHAPE)
    seen = [probe.fingerprint()]
    assert probe.fingerprint() == seen[0]
    for layer in (model.get_layer(name) for name in ("conv", "last", "hidden", "logits")):
        kernel, bias = layer.get_weights()
        zeroed, exchanged = kernel.copy(), kernel.copy()
        zeroed[..., 3] = 0  # one filter silenced
        exchanged[..., [0, 2]] = exchanged[..., [2, 0]]
        unsure = bias.copy()
        unsure[-1] = np.nan
        for change in ([zeroed, bias], [exchanged, bias], [kernel, bias + np.float32(1e-6)], [kernel, unsure]):
            layer.set_weights(change)
            seen.append(probe.fingerprint())
            assert probe.fingerprint() == seen[-1]  # NaN too is itself
        layer.set_weights([kernel, bias])
        assert probe.fingerprint() == seen[0]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("size", [5, 32, 64])
def test_changes_that_touch_the_same_bits_everywhere_show_in_the_fingerprint(size: int) -> None:
    model = keras.Sequential([keras.layers.Input((size,)), keras.layers.Dense(32, name="only")])
    layer, probe = model.get_layer("only"), fingerprint(model)
    kernel, bias = layer.get_weights()
    seen = []
    one_filter = kernel.copy()
    one_filter[:, 3] *= -1
    for change in (kernel, -kernel, 2 * kernel, 0.25 * kernel, one_filter, kernel + 1, 0 * kernel, 0 * kernel + 1):
        for shift in (bias, bias + 1, bias + 2, bias - 1):
            layer.set_weights([change, shift])
            seen.append(tuple(probe().numpy().tolist()))
    assert len(set(seen)) == len(seen)


def test_training_shows_in_the_fingerprint_of_a_large_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("camwidget.model.fingerprint._READ_WHOLE", 100)
    model = functional_network()
    probe = probe_of(model, SHAPE)
    before = probe.fingerprint()
    assert probe.fingerprint() == before
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    model.fit(X[None], np.array([1]), verbose=QUIET)
    assert probe.fingerprint() != before
