"""Bias: where in its pictures a network finds its evidence, class by class and group by group."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from camwidget.explanation import Explainer, Explanation, make_query
from camwidget.explanation.drawing import Plot, overlay
from camwidget.explanation.many import explain_together
from camwidget.explanation.query import takes_query
from camwidget.maths import PARTS, Interval, bootstrap, box_mask, energy_inside, proportion, resize
from camwidget.maths.faithfulness import mean

from .cases import Case, beside, by_folder
from .findings import LEAST, NOTABLE, Finding
from .gallery import Gallery, Telling, thumbnail
from .gallery import beside as side_by_side
from .plan import Plan, chunks, opened, read_chunk


@dataclass(frozen=True, eq=False)
class Audit:
    """Where the evidence lies.

    Attributes:
        columns: one array for each column, one entry for each picture: picture (its number), name, label,
            class_name (explained), correct (1, 0, NaN without a label), group, inside (share of the evidence
            inside boxes or mask), inside_area (their share of the area).
        shares: share of the evidence in each of `PARTS`, shape (n, parts); NaN for maps without evidence.
        areas: share of the area of each part, shape (n, parts).
        skipped: files that could not be read, by name, and why.
        gallery: the pictures that each finding shows best.
        method: that made the maps.
    """

    columns: Mapping[str, np.ndarray]
    shares: np.ndarray
    areas: np.ndarray
    skipped: tuple[tuple[str, str], ...]
    gallery: Gallery
    method: str

    def __len__(self) -> int:
        """Pictures audited."""
        return len(self.columns["picture"])

    @property
    def findings(self) -> tuple[Finding, ...]:
        """For every class and part how much evidence is there, the most surprising first.

        Ranked by how far the share's interval lies above the part's area and above the share that the
        evidence for other classes has there. Classes of fewer than 5 pictures are left out.
        """
        found = []
        classes = self.columns["class_name"]
        for name in dict.fromkeys(classes.tolist()):
            mine = classes == name
            if mine.sum() < LEAST:
                continue
            for place, part in enumerate(PARTS):
                share = bootstrap(self.shares[mine, place])
                elsewhere = mean(self.shares[~mine, place])
                found.append(Finding(name, part, share, float(self.areas[mine, place].mean()), elsewhere))
        known = [finding for finding in found if not np.isnan(finding.share.value)]
        return tuple(sorted(known, key=lambda finding: -finding.excess))

    def accuracy(self, by: str = "group", *, level: float = 0.95) -> dict[str, Interval]:
        """Share of pictures whose predicted class is their label, with Wilson intervals.

        Args:
            by: "group", "label" or "class_name".
            level: 0.9, 0.95 or 0.99.
        """
        return {
            name: proportion(int(rows["correct"].sum()), len(rows["correct"]), level=level)
            for name, rows in self._by(by)
            if not np.isnan(rows["correct"]).any()
        }

    def inside(self, by: str = "class_name", *, level: float = 0.95) -> dict[str, Interval]:
        """Share of the evidence inside boxes or masks, mean with its bootstrap interval.

        Args:
            by: "group", "label" or "class_name".
            level: of the intervals.
        """
        return {name: bootstrap(rows["inside"], level=level) for name, rows in self._by(by)}

    def _by(self, column: str) -> list[tuple[str, dict[str, np.ndarray]]]:
        if column not in ("group", "label", "class_name"):
            raise ValueError(f"by={column!r} is none of 'group', 'label', 'class_name'.")
        values = self.columns[column]
        names = [name for name in dict.fromkeys(values.tolist()) if name]
        return [(n, {key: rows[values == n] for key, rows in self.columns.items()}) for n in sorted(names)]

    def telling(self, count: int = 12) -> tuple[Telling, ...]:
        """The most telling pictures: of the strongest findings those that show them best, and the least inside."""
        reasons = [(finding.class_name, finding.part) for finding in self.findings if finding.excess > NOTABLE]
        return self.gallery.ranked(reasons, count)

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should know of these numbers."""
        empty = int(np.isnan(self.shares).all(axis=1).sum())
        skipped, small = len(self.skipped), self._small
        return (
            *((f"{skipped} files could not be read and are left out.",) if skipped else ()),
            *((f"{empty} of {len(self)} maps hold no evidence; they have no shares.",) if empty else ()),
            *((f"Classes of fewer than {LEAST} pictures are not ranked: {', '.join(small)}.",) if small else ()),
        )

    @property
    def _small(self) -> tuple[str, ...]:
        names, counts = np.unique(self.columns["class_name"].astype(str), return_counts=True)
        return tuple(names[counts < LEAST].tolist())

    def plot(self, count: int = 8) -> Plot:
        """A figure: the strongest findings, each share with its interval, beside area and other classes."""
        from .pictures import plot_findings

        return plot_findings(self, count)

    def _repr_html_(self) -> str:
        from .pictures import audit_page

        return audit_page(self)

    def __repr__(self) -> str:
        first = next(iter(self.findings), None)
        return f"<Audit of {len(self)} pictures{f': {first}' if first else ''}>"


