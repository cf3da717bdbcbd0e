"""Networks that others trained, on real pictures (`--real-data`). The boxes were drawn by eye."""

import gzip
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from camwidget.explanation import Explainer, Explanation, make_query
from camwidget.explanation.cache import Cache
from camwidget.maths import METHODS

CAM_METHODS = [name for name, method in METHODS.items() if method.weigh is not None and method.backward is None]

Box = tuple[float, float, float, float]  # top, bottom, left, right, as shares of the picture


def explainer(real_data: Path, name: str, **options: Any) -> Explainer:
    model = keras.models.load_model(real_data / "networks" / f"{name}.keras")
    assert isinstance(model, keras.Model)
    return Explainer(model, **options)


@pytest.fixture(scope="module")
def squeezenet(real_data: Path) -> Explainer:
    names = (real_data / "networks" / "imagenet_classes.txt").read_text().splitlines()
    return explainer(real_data, "squeezenet11", class_names=names)


def inside(explanation: Explanation, *boxes: Box) -> np.ndarray:
    """Pixels of the picture within the boxes."""
    height, width = explanation.heatmap.shape
    mask = np.zeros((height, width), dtype=bool)
    for top, bottom, left, right in boxes:
        mask[int(top * height) : int(bottom * height), int(left * width) : int(right * width)] = True
    return mask


def peak(explanation: Explanation) -> tuple[int, int]:
    row, column = np.unravel_index(explanation.heatmap.argmax(), explanation.heatmap.shape)
    return int(row), int(column)


# Of images/both.png, 224 x 224: the dog sits above, the cat lies below.
DOG: Box = (12 / 224, 118 / 224, 78 / 224, 168 / 224)
CAT: Box = (122 / 224, 222 / 224, 35 / 224, 205 / 224)

# Of pothole/Pothole/p_0.jpg: three holes; their rims.
HOLES: list[Box] = [(0.06, 0.25, 0.15, 0.5), (0.28, 0.48, 0.25, 0.66), (0.62, 0.85, 0.0, 1.0)]


def test_squeezenet_finds_cat_and_dog_where_they_are(squeezenet: Explainer, real_data: Path) -> None:
    image = real_data / "images" / "both.png"
    cat, dog = (squeezenet.explain(image, target=target) for target in (281, 242))
    assert (cat.layer, cat.method, cat.map.shape) == ("fire9_concat", "grad_cam++", (14, 14))
    assert "tabby" in cat.target_name and "boxer" in dog.target_name
    assert inside(cat, CAT)[peak(cat)]
    assert inside(dog, DOG)[peak(dog)]
    assert np.hypot(*np.subtract(peak(cat), peak(dog))) > 224 / 4
    # more of the cat's heat lies on the cat than of the dog's heat, and the other way round
    on_cat = [float((each.heatmap * inside(each, CAT)).sum() / each.heatmap.sum()) for each in (cat, dog)]
    on_dog = [float((each.heatmap * inside(each, DOG)).sum() / each.heatmap.sum()) for each in (cat, dog)]
    assert on_cat[0] > 1.4 * on_cat[1]
    assert on_dog[1] > 1.4 * on_dog[0]


def test_squeezenet_names_what_is_there(squeezenet: Explainer, real_data: Path) -> None:
    named = {guess.index for guess in squeezenet.predict(real_data / "images" / "both.png", top=5)}
    assert named & {281, 282} or named & {242, 243}
    assert squeezenet.predict(real_data / "images" / "puppies.jpg", top=1)[0].index == 208  # Labrador


