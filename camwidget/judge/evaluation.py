"""What an evaluation found: numbers with intervals, pictures that were skipped, and the masked ones."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from camwidget.explanation.drawing import Plot
from camwidget.maths import Interval, bootstrap, wins

from .masking import FILLS
from .metrics import Metric
from .optional import imported
from .plan import Plan
from .rows import Row, Shown, chosen, column_names, to_columns

# Subsets that are told apart where boxes are known: name -> which rows.
SUBSETS = {
    "one object": lambda columns: columns["objects"] == 1,
    "several instances": lambda columns: columns["instances"] > 1,
}


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Methods measured on pictures.

    Attributes:
        methods: their names.
        metrics: records, each with its definition.
        columns: one array for each column, one entry for each picture and method, see `rows.column_names`.
        skipped: files that could not be read, by name, and why.
        settings: everything that the results depend on.
        shown: the masked pictures of the first few, as they were scored.
        out: where the rows are kept; None: only here.
    """

    methods: tuple[str, ...]
    metrics: tuple[Metric, ...]
    columns: Mapping[str, np.ndarray]
    skipped: tuple[tuple[str, str], ...]
    settings: Mapping[str, Any]
    shown: tuple[Shown, ...] = ()
    out: str | None = None

    @staticmethod
    def of(
        plan: Plan, rows: Iterable[Row], settings: Mapping[str, Any], shown: Sequence[Shown], out: str | None
    ) -> "Evaluation":
        """From the rows of a run.

        Raises:
            ValueError: no picture is left.
        """
        columns = to_columns(column_names(plan.metrics), rows)
        unread = columns["method"] == ""
        left_out = tuple(zip(columns["name"][unread].tolist(), columns["note"][unread].tolist(), strict=True))
        if unread.all():
            raise ValueError(f"No picture left: {len(left_out)} files could not be read. Check the files.")
        shown = sorted(shown, key=lambda each: each.number)
        return Evaluation(plan.methods, plan.metrics, chosen(columns, ~unread), left_out, settings, tuple(shown), out)

    def __len__(self) -> int:
        """Pictures measured."""
        return len(self.columns["picture"]) // len(self.methods)

    def of_method(self, method: str) -> dict[str, np.ndarray]:
        """The rows of one method, in the order of the pictures.

        Raises:
            ValueError: it was not measured.
        """
        if method not in self.methods:
            raise ValueError(f"No method {method!r} here. Choices: {', '.join(self.methods)}.")
        return chosen(self.columns, self.columns["method"] == method)

    def subset(self, mask: np.ndarray | str) -> "Evaluation":
        """The same of some of the pictures.

        Args:
            mask: "one object", "several instances", a group's name, or True for each row that stays.

        Raises:
            ValueError: no such subset, or no picture in it.
        """
        if isinstance(mask, str):
            mask = self._mask(mask)
        if not mask.any():
            raise ValueError("No picture is in this subset.")
        kept = chosen(self.columns, mask)
        inside = set(kept["picture"].tolist())
        return replace(self, columns=kept, shown=tuple(each for each in self.shown if each.number in inside))

    @property
    def subsets(self) -> tuple[str, ...]:
        """Names of the subsets that hold some but not all of the pictures."""
        groups = dict.fromkeys(name for name in self.columns["group"].tolist() if name)
        names = [*SUBSETS, *(name for name in groups if name not in SUBSETS)]
        return tuple(name for name in names if 0 < self._mask(name).sum() < len(self.columns["picture"]))

    def _mask(self, name: str) -> np.ndarray:
        if name in SUBSETS:
            return SUBSETS[name](self.columns)
        mask = self.columns["group"] == name
        if not mask.any():
            raise ValueError(f"No subset {name!r}. Choices: {', '.join(self.subsets) or 'none'}.")
        return mask

    def summary(self, *, level: float = 0.95) -> dict[str, dict[str, Interval]]:
        """For each method and metric the mean over the pictures, with its bootstrap interval.

        Args:
            level: of the intervals.

        Returns:
            By method, then by metric, in the metric's unit. Metrics that compare methods are in `wins`.
        """
        return {
            method: {
                metric.name: bootstrap(metric.numbers(self.of_method(method)), level=level)
                for metric in self.metrics
                if not metric.is_pairwise
            }
            for method in self.methods
        }

    def wins(self, *, level: float = 0.95) -> dict[tuple[str, str], tuple[Interval, Interval, Interval]]:
        """For each pair of methods, in percent: the first wins, the second wins, ties.

        Args:
            level: of the intervals.

        Raises:
            ValueError: fewer than two methods, or no masked pictures were scored.
        """
        if len(self.methods) < 2:
            raise ValueError(f"win_rate compares methods, and there is only {', '.join(self.methods)}.")
        found = {}
        for first, second in combinations(self.methods, 2):
            one, other = self.of_method(first), self.of_method(second)
            if np.isnan(one["masked_probability"]).all():
                raise ValueError("No masked picture was scored. Ask for the metric 'win_rate' or 'average_drop'.")
            each = wins(one["probability"], one["masked_probability"], other["masked_probability"])
            a, b, tie = (bootstrap(100 * column, level=level) for column in each.T)
            found[first, second] = a, b, tie
        return found

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should know of these numbers."""
        notes = [f"Explained with {name}={value}." for name, value in self.settings["options"].items()]
        if self.settings["fill"] in FILLS:
            notes.append(f"What is hidden is filled with {self.settings['fill']}, for every measure.")
        if self.skipped:
            notes.append(f"{len(self.skipped)} files could not be read and are left out.")
        flat = {method: int(self.of_method(method)["empty"].sum()) for method in self.methods}
        notes += [f"{method}: {count} of {len(self)} maps hold no evidence." for method, count in flat.items() if count]
        nothing = int((self.of_method(self.methods[0])["probability"] == 0).sum())
        if nothing:
            notes.append(f"Y is 0 for {nothing} pictures: they have no drop and are left out of its mean.")
        return tuple(notes)

    def to_frame(self) -> Any:
        """Every row as a pandas data frame.

        Raises:
            ImportError: pandas is not installed.
        """
        return imported("pandas", "to_frame()", "cluster").DataFrame(dict(self.columns))

    def plot(self) -> Plot:
        """A figure: every metric of every method, with its interval."""
        from .figures import plot_summary

        return plot_summary(self)

    def save(self, path: str) -> None:
        """Write the page that a notebook shows, masked pictures included, as an HTML file."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'<!doctype html><meta charset="utf-8"><title>Evaluation</title>{self._repr_html_()}')

    def _repr_html_(self) -> str:
        from .pages import evaluation_page

        return evaluation_page(self)

    def __str__(self) -> str:
        lines = [f"{len(self)} pictures, {len(self.skipped)} skipped"]
        for method, found in self.summary().items():
            lines.append(method)
            titles = {metric.name: metric for metric in self.metrics}
            lines += [f"  {titles[n].title:<24}{value} {titles[n].unit}".rstrip() for n, value in found.items()]
        if any(metric.is_pairwise for metric in self.metrics):
            for (first, second), (one, other, tie) in self.wins().items():
                lines.append(f"win {first} {one} %, {second} {other} %, tie {tie} %")
        return "\n".join([*lines, *self.notes])

    def __repr__(self) -> str:
        names = ", ".join(metric.name for metric in self.metrics)
        return f"<Evaluation: {', '.join(self.methods)} on {len(self)} pictures: {names}>"
