"""Intervals: against closed forms, and how often they hold the truth."""

import numpy as np
import pytest

from camwidget.maths import bootstrap, proportion


def test_the_mean_of_many_has_the_normal_interval():
    values = np.random.default_rng(1).normal(3.0, 2.0, 5000)
    found = bootstrap(values)
    half = 1.96 * values.std() / np.sqrt(5000)
    assert found.value == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.1 * half)


def test_what_is_undefined_is_left_out_and_counted():
    found = bootstrap(np.array([1.0, np.nan, 3.0]))
    assert (found.value, found.size, found.undefined) == (2.0, 2, 1)
    assert 1.0 <= found.low <= found.high <= 3.0
    nothing = bootstrap(np.array([np.nan]))
    assert np.isnan(nothing.value) and nothing.size == 0 and str(nothing) == "undefined"


def test_the_same_seed_gives_the_same_interval():
    values = np.arange(9.0) ** 2
    assert bootstrap(values) == bootstrap(values)
    assert bootstrap(values, seed=1) != bootstrap(values)
    assert bootstrap(values, level=0.5).low > bootstrap(values).low
    assert bootstrap(np.full(7, 2.5)) == (2.5, 2.5, 2.5, 7, 0)


def test_it_holds_the_truth_as_often_as_it_says():
    generator = np.random.default_rng(2)
    inside = [low <= 0.5 <= high for _, low, high, *_ in (bootstrap(generator.random(40)) for _ in range(300))]
    assert 0.89 < np.mean(inside) < 0.99


def test_wilson():
    # 8 of 10, by the formula: (0.8 + 0.19207) / 1.38415 -+ 1.95996 / 1.38415 * sqrt(0.016 + 0.0096036)
    found = proportion(8, 10)
    assert found.value == 0.8
    assert (found.low, found.high) == pytest.approx((0.49016, 0.94332), abs=1e-4)
    assert proportion(0, 5).low == 0.0 and proportion(0, 5).high == pytest.approx(0.43448, abs=1e-4)
    assert np.isnan(proportion(0, 0).value)


def test_units():
    assert bootstrap(np.array([0.25, 0.25])).scaled(100) == (25, 25, 25, 2, 0)


def test_levels():
    with pytest.raises(ValueError, match="level=95 is out of range. Pass a share between 0 and 1"):
        bootstrap(np.ones(3), level=95)
    with pytest.raises(ValueError, match="level=0.8 is none of 0.9, 0.95, 0.99"):
        proportion(1, 2, level=0.8)
