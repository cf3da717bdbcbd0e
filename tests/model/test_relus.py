"""Guided backprop and deconvnet: the same numbers however a network's ReLUs were written."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from camwidget import Explainer
from camwidget.model import Probe
from camwidget.model.relus import relus_by
from tests.model.networks import (
    CLASSES,
    REFERENCE,
    SHAPE,
    both,
    convolve,
    fill,
    functional,
    picture,
    pool,
    probe_of,
    relu,
)

X = picture(6)
# So that some ReLUs are above 6: the picture is this much stronger for ReLU6.
STRONG = np.float32(12)


# -- by hand ----------------------------------------------------------------------------------------


def transposed(gradient: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """What a 3x3 convolution of stride 1, zeros around, hands back to its input."""
    rows, columns, _ = gradient.shape
    padded = np.zeros((rows + 2, columns + 2, kernel.shape[2]))
    for i in range(3):
        for j in range(3):
            padded[i : i + rows, j : j + columns] += gradient @ kernel[i, j].T.astype(np.float64)
    return padded[1:-1, 1:-1]


def unpooled(gradient: np.ndarray, x: np.ndarray) -> np.ndarray:
    """What a 2x2 maximum hands back: all to where the maximum was."""
    is_maximum = x == np.kron(pool(x), np.ones((2, 2, 1)))
    first = np.zeros_like(x)
    for i, j, c in np.argwhere(is_maximum):
        block = np.s_[i // 2 * 2 : i // 2 * 2 + 2, j // 2 * 2 : j // 2 * 2 + 2, c]
        if not first[block].any():  # of several the first, as where all are 0
            first[i, j, c] = 1
    return np.kron(gradient, np.ones((2, 2, 1))) * first


def by_hand(x: np.ndarray, target: int, rule: str, top: float = np.inf) -> np.ndarray:
    """d logit / d x through conv, relu, pool, last, relu, gap, hidden, relu, logits.

    R = G [0 < a < top] for the plain rule; relu(G) [0 < a < top] for guided backprop; relu(G) for
    deconvnet, where a is what the ReLU was given and G what comes from above.
    """

    def clip(a: np.ndarray) -> np.ndarray:
        return np.minimum(relu(a), top)

    def back(gradient: np.ndarray, a: np.ndarray) -> np.ndarray:
        given = gradient if rule == "plain" else relu(gradient)
        return given if rule == "deconvnet" else given * ((a > 0) & (a < top))

    conv = convolve(x, *REFERENCE.weights["conv"])
    last = convolve(pool(clip(conv)), *REFERENCE.weights["last"])
    hidden = REFERENCE.dense("hidden", clip(last).mean(axis=(0, 1)))
    gradient = back(REFERENCE.weights["logits"][0][:, target].astype(np.float64), hidden)
    gradient = REFERENCE.weights["hidden"][0].astype(np.float64) @ gradient
    gradient = back(np.broadcast_to(gradient / 54, last.shape), last)
    gradient = unpooled(transposed(gradient, REFERENCE.weights["last"][0]), clip(conv))
    return transposed(back(gradient, conv), REFERENCE.weights["conv"][0])


# -- by the network ---------------------------------------------------------------------------------


def linear() -> list[layers.Layer]:
    """conv, pool, last, gap, hidden, logits without any ReLU."""
    return [
        layers.Conv2D(5, 3, padding="same", name="conv"),
        layers.MaxPooling2D(name="pool"),
        layers.Conv2D(7, 3, padding="same", name="last"),
        layers.GlobalAveragePooling2D(name="gap"),
        layers.Dense(6, name="hidden"),
        layers.Dense(4, name="logits"),
    ]


def with_relus(make: Callable[[], layers.Layer]) -> keras.Model:
    first, pool_, second, gap, hidden, out = linear()
    return fill(functional([first, make(), pool_, second, make(), gap, hidden, make(), out]))


def by_argument(activation: str) -> keras.Model:
    stack = linear()
    for position in (0, 2, 4):
        stack[position].activation = keras.activations.get(activation)  # type: ignore[attr-defined] # they have one
    return fill(functional(stack))


class ByFunction(keras.Model):
    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.stack, self.function = linear(), function

    def call(self, x: Any) -> Any:
        first, pool_, second, gap, hidden, out = self.stack
        early = pool_(self.function(first(x)))
        return out(self.function(hidden(gap(self.function(second(early))))))


def by_function(function: Callable[[Any], Any]) -> keras.Model:
    model = ByFunction(function)
    model(X[None])
    return fill(model)


def nested() -> keras.Model:
    inner = functional([linear()[0], layers.ReLU()], name="inner")
    _, pool_, second, gap, hidden, out = linear()
    return fill(functional([inner, pool_, second, layers.ReLU(), gap, hidden, layers.ReLU(), out]))


RELU: dict[str, Callable[[], keras.Model]] = {
    "activation argument": lambda: by_argument("relu"),
    "ReLU layer": lambda: with_relus(layers.ReLU),
    "Activation layer": lambda: with_relus(lambda: layers.Activation("relu")),
    "keras.ops.relu in call": lambda: by_function(keras.ops.relu),
    "keras.activations.relu in call": lambda: by_function(keras.activations.relu),
    "nested": nested,
    "one layer used three times": lambda: with_relus(lru_cache(layers.ReLU)),
}
RELU6: dict[str, Callable[[], keras.Model]] = {
    "activation argument": lambda: by_argument("relu6"),
    "ReLU layer": lambda: with_relus(lambda: layers.ReLU(max_value=6)),
    "Activation layer": lambda: with_relus(lambda: layers.Activation("relu6")),
    "keras.ops.relu6 in call": lambda: by_function(keras.ops.relu6),
}


def check(probe: Probe, x: np.ndarray, top: float) -> None:
    for target in range(CLASSES):
        for rule in ("plain", "guided", "deconvnet"):
            gradient, _, relus = probe.pixel_gradient("logit", rule, x[None], both(target))
            expected = by_hand(x, target, rule, top)
            np.testing.assert_allclose(gradient[0], expected, atol=1e-6 * max(1, np.abs(expected).max()))
            assert relus == (0 if rule == "plain" else 3)


@pytest.mark.parametrize("written", RELU)
def test_every_way_to_write_a_relu(written: str) -> None:
    check(probe_of(RELU[written]()), X, np.inf)


@pytest.mark.parametrize("written", RELU6)
def test_every_way_to_write_a_relu6(written: str) -> None:
    check(probe_of(RELU6[written]()), X * STRONG, 6)


def test_the_rules_differ() -> None:
    # What is compared above is worth it: the rules' numbers are far apart, and so are those of ReLU and ReLU6.
    plain, guided, deconvnet = (by_hand(X, 1, rule) for rule in ("plain", "guided", "deconvnet"))
    assert min(np.abs(a - b).max() for a, b in ((plain, guided), (guided, deconvnet), (plain, deconvnet))) > 1e-2
    for rule in ("plain", "guided"):
        assert np.abs(by_hand(X * STRONG, 1, rule) - by_hand(X * STRONG, 1, rule, 6)).max() > 1e-2


def redirected(function: Callable[[Any], Any], x: list, gradient: list) -> list:
    """What the ReLU hands back of a gradient, by the rule for ascents."""

    def run(x: Any, gradient: Any) -> Any:
        with relus_by("redirected"):
            y = function(x)
        return tf.gradients(y, x, grad_ys=gradient)

    return tf.function(run)(tf.constant(x, tf.float32), tf.constant(gradient, tf.float32))[0].numpy().tolist()


def test_redirected_opens_what_is_shut_picture_by_picture() -> None:
    x = [[1, -1, -2, 3], [-1, -2, -3, 0], [5, -1, -2, 8]]
    gradient = [[2, 3, -4, -5], [2, -3, 4, 5], [0, 6, -7, 0]]
    # The first picture has a derivative, and keeps it; the second is shut, and the third has none where it is open:
    # there all that would open a ReLU passes, and what would shut it further does not.
    expected = [[2, 0, 0, -5], [2, 0, 4, 5], [0, 6, 0, 0]]
    assert redirected(tf.nn.relu, x, gradient) == expected


def test_redirected_leaves_what_is_full() -> None:
    """Of a ReLU6 at 6: no way up, and none down where the rule looks for what would open it."""
    x = [[7, 9, -1, -2], [7, 5, -1, -2], [6, 5, -1, 8]]
    gradient = [[2, -3, 4, -5], [2, 3, 4, 5], [2, 0, 4, -5]]
    expected = [[0, 0, 4, 0], [0, 3, 0, 0], [0, 0, 4, 0]]
    assert redirected(tf.nn.relu6, x, gradient) == expected
    assert redirected(tf.nn.relu, x, gradient) == [[2, -3, 0, 0], [2, 3, 0, 0], [2, 0, 0, -5]]


@pytest.mark.parametrize("rule", ["guided", "deconvnet"])
def test_of_chosen_neurons(rule: str) -> None:
    """S = the sum of chosen activations: only the ReLUs before them count."""
    probe = probe_of(RELU["ReLU layer"]())
    layer = next(layer for layer in probe.layers if layer.kind == "ReLU" and layer.channels == 7)
    chosen = np.zeros((6, 9, 7), np.float32)
    chosen[2:4, 5:, 1:3] = 1
    gradient, sums, relus = probe.pixel_gradient_of(layer, rule, X[None], chosen)
    last = REFERENCE.last(X)
    assert sums[0] == pytest.approx((relu(last) * chosen).sum(), rel=1e-5)
    assert relus == 2
    before = convolve(X, *REFERENCE.weights["conv"])
    given = chosen * (last > 0) if rule == "guided" else chosen
    given = relu(unpooled(transposed(given, REFERENCE.weights["last"][0]), relu(before)))
    given = given * (before > 0) if rule == "guided" else given
    np.testing.assert_allclose(gradient[0], transposed(given, REFERENCE.weights["conv"][0]), atol=2e-6)
    assert np.abs(gradient).max() > 1e-2


@pytest.mark.parametrize("method", ["guided_backprop", "deconvnet"])
def test_the_explanation_holds_the_same(method: str) -> None:
    rule = "guided" if method == "guided_backprop" else method
    explanation = Explainer(RELU["keras.ops.relu in call"]()).explain(X, method=method, target=2)
    pixels = explanation.evidence.pixels
    assert pixels is not None and pixels.relus == 3
    np.testing.assert_allclose(pixels.values, by_hand(X, 2, rule), atol=1e-6)


@pytest.mark.parametrize("activation", ["tanh", "gelu", "silu", "leaky_relu", None])
def test_no_relu_is_an_error(activation: str | None) -> None:
    probe = probe_of(by_argument(activation or "linear"))
    for rule in ("guided", "deconvnet"):
        with pytest.raises(
            ValueError, match=r"nothing of the kind lies between the picture and what is explained\. Use"
        ):
            probe.pixel_gradient("logit", rule, X[None], both(0))
    assert probe.pixel_gradient("logit", "plain", X[None], both(0))[2] == 0


def test_a_relu_aside_is_not_counted() -> None:
    """Two outputs: the ReLU on the way to the other one plays no part."""
    inputs = keras.Input(SHAPE)
    pooled = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, name="conv")(inputs))
    model = keras.Model(inputs, [layers.Dense(2, name="plain")(pooled), layers.Dense(2, activation="relu")(pooled)])
    with pytest.raises(ValueError, match="nothing of the kind"):
        probe_of(model, output="plain").pixel_gradient("logit", "guided", X[None], both(0))
    assert probe_of(model, output=1).pixel_gradient("logit", "guided", X[None], both(0))[2] == 1


def test_the_rules_stay_inside_their_trace() -> None:
    """Training and plain gradients of the same network know nothing of them, before and after."""
    model = RELU["keras.ops.relu in call"]()
    probe = probe_of(model)
    for rule in ("guided", "plain", "deconvnet", "plain"):
        gradient, _, _ = probe.pixel_gradient("logit", rule, X[None], both(1))
        np.testing.assert_allclose(gradient[0], by_hand(X, 1, rule), atol=1e-6)
    x = tf.constant(X[None])
    for run in (model, tf.function(model)):
        with tf.GradientTape() as tape:
            tape.watch(x)
            score = run(x)[:, 1]
        np.testing.assert_allclose(np.asarray(tape.gradient(score, x))[0], by_hand(X, 1, "plain"), atol=1e-6)


# -- what has a graph of its own --------------------------------------------------------------------


class Written(keras.Model):
    """The reference network as one call with the layers by name."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.pool, self.second, self.gap, self.hidden, self.out = linear()

    def after(self, x: Any) -> Any:
        return self.out(tf.nn.relu(self.hidden(self.gap(x))))

    def call(self, x: Any) -> Any:
        return self.after(tf.nn.relu(self.second(self.pool(tf.nn.relu(self.first(x))))))


