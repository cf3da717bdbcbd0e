"""Sanity checks: they notice what forgets, what does not, and what is stale; and they leave no trace."""

import random
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from camwidget import samples
from camwidget.explanation import Explainer
from camwidget.explanation.many import explain_together
from camwidget.judge import cascading_randomization, label_randomization
from camwidget.judge.reinitialise import SCHEMES, begun_anew
from camwidget.judge.similarity import edge_detector
from camwidget.maths import edges, rank_correlation
from camwidget.model import Picture, restored
from camwidget.model.weights import numbers
from tests.judge.networks import halved, pictures, tiny_network

SCENES = [samples.scene(seed).image for seed in range(24)]


def snapshot(model: keras.Model) -> list[bytes]:
    return [numbers(variable).tobytes() for variable in model.variables]


def nested_network() -> keras.Model:
    """A backbone inside a functional network, a layer used twice, normalisation, preprocessing, dropout."""
    inner = keras.Sequential(
        [layers.Conv2D(3, 3, padding="same", name="a"), layers.BatchNormalization(name="n")], name="back"
    )
    twice = layers.Conv2D(3, 1, activation="relu", name="twice")
    picture = keras.Input((6, 8, 3))
    x = inner(layers.Normalization(mean=1.0, variance=4.0)(picture))
    x = layers.Dropout(0.5, seed=3)(twice(layers.SeparableConv2D(3, 3, padding="same", name="b")(twice(x))))
    model = keras.Model(picture, layers.Dense(4, activation="softmax", name="end")(layers.GlobalAveragePooling2D()(x)))
    generator = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(generator.normal(size=weight.shape) + 5)
    return model


def stale(model: keras.Model) -> Any:
    """A method that asks a copy taken beforehand, as a trace with its weights baked in would."""
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    kept = Explainer(copy, preprocess=None)

    def stale_grad_cam(explainer: Explainer, picture: Picture, target: int) -> np.ndarray:
        return kept.explain(picture.inputs, method="grad_cam", target=target).signed

    return stale_grad_cam


@pytest.mark.slow
def test_grad_cam_forgets_edges_do_not_and_what_is_stale_is_caught():
    explainer = Explainer(samples.network("scenes_gap"))
    methods = ["grad_cam", stale(explainer.model)]
    found = cascading_randomization(explainer, SCENES, methods=methods, scheme="initializer", steps=1)
    for measure in ("absolute", "signed", "ssim"):
        whole = found.mean("grad_cam", measure, 0)
        assert whole.value == pytest.approx(1) and whole.low == pytest.approx(1)
    for measure in ("absolute", "signed"):
        left = found.mean("grad_cam", measure)
        assert abs(left.value) < 0.3
        assert left.low < left.value < left.high and left.high - left.low < 0.4
    for method in ("stale_grad_cam", "edge_detector"):
        assert found.mean(method).low > 0.999
    assert found.insensitive == ("stale_grad_cam", "edge_detector")


def test_a_stale_engine_is_refused(monkeypatch: pytest.MonkeyPatch):
    remembered: dict[str, Any] = {}

    def stale_engine(explainer: Explainer, shown: Any, queries: Any) -> Any:
        for picture, asked in zip(shown, queries, strict=True):
            if picture.key not in remembered:
                (remembered[picture.key],) = explain_together(explainer, [picture], [asked])
            yield remembered[picture.key]

    model = tiny_network()
    before = snapshot(model)
    monkeypatch.setattr("camwidget.judge.similarity.explain_together", stale_engine)
    with pytest.raises(RuntimeError, match="answers are what they were: a stale trace or copy was asked"):
        cascading_randomization(Explainer(model, preprocess=halved), pictures(3), methods=["grad_cam"])
    assert snapshot(model) == before


def test_a_copy_in_the_cache_does_not_survive():
    model = tiny_network()
    explainer = Explainer(model, preprocess=halved)
    shown = pictures(6)
    before = [explainer.explain(each, method="grad_cam", target=1).signed for each in shown]  # all in the cache
    found = cascading_randomization(explainer, shown, methods=["grad_cam"], scheme="normal", seed=4, target=1)
    # worked out beside it: the same draws, from the top
    with restored(model):
        generator = np.random.default_rng(4)
        for name, shapes in (("classes", [(2, 3), (3,)]), ("conv", [(1, 1, 1, 2), (2,)])):
            model.get_layer(name).set_weights([generator.normal(0, 0.01, shape) for shape in shapes])
        fresh = Explainer(model, preprocess=halved)
        after = [fresh.explain(each, method="grad_cam", target=1).signed for each in shown]
    expected = [
        rank_correlation(a.astype(np.float32), b.astype(np.float32)) for a, b in zip(before, after, strict=True)
    ]
    np.testing.assert_allclose(found.values["grad_cam"]["signed"][-1], expected, atol=1e-9)
    again = [explainer.explain(each, method="grad_cam", target=1).signed for each in shown]
    np.testing.assert_array_equal(before, again)


