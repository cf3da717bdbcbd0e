"""The atlas's folder: every file whole or not there, and what was done before an end came."""

import errno
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from camwidget.model import LayerInfo

# The file that says that a folder is an atlas, and with which settings it was made.
SETTINGS = "atlas.json"

_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Store:
    """A folder of pages and pictures.

    Its files:

    atlas.json              the settings
    index.html              the layers
    layer-<name>.html       one page for each layer
    pictures/<name>/        0000.png ..., and done.json: what each reached
    """

    folder: Path

    def open(self, settings: dict[str, Any]) -> None:
        """Make the folder, or go on with it where it is an atlas of the same settings.

        Raises:
            ValueError: it holds something else, or an atlas of other settings.
        """
        file = self.folder / SETTINGS
        if file.is_file():
            before = json.loads(file.read_text(encoding="utf-8"))
            names = sorted(before.keys() | settings.keys())
            changed = [name for name in names if before.get(name) != settings.get(name)]
            if changed:
                words = ", ".join(f"{name} was {before.get(name)} and is {settings.get(name)}" for name in changed)
                raise ValueError(
                    f"{str(self.folder)!r} holds an atlas made with other settings: {words}. Choose another folder, "
                    "delete this one, or pass the same settings to go on with it."
                )
            return
        if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise ValueError(
                f"{str(self.folder)!r} exists and is no atlas. Pass a new or empty folder, so that nothing of yours "
                "is written over."
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        self.write(SETTINGS, json.dumps(settings, indent=1).encode())

    def pictures(self, layer: LayerInfo) -> str:
        """The folder of a layer's pictures, inside this one."""
        return f"pictures/{slug(layer.name)}"

    def done(self, layer: LayerInfo) -> dict[int, float]:
        """What each finished unit of a layer reached; NaN for one that is silent."""
        file = self.folder / self.pictures(layer) / "done.json"
        if not file.is_file():
            return {}
        kept = json.loads(file.read_text(encoding="utf-8"))
        return {int(unit): float("nan") if value is None else value for unit, value in kept.items()}

    def finish(self, layer: LayerInfo, reached: dict[int, float]) -> None:
        """Note what each finished unit of a layer reached, once its picture is written."""
        kept = {str(unit): None if value != value else value for unit, value in sorted(reached.items())}
        self.write(f"{self.pictures(layer)}/done.json", json.dumps(kept).encode())

    def write(self, name: str, content: bytes) -> None:
        """Write a file whole: beside its place first, then into it.

        Raises:
            OSError: the disk is full, or the folder cannot be written.
        """
        file = self.folder / name
        beside = file.with_name(file.name + ".part")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(content)
            os.replace(beside, file)
        except OSError as error:
            beside.unlink(missing_ok=True)
            if error.errno not in _FULL:
                raise
            raise OSError(
                error.errno,
                f"The disk of {str(self.folder)!r} is full. What is finished is kept: make room, and ask for the same "
                "atlas again to go on with it",
            ) from error


def page(layer: LayerInfo) -> str:
    """The file of a layer's page; no layer's name makes it that of the first page."""
    return f"layer-{slug(layer.name)}.html"


def slug(name: str) -> str:
    """A layer's name as a file's, another one for every layer: "backbone/conv#2" as "backbone=2Fconv=232"."""
    return quote(name, safe="").replace("%", "=").replace(".", "=2E")  # a folder called ".." would be another one
