"""Vision transformers: tokens that stand for places are a map, others are refused in plain words."""

from collections.abc import Callable
from functools import lru_cache
from math import erf

import keras
import numpy as np
import pytest
from keras import layers

from camwidget import Explainer
from camwidget.maths import METHODS
from camwidget.model.layers import TOKENS_REASON
from tests.model.networks import both, derivative, finite_differences, probe_of
from tests.model.transformers import (
    GRID,
    WIDTH,
    by_average,
    flattened,
    names_of_attention,
    of_cut_patches,
    of_pooled_tokens,
    of_strips,
    picture,
    with_class_token,
)

X = picture()
CAMS = [name for name, method in METHODS.items() if method.weigh and not method.backward and name != "cam"]


def tail_of(model: keras.Model, first: str) -> Callable[[np.ndarray], np.ndarray]:
    """Logits from the output of the layer before `first` on, in float64, by the layers' own NumPy weights.

    Each block is restated: normalisation, attention by its formula, a hidden layer with GELU.
    """
    names = [layer.name for layer in model.layers]

    def weights(name: str) -> list[np.ndarray]:
        return [weight.astype(np.float64) for weight in model.get_layer(name).get_weights()]

    def normalise(x: np.ndarray, name: str) -> np.ndarray:
        gamma, beta = weights(name)
        centred = x - x.mean(-1, keepdims=True)
        return gamma * centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-3) + beta

    def attend(x: np.ndarray, name: str) -> np.ndarray:
        query, query_bias, key, key_bias, value, value_bias, out, out_bias = weights(name)
        q, k, v = (
            np.einsum("td,dhe->the", x, matrix) + bias
            for matrix, bias in ((query, query_bias), (key, key_bias), (value, value_bias))
        )
        scores = np.einsum("the,she->hts", q, k) / np.sqrt(q.shape[-1])
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        return np.einsum("hts,she,hed->td", shares, v, out) + out_bias

    def gelu(x: np.ndarray) -> np.ndarray:
        return 0.5 * x * (1 + np.vectorize(erf)(x / np.sqrt(2)))

    def dense(x: np.ndarray, name: str) -> np.ndarray:
        matrix, bias = weights(name)
        return x @ matrix + bias

    def hidden(x: np.ndarray, number: int) -> np.ndarray:
        return dense(gelu(dense(normalise(x, f"norm{number}b"), f"wide{number}")), f"narrow{number}")

    def head(x: np.ndarray) -> np.ndarray:
        x = normalise(x, "norm")
        read = x[0] if "first" in names else x.ravel() if "flat" in names else x.mean(axis=0)
        return dense(read, "classes")

    def tail(x: np.ndarray) -> np.ndarray:
        for number in (1, 2)[0 if first == "norm1a" else 1 :]:
            x = x + attend(normalise(x, f"norm{number}a"), f"attention{number}")
            x = x + hidden(x, number)
        return head(x)

    return tail


@lru_cache
def explainer_of(make: Callable[[], keras.Model]) -> Explainer:
    return Explainer(make())


# network, layer, the first layer behind it that `tail_of` restates
PLACES = [
    (with_class_token, "positions", "norm1a"),
    *((make, "add1b", "norm2a") for make in (with_class_token, by_average, flattened)),
]


@pytest.mark.parametrize(("make", "name", "first"), PLACES)
def test_the_gradient_of_tokens(make: Callable[[], keras.Model], name: str, first: str) -> None:
    explainer = explainer_of(make)
    tail, probe = tail_of(explainer.model, first), explainer.probe(explainer.picture(X))
    assert (probe.kind, probe.classes) == ("softmax", 3)
    layer = probe.find_layer(name)
    prefix = 1 if make is with_class_token else 0
    assert (layer.grid, layer.channels, layer.prefix) == (GRID, WIDTH, prefix)
    seen = probe.observe(layer, X[None])
    np.testing.assert_allclose(seen.logits[0], tail(seen.output[0]), atol=2e-5)
    # The grid is filled row by row, behind the class token.
    np.testing.assert_array_equal(seen.activations[0, 2, 5], seen.output[0, prefix + 2 * 6 + 5])
    expected = finite_differences(lambda tokens: tail(tokens)[2], seen.output[0])
    assert np.abs(expected[prefix:]).max() > 1e-3
    tolerance = 2e-5 * max(1, np.abs(expected).max())
    gradient = derivative(probe, layer, X[None], seen.output, target=2)[0]
    np.testing.assert_allclose(gradient, expected, atol=tolerance)
    through, _ = probe.gradient_through(layer, "logit", X[None], both(2))
    np.testing.assert_allclose(through[0], expected[prefix:].reshape(*GRID, WIDTH), atol=tolerance)
    explanation = explainer.explain(X, layer=name, method="hires_cam", target=2)
    wanted = (expected[prefix:] * seen.output[0, prefix:]).sum(-1).reshape(GRID)
    np.testing.assert_allclose(explanation.signed, wanted, atol=2e-4 * max(1, np.abs(wanted).max()))


def test_the_default_is_the_last_layer_whose_tokens_reach_a_class_token() -> None:
    explainer = explainer_of(with_class_token)
    probe = explainer.probe(explainer.picture(X))
    layer = probe.find_layer(None)
    # Behind the second attention only the class token is read; what it attends to is `norm2a`.
    assert (layer.name, layer.reason, layer.prefix) == ("norm2a", TOKENS_REASON, 1)
    seen = probe.observe(layer, X[None])
    assert np.abs(derivative(probe, layer, X[None], seen.output, target=1)[0, 1:]).max() > 1e-3
    for name in ("add2a", "norm2b", "add2b", "norm"):  # a map there would be black
        late = probe.find_layer(name)
        gradient = derivative(probe, late, X[None], probe.observe(late, X[None]).output, target=1)[0]
        assert not gradient[1:].any() and gradient[0].any()