def test_layers_in_reverse_order_of_execution():
    explainer = Explainer(nested_network(), preprocess=None)
    shown = list(np.random.default_rng(1).normal(size=(3, 6, 8, 3)).astype(np.float32))
    found = cascading_randomization(explainer, shown, methods=["grad_cam"], layer="back")
    assert found.steps == ("as trained", "end", "twice#2", "b", "back/n", "back/a")
    assert found.untouched == ()
    few = cascading_randomization(explainer, shown, methods=["grad_cam"], layer="back", steps=2)
    assert few.steps[0] == "as trained" and few.steps[-1] == "back/a" and len(few.steps) == 3
    np.testing.assert_allclose(few.mean("grad_cam"), found.mean("grad_cam"))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_each_scheme_draws(scheme: str):
    model = nested_network()
    explainer = Explainer(model, preprocess=None)
    probe = explainer.probe(explainer.picture(np.zeros((6, 8, 3), np.float32)))
    weighted = {each.name: each for each in probe.weighted_layers()}
    generator = np.random.default_rng(0)
    for each in (weighted["end"], weighted["b"], weighted["back/n"]):
        for variable, values in SCHEMES[scheme](each, generator):
            variable.assign(values)
    kernel, bias = (numbers(v) for v in weighted["end"].variables)
    spread = {"normal": 0.01, "initializer": np.sqrt(2 / (3 + 4))}[scheme]
    assert 0.3 * spread < kernel.std() < 2 * spread
    assert bias.any() == (scheme == "normal")
    depth, point, _ = (numbers(v) for v in weighted["b"].variables)
    assert np.abs(depth).max() < 1.5 and np.abs(point).max() < 1.5  # they were about 5
    gamma, beta, mean, variance = (numbers(v) for v in weighted["back/n"].variables)
    assert (gamma == 1).all() and (beta == 0).all() and (mean == 0).all() and (variance == 1).all()


class Scaled(layers.Layer):
    """Keeps no initialiser: how its weights begin is known while it is built."""

    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight(shape=(input_shape[-1],), initializer="random_normal", name="scale")

    def call(self, inputs: Any) -> Any:
        return inputs * self.scale


def test_a_layer_that_keeps_no_initialiser_follows_from_the_seed():
    keras.utils.set_random_seed(2)
    picture = keras.Input((4, 6, 1))
    x = Scaled(name="scaled")(layers.Conv2D(3, 3, padding="same", name="conv")(picture))
    model = keras.Model(picture, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(x)))
    explainer = Explainer(model, preprocess=halved)

    def drawn(seed: int) -> np.ndarray:
        shown = pictures(4)
        options: dict[str, Any] = {"methods": ["grad_cam"], "scheme": "initializer", "target": 1}
        found = cascading_randomization(explainer, shown, seed=seed, **options)
        assert found.steps[2] == "scaled"
        return found.values["grad_cam"]["signed"]

    first = drawn(5)
    random.random()  # whatever else draws meanwhile
    np.testing.assert_array_equal(drawn(5), first)
    assert (drawn(6) != first).any()


def test_pythons_generator_goes_on_where_it_was():
    before = random.getstate()
    drawn = []
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt), begun_anew(3):
            drawn.append(random.random())
            raise KeyboardInterrupt
    assert drawn[0] == drawn[1] and random.getstate() == before


class Unnamed(Scaled):
    """Does not say what it was made of."""

    def __init__(self, made_of: object) -> None:
        super().__init__(name="unnamed")
        self.made_of = made_of


class Broken(Scaled):
    """Has a fault of its own where it is built for the second time."""

    built_before = False

    def build(self, input_shape: Any) -> None:
        if Broken.built_before:
            raise AttributeError("no attribute 'scal'")
        Broken.built_before = True
        super().build(input_shape)


@pytest.mark.parametrize(
    "layer, error, message",
    [
        (Unnamed(object()), ValueError, r"Layer 'unnamed' \(Unnamed\) does not say how its weights begin"),
        (Broken(), AttributeError, "no attribute 'scal'"),  # a fault of the layer's is not called something else
    ],
)
def test_a_layer_that_cannot_be_built_again(layer: keras.layers.Layer, error: type[Exception], message: str):
    picture = keras.Input((4, 6, 1))
    x = layer(layers.Conv2D(3, 3, name="conv")(picture))
    model = keras.Model(picture, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(x)))
    probe = Explainer(model, preprocess=halved).probe_of_size(4, 6)
    weighted = next(each for each in probe.weighted_layers() if each.layer is layer)
    with pytest.raises(error, match=message):
        SCHEMES["initializer"](weighted, np.random.default_rng(0))


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_weights_come_back_bit_for_bit(error: type[BaseException]):
    model = nested_network()
    before = snapshot(model)
    explainer = Explainer(model, preprocess=None)
    shown = list(np.random.default_rng(1).normal(size=(2, 6, 8, 3)).astype(np.float32))
    cascading_randomization(explainer, shown, methods=["grad_cam"], layer="back")
    assert snapshot(model) == before
    calls = []

    def breaks(explainer: Explainer, picture: Picture, target: int) -> np.ndarray:
        calls.append(snapshot(model) != before)
        if len(calls) == 4:
            raise error("in the middle")
        return picture.inputs[..., 0]

    with pytest.raises(error, match="in the middle"):
        cascading_randomization(explainer, shown, methods=[breaks], layer="back")
    assert calls == [False, False, True, True]
    assert snapshot(model) == before


