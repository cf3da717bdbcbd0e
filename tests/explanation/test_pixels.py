"""Pixel methods and products: worked out by hand, restated by tape, and their laws."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from camwidget.explanation import Explainer, Explanation, make_query
from camwidget.explanation.cache import Cache
from camwidget.maths import midpoints, resize
from camwidget.model import Probe
from tests.explanation.networks import CAPTUM_PICTURE, PIXELS, captum_network, dense_network
from tests.model.networks import GRID, functional, gap_network, picture, subclassed_network

X = picture()
BRIGHT = np.abs(X) + 1
PIXEL_METHODS = ("gradient", "smooth_grad", "guided_backprop", "deconvnet", "integrated_gradients")


@pytest.fixture(scope="module")
def captum() -> Explainer:
    return Explainer(captum_network(), preprocess=None)


@pytest.fixture(scope="module")
def dense() -> Explainer:
    return Explainer(dense_network(), preprocess=None)


def asked(explainer: Explainer, image: np.ndarray = X, **options: Any) -> Explanation:
    """Without the warnings of `explain`."""
    return explainer.answer(explainer.picture(image), make_query(options))


# -- Captum's network, by hand ----------------------------------------------------------------------
#
# Four windows of 3 x 3 over 0..15, sums 45, 54, 81, 90. Channel 0: ReLU(sum - 50) = 0, 4, 31, 40, weights
# 1, 1, 1, 1. Channel 1: ReLU(sum - 75) = 0, 0, 6, 15, weights 1, -1, -1, -1. Every kernel is of ones, so the
# gradient of a pixel is the sum over the windows that hold it of what reaches the convolution there.


def spread(windows: list[float]) -> np.ndarray:
    """What each pixel gets where window n hands back windows[n] to all of its 3 x 3 pixels."""
    pixels = np.zeros((4, 4, 1))
    for n, value in enumerate(windows):
        row, column = divmod(n, 2)
        pixels[row : row + 3, column : column + 3, 0] += value
    return pixels


def test_gradient_by_hand(captum: Explainer) -> None:
    # Open: channel 0 at windows 1, 2, 3 (+1 each), channel 1 at windows 2, 3 (-1 each).
    np.testing.assert_array_equal(asked(captum, CAPTUM_PICTURE, method="gradient").signed, spread([0, 1, 0, 0]))


def test_guided_backprop_by_hand(captum: Explainer) -> None:
    # Only what is positive: channel 0 at the open windows 1, 2, 3; of channel 1 nothing.
    guided = asked(captum, CAPTUM_PICTURE, method="guided_backprop")
    np.testing.assert_array_equal(guided.signed, spread([0, 1, 1, 1]))
    np.testing.assert_array_equal(guided.map, [[0, 1, 1, 1], [1, 3, 3, 2], [1, 3, 3, 2], [1, 2, 2, 1]])
    assert guided.evidence.pixels is not None and guided.evidence.pixels.relus == 1


def test_deconvnet_by_hand(captum: Explainer) -> None:
    # Whatever is positive, open or shut: channel 0 at all windows, channel 1 at window 0.
    np.testing.assert_array_equal(asked(captum, CAPTUM_PICTURE, method="deconvnet").signed, spread([2, 1, 1, 1]))


def test_guided_grad_cam_by_hand(captum: Explainer) -> None:
    # Grad-CAM at the ReLU is [[0, 4], [28, 32.5]]; half-pixel bilinear to 4 x 4: each side reads 1, 3/4, 1/4, 0.
    product = asked(captum, CAPTUM_PICTURE, method="guided_grad_cam", layer="relu")
    side = np.array([[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]])
    large = side @ np.array([[0, 4], [28, 32.5]]) @ side.T
    np.testing.assert_allclose(product.signed, large[..., None] * spread([0, 1, 1, 1]), rtol=1e-6)
    assert product.signed[3, 3, 0] == pytest.approx(32.5)
    assert product.signed[0, 0, 0] == 0


def test_integrated_gradients_by_hand(captum: Explainer) -> None:
    # From black, t x has windows t * (45, 54, 81, 90). Window n of channel c is open for t > bias / sum:
    # channel 0 for 1 - 50/54, 1 - 50/81, 1 - 50/90 of the way, channel 1 for 1 - 75/81, 1 - 75/90.
    shares = [0, 4 / 54, 31 / 81 - 6 / 81, 40 / 90 - 15 / 90]
    exact = CAPTUM_PICTURE * spread(shares)
    found = asked(captum, CAPTUM_PICTURE, method="integrated_gradients", steps=2000)
    np.testing.assert_allclose(found.signed, exact, atol=0.05)
    assert found.signed.sum() == pytest.approx(found.score - 0, rel=0.01)  # S(black) = 0: every ReLU is shut


# -- restated by tape -------------------------------------------------------------------------------


def tape(model: keras.Model, inputs: np.ndarray, target: int) -> np.ndarray:
    """d logit / d input by TensorFlow alone, float64; the softmax at the end is left out."""
    x = tf.constant(inputs, tf.float32)
    with tf.GradientTape() as watching:
        watching.watch(x)
        y = x
        for layer in model.layers[1:-1]:
            y = layer(y)
        end = model.layers[-1]
        score = (tf.matmul(y, end.kernel) + end.bias)[:, target]
    return np.asarray(watching.gradient(score, x), np.float64)


def test_gradient(dense: Explainer) -> None:
    found = asked(dense, method="gradient", target=2)
    np.testing.assert_allclose(found.signed, tape(dense.model, X[None], 2)[0], atol=1e-6)
    np.testing.assert_allclose(found.map, np.abs(found.signed).sum(axis=2))


def test_smooth_grad(dense: Explainer) -> None:
    found = asked(dense, method="smooth_grad", target=2, samples=6, noise=0.3, seed=4)
    deviation = 0.3 * (X.max() - X.min())
    copies = X + deviation * np.random.default_rng(4).standard_normal((6, *X.shape), np.float32)
    np.testing.assert_allclose(found.signed, tape(dense.model, copies, 2).mean(axis=0), atol=1e-6)
    assert found.samples == 6
    assert make_query({"method": "smooth_grad"}).num_samples == 50


def test_without_noise_smooth_grad_is_the_gradient_bit_for_bit(dense: Explainer) -> None:
    plain, none = (asked(dense, method=name, samples=0).signed for name in ("gradient", "smooth_grad"))
    np.testing.assert_array_equal(plain, none)


@pytest.mark.parametrize("baseline", ["black", "mean", 0.25, (0.1, -0.2, 0.3), "white"])
def test_integrated_gradients(dense: Explainer, baseline: Any) -> None:
    found = asked(dense, method="integrated_gradients", target=2, steps=9, baseline=baseline)
    start = {
        "black": np.zeros_like(X),
        "white": np.full_like(X, 255),
        "mean": np.broadcast_to(X.mean(axis=(0, 1)), X.shape),
        0.25: np.full_like(X, 0.25),
        (0.1, -0.2, 0.3): np.broadcast_to(np.array([0.1, -0.2, 0.3], np.float32), X.shape),
    }[baseline]
    path = start + midpoints(9)[:, None, None, None] * (X - start)
    expected = (X - start) * tape(dense.model, path, 2).mean(axis=0)
    np.testing.assert_allclose(found.signed, expected, rtol=1e-3, atol=1e-5 * np.abs(expected).max())


def test_a_blurred_baseline_keeps_the_mean_and_loses_the_details(dense: Explainer) -> None:
    from camwidget.explanation.resolve import make_baseline

    blurred = make_baseline(make_query({"baseline": "blur"}), dense.picture(X), lambda x: x)
    assert np.abs(blurred.mean() - X.mean()) < 0.05
    assert np.abs(np.diff(blurred, axis=0)).mean() < 0.2 * np.abs(np.diff(X, axis=0)).mean()


@pytest.mark.parametrize("target", range(4))
def test_integrated_gradients_add_up_to_the_change_of_score(dense: Explainer, target: int) -> None:
    found = asked(dense, method="integrated_gradients", target=target, steps=4000)
    black = asked(dense, np.zeros_like(X), method="gradient", target=target)
    assert found.signed.sum() == pytest.approx(found.score - black.score, rel=0.01)
    assert found.notes == ()
    assert found.evidence.pixels is not None and found.evidence.pixels.gap is not None
    assert found.evidence.pixels.gap < 0.01


@pytest.fixture(scope="module")
def bending() -> Explainer:
    """1,000 ReLUs that open within the first hundredth of the way from black, less most of what they add up to."""
    inputs = keras.Input(X.shape)
    mean = keras.layers.GlobalAveragePooling2D()(inputs)
    hidden = keras.layers.Dense(1001, activation="relu", name="hidden")(mean)
    model = keras.Model(inputs, keras.layers.Dense(1, name="end")(hidden))
    random = np.random.default_rng(3)
    kernel = random.uniform(0.1, 1, (3, 1000))
    opening = (BRIGHT.mean(axis=(0, 1)) @ kernel) * random.uniform(0, 0.01, 1000)
    kernel = np.concatenate([kernel, kernel.mean(axis=1, keepdims=True)], axis=1)
    model.get_layer("hidden").set_weights([kernel, -np.append(opening, 0)])
    model.get_layer("end").set_weights([np.append(np.ones(1000), -970)[:, None], np.zeros(1)])
    return Explainer(model, preprocess=None)


def test_the_line_is_divided_where_the_gradient_changes(bending: Explainer) -> None:
    options: dict[str, Any] = {"method": "integrated_gradients", "target": 0}
    black = asked(bending, np.zeros_like(X), method="gradient", target=0)
    found = asked(bending, BRIGHT, **options)
    assert found.signed.sum() == pytest.approx(found.score - black.score, rel=0.01)
    assert found.evidence.pixels is not None and 50 < found.evidence.pixels.count.done < 200
    fifty = asked(bending, BRIGHT, **options, steps=50)
    assert fifty.evidence.pixels is not None and fifty.evidence.pixels.gap is not None
    assert fifty.evidence.pixels.gap > 0.02


def test_a_division_that_is_stopped_keeps_the_pieces_that_are_done(bending: Explainer) -> None:
    query = make_query({"method": "integrated_gradients", "target": 0})
    shares: list[float] = []

    def checkpoint(share: float) -> bool:
        shares.append(share)
        return len(shares) < 3 or share < 0.5

    whole = bending.answer(bending.picture(BRIGHT), query, cache=Cache())
    stopped = bending.answer(bending.picture(BRIGHT), query, checkpoint, cache=Cache())
    (count,), (most,) = stopped.evidence.counts, whole.evidence.counts
    assert 50 < count.done < min(count.wanted, most.done) and stopped.stopped == str(count)
    assert all(0 < share < 1 for share in shares)
    assert stopped.signed.sum() == pytest.approx(whole.signed.sum(), rel=0.05)


@pytest.mark.parametrize("pieces", [0, 1])
def test_a_division_that_is_interrupted_in_a_notebook_keeps_what_there_is(
    bending: Explainer, monkeypatch: pytest.MonkeyPatch, pieces: int
) -> None:
    monkeypatch.setattr("camwidget.explanation.explainer.in_notebook", lambda: True)
    monkeypatch.setattr("camwidget.explanation.measuring.path.batch_size", lambda numbers: 50)
    bending.refresh()
    whole, calls = Probe.pixel_gradient, []

    def pixel_gradient(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) > 2 + pieces:  # the fifty steps, both ends, and these
            raise KeyboardInterrupt
        return whole(*arguments, **options)

    monkeypatch.setattr(Probe, "pixel_gradient", pixel_gradient)
    with pytest.warns(UserWarning, match="Stopped early"):
        found = bending.explain(BRIGHT, method="integrated_gradients", target=0)
    (count,) = found.evidence.counts
    assert len(calls) == 3 + pieces and count.done == 50 + 8 * pieces < count.wanted


def test_too_few_steps_are_said(dense: Explainer) -> None:
    with pytest.warns(UserWarning, match=r"miss the change of score .* by \d+%: pass more than steps=1\."):
        dense.explain(X, method="integrated_gradients", target=1, steps=1)


def test_noisy_integrated_gradients_are_the_mean_of_each_copys(dense: Explainer) -> None:
    options: dict[str, Any] = {"method": "integrated_gradients", "target": 1, "steps": 4}
    found = asked(dense, **options, samples=3, noise=0.2, seed=1)
    deviation = 0.2 * (X.max() - X.min())
    copies = X + np.float32(deviation) * np.random.default_rng(1).standard_normal((3, *X.shape), np.float32)
    each = [asked(dense, copy, **options).signed for copy in copies]
    np.testing.assert_allclose(found.signed, np.mean(each, axis=0), rtol=1e-4, atol=1e-6)
    assert found.samples == 3 and found.title.endswith(", 3 noisy copies")


# -- a selection is the target ----------------------------------------------------------------------


def test_a_selection_is_what_a_pixel_method_explains(dense: Explainer) -> None:
    chosen: dict[str, Any] = {"filters": [1, 4], "region": ((1, 2), (3, 5)), "layer": "relu"}
    found = asked(dense, method="gradient", **chosen)
    x = tf.constant(X[None])
    with tf.GradientTape() as watching:
        watching.watch(x)
        y = x
        for name in ("conv", "pool", "last", "relu"):
            y = dense.model.get_layer(name)(y)
        score = tf.reduce_sum(y[:, 1:4, 2:6, 1]) + tf.reduce_sum(y[:, 1:4, 2:6, 4])
    np.testing.assert_allclose(found.signed, np.asarray(watching.gradient(score, x))[0], atol=1e-6)
    assert found.score == pytest.approx(float(score), rel=1e-5)
    assert "chosen activations" in found.title and " at relu, 2 of 7 filters, 12 of 54 neurons" in found.title


def test_disjoint_selections_add_up(dense: Explainer) -> None:
    one, two, both = (
        asked(dense, method="gradient", layer="last", filters=some).signed for some in ([0, 2], [5], [0, 2, 5])
    )
    np.testing.assert_allclose(one + two, both, atol=1e-6)


def test_of_one_neuron_only_its_receptive_field_counts(dense: Explainer) -> None:
    # Neuron (4, 7) of `last`: a 3 x 3 of the pooled grid, rows 3 to 5, so pixels 6 to 11, and one more around.
    found = asked(dense, method="gradient", layer="last", neurons=[(4, 7)])
    rows, columns = np.nonzero(found.map)
    assert rows.min() >= 5 and rows.max() <= 11
    assert columns.min() >= 11 and columns.max() <= 17
    assert found.map.any()


def test_a_products_selection_is_of_its_map(dense: Explainer) -> None:
    whole = asked(dense, method="guided_grad_cam", target=1)
    part = asked(dense, method="guided_grad_cam", target=1, filters=[3], region=((0, 0), (3, 4)))
    cam = asked(dense, method="grad_cam", target=1, filters=[3], region=((0, 0), (3, 4)))
    guided = asked(dense, method="guided_backprop", target=1)
    np.testing.assert_allclose(part.signed, resize(cam.map, 12, 18)[..., None] * guided.signed, rtol=1e-6)
    np.testing.assert_array_equal(whole.only(filters=[3], region=((0, 0), (3, 4))).signed, part.signed)
    assert whole.signed.shape == (12, 18, 3) and cam.map.shape == GRID[:2]


# -- what it costs, and what cannot be --------------------------------------------------------------


def test_methods_share_what_they_measure(dense: Explainer) -> None:
    dense.refresh()
    image = dense.picture(X)

    def cost(method: str, **options: Any) -> int:
        before = dense.probe(image).calls
        asked(dense, method=method, target=1, **options)
        return dense.probe(image).calls - before

    assert cost("guided_backprop") == 2  # one look at the picture, one pass forward and back
    assert cost("guided_grad_cam") == 1  # the derivatives alone
    assert cost("guided_grad_cam++") == cost("grad_cam++") == cost("grad_cam") == cost("layer_cam") == 0
    assert cost("gradient") == 1
    assert cost("smooth_grad", samples=0) == 0
    assert cost("guided_grad_cam", filters=[1]) == 0
    assert cost("gradient", filters=[1]) == 1
    assert cost("gradient", filters=[1]) == 0


@pytest.mark.parametrize("method", ["guided_backprop", "deconvnet", "guided_grad_cam++"])
def test_a_network_without_relus_cannot_be_guided(method: str) -> None:
    stack = [keras.layers.Conv2D(4, 3, activation="gelu"), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3)]
    explainer = Explainer(functional(stack), preprocess=None)
    with pytest.raises(ValueError, match=r"change what ReLUs hand back, and nothing of the kind .* method='gradient'"):
        explainer.explain(X, method=method)
    assert explainer.explain(X, method="gradient").map.any()


def test_relus_are_found_however_they_are_written() -> None:
    # Three of them: an activation, a layer, and a function in `call`.
    found = asked(Explainer(subclassed_network(), preprocess=None), method="guided_backprop")
    assert found.evidence.pixels is not None and found.evidence.pixels.relus == 3


def test_a_network_without_any_map_has_its_pixels() -> None:
    keras.utils.set_random_seed(0)
    model = functional([keras.layers.Flatten(), keras.layers.Dense(5, activation="relu"), keras.layers.Dense(3)])
    explainer = Explainer(model, preprocess=None)
    found = explainer.explain(X, method="gradient", target=1)
    kernel, bias = model.layers[2].get_weights()
    is_open = (X.ravel() @ kernel + bias) > 0
    expected = kernel @ (is_open * model.layers[3].get_weights()[0][:, 1])
    np.testing.assert_allclose(found.signed.ravel(), expected, atol=1e-6)
    assert found.title.startswith("Gradient for class 1 (logit")


@pytest.mark.parametrize("method", PIXEL_METHODS)
def test_heat_lies_on_the_picture(dense: Explainer, method: str) -> None:
    found = asked(dense, PIXELS, method=method, target=1)
    assert found.heatmap.shape == PIXELS.shape[:2] == (24, 36)
    assert found.map.shape == (12, 18)
    assert 0 <= found.heatmap.min() and found.heatmap.max() <= 1 + 1e-12
    assert found.overlay().shape == PIXELS.shape


def test_gap_network_noise_moves_pixels() -> None:
    explainer = Explainer(gap_network(), preprocess=None)
    plain, noisy = (asked(explainer, method="gradient", samples=n, noise=0.4).signed for n in (0, 8))
    assert np.abs(plain - noisy).max() > 0.01 * np.abs(plain).max()
