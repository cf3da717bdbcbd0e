"""Scenes: the same seed gives the same picture, and every box is where the ink is."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from camwidget import samples
from camwidget.samples import drawing, scenes
from camwidget.samples.material import material

SEEDS = range(40)

# Of scene(7, [3, 3, 8]): its boxes, and the mean green of its four quarters.
EXPECTED_BOXES = [[70, 72, 108, 99], [5, 47, 55, 88], [63, 30, 102, 58]]
EXPECTED_GREEN = [[43.48, 90.54], [54.52, 87.07]]


@pytest.mark.parametrize("digits", [None, [3, 3, 8], [0]])
@pytest.mark.parametrize("held_out", [True, False])
def test_same_seed_same_scene(digits: list[int] | None, held_out: bool) -> None:
    first, second = (samples.scene(11, digits, held_out=held_out) for _ in range(2))
    other = samples.scene(12, digits, held_out=held_out)
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.boxes, second.boxes)
    assert first.labels == second.labels
    assert (first.image != other.image).any()


def test_a_seed_gives_this_scene_on_every_platform() -> None:
    """Coarse means, because versions of Pillow decode JPEG with differences of one grey level."""
    painted = samples.scene(7, [3, 3, 8])
    coarse = painted.image.reshape(2, 56, 2, 56, 3).mean(axis=(1, 3))
    np.testing.assert_array_equal(painted.boxes, EXPECTED_BOXES)
    np.testing.assert_allclose(coarse[..., 1], EXPECTED_GREEN, atol=0.5)


def test_scene_is_a_frozen_record_of_uint8_pixels() -> None:
    painted = samples.scene(0)
    assert painted.image.shape == (112, 112, 3)
    assert painted.image.dtype == np.uint8
    assert painted.boxes.shape == (len(painted.labels), 4)
    with pytest.raises(dataclasses.FrozenInstanceError):
        painted.labels = ()  # pyright: ignore[reportAttributeAccessIssue]  # writing is what must fail


def test_scenes_by_default_have_one_to_four_digits_of_one_class() -> None:
    drawn = [samples.scene(seed).labels for seed in range(150)]
    assert all(len(set(labels)) == 1 for labels in drawn)
    assert {len(labels) for labels in drawn} == {1, 2, 3, 4}
    assert {labels[0] for labels in drawn} == set(range(10))


@pytest.mark.parametrize("held_out", [True, False])
def test_a_scene_takes_everything_from_its_half(held_out: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    monkeypatch.setattr(scenes, "material", lambda half: taken.append(half) or material(half))
    samples.scene(0, held_out=held_out)
    samples.digit(0, held_out=held_out)
    assert taken == [held_out, held_out]


def test_digits_asked_for_are_drawn_in_that_order() -> None:
    assert samples.scene(5, [3, 3, 8]).labels == (3, 3, 8)
    assert samples.scene(5, np.array([9, 0])).labels == (9, 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_boxes_lie_inside_and_apart(seed: int) -> None:
    boxes = samples.scene(seed, [1, 2, 3, 4, 5, 6][: 1 + seed % 6]).boxes
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:] <= 112).all()
    assert (boxes[:, 2] - boxes[:, 0] >= 16).all(), "a digit this small cannot be read"
    covered = np.zeros((112, 112), dtype=int)
    for top, left, bottom, right in boxes:
        covered[top:bottom, left:right] += 1
    assert covered.max() == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_boxes_are_tight_around_what_the_digits_changed(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scene is painted twice more from the same seed, without its digits; what differs must fill every box."""
    digits = [3, 3, 8][: 1 + seed % 3]
    painted = samples.scene(seed, digits)
    bare = _without_ink(seed, digits, monkeypatch)
    changed = (painted.image != bare).any(axis=2)
    for top, left, bottom, right in painted.boxes:
        inside = changed[top:bottom, left:right]
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        # The outermost ink is faint: on a ground of its own colour one row of it may change no pixel.
        assert rows[0] <= 1 and columns[0] <= 1
        assert rows[-1] >= inside.shape[0] - 2 and columns[-1] >= inside.shape[1] - 2
        changed[top:bottom, left:right] = False
    assert not changed.any(), "ink outside of every box"


