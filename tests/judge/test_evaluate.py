"""Measures of faithfulness: every number beside its restatement in NumPy."""

import keras
import numpy as np
import pytest
from keras import layers

from camwidget.explanation import Explainer
from camwidget.explanation.resolve import blurred
from camwidget.judge import METRICS, Case, Evaluation, Metric, evaluate
from tests.judge.networks import COLUMNS, ROWS, Restated, halved, pictures, tiny_network

PICTURES = pictures(11)
METHODS = ["grad_cam", "hires_cam", "layer_cam"]


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return Explainer(tiny_network(), preprocess=halved)


def restated(raw: np.ndarray, target: int | None = None) -> tuple[float, float]:
    """Y and O."""
    whole = Restated(raw)
    k = whole.target if target is None else target
    return whole.probabilities[k], Restated(whole.heat(k) * raw).probabilities[k]


def test_the_paper_in_numpy(explainer: Explainer):
    found = evaluate(explainer, PICTURES)
    before, after = np.array([restated(raw) for raw in PICTURES]).T
    mine = found.of_method("grad_cam")
    np.testing.assert_allclose(mine["probability"], before, rtol=1e-5)
    np.testing.assert_allclose(mine["masked_probability"], after, rtol=1e-5)
    assert mine["class"].tolist() == [Restated(raw).target for raw in PICTURES]
    summary = found.summary()["grad_cam"]
    assert summary["average_drop"].value == pytest.approx(
        100 * np.mean(np.maximum(0, before - after) / before), rel=1e-4
    )
    assert summary["increase_in_confidence"].value == pytest.approx(100 * np.mean(after > before))
    assert 0 < summary["increase_in_confidence"].value < 100  # both kinds are there
    assert summary["average_drop"].low < summary["average_drop"].value < summary["average_drop"].high


@pytest.mark.parametrize("fill", ["mean", "blur"])
def test_other_fills(explainer: Explainer, fill: str):
    found = evaluate(explainer, PICTURES[:3], fill=fill, metrics=["average_drop"]).of_method("grad_cam")
    for n, raw in enumerate(PICTURES[:3]):
        whole = Restated(raw)
        heat = whole.heat(whole.target)
        filled = raw.mean() if fill == "mean" else blurred(raw[..., None].astype(np.float32))[..., 0]
        expected = Restated(heat * raw + (1 - heat) * filled).probabilities[whole.target]
        assert found["masked_probability"][n] == pytest.approx(expected, rel=1e-5)
    black = evaluate(explainer, PICTURES[:3], metrics=["average_drop"]).of_method("grad_cam")
    assert (found["masked_probability"] != black["masked_probability"]).all()


def test_a_preprocessing_that_writes_into_the_picture(explainer: Explainer):
    def halved_in_place(picture: np.ndarray) -> np.ndarray:
        picture /= 255
        picture -= 0.5
        return picture

    found = evaluate(Explainer(tiny_network(), preprocess=halved_in_place), PICTURES, methods=["grad_cam"])
    pure = evaluate(explainer, PICTURES, methods=["grad_cam"])
    for name in ("probability", "masked_probability"):
        np.testing.assert_allclose(found.columns[name], pure.columns[name], rtol=1e-6)


def test_a_class_that_is_asked_for(explainer: Explainer):
    found = evaluate(explainer, PICTURES, target=1).of_method("grad_cam")
    before, after = np.array([restated(raw, 1) for raw in PICTURES]).T
    np.testing.assert_allclose(found["probability"], before, rtol=1e-5)
    np.testing.assert_allclose(found["masked_probability"], after, rtol=1e-5)


