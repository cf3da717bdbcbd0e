"""What an audit finds: where the evidence for a class gathers."""

from dataclasses import dataclass

import numpy as np

from camwidget.maths import Interval

# A class with fewer pictures than this says too little to be ranked.
LEAST = 5

# What a finding's share must be above area and other classes, at the lower end of its interval, to be shown as one.
NOTABLE = 0.05


@dataclass(frozen=True)
class Finding:
    """The evidence for one class gathers in one part of its pictures.

    Attributes:
        class_name: the explained class.
        part: a name in `camwidget.maths.PARTS`.
        share: of the evidence in that part, mean over the class's pictures, in [0, 1].
        area: share of the pictures' area that the part has, mean, in [0, 1].
        elsewhere: mean share of the evidence there in pictures of all other classes; NaN without any.
    """

    class_name: str
    part: str
    share: Interval
    area: float
    elsewhere: float

    @property
    def excess(self) -> float:
        """How far the share is above what area and other classes give reason for; the lower end of its interval."""
        return self.share.low - float(np.nanmax([self.area, self.elsewhere]))

    def __str__(self) -> str:
        others = "" if np.isnan(self.elsewhere) else f", and {self.elsewhere:.0%} of the evidence for other classes"
        return (
            f"{self.class_name}: {self.share.value:.0%} [{self.share.low:.0%}, {self.share.high:.0%}] of the evidence "
            f"is {_where(self.part)}, which holds {self.area:.0%} of the area{others}."
        )


def _where(part: str) -> str:
    if part == "border":
        return "on the border"
    return f"in the {part}" if part.split()[0] in ("top", "middle", "bottom") else f"in what is {part}"