class AllCompiled(Written):
    @tf.function
    def call(self, x: Any) -> Any:
        if tf.reduce_mean(x) > 1e9:  # read by autograph, as in any tf.function
            x = -x
        return super().call(x)


class PartCompiled(Written):
    @tf.function
    def middle(self, x: Any) -> Any:
        return tf.nn.relu(self.second(x))

    def call(self, x: Any) -> Any:
        return self.after(self.middle(self.pool(tf.nn.relu(self.first(x)))))


class Branching(Written):
    def call(self, x: Any) -> Any:
        x = self.pool(tf.nn.relu(self.first(x)))
        x = tf.cond(
            tf.reduce_mean(x) > 1e9, lambda: tf.repeat(x[..., :1], 7, axis=-1), lambda: tf.nn.relu(self.second(x))
        )
        return self.after(tf.ensure_shape(x, (None, 6, 9, 7)))


class Looping(Written):
    def call(self, x: Any) -> Any:
        x = self.first(x)
        _, x = tf.while_loop(lambda n, x: n < 2, lambda n, x: (n + 1, tf.nn.relu(x)), [0, x])
        return self.after(tf.nn.relu(self.second(self.pool(x))))


def written(kind: type[Written]) -> keras.Model:
    model = kind()
    # A layer that makes its weights inside a tf.function leaves their first values in that trace: Keras' own affair.
    Written.call(model, tf.constant(X[None]))
    model(X[None])
    return fill(model)


