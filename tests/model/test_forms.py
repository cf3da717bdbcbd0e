"""Saved and loaded, deeply nested, grey or with four channels, in half precision: the same map."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from camwidget import Explainer, Explanation
from tests.model.networks import (
    BUILDS,
    FILTERS,
    GRID,
    HEIGHT,
    REFERENCE,
    WIDTH,
    Restated,
    Subclassed,
    body,
    chain,
    convolve,
    dense_tail,
    fill,
    finite_differences,
    functional,
    functional_network,
    nested_network,
    picture,
    relu,
    sequential_network,
    subclassed_network,
    twice_nested_network,
    unbuilt_sequential,
)

X = picture()
TARGET = 0
# Grad-CAM at `relu`, by its definition.
ACTIVATIONS = relu(REFERENCE.last(X))
WEIGHTS = finite_differences(lambda a: REFERENCE.pooled_to_logits(a.mean(axis=(0, 1)))[TARGET], ACTIVATIONS).mean(
    axis=(0, 1)
)
MAP = relu(ACTIVATIONS @ WEIGHTS)


def check(model: keras.Model, x: np.ndarray = X, tolerance: float = 1e-6) -> None:
    explanation = Explainer(model).explain(x, method="grad_cam", target=TARGET)
    assert explanation.layer.rsplit("/", 1)[-1] == "relu"
    np.testing.assert_allclose(explanation.map, MAP, atol=tolerance)


def test_the_map_is_worth_comparing_with() -> None:
    assert MAP.max() > 1e-2 and np.ptp(MAP) > 0.3 * MAP.max()


# -- saved and loaded -------------------------------------------------------------------------------

# Keras' own, of its writing and reading of files with this NumPy.
FILES = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

SAVED: dict[str, Callable[[], keras.Model]] = {
    "functional": functional_network,
    "sequential": sequential_network,
    "nested": nested_network,
    "twice nested": twice_nested_network,
    "subclassed": subclassed_network,
}


@FILES
@pytest.mark.parametrize("build", SAVED)
def test_loaded_from_a_keras_file(build: str, tmp_path: Path) -> None:
    SAVED[build]().save(tmp_path / "network.keras")
    model = keras.models.load_model(tmp_path / "network.keras")
    assert isinstance(model, keras.Model) and isinstance(model, Subclassed) is (build == "subclassed")
    check(model)


@FILES
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")  # Keras: the format is old
@pytest.mark.parametrize("build", ["functional", "sequential", "nested", "twice nested"])
def test_loaded_from_an_h5_file(build: str, tmp_path: Path) -> None:
    SAVED[build]().save(tmp_path / "network.h5")
    model = keras.models.load_model(tmp_path / "network.h5")
    assert isinstance(model, keras.Model)
    check(model)


@FILES
def test_loaded_weights_in_a_sequential_network_built_by_its_first_picture(tmp_path: Path) -> None:
    sequential_network().save_weights(tmp_path / "network.weights.h5")
    model = unbuilt_sequential()
    explainer = Explainer(model)
    explainer.explain(X, method="grad_cam")  # builds it, of random weights
    model.load_weights(tmp_path / "network.weights.h5")
    np.testing.assert_allclose(explainer.explain(X, method="grad_cam", target=TARGET).map, MAP, atol=1e-6)


@pytest.mark.parametrize("build", BUILDS)
def test_every_build_gives_the_same_map(build: str) -> None:
    check(BUILDS[build][0]())


def test_nested_three_deep() -> None:
    inner = functional(body(), name="inner")
    middle = keras.Sequential([keras.Input((HEIGHT, WIDTH, 3)), inner], name="middle")
    outer = functional([middle], name="outer")
    model = fill(functional([outer, *dense_tail(), layers.Softmax()]))
    explainer = Explainer(model)
    check(model)
    assert [layer.name for layer in explainer.layers] == [
        f"outer/middle/inner/{name}" for name in ("conv", "pool", "last", "relu")
    ]


# -- operations between layers ------------------------------------------------------------------------

BYPASS = np.random.default_rng(4).normal(size=(5, FILTERS)).astype(np.float32)


def block_of_operations() -> keras.Model:
    """relu(last(early) + around(early)): the addition and the ReLU are operations, and no layers."""
    inputs = keras.Input((HEIGHT, WIDTH, 3))
    first, pool, second, _ = body()
    early = pool(first(inputs))
    around = layers.Conv2D(FILTERS, 1, use_bias=False, name="around")
    outputs = chain(dense_tail(), keras.ops.relu(second(early) + around(early)))
    model = fill(keras.Model(inputs, outputs))
    around.set_weights([BYPASS[None, None]])
    return model


@pytest.mark.parametrize("nested", [False, True])
def test_a_block_that_ends_in_operations(nested: bool) -> None:
    model = functional([block_of_operations()]) if nested else block_of_operations()
    explainer = Explainer(model)
    (relu_,) = [layer for layer in explainer.layers if layer.default]
    add = explainer.layers[explainer.layers.index(relu_) - 1]
    assert (add.kind, relu_.kind, relu_.grid) == ("Add", "Relu", GRID[:2])
    summed = REFERENCE.last(X) + REFERENCE.early(X) @ BYPASS.astype(np.float64)
    expected = {
        relu_.name: (relu(summed), lambda a: REFERENCE.pooled_to_logits(a.mean(axis=(0, 1)))[1]),
        add.name: (summed, lambda a: REFERENCE.tail(a)[1]),
    }
    for name, (activations, tail) in expected.items():
        explanation = explainer.explain(X, method="hires_cam", layer=name, target=1)
        np.testing.assert_allclose(explanation.evidence.activations, activations, atol=5e-6)
        np.testing.assert_allclose(explanation.weights, finite_differences(tail, activations), atol=1e-6)


# -- channels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 4])
def test_other_numbers_of_channels(channels: int) -> None:
    kernel = np.random.default_rng(channels).normal(size=(3, 3, channels, 5), scale=0.4).astype(np.float32)
    other = Restated({**REFERENCE.weights, "conv": (kernel, REFERENCE.weights["conv"][1])})
    stack = [*body(), *dense_tail(), layers.Softmax()]
    model = fill(functional(stack, shape=(HEIGHT, WIDTH, channels)), other)
    x = picture(3, (HEIGHT, WIDTH, channels))
    explanation = Explainer(model).explain(x, method="hires_cam", layer="last", target=TARGET)
    np.testing.assert_allclose(explanation.weights, other.gradient(x, TARGET), atol=1e-6)
    np.testing.assert_allclose(explanation.signed, (other.gradient(x, TARGET) * other.last(x)).sum(-1), atol=5e-6)
    assert explanation.heatmap.shape == (HEIGHT, WIDTH)


def test_any_size_of_picture() -> None:
    model = fill(functional([*body(), *dense_tail()], shape=(None, None, 3)))
    explainer = Explainer(model)
    for size in ((8, 20, 3), (20, 8, 3), (12, 18, 3)):
        x = picture(1, size)
        explanation = explainer.explain(x, method="hires_cam", layer="last", target=1)
        assert explanation.map.shape == (size[0] // 2, size[1] // 2)
        np.testing.assert_allclose(explanation.weights, REFERENCE.gradient(x, 1), atol=1e-6)


# -- precision --------------------------------------------------------------------------------------


@pytest.fixture(params=["mixed_float16", "mixed_bfloat16"])
def policy(request: pytest.FixtureRequest) -> Iterator[str]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("build", BUILDS)
def test_half_precision_gives_the_same_map(build: str, policy: str) -> None:
    model = BUILDS[build][0]()
    assert next(layer for layer in model._flatten_layers() if layer.name == "last").compute_dtype in policy
    # Numbers of 11 and 8 bits: a step is 2^-11 or 2^-8 of what is rounded, over some five layers.
    check(model, tolerance=MAP.max() * (0.01 if policy == "mixed_float16" else 0.06))


def test_operations_in_half_precision(policy: str) -> None:
    explainer = Explainer(block_of_operations())
    found = explainer.explain(X, method="hires_cam", target=1)
    summed = relu(REFERENCE.last(X) + REFERENCE.early(X) @ BYPASS.astype(np.float64))
    expected = finite_differences(lambda a: REFERENCE.pooled_to_logits(a.mean(axis=(0, 1)))[1], summed)
    coarse = 0.01 if policy == "mixed_float16" else 0.06
    np.testing.assert_allclose(found.weights, expected, atol=coarse * np.abs(expected).max())
    np.testing.assert_allclose(found.evidence.activations, summed, atol=coarse * summed.max())


def test_a_policy_set_after_the_network_was_built_changes_nothing(policy: str) -> None:
    keras.config.set_dtype_policy("float32")
    model = functional_network()
    keras.config.set_dtype_policy(policy)
    check(model)


@pytest.mark.parametrize("method", ["grad_cam++", "score_cam", "ablation_cam", "gradient", "guided_backprop"])
def test_every_kind_of_measurement_in_half_precision(method: str, policy: str) -> None:
    x = picture(4)
    half = Explainer(functional_network()).explain(x, method=method, target=TARGET).map
    keras.config.set_dtype_policy("float32")
    whole = Explainer(functional_network()).explain(x, method=method, target=TARGET).map
    assert half.dtype == whole.dtype and np.isfinite(half).all()
    # A ReLU near 0 may open in one precision and shut in the other: on the whole they agree.
    np.testing.assert_array_less(1 - np.corrcoef(half.ravel(), whole.ravel())[0, 1], 0.02)
    np.testing.assert_allclose(half.sum(), whole.sum(), rtol=0.05)


@pytest.mark.parametrize("method", ["grad_cam", "gradient"])
def test_a_probability_too_small_for_half_precision(policy: str, method: str) -> None:
    def ask() -> Explanation:
        model = functional_network()
        model.get_layer("logits").bias.assign([0, 20, 0, 0])
        return Explainer(model).explain(X, method=method, target=0, score="probability")

    half = ask()
    keras.config.set_dtype_policy("float32")
    whole = ask()
    sizes = [np.abs(found.signed).sum() / found.score for found in (half, whole)]
    assert 0 < np.abs(whole.signed).max() < 1e-8  # where float16 has 0
    # Logits near 20 are rounded to 1/8 in bfloat16, and so is the probability by a tenth: its share is compared.
    np.testing.assert_allclose(*sizes, rtol=0.1)


# -- one backbone, used twice -----------------------------------------------------------------------


class Turned(keras.Model):
    """Logits of gap(b(x)) + 2 gap(b(x turned over)): a backbone shared, as in siamese training."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = functional(body(), name="backbone")
        self.gap, *self.dense = dense_tail()

    def call(self, x: Any) -> Any:
        turned: Any = keras.ops.flip(x, axis=2)
        return chain(self.dense, self.gap(self.backbone(x)) + 2 * self.gap(self.backbone(turned)))


