"""Networks that change between two questions, in ways that are easily missed."""

import gc
import time
import weakref
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from camwidget import Explainer, Explanation
from camwidget.explanation import make_query, many
from camwidget.explanation.attempt import Attempt
from camwidget.explanation.cache import Cache
from camwidget.explanation.measuring import observation_key
from camwidget.maths.evidence import Evidence, measured
from camwidget.model import Probe
from tests.explanation.networks import dense_network
from tests.model.networks import SHAPE, picture

X = picture()


def fresh(model: keras.Model, **options: Any) -> float:
    return Explainer(model, preprocess=None).explain(X, target=1, **options).score


def test_a_normalisation_adapted_anew_is_noticed() -> None:
    normalisation = layers.Normalization()
    normalisation.adapt(np.random.default_rng(0).normal(size=(4, *SHAPE)).astype(np.float32))
    stack = [layers.Input(SHAPE), normalisation, layers.Conv2D(3, 3, activation="relu"), layers.Flatten()]
    model = keras.Sequential([*stack, layers.Dense(2)])
    explainer = Explainer(model, preprocess=None)
    before = explainer.explain(X, target=1).score
    normalisation.adapt(np.random.default_rng(1).normal(3, 2, size=(4, *SHAPE)).astype(np.float32))
    after = explainer.explain(X, target=1).score
    assert after == pytest.approx(fresh(model), rel=1e-5) and after != pytest.approx(before, rel=1e-2)


def test_a_network_changed_between_two_of_many_pictures() -> None:
    model = dense_network()
    explainer = Explainer(model, preprocess=None)
    found = explainer.explain_many([picture(1), X], target=1, progress=False)
    next(found)
    model.set_weights([2 * weight for weight in model.get_weights()])
    assert next(found).score == pytest.approx(fresh(model), rel=1e-5)


def test_long_work_shows_nothing_of_what_the_network_was_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it has changed is asked while the work begins, with what was observed before in the cache."""
    monkeypatch.setattr("camwidget.explanation.measuring.running._BATCH_NUMBERS", 1)
    model = dense_network()
    explainer, query = Explainer(model, preprocess=None), make_query({"method": "ablation_cam", "target": 1})
    image = explainer.picture(X)
    explainer.explain(X, target=1)
    model.set_weights([2 * weight for weight in model.get_weights()])
    expected = Explainer(model, preprocess=None).answer(image, query).evidence
    scores = measured(expected.channel_scores, "channel_scores").scores
    shares: list[float] = []
    shown: list[Evidence] = []

    def checkpoint(share: float) -> bool:
        shares.append(share)
        return True

    def show(so_far: Callable[[], Explanation]) -> None:
        shown.append(so_far().evidence)

    found = explainer.answer(image, query, checkpoint, show=show).evidence
    assert shares == sorted(set(shares)) and len(shares) == len(shown) > 0
    for evidence in (*shown, found):
        assert evidence.score == pytest.approx(expected.score, rel=1e-5)
        np.testing.assert_allclose(evidence.activations, expected.activations, rtol=1e-5)
        seen = measured(evidence.channel_scores, "channel_scores").scores
        known = np.isfinite(seen)
        assert known.any()
        np.testing.assert_allclose(seen[known], scores[known], rtol=1e-4)


def test_an_interrupt_leaves_nothing_of_other_weights_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights exchanged, a question about them interrupted, and the first ones set again."""
    model = dense_network()
    explainer = Explainer(model, preprocess=None)
    explainer.explain(picture(1), target=1)
    weights, whole = model.get_weights(), Probe.gradient

    def interrupted(*arguments: Any, **options: Any) -> Any:
        raise KeyboardInterrupt

    model.set_weights([2 * weight for weight in weights])
    monkeypatch.setattr(Probe, "gradient", interrupted)
    with pytest.raises(KeyboardInterrupt):
        explainer.explain(X, target=1)
    monkeypatch.setattr(Probe, "gradient", whole)
    model.set_weights(weights)
    assert explainer.explain(X, target=1).score == pytest.approx(fresh(model), rel=1e-5)


