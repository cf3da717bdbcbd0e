"""Roads, good or with a pothole, in surroundings of one's choice: a data set that shortcuts can be planted in."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, UInt8

from .material import material
from .roadside import SURROUNDINGS, Textures, paint_road

ROAD_CLASSES = ("good", "pothole")
Shares = str | Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Roads:
    """Pictures of roads and what is known of each.

    Attributes:
        images: RGB, 0..255.
        labels: places in `ROAD_CLASSES`.
        groups: the surroundings of each picture, by name.
        boxes: of the pothole, (top, left, bottom, right) in pixels, half-open; all zero on a good road.
    """

    images: UInt8[np.ndarray, "n 64 64 3"]
    labels: Int[np.ndarray, " n"]
    groups: tuple[str, ...]
    boxes: Int[np.ndarray, "n 4"]

    def __len__(self) -> int:
        """Pictures."""
        return len(self.labels)


def roads(
    count: int, good: Shares = "bare", pothole: Shares = "bare", *, seed: int = 0, held_out: bool = False
) -> Roads:
    """Paint roads, every other one with a pothole, each class in surroundings of its own.

    What differs between the surroundings of the two classes is a shortcut: a network can tell the classes apart by it
    and never look at the road. The textures are crops of photographs; training and held-out pictures take theirs from
    different parts, so that they share no pixel.

    Args:
        count: how many pictures.
        good: the surroundings of the good roads: a name in `SURROUNDINGS`, or several with their shares, as in
            `{"meadow": 0.96, "town": 0.04}`. The shares are kept as exactly as whole pictures allow.
        pothole: those of the roads with a pothole.
        seed: the same one gives the same pictures.
        held_out: whether to use the parts of the photographs that are kept for tests.

    Raises:
        ValueError: no pictures asked for, unknown surroundings, or shares that do not add up to 1.

    Example:
        >>> planted = roads(400, good="meadow", pothole="sign")
    """
    if count < 1:
        raise ValueError(f"{count} pictures were asked for. Pass a whole number from 1.")
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(ROAD_CLASSES)
    groups = np.empty(count, dtype=object)
    for label, shares in enumerate((good, pothole)):
        mine = labels == label
        groups[mine] = _dealt(rng, shares, int(mine.sum()))
    textures = Textures(rng, material(held_out))
    painted = [paint_road(textures, group, broken=bool(label)) for label, group in zip(labels, groups, strict=True)]
    return Roads(
        np.stack([image for image, _ in painted]),
        labels.astype(np.int64),
        tuple(groups.tolist()),
        np.array([box for _, box in painted], dtype=np.int64),
    )


def _dealt(rng: np.random.Generator, shares: Shares, count: int) -> list[str]:
    """Surroundings for so many pictures, in random order."""
    wanted = {shares: 1.0} if isinstance(shares, str) else dict(shares)
    unknown = [name for name in wanted if name not in SURROUNDINGS]
    if unknown:
        raise ValueError(f"No surroundings {unknown[0]!r}. Choices: {', '.join(SURROUNDINGS)}.")
    if not wanted or min(wanted.values()) < 0 or abs(sum(wanted.values()) - 1) > 1e-6:
        raise ValueError(f"The shares {wanted} do not add up to 1. Pass such as {{'meadow': 0.9, 'town': 0.1}}.")
    ends = np.round(np.cumsum(list(wanted.values())) * count).astype(int)
    return rng.permutation(np.repeat(list(wanted), np.diff(ends, prepend=0))).tolist()
