"""Figures of explanations: what is painted, to which scale, and what is said of how alike maps are."""

from typing import Any

import numpy as np
import pytest
from matplotlib import colormaps

from camwidget.explanation import Explainer, Explanation, compare, correlations
from camwidget.explanation.drawing import display_signed
from camwidget.maths import full_heat, rank_correlation, resize
from tests.explanation.networks import PIXELS, dense_network
from tests.model.networks import fill, functional_network

VIRIDIS = colormaps["viridis"](np.linspace(0, 1, 256), bytes=True)[:, :3]


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return Explainer(dense_network(), preprocess=lambda picture: picture / 127.5 - 1)


def asked(explainer: Explainer, **options: Any) -> Explanation:
    return explainer.explain(PIXELS, **options)


def images(figure: Any) -> list[np.ndarray]:
    """What each panel shows, in order, without colour bars."""
    return [np.asarray(axes.images[0].get_array()) for axes in figure.axes if axes.images]


def bars(figure: Any) -> list[Any]:
    return [axes for axes in figure.axes if not axes.images and axes.axison]


def test_a_map_of_pixels_stands_beside_the_picture(explainer: Explainer) -> None:
    found = asked(explainer, method="gradient", target=1)
    picture, map = images(found.plot())
    np.testing.assert_array_equal(picture, PIXELS)
    expected = VIRIDIS[np.round(np.clip(found.map / np.percentile(found.map, 99), 0, 1) * 255).astype(int)]
    np.testing.assert_array_equal(map, expected)
    (bar,) = bars(found.plot())
    assert bar.get_ylabel() == "sum over the colours, raw units"
    assert bar.get_ylim()[1] == pytest.approx(full_heat(found.map))


def test_a_guided_method_shows_its_colours_around_grey(explainer: Explainer) -> None:
    found = asked(explainer, method="guided_grad_cam", target=1)
    _, signed, _ = images(found.plot())
    np.testing.assert_array_equal(signed, display_signed(found.signed))
    assert (signed[found.map == 0] == 128).all()


def test_signed_colours_by_hand() -> None:
    # 200 numbers from -100 to 99; the 99th percentile of their sizes is 98.01: grey 0.5 + v / 196.02.
    signed = np.arange(-100.0, 98.0).reshape(11, 6, 3)
    limit = np.percentile(np.abs(signed), 99)
    expected = np.round(np.clip(0.5 + signed / (2 * limit), 0, 1) * 255)
    np.testing.assert_array_equal(display_signed(signed), expected)
    assert display_signed(np.zeros((2, 3, 1))).tolist() == np.full((2, 3, 3), 128).tolist()


def test_compared_by_itself_each_map_has_full_heat(explainer: Explainer) -> None:
    found = [asked(explainer, method="grad_cam", target=k) for k in (0, 1, 2)]
    figure = compare(found)
    for shown, one in zip(images(figure), found, strict=True):
        np.testing.assert_array_equal(shown, one.overlay())
    assert [bar.get_ylim()[1] for bar in bars(figure)] == pytest.approx([one.map.max() for one in found])


def test_on_a_shared_scale_one_colour_is_one_value(explainer: Explainer) -> None:
    found = [asked(explainer, method="gradient", target=k) for k in (0, 1, 2)]
    figure = compare(found, shared_scale=True)
    top = max(full_heat(one.map) for one in found)
    for shown, one in zip(images(figure), found, strict=True):
        np.testing.assert_array_equal(shown, VIRIDIS[np.round(np.clip(one.map / top, 0, 1) * 255).astype(int)])
    (bar,) = bars(figure)
    assert bar.get_ylim()[1] == pytest.approx(top)
    weakest = min(found, key=lambda one: full_heat(one.map))
    assert np.abs(images(figure)[found.index(weakest)].astype(int) - images(compare(found))[found.index(weakest)]).max()


def test_titles_say_how_alike_each_is_to_the_first(explainer: Explainer) -> None:
    found = [asked(explainer, method=name, target=1) for name in ("grad_cam", "hires_cam", "gradient")]
    titles = [axes.get_title() for axes in compare(found).axes if axes.images]
    numbers = correlations(found)
    assert "rank correlation" not in titles[0]
    for n in (1, 2):
        assert titles[n].endswith(f"rank correlation with the first: {numbers[0, n]:.2f}")
        assert found[n].title.split(" (")[0] in titles[n].replace("\n", " ")


def test_correlations_of_maps_of_two_sizes(explainer: Explainer) -> None:
    found = [asked(explainer, method=name, target=1) for name in ("grad_cam", "gradient")]
    assert found[0].map.shape != found[1].map.shape
    numbers = correlations(found)
    expected = rank_correlation(resize(found[0].map, *found[1].map.shape), found[1].map)
    np.testing.assert_allclose(numbers, [[1, expected], [expected, 1]])


def test_a_map_is_no_other_than_a_part_of_it(explainer: Explainer) -> None:
    boxes = (None, [((1, 1), (3, 5))], [((0, 0), (2, 7))])
    whole, part, other = (asked(explainer, method="layer_cam", target=0, region=box) for box in boxes)
    np.testing.assert_allclose(correlations([whole, part, other]), 1)
    apart = asked(explainer, method="layer_cam", target=0, region=[((4, 6), (5, 8))])
    assert np.isnan(correlations([part, apart])[0, 1])  # no place was chosen in both


def test_what_else_is_compared_makes_no_difference_to_a_pair(explainer: Explainer) -> None:
    few = [asked(explainer, method="grad_cam", target=k) for k in (0, 1)]
    more = correlations([*few, asked(explainer, method="gradient", target=1)])
    np.testing.assert_array_equal(more[:2, :2], correlations(few))
    assert more[0, 1] == rank_correlation(few[0].map, few[1].map)


def test_a_map_that_ranks_nothing_is_said_to() -> None:
    model = fill(functional_network())
    model.get_layer("last").set_weights([np.zeros((3, 3, 5, 7)), -np.ones(7)])
    explainer = Explainer(model, preprocess=None)
    found = [asked(explainer, method="grad_cam", target=k) for k in (0, 1)]
    assert np.isnan(correlations(found)).all()
    figure = compare(found)
    title = figure.axes[1].get_title()
    assert "undefined, one map is the same everywhere" in title.replace("\n", " ")
    assert found[1].message and found[1].message in title.replace("\n", " ")
    assert max(map(len, title.split("\n"))) <= 46  # the width of a panel
    assert [bar.get_visible() for bar in figure.axes[2:]] == [False, False]  # there is nothing to measure by it


def test_what_cannot_be_compared(explainer: Explainer) -> None:
    one = asked(explainer, target=1)
    with pytest.raises(ValueError, match="1 explanation was given; two or more are expected"):
        compare([one])
    with pytest.raises(TypeError, match="compare takes a list of explanations"):
        compare([one, one.map])  # type: ignore[list-item] # that is the point
    with pytest.raises(ValueError, match="columns=0 is below 1. Pass how many explanations stand in a row."):
        compare([one, one], columns=0)


def test_rows_hold_as_many_as_asked_for(explainer: Explainer) -> None:
    figure = compare([asked(explainer, target=k) for k in (0, 1, 0, 1)], columns=2, shared_scale=True)
    places = [axes.get_subplotspec() for axes in figure.axes if axes.images]
    assert [(place.rowspan.start, place.colspan.start) for place in places if place] == [(0, 0), (0, 1), (1, 0), (1, 1)]