def test_an_interrupt_while_caches_are_emptied_leaves_nothing_in_them(monkeypatch: pytest.MonkeyPatch) -> None:
    model = dense_network()
    explainer = Explainer(model, preprocess=None)
    explainer.explain(X, target=1)
    model.set_weights([2 * weight for weight in model.get_weights()])
    whole = Cache.clear

    def interrupted(cache: Cache) -> None:
        monkeypatch.setattr(Cache, "clear", whole)
        raise KeyboardInterrupt

    monkeypatch.setattr(Cache, "clear", interrupted)
    with pytest.raises(KeyboardInterrupt):
        explainer.explain(X, target=1)
    assert explainer.explain(X, target=1).score == pytest.approx(fresh(model), rel=1e-5)


def test_where_python_has_no_other_thread_it_asks_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it ends, for instance in a thread that goes on behind a script's last line."""

    def refused(*arguments: Any) -> Any:
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    model = dense_network()
    explainer = Explainer(model, preprocess=None)
    explainer.explain(X, target=1)
    monkeypatch.setattr("camwidget.explanation.attempt._ASKING.submit", refused)
    for _ in range(2):
        model.set_weights([2 * weight for weight in model.get_weights()])
        assert explainer.explain(X, target=1).score == pytest.approx(fresh(model), rel=1e-5)


def test_who_gives_up_is_not_asked_again() -> None:
    """Also where the network was found to be another one meanwhile."""
    explainer = Explainer(dense_network(), preprocess=None)
    explainer.explain(X, target=1)
    asked: list[float] = []

    def give_up(share: float) -> bool:
        asked.append(share)
        explainer.refresh()
        raise TimeoutError

    query = make_query({"method": "smooth_grad_cam++", "target": 1, "samples": 100})
    with pytest.raises(TimeoutError):
        explainer.answer(explainer.picture(X), query, give_up)
    assert len(asked) == 1


def test_what_was_measured_while_weights_changed_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights exchanged while a picture is looked at, and set again after the answer that says so."""
    model = dense_network()
    model.compile("sgd", "sparse_categorical_crossentropy")
    explainer = Explainer(model, preprocess=None)
    explainer.explain(picture(1), target=1)
    weights, whole = model.get_weights(), Probe.observe

    def exchanging(probe: Probe, *arguments: Any, **options: Any) -> Any:
        time.sleep(0.2)  # the question beside it is answered
        model.set_weights([2 * weight for weight in weights])
        return whole(probe, *arguments, **options)

    monkeypatch.setattr(Probe, "observe", exchanging)
    with pytest.warns(UserWarning, match="The network changed while this was measured"):
        explainer.explain(X, target=1)
    monkeypatch.setattr(Probe, "observe", whole)
    model.set_weights(weights)
    assert explainer.explain(X, target=1).score == pytest.approx(fresh(model), rel=1e-5)


def test_an_error_counts_where_all_is_of_one_network() -> None:
    model = dense_network()
    explainer = Explainer(model, preprocess=None)
    image, attempts = explainer.picture(X), list[Attempt]()
    key = observation_key(image, explainer.explain(X, target=1).layer_info, None)

    def work(attempt: Attempt) -> int:
        attempts.append(attempt)
        if attempt.cache.get(key) is not None or len(attempts) > 2:
            raise ValueError("what was kept does not fit what is measured now")
        return len(attempts)

    model.set_weights([2 * weight for weight in model.get_weights()])
    assert explainer.probes.measured(image, None, work, lambda share: True) == 2
    with pytest.raises(ValueError, match="does not fit"):
        explainer.probes.measured(image, None, work, lambda share: True)
    assert len(attempts) == 3


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("asks", [False, True])
def test_who_changes_the_network_while_it_is_shown_something(
    is_known: bool, times: int, asks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether or not another question is asked at once, no answer mixes two networks, or it says so and is not kept."""
    monkeypatch.setattr("camwidget.explanation.measuring.running._BATCH_NUMBERS", 1)
    model = dense_network()
    explainer, query = Explainer(model, preprocess=None), make_query({"method": "ablation_cam", "target": 1})
    image, changes = explainer.picture(X), list[float]()
    if is_known:
        explainer.explain(X, target=1)

    def show(so_far: Callable[[], Explanation]) -> None:
        so_far()
        if len(changes) < times:
            model.set_weights([1.5 * weight for weight in model.get_weights()])
            changes.append(explainer.explain(X, target=1).score if asks else 0.0)

    found = explainer.answer(image, query, show=show)
    expected = Explainer(model, preprocess=None).answer(image, query)
    is_said = any("changed while this was measured" in note for note in found.notes)
    assert is_said == (not asks or times == 2)
    for answer in (explainer.answer(image, query), *([] if is_said else [found])):
        assert answer.score == pytest.approx(expected.score, rel=1e-5)
        np.testing.assert_allclose(answer.signed, expected.signed, rtol=1e-4, atol=1e-6)


