"""From a raw map to heat over a picture: resize, normalise, and words where there is nothing to paint."""

import json

import numpy as np
import pytest

from camwidget.maths import Selection, describe, normalize, resize
from tests.maths import resize_fixture

NAN, INFINITE = float("nan"), float("inf")


def restated(map: np.ndarray, height: int, width: int) -> np.ndarray:
    """DESIGN's formula, one pixel and one cell at a time: hat functions around the cells' centres."""

    def position(pixel: int, cells: int, pixels: int) -> float:
        return min(max((pixel + 0.5) * cells / pixels - 0.5, 0.0), cells - 1.0)

    rows, columns = map.shape
    result = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            row, column = position(y, rows, height), position(x, columns, width)
            for r in range(rows):
                for c in range(columns):
                    result[y, x] += max(0, 1 - abs(r - row)) * max(0, 1 - abs(c - column)) * map[r, c]
    return result


def test_two_by_three_to_four_by_six_by_hand() -> None:
    # Pixel centres lie a quarter of a cell from the cells' centres: shares 3/4 and 1/4; edges are held.
    map = np.array([[0.0, 16.0, 32.0], [64.0, 0.0, 16.0]])
    top, bottom = [0.0, 4, 12, 20, 28, 32], [64.0, 48, 16, 4, 12, 16]
    upper = [0.75 * t + 0.25 * b for t, b in zip(top, bottom, strict=True)]
    lower = [0.25 * t + 0.75 * b for t, b in zip(top, bottom, strict=True)]
    assert upper == [16, 15, 13, 16, 24, 28] and lower == [48, 37, 15, 8, 16, 20]
    np.testing.assert_allclose(resize(map, 4, 6), [top, upper, lower, bottom], rtol=1e-14)


def test_two_cells_to_eight_pixels_by_hand() -> None:
    np.testing.assert_allclose(resize(np.array([[0.0, 8.0]]), 1, 8), [[0, 0, 1, 3, 5, 7, 8, 8]], atol=1e-14)
    np.testing.assert_allclose(resize(np.array([[0.0], [8.0]]), 8, 1), np.c_[[0, 0, 1, 3, 5, 7, 8, 8]], atol=1e-14)


def test_downsizing_by_hand() -> None:
    # Four cells to two pixels: positions (0.5) * 2 - 0.5 = 0.5 and 2.5, halfway between two cells.
    np.testing.assert_allclose(resize(np.array([[1.0, 3.0, 10.0, 20.0]]), 1, 2), [[2, 15]])
    # Six to two: positions 1 and 4, exactly on a cell.
    np.testing.assert_allclose(resize(np.array([[9.0, 1, 9, 9, 4, 9]]).T, 2, 1), [[1], [4]])


