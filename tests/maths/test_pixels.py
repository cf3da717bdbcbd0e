"""Reading maps of pixels, masks of filters, the path from a baseline, and what adds most."""

import numpy as np
import pytest

from camwidget.maths import describe_pixels, masks, midpoints, resize, stretch, strongest


def test_stretch_divides_by_the_99th_percentile() -> None:
    map = np.arange(200.0).reshape(10, 20)
    limit = np.percentile(map, 99)  # 197.01
    np.testing.assert_allclose(stretch(map), np.minimum(map / limit, 1))
    assert stretch(map).max() == 1 and (stretch(map) == 1).sum() == 2


def test_stretch_of_few_pixels_is_by_the_maximum() -> None:
    map = np.zeros((20, 30))
    map[3, 4], map[5, 6] = 2, 1
    assert stretch(map)[5, 6] == 0.5 and stretch(map)[3, 4] == 1
    assert not stretch(np.zeros((2, 3))).any()
    assert not stretch(np.full((2, 3), np.inf)).any()


def test_words_for_maps_of_pixels() -> None:
    assert describe_pixels(np.array([[0.0, 1.0]])) == ""
    assert "No evidence" in describe_pixels(np.zeros((2, 3)))
    assert "not finite" in describe_pixels(np.array([[np.nan, 1.0]]))


def test_masks_are_enlarged_filters_from_0_to_1() -> None:
    activations = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)
    found = masks(activations, [4, 1], 9, 16)
    assert found.shape == (2, 9, 16, 1)
    for mask, c in zip(found[..., 0], (4, 1), strict=True):
        large = resize(activations[..., c].astype(float), 9, 16)
        np.testing.assert_allclose(mask, (large - large.min()) / (large.max() - large.min()), atol=1e-6)
        assert mask.min() == 0 and mask.max() == 1


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 8, 50])
def test_midpoints_are_those_of_equal_steps(steps: int) -> None:
    found = midpoints(steps)
    np.testing.assert_allclose(np.sort(found), (np.arange(steps) + 0.5) / steps)


def test_every_beginning_of_the_path_covers_it() -> None:
    places = midpoints(64)
    for count in (8, 16, 32):
        parts = np.floor(places[:count] * count).astype(int)
        assert sorted(parts) == list(range(count))  # one in each part of the line


def test_strongest() -> None:
    terms = np.array([0.5, -3.0, 2.0, 0.0, 2.0])
    assert strongest(terms, 2) == [2, 4]
    assert strongest(terms, 9) == [2, 4, 0]  # what speaks against, or adds nothing, is not among them
    assert strongest(terms, 0) == []