def test_who_changes_the_network_and_stops_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("camwidget.explanation.measuring.running._BATCH_NUMBERS", 1)
    model = dense_network()
    explainer, shares = Explainer(model, preprocess=None), list[float]()
    explainer.explain(X, target=1)

    def checkpoint(share: float) -> bool:
        shares.append(share)
        if len(shares) == 2:
            model.set_weights([2 * weight for weight in model.get_weights()])
            explainer.explain(X, target=0)
        return len(shares) < 2

    query = make_query({"method": "ablation_cam", "target": 1})
    found = explainer.answer(explainer.picture(X), query, checkpoint)
    assert len(shares) == 2 and found.stopped.startswith("2 of ")
    assert any("changed while this was measured" in note for note in found.notes)


class Scaled(layers.Layer):
    """A factor that is no weight."""

    factor = 1.0

    def call(self, x: Any) -> Any:
        return self.factor * x


def test_an_attribute_changed_while_something_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("camwidget.explanation.measuring.running._BATCH_NUMBERS", 1)
    stack = [layers.Input(SHAPE), layers.Conv2D(3, 3), Scaled(), layers.Flatten(), layers.Dense(2)]
    model = keras.Sequential(stack)
    explainer, query = Explainer(model, preprocess=None), make_query({"method": "ablation_cam", "target": 1})

    def show(so_far: Callable[[], Explanation]) -> None:
        model.layers[1].factor = -2.0

    image = explainer.picture(X)
    assert any("changed while this was measured" in note for note in explainer.answer(image, query, show=show).notes)
    assert explainer.answer(image, query).score == pytest.approx(fresh(model), rel=1e-5)


def test_class_weights_of_a_network_in_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its activations are known already: what is read anew is of other weights."""
    stack = [layers.Input(SHAPE), layers.Conv2D(3, 3, activation="relu"), layers.GlobalAveragePooling2D()]
    model = keras.Sequential([*stack, layers.Dense(2)])
    model.compile("sgd", "sparse_categorical_crossentropy")
    explainer, whole = Explainer(model, preprocess=None), Probe.class_weights
    explainer.explain(X, target=1, method="cam")

    def trained(probe: Probe, *arguments: Any) -> Any:
        time.sleep(0.2)
        model.set_weights([2 * weight for weight in model.get_weights()])
        return whole(probe, *arguments)

    monkeypatch.setattr(Probe, "class_weights", trained)
    with pytest.warns(UserWarning, match="The network changed while this was measured"):
        explainer.explain(X, target=1, method="cam")


def test_weights_exchanged_for_a_batch_of_many_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a callback does that evaluates averaged weights: set again before the first answer is taken."""
    model = dense_network()
    model.compile("sgd", "sparse_categorical_crossentropy")
    explainer, weights, whole = Explainer(model, preprocess=None), model.get_weights(), Probe.gradient
    expected = fresh(model)
    explainer.explain(X, target=1)

    def exchanging(probe: Probe, layer: Any, score: str, inputs: Any, *arguments: Any) -> Any:
        if len(inputs) > 1:
            time.sleep(0.2)
            model.set_weights([2 * weight for weight in weights])
        found = whole(probe, layer, score, inputs, *arguments)
        return found

    monkeypatch.setattr(Probe, "gradient", exchanging)
    together = many._measure_together

    def measured_together(*arguments: Any) -> None:
        together(*arguments)
        model.set_weights(weights)

    monkeypatch.setattr(many, "_measure_together", measured_together)
    found = next(iter(explainer.explain_many([X, picture(1)], target=1, progress=False)))
    clean = Explainer(model, preprocess=None).explain(X, target=1)
    assert found.score == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(found.signed, clean.signed, rtol=1e-4, atol=1e-6)


