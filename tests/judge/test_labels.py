"""The sanity check by labels: both networks learn, the control fails, and what cannot be trained is refused."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from camwidget.judge import label_randomization


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
        ({"batch": 0}, "batch=0 is below 1"),
        ({"y": np.array([0, 1, 0, 7])}, "label 7 is outside the classes: the network has 2"),
    ],
)
def test_training_that_is_refused(given: dict[str, Any], message: str):
    arguments: dict[str, Any] = {"y": np.array([0, 1, 0, 1]), **given}
    with pytest.raises(ValueError, match=message):
        label_randomization(small_classifier, np.zeros((4, 10, 12, 1), np.float32), arguments.pop("y"), **arguments)
