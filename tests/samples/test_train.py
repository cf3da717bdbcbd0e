"""What the training command feeds to the networks; no training here."""

import numpy as np

from camwidget.samples import train
from camwidget.samples.scenes import scene


def test_scene_batches_carry_the_share_of_each_class() -> None:
    images, shares = train.scene_batch(train.FIRST_TRAINING_SEED, 64)
    assert images.shape == (64, 112, 112, 3)
    assert images.dtype == np.uint8
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    num_classes = (shares > 0).sum(axis=1)
    assert set(num_classes.tolist()) == {1, 2}
    assert 0.1 < (num_classes == 2).mean() < 0.45
    np.testing.assert_array_equal(shares[num_classes == 2].max(axis=1), 0.5)


def test_a_batch_depends_on_its_seed_only() -> None:
    images, shares = train.scene_batch(50, 4)
    again, shares_again = train.scene_batch(52, 2)
    np.testing.assert_array_equal(images[2:], again)
    np.testing.assert_array_equal(shares[2:], shares_again)


def test_training_scenes_differ_from_held_out_scenes_of_the_same_seed() -> None:
    assert (scene(1, [5]).image != scene(1, [5], held_out=False).image).any()


def test_digit_batches_are_one_hot() -> None:
    images, classes = train.digit_batch(0, 32)
    assert images.shape == (32, 28, 28, 1)
    np.testing.assert_array_equal(classes.sum(axis=1), 1)
    np.testing.assert_array_equal(classes.max(axis=1), 1)


def test_batches_come_in_the_order_of_their_seeds() -> None:
    batches = list(train.fresh_batches(train.digit_batch, num_batches=3, first_seed=8, workers=2))
    for number, (images, classes) in enumerate(batches):
        expected, expected_classes = train.digit_batch(8 + number * train.BATCH_SIZE, train.BATCH_SIZE)
        np.testing.assert_array_equal(images, expected)
        np.testing.assert_array_equal(classes, expected_classes)
