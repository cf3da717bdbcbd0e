"""What a network says of a picture, class by class."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from camwidget.model import imagenet_names

# One for each class, in order or by number.
ClassNames = Sequence[str] | Mapping[int, str]


@dataclass(frozen=True)
class Prediction:
    """The network's verdict on one class.

    Attributes:
        index: of the class.
        name: of the class.
        probability: in [0, 1]; NaN where the outputs are values, not classes.
        output: the logit, or the value.
    """

    index: int
    name: str
    probability: float
    output: float


@lru_cache(maxsize=8)
def numbered_classes(count: int, word: str = "class") -> tuple[str, ...]:
    """Names where none were given."""
    return tuple(f"{word} {index}" for index in range(count))


def are_numbered(names: Sequence[str]) -> bool:
    """Whether these stand where no names were given."""
    return tuple(names) in (numbered_classes(len(names)), numbered_classes(len(names), "unit"))


def check_number(names: Sequence[str], classes: Collection[int]) -> None:
    """Raise where names were given, and not as many as one of these numbers of classes, if any is known."""
    if names and classes and len(names) not in classes:
        known = " or ".join(map(str, classes))
        raise ValueError(
            f"class_names= holds {len(names)} names and the network has {known} classes. Pass one name for each class, "
            "in order."
        )


def listed_names(given: ClassNames | None) -> tuple[str, ...] | None:
    """Names of classes in order, as they were given in order or by number, or "imagenet" for those of ImageNet.

    Raises:
        TypeError: another string.
        ValueError: numbers that do not run from 0 without a gap.
    """
    if given == "imagenet":
        return imagenet_names()
    if isinstance(given, str):
        raise TypeError(
            f'class_names= takes a list of names, one for each class, or "imagenet"; one string was given: {given!r}.'
        )
    if isinstance(given, Mapping):
        if sorted(given) != list(range(len(given))):
            raise ValueError(
                f"class_names= holds {len(given)} names, and their numbers are not 0 to {len(given) - 1}. Pass a name "
                "for every class, or a list of them in order."
            )
        given = [given[number] for number in range(len(given))]
    return None if given is None else tuple(map(str, given))
