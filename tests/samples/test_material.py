"""The two halves of the material share nothing, and what ships is small."""

import subprocess
import sys

import numpy as np
import pytest

from camwidget.samples import collect
from camwidget.samples.material import CLASS_NAMES, FOLDER, PHOTOGRAPHS, half, material, photograph

MOST_BYTES = 3_000_000


def test_no_digit_is_in_both_halves() -> None:
    training, held_out = material(False), material(True)
    assert not set(training.sources.tolist()) & set(held_out.sources.tolist())
    assert not {digit.tobytes() for digit in training.digits} & {digit.tobytes() for digit in held_out.digits}


def test_every_class_holds_out_a_quarter() -> None:
    training, held_out = (np.bincount(material(name).labels, minlength=len(CLASS_NAMES)) for name in (False, True))
    np.testing.assert_allclose(held_out / (training + held_out), 0.25, atol=0.01)


def test_digits_are_those_of_scikit_learn() -> None:
    cells, labels = pytest.importorskip("sklearn.datasets").load_digits(return_X_y=True)
    images = cells.reshape(-1, 8, 8)
    for held_out in (False, True):
        part = material(held_out)
        np.testing.assert_array_equal(part.digits, images[part.sources])
        np.testing.assert_array_equal(part.labels, labels[part.sources])


@pytest.mark.parametrize("size", [(300, 300), (300, 199), (300, 262)])
def test_regions_of_a_photograph_are_apart(size: tuple[int, int]) -> None:
    width, height = size
    covered = np.zeros((height, width), dtype=int)
    for held_out in (False, True):
        left, top, right, bottom = collect.region(width, height, held_out)
        covered[top:bottom, left:right] += 1
    assert covered.max() == 1
    assert (covered == 0).sum() == collect.GAP * height


@pytest.mark.parametrize("position", range(len(PHOTOGRAPHS)), ids=PHOTOGRAPHS)
def test_the_shipped_regions_are_the_two_sides_of_one_photograph(position: int) -> None:
    training, held_out = (material(name).photographs[position] for name in (False, True))
    assert training.height == held_out.height
    assert training.width + collect.GAP + held_out.width == collect.PHOTOGRAPH_WIDTH
    for name, picture in ((False, training), (True, held_out)):
        left, top, right, bottom = collect.region(collect.PHOTOGRAPH_WIDTH, picture.height, name)
        assert picture.size == (right - left, bottom - top)
        assert min(picture.size) >= 112


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_shipped_photographs_are_where_the_region_says(name: str) -> None:
    """Against scikit-image's own pictures: JPEG loses detail, not place."""
    pytest.importorskip("skimage")
    photograph = collect.photograph(name)
    for held_out in (False, True):
        expected = np.asarray(photograph.crop(collect.region(*photograph.size, held_out)), dtype=float)
        shipped = np.asarray(material(held_out).photographs[PHOTOGRAPHS.index(name)], dtype=float)
        assert np.abs(expected - shipped).mean() < 8


def test_files_of_both_halves_are_listed() -> None:
    for held_out in (False, True):
        shipped = {path.stem for path in (FOLDER / "photographs" / half(held_out)).iterdir()}
        assert shipped == set(PHOTOGRAPHS)


def test_the_folder_stays_small() -> None:
    files = [path for path in FOLDER.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files) < MOST_BYTES


@pytest.mark.parametrize("statement", ["import camwidget.samples", "from camwidget.samples import scene; scene(0)"])
def test_scenes_need_no_heavy_import(statement: str) -> None:
    heavy = "{'keras', 'tensorflow', 'sklearn', 'skimage', 'scipy'}"
    program = f"import sys; {statement}; print(sorted({heavy} & set(sys.modules)))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=FOLDER.parents[1])
    assert done.stdout.strip() == "[]"


def test_a_photograph_is_one_half() -> None:
    sizes = [photograph("chelsea", held_out=held_out).size for held_out in (True, False)]
    assert sizes == [(126, 200), (166, 200)]
    with pytest.raises(ValueError, match="No photograph 'cat'. Expected one of: 'astronaut', 'brick'"):
        photograph("cat")
