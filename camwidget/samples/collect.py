"""Build the material from scikit-learn's digits and scikit-image's photographs. Used by the training command only.

Both libraries carry these pictures inside their wheels: nothing is downloaded.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int, UInt8
from PIL import Image

from .material import FOLDER, PHOTOGRAPHS, half

HELD_OUT_DIGITS = 0.25  # share of the digits of each class
PHOTOGRAPH_WIDTH = 300  # pixels: no photograph is enlarged
HELD_OUT_COLUMNS = 0.42  # share of a photograph's width, on its right: 126 pixels, enough for a scene of 112
GAP = 8  # columns that neither half gets: a JPEG block's width, so no edge is shared

Box = tuple[int, int, int, int]


def collect(seed: int = 0) -> None:
    """Write `digits.npz` and `photographs/{training,held_out}/*.jpg` beside this file."""
    _collect_digits(seed)
    for name in PHOTOGRAPHS:
        whole = photograph(name)
        for held_out in (False, True):
            path = FOLDER / "photographs" / half(held_out) / f"{name}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            whole.crop(region(*whole.size, held_out)).save(path, quality=82, optimize=True)


def region(width: int, height: int, held_out: bool) -> Box:
    """The part of a photograph that belongs to one half: (left, top, right, bottom) in pixels, half-open."""
    border = round(width * (1 - HELD_OUT_COLUMNS))
    return (border, 0, width, height) if held_out else (0, 0, border - GAP, height)


def hold_out(labels: Int[np.ndarray, " n"], seed: int) -> Bool[np.ndarray, " n"]:
    """Choose the held-out digits: the same share of every class, drawn with `seed`."""
    rng = np.random.default_rng(seed)
    chosen = np.zeros(labels.shape, dtype=bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        chosen[rng.choice(rows, size=round(HELD_OUT_DIGITS * rows.size), replace=False)] = True
    return chosen


def legible(images: UInt8[np.ndarray, "n 8 8"], labels: Int[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
    """Which digits a class can read from the back row: a network is to be explained here, not handwriting.

    Dropped, before the split: digits that look like another class to most of their five nearest neighbours, and
    those written with so thick a pen that 8x8 cells leave little but a block.
    """
    from sklearn.neighbors import NearestNeighbors

    flat = images.reshape(len(images), -1).astype(float)
    neighbours = NearestNeighbors(n_neighbors=6).fit(flat).kneighbors(flat, return_distance=False)[:, 1:]
    like_its_class = (labels[neighbours] == labels[:, None]).sum(axis=1) >= 3
    return like_its_class & ~np.array([_is_block(image) for image in images])


def _is_block(image: UInt8[np.ndarray, "8 8"]) -> bool:
    ink = image >= 8  # at least half full
    ink = ink[np.ix_(ink.any(axis=1), ink.any(axis=0))]
    return ink.shape[1] >= 4 and bool(ink.mean() > 0.72)  # pen strokes of 3 cells are still a line; the rest by eye


def _collect_digits(seed: int) -> None:
    from sklearn.datasets import load_digits

    cells, numbers = load_digits(return_X_y=True)
    images, labels = np.asarray(cells).reshape(-1, 8, 8).astype(np.uint8), np.asarray(numbers)
    readable = np.flatnonzero(legible(images, labels))
    images, labels = images[readable], labels[readable]
    held = hold_out(labels, seed)
    arrays: dict[str, np.ndarray] = {}
    for held_out in (False, True):
        rows = np.flatnonzero(held == held_out)
        arrays[f"{half(held_out)}_digits"] = images[rows]
        arrays[f"{half(held_out)}_labels"] = labels[rows].astype(np.uint8)
        arrays[f"{half(held_out)}_sources"] = readable[rows].astype(np.uint16)
    np.savez_compressed(FOLDER / "digits.npz", allow_pickle=False, **arrays)


def photograph(name: str) -> Image.Image:
    """A photograph of scikit-image, whole, 300 pixels wide."""
    import skimage.data

    folder = Path(skimage.data.__file__).parent
    path = next(path for path in sorted(folder.glob(f"{name}.*")) if path.suffix in (".png", ".jpg"))
    with Image.open(path) as picture:
        height = round(picture.height * PHOTOGRAPH_WIDTH / picture.width)
        return picture.convert("RGB").resize((PHOTOGRAPH_WIDTH, height), Image.Resampling.LANCZOS)
