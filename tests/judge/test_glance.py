"""One map checked: the drop by hand, and a network that keeps its weights."""

import keras
import numpy as np
import pytest
from keras import layers

from camwidget import Explainer
from camwidget.judge import glance
from camwidget.maths import rank_correlation
from tests.model.snapshot import Snapshot

X = np.random.default_rng(0).integers(0, 256, (12, 18, 3), np.uint8)


@pytest.fixture(scope="module")
def model() -> keras.Model:
    keras.utils.set_random_seed(1)
    stack = [layers.Input((12, 18, 3)), layers.Rescaling(1 / 255), layers.Conv2D(5, 3, activation="relu", name="conv")]
    return keras.Sequential([*stack, layers.Flatten(), layers.Dense(4, activation="softmax", name="top")])


def test_the_drop_is_that_of_the_picture_times_the_map(model: keras.Model) -> None:
    explainer = Explainer(model, preprocess=None)
    explanation = explainer.explain(X)
    found = glance(explainer, explanation)
    heat = explanation.heatmap[..., None]
    before, after = (float(model(x[None].astype(np.float32))[0, explanation.target]) for x in (X, X * heat))
    assert found.before == pytest.approx(before, rel=1e-5)
    assert found.after == pytest.approx(after, rel=1e-4)
    assert found.drop == pytest.approx(max(0, before - after) / before, rel=1e-3, abs=1e-6)
    assert found.randomized == "top"


def test_the_correlation_is_that_with_random_weights_on_top(model: keras.Model) -> None:
    explainer = Explainer(model, preprocess=None)
    explanation = explainer.explain(X, method="grad_cam")
    snapshot = Snapshot(model, X[None].astype(np.float32))
    found = glance(explainer, explanation, seed=3)
    snapshot.check_unchanged()
    # The same with the weights really exchanged.
    top = model.get_layer("top")
    seed = int(np.random.default_rng(3).integers(2**31))
    kernel, bias = top.get_weights()
    try:
        top.set_weights([keras.initializers.GlorotUniform(seed)(kernel.shape), np.zeros_like(bias)])
        random = Explainer(model, preprocess=None).explain(X, method="grad_cam", target=explanation.target)
    finally:
        top.set_weights([kernel, bias])
    assert found.correlation == pytest.approx(rank_correlation(explanation.map, random.map), abs=1e-6)
    assert found.correlation < 0.99


def test_another_seed_draws_other_weights(model: keras.Model) -> None:
    explainer = Explainer(model, preprocess=None)
    explanation = explainer.explain(X, method="grad_cam")
    assert glance(explainer, explanation, seed=1).correlation != glance(explainer, explanation, seed=2).correlation


def test_where_there_are_no_classes_there_is_no_drop() -> None:
    model = keras.Sequential([layers.Input((12, 18, 3)), layers.Conv2D(5, 3), layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    explainer = Explainer(model, preprocess=None)
    found = glance(explainer, explainer.explain(X.astype(np.float32) / 255))
    assert np.isnan(found.before) and np.isnan(found.drop) and np.isfinite(found.correlation)
