"""Running sums of the derivatives: what they hold, and that micro-batches do not matter."""

import numpy as np
import pytest

from camwidget.maths import WHOLE, ChannelScores, Count, Derivatives, Evidence, Moments, PixelGradients


def gradients(copies: int = 7) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(copies, 2, 3, 4)).astype(np.float32)


def test_means_of_powers_by_hand() -> None:
    # Two copies of a 1 x 2 grid with one channel: g = 1, -2 and g = 3, 4.
    g = np.array([[[[1.0], [-2.0]]], [[[3.0], [4.0]]]], np.float32)
    evidence = Moments.of(g).derivatives()
    assert evidence.first.ravel().tolist() == [2, 1]  # (1 + 3) / 2, (-2 + 4) / 2
    assert evidence.second.ravel().tolist() == [5, 10]  # (1 + 9) / 2, (4 + 16) / 2
    assert evidence.third.ravel().tolist() == [14, 28]  # (1 + 27) / 2, (-8 + 64) / 2


def test_sums_are_direct_means() -> None:
    g = gradients().astype(np.float64)
    evidence = Moments.of(gradients()).derivatives(9)
    np.testing.assert_allclose(evidence.first, g.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(evidence.second, (g**2).mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(evidence.third, (g**3).mean(axis=0), rtol=1e-13, atol=1e-15)
    assert evidence.count == Count(7, 9, "noisy copies")
    assert str(evidence.count) == "7 of 9 noisy copies" and not evidence.count.is_whole


@pytest.mark.parametrize("cuts", [(1,), (3,), (6,), (2, 5), (1, 2, 3, 4, 5, 6)])
def test_micro_batches_do_not_change_the_sums(cuts: tuple[int, ...]) -> None:
    whole = Moments.of(gradients())
    first, *others = (Moments.of(part) for part in np.split(gradients(), cuts))
    total = sum(others, first)
    assert total.done == whole.done == 7 and total.weight == whole.weight == 7
    for name in ("first", "second", "third"):
        np.testing.assert_allclose(getattr(total, name), getattr(whole, name), rtol=1e-13, atol=1e-14)


def test_adding_leaves_both_sums_as_they_were() -> None:
    one, other = Moments.of(gradients(2)), Moments.of(gradients(3))
    before = one.first.copy(), other.first.copy()
    _ = one + other
    np.testing.assert_array_equal(one.first, before[0])
    np.testing.assert_array_equal(other.first, before[1])


@pytest.mark.parametrize("size", [1e-30, 1e-38, 3e38])
def test_powers_of_any_float32_gradient_are_numbers(size: float) -> None:
    g = np.full((2, 1, 3, 1), size, np.float32)
    evidence = Moments.of(g).derivatives()
    exact = float(np.float32(size))
    np.testing.assert_allclose(evidence.third, exact**3, rtol=1e-12)
    assert (evidence.third > 0).all()


def test_bytes_are_counted() -> None:
    d = np.zeros((2, 3, 4))
    assert Derivatives(d, (d, d)).nbytes == 3 * 24 * 8
    assert Derivatives(d.astype(np.float32)).nbytes == 24 * 4
    assert ChannelScores(np.zeros(5)).nbytes == 40
    assert PixelGradients(np.zeros((6, 4, 3), np.float32)).nbytes == 72 * 4


def test_one_copy_keeps_its_gradient_alone_and_powers_follow() -> None:
    g = np.array([[[1e-30], [-2.0], [3.0]]], np.float32)
    derivatives = Derivatives(g)
    np.testing.assert_allclose(derivatives.second.ravel(), np.float64(g.ravel()) ** 2, rtol=1e-15)
    np.testing.assert_allclose(derivatives.third.ravel(), [np.float64(g[0, 0, 0]) ** 3, -8, 27], rtol=1e-15)
    assert derivatives.count is WHOLE and WHOLE.is_whole


# -- copies that count as their Y -------------------------------------------------------------------


def test_weighted_means_by_hand() -> None:
    # Y = exp(S) with S = log 1 and log 3: the second copy counts three times.
    g = np.array([[[[1.0]]], [[[2.0]]]], np.float32)
    derivatives = Moments.of(g, np.log([1.0, 3.0])).derivatives()
    assert derivatives.first.item() == pytest.approx((1 + 3 * 2) / 4)
    assert derivatives.second.item() == pytest.approx((1 + 3 * 4) / 4)
    assert derivatives.third.item() == pytest.approx((1 + 3 * 8) / 4)


@pytest.mark.parametrize("cuts", [(1,), (4,), (2, 5)])
@pytest.mark.parametrize("shift", [0.0, 5000.0, -5000.0])
def test_weights_of_any_size_in_any_micro_batches(cuts: tuple[int, ...], shift: float) -> None:
    scores = np.random.default_rng(1).normal(size=7) * 3
    w = np.exp(scores) / np.exp(scores).sum()
    g = gradients().astype(np.float64)
    pairs = zip(np.split(gradients(), cuts), np.split(scores + shift, cuts), strict=True)
    first, *others = (Moments.of(part, logs) for part, logs in pairs)
    derivatives = sum(others, first).derivatives()
    np.testing.assert_allclose(derivatives.first, np.tensordot(w, g, 1), rtol=1e-9)
    np.testing.assert_allclose(derivatives.third, np.tensordot(w, g**3, 1), rtol=1e-9, atol=1e-12)


def test_evidence_says_what_it_does_not_hold() -> None:
    evidence = Evidence(np.zeros((1, 2, 1), np.float32), 0.0)
    with pytest.raises(ValueError, match=r"weighs derivatives, and the evidence holds none"):
        _ = evidence.first
