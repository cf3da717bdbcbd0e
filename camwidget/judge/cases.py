"""Pictures to be judged, with what is known of them, from whatever they come in."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from camwidget.explanation.many import labelled

# What Pillow reads everywhere; other files of a folder are no pictures and passed over.
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")


@dataclass(frozen=True, eq=False)
class Case:
    """A picture and what is known of it.

    Attributes:
        image: whatever `Explainer.explain` takes.
        name: for tables; "" is its number.
        label: the true class, by index or name; None: not known.
        boxes: of objects, (top, left, bottom, right) in pixels of the picture, half-open; None: not known.
        box_classes: the class in each box; None: that of the label, or whatever class is explained.
        group: any word that pictures are told apart by.
        mask: True where evidence is allowed to be, of the picture's height and width.
        folder: the folder inside the one that was given.
    """

    image: object
    name: str = ""
    label: int | str | None = None
    boxes: object = None
    box_classes: Sequence[int | str] | None = None
    group: str = ""
    mask: object = None
    folder: str = ""

    def boxes_of(self, index: int, names: Sequence[str]) -> np.ndarray | None:
        """The boxes that hold a class, shape (n, 4); None where no boxes are known.

        Args:
            index: of the class.
            names: of all classes.

        Raises:
            ValueError: the boxes have another shape, or a class that there is not.
        """
        boxes = self.all_boxes
        if boxes is None:
            return None
        if self.box_classes is None:
            mine = self.label is None or class_index(self.label, names, self.name) == index
            return boxes if mine else boxes[:0]
        if len(self.box_classes) != len(boxes):
            raise ValueError(
                f"Picture {self.name}: {len(self.box_classes)} box_classes for {len(boxes)} boxes. Pass one for each."
            )
        return boxes[[class_index(each, names, self.name) == index for each in self.box_classes]]

    @property
    def all_boxes(self) -> np.ndarray | None:
        """Every box, shape (n, 4), whole numbers."""
        if self.boxes is None:
            return None
        boxes: Any = np.asarray(self.boxes)
        if boxes.size == 0:
            return np.zeros((0, 4), int)
        if boxes.ndim != 2 or boxes.shape[1] != 4 or boxes.dtype.kind not in "iuf":
            raise ValueError(
                f"Picture {self.name}: boxes of shape {boxes.shape} were given. Pass rows of (top, left, bottom, "
                "right), in pixels of the picture."
            )
        return boxes.round().astype(int)


def class_index(label: object, names: Sequence[str], picture: str, option: str = "label") -> int:
    """The class that a label means, or what is given by another option.

    Raises:
        TypeError, ValueError: the network has no such class.
    """
    if isinstance(label, str):
        if names.count(label) == 1:
            return names.index(label)
        few = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
        raise ValueError(f"Picture {picture}: no class is called {label!r}. Classes: {few}. Pass a name or an index.")
    if isinstance(label, bool) or not isinstance(label, int | np.integer):
        raise TypeError(f"Picture {picture}: {option} is a class by index or name, not {label!r}.")
    if not 0 <= label < len(names):
        raise ValueError(
            f"Picture {picture}: {option} {label} is outside the classes: the network has {len(names)}, 0 to "
            f"{len(names) - 1}."
        )
    return int(label)


def by_folder(case: Case, names: Sequence[str]) -> tuple[Case, str]:
    """The case with its label as an index and its group, and the label's name, "" where there is none.

    Where they are not given the folder tells: one that is called as a class is the label of its pictures, any
    other one their group.

    Args:
        case: as it was given.
        names: of all classes.

    Raises:
        TypeError, ValueError: the network has no such class.
    """
    folder = case.folder.rsplit("/", 1)[-1]
    is_class = folder in names
    group = case.group or ("" if is_class else case.folder)
    if case.label is None and not is_class:
        return replace(case, group=group), ""
    label = names.index(folder) if case.label is None else class_index(case.label, names, case.name)
    return replace(case, label=label, group=group), names[label]


def cases(images: Any) -> Iterator[Case]:
    """Every picture as a `Case` with a name: from a folder, an array, a data set, or any iterable.

    Args:
        images: a folder (its pictures at any depth, in the order of their names), or whatever
            `Explainer.explain_many` takes, labels included; a `Case` stays as it is.

    Raises:
        TypeError, ValueError: no such folder, or one picture instead of many.
    """
    if isinstance(images, str | os.PathLike):
        yield from (_of_file(Path(images), path) for path in files(images))
        return
    for number, (given, label) in enumerate(labelled(images)):
        if isinstance(given, Case):
            yield given if given.name else replace(given, name=_name(given.image, number))
        else:
            yield Case(given, _name(given, number), as_label(label))


def files(folder: str | os.PathLike) -> list[Path]:
    """The pictures in a folder, at any depth, in the order of their names.

    Raises:
        ValueError: there is no such folder, or no picture in it.
    """
    root = Path(folder)
    if not root.is_dir():
        what = "is a file" if root.exists() else "does not exist"
        raise ValueError(f"No folder at {str(root)!r}: it {what} (looked from {os.getcwd()!r}). Check the path.")
    found = sorted(path for path in root.rglob("*") if path.suffix.lower() in ENDINGS and path.is_file())
    if not found:
        raise ValueError(f"No pictures in {str(root)!r}: no file ends in {', '.join(ENDINGS)}. Check the path.")
    return found


def beside(images: Any, **columns: Iterable[Any] | None) -> Iterator[Case]:
    """The same cases with more that is known of each: one value of every column for each picture.

    Args:
        images: see `cases`.
        **columns: fields of `Case`; None: as it is.

    Raises:
        ValueError: fewer or more values than pictures.
    """
    given = {name: iter(values) for name, values in columns.items() if values is not None}
    number = -1
    for number, case in enumerate(cases(images)):
        known = {name: next(values, _MISSING) for name, values in given.items()}
        for name, value in known.items():
            if value is _MISSING:
                raise ValueError(f"{name} ends before picture {number}. Pass one for each picture.")
        yield replace(case, **known)
    for name, values in given.items():
        if next(values, _MISSING) is not _MISSING:
            raise ValueError(f"{name} holds more values than there are pictures, {number + 1}. Pass one for each.")


_MISSING = object()


def _of_file(root: Path, path: Path) -> Case:
    inside = path.relative_to(root)
    return Case(str(path), inside.as_posix(), folder=inside.parent.as_posix() if inside.parent != Path() else "")


def _name(image: object, number: int) -> str:
    return Path(image).name if isinstance(image, str | os.PathLike) else str(number)


def as_label(label: Any) -> int | str | None:
    """A class out of what data sets have: an index, a name, or one number for each class."""
    if label is None or isinstance(label, str):
        return label
    values = np.asarray(label)
    if values.dtype.kind in "SO" and values.ndim == 0:
        item = values.item()
        return item.decode() if isinstance(item, bytes) else str(item)
    if values.size == 1:
        return int(values.item())
    return int(values.argmax())
