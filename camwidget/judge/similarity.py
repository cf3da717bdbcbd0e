"""How alike the maps of two networks are, picture by picture."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from camwidget.explanation import Explainer, Explanation, Query, make_query
from camwidget.explanation.many import explain_together
from camwidget.explanation.measuring import batch_size
from camwidget.maths import METHODS, Interval, edges, normalize, rank_correlation, resize, structural_similarity
from camwidget.model import Picture

# (explainer, picture, target) -> a signed map, (h, w), to be judged as the methods are.
OwnMethod = Callable[[Explainer, Picture, int], np.ndarray]

MEASURES = {
    "absolute": "rank correlation of the maps as they are shown, never negative",
    "signed": "rank correlation of the signed maps, before any ReLU",
    "ssim": "structural similarity of the heat maps",
}

# By method and measure, numbers: the last axis counts the pictures.
Values = Mapping[str, Mapping[str, np.ndarray]]

# Beyond which two sets of maps are called the same, by the lower end of the interval of their mean correlation.
ALIKE = 0.5


def edge_detector(explainer: Explainer, picture: Picture, target: int) -> Float[np.ndarray, "h w"]:
    """The control: Sobel's edges of the picture, which depend on no weight."""
    return edges(picture.inputs)


@dataclass(frozen=True, eq=False)
class Map:
    """One map, in the forms that are compared.

    Attributes:
        shown: never negative, raw units.
        signed: raw units.
        heat: in [0, 1], at the size the network takes.
    """

    shown: np.ndarray
    signed: np.ndarray
    heat: Float[np.ndarray, "h w"]


def of_explanation(explanation: Explanation) -> Map:
    """An explanation's map."""
    height, width = explanation.picture.inputs.shape[:2]
    heat = resize(explanation.heat, height, width).astype(np.float32)
    return Map(explanation.map.astype(np.float32), explanation.signed.astype(np.float32), heat)


def of_array(signed: np.ndarray, picture: Picture) -> Map:
    """A map from a method of one's own.

    Raises:
        ValueError: it is not a map.
    """
    signed = np.asarray(signed)
    if signed.ndim != 2:
        raise ValueError(f"A method of your own gave shape {signed.shape}; a map (h, w) is expected.")
    shown = np.maximum(signed, 0)
    heat = resize(normalize(shown.astype(np.float64)), *picture.inputs.shape[:2]).astype(np.float32)
    return Map(shown, signed, heat)


def alike(a: Map, b: Map) -> tuple[float, float, float]:
    """The numbers of `MEASURES`, in that order; NaN where a map is the same everywhere."""
    if min(np.ptp(a.heat), np.ptp(b.heat)) == 0:
        structure = float("nan")
    else:
        structure = structural_similarity(a.heat, b.heat)
    return rank_correlation(a.shown, b.shown), rank_correlation(a.signed, b.signed), structure


def numbers_of(values: Values, method: str, measure: str) -> np.ndarray:
    """What one measure gave for one method.

    Raises:
        ValueError: there is no such measure or method.
    """
    if measure not in MEASURES:
        raise ValueError(f"No measure {measure!r}. Choices: {', '.join(MEASURES)}.")
    if method not in values:
        raise ValueError(f"No method {method!r} here. Choices: {', '.join(values)}.")
    return values[method][measure]


def insensitive(methods: Sequence[str], mean: Callable[[str, str], Interval]) -> tuple[str, ...]:
    """Methods whose maps are the same whatever was learnt: their mean correlation lies above 0.5 with its interval.

    Args:
        methods: their names.
        mean: of a method and a measure.
    """
    return tuple(m for m in methods if max(mean(m, each).low for each in ("absolute", "signed")) > ALIKE)


def judged(methods: Sequence[str | OwnMethod]) -> list[str | OwnMethod]:
    """The methods, and the control.

    Raises:
        TypeError: it is no list of methods, or an empty one.
    """
    if isinstance(methods, str) or not methods:
        raise TypeError(f"methods= takes a list of methods, and {methods!r} is none. Choices: {', '.join(METHODS)}.")
    return [*methods, edge_detector]


@dataclass(frozen=True, eq=False)
class Asked:
    """Pictures, each about one class, explained by some methods.

    Attributes:
        pictures: as the network takes them.
        queries: for each picture one for each named method.
        own: methods that are functions, by name.
        named: how many of the queries are methods to be judged; the others only read the network's verdict.
    """

    pictures: tuple[Picture, ...]
    queries: tuple[tuple[Query, ...], ...]
    own: Mapping[str, OwnMethod]
    named: int

    @property
    def methods(self) -> tuple[str, ...]:
        """All their names."""
        return (*(query.method for query in self.queries[0][: self.named]), *self.own)

    @property
    def targets(self) -> tuple[int, ...]:
        """The class that each picture is asked about."""
        return tuple(int(row[0].target) for row in self.queries)  # type: ignore[arg-type] # filled in by `ask`

    def maps(self, explainer: Explainer) -> tuple[list[list[Map]], np.ndarray]:
        """For each method the map of each picture, measured now, and the logits, shape (n, k)."""
        rows, logits = [], []
        size = 2 * batch_size(self.pictures[0].inputs.size)
        for start in range(0, len(self.pictures), size):
            some = self.pictures[start : start + size]
            for explained in explain_together(explainer, some, self.queries[start : start + size]):
                logits.append(explained[0].outputs)
                target, picture = explained[0].target, explained[0].picture
                own = [of_array(function(explainer, picture, target), picture) for function in self.own.values()]
                rows.append([*map(of_explanation, explained[: self.named]), *own])
        return [list(column) for column in zip(*rows, strict=True)], np.array(logits)


def ask(
    explainer: Explainer,
    pictures: Sequence[Picture],
    methods: Sequence[str | OwnMethod],
    options: Mapping[str, object],
) -> Asked:
    """Check methods and options; the class of each picture is the one that is asked for, or predicted now.

    Raises:
        TypeError, ValueError: no such method or option, or no pictures.
    """
    if not pictures:
        raise ValueError("No picture was given. Pass twenty or more: a mean over a few says little.")
    named = [make_query({**options, "method": method}) for method in methods if isinstance(method, str)]
    own = {getattr(method, "__name__", f"method {n}"): method for n, method in enumerate(methods) if callable(method)}
    # What reads the network's verdict, and so every class, where all methods are functions.
    queries = named or [make_query({**options, "method": "grad_cam"})]
    filled = []
    size = 2 * batch_size(pictures[0].inputs.size)
    for start in range(0, len(pictures), size):
        some = pictures[start : start + size]
        for found in explain_together(explainer, some, [queries] * len(some)):
            filled.append(tuple(replace(query, target=found[0].target) for query in queries))
    return Asked(tuple(pictures), tuple(filled), own, len(named))
