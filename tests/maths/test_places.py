"""Parts of a picture: where they are, and that they share it out."""

import numpy as np
import pytest

from camwidget.maths import PARTS

PICTURE = np.random.default_rng(0).integers(0, 256, (30, 42, 3), dtype=np.uint8)
NINTHS = [name for name in PARTS if name.split()[0] in ("top", "middle", "bottom")]
COLOURS = [name for name in PARTS if name not in NINTHS and name != "border"]


def test_ninths_and_colours_share_out_the_picture():
    assert len(NINTHS) == 9 and len(COLOURS) == 8
    for names in (NINTHS, COLOURS):
        np.testing.assert_array_equal(sum(PARTS[name](PICTURE).astype(int) for name in names), 1)


def test_places():
    assert np.argwhere(PARTS["middle right"](PICTURE)).min(axis=0).tolist() == [10, 28]
    assert PARTS["middle right"](PICTURE).sum() == 10 * 14
    border = PARTS["border"](PICTURE)
    assert border[2].all() and not border[3, 4:-4].any() and border[3, 3] and border[3, -4]


@pytest.mark.parametrize(
    "rgb, name",
    [
        ((255, 0, 0), "red"),
        ((200, 0, 30), "red"),
        ((255, 200, 0), "orange or yellow"),
        ((0, 255, 0), "green"),
        ((0, 230, 230), "cyan"),
        ((0, 0, 255), "blue"),
        ((255, 0, 255), "purple or pink"),
        ((0, 0, 30), "dark"),
        ((0, 0, 0), "dark"),
        ((255, 255, 255), "grey or white"),
        ((140, 120, 130), "grey or white"),
    ],
)
def test_colours(rgb: tuple[int, int, int], name: str):
    pixels = np.broadcast_to(np.array(rgb, np.uint8), (2, 3, 3))
    assert [each for each in COLOURS if PARTS[each](pixels).all()] == [name]
