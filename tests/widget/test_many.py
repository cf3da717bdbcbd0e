"""Many pictures in one widget, without a front end: networks whose verdicts are worked out by hand."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from camwidget import CamWidget, explain
from camwidget.widget import album as albums
from camwidget.widget import strip as strips
from camwidget.widget.strip import SKIPPED, UNKNOWN, UNREAD, arranged

# Logits of a picture of one colour (r, g, b): 4 r, 4 g, 4 b, in shares of 255.
COLOURS = [(255, 0, 0), (0, 153, 0), (0, 0, 255), (204, 0, 0), (0, 51, 0)]
PREDICTED = [0, 1, 2, 0, 1]
SURE = [np.exp(4 * max(c) / 255) / (np.exp(4 * max(c) / 255) + 2) for c in COLOURS]


def colour_network() -> keras.Model:
    """6 x 9 x 3 pictures; three classes, whose logits are four times the mean of red, green and blue."""
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((6, 9, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(3, 1, use_bias=False, activation="relu", name="colours"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, use_bias=False, activation="softmax"),
        ]
    )
    model.layers[1].set_weights([np.eye(3, dtype=np.float32)[None, None]])
    model.layers[3].set_weights([4 * np.eye(3, dtype=np.float32)])
    return model


def of_colour(colour: tuple[int, ...]) -> np.ndarray:
    return np.full((6, 9, 3), colour, np.uint8)


PICTURES = [of_colour(colour) for colour in COLOURS]


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return colour_network()


@pytest.fixture
def make(model: keras.Model) -> Iterator[Any]:
    made = []

    def widget(images: Any, labels: Any = None, **options: Any) -> CamWidget:
        made.append(CamWidget(model, images, labels, **options))
        return made[-1]

    yield widget
    for each in made:
        each.close()


def told(widget: CamWidget) -> dict[str, Any]:
    """The trait `pictures`, unpacked."""
    sent = dict(widget.pictures)
    kinds = {"order": np.int32, "predicted": np.int32, "labels": np.int32, "probabilities": np.float32}
    return {name: np.frombuffer(value, kinds[name]) if name in kinds else value for name, value in sent.items()}


def all_read(widget: CamWidget) -> dict[str, Any]:
    """The same when every picture has been read."""
    end = time.monotonic() + 60
    while not (widget.pictures["complete"] and widget.pictures["read"] == widget.pictures["count"]):
        assert time.monotonic() < end, f"{widget.pictures['read']} of {widget.pictures['count']} read"
        time.sleep(0.005)
    return told(widget)


def test_what_the_network_says_of_each_picture(make):
    found = all_read(make(PICTURES, labels=[0, 1, 1, 2, 1]))
    assert found["predicted"].tolist() == PREDICTED
    np.testing.assert_allclose(found["probabilities"], SURE, rtol=1e-5)
    assert found["labels"].tolist() == [0, 1, 1, 2, 1]
    assert found["order"].tolist() == [0, 1, 2, 3, 4] and found["note"] == ""


def test_wrong_and_confident_first_then_the_least_sure(make):
    widget = make(PICTURES, labels=[0, 1, 1, 2, 1])  # 2 and 3 are wrong, and 2 is surer than 3
    all_read(widget)
    widget.order = "wrong"
    assert told(widget)["order"].tolist() == [2, 3, 4, 1, 0]  # right ones: the least sure first
    widget.order = "unsure"
    assert told(widget)["order"].tolist() == [4, 1, 3, 0, 2]
    assert widget.index == 0 and widget.result["seq"] == 1, "an order is no question to the network"


def test_what_is_not_known_stands_between_wrong_and_right_and_what_is_not_read_last():
    predicted = np.array([0, UNREAD, SKIPPED, 1, 2, 2], np.int32)
    sure = np.array([0.9, np.nan, np.nan, 0.5, 0.6, 0.7], np.float32)
    labels = np.array([0, 1, 0, UNKNOWN, 1, 1], np.int32)
    assert arranged("wrong", predicted, sure, labels).tolist() == [5, 4, 3, 0, 1]
    assert arranged("unsure", predicted, sure, labels).tolist() == [3, 4, 5, 0, 1]
    assert arranged("given", predicted, sure, labels).tolist() == [0, 1, 3, 4, 5]


def test_without_labels_nothing_is_wrong_and_that_is_said(make):
    widget = make(PICTURES, order="wrong")
    assert "pass labels=" in all_read(widget)["note"]
    widget.order = "unsure"
    assert told(widget)["note"] == ""


def test_layer_method_and_selection_are_kept(make, model):
    widget = make(PICTURES, method="grad_cam", filters=[0, 2], region=[(1, 2), (4, 7)])
    assert widget.index == 0 and widget.target == 0
    widget.index = 2
    answer = widget.wait(60)
    assert (widget.index, widget.target) == (2, 2)  # what the network sees in this one
    assert (widget.method, widget.filters, widget.region) == ("grad_cam", [0, 2], [[[1, 2], [4, 7]]])
    expected = explain(model, PICTURES[2], method="grad_cam", filters=[0, 2], region=[(1, 2), (4, 7)])
    np.testing.assert_allclose(answer.signed, expected.signed, rtol=1e-9)
    assert answer.signed.max() > 0
    np.testing.assert_array_equal(widget.image, PICTURES[2])


def test_a_picture_of_ones_own_has_no_number_and_the_way_back_is_open(make):
    widget = make(PICTURES)
    heard: list[object] = []
    widget.observe(lambda change: heard.append(change.new), "index")
    widget.image = of_colour((0, 255, 0))
    assert widget.wait(60).target == 1 and widget.index is None
    widget.index = 3
    assert widget.wait(60).target == 0
    np.testing.assert_array_equal(widget.image, PICTURES[3])
    assert heard == [None, 3] and widget.error == ""


@pytest.mark.parametrize(
    ("index", "says"), [(5, "No picture 5: there are 5, 0 to 4"), (-1, "below 0"), ("a", "whole numbers")]
)
def test_a_number_that_there_is_not_costs_nothing(make, index, says):
    widget = make(PICTURES)
    widget.index = 1
    good = widget.wait(60)
    widget.index = index
    with pytest.raises(ValueError, match=says):
        widget.wait(60)
    assert widget.index == 1 and widget.explanation is good
    widget.index = 2
    assert widget.wait(60).target == 2 and widget.error == ""


def test_two_widgets_step_together(make):
    one, other = make(PICTURES), make(np.stack(PICTURES))
    links = [ipywidgets.link((one, name), (other, name)) for name in ("index", "order")]
    one.index = 4
    other.order = "unsure"
    for widget in (one, other):
        assert widget.wait(60).target == 1
    assert other.index == 4 and one.order == "unsure"
    for each in links:
        each.unlink()


def test_a_folder_with_classes_and_files_that_are_no_pictures(make, tmp_path: Path):
    for n, (folder, colour) in enumerate(zip(["red", "red", "blue"], COLOURS[:3], strict=True)):
        (tmp_path / folder).mkdir(exist_ok=True)
        Image.fromarray(of_colour(colour)).save(tmp_path / folder / f"{n}.png")
    (tmp_path / "blue" / "0.png").write_bytes(b"no picture")
    widget = make(tmp_path, class_names=["red", "green", "blue"])
    found = all_read(widget)  # in the order of names: blue/0.png, blue/2.png, red/0.png, red/1.png
    assert found["predicted"].tolist() == [SKIPPED, 2, 0, 1]
    assert found["labels"].tolist()[1:] == [2, 0, 0]
    assert found["order"].tolist() == [1, 2, 3] and widget.index == 1
    assert found["note"].startswith("One picture is left out, 'blue/0.png': ")
    assert [name for name, _ in widget.skipped] == ["blue/0.png"]
    widget.order = "wrong"
    assert told(widget)["order"].tolist()[0] == 3
    assert repr(str(tmp_path / "blue" / "2.png")) in widget.code


def test_data_sets_are_read_as_far_as_they_are_wanted(make, monkeypatch):
    read: list[int] = []

    def endless() -> Iterator[tuple[np.ndarray, int]]:
        while True:
            read.append(len(read))
            yield PICTURES[len(read) % 5], len(read) % 3

    monkeypatch.setattr(albums, "MOST_PICTURES", 40)
    found = all_read(make(endless()))
    assert found["count"] == 40 == len(read)
    assert "The first 40 pictures" in found["note"]
    assert found["labels"].tolist() == [n % 3 for n in range(1, 41)]
    read.clear()
    monkeypatch.setattr(albums, "MOST_KEPT", 7 * 6 * 9 * 3)  # seven pictures
    assert all_read(make(endless()))["count"] == 7 == len(read)


def test_tensorflow_and_keras_data_sets(make):
    pictures, labels = np.stack(PICTURES), np.eye(3)[[0, 1, 1, 2, 1]]

    class Batches(keras.utils.PyDataset):
        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
            return pictures[2 * index : 2 * index + 2], labels[2 * index : 2 * index + 2]

    for images in (tf.data.Dataset.from_tensor_slices((pictures, labels)).batch(2), Batches()):
        found = all_read(make(images, order="wrong"))
        assert found["labels"].tolist() == [0, 1, 1, 2, 1]
        assert found["order"].tolist() == [2, 3, 4, 1, 0]


def test_a_label_that_there_is_not_costs_its_own_picture_alone(make):
    found = all_read(make(PICTURES, labels=[0, 1, 7, 2, 1]))
    assert found["predicted"].tolist() == [0, 1, SKIPPED, 0, 1]
    assert "'2': Picture 2: label 7 is outside the classes" in found["note"]


def test_a_data_set_that_breaks_off(make):
    def breaking() -> Iterator[np.ndarray]:
        yield from PICTURES[:2]
        raise OSError("the disk is gone")

    found = all_read(make(breaking()))
    assert found["count"] == 2 and "The pictures end after 2: OSError: the disk is gone" in found["note"]


@pytest.mark.parametrize(
    ("images", "options", "says"),
    [
        (PICTURES, {"labels": [0, 1]}, "ends before picture 2"),
        (PICTURES, {"labels": ["ant"] * 5}, "no class is called 'ant'"),
        (PICTURES, {"index": 9}, "No picture 9"),
        ([], {}, "no pictures"),
        ([np.zeros((4, 4, 2), np.uint8)] * 3, {}, "None of 3 pictures can be used.*2 channels"),
        (PICTURES[0], {"labels": [0]}, "go with many pictures"),
        (PICTURES[0], {"index": 0}, "go with many pictures"),
    ],
)
def test_what_cannot_be_meant_is_refused(model, images, options, says):
    with pytest.raises((ValueError, TypeError), match=says):
        CamWidget(model, images, **options)


@pytest.mark.parametrize(
    "image", [PICTURES[0].tolist(), PICTURES[0][None], [list(row) for row in PICTURES[0]], Image.fromarray(PICTURES[0])]
)
def test_one_picture_in_any_form_is_one(make, image):
    widget = make(image)
    assert dict(widget.pictures) == {} and widget.index is None
    widget.index = 2
    with pytest.raises(ValueError, match="given one picture alone"):
        widget.wait(60)
    assert widget.index is None


def test_a_list_of_one_is_an_album(make):
    assert all_read(make([PICTURES[1]]))["count"] == 1


def test_thumbnails_come_in_pages_below_the_limit(make):
    random = np.random.default_rng(0)
    noise = [random.integers(0, 256, (90, 120, 3), dtype=np.uint8) for _ in range(60)]
    widget = make(noise)
    all_read(widget)
    asked, answers = list(range(60)), 0
    while asked:
        page = widget._strip.page(asked)
        assert page and sum(len(one["thumbnail"]) for one in page) < 250_000
        asked = [number for number in asked if number not in {one["number"] for one in page}]
        answers += 1
    assert answers > 1
    assert widget._strip.page([60, -1, 10**9]) == []


def test_those_in_sight_are_read_next_and_told_at_once(make, monkeypatch):
    monkeypatch.setattr(strips, "MOST_AT_ONCE", 1)
    widget = make(PICTURES * 200)
    assert widget._strip.page([900, 901]) == []
    end = time.monotonic() + 60
    while np.frombuffer(widget.pictures["predicted"], np.int32)[901] == UNREAD:
        assert time.monotonic() < end
        time.sleep(0.001)
    assert widget.pictures["read"] < 1000
    assert [one["number"] for one in widget._strip.page([900, 901])] == [900, 901]


def test_a_thousand_pictures_stay_small_on_the_wire_and_in_number_of_messages(make):
    widget = make(PICTURES * 200)
    messages: list[int] = []
    widget.observe(lambda change: messages.append(change.new["read"]), "pictures")
    all_read(widget)
    assert len(messages) < 60 and messages == sorted(messages)
    assert sum(len(value) for value in widget.pictures.values() if isinstance(value, bytes)) == 16 * 1000


def test_a_network_that_has_learnt_is_asked_again(make, model):
    widget = make(PICTURES)
    all_read(widget)
    before = model.layers[3].get_weights()
    model.layers[3].set_weights([4 * np.roll(np.eye(3, dtype=np.float32), 1, axis=1)])  # red is now class 1
    widget.refresh()
    widget.wait(60)
    end = time.monotonic() + 60
    while told(widget)["predicted"].tolist() != [(k + 1) % 3 for k in PREDICTED]:
        assert time.monotonic() < end
        time.sleep(0.005)
    model.layers[3].set_weights(before)


def test_the_code_names_the_picture(make):
    widget = make(PICTURES)
    widget.index = 3
    widget.wait(60)
    assert "CamWidget(model, images[3])" in widget.code
    widget.image = of_colour((9, 9, 200))
    widget.wait(60)
    assert "CamWidget(model, img)" in widget.code
