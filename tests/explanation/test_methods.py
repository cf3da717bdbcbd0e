"""Whole maps: published numbers, laws between methods, and Smooth Grad-CAM++ restated from end to end."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from camwidget.explanation import Explainer
from camwidget.maths import METHODS
from tests.explanation.networks import CAPTUM_PICTURE, captum_network, dense_network
from tests.model.networks import BUILDS, GRID, REFERENCE, conv, fill, functional, gap_network, last, picture, relu

X = picture()
HW = GRID[0] * GRID[1]


@pytest.fixture(scope="module")
def captum() -> Explainer:
    return Explainer(captum_network(), preprocess=None)


def test_captums_grad_cam_at_the_convolution(captum: Explainer) -> None:
    explanation = captum.explain(CAPTUM_PICTURE, method="grad_cam", layer="conv", target=0)
    np.testing.assert_allclose(explanation.map, [[11.25, 13.5], [20.25, 22.5]])
    # per channel, before the ReLU
    for channel, expected in enumerate([[[-3.75, 3], [23.25, 30]], [[15, 10.5], [-3, -7.5]]]):
        np.testing.assert_allclose(explanation.only(filters=[channel]).signed, expected)
        np.testing.assert_allclose(explanation.per_filter()[channel], np.maximum(expected, 0))


def test_captums_grad_cam_at_the_relu(captum: Explainer) -> None:
    explanation = captum.explain(CAPTUM_PICTURE, method="grad_cam", layer="relu", target=0)
    np.testing.assert_allclose(explanation.map, [[0, 4], [28, 32.5]])
    assert captum.layers[-1].default  # the ReLU, and so this is the map without a word about the layer
    np.testing.assert_array_equal(captum.explain(CAPTUM_PICTURE, method="grad_cam").map, explanation.map)


def test_captums_grad_cam_plus_plus_at_the_relu(captum: Explainer) -> None:
    explanation = captum.explain(CAPTUM_PICTURE, method="grad_cam++", layer="relu")
    # ReLU maps: windows sum to 45, 54, 81, 90; minus 50 and 75 above 0. First column +, second + - - -.
    assert explanation.score == (0 + 4 + 31 + 40) - (0 + 0 + 6 + 15)
    np.testing.assert_allclose((explanation.map / explanation.map.max()).ravel(), [0, 0.0761, 0.6854, 1], atol=5e-5)


@pytest.mark.parametrize("target", range(4))
def test_cam_is_grad_cam_times_the_grid(target: int) -> None:
    explainer = Explainer(gap_network(), preprocess=None)
    cam, grad_cam = (explainer.explain(X, method=method, target=target) for method in ("cam", "grad_cam"))
    np.testing.assert_allclose(cam.signed, relu(REFERENCE.last(X)) @ REFERENCE.column[:, target], atol=1e-5)
    np.testing.assert_allclose(cam.signed, grad_cam.signed * HW, atol=1e-5)
    # its mean plus the bias is the logit
    assert cam.signed.mean() + REFERENCE.weights["gap_logits"][1][target] == pytest.approx(cam.score, abs=1e-5)
    np.testing.assert_allclose(cam.heatmap, grad_cam.heatmap, atol=1e-5)


def test_cam_of_another_head_says_what_to_use() -> None:
    with pytest.raises(ValueError, match=r"method='cam' needs .* 'relu' .* Use method='grad_cam'"):
        Explainer(dense_network(), preprocess=None).explain(X, method="cam")


@pytest.mark.parametrize("build", BUILDS)
def test_grad_cam_plus_plus_however_the_network_was_built(build: str) -> None:
    make, last, _ = BUILDS[build]
    explanation = Explainer(make(), preprocess=None).explain(X, layer="last", target=2)
    A, g = REFERENCE.last(X), REFERENCE.gradient(X, 2)
    denominator = 2 * g**2 + A.sum(axis=(0, 1)) * g**3
    alpha = np.divide(g**2, denominator, out=np.zeros_like(g), where=g != 0)
    expected = A @ (alpha * relu(g)).sum(axis=(0, 1))
    assert explanation.layer == last
    np.testing.assert_allclose(explanation.signed, expected, rtol=2e-4, atol=1e-6)
    np.testing.assert_allclose(explanation.map, relu(expected), rtol=2e-4, atol=1e-6)
    assert explanation.score == pytest.approx(REFERENCE.logits(X)[2], abs=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_a_flipped_picture_gives_the_flipped_map(method: str) -> None:
    # Kernels flipped as well; the pooled head does not see the difference.
    # Deconvnet lets gradients through where a ReLU was shut, and of a window of zeros the pooling
    # hands back to the first, which is another one in the flipped picture: so without pooling there.
    model = gap_network() if method != "deconvnet" else unpooled_network()
    options: dict[str, Any] = {"method": method, "target": 1, "samples": 0 if METHODS[method].takes_noise else None}
    plain = Explainer(model, preprocess=None).explain(X, **options)
    for name in ("conv", "last"):
        kernel, bias = REFERENCE.weights[name]
        model.get_layer(name).set_weights([kernel[:, ::-1], bias])
    flipped = Explainer(model, preprocess=None).explain(X[:, ::-1], **options)
    scale = np.abs(plain.signed).max()
    np.testing.assert_allclose(flipped.signed, plain.signed[:, ::-1], rtol=1e-4, atol=1e-5 * scale)
    assert np.abs(plain.signed - plain.signed[:, ::-1]).max() > 0.01 * scale


def unpooled_network() -> keras.Model:
    stack = [conv(), last(), keras.layers.ReLU(), keras.layers.GlobalAveragePooling2D()]
    return fill(functional([*stack, keras.layers.Dense(4, name="gap_logits")]))


@pytest.mark.parametrize("method", METHODS)
def test_logits_of_a_thousand_stay_finite(method: str) -> None:
    model = gap_network()
    kernel, bias = REFERENCE.weights["gap_logits"]
    model.get_layer("gap_logits").set_weights([kernel * 3000, bias])
    options: dict[str, Any] = {"method": method, "samples": 0 if METHODS[method].takes_noise else None}
    explanation = Explainer(model, preprocess=None).explain(X, **options)
    assert explanation.score > 900
    assert explanation.message == ""
    assert np.isfinite(explanation.signed).all() and 0 < explanation.map.max() < np.inf
    calm = Explainer(gap_network(), preprocess=None).explain(X, **options, target=explanation.target)
    if method in ("grad_cam++", "smooth_grad_cam++"):  # alpha is not in proportion to g
        g = explanation.evidence.first.astype(np.float64)
        expected = plus_plus(explanation.evidence.activations.astype(np.float64), g, g**2, g**3)
        np.testing.assert_allclose(explanation.map, expected, rtol=1e-9)
    elif method not in ("score_cam", "ablation_cam", "guided_grad_cam++"):
        np.testing.assert_allclose(explanation.heatmap, calm.heatmap, atol=1e-4)  # in proportion


# -- noise ------------------------------------------------------------------------------------------

SAMPLES, NOISE, SEED = 6, 0.25, 3


@pytest.fixture(scope="module")
def dense() -> Explainer:
    return Explainer(dense_network(), preprocess=None)


def gradients_by_tape(model: keras.Model, inputs: np.ndarray, target: int) -> tuple[np.ndarray, np.ndarray]:
    """Activations of `relu` and the logit's gradient, one picture at a time, by TensorFlow alone."""
    gradients, activations = [], []
    for one in inputs:
        x = tf.constant(one[None])
        for name in ("conv", "pool", "last", "relu"):
            x = model.get_layer(name)(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            wide = model.get_layer("wide")(tf.reshape(x, [1, -1]))
            end = model.get_layer("end")
            score = (tf.matmul(wide, end.kernel) + end.bias)[:, target]
        gradients.append(np.asarray(tape.gradient(score, x), np.float64)[0])
        activations.append(np.asarray(x, np.float64)[0])
    return np.array(activations), np.array(gradients)


def plus_plus(A: np.ndarray, D1: np.ndarray, D2: np.ndarray, D3: np.ndarray) -> np.ndarray:
    denominator = 2 * D2 + A.sum(axis=(0, 1)) * D3
    alpha = np.divide(D2, denominator, out=np.zeros_like(D2), where=denominator != 0)
    return relu(A @ (alpha * relu(D1)).sum(axis=(0, 1)))


def test_smooth_grad_cam_plus_plus_from_end_to_end(dense: Explainer) -> None:
    explanation = dense.explain(X, method="smooth_grad_cam++", target=1, samples=SAMPLES, noise=NOISE, seed=SEED)
    deviation = NOISE * (X.max() - X.min())
    copies = X + deviation * np.random.default_rng(SEED).standard_normal((SAMPLES, *X.shape), np.float32)
    each, g = gradients_by_tape(dense.model, copies.astype(np.float32), 1)
    (A,), _ = gradients_by_tape(dense.model, X[None], 1)  # of the clean picture
    expected = plus_plus(A, g.mean(axis=0), (g**2).mean(axis=0), (g**3).mean(axis=0))
    np.testing.assert_allclose(explanation.map, expected, rtol=2e-4, atol=1e-6 * expected.max())
    assert explanation.samples == explanation.query.samples == SAMPLES

    # It is neither the last copy, nor the mean of maps, nor made from noisy activations.
    heat = explanation.map / explanation.map.max()
    maps = [plus_plus(A, g[n], g[n] ** 2, g[n] ** 3) for n in range(SAMPLES)]
    wrong = {
        "the last copy": maps[-1],
        "the mean of normalised maps": np.mean([map / map.max() for map in maps], axis=0),
        "the mean of maps": np.mean(maps, axis=0),
        "noisy activations": plus_plus(each.mean(axis=0), g.mean(axis=0), (g**2).mean(axis=0), (g**3).mean(axis=0)),
        "powers of the mean": plus_plus(A, *(g.mean(axis=0) ** power for power in (1, 2, 3))),
        "no noise": dense.explain(X, target=1).map,
    }
    for what, map in wrong.items():
        assert np.abs(heat - map / map.max()).max() > 5e-3, what


def test_copies_without_noise_are_no_copies(dense: Explainer) -> None:
    plain = dense.explain(X, method="grad_cam++", target=2)
    with pytest.warns(UserWarning, match="samples=7 made no difference"):
        copies = dense.explain(X, method="smooth_grad_cam++", target=2, samples=7, noise=0.0)
    np.testing.assert_allclose(copies.map, plain.map, rtol=1e-5, atol=1e-7)
    none = dense.explain(X, method="smooth_grad_cam++", target=2, samples=0)
    np.testing.assert_array_equal(none.map, plain.map)
    assert (none.samples, copies.samples) == (0, 7)


def test_noise_combines_with_grad_cam(dense: Explainer) -> None:
    options = {"target": 1, "samples": SAMPLES, "noise": NOISE, "seed": SEED}
    explanation = dense.explain(X, method="grad_cam", **options)
    copies = X + NOISE * (X.max() - X.min()) * np.random.default_rng(SEED).standard_normal(
        (SAMPLES, *X.shape), np.float32
    )
    _, g = gradients_by_tape(dense.model, copies.astype(np.float32), 1)
    (A,), _ = gradients_by_tape(dense.model, X[None], 1)
    np.testing.assert_allclose(explanation.signed, A @ g.mean(axis=(0, 1, 2)), rtol=1e-3, atol=1e-6)


def test_the_micro_batch_does_not_matter(dense: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    maps = []
    for numbers in (1, 4 * X.size, 10**9):  # one, four and all copies at a time
        monkeypatch.setattr("camwidget.explanation.measuring.running._BATCH_NUMBERS", numbers)
        dense.refresh()
        maps.append(dense.explain(X, method="smooth_grad_cam++", target=1, samples=10, noise=NOISE).map)
    np.testing.assert_allclose(maps[1], maps[0], rtol=1e-5)
    np.testing.assert_allclose(maps[2], maps[0], rtol=1e-5)


def test_seed_and_noise_count(dense: Explainer) -> None:
    def map(**options: Any) -> np.ndarray:
        return dense.explain(X, method="smooth_grad_cam++", target=1, samples=3, **options).map

    np.testing.assert_array_equal(map(seed=1), map(seed=1))
    assert np.abs(map(seed=1) - map(seed=2)).max() > 1e-4 * map(seed=1).max()
    assert np.abs(map(noise=0.1) - map(noise=0.4)).max() > 1e-4 * map(seed=1).max()


def test_where_the_tail_is_linear_noise_cannot_change_the_picture() -> None:
    # Behind global average pooling the derivatives are the same for every copy.
    explainer = Explainer(gap_network(), preprocess=None)
    plain = explainer.explain(X, target=1, layer="relu")
    with pytest.warns(UserWarning, match="Noise made no difference: .* Choose an earlier layer, or samples=0"):
        smooth = explainer.explain(X, method="smooth_grad_cam++", target=1, layer="relu", samples=5, noise=0.5)
    np.testing.assert_allclose(smooth.heatmap, plain.heatmap, atol=1e-6)
