"""Sanity checks: they notice what forgets, what does not, and what is stale; and they leave no trace."""

from typing import Any

import keras
import numpy as np
import pytest

from camwidget import samples
from camwidget.explanation import Explainer
from camwidget.explanation.many import explain_together
from camwidget.judge import cascading_randomization
from camwidget.judge.similarity import edge_detector
from camwidget.maths import edges, rank_correlation
from camwidget.model import Picture, restored
from camwidget.model.weights import numbers
from tests.judge.networks import halved, nested_network, pictures, tiny_network

SCENES = [samples.scene(seed).image for seed in range(24)]


def snapshot(model: keras.Model) -> list[bytes]:
    return [numbers(variable).tobytes() for variable in model.variables]


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
