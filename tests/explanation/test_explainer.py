"""The engine: what is computed once, what changes by itself, and what can be stopped."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from camwidget.explanation import Explainer, checks, make_query
from camwidget.explanation.ascent import channel, climb, prepare
from camwidget.explanation.cache import Cache
from camwidget.explanation.prediction import listed_names
from camwidget.maths import METHODS, Evidence
from camwidget.maths.weights import grad_cam
from camwidget.model import imagenet_names
from tests.explanation.networks import PIXELS, dense_network
from tests.model.networks import (
    GRID,
    REFERENCE,
    SHAPE,
    body,
    dense_tail,
    fill,
    functional,
    functional_network,
    picture,
    relu,
    softmax,
    subclassed_network,
    unbuilt_sequential,
)

QUIET: Any = 0  # Keras says "auto" where it takes numbers too
X = picture()
# Copies of so small a network often open and shut no ReLU; what is said then has a test of its own.
pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.filterwarnings("ignore:Noise made no difference")]


@pytest.fixture
def explainer() -> Explainer:
    return Explainer(functional_network(), preprocess=None)


def calls(explainer: Explainer, image: np.ndarray = X) -> int:
    return explainer.probe(explainer.picture(image)).calls


# -- the cache --------------------------------------------------------------------------------------


def test_what_costs_a_call_of_the_network(explainer: Explainer) -> None:
    counts = [calls(explainer)]

    def cost(**options: Any) -> int:
        explainer.explain(X, **options)
        counts.append(calls(explainer))
        return counts[-1] - counts[-2]

    assert cost(target=0) == 2  # one forward pass, one gradient
    assert cost(target=0) == 0
    assert (
        cost(target=0, filters=[1, 2])
        == cost(target=0, region=((0, 0), (2, 3)))
        == cost(target=0, neurons=[(1, 1)])
        == 0
    )
    assert cost(target=0, method="grad_cam") == 0  # another method weighs the same evidence
    assert cost(target=1) == 1  # the gradient alone
    assert cost(target=0, score="log_probability") == 1
    assert cost(target=0, layer="last") == 2
    assert cost(target=0) == cost(target=1) == 0
    assert cost(target=0, samples=3) == 1  # three copies, one micro-batch, forward and back in one
    assert cost(target=0, samples=3) == cost(target=0, samples=3, filters=[0]) == 0
    assert cost(target=0, samples=3, seed=1) == cost(target=0, samples=3, noise=0.3) == cost(target=0, samples=4) == 1
    with pytest.warns(UserWarning, match=r"(noise=0.9|seed=9) made no difference"):
        assert cost(target=0, seed=9, noise=0.9) == 0  # without copies neither matters
    assert cost(target=int(softmax(REFERENCE.logits(X)).argmax())) <= 1
    assert cost() == 0  # the predicted class by its number


def test_another_picture_is_another_measurement(explainer: Explainer) -> None:
    first = explainer.explain(X, target=0).map
    second = explainer.explain(picture(1), target=0).map
    assert np.abs(first - second).max() > 1e-3
    before = calls(explainer)
    np.testing.assert_array_equal(explainer.explain(X, target=0).map, first)
    assert calls(explainer) == before


def test_selections_are_cut_from_the_same_evidence(explainer: Explainer) -> None:
    whole = explainer.explain(X, target=0)
    part = explainer.explain(X, target=0, filters=[1, 4], region=((1, 2), (4, 6)))
    assert part.evidence.derivatives is whole.evidence.derivatives is not None
    np.testing.assert_array_equal(part.weights, whole.weights)


def test_training_is_noticed_by_itself() -> None:
    model = functional_network()
    explainer = Explainer(model, preprocess=None)
    before = explainer.explain(X, target=0, layer="last")
    model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy")
    model.fit(np.stack([X, picture(1)]), np.array([1, 2]), epochs=3, verbose=QUIET)
    after = explainer.explain(X, target=0, layer="last")
    assert np.abs(after.signed - before.signed).max() > 0.01 * np.abs(before.signed).max()
    np.testing.assert_array_equal(
        after.signed, Explainer(model, preprocess=None).explain(X, target=0, layer="last").signed
    )
    np.testing.assert_allclose(after.probabilities, np.asarray(model(X[None]))[0], atol=1e-6)


def test_weights_set_by_hand_are_noticed_by_themselves() -> None:
    model = functional_network()
    explainer = Explainer(model, preprocess=None)
    explainer.explain(X, target=0, layer="last")
    kernel, bias = REFERENCE.weights["last"]
    silenced = kernel.copy(), bias.copy()
    silenced[0][..., 3], silenced[1][3] = 0, 0  # one filter of seven
    model.get_layer("last").set_weights(silenced)
    activations = explainer.explain(X, target=0, layer="last").evidence.activations
    assert not activations[..., 3].any()
    np.testing.assert_allclose(activations[..., 2], REFERENCE.last(X)[..., 2], atol=2e-6)


def test_refresh_forgets(explainer: Explainer) -> None:
    first = explainer.explain(X, target=0)
    explainer.refresh()
    again = explainer.explain(X, target=0)
    assert calls(explainer) == 2  # of a probe that is new as well
    assert again.evidence.derivatives is not first.evidence.derivatives
    np.testing.assert_array_equal(again.map, first.map)


def test_what_was_compiled_does_not_outlive_a_change_of_the_network() -> None:
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Input((12, 18, 3)), keras.layers.Conv2D(4, 3, name="only", activation="relu")]
    model = keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dense(3)])
    explainer = Explainer(model, preprocess=None)
    assert len(explainer.explain(X).probabilities) == 3
    model.pop()
    model.add(keras.layers.Dense(5))
    assert len(explainer.explain(X).probabilities) == 5
    before = explainer.explain(X, target=0).score
    model.get_layer("only").activation = keras.activations.softplus
    explainer.refresh()
    after = explainer.explain(X, target=0).score
    assert after != before
    np.testing.assert_allclose(after, float(model(X[None])[0, 0]), rtol=1e-5)


class Bytes:
    def __init__(self, nbytes: int) -> None:
        self.nbytes = nbytes


def test_the_cache_keeps_what_was_used_last_within_its_bytes() -> None:
    cache = Cache(limit=100)
    for name, size in (("a", 40), ("b", 30), ("c", 30)):
        cache.put(name, Bytes(size))
    assert cache.nbytes == 100
    assert cache.get("a").nbytes == 40  # now used last
    cache.put("d", Bytes(20))
    assert cache.get("b") is None and cache.get("a") and cache.get("c") and cache.get("d")
    assert cache.nbytes == 90
    cache.put("a", Bytes(50))  # replaced, not counted twice
    assert cache.nbytes == 100
    cache.clear()
    assert cache.nbytes == 0 and cache.get("a") is None


def test_a_selection_is_not_weighed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    weighed: list[str] = []

    def weigh(evidence: Evidence) -> Any:
        weighed.append("")
        return grad_cam(evidence)

    monkeypatch.setitem(METHODS, "grad_cam", replace(METHODS["grad_cam"], weigh=weigh))
    explainer = Explainer(dense_network(), preprocess=None)
    for region in (None, ((0, 0), (1, 2)), ((1, 1), (2, 3))):
        explainer.explain(X, method="grad_cam", target=1, region=region)
    assert len(weighed) == 1
    for options in ({"target": 2}, {"target": 1, "score": "probability"}, {"target": 1, "noise": 0.2, "samples": 2}):
        before = len(weighed)
        explainer.explain(X, method="grad_cam", **options)  # type: ignore[arg-type] # of several types
        assert len(weighed) > before, options


def test_a_value_too_large_for_the_cache_costs_the_others_nothing() -> None:
    cache = Cache(limit=100)
    cache.put("a", Bytes(40))
    cache.put("huge", Bytes(101))
    assert cache.get("huge") is None
    assert cache.get("a") is not None


def test_without_room_the_numbers_are_the_same(explainer: Explainer) -> None:
    expected = explainer.explain(X, target=0, samples=2).map
    explainer.cache.clear()
    explainer.cache.limit = 0
    np.testing.assert_array_equal(explainer.explain(X, target=0, samples=2).map, expected)
    assert explainer.cache.nbytes == 0


# -- stopping ---------------------------------------------------------------------------------------


def test_stopped_early_it_holds_the_copies_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("camwidget.explanation.measuring.running._BATCH_NUMBERS", 2 * X.size)  # two copies at a time
    explainer = Explainer(dense_network(), preprocess=None)
    image = explainer.picture(X)
    query = make_query({"method": "smooth_grad_cam++", "target": 1, "samples": 9, "noise": 0.3})
    shares: list[float] = []

    def checkpoint(share: float) -> bool:
        shares.append(share)
        return len(shares) < 2

    stopped = explainer.answer(image, query, checkpoint)
    np.testing.assert_allclose(shares, [2 / 9, 4 / 9])
    assert stopped.samples == stopped.query.samples == 4
    four = Explainer(explainer.model, preprocess=None).explain(
        X, method="smooth_grad_cam++", target=1, samples=4, noise=0.3
    )
    np.testing.assert_allclose(stopped.map, four.map, rtol=1e-6)
    # It stands in the cache as what it is: the answer for four copies, not for nine.
    before = calls(explainer)
    explainer.explain(X, method="smooth_grad_cam++", target=1, samples=4, noise=0.3)
    assert calls(explainer) == before
    whole = explainer.explain(X, method="smooth_grad_cam++", target=1, samples=9, noise=0.3)
    assert whole.samples == 9
    assert np.abs(whole.map - stopped.map).max() > 1e-3 * stopped.map.max()


def test_a_checkpoint_may_give_up_and_nothing_is_kept(explainer: Explainer) -> None:
    image = explainer.picture(X)
    query = make_query({"target": 1, "samples": 40})  # more than one micro-batch

    def give_up(share: float) -> bool:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        explainer.answer(image, query, give_up)
    assert explainer.explain(X, target=1, samples=40).samples == 40


# -- what is filled in ------------------------------------------------------------------------------


def test_the_answer_says_what_was_asked_and_found(explainer: Explainer) -> None:
    explanation = explainer.explain(X)
    logits = REFERENCE.logits(X)
    best = int(logits.argmax())
    assert (explanation.target, explanation.target_name) == (best, f"class {best}")
    assert (explanation.layer, explanation.method, explanation.samples) == ("relu", "grad_cam++", 0)
    assert explanation.score == pytest.approx(logits[best], abs=1e-5)
    assert (explanation.query.layer, explanation.query.target, explanation.query.samples) == ("relu", best, 0)
    np.testing.assert_allclose(explanation.probabilities, softmax(logits), atol=1e-6)


def test_the_score_is_the_one_asked_for(explainer: Explainer) -> None:
    explanation = explainer.explain(X, target=3, score="log_probability")
    assert explanation.score == pytest.approx(np.log(softmax(REFERENCE.logits(X)))[3], abs=1e-5)


def test_predict() -> None:
    names = ["ant", "bee", "cat", "dog"]
    explainer = Explainer(functional_network(), preprocess=None, class_names=names)
    p = softmax(REFERENCE.logits(X))
    order = p.argsort()[::-1]
    predictions = explainer.predict(X, top=3)
    assert [(guess.index, guess.name) for guess in predictions] == [(k, names[k]) for k in order[:3]]
    np.testing.assert_allclose([guess.probability for guess in predictions], p[order[:3]], atol=1e-6)
    assert len(explainer.predict(X)) == 4


def test_layers(explainer: Explainer) -> None:
    assert [layer.name for layer in explainer.layers] == ["conv", "pool", "last", "relu"]
    assert [layer.grid for layer in explainer.layers] == [(12, 18), (6, 9), (6, 9), (6, 9)]


def test_layers_of_a_network_of_any_size() -> None:
    explainer = Explainer(functional([*body(), *dense_tail()], shape=(None, None, 3)), preprocess=None)
    with pytest.raises(ValueError, match=r"any size, \(None, None, 3\).* Explain one picture first"):
        _ = explainer.layers
    explainer.explain(X)
    assert explainer.layers[-1].grid == (6, 9)
    explainer.explain(picture(shape=(20, 14, 3)))
    assert explainer.layers[-1].grid == (10, 7)
    explainer.explain(X)
    assert explainer.layers[-1].grid == (6, 9)  # those of the newest picture


def test_an_ascent_leaves_the_layers_and_the_probes_where_they_are() -> None:
    explainer = Explainer(functional([*body(), *dense_tail()], shape=(None, None, 3)), preprocess=None)
    images = [X, *(picture(shape=(20 + 2 * n, 14, 3)) for n in range(4))]
    probes = [explainer.probe(explainer.picture(image)) for image in images]
    explainer.explain(X)
    list(climb(prepare(explainer, [channel("last", 0)], steps=2, size=(40, 50))))
    assert explainer.layers[-1].grid == (6, 9)  # of the newest picture, not of the ascent
    explainer.explain(images[2])
    assert explainer.layers[-1].grid == (11, 7)
    with pytest.raises(ValueError, match=r"cannot take pictures of 1 x 1 pixels\. Of the sizes tried it takes 32, 64"):
        prepare(explainer, [channel("last", 0)], size=1)
    assert [explainer.probe(explainer.picture(image)) for image in images] == probes
    explainer.refresh()
    with pytest.raises(ValueError, match="Explain one picture first"):
        _ = explainer.layers


@pytest.mark.parametrize("make", [unbuilt_sequential, subclassed_network])
def test_networks_built_by_the_first_picture(make: object) -> None:
    model = make()  # type: ignore[operator] # one of two functions
    explainer = Explainer(model, preprocess=None)
    explainer.explain(X)
    fill(model)
    explanation = explainer.explain(X, layer="last", target=1)
    np.testing.assert_allclose(explanation.evidence.activations, REFERENCE.last(X), atol=2e-6)
    assert explanation.score == pytest.approx(REFERENCE.logits(X)[1], abs=1e-5)


def test_a_picture_in_its_own_size_and_its_preprocessing() -> None:
    explainer = Explainer(functional_network(), preprocess=lambda pixels: pixels / 127.5 - 1)
    explanation = explainer.explain(PIXELS, target=0, layer="last")
    assert explanation.heatmap.shape == explanation.overlay().shape[:2] == PIXELS.shape[:2] == (24, 36)
    np.testing.assert_allclose(explanation.evidence.activations, REFERENCE.last(explanation.picture.inputs), atol=5e-6)
    assert explanation.map.shape == GRID[:2]


def test_a_note_is_a_warning_to_the_caller() -> None:
    explainer = Explainer(functional_network())
    with pytest.warns(UserWarning, match="Nothing tells how this network wants its pictures") as caught:
        explanation = explainer.explain(PIXELS)
    assert len(caught) == 1
    assert len(explanation.notes) == 1
    explainer.explain(X)  # floats: nothing to say
    assert explainer.explain(255 - PIXELS).notes == explanation.notes  # kept, and warned of once for a network


def test_hidden_softmax_is_explained_by_its_log_probability_and_said() -> None:
    class InOtherWords(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inner = functional([*body(), *dense_tail()], name="inner")

        def call(self, x: Any) -> Any:
            powers: Any = keras.ops.square(keras.ops.exp(self.inner(x) / 2))
            return powers / keras.ops.sum(powers, axis=-1, keepdims=True)

    model = InOtherWords()
    model(X[None])
    fill(model)
    with pytest.warns(UserWarning, match="logits cannot be reached: the log probability is explained"):
        explanation = Explainer(model, preprocess=None).explain(X, target=2)
    assert explanation.query.score == "log_probability"
    assert "log probability" in explanation.title
    assert explanation.score == pytest.approx(np.log(softmax(REFERENCE.logits(X)))[2], abs=1e-5)
    asked = Explainer(model, preprocess=None).explain(
        X, target=2, score="log_probability"
    )  # no warning: it was asked for
    np.testing.assert_array_equal(asked.map, explanation.map)


def test_one_sigmoid_unit_is_explained_for_and_against() -> None:
    model = functional(
        [*body(), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1, activation="sigmoid", name="unit")]
    )
    fill(model)
    column = np.linspace(-1, 2, 7).astype(np.float32)
    model.get_layer("unit").set_weights([column[:, None], np.array([-0.5], np.float32)])
    explainer = Explainer(model, preprocess=None, class_names=["road", "pothole"])
    for_it, against = (explainer.explain(X, method="grad_cam", target=name) for name in ("pothole", "road"))
    np.testing.assert_allclose(for_it.signed * 54, relu(REFERENCE.last(X)) @ column, atol=1e-5)
    np.testing.assert_allclose(against.signed, -for_it.signed, atol=1e-7)
    assert against.score == -for_it.score
    assert explainer.explain(X).target == int(for_it.score > 0)
    assert for_it.probabilities.sum() == pytest.approx(1, abs=1e-6)


# -- bad input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"target": 4}, "No class 4: the network has 4 classes, 0 to 3. Pass one as target=."),
        ({"target": -1}, "No class -1: the network has 4 classes"),
        (
            {"target": "dog"},
            "No class called 'dog'. The network tells no names: pass them as class_names=. Classes: class 0, class 1",
        ),
        (
            {"layer": "conv9"},
            "No layer 'conv9'. Did you mean 'conv'? Layers with a map: conv, pool, last, relu. Pass one as layer=.",
        ),
        ({"filters": [7]}, "No filter 7: the layer has 7 filters, 0 to 6."),
        ({"filters": [-1]}, "No filter -1"),
        ({"neurons": [(6, 0)]}, "Neuron (6, 0) is outside the layer's grid of 6 rows and 9 columns"),
        ({"region": ((0, 0), (5, 9))}, "Neuron (5, 9) is outside"),
        ({"layer": "conv", "neurons": [(12, 0)]}, "grid of 12 rows and 18 columns"),
    ],
)
def test_what_the_network_does_not_have(explainer: Explainer, options: dict, words: str) -> None:
    with pytest.raises(ValueError) as error:
        explainer.explain(X, **options)
    assert words in str(error.value)
    assert explainer.explain(X, target=0).message == ""  # and it goes on working


def test_class_names_that_do_not_fit() -> None:
    for names in (["one"], [str(k) for k in range(5)]):
        message = rf"class_names= holds {len(names)} names and the network has 4 classes"
        with pytest.raises(ValueError, match=message):  # at once, where the network says what it gives
            Explainer(functional_network(), preprocess=None, class_names=names)
        explainer = Explainer(subclassed_network(), preprocess=None, class_names=names)
        with pytest.raises(ValueError, match=message):
            explainer.explain(X)
    inputs = keras.Input(SHAPE)
    pooled = keras.layers.GlobalAveragePooling2D()(inputs)
    several = keras.Model(inputs, [keras.layers.Dense(n)(pooled) for n in (1, 5)])
    for count in (1, 2, 5):  # a value, a sigmoid's two outcomes, the other output's classes
        Explainer(several, class_names=[str(k) for k in range(count)])
    with pytest.raises(ValueError, match="holds 3 names and the network has 1 or 2 or 5 classes"):
        Explainer(several, class_names=["a", "b", "c"])


def test_how_many_classes_is_a_number_above_0(explainer: Explainer) -> None:
    with pytest.raises(ValueError, match="top=0 is below 1. Pass how many classes are wanted, at most"):
        explainer.predict(X, 0)
    with pytest.raises(TypeError, match="top= takes whole numbers, not 'five'"):
        checks.top("five")


def test_logits_that_nothing_calls_classes_are_said_to_be_taken_for_them() -> None:
    model = fill(functional([*body(), *dense_tail()]))
    explainer = Explainer(model, preprocess=None)
    explainer.explain(X, target=1)  # a logit is a unit's output either way
    with pytest.warns(UserWarning, match="nothing tells that its outputs are classes"):
        explainer.explain(X, target=1, score="probability")
    model.compile(loss=keras.losses.CategoricalCrossentropy(from_logits=True))
    explainer.explain(X, target=1, score="probability")


def test_the_names_of_imagenet_are_those_of_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(rows: np.ndarray, top: int) -> list:
        return [[(f"n{k}", f"tiger_cat_{k}", 1.0)] for k in rows.argmax(axis=1)]

    utils = keras.applications.imagenet_utils
    monkeypatch.setattr(utils, "decode_predictions", decode)
    imagenet_names.cache_clear()
    names = listed_names("imagenet")
    assert names is not None and len(names) == 1000 and names[282] == "tiger cat 282"

    def fail(rows: np.ndarray, top: int) -> list:
        raise OSError("no route")

    monkeypatch.setattr(utils, "decode_predictions", fail)
    assert listed_names("imagenet") is names
    imagenet_names.cache_clear()
    with pytest.raises(
        ValueError, match=r"fetched once by keras\.applications, and that failed: OSError: no route\. Pass"
    ):
        Explainer(functional_network(), class_names="imagenet")


def test_class_names_in_one_string_are_refused() -> None:
    with pytest.raises(TypeError, match="class_names= takes a list of names"):
        Explainer(functional_network(), class_names="abcd")


def test_class_names_by_number() -> None:
    names = {1: "dog", 0: "cat", 3: "owl", 2: "hen"}
    explanation = Explainer(functional_network(), preprocess=None, class_names=names).explain(X, target="hen")
    assert (explanation.target, explanation.target_name) == (2, "hen")
    with pytest.raises(ValueError, match="holds 2 names, and their numbers are not 0 to 1. Pass a name for every"):
        Explainer(functional_network(), class_names={1: "cat", 2: "dog"})


def test_two_classes_of_one_name() -> None:
    explainer = Explainer(functional_network(), preprocess=None, class_names=["crane", "bee", "crane", "dog"])
    with pytest.raises(ValueError, match="Several classes are called 'crane'"):
        explainer.explain(X, target="crane")
    assert explainer.explain(X, target="dog").target == 3


def test_many_classes_are_not_all_listed() -> None:
    names = [f"kind {k}" for k in range(30)]
    stack = [*body(), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(30)]
    with pytest.raises(ValueError, match=r"kind 9, \.\.\.\. Pass"):
        Explainer(functional(stack), preprocess=None, class_names=names).explain(X, target="x")


def test_a_network_without_a_spatial_layer() -> None:
    explainer = Explainer(functional([keras.layers.Flatten(), keras.layers.Dense(3)]), preprocess=None)
    with pytest.raises(ValueError, match="no layer with a map"):
        explainer.explain(X)
