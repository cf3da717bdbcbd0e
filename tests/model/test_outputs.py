"""Networks of several outputs: which one is explained."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from camwidget import Explainer
from tests.model.networks import (
    GRID,
    REFERENCE,
    SHAPE,
    body,
    chain,
    dense_tail,
    derivative,
    fill,
    finite_differences,
    picture,
    probe_of,
    relu,
    softmax,
)

X = picture()
PLACE = np.linspace(-1, 2, 14).reshape(7, 2).astype(np.float32)


def outputs_of(x: Any, hidden: Any, out: Any, place: Any) -> tuple[Any, Any]:
    pooled = layers.GlobalAveragePooling2D(name="gap")(x)
    return layers.Softmax(name="kind")(out(hidden(pooled))), place(pooled)


def functional_of(container: str) -> keras.Model:
    inputs = keras.Input(SHAPE)
    _, hidden, out = dense_tail()
    place = layers.Dense(2, name="place")
    kind, where = outputs_of(chain(body(), inputs), hidden, out, place)
    structures = {"list": [kind, where], "tuple": (kind, where), "dict": {"kind": kind, "place": where}}
    return filled(keras.Model(inputs, structures[container]))


class Subclassed(keras.Model):
    def __init__(self, container: str) -> None:
        super().__init__()
        self.stack, self.container = body(), container
        self.gap, self.hidden, self.out = dense_tail()
        self.place = layers.Dense(2, name="place")

    def call(self, x: Any) -> Any:
        pooled = self.gap(chain(self.stack, x))
        kind, where = keras.ops.softmax(self.out(self.hidden(pooled))), self.place(pooled)
        return {"kind": kind, "place": where} if self.container == "dict" else [kind, where]


def subclassed_of(container: str) -> keras.Model:
    model = Subclassed(container)
    model(X[None])
    return filled(model)


def filled(model: keras.Model) -> keras.Model:
    fill(model)
    place = next(layer for layer in model._flatten_layers() if layer.name == "place")
    place.set_weights([PLACE, np.array([0.5, -0.5], np.float32)])
    return model


def place_of(last: np.ndarray) -> np.ndarray:
    return relu(last).mean(axis=(0, 1)) @ PLACE.astype(np.float64) + [0.5, -0.5]


NETWORKS = {
    "functional, list": (lambda: functional_of("list"), ("kind", "place")),
    "functional, tuple": (lambda: functional_of("tuple"), ("kind", "place")),
    "functional, dict": (lambda: functional_of("dict"), ("kind", "place")),
    "subclassed, dict": (lambda: subclassed_of("dict"), ("kind", "place")),
    "subclassed, list": (lambda: subclassed_of("list"), (None, None)),  # nobody gave them names
}


@pytest.mark.parametrize("case", NETWORKS)
def test_each_output_has_scores_and_derivatives_of_its_own(case: str) -> None:
    make, names = NETWORKS[case]
    model, last = make(), REFERENCE.last(X)
    tails = (REFERENCE.tail, place_of)
    for position, (name, tail) in enumerate(zip(names, tails, strict=True)):
        expected = finite_differences(lambda a, tail=tail: tail(a)[1], last)
        for output in (position, name):
            if output is None:
                continue
            probe = probe_of(model, output=output)
            assert (probe.kind, probe.classes) == (("softmax", 4), ("linear", 2))[position]
            layer = probe.find_layer("last")
            seen = probe.observe(layer, X[None])
            np.testing.assert_allclose(seen.logits[0], tail(last), atol=2e-6)
            gradient = derivative(probe, layer, X[None], seen.output, target=1)
            np.testing.assert_allclose(gradient[0], expected, atol=1e-6)
            assert np.abs(expected).max() > 1e-3


@pytest.mark.parametrize("case", NETWORKS)
def test_explaining_one_of_several_outputs(case: str) -> None:
    make, names = NETWORKS[case]
    explainer = Explainer(make())
    kind = explainer.explain(X, output=0, method="grad_cam", target=2, score="probability")
    assert kind.score == pytest.approx(softmax(REFERENCE.logits(X))[2], abs=1e-6)
    place = explainer.explain(X, output=names[1] or 1, method="hires_cam", layer="relu", target=1)
    assert place.score == pytest.approx(place_of(REFERENCE.last(X))[1], abs=2e-6)
    np.testing.assert_allclose(place.weights, np.broadcast_to(PLACE[:, 1] / 54, GRID), atol=1e-7)
    # CAM: only the second output is one layer behind global average pooling.
    cam = explainer.explain(X, output=1, method="cam", target=0)
    np.testing.assert_allclose(np.ravel(cam.weights), PLACE[:, 0])
    with pytest.raises(ValueError, match="method='cam' needs a network"):
        explainer.explain(X, output=0, method="cam", target=0)
    assert [each.index for each in explainer.predict(X, output=1)] == list(
        np.argsort(place_of(REFERENCE.last(X)))[::-1]
    )


@pytest.mark.parametrize("case", NETWORKS)
def test_which_output_must_be_said(case: str) -> None:
    make, names = NETWORKS[case]
    explainer = Explainer(make())
    listed = ", ".join(repr(name or f"output {n}") for n, name in enumerate(names))
    with pytest.raises(ValueError, match=rf"The network has 2 outputs: {listed}\. Pass one as output=\."):
        explainer.explain(X)
    for wrong in ("palce", 2, -1):
        with pytest.raises(ValueError, match=rf"No output {wrong!r}\. The network's outputs: {listed}\."):
            explainer.explain(X, output=wrong)


def test_an_output_of_one_may_be_named() -> None:
    model = fill(keras.Model(inputs := keras.Input(SHAPE), chain([*body(), *dense_tail()], inputs)))
    for output in (0, "logits", None):
        seen = probe_of(model, output=output).verdict(X[None])[0]
        np.testing.assert_allclose(seen[0], REFERENCE.logits(X), atol=2e-6)
    with pytest.raises(ValueError, match=r"No output 'kind'\. The network's outputs: 'logits'\."):
        probe_of(model, output="kind")


def test_a_layer_that_one_output_does_not_use() -> None:
    inputs = keras.Input(SHAPE)
    first, pool, second, relu_ = body()
    early = pool(first(inputs))
    late = layers.GlobalAveragePooling2D()(relu_(second(early)))
    outputs = [
        layers.Dense(3, name="late")(late),
        layers.Dense(2, name="early")(layers.GlobalAveragePooling2D()(early)),
    ]
    explainer = Explainer(fill(keras.Model(inputs, outputs)))
    explainer.explain(X, output="late", layer="last", method="grad_cam")
    with pytest.raises(ValueError, match="The score does not depend on layer 'last'"):
        explainer.explain(X, output="early", layer="last", method="grad_cam")
