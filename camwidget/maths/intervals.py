"""How far a mean over some pictures may be from that over all there are."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

# Resampled numbers held at a time: 32 MB.
_AT_A_TIME = 2**22


class Interval(NamedTuple):
    """A mean, the interval around it, and what it rests on.

    Attributes:
        value: the mean; NaN where nothing was measured.
        low: lower end.
        high: upper end.
        size: how many numbers it was made of.
        undefined: how many were NaN and are left out.
    """

    value: float
    low: float
    high: float
    size: int
    undefined: int = 0

    def __str__(self) -> str:
        return "undefined" if np.isnan(self.value) else f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"

    def scaled(self, factor: float) -> "Interval":
        """The same in another unit."""
        return self._replace(value=self.value * factor, low=self.low * factor, high=self.high * factor)


def bootstrap(
    values: Float[np.ndarray, " n"], *, level: float = 0.95, resamples: int = 1000, seed: int = 0
) -> Interval:
    """The mean with its percentile bootstrap interval (Efron 1979).

    The pictures are drawn again with replacement, as many as there are, `resamples` times; the
    interval holds the middle `level` of the means. Of one number alone it is that number: with
    fewer than some ten it is too narrow.

    Args:
        values: one for each picture; NaN where it is undefined, which is left out and counted.
        level: share of the resampled means inside, in (0, 1).
        resamples: how many.
        seed: of the drawing.

    Raises:
        ValueError: level outside (0, 1).
    """
    _check(level)
    known = values[~np.isnan(values)].astype(np.float64)
    undefined = values.size - known.size
    if not known.size:
        return Interval(float("nan"), float("nan"), float("nan"), 0, undefined)
    generator = np.random.default_rng(seed)
    rows = max(1, _AT_A_TIME // known.size)
    means = [
        known[generator.integers(0, known.size, (min(rows, resamples - start), known.size))].mean(axis=1)
        for start in range(0, resamples, rows)
    ]
    low, high = np.quantile(np.concatenate(means), [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(known.mean()), float(low), float(high), known.size, undefined)


# Half the width of the interval of a standard normal, by level: what accuracies are asked for.
_QUANTILES = {0.9: 1.6448536269514722, 0.95: 1.959963984540054, 0.99: 2.5758293035489004}


def proportion(hits: int, count: int, *, level: float = 0.95) -> Interval:
    """A share of pictures with its Wilson score interval (Wilson 1927), which holds for few pictures too.

    Args:
        hits: pictures of which it is true.
        count: pictures in all.
        level: 0.9, 0.95 or 0.99.

    Raises:
        ValueError: another level.
    """
    if level not in _QUANTILES:
        raise ValueError(f"level={level:g} is none of {', '.join(map(str, _QUANTILES))}.")
    if not count:
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    z, share = _QUANTILES[level], hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return Interval(share, float(max(0.0, middle - half)), float(min(1.0, middle + half)), count)


def _check(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level={level:g} is out of range. Pass a share between 0 and 1; 0.95 is usual.")
