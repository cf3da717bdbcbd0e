"""Drop, increase and win: numbers worked out by hand."""

import numpy as np
import pytest

from camwidget.maths import average_drop, drops, f1_scores, increase_in_confidence, win_rate, wins

BEFORE = np.array([0.8, 0.5, 0.4, 0.9])
AFTER = np.array([0.2, 0.9, 0.4, 0.0])


def test_drop_of_each_picture():
    # (0.8 - 0.2) / 0.8; a gain is no drop; the same; everything
    np.testing.assert_allclose(drops(BEFORE, AFTER), [0.75, 0, 0, 1])
    assert average_drop(BEFORE, AFTER) == pytest.approx(100 * 1.75 / 4)


def test_increase_counts_what_is_strictly_more():
    assert increase_in_confidence(BEFORE, AFTER) == 25.0


def test_no_probability_has_no_drop():
    before, after = np.array([0.0, 0.5]), np.array([0.3, 0.25])
    assert np.isnan(drops(before, after)[0])
    assert average_drop(before, after) == 50.0
    assert increase_in_confidence(before, after) == 50.0
    assert np.isnan(average_drop(before[:1], after[:1]))
    assert np.isnan(increase_in_confidence(before[:0], after[:0]))


def test_the_smaller_loss_wins_and_ties_are_apart():
    first, second = np.array([0.3, 0.6, 0.1, 0.0]), np.array([0.2, 0.95, 0.2, 0.0])
    # losses 0.5, 0, 0.3, 0.9 against 0.6, 0, 0.2, 0.9: two gains are a tie
    np.testing.assert_array_equal(wins(BEFORE, first, second), [[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1]])
    assert win_rate(BEFORE, first, second) == (25, 25, 50)
    assert win_rate(BEFORE, second, first) == (25, 25, 50)
    assert sum(win_rate(BEFORE, AFTER, second)) == 100


def test_the_loss_is_not_divided():
    # as shares of Y = 0 there would be no winner
    assert win_rate(np.array([0.0]), np.array([0.5]), np.array([0.0])) == (0, 0, 100)


def test_f1_of_each_class():
    labels, predicted = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 2, 2])
    # class 0: 2 right, 1 missed; class 1: 1 right, 1 missed, 1 wrong; class 2: 1 right, 1 wrong; class 3: never
    np.testing.assert_allclose(f1_scores(labels, predicted, 4), [4 / 5, 2 / 4, 2 / 3, np.nan])
