"""What `evaluate` takes: pictures from anywhere, files that cannot be read, and what it refuses."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from camwidget.explanation import Explainer
from camwidget.judge import Case, evaluate
from tests.judge.networks import COLUMNS, ROWS, Restated, halved, pictures, tiny_network

PICTURES = pictures(11)
METHODS = ["grad_cam", "hires_cam", "layer_cam"]


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return Explainer(tiny_network(), preprocess=halved)


def masked_probability(raw: np.ndarray) -> float:
    whole = Restated(raw)
    return Restated(whole.heat(whole.target) * raw).probabilities[whole.target]


def sources(folder: Path) -> list[Any]:
    for n, raw in enumerate(PICTURES[:5]):
        Image.fromarray(raw).save(folder / f"{n}.png")
    stacked = np.stack(PICTURES[:5])[..., None]
    labels = np.array([2, 0, 1, 1, 0])
    return [
        folder,
        str(folder),
        stacked,
        (raw for raw in PICTURES[:5]),
        tf.data.Dataset.from_tensor_slices((stacked, labels)).batch(2),
        tf.data.Dataset.from_tensor_slices((stacked, np.eye(3)[labels])).batch(3),
        [Case(raw, label=int(label)) for raw, label in zip(PICTURES, labels, strict=False)],
    ]


def test_whatever_they_come_in(explainer: Explainer, tmp_path: Path):
    expected = [masked_probability(raw) for raw in PICTURES[:5]]
    for source in sources(tmp_path):
        found = evaluate(explainer, source, methods=["grad_cam"])
        np.testing.assert_allclose(found.columns["masked_probability"], expected, rtol=1e-5)
        labels = found.columns["label"].tolist()
        assert labels in ([""] * 5, [f"class {k}" for k in (2, 0, 1, 1, 0)])


def test_folders_of_classes(explainer: Explainer, tmp_path: Path):
    for n, raw in enumerate(PICTURES[:3]):
        (tmp_path / f"class {n}").mkdir()
        Image.fromarray(raw).save(tmp_path / f"class {n}" / "a.PNG")
    (tmp_path / "elsewhere").mkdir()
    Image.fromarray(PICTURES[3]).save(tmp_path / "elsewhere" / "b.png")
    (tmp_path / "notes.txt").write_text("no picture")
    found = evaluate(explainer, tmp_path, methods=["grad_cam"])
    assert found.columns["label"].tolist() == ["class 0", "class 1", "class 2", ""]
    assert found.columns["group"].tolist() == ["", "", "", "elsewhere"]
    assert found.columns["name"][0] == "class 0/a.PNG"


def test_unreadable_files_are_skipped_counted_and_listed(explainer: Explainer, tmp_path: Path):
    for n, raw in enumerate(PICTURES[:4]):
        Image.fromarray(raw).save(tmp_path / f"{n}.png")
    (tmp_path / "0.png").write_bytes(b"no picture at all")
    (tmp_path / "2.png").write_bytes((tmp_path / "3.png").read_bytes()[:60])
    found = evaluate(explainer, tmp_path, methods=METHODS, batch=2)
    assert len(found) == 2
    assert [name for name, _ in found.skipped] == ["0.png", "2.png"]
    assert "cannot be read" in found.skipped[0][1]
    assert "2 files could not be read" in found.notes[0]
    assert "0.png" in found._repr_html_()
    assert found.columns["picture"].tolist() == [1, 1, 1, 3, 3, 3]
    for name in ("1.png", "3.png"):
        (tmp_path / name).write_bytes(b"neither")
    with pytest.raises(ValueError, match="No picture left: none was given, or none of 4 could be read"):
        evaluate(explainer, tmp_path)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"methods": ["grad_cm"]}, "No method 'grad_cm'. Did you mean 'grad_cam'"),
        ({"methods": "grad_cam"}, "methods= takes a list of names; for one, pass methods=\\['grad_cam'\\]"),
        ({"methods": []}, "methods= is empty"),
        ({"methods": ["cam", "cam"]}, "names 'cam' more than once"),
        (
            {"methods": ["cam"], "metrics": ["win_rate"]},
            "win_rate compares two methods or more, and there is only 'cam'",
        ),
        ({"metrics": ["drop"]}, "No metric 'drop'.*average_drop"),
        ({"metrics": "win_rate"}, "metrics= takes a list"),
        ({"fill": "white"}, "No fill 'white'. Choices: black, mean, blur"),
        ({"method": "cam"}, "pass methods=\\['cam'\\]"),
        ({"layr": "relu"}, "Unknown option 'layr'. Did you mean 'layer'"),
        ({"layer": "rel"}, "No layer 'rel'. Did you mean 'relu'"),
        ({"batch": 0}, "batch=0 is below 1"),
        ({"metrics": ["pointing_game"]}, "pointing_game: picture 0 has no boxes. Pass Case"),
    ],
)
def test_what_is_refused(explainer: Explainer, options: dict[str, Any], message: str):
    with pytest.raises((TypeError, ValueError), match=message):
        evaluate(explainer, PICTURES[:2], **options)


@pytest.mark.parametrize(
    "case, message",
    [
        (Case(PICTURES[0], label=3), "Picture 0: label 3 is outside the classes: the network has 3, 0 to 2"),
        (Case(PICTURES[0], label="dog"), "Picture 0: no class is called 'dog'. Classes: class 0"),
        (
            Case(PICTURES[0], boxes=[[0, 0, ROWS, COLUMNS + 1]]),
            "Picture 0: The box .* is not inside the picture of 4 x 6",
        ),
        (Case(PICTURES[0], boxes=[[0, 0, 2]]), "boxes of shape \\(1, 3\\)"),
        (Case(PICTURES[0], boxes=[[0, 0, 1, 1]], box_classes=[1, 1]), "2 box_classes for 1 boxes"),
        (Case(PICTURES[0].astype(np.float32)[..., None]), "Picture 0 was given as floats, after preprocessing"),
        (Case(np.zeros((0, 2), np.uint8)), "Picture 0: The picture is empty"),
    ],
)
def test_cases_that_are_refused(explainer: Explainer, case: Case, message: str):
    with pytest.raises((TypeError, ValueError), match=message):
        evaluate(explainer, [case], metrics=["average_drop", *(["energy_inside"] if case.boxes else [])])


def test_no_pictures_and_no_folder(explainer: Explainer, tmp_path: Path):
    with pytest.raises(ValueError, match="No picture left: none was given"):
        evaluate(explainer, [])
    with pytest.raises(ValueError, match="No folder at .*nowhere.*does not exist"):
        evaluate(explainer, tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"No pictures in .*: no file ends in .png"):
        evaluate(explainer, tmp_path)