@pytest.mark.parametrize("make", [by_average, flattened])
def test_the_default_where_every_token_is_read(make: Callable[[], keras.Model]) -> None:
    (layer,) = [layer for layer in explainer_of(make).layers if layer.default]
    assert (layer.name, layer.reason, layer.prefix, layer.grid) == ("norm", TOKENS_REASON, 0, GRID)


@pytest.mark.parametrize("make", [with_class_token, by_average, flattened])
@pytest.mark.parametrize("method", CAMS)
def test_every_map_of_tokens_shows_something(make: Callable[[], keras.Model], method: str) -> None:
    explainer = explainer_of(make)
    # `norm2a` is the default with a class token; where all tokens are read, all behind the last `norm` is linear.
    options = {"layer": "norm2a", **({"samples": 4} if METHODS[method].samples else {})}
    found = [explainer.explain(X, method=method, target=target, **options) for target in range(3)]
    for explanation in found:
        assert explanation.map.shape == GRID
        terms = (
            np.broadcast_to(explanation.weights, (*GRID, WIDTH)).astype(np.float64) * explanation.evidence.activations
        )
        np.testing.assert_allclose(explanation.signed, terms.sum(-1), atol=1e-4 * np.abs(terms).max() + 1e-12)
        assert explanation.signed.any()
    # Score-CAM's weights are positive, whatever the sign of a token's numbers: its map may be black.
    assert method == "score_cam" or any(explanation.map.max() > 0 for explanation in found)


@pytest.mark.parametrize("make", [with_class_token, by_average, flattened])
def test_what_stands_inside_an_attention_is_no_map(make: Callable[[], keras.Model]) -> None:
    explainer = explainer_of(make)
    inside = names_of_attention(explainer.model)
    assert len(inside) >= 4  # query, key, value and output, in each
    listed = [layer.name for layer in explainer.probe(explainer.picture(X)).layers]
    assert not [name for name in listed if name.rsplit("/", 1)[-1] in inside]
    assert "attention1" in listed and "attention2" in listed


def test_a_region_of_patches() -> None:
    explainer = explainer_of(by_average)
    whole = explainer.explain(X, method="hires_cam", target=1)
    part = explainer.explain(X, method="hires_cam", target=1, region=[(1, 2), (2, 4)])
    expected = np.zeros(GRID, np.float32)
    expected[1:3, 2:5] = whole.signed[1:3, 2:5]
    np.testing.assert_allclose(part.signed, expected, atol=1e-6)


def test_cam_of_averaged_tokens_is_refused_with_a_way_out() -> None:
    # Not a grid of rows and columns in the graph, and layers normalise in between.
    with pytest.raises(ValueError, match=r"method='cam' needs a network .* Use method='grad_cam'"):
        explainer_of(by_average).explain(X, method="cam", layer="add2b")


@pytest.mark.parametrize("make", [of_strips, of_pooled_tokens])
def test_tokens_that_form_no_grid(make: Callable[[], keras.Model]) -> None:
    model = make()
    shape = tuple(model.input_shape[1:])
    x = picture(1, shape)
    explainer = Explainer(model)
    for method in [*CAMS, "cam"]:
        with pytest.raises(
            ValueError, match=r"tokens that do not form a grid .* Use a pixel method: method='gradient'"
        ):
            explainer.explain(x, method=method)
    explanation = explainer.explain(x, method="gradient", target=2)
    pixels = explanation.evidence.pixels
    assert pixels is not None and explanation.heatmap.shape == shape[:2]
    # A step of 0.01 in a few places, by the network itself.
    logits = probe_of(model, shape).verdict
    for place in ((3, 5, 0), (13, 23, 2), (7, 11, 1)):
        up, down = x.copy(), x.copy()
        up[place] += 0.01
        down[place] -= 0.01
        change = (logits(up[None])[0][0, 2] - logits(down[None])[0][0, 2]) / 0.02
        assert pixels.values[place] == pytest.approx(change, abs=2e-3)
    assert np.abs(pixels.values).max() > 1e-2


def test_pictures_on_end() -> None:
    # Taller than wide: rows and columns are not confused.
    shape = (24, 16, 3)
    x = picture(2, shape)
    other = x.copy()
    other[16:20, 4:8] += 0.5  # row 4, column 1
    gap = layers.GlobalAveragePooling1D(name="gap")
    for model, name in ((with_class_token(shape), "positions"), (of_cut_patches([gap], shape), "add1a")):
        probe = probe_of(model, shape)
        assert probe.find_layer(None).grid == (6, 4)
        layer = probe.find_layer(name)
        seen = [probe.observe(layer, each[None]).activations[0] for each in (x, other)]
        change = np.abs(seen[0] - seen[1]).max(axis=-1)
        if name == "positions":  # before any attention, only its own token changes
            np.testing.assert_array_equal(np.argwhere(change > 1e-6), [[4, 1]])
        else:  # behind one, it changes most
            assert np.unravel_index(change.argmax(), change.shape) == (4, 1)
            assert np.sort(change.ravel())[-2] < change.max() / 2
