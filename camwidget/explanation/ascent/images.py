"""What was found: a picture for each filter, and how far it drove it."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from ..drawing import Plot, enlarged, png
from .grid import plot, sheet


@dataclass(frozen=True, eq=False)
class FilterImages:
    """The picture that excites each filter most, as far as it was climbed.

    Attributes:
        layer: the layer's full name; several, joined by commas, where the objectives are about several.
        filters: the filters' numbers, in the order of the pictures; of other objectives their places in the list.
        names: what each picture is of, in words: "filter 12", or the class's name.
        images: as people see them, (n, H, W, 3), RGB.
        inputs: as the network takes them, (n, h, w, c), within its legal range.
        activations: the objective after each step, (n, steps): of the picture as the next step sees it, which is moved
            a little by the preset `fourier`; the last number is of the picture itself. NaN for steps not made.
        at_start: the objective before the first step, (n,).
        preset: its name.
        notes: sentences people should read; mostly none.
    """

    layer: str
    filters: tuple[int, ...]
    names: tuple[str, ...]
    images: UInt8[np.ndarray, "n H W 3"]
    inputs: Float[np.ndarray, "n h w c"]
    activations: Float[np.ndarray, "n steps"]
    at_start: Float[np.ndarray, " n"]
    preset: str
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.filters)

    @property
    def reached(self) -> Float[np.ndarray, " n"]:
        """The objective at each picture as it is, (n,)."""
        rows = [row[np.isfinite(row)] for row in self.activations]
        return np.array([row[-1] if len(row) else start for row, start in zip(rows, self.at_start, strict=True)])

    @property
    def silent(self) -> tuple[int, ...]:
        """Filters that nothing excites: no step changed their activation."""
        rows = np.concatenate([self.at_start[:, None], self.activations], axis=1)
        finite = [row[np.isfinite(row)] for row in rows]
        return tuple(
            index for index, row in zip(self.filters, finite, strict=True) if len(row) > 1 and row.max() == row.min()
        )

    def plot(self, *, columns: int | None = None) -> Plot:
        """A figure: all pictures in a grid, each with its filter's number and the activation reached.

        Args:
            columns: of the grid; None: by the number of pictures.

        Raises:
            ValueError: fewer than one.
        """
        return plot(self, columns)

    def save(self, path: str | os.PathLike) -> None:
        """Write the pictures: all in one image file, or each as a PNG of its own into a folder.

        Args:
            path: with an ending, such as "filters.png", an image file; without one a folder, made where it is missing.
        """
        target = Path(path)
        if target.suffix:
            Image.fromarray(sheet(self.images)).save(target)
            return
        target.mkdir(parents=True, exist_ok=True)
        digits = len(str(max(self.filters)))
        for index, image in zip(self.filters, self.images, strict=True):
            stem = re.sub(r"[^\w.-]+", "_", self.layer)
            Image.fromarray(image).save(target / f"{stem}_{index:0{digits}}.png")

    def _repr_png_(self) -> bytes:
        return png(enlarged(sheet(self.images)))

    def __repr__(self) -> str:
        silent = f", {len(self.silent)} silent" if self.silent else ""
        count = f"{len(self)} picture{'s' if len(self) != 1 else ''}"
        steps = self.activations.shape[1]
        return f"<FilterImages: {count} for {self.layer}, {self.preset}, {steps} steps{silent}>"
