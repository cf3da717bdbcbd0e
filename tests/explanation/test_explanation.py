"""One explanation: parts of it, pictures of it, and its words."""

import io
import json
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image

from camwidget.explanation import Explainer, Explanation, checks, drawing, make_query
from camwidget.explanation.captioned import caption
from camwidget.maths import METHODS, normalize, resize
from tests.explanation.networks import PIXELS, dense_network
from tests.model.networks import FILTERS, functional_network, gap_network, picture

X = picture()
MARKUP = "<script>alert(1)</script> & $\\frac{x}$ _{^} 猫 \u202e{0} %s"


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return Explainer(
        gap_network(), preprocess=lambda pixels: pixels / 127.5 - 1, class_names=["ant", "bee", "cat", "dog"]
    )


@pytest.fixture(scope="module")
def explanation(explainer: Explainer) -> Explanation:
    return explainer.explain(PIXELS, method="grad_cam", target="dog", layer="last")


def test_the_map_is_the_positive_part(explanation: Explanation) -> None:
    signed = explanation.evidence.activations.astype(np.float64) @ explanation.weights[0, 0]
    np.testing.assert_allclose(explanation.signed, signed, rtol=1e-12)
    assert (signed < 0).any() and (signed > 0).any()
    np.testing.assert_array_equal(explanation.map, np.where(explanation.signed > 0, explanation.signed, 0))


def test_the_heat_map_is_the_map_over_the_picture(explanation: Explanation) -> None:
    expected = resize(explanation.map / explanation.map.max(), 24, 36)
    np.testing.assert_allclose(explanation.heatmap, expected, rtol=1e-12)
    assert 0 <= explanation.heatmap.min() and explanation.heatmap.max() <= 1


def test_per_filter(explainer: Explainer, explanation: Explanation) -> None:
    each = explanation.per_filter()
    assert list(each) == list(range(FILTERS))
    for c, map in each.items():
        np.testing.assert_allclose(
            map, np.maximum(explanation.evidence.activations[..., c] * explanation.weights[0, 0, c], 0), rtol=1e-6
        )
    part = explainer.explain(
        PIXELS, method="grad_cam", target="dog", layer="last", filters=[5, 2, 5], region=((1, 1), (2, 7))
    )
    assert list(part.per_filter()) == [2, 5]
    expected = np.zeros((6, 9))
    expected[1:3, 1:8] = each[5][1:3, 1:8]
    np.testing.assert_array_equal(part.per_filter()[5], expected)  # neurons stay chosen
    assert explanation.only(filters=[]).per_filter() == {}


@pytest.mark.parametrize("method", METHODS)
def test_contributions_sum_to_the_signed_map(explainer: Explainer, method: str) -> None:
    explanation = explainer.answer(explainer.picture(PIXELS), make_query(dict(method=method, target=1, layer="relu")))
    if METHODS[method].selects_target:
        for ask in (explanation.contributions, explanation.per_filter, lambda: explanation.only(filters=[0])):
            with pytest.raises(ValueError, match=r"goes to the pixels at once: it weighs no filters.*pass filters="):
                ask()
        return
    added = explanation.contributions()
    assert added.shape == (FILTERS,)
    assert added.sum() == pytest.approx(explanation._sum.sum(), rel=1e-6)
    for c in range(FILTERS):
        assert added[c] == pytest.approx(explanation.only(filters=[c])._sum.sum(), rel=1e-6, abs=1e-12)


def test_only(explainer: Explainer, explanation: Explanation) -> None:
    part = explanation.only(filters=[1, 3])
    calls = explainer.probe(explanation.picture).calls
    expected = explainer.explain(PIXELS, method="grad_cam", target="dog", layer="last", filters=[1, 3])
    np.testing.assert_array_equal(part.map, expected.map)
    np.testing.assert_array_equal(part.heatmap, expected.heatmap)
    assert explainer.probe(explanation.picture).calls == calls
    # one choice at a time: the others stay
    both = part.only(neurons=[(2, 3)])
    assert both.query.selection.filters == (1, 3) and both.query.neurons == ((2, 3),)
    assert both.only(filters=None).query.filters is None
    assert explanation.query.selection.filters is None  # the whole is untouched
    assert (both.target, both.layer, both.method, both.score) == (3, "last", "grad_cam", explanation.score)


def test_only_takes_selections_alone(explanation: Explanation) -> None:
    with pytest.raises(TypeError, match=r"only\(\) takes filters=, neurons= and region=, not method, target\."):
        explanation.only(target=1, method="cam", filters=[0])
    with pytest.raises(ValueError, match="No filter 7"):
        explanation.only(filters=[7])
    with pytest.raises(ValueError, match=r"Neuron \(0, 9\) is outside"):
        explanation.only(region=((0, 0), (0, 9)))


