"""Many pictures: the same numbers as one by one, lazily, in batches, from whatever they come in."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from camwidget.explanation import Explainer, make_query
from camwidget.explanation.many import explain_together, labelled
from tests.explanation.networks import dense_network
from tests.model.networks import body, dense_tail, functional, picture

PICTURES = [picture(seed) for seed in range(7)]
METHODS = ["grad_cam", "grad_cam++", "hires_cam", "guided_grad_cam"]


@pytest.fixture
def explainer() -> Explainer:
    return Explainer(dense_network(), preprocess=None)


@pytest.mark.parametrize("batch", [1, 3, 7, 50, None])
@pytest.mark.parametrize("target", [None, 2])
def test_the_same_maps_as_one_by_one(explainer: Explainer, batch: int | None, target: int | None) -> None:
    found = list(explainer.explain_many(PICTURES, methods=METHODS, batch=batch, target=target))
    assert len(found) == 7
    for image, row in zip(PICTURES, found, strict=True):
        for method, one in zip(METHODS, row, strict=True):
            alone = explainer.explain(image, method=method, target=target)
            assert (one.method, one.target) == (method, alone.target)
            np.testing.assert_allclose(one.signed, alone.signed, rtol=1e-4, atol=1e-6)
            assert one.score == pytest.approx(alone.score, rel=1e-5)


def test_several_methods_share_one_pass(explainer: Explainer) -> None:
    probe = explainer.probe(explainer.picture(PICTURES[0]))
    before = probe.calls
    list(explainer.explain_many(PICTURES, methods=["grad_cam", "grad_cam++", "layer_cam"], batch=7))
    assert probe.calls - before == 2  # one forward, one back, for seven pictures and three methods
    assert explainer.cache.nbytes == 0  # and nothing is left behind


@pytest.mark.filterwarnings("ignore:Noise made no difference")
def test_long_work_picture_by_picture(explainer: Explainer) -> None:
    options: dict[str, Any] = {"samples": 3, "seed": 2, "target": 1}
    found = list(explainer.explain_many(PICTURES[:2], methods=["smooth_grad", "smooth_grad_cam++"], **options))
    for image, row in zip(PICTURES, found, strict=False):
        for one in row:
            alone = explainer.explain(image, method=one.method, **options)
            np.testing.assert_allclose(one.map, alone.map, rtol=1e-4, atol=1e-7)


def test_nothing_is_read_before_it_is_asked_for(explainer: Explainer) -> None:
    read: list[int] = []

    def images() -> Iterator[np.ndarray]:
        for n, image in enumerate(PICTURES):
            read.append(n)
            yield image

    found = explainer.explain_many(images(), batch=2)
    assert read == []
    next(found)
    assert read == [0, 1]
    next(found)
    assert read == [0, 1]
    next(found)
    assert read == [0, 1, 2, 3]


class Numbered(keras.utils.PyDataset):
    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        return np.stack(PICTURES[2 * index : 2 * index + 2]), np.zeros(2)


def test_whatever_they_come_in(explainer: Explainer, tmp_path: Path) -> None:
    expected = [explainer.explain(image).score for image in PICTURES[:4]]
    stacked, labels = np.stack(PICTURES[:4]), np.zeros(4)
    by_name: Any = (stacked, {"a": labels})
    sources: list[Any] = [
        stacked,
        iter(PICTURES[:4]),
        tf.data.Dataset.from_tensor_slices(stacked),
        tf.data.Dataset.from_tensor_slices(stacked).batch(3),
        tf.data.Dataset.from_tensor_slices((stacked, labels)).batch(3),
        [(stacked, labels)],
        [(stacked, {"a": labels, "b": labels})],
        [(stacked, (labels, labels))],
        [(stacked[:2], (labels[:2], labels[:2])), (stacked[2:], [labels[2:], np.zeros((2, 3))])],
        tf.data.Dataset.from_tensor_slices(by_name).batch(3),
        tf.data.Dataset.from_tensor_slices((stacked, (labels, labels))).batch(2),
        Numbered(),
    ]
    for source in sources:
        scores = [one.score for one in explainer.explain_many(source)]
        np.testing.assert_allclose(scores, expected, rtol=1e-5)
    paths = []
    for n in range(3):
        pixels = np.random.default_rng(n).integers(0, 256, (24, 36, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{n}.png")
        paths.append(tmp_path / f"{n}.png")
    scores = [one.score for one in explainer.explain_many(paths)]
    assert scores == pytest.approx([explainer.explain(path).score for path in paths], rel=1e-5)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (np.array([3, 1]), [3, 1]),
        ([3, 1], [3, 1]),
        (tf.constant([3, 1]), [3, 1]),
        (None, [None, None]),
        ({"a": np.array([3, 1])}, [None, None]),
        ((np.array([3, 1]), np.array([0, 2])), [None, None]),  # two outputs, not two pictures
        ((tf.constant([3, 1]), tf.constant([[0, 2], [1, 1]])), [None, None]),
    ],
    ids=["array", "list", "tensor", "none", "dict", "tuple", "tensors of several shapes"],
)
def test_each_picture_has_its_label_and_several_outputs_give_none(labels: Any, expected: list) -> None:
    found = list(labelled([(np.stack(PICTURES[:2]), labels)]))
    assert [label for _, label in found] == expected
    for image, (given, _) in zip(PICTURES, found, strict=False):
        np.testing.assert_array_equal(given, image)  # type: ignore[arg-type] # they are arrays


def test_pictures_of_several_sizes() -> None:
    keras.utils.set_random_seed(3)
    explainer = Explainer(functional([*body(), *dense_tail()], shape=(None, None, 3)), preprocess=None)
    images = [picture(0), picture(1, (20, 14, 3)), picture(2), picture(3, (20, 14, 3))]
    found = list(explainer.explain_many(images, batch=4))
    assert [one.map.shape for one in found] == [(6, 9), (10, 7), (6, 9), (10, 7)]
    for image, one in zip(images, found, strict=True):
        np.testing.assert_allclose(one.map, explainer.explain(image).map, rtol=1e-4, atol=1e-6)


def test_what_cannot_be_read_is_named_by_its_number(explainer: Explainer) -> None:
    for batch in (1, 4):
        found = explainer.explain_many([PICTURES[0], PICTURES[1], PICTURES[2][:5], PICTURES[3]], batch=batch)
        for image in PICTURES[:2]:  # what came before is not lost, in the same batch or another
            np.testing.assert_allclose(next(found).map, explainer.explain(image).map, rtol=1e-4, atol=1e-6)
        with pytest.raises(ValueError, match=r"Picture 2: .* height does not fit"):
            next(found)


def test_one_picture_is_not_many(explainer: Explainer) -> None:
    with pytest.raises(TypeError, match=r"takes many pictures, and 'cat.png' is one"):
        next(explainer.explain_many("cat.png"))  # type: ignore[arg-type] # that is the point
    for one in (PICTURES[0], tf.constant(PICTURES[0]), np.zeros((12, 18), np.uint8)):
        with pytest.raises(
            TypeError, match=r"an array of shape \(12, 18.* is one. Pass a list of them, or use explain"
        ):
            next(explainer.explain_many(one))  # pyright: ignore[reportArgumentType] # that is the point
    assert len(list(labelled(np.zeros((5, 12, 18), np.uint8)))) == 5  # grey pictures
    with pytest.raises(ValueError, match="methods= holds no method"):
        explainer.explain_many(PICTURES, methods=[])
    with pytest.raises(TypeError, match="methods= takes a list of methods; for one, pass method='cam'"):
        explainer.explain_many(PICTURES, methods="cam")
    with pytest.raises(ValueError, match="batch=0 is below 1"):
        explainer.explain_many(PICTURES, batch=0)
    with pytest.raises(TypeError, match="Unknown option 'metod'. Did you mean 'method'"):
        explainer.explain_many(PICTURES, metod="cam")
    assert list(explainer.explain_many([])) == []


def test_a_bar_counts_the_pictures(explainer: Explainer, capsys: pytest.CaptureFixture, monkeypatch) -> None:
    bars: list[Any] = []

    class Bar:
        def __init__(self, **options: Any) -> None:
            self.total, self.n, self.closed = options["total"], 0, False
            bars.append(self)

        def update(self) -> None:
            self.n += 1

        def close(self) -> None:
            self.closed = True

    monkeypatch.setattr("tqdm.auto.tqdm", Bar)
    list(explainer.explain_many(PICTURES, progress=True))
    list(explainer.explain_many(iter(PICTURES), progress=True))
    assert [(bar.total, bar.n, bar.closed) for bar in bars] == [(7, 7, True), (None, 7, True)]
    list(explainer.explain_many(PICTURES))  # no notebook, no bar
    assert len(bars) == 2 and capsys.readouterr() == ("", "")


def test_each_picture_may_be_asked_about_a_class_of_its_own(explainer: Explainer) -> None:
    pictures = [explainer.picture(image) for image in PICTURES[:4]]
    queries = [[make_query({"method": m, "target": n}) for m in METHODS] for n in (2, 0, 3, 2)]
    found = list(explain_together(explainer, pictures, queries))
    for image, asked, row in zip(PICTURES, queries, found, strict=False):
        for query, one in zip(asked, row, strict=True):
            alone = explainer.explain(image, method=query.method, target=query.target)
            np.testing.assert_allclose(one.signed, alone.signed, rtol=1e-4, atol=1e-6)


class Gap:
    """A lock behind which, when it is first open again, another thread gets in between."""

    def __init__(self, between: Callable[[], None]) -> None:
        self._lock, self._depth, self._between = threading.RLock(), 0, [between]

    def __enter__(self) -> None:
        self._lock.acquire()
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        self._lock.release()
        if not self._depth and self._between:
            self._between.pop()()


def test_a_change_right_behind_the_measurement_is_noticed(explainer: Explainer) -> None:
    pictures = [explainer.picture(image) for image in PICTURES[:2]]
    query = make_query({"method": "grad_cam", "target": 1})

    def train() -> None:
        for weight in explainer.model.trainable_weights:
            weight.assign(weight * 0.5)
        explainer.predict(PICTURES[0])  # who asks next takes note of the change

    explainer.lock = Gap(train)  # type: ignore[assignment] # a lock, as far as it is used
    found = list(explain_together(explainer, pictures, [(query,)] * 2))
    fresh = Explainer(explainer.model, preprocess=None)
    for image, (one,) in zip(PICTURES, found, strict=False):
        np.testing.assert_allclose(one.signed, fresh.explain(image, method="grad_cam", target=1).signed, rtol=1e-4)
