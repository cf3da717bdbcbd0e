"""Whatever is asked, however it ends: the network is bit for bit what it was."""

import threading
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from camwidget import Explainer, Explanation
from camwidget.explanation.query import make_query
from camwidget.maths import METHODS
from tests.model.networks import SHAPE, body, chain, functional, picture, randomize
from tests.model.snapshot import Snapshot

X = picture()
LONG = {"samples": 6, "steps": 6}


class Fuse(layers.Layer):
    """Hands its input on, and raises where it is armed."""

    armed = False

    def call(self, x: Any) -> Any:
        if self.armed:
            raise RuntimeError("armed")
        return x


def network() -> keras.Model:
    """A nested backbone, an addition written as `+`, all that keeps a state, a frozen layer; GAP, one Dense layer."""
    first, pool, second, relu = body()
    inner = keras.Input(SHAPE)
    early = first(inner)
    early = pool(layers.BatchNormalization(name="normal")(early + 0.5 * layers.GaussianNoise(0.1, name="noise")(early)))
    backbone = keras.Model(inner, relu(second(Fuse(name="fuse")(early))), name="backbone")
    head = [layers.GlobalAveragePooling2D(name="gap"), layers.Dropout(0.3, name="drop")]
    inputs = keras.Input(SHAPE)
    x = chain(head, backbone(inputs))
    out = layers.Dense(4, activation="softmax", name="out", activity_regularizer=keras.regularizers.L2(0.1))
    model = keras.Model(inputs, out(x))
    randomize(model, 3)
    second.trainable = False
    return model


@pytest.fixture
def snapshot() -> Snapshot:
    model = network()
    taken = Snapshot(model, X[None])
    assert taken.losses and any("seed" in variable.path for variable in model.variables)
    return taken


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two pictures at a time, so that even here all long work can be stopped in between."""
    monkeypatch.setattr("camwidget.explanation.measuring.running._BATCH_NUMBERS", 2 * X.size)


def ask(
    explainer: Explainer, method: str, checkpoint: Callable[[float], bool] | None = None, **more: Any
) -> Explanation:
    long = LONG if METHODS[method].takes_noise else {}
    query = make_query({"method": method, "target": 1, **long, **more})
    picture_ = explainer.picture(X)
    return explainer.answer(picture_, query, checkpoint) if checkpoint else explainer.answer(picture_, query)


@pytest.mark.parametrize("method", METHODS)
def test_after_an_explanation(method: str, snapshot: Snapshot) -> None:
    explainer = Explainer(snapshot.model)
    ask(explainer, method)
    snapshot.check_unchanged()
    if METHODS[method].selects_target:
        ask(explainer, method, filters=[1, 2], layer="last")
        snapshot.check_unchanged()
    if METHODS[method].takes_noise:
        ask(explainer, method, derivatives="softmax", samples=0)
        snapshot.check_unchanged()


def test_after_a_look_around(snapshot: Snapshot) -> None:
    explainer = Explainer(snapshot.model)
    assert [layer.name for layer in explainer.layers if layer.default] == ["backbone/relu"]
    explainer.predict(X)
    list(explainer.explain_many([X, picture(1)], methods=["grad_cam", "gradient"], progress=False))
    explainer.refresh()
    explainer.predict(X)
    snapshot.check_unchanged()


@pytest.mark.parametrize("method", METHODS)
def test_after_an_exception_while_the_network_is_traced(method: str, snapshot: Snapshot) -> None:
    explainer = Explainer(snapshot.model)
    probe = explainer.probe(explainer.picture(X))
    probe.observe(probe.find_layer("conv"), X[None])  # so that it is in the method's own trace that the layer raises
    Fuse.armed = True
    try:
        with pytest.raises(RuntimeError, match="armed"):
            ask(explainer, method, layer="conv")
    finally:
        Fuse.armed = False
    snapshot.check_unchanged()
    ask(explainer, method)  # and it works again
    snapshot.check_unchanged()


class GivenUp(Exception):
    pass


def _stop(share: float) -> bool:
    return False


def _give_up(share: float) -> bool:
    raise GivenUp


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("ending", [_stop, _give_up])
@pytest.mark.parametrize("method", METHODS)
def test_after_work_cut_short(method: str, ending: Callable[[float], bool], snapshot: Snapshot) -> None:
    explainer = Explainer(snapshot.model)
    asked: list[float] = []

    def checkpoint(share: float) -> bool:
        asked.append(share)
        return ending(share)

    try:
        ask(explainer, method, checkpoint)
    except GivenUp:
        assert ending is _give_up
    snapshot.check_unchanged()
    is_long = METHODS[method].takes_noise or METHODS[method].measures in ("masked_scores", "ablated_scores")
    assert bool(asked) == is_long
    if is_long:  # nothing half done was kept as whole
        fresh = ask(Explainer(snapshot.model), method)
        np.testing.assert_allclose(ask(explainer, method).signed, fresh.signed, atol=1e-6)


@pytest.mark.parametrize("method", ["grad_cam++", "smooth_grad_cam++", "guided_backprop", "score_cam"])
def test_training_in_another_thread_comes_to_the_same(method: str) -> None:
    """Explained again and again while it trains: the losses are those of a twin left alone."""
    pictures = np.stack([picture(seed) for seed in range(8)])
    labels = np.arange(8) % 4
    quiet: Any = 0  # Keras says "auto" where it takes numbers too

    def train(model: keras.Model) -> list[float]:
        model.compile(keras.optimizers.SGD(0.05), "sparse_categorical_crossentropy")
        fitted = model.fit(pictures, labels, batch_size=4, epochs=6, shuffle=False, verbose=quiet)
        return fitted.history["loss"]

    def steady() -> keras.Model:
        # Without noise and dropout, whose draws two threads may share between them.
        stack = [*body(), layers.BatchNormalization(), layers.GlobalAveragePooling2D(), layers.Dense(4, "softmax")]
        model = functional(stack)
        randomize(model, 3)
        return model

    twin, model = steady(), steady()
    expected = train(twin)
    explainer = Explainer(model)
    stop, count, wrong = threading.Event(), [0], []

    def explain() -> None:
        try:
            while not stop.is_set():
                explainer.refresh()  # so that each is traced anew
                ask(explainer, method)
                count[0] += 1
        except BaseException as error:  # shown by the assertion below
            wrong.append(error)

    thread = threading.Thread(target=explain)
    thread.start()
    try:
        losses = train(model)
        while not count[0] and thread.is_alive():
            stop.wait(0.05)
    finally:
        stop.set()
        thread.join(60)
    assert not wrong and count[0] and not thread.is_alive()
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    for trained, wanted in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(trained, wanted, atol=1e-6)
    assert not [layer.name for layer in model._flatten_layers() if "call" in vars(layer)]