@pytest.mark.filterwarnings("ignore:Noise made no difference")
def test_behind_fire9_noise_changes_nothing(squeezenet: Explainer, real_data: Path) -> None:
    # The score is linear there up to a fixed mask.
    image = real_data / "images" / "both.png"
    plain = squeezenet.explain(image, target=281)
    smooth = squeezenet.explain(image, target=281, method="smooth_grad_cam++", samples=4)
    assert smooth.samples == 4
    assert any("Noise made no difference" in note for note in smooth.notes)
    np.testing.assert_allclose(smooth.map / smooth.map.max(), plain.map / plain.map.max(), atol=1e-6)
    # Earlier it does.
    plain, smooth = (
        squeezenet.explain(image, target=281, layer="fire5_concat", method=method, samples=samples)
        for method, samples in (("grad_cam++", 0), ("smooth_grad_cam++", 4))
    )
    assert np.abs(smooth.map / smooth.map.max() - plain.map / plain.map.max()).max() > 0.05
    assert not any("Noise" in note for note in smooth.notes)


def share_of(explanation: Explanation, mask: np.ndarray) -> float:
    """How strong the map is there, beside elsewhere: 1 where it does not care."""
    return float(explanation.heatmap[mask].mean() / explanation.heatmap[~mask].mean())


@pytest.mark.filterwarnings("ignore:Noise made no difference")
@pytest.mark.parametrize("method", CAM_METHODS)
def test_every_cam_method_on_every_network(method: str, squeezenet: Explainer, real_data: Path) -> None:
    both = real_data / "images" / "both.png"
    lenet, potholes = (explainer(real_data, name, preprocess=as_shares) for name in ("lenet_mnist", "pothole300"))
    hole, (digit,) = real_data / "pothole" / "Pothole" / "p_0.jpg", digits(real_data, 1)[0]
    if method == "cam":
        for network, image in ((squeezenet, both), (lenet, digit), (potholes, hole)):
            with pytest.raises(ValueError, match="needs a network in which layer .* followed by global average"):
                network.explain(image, method=method)
    else:
        for target, box in ((281, CAT), (242, DOG)):
            found = squeezenet.explain(both, target=target, method=method)
            assert share_of(found, inside(found, box)) > 1.4
        found = potholes.explain(hole, method=method)
        assert share_of(found, inside(found, *HOLES)) > 2.5
        found = lenet.explain(digit, method=method)
        assert found.target == 7 and share_of(found, digit > 128) > 1.2
    resnet = explainer(real_data, "resnet8_cifar10", preprocess=None)
    found = resnet.explain(real_data / "images" / "cat_720p.jpg", target=3, method=method)
    assert share_of(found, inside(found, (0.1, 0.7, 0.3, 0.72))) > 1.1
    vww = explainer(real_data, "vww96", preprocess=as_shares)
    found = vww.explain(real_data / "images" / "soldiers.jpg", target=1, method=method)
    assert found.map.shape == (3, 3) and found.map.max() > 0 and np.isfinite(found.signed).all()


def test_integrated_gradients_add_up_on_every_network(squeezenet: Explainer, real_data: Path) -> None:
    images = real_data / "images"
    shares = {name: explainer(real_data, name, preprocess=as_shares) for name in ("lenet_mnist", "pothole300", "vww96")}
    asked: list[tuple[Explainer, Any]] = [
        (squeezenet, images / "owl.jpg"),
        (shares["lenet_mnist"], digits(real_data, 1)[0][0]),
        (shares["pothole300"], real_data / "pothole" / "Pothole" / "p_0.jpg"),
        (shares["vww96"], images / "soldiers.jpg"),
        (explainer(real_data, "resnet8_cifar10", preprocess=None), images / "horses.jpg"),
    ]
    for network, image in asked:
        found = network.explain(image, method="integrated_gradients")
        black = network.answer(
            replace(found.picture, inputs=np.zeros_like(found.picture.inputs)),
            make_query({"method": "gradient", "target": found.target}),
            cache=Cache(),
        )
        assert found.signed.sum() == pytest.approx(found.score - black.score, rel=0.01)
        assert found.evidence.pixels is not None and found.evidence.pixels.count.done < 1500


def as_shares(pixels: np.ndarray) -> np.ndarray:
    return pixels / 255