def test_boxes_of_the_explained_class_count(explainer: Explainer):
    raw = PICTURES[0]
    k, other = Restated(raw).target, (Restated(raw).target + 1) % 3
    heat = Restated(raw).heat(k)
    top, left = np.unravel_index(heat.argmax(), heat.shape)
    hot, cold = [top, left, top + 1, left + 1], [0, 0, ROWS, 1] if left else [0, 1, ROWS, 2]
    given = [
        Case(raw, boxes=[hot]),
        Case(raw, boxes=[hot, cold], box_classes=[other, k]),
        Case(raw, boxes=[hot, cold], box_classes=[k, k]),
        Case(raw, boxes=[hot], label=other),
    ]
    metrics = ["pointing_game", "energy_inside", "instances_found"]
    found = evaluate(explainer, given, methods=["grad_cam"], metrics=metrics)
    np.testing.assert_array_equal(found.columns["pointing_game"], [100, 0, 100, np.nan])
    share = 100 * heat.max() / heat.sum()
    np.testing.assert_allclose(found.columns["energy_inside"][0], share, rtol=1e-5)
    assert found.columns["instances"].tolist() == [1, 1, 2, 0]
    assert found.columns["objects"].tolist() == [1, 2, 2, 1]
    summary = found.summary()["grad_cam"]["pointing_game"]
    assert (summary.size, summary.undefined, summary.value) == (3, 1, pytest.approx(200 / 3))
    assert found.subsets == ("one object", "several instances")
    assert len(found.subset("one object")) == 2 and len(found.subset("several instances")) == 1


@pytest.mark.parametrize("batch", [1, 4, 50])
def test_the_batch_makes_no_difference(explainer: Explainer, batch: int):
    metrics = ["average_drop", "deletion"]
    one, other = (evaluate(explainer, PICTURES, methods=METHODS, metrics=metrics, batch=b) for b in (None, batch))
    for name, values in one.columns.items():
        if values.dtype == object:
            assert values.tolist() == other.columns[name].tolist()
        else:
            np.testing.assert_allclose(values, other.columns[name], rtol=1e-5)


def test_wins_in_pairs(explainer: Explainer):
    found = evaluate(explainer, PICTURES, methods=["grad_cam", "hires_cam", "grad_cam++"])
    pairs = found.wins()
    assert list(pairs) == [("grad_cam", "hires_cam"), ("grad_cam", "grad_cam++"), ("hires_cam", "grad_cam++")]
    for three in pairs.values():
        assert sum(each.value for each in three) == pytest.approx(100)
    a, b = (found.of_method(m) for m in ("grad_cam", "grad_cam++"))
    lost, other = (np.maximum(0, each["probability"] - each["masked_probability"]) for each in (a, b))
    assert pairs["grad_cam", "grad_cam++"][0].value == pytest.approx(100 * (lost < other).mean())


def test_one_pass_for_all_methods_and_one_for_each_mask(explainer: Explainer):
    probe = explainer.probe(explainer.picture(PICTURES[0]))
    before, kept = probe.calls, explainer.cache.nbytes
    evaluate(explainer, PICTURES, methods=["grad_cam", "grad_cam++", "layer_cam"], batch=11)
    # forward and back for all three, then the masked pictures of each
    assert probe.calls - before == 2 + 3
    assert explainer.cache.nbytes == kept


def test_a_change_of_weights_is_never_missed():
    model = tiny_network()
    explainer = Explainer(model, preprocess=halved)
    for picture in PICTURES:
        explainer.explain(picture, method="grad_cam", target=1)  # fills the cache
    first = evaluate(explainer, PICTURES, target=1).of_method("grad_cam")
    kernel, bias = model.get_layer("classes").get_weights()
    model.get_layer("classes").set_weights([kernel[::-1].copy(), bias])
    second = evaluate(explainer, PICTURES, target=1).of_method("grad_cam")
    fresh = evaluate(Explainer(model, preprocess=halved), PICTURES, target=1).of_method("grad_cam")
    np.testing.assert_allclose(second["masked_probability"], fresh["masked_probability"], rtol=1e-6)
    assert (np.abs(first["masked_probability"] - second["masked_probability"]) > 1e-3).all()


