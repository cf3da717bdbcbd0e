"""Noisy copies: their number, size of the noise, and that only the seed decides."""

import numpy as np
import pytest

from camwidget.maths import noisy_copies

PICTURE = np.random.default_rng(0).uniform(-2.0, 6.0, size=(6, 9, 3)).astype(np.float32)


def copies(samples: int, *, noise: float = 0.15, seed: int = 0, batch: int = 4, picture: np.ndarray = PICTURE):
    return list(noisy_copies(picture, samples=samples, noise=noise, seed=seed, batch=batch))


@pytest.mark.parametrize("batch", [1, 2, 3, 4, 9, 10, 50])
def test_copies_do_not_depend_on_the_micro_batch(batch: int) -> None:
    parts = copies(10, batch=batch)
    assert max(len(part) for part in parts) <= batch
    np.testing.assert_array_equal(np.concatenate(parts), copies(10, batch=10)[0])


def test_fewer_copies_are_the_first_of_more() -> None:
    np.testing.assert_array_equal(np.concatenate(copies(5)), np.concatenate(copies(13))[:5])


@pytest.mark.parametrize("noise", [0.05, 0.3])
@pytest.mark.parametrize("span", [1.0, 250.0])
def test_deviation_is_the_share_of_the_pictures_range(noise: float, span: float) -> None:
    low, high = PICTURE.min(), PICTURE.max()
    picture = (PICTURE - low) / (high - low) * np.float32(span) + np.float32(40)
    added = np.concatenate(copies(400, noise=noise, picture=picture)) - picture
    # 400 x 162 samples: the standard error of the deviation is 0.28 %, of the mean 0.4 % of it.
    assert added.std() == pytest.approx(noise * span, rel=0.015)
    assert abs(added.mean()) < 0.02 * noise * span
    # Every pixel and every copy is drawn anew.
    assert added.std(axis=0).min() > 0.7 * noise * span
    assert added.std(axis=(1, 2, 3)).min() > 0.7 * noise * span


def test_seed_decides() -> None:
    one, again, other = (np.concatenate(copies(3, seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).mean() > 0.99


def test_no_noise_is_the_picture() -> None:
    for part in copies(3, noise=0.0):
        np.testing.assert_array_equal(part, np.broadcast_to(PICTURE, part.shape))


def test_a_constant_picture_has_no_range_and_gets_no_noise() -> None:
    flat = np.full((2, 3, 1), 7.0, np.float32)
    np.testing.assert_array_equal(copies(2, noise=0.5, picture=flat)[0], np.full((2, 2, 3, 1), 7.0))


def test_copies_are_float32_and_the_picture_is_untouched() -> None:
    before = PICTURE.copy()
    assert copies(2)[0].dtype == np.float32
    np.testing.assert_array_equal(PICTURE, before)