def test_each_use_of_a_backbone_has_a_map_of_its_own() -> None:
    model = Turned()
    model(X[None])
    explainer = Explainer(fill(model))
    first, second = (relu(REFERENCE.last(x)) for x in (X, X[:, ::-1]))

    def tail(a: np.ndarray, b: np.ndarray) -> float:
        return REFERENCE.pooled_to_logits(a.mean(axis=(0, 1)) + 2 * b.mean(axis=(0, 1)))[1]

    expected = {
        "backbone/relu": (first, finite_differences(lambda a: tail(a, second), first)),
        "backbone#2/relu": (second, finite_differences(lambda b: tail(first, b), second)),
    }
    maps = []
    for layer, (activations, gradient) in expected.items():
        explanation = explainer.explain(X, method="grad_cam", layer=layer, target=1)
        np.testing.assert_allclose(np.ravel(explanation.weights), gradient.mean(axis=(0, 1)), atol=1e-6)
        np.testing.assert_allclose(explanation.map, relu(activations @ gradient.mean(axis=(0, 1))), atol=2e-6)
        maps.append(explanation.map)
    assert maps[0].shape == GRID[:2]
    assert np.abs(maps[0] - maps[1]).max() > 1e-2
    assert explainer.explain(X, method="grad_cam", target=1).layer == "backbone#2/relu"


def test_a_picture_turned_over_turns_the_first_layers_map() -> None:
    # What is compared with stands on its own feet: convolution commutes with turning kernel and picture.
    kernel, bias = REFERENCE.weights["conv"]
    turned = convolve(X[:, ::-1], kernel[:, ::-1], bias)[:, ::-1]
    np.testing.assert_allclose(turned, convolve(X, kernel, bias), atol=1e-6)
