"""Deletion and insertion of one picture: probabilities and areas beside their restatement in NumPy."""

import numpy as np
import pytest

from camwidget.explanation import Explainer
from camwidget.judge import deletion, evaluate, insertion
from tests.judge.networks import COLUMNS, ROWS, Restated, halved, tiny_network


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return Explainer(tiny_network(), preprocess=halved)


def test_deletion_and_insertion(explainer: Explainer):
    raw = (np.random.default_rng(1).permutation(24) * 10).astype(np.uint8).reshape(ROWS, COLUMNS)  # no ties
    whole = Restated(raw)
    k, heat = whole.target, whole.heat(whole.target)
    order = np.argsort(-heat.ravel())
    assert len(set(heat.ravel()[order[:7]])) == 7
    explanation = explainer.explain(raw, method="grad_cam")
    deleted = deletion(explainer, explanation, steps=4)
    inserted = insertion(explainer, explanation, steps=4, fill="mean")
    gone, put = deleted.probabilities, inserted.probabilities
    hidden, shown = raw.astype(float).copy(), np.full(raw.shape, raw.mean())
    assert gone[0] == pytest.approx(whole.probabilities[k], rel=1e-5)
    assert put[0] == pytest.approx(Restated(shown).probabilities[k], rel=1e-5)
    hidden.ravel()[order[:6]], shown.ravel()[order[:6]] = 0, raw.ravel()[order[:6]]  # a quarter of 24 pixels
    assert gone[1] == pytest.approx(Restated(hidden).probabilities[k], rel=1e-5)
    assert put[1] == pytest.approx(Restated(shown).probabilities[k], rel=1e-5)
    assert gone[4] == pytest.approx(Restated(0 * hidden).probabilities[k], rel=1e-5)
    assert put[4] == pytest.approx(gone[0], rel=1e-6)
    assert deleted.area == pytest.approx((gone[0] / 2 + gone[1] + gone[2] + gone[3] + gone[4] / 2) / 4)
    assert [share for share, _ in deleted.frames] == [0, 0.25, 0.5, 0.75, 1]
    np.testing.assert_array_equal(deleted.frames[0][1], raw[..., None].repeat(3, axis=-1))
    np.testing.assert_array_equal(deleted.frames[1][1], hidden[..., None].repeat(3, axis=-1))
    np.testing.assert_array_equal(inserted.frames[1][1], shown[..., None].round().repeat(3, axis=-1))
    areas = evaluate(explainer, [raw], methods=["grad_cam"], metrics=["deletion", "insertion"]).summary()["grad_cam"]
    curve = deletion(explainer, explanation).probabilities
    assert areas["deletion"].value == pytest.approx((curve[1:] + curve[:-1]).mean() / 2, rel=1e-6)
    curve = insertion(explainer, explanation).probabilities
    assert areas["insertion"].value == pytest.approx((curve[1:] + curve[:-1]).mean() / 2, rel=1e-6)


def test_a_figure_of_curves(explainer: Explainer):
    raw = np.arange(24, dtype=np.uint8).reshape(ROWS, COLUMNS)
    one, other = (explainer.explain(raw, method=method, target=2) for method in ("grad_cam", "layer_cam"))
    curves = [deletion(explainer, each) for each in (one, other)]
    axes = curves[0].plot(curves[1]).axes
    assert len(axes) == len(curves[0].frames) + 1
    drawn = axes[-1].get_lines()
    for line, curve in zip(drawn, curves, strict=True):
        np.testing.assert_allclose(
            np.asarray(line.get_xydata()), np.stack([100 * curve.shares, curve.probabilities], axis=1)
        )
        assert f"area {curve.area:.3f}" in str(line.get_label())
    with pytest.raises(ValueError, match="A curve of insertion beside one of deletion"):
        curves[0].plot(insertion(explainer, one))
