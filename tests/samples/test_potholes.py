"""Roads: seeded, their surroundings as asked for, the pothole where its box is, and no pixel shared by the halves."""

from collections import Counter

import numpy as np
import pytest

from camwidget import samples
from camwidget.samples import potholes


def test_the_same_seed_paints_the_same_roads():
    first, again, other = (samples.roads(6, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.images, again.images)
    assert (first.images != other.images).any()


def test_every_other_road_has_a_pothole():
    painted = samples.roads(7)
    assert len(painted) == 7
    np.testing.assert_array_equal(painted.labels, [0, 1, 0, 1, 0, 1, 0])
    np.testing.assert_array_equal(painted.boxes.any(axis=1), painted.labels == 1)


def test_shares_are_kept_as_exactly_as_whole_pictures_allow(monkeypatch: pytest.MonkeyPatch):
    """Of 50 good roads 96 % are 48, of 50 broken ones 82 % are 41."""
    blank = np.zeros((64, 64, 3), np.uint8), (0, 0, 0, 0)
    monkeypatch.setattr(potholes, "paint_road", lambda textures, group, broken: blank)
    painted = samples.roads(100, {"meadow": 0.96, "town": 0.04}, {"meadow": 0.18, "town": 0.82})
    groups = np.array(painted.groups)
    assert Counter(groups[painted.labels == 0]) == {"meadow": 48, "town": 2}
    assert Counter(groups[painted.labels == 1]) == {"meadow": 9, "town": 41}


def test_the_pothole_is_all_that_differs(monkeypatch: pytest.MonkeyPatch):
    """The same random choices with and without its last touch: what changed fills the box and leaves the rest."""
    painted = samples.roads(2, seed=5)
    monkeypatch.setattr("camwidget.samples.roadside._pothole", _without(painted))
    bare = samples.roads(2, seed=5)
    top, left, bottom, right = painted.boxes[1]
    changed = (painted.images[1] != bare.images[1]).any(axis=2)
    assert changed[top:bottom, left:right].any(axis=0).all()
    changed[top:bottom, left:right] = False
    assert not changed.any()


def _without(painted: samples.Roads):
    """Takes the same random numbers and gives the same box, but leaves the canvas alone."""
    from camwidget.samples.roadside import _pothole

    return lambda canvas, view, textures: _pothole(canvas.copy(), view, textures)


def test_surroundings_show():
    """A meadow is green beside the road, a sign is red above the horizon; bare roads are neither."""
    means = {}
    for group in samples.SURROUNDINGS:
        images = samples.roads(8, group, group, seed=1).images.astype(int)
        red, green, blue = (images[..., k] for k in range(3))
        means[group] = ((green - (red + blue) // 2 > 30).mean(), (red - (green + blue) // 2 > 60).mean())
    assert means["meadow"][0] > 0.2 > 0.02 > means["bare"][0]
    assert means["sign"][1] > 0.004 > means["bare"][1]


@pytest.mark.parametrize("held_out", [True, False])
def test_roads_take_their_textures_from_their_half(held_out: bool, monkeypatch: pytest.MonkeyPatch):
    taken, material = [], potholes.material
    monkeypatch.setattr(potholes, "material", lambda half: taken.append(half) or material(half))
    samples.roads(1, held_out=held_out)
    assert taken == [held_out]


@pytest.mark.parametrize(
    "arguments, says",
    [
        ({"count": 0}, "0 pictures were asked for. Pass a whole number from 1."),
        ({"good": "forest"}, "No surroundings 'forest'. Choices: bare, meadow, sign, town."),
        ({"pothole": {"meadow": 0.5, "town": 0.4}}, "do not add up to 1"),
        ({"good": {}}, "do not add up to 1"),
    ],
)
def test_what_cannot_be_painted_is_said(arguments: dict, says: str):
    with pytest.raises(ValueError, match=says):
        samples.roads(**{"count": 2, **arguments})
