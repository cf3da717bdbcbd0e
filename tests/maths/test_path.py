"""The line of integrated gradients: pieces, what they miss, and what dividing them puts right."""

import numpy as np
import pytest

from camwidget.maths import Piece, Seen, midpoints, pieces, worst

BEND = 0.505


def look(places: list[float]) -> dict[float, Seen]:
    """S(t) = 2 max(0, t - 0.505): a ReLU that opens a little behind the middle."""
    return {t: Seen(2 * max(0.0, t - BEND), 2.0 * (t > BEND)) for t in places}


def test_two_steps_by_hand() -> None:
    found = pieces(2, look([0.25, 0.75]) | {0.0: Seen(0.0), 1.0: Seen(0.99)})
    assert [(piece.start, piece.end, piece.weights) for piece in found] == [
        (0.0, 0.25, (0.0, 0.25)),
        (0.25, 0.75, (0.25, 0.25)),
        (0.75, 1.0, (0.25, 0.0)),
    ]
    # Midpoints give (0 + 2) / 2 = 1 where the score changes by 0.99.
    np.testing.assert_allclose([piece.missing for piece in found], [0, 0.49 - 0.5, 0], atol=1e-12)
    chosen, others = worst(found)
    assert [piece.start for piece in chosen] == [0.25] and len(others) == 2
    (piece,) = chosen
    np.testing.assert_allclose(piece.places, 0.25 + np.arange(8) / 14)
    np.testing.assert_allclose(piece.corrections, [1 / 28 - 0.25, *[1 / 14] * 6, 1 / 28 - 0.25])
    seen = look(piece.places.tolist())
    # Of the eight places the last four have the slope of 2: the trapezes give 3.5 / 14 * 2 = 0.5, as its ends did.
    corrected = 1 + sum(w * seen[t].slope for t, w in zip(piece.places.tolist(), piece.corrections, strict=True))
    divided = piece.divided(seen)
    assert corrected == pytest.approx(1.0)
    assert sum(part.missing for part in divided) == pytest.approx(-0.01)
    assert sorted(abs(part.missing) for part in divided)[-2:] == pytest.approx([0, 0.01], abs=1e-12)
    (small,), _ = worst(divided)
    assert small.start < BEND < small.end and small.end - small.start == pytest.approx(1 / 14)


def test_what_is_counted_and_what_is_missing_are_always_the_change_of_score() -> None:
    random = np.random.default_rng(0)
    bends, turns = random.uniform(size=30), random.normal(size=30)

    def looked(places: list[float]) -> dict[float, Seen]:
        score = {t: float((turns * np.maximum(0, t - bends)).sum()) for t in places}
        return {t: Seen(score[t], float(turns[bends < t].sum())) for t in places}

    middles = midpoints(5).tolist()
    seen = looked([*middles, 0.0, 1.0])
    change = seen[1.0].score - seen[0.0].score
    counted = float(np.mean([seen[t].slope for t in middles]))
    open_pieces: list[Piece] = pieces(5, seen)
    gaps: list[float] = []
    for _ in range(6):
        missing = sum(piece.missing for piece in open_pieces)
        assert counted + missing == pytest.approx(change, abs=1e-9)
        gaps.append(sum(abs(piece.missing) for piece in open_pieces))
        chosen, open_pieces = worst(open_pieces)
        assert sum(abs(piece.missing) for piece in chosen) >= 0.7 * gaps[-1] - 1e-12
        for piece in chosen:
            seen = looked(piece.places.tolist())
            counted += sum(seen[t].slope * w for t, w in zip(piece.places.tolist(), piece.corrections, strict=True))
            open_pieces += piece.divided(seen)
    assert gaps[-1] < 0.05 * gaps[0]


def test_the_corrections_of_a_piece_leave_a_constant_slope_alone() -> None:
    for piece in pieces(3, {t: Seen(3 * t, 3.0) for t in [*midpoints(3).tolist(), 0.0, 1.0]}):
        assert piece.missing == pytest.approx(0, abs=1e-12)
        assert piece.corrections.sum() == pytest.approx(0, abs=1e-12)
