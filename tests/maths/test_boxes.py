"""Maps and boxes, on a picture of 4 x 6 pixels."""

import numpy as np
import pytest

from camwidget.maths import box_mask, energy_inside, instances_found, pointing_game

MAP = np.zeros((4, 6))
MAP[1, 4], MAP[3, 0], MAP[0, 2] = 1.0, 0.6, 0.4
RIGHT, CORNER, MIDDLE = [0, 3, 2, 6], [3, 0, 4, 1], [0, 2, 1, 3]


def boxes(*rows: list[int]) -> np.ndarray:
    return np.array(rows, dtype=np.int64).reshape(-1, 4)


def test_a_box_is_half_open():
    mask = box_mask(boxes([1, 2, 3, 5]), 4, 6)
    assert mask.sum() == 6 and mask[1, 2] and mask[2, 4] and not mask[3, 4] and not mask[2, 5]
    assert box_mask(boxes([0, 0, 2, 2], [1, 1, 3, 3]), 4, 6).sum() == 7


def test_pointing():
    assert pointing_game(MAP, boxes(RIGHT)) == 1.0
    assert pointing_game(MAP, boxes(CORNER, MIDDLE)) == 0.0
    assert pointing_game(MAP, boxes(CORNER, RIGHT)) == 1.0
    assert pointing_game(np.zeros((4, 6)), boxes(RIGHT)) == 0.0


def test_pointing_may_miss_by_a_few_pixels():
    assert pointing_game(MAP, boxes([0, 2, 2, 3])) == 0.0
    assert pointing_game(MAP, boxes([0, 2, 2, 3]), tolerance=1) == 0.0
    assert pointing_game(MAP, boxes([0, 2, 2, 3]), tolerance=2) == 1.0


def test_shared_maxima_count_by_their_share():
    twice = np.where(MAP >= 0.6, 1.0, MAP)
    assert pointing_game(twice, boxes(RIGHT)) == 0.5


def test_energy():
    assert energy_inside(MAP, box_mask(boxes(RIGHT), 4, 6)) == pytest.approx(0.5)
    assert energy_inside(MAP, box_mask(boxes(RIGHT, MIDDLE), 4, 6)) == pytest.approx(0.7)
    assert energy_inside(MAP, np.ones((4, 6), bool)) == 1.0
    assert np.isnan(energy_inside(np.zeros((4, 6)), np.ones((4, 6), bool)))


def test_instances():
    assert instances_found(MAP, boxes(RIGHT, CORNER, MIDDLE)) == pytest.approx(2 / 3)
    assert instances_found(MAP, boxes(RIGHT, CORNER, MIDDLE), threshold=0.4) == 1.0
    assert instances_found(np.zeros((4, 6)), boxes(RIGHT)) == 0.0
    assert np.isnan(instances_found(MAP, boxes()))


@pytest.mark.parametrize("box", [[0, 0, 5, 6], [0, 0, 4, 7], [-1, 0, 2, 2], [2, 2, 2, 4], [0, 4, 2, 3]])
def test_boxes_outside_the_picture(box: list[int]):
    for measure in (pointing_game, instances_found):
        with pytest.raises(ValueError, match=r"not inside the picture of 4 x 6 pixels.*top < bottom <= 4"):
            measure(MAP, boxes(box))
    with pytest.raises(ValueError, match="is not inside"):
        box_mask(boxes(box), 4, 6)
