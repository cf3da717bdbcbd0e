"""What the judges of a trial are asked: pictures, classes, order and sides, all of it by seed."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Integer

from camwidget.maths import METHODS, f1_scores


@dataclass(frozen=True)
class Shot:
    """One picture of a trial.

    Attributes:
        picture: its number in the data set.
        name: for people.
        class_name: what the judge is told; both maps explain that class.
    """

    picture: int
    name: str
    class_name: str


@dataclass(frozen=True)
class Question:
    """What one judge is asked next.

    Attributes:
        shot: the picture.
        left: method of the map on the left; the judge does not see it.
        right: method of the map on the right.
    """

    shot: Shot
    left: str
    right: str


@dataclass(frozen=True)
class Trial:
    """The plan of a trial.

    Attributes:
        methods: the two that are compared.
        shots: the pictures.
        seed: of every judge's order and sides.

    Raises:
        ValueError: not two different methods, no picture, or one twice.
    """

    methods: tuple[str, str]
    shots: tuple[Shot, ...]
    seed: int = 0

    def __post_init__(self) -> None:
        if len(self.methods) != 2 or self.methods[0] == self.methods[1]:
            raise ValueError(f"A trial compares two different methods, and {self.methods!r} are not. Pass a pair.")
        unknown = [method for method in self.methods if method not in METHODS]
        if unknown:
            raise ValueError(f"No method {unknown[0]!r}. Choices: {', '.join(METHODS)}.")
        numbers = [shot.picture for shot in self.shots]
        if not numbers:
            raise ValueError("A trial without pictures was planned. Pass one or more.")
        if len(set(numbers)) < len(numbers):
            twice = next(number for number in numbers if numbers.count(number) > 1)
            raise ValueError(f"Picture {twice} is in the trial more than once. Pass each once.")

    def questions(self, judge: str) -> tuple[Question, ...]:
        """Every picture once, in an order and with sides that are this judge's own, always the same ones.

        Args:
            judge: any name that is not empty.

        Raises:
            ValueError: it is empty.
        """
        if not judge.strip():
            raise ValueError("A judge without a name: votes of several people could not be told apart. Pass a name.")
        generator = np.random.default_rng([self.seed, zlib.crc32(judge.encode())])
        order = generator.permutation(len(self.shots)).tolist()
        swapped = (generator.random(len(self.shots)) < 0.5).tolist()
        first, second = self.methods
        return tuple(
            Question(self.shots[n], *((second, first) if swap else (first, second)))
            for n, swap in zip(order, swapped, strict=True)
        )


def best_classes(
    labels: Integer[np.ndarray, " n"], predicted: Integer[np.ndarray, " m"], *, classes: int, count: int = 5
) -> list[int]:
    """The classes with the best F1 scores, best first, so that judges look at maps of classes the network knows.

    The paper takes five. Equal scores go by index; classes without a picture are left out.

    Args:
        labels: the true class of each picture.
        predicted: the class the network predicts.
        classes: how many the network has.
        count: how many are wanted, at least 1.

    Raises:
        ValueError: as many labels as predictions are needed, inside the classes.
    """
    if labels.shape != predicted.shape or not labels.size:
        raise ValueError(
            f"{labels.size} labels and {predicted.size} predictions were given. Pass one of each a picture."
        )
    outside = [k for k in (*labels.tolist(), *predicted.tolist()) if not 0 <= k < classes]
    if outside:
        raise ValueError(f"Class {outside[0]} is outside the {classes} classes, 0 to {classes - 1}.")
    if count < 1:
        raise ValueError(f"count={count} is below 1. Pass how many classes are wanted; the paper has 5.")
    scores = f1_scores(labels, predicted, classes)
    present = np.flatnonzero(np.bincount(labels, minlength=classes))
    return sorted(present.tolist(), key=lambda k: (-scores[k], k))[:count]


def choose(
    labels: Integer[np.ndarray, " n"], chosen: Sequence[int], *, per_class: int = 50, seed: int = 0
) -> tuple[int, ...]:
    """Numbers of pictures drawn at random, so many of each class; all of a class that has fewer.

    The paper has 50 of each of 5 classes, 250 in all.

    Args:
        labels: the true class of each picture.
        chosen: classes, from `best_classes`.
        per_class: how many of each, at least 1.
        seed: of the drawing.

    Raises:
        ValueError: per_class below 1, or a class without a picture.
    """
    if per_class < 1:
        raise ValueError(f"per_class={per_class} is below 1. Pass how many pictures of each class are shown.")
    generator = np.random.default_rng(seed)
    numbers: list[int] = []
    for k in chosen:
        mine = np.flatnonzero(labels == k)
        if not mine.size:
            raise ValueError(f"No picture has label {k}. Choose among {sorted(set(labels.tolist()))}.")
        numbers += sorted(generator.choice(mine, min(per_class, mine.size), replace=False).tolist())
    return tuple(numbers)