def test_a_map_of_nothing_says_so_and_paints_nothing(explanation: Explanation) -> None:
    for part, words in (
        (explanation.only(filters=[]), "No filter is chosen."),
        (explanation.only(neurons=[]), "No neuron is chosen."),
    ):
        assert part.message == words
        np.testing.assert_array_equal(part.overlay(), PIXELS)
        np.testing.assert_array_equal(part.heatmap, np.zeros(PIXELS.shape[:2]))
        assert words in {axes.get_title() for axes in part.plot().axes}


def test_evidence_against_is_said() -> None:
    explainer = Explainer(gap_network(), preprocess=None)
    explanation = explainer.explain(X, method="grad_cam", layer="relu")
    against = next(c for c in range(FILTERS) if explanation.contributions()[c] < 0)
    part = explanation.only(filters=[against])
    assert part.message == "No positive evidence in this selection: what there is speaks against the class."
    assert not part.map.any() and (part.signed < 0).any()


# -- painted ----------------------------------------------------------------------------------------


def test_overlay_by_hand() -> None:
    # gray: colour = heat. Below a heat of 0.35 the picture shows through more and more: halfway there
    # the paint has (0.6 + 0.6^4) / 2, and without heat 0.6^4.
    pixels = np.array([[[100, 0, 200]] * 3, [[50, 60, 70]] * 3], np.uint8)
    heat = np.array([[0.0, 0.175, 0.35], [0.5, 1.0, 0.75]])
    painted = drawing.overlay(pixels, heat, colormap="gray", opacity=0.6)
    colours = [[0, 45, 89], [128, 255, 191]]  # round(heat * 255): 44.625, 89.25, 127.5 (to even), 255, 191.25
    shares = [[0.1296, 0.3648, 0.6], [0.6, 0.6, 0.6]]
    for y in range(2):
        for x in range(3):
            for c in range(3):
                expected = (1 - shares[y][x]) * int(pixels[y, x, c]) + shares[y][x] * colours[y][x]
                assert painted[y, x, c] == round(expected), (y, x, c)
    assert painted[0, 1].tolist() == [80, 16, 143]  # 0.6352 * (100, 0, 200) + 0.3648 * 45
    np.testing.assert_array_equal(pixels[0, 0], [100, 0, 200])


def test_the_palette_is_matplotlibs() -> None:
    for name in ("viridis", "magma", "gray"):
        palette = drawing.palette(name)
        for i in (0, 77, 255):
            expected = np.round(np.array(matplotlib.colormaps[name](i / 255)[:3]) * 255)
            np.testing.assert_allclose(palette[i], expected, atol=1)


def test_opacity(explanation: Explanation) -> None:
    np.testing.assert_array_equal(explanation.overlay(opacity=0), PIXELS)
    colours = drawing.palette("magma")[np.round(explanation.heatmap * 255).astype(int)]
    np.testing.assert_array_equal(explanation.overlay(opacity=1, colormap="magma"), colours)
    # the stronger, the more paint: never less than for weaker evidence
    heat = np.linspace(0, 1, 101)[None]
    for opacity in (0.2, 0.6, 0.9):
        paint = drawing.density(heat, opacity)
        assert (np.diff(paint) >= 0).all()
        assert paint[0, 0] == pytest.approx(opacity**4) and paint[0, -1] == opacity


@pytest.mark.parametrize("opacity", [-0.1, 1.1, float("nan")])
def test_opacity_out_of_range(explanation: Explanation, opacity: float) -> None:
    with pytest.raises(ValueError, match="out of range. Pass a number from 0"):
        explanation.overlay(opacity=opacity)


def test_an_unknown_colour_map(explanation: Explanation) -> None:
    with pytest.raises(ValueError, match="No colour map 'virdis'. Pass the name of a matplotlib colour map: viridis"):
        explanation.overlay(colormap="virdis")


def test_the_png_is_the_overlay_on_larger_pixels_with_the_title_below(explanation: Explanation) -> None:
    """A picture of 24 x 36 would be a stamp on the page: twelve times as large it is 288 x 432."""
    with Image.open(io.BytesIO(explanation._repr_png_())) as image:
        assert image.format == "PNG"
        shown = np.asarray(image)
    pixels = np.kron(explanation.picture.pixels, np.ones((12, 12, 1), np.uint8))
    heatmap = resize(normalize(explanation.map), 288, 432)
    np.testing.assert_array_equal(shown[:288], drawing.overlay(pixels, heatmap, colormap="viridis", opacity=0.6))
    np.testing.assert_array_equal(shown[288:], caption(explanation.title, 432))


