"""Filters and neurons chosen: the identities that make a selection trustworthy."""

from typing import Any

import numpy as np
import pytest

from camwidget.maths import Selection, combine, contributions, describe
from camwidget.maths.selection import Box, rescale
from camwidget.maths.weights import grad_cam_plus_plus
from tests.maths.evidences import random_evidence

ROWS, COLUMNS, CHANNELS = GRID = (6, 9, 5)
ACTIVATIONS = random_evidence(1, shape=GRID)[0].activations
# One weight for each channel, and one for each neuron too: both kinds of method.
WEIGHTS = {
    "per channel": np.random.default_rng(2).normal(size=(1, 1, CHANNELS)),
    "per neuron": np.random.default_rng(3).normal(size=GRID),
}
pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(params=WEIGHTS)
def weights(request: pytest.FixtureRequest) -> np.ndarray:
    return WEIGHTS[request.param]


def signed(weights: np.ndarray, **selection: Any) -> np.ndarray:
    return combine(ACTIVATIONS, weights, Selection(**selection))


def test_the_map_is_the_weighted_sum(weights: np.ndarray) -> None:
    expected = np.zeros((ROWS, COLUMNS))
    full = np.broadcast_to(weights, GRID)
    for i in range(ROWS):
        for j in range(COLUMNS):
            for c in range(CHANNELS):
                expected[i, j] += full[i, j, c] * float(ACTIVATIONS[i, j, c])
    np.testing.assert_allclose(signed(weights), expected, rtol=1e-12, atol=1e-12)


def test_all_filters_are_no_filter(weights: np.ndarray) -> None:
    np.testing.assert_allclose(signed(weights, filters=tuple(range(CHANNELS))), signed(weights), rtol=1e-14)


def test_disjoint_filters_add_before_the_relu(weights: np.ndarray) -> None:
    parts = [signed(weights, filters=(3, 0)), signed(weights, filters=(1,)), signed(weights, filters=(2, 4))]
    np.testing.assert_allclose(sum(parts), signed(weights), rtol=1e-12, atol=1e-13)
    assert np.abs(sum(np.maximum(part, 0) for part in parts) - np.maximum(signed(weights), 0)).max() > 0.1


def test_a_filter_counts_once_and_in_any_order(weights: np.ndarray) -> None:
    np.testing.assert_array_equal(signed(weights, filters=(4, 1, 4, 1)), signed(weights, filters=(1, 4)))


def test_one_filter_is_its_term(weights: np.ndarray) -> None:
    expected = np.broadcast_to(weights, GRID)[..., 3] * ACTIVATIONS[..., 3].astype(np.float64)
    np.testing.assert_allclose(signed(weights, filters=(3,)), expected, rtol=1e-14)


def test_the_full_box_is_no_box(weights: np.ndarray) -> None:
    np.testing.assert_array_equal(signed(weights, region=(((0, 0), (ROWS - 1, COLUMNS - 1)),)), signed(weights))


@pytest.mark.parametrize("box", [((1, 2), (4, 7)), ((4, 7), (1, 2)), ((1, 7), (4, 2)), ((4, 2), (1, 7))])
def test_corners_in_any_order_and_inclusive(weights: np.ndarray, box: Box) -> None:
    expected = np.zeros((ROWS, COLUMNS))
    expected[1:5, 2:8] = signed(weights)[1:5, 2:8]
    np.testing.assert_array_equal(signed(weights, region=(box,)), expected)


def test_box_and_neurons_make_a_union(weights: np.ndarray) -> None:
    kept = {(r, c) for r in (1, 2) for c in (3, 4, 5)} | {(r, 8) for r in (4, 5)} | {(0, 0), (2, 4), (5, 7)}
    mask = np.array([[(r, c) in kept for c in range(COLUMNS)] for r in range(ROWS)])
    selection = {"region": (((1, 3), (2, 5)), ((4, 8), (5, 8))), "neurons": ((0, 0), (2, 4), (5, 7))}
    np.testing.assert_array_equal(Selection(**selection).mask(ROWS, COLUMNS), mask)
    np.testing.assert_array_equal(signed(weights, **selection), np.where(mask, signed(weights), 0))


def test_values_kept_never_change(weights: np.ndarray) -> None:
    part = signed(weights, neurons=((0, 8), (5, 0)), region=(((2, 2), (3, 6)),))
    kept = np.zeros((ROWS, COLUMNS), dtype=bool)
    kept[0, 8] = kept[5, 0] = kept[2:4, 2:7] = True
    np.testing.assert_array_equal(part[kept], signed(weights)[kept])  # to the last bit
    assert not part[~kept].any()


def test_disjoint_neurons_add(weights: np.ndarray) -> None:
    left, right = signed(weights, region=(((0, 0), (5, 3)),)), signed(weights, region=(((0, 4), (5, 8)),))
    np.testing.assert_array_equal(left + right, signed(weights))


def test_filters_and_neurons_together(weights: np.ndarray) -> None:
    both = signed(weights, filters=(2, 3), neurons=((4, 1),))
    expected = np.zeros((ROWS, COLUMNS))
    expected[4, 1] = signed(weights, filters=(2, 3))[4, 1]
    np.testing.assert_array_equal(both, expected)


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ({"filters": ()}, "No filter is chosen."),
        ({"neurons": ()}, "No neuron is chosen."),
        ({"region": ()}, "No neuron is chosen."),
        ({"neurons": (), "region": ()}, "No neuron is chosen."),
    ],
)
def test_an_empty_selection_is_a_zero_map_and_a_message(weights: np.ndarray, selection: dict, message: str) -> None:
    empty = signed(weights, **selection)
    np.testing.assert_array_equal(empty, np.zeros((ROWS, COLUMNS)))
    assert describe(empty, Selection(**selection)) == message


