"""Score-CAM and Ablation-CAM, restated filter by filter; stopped early they hold what they have."""

from typing import Any

import numpy as np
import pytest

from camwidget.explanation import Explainer, make_query
from camwidget.maths import resize
from tests.explanation.networks import dense_network
from tests.model.networks import FILTERS, REFERENCE, fill, functional_network, gap_network, picture, relu, softmax

X = picture()


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return Explainer(functional_network(), preprocess=None)


@pytest.mark.parametrize("score", ["logit", "probability"])
def test_score_cam(explainer: Explainer, score: str) -> None:
    A = relu(REFERENCE.last(X))
    scores = []
    for c in range(FILTERS):
        large = resize(A[..., c], 12, 18)
        logits = REFERENCE.logits(X * ((large - large.min()) / (large.max() - large.min()))[..., None])
        scores.append(logits[2] if score == "logit" else softmax(logits)[2])
    expected = relu(A @ softmax(np.array(scores)))
    found = explainer.explain(X, method="score_cam", target=2, score=score)
    np.testing.assert_allclose(found.map, expected, rtol=1e-4)
    assert found.weights.sum() == pytest.approx(1)


def test_ablation_cam(explainer: Explainer) -> None:
    last = REFERENCE.last(X)
    A, whole = relu(last), REFERENCE.logits(X)[2]
    weights = []
    for c in range(FILTERS):
        without = last.copy()
        without[..., c] = 0
        weights.append((whole - REFERENCE.tail(without)[2]) / abs(whole))
    found = explainer.explain(X, method="ablation_cam", target=2)
    np.testing.assert_allclose(found.signed, A @ np.array(weights), rtol=1e-3, atol=1e-5)


def test_on_a_pooled_head_ablation_weighs_what_a_filter_adds() -> None:
    # S = sum_c w_c mean A_c + b: without filter c it falls by w_c mean A_c.
    found = Explainer(gap_network(), preprocess=None).explain(X, method="ablation_cam", target=1)
    A = relu(REFERENCE.last(X))
    drop = REFERENCE.column[:, 1] * A.mean(axis=(0, 1))
    np.testing.assert_allclose(found.weights.ravel(), drop / abs(found.score), rtol=1e-3, atol=1e-6)


def silenced() -> Explainer:
    """Filter 3 is 0 everywhere, filter 5 is 1 everywhere."""
    model = fill(functional_network())
    kernel, bias = (array.copy() for array in REFERENCE.weights["last"])
    kernel[..., [3, 5]] = 0
    bias[[3, 5]] = -1, 1
    model.get_layer("last").set_weights([kernel, bias])
    return Explainer(model, preprocess=None)


def test_a_filter_that_is_the_same_everywhere_has_no_mask() -> None:
    found = silenced().explain(X, method="score_cam", target=0)
    assert found.weights[0, 0, [3, 5]].tolist() == [0, 0]
    assert (np.delete(found.weights[0, 0], [3, 5]) > 0).all()
    assert np.isnan(found.evidence.channel_scores.scores[[3, 5]]).all()  # type: ignore[union-attr] # Score-CAM has them


def test_a_filter_that_is_zero_everywhere_costs_no_pass() -> None:
    found = silenced().explain(X, method="ablation_cam", target=0)
    assert found.weights[0, 0, 3] == 0
    assert found.weights[0, 0, 5] != 0
    assert found.evidence.channel_scores is not None and found.evidence.channel_scores.count.done == FILTERS - 1


@pytest.mark.parametrize("method", ["score_cam", "ablation_cam"])
def test_stopped_early_the_most_active_filters_are_there(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("camwidget.explanation.measuring.running._BATCH_NUMBERS", 2 * X.size)  # two at a time
    explainer = Explainer(dense_network(), preprocess=None)
    shares: list[float] = []

    def checkpoint(share: float) -> bool:
        shares.append(share)
        return len(shares) < 2

    query = make_query({"method": method, "target": 1})
    part = explainer.answer(explainer.picture(X), query, checkpoint)
    np.testing.assert_allclose(shares, [2 / 7, 4 / 7])
    assert part.stopped == "4 of 7 filters" and part.title.endswith("stopped after 4 of 7 filters")
    assert part.notes == ("Stopped early, after 4 of 7 filters.",)
    scores = part.evidence.channel_scores
    assert scores is not None
    totals = part.evidence.activations.sum(axis=(0, 1))
    assert set(np.flatnonzero(np.isfinite(scores.scores))) == set(np.argsort(-totals)[:4])
    # It is not kept as if it were whole.
    whole = explainer.explain(X, method=method, target=1)
    assert whole.stopped == "" and np.isfinite(whole.evidence.channel_scores.scores).all()  # type: ignore[union-attr] # it has them
    again: list[float] = []
    explainer.answer(explainer.picture(X), query, lambda share: bool(again.append(share)))
    assert again == []  # whole, it comes from the cache


@pytest.mark.parametrize("method", ["score_cam", "ablation_cam"])
def test_the_micro_batch_does_not_matter(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    maps = []
    for numbers in (1, 3 * X.size, 10**9):
        monkeypatch.setattr("camwidget.explanation.measuring.running._BATCH_NUMBERS", numbers)
        maps.append(Explainer(dense_network(), preprocess=None).explain(X, method=method, target=1).map)
    np.testing.assert_allclose(maps[1:], [maps[0]] * 2, rtol=1e-5)


@pytest.mark.parametrize("method", ["cam", "score_cam", "ablation_cam"])
def test_noise_is_refused_where_nothing_is_differentiated(method: str) -> None:
    explainer = Explainer(gap_network(), preprocess=None)
    with pytest.raises(ValueError, match=rf"method='{method}' takes no derivatives.* Leave out samples="):
        explainer.explain(X, method=method, samples=4)
    options: dict[str, Any] = {"method": method, "samples": 0}
    assert explainer.explain(X, **options).samples == 0