def test_a_constant_map_has_no_correlation():
    def flat(explainer: Explainer, picture: Picture, target: int) -> np.ndarray:
        return np.zeros((4, 6))

    found = cascading_randomization(Explainer(tiny_network(), preprocess=halved), pictures(5), methods=[flat])
    assert found.methods == ("flat", "edge_detector")
    for measure in ("absolute", "signed", "ssim"):
        assert found.mean("flat", measure).undefined == 5
    assert "undefined" in found._repr_html_()
    assert "flat" not in found.insensitive
    assert "Edge detector (control)" in found._repr_html_()
    assert len(found.plot().axes) == 1 and len(found.film(4).axes) == 2 * len(found.steps)
    with pytest.raises(ValueError, match="No measure 'psnr'. Choices: absolute, signed, ssim"):
        found.mean("flat", "psnr")
    with pytest.raises(ValueError, match="No method 'cam' here. Choices: flat, edge_detector"):
        found.mean("cam")
    with pytest.raises(ValueError, match="No film of picture 5: those of pictures 0 to 4 are kept"):
        found.film(5)


def test_the_control_is_sobel():
    picture = Explainer(tiny_network(), preprocess=halved).picture(pictures(1)[0])
    found = edge_detector(Explainer(tiny_network()), picture, 0)
    np.testing.assert_array_equal(found, edges(picture.inputs))
    assert found.shape == (4, 6) and np.ptp(found) > 0


@pytest.mark.parametrize(
    "options, message",
    [
        ({"scheme": "uniform"}, "No scheme 'uniform'. Choices: normal, initializer"),
        ({"steps": 0}, "steps=0 is below 1"),
        ({"methods": "grad_cam"}, "methods= takes a list"),
        ({"methods": ["grad"]}, "No method 'grad'"),
        ({"layr": "conv"}, "Unknown option 'layr'"),
    ],
)
def test_what_is_refused(options: dict[str, Any], message: str):
    explainer = Explainer(tiny_network(), preprocess=halved)
    with pytest.raises((TypeError, ValueError), match=message):
        cascading_randomization(explainer, pictures(2), **options)
    with pytest.raises(ValueError, match="No picture was given"):
        cascading_randomization(explainer, [])


def small_classifier() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((10, 12, 1)),
            layers.Conv2D(12, 3, padding="same", activation="relu", name="conv"),
            layers.Flatten(),
            layers.Dense(48, activation="relu"),
            layers.Dense(2, activation="softmax"),
        ]
    )


def bars(count: int) -> tuple[np.ndarray, np.ndarray]:
    """A bright bar, upright or lying, somewhere on noise."""
    generator = np.random.default_rng(0)
    y = np.arange(count) % 2
    x = generator.normal(0, 0.15, (count, 10, 12, 1)).astype(np.float32)
    for n, kind in enumerate(y):
        row, column = generator.integers(0, 7), generator.integers(0, 9)
        x[n, row : row + (6 if kind else 2), column : column + (2 if kind else 6)] += 1
    return x, y


@pytest.mark.slow
def test_label_randomization():
    x, y = bars(80)
    found = label_randomization(small_classifier, x, y, methods=["grad_cam"], epochs=300)
    assert min(found.accuracies) >= 0.95 and found.notes == ()
    assert found.epochs[1] > found.epochs[0]  # nonsense takes longer to learn by heart
    assert found.mean("edge_detector").value == pytest.approx(1)
    assert found.insensitive[-1] == "edge_detector" and abs(found.mean("grad_cam", "signed").value) < 0.9
    answers = np.asarray(found.networks[0](x[:50])).argmax(axis=1)
    assert found.targets == tuple(answers.tolist())
    assert found._repr_html_().count("data:image/jpeg") == 2 * 2
    short = label_randomization(small_classifier, x, y, methods=["grad_cam"], epochs=1)
    assert "permuted labels reached a training accuracy" in short.notes[-1]


@pytest.mark.parametrize(
    "given, message",
    [
        ({"y": np.zeros(3)}, "4 pictures and 3 labels"),
        ({"y": np.zeros(4, int)}, "one class alone teaches nothing"),
        ({"accuracy": 95}, "accuracy=95 is out of range"),
        ({"epochs": 0}, "epochs=0 is below 1"),
        ({"y": np.array([0, 1, 0, 7])}, "label 7 is outside the classes: the network has 2"),
    ],
)
def test_training_that_is_refused(given: dict[str, Any], message: str):
    arguments: dict[str, Any] = {"y": np.array([0, 1, 0, 1]), **given}
    with pytest.raises(ValueError, match=message):
        label_randomization(small_classifier, np.zeros((4, 10, 12, 1), np.float32), arguments.pop("y"), **arguments)