def test_contributions_are_the_sums_of_every_filters_map(weights: np.ndarray) -> None:
    added = contributions(ACTIVATIONS, weights)
    for c in range(CHANNELS):
        assert added[c] == pytest.approx(signed(weights, filters=(c,)).sum(), rel=1e-12)
    assert added.sum() == pytest.approx(signed(weights).sum(), rel=1e-12)


def test_a_selection_does_not_touch_the_weights() -> None:
    # Weights come from the whole layer: a neuron's value is the same with and without the others.
    evidence, _ = random_evidence(9, shape=GRID)
    weights = grad_cam_plus_plus(evidence)
    alone = combine(evidence.activations, weights, Selection(neurons=((3, 4),)))[3, 4]
    assert alone == combine(evidence.activations, weights)[3, 4] != 0


@pytest.mark.parametrize("index", [-1, 5, 100])
def test_a_filter_that_is_not_there(index: int) -> None:
    with pytest.raises(ValueError, match=rf"No filter {index}: the layer has 5 filters, 0 to 4\."):
        Selection(filters=(0, index)).check(*GRID)


@pytest.mark.parametrize("neuron", [(-1, 0), (0, -1), (6, 0), (0, 9), (8, 5)])
@pytest.mark.parametrize("where", ["neurons", "region"])
def test_a_neuron_outside_the_grid(neuron: tuple[int, int], where: str) -> None:
    selection = Selection(neurons=(neuron,)) if where == "neurons" else Selection(region=(((0, 0), neuron),))
    with pytest.raises(ValueError, match=rf"\({neuron[0]}, {neuron[1]}\) is outside .* 6 rows and 9 columns"):
        selection.check(*GRID)


def test_the_corners_of_the_grid_are_inside() -> None:
    corners = ((0, 0), (0, 8), (5, 0), (5, 8))
    Selection(filters=(0, 4), neurons=corners, region=((corners[0], corners[3]),)).check(*GRID)


# -- the same part of the picture on another layer's grid -------------------------------------------


def test_rescale_by_hand() -> None:
    # From 2 x 3 to 4 x 9: rows double, columns triple.
    assert rescale([((1, 0), (1, 1))], (2, 3), (4, 9)) == (((2, 0), (3, 5)),)
    # From 4 x 9 to 2 x 3: a cell stays where its centre lies inside; columns 1 to 5 are 0.33 to 2.
    assert rescale([((0, 1), (1, 5))], (4, 9), (2, 3)) == (((0, 0), (0, 1)),)
    # From 14 to 113 cells of 0.1239: rows 5 to 7 are 40.36 to 64.57, so centres 40.5 to 64.5.
    assert rescale([((5, 5), (7, 7))], (14, 14), (113, 113)) == (((40, 40), (64, 64)),)


@pytest.mark.parametrize(
    ("small", "large"), [((14, 9), (113, 75)), ((6, 9), (12, 18)), ((7, 5), (8, 17)), ((3, 4), (3, 4))]
)
def test_rescale_there_and_back(small: tuple[int, int], large: tuple[int, int]) -> None:
    boxes = [
        ((top, left), (bottom, right))
        for top in range(small[0])
        for bottom in range(top, small[0])
        for left in range(0, small[1], 2)
        for right in range(left, small[1], 3)
    ]
    assert rescale(rescale(boxes, small, large), large, small) == tuple(boxes)


def neuron(generator: np.random.Generator, grid: tuple[int, int]) -> tuple[int, int]:
    return int(generator.integers(grid[0])), int(generator.integers(grid[1]))


@pytest.mark.parametrize(
    ("old", "new"), [((14, 9), (113, 75)), ((113, 75), (14, 9)), ((6, 9), (5, 4)), ((9, 14), (2, 1))]
)
def test_rescale_keeps_the_part_of_the_picture(old: tuple[int, int], new: tuple[int, int]) -> None:
    generator = np.random.default_rng(0)
    for _ in range(200):
        box = neuron(generator, old), neuron(generator, old)
        ((moved,),) = [rescale([box], old, new)]
        for axis in (0, 1):
            first, last = sorted(corner[axis] for corner in box)
            low, high = first / old[axis], (last + 1) / old[axis]  # the share of the picture's side
            start, end = moved[0][axis], moved[1][axis]
            assert 0 <= start <= end < new[axis]
            centres = [i for i in range(new[axis]) if low <= (i + 0.5) / new[axis] < high]
            if centres:
                assert (start, end) == (centres[0], centres[-1])
            else:  # less than one cell: the one that holds the box's middle
                assert start == end == (first + last + 1) * new[axis] // (2 * old[axis])


@pytest.mark.parametrize("new", [(113, 75), (14, 9), (3, 2), (1, 1)])
def test_rescale_of_the_whole_is_the_whole(new: tuple[int, int]) -> None:
    for box in (((0, 0), (13, 8)), ((13, 8), (0, 0)), ((13, 0), (0, 8))):
        assert rescale([box], (14, 9), new) == (((0, 0), (new[0] - 1, new[1] - 1)),)


def test_rescale_keeps_every_box() -> None:
    assert rescale([], (6, 9), (12, 18)) == ()
    moved = rescale([((0, 0), (0, 0)), ((5, 8), (3, 8))], (6, 9), (12, 18))
    assert moved == (((0, 0), (1, 1)), ((6, 16), (11, 17)))