def _without_ink(seed: int, digits: list[int], monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    with monkeypatch.context() as patch:
        patch.setattr(scenes, "press", lambda canvas, ink, corner, colours: canvas)
        return samples.scene(seed, digits).image


@pytest.mark.parametrize("angle", [-18.0, 0.0, 18.0])
def test_a_stamp_is_cropped_to_its_ink_and_about_as_high_as_asked(angle: float) -> None:
    for digit in material(True).digits[:30]:
        ink = drawing.stamp(digit, 48.0, angle)
        rim, fill = np.asarray(ink.rim), np.asarray(ink.fill)
        assert all(edge.any() for edge in (rim[0], rim[-1], rim[:, 0], rim[:, -1]))
        assert (rim >= fill).all(), "the rim surrounds the stroke and lies under it"
        assert 36 <= rim.shape[0] <= 66


def test_turning_is_anticlockwise_about_the_middle() -> None:
    bar = np.zeros((8, 8), dtype=np.uint8)
    bar[:4, 3:5] = 16  # the upper half of an upright bar
    upright, turned = (np.asarray(drawing.enlarge(bar, 48.0, angle, 72), dtype=float) for angle in (0.0, 90.0))
    np.testing.assert_allclose(turned, np.rot90(upright), atol=2)


def test_painting_leaves_the_canvas_alone() -> None:
    canvas, coverage = Image.new("RGB", (8, 8)), Image.new("L", (4, 4), 255)
    painted = np.asarray(drawing.paint(canvas, (10, 20, 30), coverage, (1, 2)))
    assert not np.asarray(canvas).any()
    np.testing.assert_array_equal(painted[2:6, 1:5], np.broadcast_to([10, 20, 30], (4, 4, 3)))
    assert painted.sum() == 16 * 60


def test_single_digits() -> None:
    drawn = samples.digit(3, 7)
    assert drawn.image.shape == (28, 28, 1)
    assert drawn.image.dtype == np.uint8
    assert drawn.label == 7
    np.testing.assert_array_equal(drawn.image, samples.digit(3, 7).image)
    assert {samples.digit(seed).label for seed in range(100)} == set(range(10))
    assert drawn.image[:1].max() == 0, "a dark border surrounds the light ink"
    assert drawn.image.max() > 200


@pytest.mark.parametrize(
    ("digits", "words"),
    [
        ([3, 10], "No digit 10 in [3, 10]: a digit is one of 0 to 9."),
        ([-1], "No digit -1"),
        ([], "Pass None for a random choice."),
        ([1] * 7, "7 digits do not fit in 112x112 pixels"),
    ],
)
def test_wrong_digits_are_explained(digits: list[int], words: str) -> None:
    with pytest.raises(ValueError) as raised:
        samples.scene(0, digits)
    assert words in str(raised.value)
    assert "Expected 1 to 6 whole numbers from 0 to 9, such as [3, 3, 8]." in str(raised.value)


@pytest.mark.parametrize("digits", [["three"], [2.5], 3])
def test_what_is_no_whole_number_is_a_type_error(digits: object) -> None:
    with pytest.raises(TypeError):  # ours, or the type checker's where it looks first
        samples.scene(0, digits)  # pyright: ignore[reportArgumentType]  # the wrong type is the point


def test_a_wrong_label_is_explained() -> None:
    with pytest.raises(ValueError, match="No digit 12"):
        samples.digit(0, 12)


def test_a_mask_holds_the_boxes_of_a_class() -> None:
    scene = samples.scene(7, [3, 3, 8])
    threes, eight = scene.mask(3), scene.mask(8)
    assert threes.sum() == 38 * 27 + 50 * 41  # rows times columns of EXPECTED_BOXES
    assert eight[63:102, 30:58].all() and eight.sum() == 39 * 28
    np.testing.assert_array_equal(scene.mask(), threes | eight)
    with pytest.raises(ValueError, match="No digit 4 in this scene. It holds: 3, 3, 8."):
        scene.mask(4)
