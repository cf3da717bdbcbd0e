"""What scenes are made of: real handwritten digits and photographs, each split in two before any scene is painted.

The digits are those of scikit-learn, the photographs those of scikit-image (README.md names sources and licences). Both
lie beside this file, so that a scene needs neither library. `camwidget.samples.train` builds them with `collect.py`.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int, UInt8
from PIL import Image

FOLDER = Path(__file__).parent

CLASS_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

PHOTOGRAPHS = tuple("astronaut brick camera chelsea coffee grass gravel hubble_deep_field retina rocket".split())


@dataclass(frozen=True)
class Material:
    """One half of the material: what training scenes, or held-out scenes, are made of.

    digits: (n, 8, 8) ink from 0 (paper) to 16 (full), `sources` their row in scikit-learn's `load_digits`.
    photographs: RGB pictures, one region of each photograph, at least 112 pixels wide and high.
    """

    digits: UInt8[np.ndarray, "n 8 8"]
    labels: Int[np.ndarray, " n"]
    sources: Int[np.ndarray, " n"]
    photographs: tuple[Image.Image, ...]


def half(held_out: bool) -> str:
    """The name that one half of the material goes by in the files."""
    return "held_out" if held_out else "training"


@functools.cache
def material(held_out: bool) -> Material:
    """Load one half of the material; the two share no digit and no pixel of a photograph."""
    name = half(held_out)
    with np.load(FOLDER / "digits.npz") as file:
        digits, labels, sources = (file[f"{name}_{field}"] for field in ("digits", "labels", "sources"))
    photographs = tuple(photograph(each, held_out=held_out) for each in PHOTOGRAPHS)
    return Material(digits, labels.astype(np.int64), sources.astype(np.int64), photographs)


def photograph(name: str, *, held_out: bool = True) -> Image.Image:
    """One half of a photograph, RGB.

    Args:
        name: one of `PHOTOGRAPHS`: "chelsea" (a cat), "coffee", "rocket" and others.
        held_out: the right half (126 pixels wide), which no sample network has seen; False: the left one (166 pixels).

    Raises:
        ValueError: no such photograph.
    """
    if name not in PHOTOGRAPHS:
        raise ValueError(f"No photograph {name!r}. Expected one of: {', '.join(map(repr, PHOTOGRAPHS))}.")
    return _open(FOLDER / "photographs" / half(held_out) / f"{name}.jpg")


def _open(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")
