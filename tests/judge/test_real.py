"""Sanity checks on networks that others trained, on real pictures (--real-data)."""

import warnings
from pathlib import Path

import keras
import numpy as np
import pytest

from camwidget.explanation import Explainer
from camwidget.judge import cascading_randomization, evaluate
from camwidget.model import digest

pytestmark = pytest.mark.slow


def handwriting(folder: Path, count: int) -> list[np.ndarray]:
    """Pictures of MNIST's test set, as LeNet takes them."""
    (path,) = sorted((folder / "mnist").glob("*images*"))[:1]
    if path.suffix == ".gz":
        import gzip

        data = gzip.decompress(path.read_bytes())
    else:
        data = path.read_bytes()
    numbers = np.frombuffer(data, np.uint8, offset=16).reshape(-1, 28, 28, 1)
    return [picture.astype(np.float32) / 255 for picture in numbers[:count]]


def test_lenet_forgets(real_data: Path):
    model = keras.saving.load_model(real_data / "networks" / "lenet_mnist.keras", compile=False)
    assert isinstance(model, keras.Model)
    explainer = Explainer(model, preprocess=None)
    before = digest(model)
    found = cascading_randomization(
        explainer, handwriting(real_data, 30), methods=["grad_cam"], scheme="initializer", steps=1
    )
    assert digest(model) == before
    assert found.mean("grad_cam", step=0).value == pytest.approx(1)
    left = found.mean("grad_cam", "signed")
    assert left.value < 0.5 and left.high < 0.7
    assert "edge_detector" in found.insensitive and "grad_cam" not in found.insensitive


def test_a_network_of_imagenet(real_data: Path):
    model = keras.saving.load_model(real_data / "networks" / "squeezenet11.keras", compile=False)
    assert isinstance(model, keras.Model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = evaluate(Explainer(model), real_data / "images", methods=["grad_cam", "grad_cam++"])
    assert len(found) >= 5
    for three in found.wins().values():
        assert sum(each.value for each in three) == pytest.approx(100)
    assert 0 <= found.summary()["grad_cam"]["average_drop"].value <= 100