def test_no_probability_is_said():
    model = tiny_network()
    model.get_layer("classes").set_weights([np.zeros((2, 3)), np.array([0.0, -200.0, 0.0])])
    found = evaluate(Explainer(model, preprocess=halved), PICTURES[:4], target=1, metrics=["average_drop"])
    assert found.summary()["grad_cam"]["average_drop"].undefined == 4
    assert "Y is 0 for 4 pictures" in " ".join(found.notes)
    assert "undefined" in found._repr_html_()
    assert "Y is 0: no drop" in found.columns["note"][0]


def test_maps_without_evidence_are_counted(explainer: Explainer):
    found = evaluate(explainer, PICTURES[:4], filters=[])
    assert found.columns["empty"].tolist() == [1] * 8
    assert found.notes[-2:] == tuple(f"{m}: 4 of 4 maps hold no evidence." for m in ("grad_cam", "grad_cam++"))
    whole = evaluate(explainer, PICTURES, methods=METHODS)
    expected = [int(not Restated(raw).heat(Restated(raw).target).any()) for raw in PICTURES for _ in METHODS]
    assert whole.columns["empty"].tolist() == expected


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_maps_that_are_not_finite_hold_no_evidence():
    picture = keras.Input((ROWS, COLUMNS, 1))
    x = layers.ReLU(name="relu")(layers.Conv2D(2, 1, name="conv")(picture))
    x = layers.GlobalAveragePooling2D()(layers.Activation(keras.ops.sqrt)(x))  # its slope at 0 is infinite
    model = keras.Model(picture, layers.Dense(3, activation="softmax")(x))
    model.get_layer("conv").set_weights([np.full((1, 1, 1, 2), 1.0), np.zeros(2)])
    found = evaluate(Explainer(model, preprocess=halved), PICTURES[:3], methods=["grad_cam"], layer="relu")
    assert found.columns["empty"].tolist() == [1] * 3 and "not finite" in found.columns["note"][0]
    assert "grad_cam: 3 of 3 maps hold no evidence." in found.notes


def test_own_metrics(explainer: Explainer):
    share = Metric("hot", "hot", "share of hot pixels", "", "lower", lambda s: float((s.explanation.heat > 0.5).mean()))
    found = evaluate(explainer, PICTURES[:2], methods=["grad_cam"], metrics=[share, "average_drop"])
    expected = [(Restated(raw).heat(Restated(raw).target) > 0.5).mean() for raw in PICTURES[:2]]
    np.testing.assert_allclose(found.columns["hot"], expected)


@pytest.mark.parametrize("name", ["probability", "note", "empty", "picture"])
def test_own_metrics_do_not_take_the_place_of_a_column(explainer: Explainer, name: str):
    own = Metric(name, "own", "one", "", "lower", lambda subject: 1.0)
    with pytest.raises(ValueError, match=f"A metric cannot be called '{name}': each run has that column. Taken: pic"):
        evaluate(explainer, PICTURES[:2], metrics=[own])


def test_the_page_escapes_and_shows_what_was_scored(explainer: Explainer):
    found = evaluate(explainer, [Case(PICTURES[0], name="<b>&")], methods=["grad_cam", "cam"])
    page = found._repr_html_()
    assert "&lt;b&gt;&amp;" in page and "<b>&<" not in page
    assert page.count("data:image/jpeg") == 3  # the picture and one for each method
    assert 'src="http' not in page
    for name in ("average_drop", "increase_in_confidence", "win_rate"):
        assert METRICS[name].title in page
    assert "Grad-CAM against CAM" in page
    assert "average drop" in str(found)


def test_asking_the_table(explainer: Explainer):
    found = evaluate(explainer, [Case(raw, group="ab"[n % 2]) for n, raw in enumerate(PICTURES)], methods=["grad_cam"])
    assert isinstance(found, Evaluation) and found.subsets == ("a", "b")
    assert len(found.subset("a")) == 6
    with pytest.raises(ValueError, match="No subset 'c'. Choices: a, b"):
        found.subset("c")
    with pytest.raises(ValueError, match="No method 'cam' here. Choices: grad_cam"):
        found.of_method("cam")
    with pytest.raises(ValueError, match="win_rate compares methods"):
        found.wins()
