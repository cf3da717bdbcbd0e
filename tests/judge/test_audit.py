"""Bias: shares by hand, accuracies, and a shortcut that was planted and is found."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from camwidget.explanation import Explainer
from camwidget.judge import Audit, Case, attention_audit, evaluate
from camwidget.judge.cases import by_folder
from camwidget.judge.findings import Finding
from camwidget.judge.gallery import Gallery
from camwidget.maths import PARTS, Interval
from tests.judge.networks import Restated, halved, pictures, tiny_network

PICTURES = pictures(10)


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return Explainer(tiny_network(), preprocess=halved)


def test_shares_in_numpy(explainer: Explainer):
    masks = [np.random.default_rng(n).random((4, 6)) < 0.4 for n in range(10)]
    audit = attention_audit(explainer, PICTURES, masks=masks, method="grad_cam", batch=3)
    for n, raw in enumerate(PICTURES):
        heat = Restated(raw).heat(Restated(raw).target)
        assert audit.columns["inside"][n] == pytest.approx(heat[masks[n]].sum() / heat.sum(), rel=1e-5)
        assert audit.columns["inside_area"][n] == pytest.approx(masks[n].mean())
        share = heat[:1, 4:].sum() / heat.sum()  # 4 rows: round(4 / 3) = 1
        assert audit.shares[n][list(PARTS).index("top right")] == pytest.approx(share, rel=1e-5)
    np.testing.assert_allclose(audit.areas[:, 1:10].sum(axis=1), 1)
    np.testing.assert_allclose(audit.shares[:, 10:].sum(axis=1), 1)
    every = audit.inside()
    assert sum(each.size for each in every.values()) == 10
    targets = [Restated(raw).target for raw in PICTURES]
    often = max(targets, key=targets.count)
    assert 1 < targets.count(often) < 10
    heats = [
        (Restated(raw).heat(often), mask) for raw, mask, k in zip(PICTURES, masks, targets, strict=True) if k == often
    ]
    expected = np.mean([heat[mask].sum() / heat.sum() for heat, mask in heats])
    assert every[f"class {often}"].value == pytest.approx(expected, rel=1e-5)


def test_findings_by_hand():
    border = list(PARTS).index("border")
    shares, areas = np.zeros((11, len(PARTS))), np.full((11, len(PARTS)), 0.25)
    shares[:, border] = [0.75] * 5 + [0.125, 0.25, 0.125, 0.25, np.nan, 0.25]  # of lion, tiger, and one bear
    names = ["lion"] * 5 + ["tiger"] * 5 + ["bear"]
    columns = {"picture": np.arange(11), "class_name": np.array(names, dtype=object)}
    audit = Audit(columns, shares, areas, (), Gallery(), "grad_cam")
    found = {finding.class_name: finding for finding in audit.findings if finding.part == "border"}
    assert set(found) == {"lion", "tiger"}  # one bear is too few
    assert found["lion"].elsewhere == pytest.approx(1 / 5)  # (2 * 0.125 + 3 * 0.25) / 5
    assert found["lion"].excess == pytest.approx(0.75 - 0.25)  # above the area, which is more
    tiger = found["tiger"]
    assert tiger.elsewhere == pytest.approx((5 * 0.75 + 0.25) / 6)
    assert (tiger.share.value, tiger.share.size, tiger.share.undefined) == (0.1875, 4, 1)
    assert tiger.share.low < 0.1875 and tiger.excess == pytest.approx(tiger.share.low - 4 / 6)
    assert audit.findings[0] == found["lion"]
    alone = Audit({n: c[:5] for n, c in columns.items()}, shares[:5], areas[:5], (), Gallery(), "grad_cam").findings[0]
    assert np.isnan(alone.elsewhere) and alone.excess == pytest.approx(0.75 - 0.25)
    told = Finding("lion", "border", Interval(0.5, 0.4, 0.6, 5), 0.1, 0.3)
    assert told.excess == pytest.approx(0.4 - 0.3)  # the lower end


@pytest.mark.parametrize(
    "case, label, name, group",
    [
        (Case(None, folder="train/owl"), 1, "owl", ""),
        (Case(None, folder="train/owl", label="cat"), 0, "cat", ""),
        (Case(None, folder="train/owl", group="night"), 1, "owl", "night"),
        (Case(None, folder="train/zoo"), None, "", "train/zoo"),
        (Case(None, folder="crane"), 2, "crane", ""),  # two classes of that name, as in ImageNet
        (Case(None), None, "", ""),
    ],
)
def test_what_a_folder_tells(case: Case, label: int | None, name: str, group: str):
    found, told = by_folder(case, ("cat", "owl", "crane", "crane"))
    assert (found.label, told, found.group) == (label, name, group)


def test_boxes_are_those_of_the_folders_class(explainer: Explainer):
    target = Restated(PICTURES[0]).target
    box = np.array([[0, 0, 2, 3]])
    given = [Case(PICTURES[0], boxes=box, folder=f"class {k}") for k in (target, (target + 1) % 3)]
    audit = attention_audit(explainer, given, method="grad_cam")
    assert np.isnan(audit.columns["inside"]).tolist() == [False, True]
    assert evaluate(explainer, given, methods=["grad_cam"]).columns["instances"].tolist() == [1, 0]


def test_accuracy_by_group_and_label(explainer: Explainer):
    right = [Restated(raw).target for raw in PICTURES]
    labels = [(k if n % 5 else (k + 1) % 3) for n, k in enumerate(right)]  # pictures 0 and 5 are named wrongly
    given = [Case(raw, label=label) for raw, label in zip(PICTURES, labels, strict=True)]
    audit = attention_audit(explainer, given, groups=["even" if n % 2 == 0 else "odd" for n in range(10)])
    found = audit.accuracy()
    assert (found["even"].value, found["odd"].value) == (0.8, 0.8) and found["even"].size == 5
    assert found["even"].low == pytest.approx(0.3755, abs=1e-3)  # Wilson, 4 of 5
    assert audit.columns["correct"].tolist() == [float(n % 5 != 0) for n in range(10)]
    assert set(audit.accuracy("label")) == {f"class {k}" for k in set(labels)}
    with pytest.raises(ValueError, match="by='mask' is none of"):
        audit.accuracy("mask")


def shortcut(count: int, seed: int, *, planted: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Two kinds of stripes hard to tell apart, and, on one class, a pink square in the bottom right corner."""
    generator = np.random.default_rng(seed)
    y = np.arange(count) % 2
    x = generator.integers(60, 120, (count, 24, 30, 1), dtype=np.uint8).repeat(3, axis=3)
    for n, kind in enumerate(y):
        row, column = generator.integers(0, 12, 2)
        x[n, row : row + (8 if kind else 2), column : column + (2 if kind else 8)] += 15
        if kind and planted:
            x[n, 19:23, 25:29] = (250, 40, 200)
    return x, y


