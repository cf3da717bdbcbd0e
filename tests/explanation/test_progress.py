"""Long work called from a cell: a bar, and an interrupt that keeps what there is."""

from typing import Any

import numpy as np
import pytest

from camwidget.explanation import Explainer, make_query
from camwidget.explanation.measuring import Progress
from camwidget.model import Probe
from tests.explanation.networks import dense_network
from tests.model.networks import picture

X = picture()
OPTIONS: dict[str, Any] = {"method": "smooth_grad_cam++", "target": 1, "noise": 0.4}


@pytest.fixture
def explainer(monkeypatch: pytest.MonkeyPatch) -> Explainer:
    monkeypatch.setattr("camwidget.explanation.measuring.running._BATCH_NUMBERS", 2 * X.size)  # two copies at a time
    return Explainer(dense_network(), preprocess=None)


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The third micro-batch is interrupted, as by the stop button of a notebook."""
    whole, calls = Probe.gradient_through, []

    def gradient_through(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return whole(*arguments, **options)

    monkeypatch.setattr(Probe, "gradient_through", gradient_through)


@pytest.mark.parametrize("asked_before", [False, True], ids=["first", "later"])
@pytest.mark.usefixtures("interrupted")
def test_in_a_notebook_an_interrupt_keeps_what_there_is(
    explainer: Explainer, monkeypatch: pytest.MonkeyPatch, asked_before: bool
) -> None:
    monkeypatch.setattr("camwidget.explanation.explainer.in_notebook", lambda: True)
    if asked_before:
        explainer.explain(X, target=1)
    with pytest.warns(UserWarning, match="Stopped early, after 4 of 9 noisy copies"):
        found = explainer.explain(X, **OPTIONS, samples=9)
    assert found.samples == 4 and found.stopped == "4 of 9 noisy copies"
    four = Explainer(explainer.model, preprocess=None).explain(X, **OPTIONS, samples=4)
    np.testing.assert_allclose(found.map, four.map, rtol=1e-5)


@pytest.mark.usefixtures("interrupted")
def test_elsewhere_an_interrupt_is_an_interrupt(explainer: Explainer) -> None:
    with pytest.raises(KeyboardInterrupt):
        explainer.explain(X, **OPTIONS, samples=9)


def test_once_stopped_the_other_factor_of_a_product_ends_early_too(explainer: Explainer) -> None:
    query = make_query({"method": "guided_grad_cam", "target": 1, "samples": 9})
    found = explainer.answer(explainer.picture(X), query, lambda share: False)
    assert found.stopped == "2 of 9 noisy copies, 2 of 9 noisy copies"
    assert found.samples == 2


def test_the_bar_shows_the_share_and_goes_away(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[float] = []

    class Bar:
        n = 0.0

        def __init__(self, **options: Any) -> None:
            assert options["total"] == 100 and options["delay"] >= 1 and options["desc"] == "Smooth Grad-CAM++"

        def update(self, more: float) -> None:
            self.n += more
            shown.append(round(self.n, 1))

        def close(self) -> None:
            shown.append(-1)

    monkeypatch.setattr("tqdm.auto.tqdm", Bar)
    monkeypatch.setattr("camwidget.explanation.explainer.in_notebook", lambda: True)
    explainer.explain(X, **OPTIONS, samples=8)
    assert shown == [25, 50, 75, -1]
    assert Progress("Smooth Grad-CAM++")(0.5) is True