@takes_query
def attention_audit(
    explainer: Explainer,
    images: Iterable[object],
    *,
    groups: Iterable[str] | None = None,
    masks: Iterable[object] | None = None,
    batch: int | None = None,
    **options: object,
) -> Audit:
    """Where does the evidence lie? Shares inside boxes or masks, on the border, by region and by colour.

    A network that found a shortcut (a watermark, a ruler beside the wound, the snow behind the wolf) has its
    evidence there. The shares of each class are set against the area and against the other classes,
    and the most surprising come first.

    Args:
        explainer: of the network.
        images: see `evaluate`; labels and boxes come with them (folders, data sets, `Case`).
        groups: one word for each picture, by which accuracies are told apart.
        masks: for each picture an array (H, W), True where evidence is expected, or None; without it the
            boxes of the explained class count.
        batch: pictures that go through the network together; None: by their size.
        **options: see `Query`; without `target=` the class is the one the network predicts.

    Returns:
        An `Audit`.

    Raises:
        TypeError, ValueError: what was given, what was expected, how to mend it.

    Example:
        >>> audit = attention_audit(explainer, "wolves_and_huskies", method="grad_cam")
        >>> print(audit.findings[0])
    """
    query = make_query(options)
    plan = Plan((query,), (), None)
    size, stream = opened(explainer, beside(images, group=groups, mask=masks), plan, batch)
    gallery = Gallery()
    rows: list[dict[str, object]] = []
    parts: list[tuple[np.ndarray, np.ndarray]] = []
    skipped: list[tuple[str, str]] = []
    for chunk in chunks(stream, size):
        readable, unread = read_chunk(explainer, query, chunk)
        skipped += [(case.name, why) for _, case, why in unread]
        explained = explain_together(explainer, [picture for *_, picture in readable], [(query,)] * len(readable))
        for (number, case, _), (explanation,) in zip(readable, explained, strict=True):
            classes = explainer.class_names(explainer.probe(explanation.picture, query.output))
            row = _row(number, case, explanation, classes)
            shares, areas = _parts(explanation)
            rows.append(row)
            parts.append((shares, areas))
            _remember(gallery, row, shares, explanation)
    return Audit(
        columns={name: np.array([row[name] for row in rows], dtype=_TYPES.get(name, object)) for name in rows[0]},
        shares=np.array([shares for shares, _ in parts]),
        areas=np.array([areas for _, areas in parts]),
        skipped=tuple(skipped),
        gallery=gallery,
        method=query.method,
    )


_TYPES = {"picture": np.int64, "correct": np.float64, "inside": np.float64, "inside_area": np.float64}


def _row(number: int, case: Case, explanation: Explanation, classes: Sequence[str]) -> dict[str, object]:
    case, label = by_folder(case, classes)
    predicted = classes[int(explanation.outputs.argmax())]
    try:
        allowed = _allowed(case, explanation, classes)
    except ValueError as error:
        raise ValueError(f"Picture {case.name}: {error}") from error
    return {
        "picture": number,
        "name": case.name,
        "label": label,
        "class_name": explanation.target_name,
        "correct": float(label == predicted) if label else float("nan"),
        "group": case.group,
        "inside": float("nan") if allowed is None else energy_inside(explanation.heatmap, allowed),
        "inside_area": float("nan") if allowed is None else float(allowed.mean()),
    }


def _allowed(case: Case, explanation: Explanation, classes: Sequence[str]) -> np.ndarray | None:
    size = explanation.picture.pixels.shape[:2]
    if case.mask is not None:
        mask = np.asarray(case.mask)
        if mask.shape[:2] != size or mask.ndim > 3:
            raise ValueError(f"the mask has shape {mask.shape}, and the picture {size}. Pass one of its size.")
        return np.asarray(mask.reshape(*size, -1).any(axis=2))
    boxes = case.boxes_of(explanation.target, classes)
    return None if boxes is None or not len(boxes) else box_mask(boxes, *size)


def _parts(explanation: Explanation) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the evidence and of the area, one for each of `PARTS`."""
    pixels = thumbnail(explanation.picture.pixels)
    heat = resize(explanation.heat, *pixels.shape[:2])
    masks = [where(pixels) for where in PARTS.values()]
    return np.array([energy_inside(heat, mask) for mask in masks]), np.array([mask.mean() for mask in masks])


def _remember(gallery: Gallery, row: Mapping[str, object], shares: np.ndarray, explanation: Explanation) -> None:
    pixels = thumbnail(explanation.picture.pixels)

    def painted() -> np.ndarray:
        heat = resize(explanation.heat, *pixels.shape[:2])
        return side_by_side(pixels, overlay(pixels, heat, colormap="viridis", opacity=0.7))

    for part, share in zip(PARTS, shares.tolist(), strict=True):
        gallery.offer(part, row, share, painted)
    inside = row["inside"]
    assert isinstance(inside, float)  # noqa: S101 # made so above
    gallery.offer("outside", row, 1 - inside, painted)