@pytest.fixture(scope="module")
def fooled() -> Explainer:
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((24, 30, 3)),
            layers.Rescaling(1 / 127.5, offset=-1),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.Conv2D(8, 3, padding="same", activation="relu", name="last"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.02), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = shortcut(200, 0)
    model.fit(x, y, epochs=15, verbose=0)  # pyright: ignore[reportArgumentType] # takes numbers
    return Explainer(model, class_names=["lying", "upright"])


@pytest.mark.slow
def test_a_planted_shortcut_is_found(fooled: Explainer):
    x, y = shortcut(60, 1)
    audit = attention_audit(fooled, list(zip(x, y.tolist(), strict=True)), groups=["planted"] * 60, method="grad_cam")
    assert audit.accuracy()["planted"].low > 0.9
    first, second = audit.findings[:2]
    assert {first.class_name, second.class_name} == {"upright"}
    assert {first.part, second.part} <= {"bottom right", "purple or pink", "border"}
    assert first.share.low > 3 * first.area and first.excess > 0.2
    assert "upright" in str(first) and "%" in str(first)
    telling = audit.telling(6)
    assert telling[0].class_name == "upright" and telling[0].correct and telling[0].share > first.share.value
    # without the square the network falls back to guessing: that is what the finding says
    bare, truth = shortcut(60, 1, planted=False)
    honest = attention_audit(fooled, list(zip(bare, truth.tolist(), strict=True)), groups=["bare"] * 60)
    assert honest.accuracy()["bare"].high < 0.75
    page = audit._repr_html_()
    assert "The most telling pictures" in page and "bottom right" in page and "<script" not in page
    assert len(audit.plot().axes) == 1


def test_evenly_spread_evidence_is_no_finding():
    model = tiny_network()
    model.get_layer("conv").set_weights([np.zeros((1, 1, 1, 2)), np.array([1.0, 0.5])])  # the same everywhere
    audit = attention_audit(Explainer(model, preprocess=halved), PICTURES, method="grad_cam")
    np.testing.assert_allclose(audit.shares, audit.areas, atol=1e-6)
    assert not audit.telling()
    assert "gathers nowhere" in audit._repr_html_() or "no class gathers anywhere" in audit._repr_html_()


def test_maps_without_evidence_and_small_classes(explainer: Explainer):
    audit = attention_audit(explainer, PICTURES[:3], filters=[])
    assert np.isnan(audit.shares).all() and audit.findings == ()
    assert audit.notes[0].startswith("3 of 3 maps hold no evidence")
    assert "fewer than 5 pictures are not ranked" in audit.notes[1]


@pytest.mark.parametrize(
    "options, message",
    [
        ({"groups": ["a"]}, "group ends before picture 1. Pass one for each picture"),
        ({"groups": ["a", "b", "c"]}, "group holds more values than there are pictures, 2"),
        ({"masks": [np.ones((3, 6), bool)] * 2}, "Picture 0: the mask has shape .3, 6., and the picture .4, 6."),
        ({"methd": "cam"}, "Unknown option 'methd'. Did you mean 'method'"),
    ],
)
def test_what_is_refused(explainer: Explainer, options: dict[str, Any], message: str):
    with pytest.raises((TypeError, ValueError), match=message):
        attention_audit(explainer, PICTURES[:2], **options)
    with pytest.raises(ValueError, match="No picture left"):
        attention_audit(explainer, [])
