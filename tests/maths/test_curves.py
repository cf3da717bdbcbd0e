"""Deletion and insertion: the order of pixels, equal shares, areas."""

import numpy as np
import pytest

from camwidget.maths import area, hottest_first, leading

MAP = np.array([[0.1, 0.9, 0.3], [0.7, 0.0, 0.2]])


def test_hottest_first():
    assert hottest_first(MAP).tolist() == [1, 3, 2, 5, 0, 4]


def test_equal_pixels_come_in_no_sweep_and_always_alike():
    flat = np.zeros((6, 8))
    flat[2, 3] = 1.0
    order = hottest_first(flat)
    assert order[0] == 2 * 8 + 3
    assert sorted(order.tolist()) == list(range(48))
    assert abs(np.corrcoef(order[1:], np.arange(47))[0, 1]) < 0.35
    np.testing.assert_array_equal(order, hottest_first(flat * 5))


def test_shares_from_none_to_all():
    shares = leading(hottest_first(MAP), 3)
    assert shares.sum(axis=1).tolist() == [0, 2, 4, 6]
    assert np.flatnonzero(shares[1]).tolist() == [1, 3]
    assert np.flatnonzero(shares[2]).tolist() == [1, 2, 3, 5]


def test_area_by_trapezes():
    assert area(np.array([1.0, 0.5, 0.0])) == 0.5
    assert area(np.array([1.0, 0.0, 0.0, 0.0, 0.0])) == pytest.approx(0.125)
    assert area(np.array([0.3, 0.3])) == pytest.approx(0.3)