def test_what_a_batch_of_many_pictures_measured_goes_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, and not when Python looks for what refers to itself."""
    made: list[weakref.ref[Cache]] = []
    whole = Cache.__init__

    def noted(cache: Cache, *arguments: Any, **options: Any) -> None:
        whole(cache, *arguments, **options)
        made.append(weakref.ref(cache))

    explainer = Explainer(dense_network(), preprocess=None)
    explainer.explain(X, target=1)
    monkeypatch.setattr(Cache, "__init__", noted)
    gc.collect()
    gc.disable()
    try:
        for _ in explainer.explain_many([picture(n) for n in range(6)], target=1, batch=2, progress=False):
            alive = [cache for cache in made if cache() is not None]
            assert len(alive) <= 1
    finally:
        gc.enable()
    assert len(made) == 3


def test_a_cache_of_ones_own_is_emptied_too() -> None:
    model = dense_network()
    explainer, own, query = Explainer(model, preprocess=None), Cache(), make_query({"target": 1})
    image = explainer.picture(X)
    for _ in range(2):
        assert explainer.answer(image, query, cache=own).score == pytest.approx(fresh(model), rel=1e-5)
        model.set_weights([2 * weight for weight in model.get_weights()])
        assert explainer.explain(X, target=1).score == pytest.approx(fresh(model), rel=1e-5)
    assert explainer.answer(image, query, cache=own).score == pytest.approx(fresh(model), rel=1e-5)


def test_a_look_at_its_layers_alone_drops_nothing() -> None:
    """What it reads beside its weights is known once its head was looked at: by that it is told from others."""
    factor = tf.Variable(tf.constant(2.0))
    stack = [layers.Input(SHAPE), layers.Lambda(lambda x: factor * x), layers.Conv2D(3, 3), layers.Flatten()]
    explainer = Explainer(keras.Sequential([*stack, layers.Dense(2)]), preprocess=None)
    explainer.probe_of_size(*SHAPE[:2])
    explainer.explain(X, target=1)
    changes, kept = explainer.probes.changes, explainer.cache.nbytes
    explainer.probe_of_size(*SHAPE[:2])
    explainer.explain(X, target=1)
    assert (explainer.probes.changes, explainer.cache.nbytes) == (changes, kept)


def test_what_is_handed_out_cannot_spoil_what_is_kept() -> None:
    explainer = Explainer(dense_network(), preprocess=None)
    options: dict[str, Any] = {"method": "smooth_grad", "samples": 3, "target": 1}
    first = explainer.explain(X, **options)
    with pytest.raises(ValueError, match="read-only"):
        first.signed[...] = 0
    np.testing.assert_array_equal(explainer.explain(X, **options).signed, first.signed)


def test_copies_of_no_noise_are_none() -> None:
    explainer = Explainer(dense_network(), preprocess=None)
    plain = explainer.explain(X, target=1)
    with pytest.warns(UserWarning, match="samples=50 made no difference"):
        same = explainer.explain(X, target=1, samples=50, noise=0.0)
    np.testing.assert_array_equal(same.signed, plain.signed)


class Centred(layers.Layer):
    """Writes a variable of TensorFlow's own, and reads it."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = tf.Variable(tf.constant(0.0))

    def call(self, x: Any) -> Any:
        self.mean.assign(tf.reduce_mean(x))
        return x - self.mean


def test_what_is_written_and_then_read_is_what_was_written() -> None:
    stack = [layers.Input(SHAPE), Centred(), layers.Conv2D(3, 3, name="conv"), layers.Flatten(), layers.Dense(2)]
    model = keras.Sequential(stack)
    expected = model.predict(X[None], verbose="0")[0, 1]
    model.layers[0].mean.assign(5.0)
    assert Explainer(model, preprocess=None).explain(X, target=1).score == pytest.approx(float(expected), rel=1e-4)


@pytest.mark.filterwarnings("ignore:The class's probability is")
@pytest.mark.parametrize("target", [0, 1])
def test_the_exact_softmax_beside_a_class_that_is_sure(target: int) -> None:
    stack = [layers.Input(SHAPE), layers.Conv2D(3, 3, activation="relu", name="conv"), layers.Flatten()]
    model = keras.Sequential([*stack, layers.Dense(3, activation="softmax", name="top")])
    kernel, _ = model.get_layer("top").get_weights()
    model.get_layer("top").set_weights([kernel, np.array([150.0, 0.0, 0.0], np.float32)])
    explainer = Explainer(model, preprocess=None)
    found = explainer.explain(X, target=target, derivatives="softmax", layer="conv")
    assert np.isfinite(found.signed).all() and np.abs(found.evidence.first).max() > 0