def digits(real_data: Path, count: int) -> tuple[np.ndarray, np.ndarray]:
    folder = real_data / "mnist"
    pictures = np.frombuffer(gzip.decompress((folder / "t10k-images-idx3-ubyte.gz").read_bytes())[16:], np.uint8)
    labels = np.frombuffer(gzip.decompress((folder / "t10k-labels-idx1-ubyte.gz").read_bytes())[8:], np.uint8)
    return pictures.reshape(-1, 28, 28)[:count], labels[:count]


def test_in_lenet_noise_matters_and_the_map_lies_on_the_stroke(real_data: Path) -> None:
    lenet = explainer(real_data, "lenet_mnist", preprocess=as_shares)
    pictures, labels = digits(real_data, 10)
    right, changed = 0, []
    for picture, label in zip(pictures, labels, strict=True):
        plain = lenet.explain(picture)
        smooth = lenet.explain(picture, method="smooth_grad_cam++", samples=8, noise=0.2)
        right += plain.target == label
        assert smooth.target == plain.target
        changed.append(np.abs(smooth.map / smooth.map.max() - plain.map / plain.map.max()).max())
    assert right >= 9
    assert np.median(changed) > 0.02


def test_cam_of_a_mobilenet_with_pooling_over_the_grid(real_data: Path) -> None:
    vww = explainer(real_data, "vww96", preprocess=as_shares, class_names=["nobody", "person"])
    kernel, bias = vww.model.layers[-1].get_weights()
    for target in (0, 1):
        cam, grad_cam = (
            vww.explain(real_data / "images" / "soldiers.jpg", method=method, target=target)
            for method in ("cam", "grad_cam")
        )
        assert cam.layer == vww.layers[-1].name and cam.map.shape == (3, 3)
        np.testing.assert_allclose(cam.signed, cam.evidence.activations @ kernel[:, target], atol=1e-5)
        np.testing.assert_allclose(grad_cam.signed * 9, cam.signed, atol=1e-4)
        assert cam.signed.mean() + bias[target] == pytest.approx(cam.score, abs=1e-4)


@pytest.mark.parametrize(
    ("file", "target", "box"),
    [
        ("boat.jpg", 8, (0.36, 0.65, 0.22, 0.65)),  # ship
        ("parrot.jpg", 2, (0.08, 0.65, 0.45, 0.95)),  # bird: its head and body
        ("cat_720p.jpg", 3, (0.1, 0.7, 0.3, 0.72)),  # cat: its head and breast
    ],
)
def test_resnet8_looks_at_the_thing(real_data: Path, file: str, target: int, box: Box) -> None:
    resnet = explainer(real_data, "resnet8_cifar10", preprocess=None)
    explanation = resnet.explain(real_data / "images" / file)
    assert explanation.target == target and explanation.map.shape == (8, 8)
    mask = inside(explanation, box)
    assert mask[peak(explanation)]
    assert explanation.heatmap[mask].mean() > 1.5 * explanation.heatmap[~mask].mean()


@pytest.mark.parametrize(
    ("file", "boxes"),
    [
        ("p_0.jpg", HOLES),
        # the upright hole to the right of the middle
        ("8.jpg", [(0.02, 0.65, 0.48, 0.88)]),
        # a blurred road: the puddles in front
        ("7.jpg", [(0.5, 0.95, 0.25, 0.85)]),
    ],
)
def test_the_pothole_network_looks_at_potholes(real_data: Path, file: str, boxes: list[Box]) -> None:
    potholes = explainer(real_data, "pothole300", preprocess=as_shares, class_names=["plain", "pothole"])
    explanation = potholes.explain(real_data / "pothole" / "Pothole" / file)
    assert explanation.target_name == "pothole"
    assert explanation.map.shape == (74, 74)
    mask = inside(explanation, *boxes)
    assert mask[peak(explanation)]
    assert explanation.heatmap[mask].mean() > 1.5 * explanation.heatmap[~mask].mean()