def test_save(explanation: Explanation, tmp_path: Path) -> None:
    explanation.save(tmp_path / "map.png", colormap="magma", opacity=0.9)
    with Image.open(tmp_path / "map.png") as image:
        np.testing.assert_array_equal(np.asarray(image), explanation.overlay(colormap="magma", opacity=0.9))
    explanation.save(str(tmp_path / "map.jpg"))
    with Image.open(tmp_path / "map.jpg") as image:
        assert (image.format, image.size) == ("JPEG", (36, 24))


@pytest.mark.parametrize("name", ["map", "map.", "map.txt", "folder.png/map"])
def test_a_name_without_a_pictures_ending_is_refused(explanation: Explanation, tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"chooses the format of the picture, and .* none.*Use .png"):
        explanation.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_how_many_of_the_strongest_is_a_whole_number(explanation: Explanation) -> None:
    for ask in (explanation.strongest_filters, explanation.strongest_neurons):
        with pytest.raises(ValueError, match="count=-1 is below 0. Pass how many are wanted, at most"):
            ask(-1)
    with pytest.raises(TypeError, match="count= takes whole numbers, not 'a'"):
        checks.count("a")


def test_a_photograph_is_painted_as_its_parts_are() -> None:
    rng = np.random.default_rng(3)
    pixels, heat = rng.integers(0, 256, (300, 700, 3), np.uint8), rng.integers(0, 1025, (300, 700)) / 1024
    heat[100:] = 0  # paint without evidence is thin, but it is there
    whole = drawing.overlay(pixels, heat, colormap="viridis", opacity=0.8)
    share = drawing.density(heat, 0.8)[..., None]
    colours = drawing.palette("viridis")[np.round(heat * 255).astype(int)]
    expected = (1 - share) * pixels + share * colours
    assert np.abs(whole - expected).max() <= 0.51


def test_plot(explanation: Explanation) -> None:
    figure = explanation.plot(colormap="magma", opacity=0.5)
    assert figure.get_suptitle() == explanation.title
    left, right, bar = figure.axes
    np.testing.assert_array_equal(left.images[0].get_array(), PIXELS)
    np.testing.assert_array_equal(right.images[0].get_array(), explanation.overlay(colormap="magma", opacity=0.5))
    assert right.get_title() == "6 x 9 map"
    low, high = bar.get_ylim()
    assert (low, high) == (0, pytest.approx(explanation.map.max()))
    with Image.open(io.BytesIO(figure._repr_png_())) as image:
        assert image.format == "PNG" and image.width > image.height


def test_no_pyplot_state_is_left(explanation: Explanation) -> None:
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    explanation.plot()
    assert plt.get_fignums() == before


# -- in words ---------------------------------------------------------------------------------------


def test_title_and_repr(explanation: Explanation) -> None:
    p = explanation.probabilities[3]
    assert explanation.title == f"Grad-CAM for dog (logit {explanation.score:.2f}, probability {p:.2f}) at last"
    assert repr(explanation) == f"<Explanation: {explanation.title}>"
    smooth = Explainer(dense_network(), preprocess=None).explain(X, method="smooth_grad_cam++", target=1, samples=2)
    assert smooth.title.startswith("Smooth Grad-CAM++ for class 1 (logit ")
    assert smooth.title.endswith(" at relu, 2 noisy copies")
    chosen = smooth.only(filters=[2], region=[(0, 0), (1, 2)], neurons=[(5, 8), (0, 1)])
    assert chosen.title.endswith(" at relu, filter 2, 7 of 54 neurons, 2 noisy copies")
    assert smooth.only(filters=[]).title.endswith(
        f" at relu, 0 of {len(smooth.contributions())} filters, 2 noisy copies"
    )


def test_class_names_are_text_whatever_they_hold() -> None:
    explainer = Explainer(functional_network(), preprocess=None, class_names=["a", "b", MARKUP, "d"])
    explanation = explainer.explain(X, target=MARKUP)
    assert explanation.target == 2 and explanation.target_name == MARKUP
    assert MARKUP in explanation.title
    assert explainer.predict(X, top=4)[[g.index for g in explainer.predict(X, top=4)].index(2)].name == MARKUP


def test_class_names_are_drawn_as_they_are() -> None:
    # matplotlib would read $...$ as mathematics, and stop at what it cannot read.
    names = ["a", "b", "$\\frac{x}$ for 5$ & <b>", "d"]
    figure = Explainer(functional_network(), preprocess=None, class_names=names).explain(X, target=2).plot()
    (title,) = [text for text in figure.texts if text.get_text() == figure.get_suptitle()]
    assert not title.get_parse_math()
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_the_paint_is_as_dense_as_on_the_page() -> None:
    """The page's tests read the same numbers, worked out by hand."""
    for case in json.loads(Path("tests/fixtures/density.json").read_text()):
        density = drawing.density(np.full((1, 2), case["heat"]), case["opacity"])
        np.testing.assert_allclose(density, case["density"], rtol=1e-12)