@pytest.mark.parametrize("kind", [AllCompiled, PartCompiled])
def test_a_function_compiled_within_the_network_is_read(kind: type[Written]) -> None:
    model = written(kind)
    explainer = Explainer(model, preprocess=None)
    found = explainer.explain(X, method="guided_backprop", target=1)
    np.testing.assert_allclose(found.signed, by_hand(X, 1, "guided"), atol=1e-6)
    assert found.evidence.pixels is not None and found.evidence.pixels.relus == 3
    cam = explainer.explain(X, method="grad_cam", layer="last", target=1)
    np.testing.assert_allclose(cam.evidence.activations, REFERENCE.last(X), atol=1e-5)
    # The user's own calls, traced by themselves, are what they were.
    x = tf.constant(X[None])
    with tf.GradientTape() as tape:
        tape.watch(x)
        score = model(x)[0, 1]
    gradient: Any = tape.gradient(score, x)
    np.testing.assert_allclose(gradient[0], by_hand(X, 1, "plain"), atol=1e-6)


@pytest.mark.parametrize(("kind", "beyond"), [(Branching, 1), (Looping, 1)])
def test_relus_in_a_branch_or_a_loop_are_refused_and_the_plain_rule_is_right(kind: type[Written], beyond: int) -> None:
    explainer = Explainer(written(kind), preprocess=None)
    plain = explainer.explain(X, method="gradient", target=1)
    np.testing.assert_allclose(plain.signed, by_hand(X, 1, "plain"), atol=1e-6)
    with pytest.raises(ValueError, match=f"{beyond} of the 3 here stand inside a tf.cond or a loop"):
        explainer.explain(X, method="guided_backprop", target=1)


def test_a_layer_in_a_branch_is_not_offered_and_that_is_said() -> None:
    explainer = Explainer(written(Branching), preprocess=None)
    assert [layer.name for layer in explainer.layers] == ["conv", "pool"]
    with pytest.warns(UserWarning, match=r"no output can be seen: last. The default is the last .* outside it, conv"):
        assert explainer.explain(X, method="grad_cam", target=1).layer == "conv"
    with pytest.raises(ValueError, match="'last' is called inside a tf.cond or a loop"):
        explainer.explain(X, method="grad_cam", layer="last")