@pytest.mark.parametrize("size", [(12, 27), (31, 113), (6, 9), (4, 5), (1, 1), (7, 2), (224, 3)])
@pytest.mark.parametrize("grid", [(6, 9), (1, 4), (5, 1), (1, 1), (2, 7)])
def test_resize_is_the_written_formula(grid: tuple[int, int], size: tuple[int, int]) -> None:
    map = np.random.default_rng(1).normal(size=grid)
    np.testing.assert_allclose(resize(map, *size), restated(map, *size), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("size", [(12, 27), (31, 113), (4, 5), (224, 3)])
def test_every_pixels_weights_sum_to_one(size: tuple[int, int]) -> None:
    # The sum of the maps of all single cells is what a map of ones gives.
    total = np.zeros(size)
    for row in range(6):
        for column in range(9):
            cell = np.zeros((6, 9))
            cell[row, column] = 1
            heat = resize(cell, *size)
            assert heat.min() >= 0
            total += heat
    np.testing.assert_allclose(total, 1, rtol=1e-13)


@pytest.mark.parametrize("cell", [(0, 0), (2, 7), (5, 8), (5, 0), (3, 3)])
def test_a_single_cell_peaks_at_its_blocks_centre(cell: tuple[int, int]) -> None:
    map = np.zeros((6, 9))
    map[cell] = 1
    heat = resize(map, 6 * 5, 9 * 3)  # odd blocks have one middle pixel
    row, column = cell
    assert heat[row * 5 + 2, column * 3 + 1] == heat.max() == 1
    if 0 < row < 5 and 0 < column < 8:
        assert (heat == 1).sum() == 1
        # and falls alike to both sides
        np.testing.assert_allclose(
            heat, np.roll(heat[::-1, ::-1], (2 * (row * 5 + 2) + 1, 2 * (column * 3 + 1) + 1), (0, 1)), atol=1e-14
        )


@pytest.mark.parametrize("value", [0.0, 1.0, -2.5, 1e-300, 1e300])
def test_a_constant_map_stays_constant(value: float) -> None:
    np.testing.assert_allclose(resize(np.full((6, 9), value), 37, 50), value, rtol=1e-14)


def test_the_same_size_is_the_same_map() -> None:
    map = np.random.default_rng(2).normal(size=(6, 9))
    np.testing.assert_array_equal(resize(map, 6, 9), map)


def test_rows_and_columns_stay_apart() -> None:
    map = np.random.default_rng(3).normal(size=(6, 9))
    np.testing.assert_allclose(resize(map.T, 50, 37), resize(map, 37, 50).T, rtol=1e-13)
    np.testing.assert_allclose(resize(map[::-1, ::-1], 37, 50), resize(map, 37, 50)[::-1, ::-1], atol=1e-13)


def test_heat_never_leaves_the_unit_interval() -> None:
    ones = np.ones((14, 9))
    for size in ((113, 75), (224, 149), (37, 61), (1024, 3)):
        heat = resize(ones, *size)
        assert 1 - 1e-12 < heat.min() and heat.max() <= 1 + 1e-15, size


def test_the_javascript_fixture_is_what_the_code_gives() -> None:
    """`python tests/maths/resize_fixture.py` writes it anew; js/pure reads it too."""
    kept = json.loads(resize_fixture.FIXTURE.read_text(encoding="utf-8"))
    now = resize_fixture.cases()
    assert len(kept) == len(now) == len(resize_fixture.SIZES)
    for old, new in zip(kept, now, strict=True):
        assert (old["map"], old["height"], old["width"]) == (new["map"], new["height"], new["width"])
        np.testing.assert_allclose(old["expected"], new["expected"], rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(
            old["expected"], restated(np.array(old["map"]), old["height"], old["width"]), rtol=1e-10, atol=1e-11
        )


# -- normalising ------------------------------------------------------------------------------------


def test_only_the_maximum_is_divided_by() -> None:
    map = np.array([[2.0, 4.0, 1.0], [8.0, 2.0, 4.0]])
    np.testing.assert_array_equal(normalize(map), [[0.25, 0.5, 0.125], [1, 0.25, 0.5]])  # 1 / 8 stays above 0


@pytest.mark.parametrize("size", [1e-300, 1e-30, 1e30, 1e300])
def test_normalising_does_not_depend_on_the_unit(size: float) -> None:
    map = np.array([[0.0, 0.5, 1.0]])
    np.testing.assert_allclose(normalize(map * size), map, rtol=1e-15)


@pytest.mark.parametrize("value", [0.0, -3.0, NAN, INFINITE])
def test_without_evidence_all_stays_zero(value: float) -> None:
    map = np.zeros((2, 3))
    map[1, 2] = value
    np.testing.assert_array_equal(normalize(map), np.zeros((2, 3)))


def test_normalising_returns_a_new_map() -> None:
    map = np.array([[2.0, 4.0]])
    normalize(map)[0, 0] = 9
    np.testing.assert_array_equal(map, [[2, 4]])


# -- in words ---------------------------------------------------------------------------------------

ALL, SOME = Selection(), Selection(filters=(1, 2))


@pytest.mark.parametrize(
    ("numbers", "selection", "message"),
    [
        ([[0, 1e-300, -5]], ALL, ""),
        ([[0, -1, 0]], ALL, "No positive evidence at this layer: what there is speaks against the class."),
        ([[0, -1, 0]], SOME, "No positive evidence in this selection: what there is speaks against the class."),
        ([[0, 0, 0]], ALL, "No evidence at this layer: every term of the map is zero."),
        ([[0, 0, 0]], SOME, "No evidence in this selection: every term of the map is zero."),
        ([[0, 0, 0]], Selection(filters=()), "No filter is chosen."),
        ([[0, 0, 0]], Selection(neurons=()), "No neuron is chosen."),
        ([[0, 0, 0]], Selection(region=()), "No neuron is chosen."),
        (
            [[0, -1, 0]],
            Selection(neurons=((0, 1),)),
            "No positive evidence in this selection: what there is speaks against the class.",
        ),
    ],
)
def test_an_empty_map_is_said_in_words(numbers: list, selection: Selection, message: str) -> None:
    assert describe(np.array(numbers, np.float64), selection) == message


@pytest.mark.parametrize("value", [NAN, INFINITE, -INFINITE])
def test_numbers_that_are_not_finite_are_said_in_words(value: float) -> None:
    assert "not finite" in describe(np.array([[1.0, value, 0.0]]), ALL)
