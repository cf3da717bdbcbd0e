"""One map, with everything it was made from."""

import os
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from camwidget.maths import METHODS, Evidence, combine, contributions, describe, normalize, resize
from camwidget.model import SCORES, LayerInfo, Picture

from . import drawing
from .query import Query


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a network gave a score: a class activation map and its ingredients.

    Axis letters: h, w a neuron on the layer's grid, c a filter, k a class; H, W a pixel.

    Attributes:
        picture: the picture, before and after preprocessing.
        query: what was asked, with layer, target, score and samples filled in.
        layer_info: the layer's name and shape.
        evidence: activations and derivatives.
        weights: of the method, broadcastable to (h, w, c).
        probabilities: the network's, of every class, shape (k,).
        target_name: the explained class's name.
        notes: sentences people should read; mostly none.
    """

    picture: Picture
    query: Query
    layer_info: LayerInfo
    evidence: Evidence
    weights: Float[np.ndarray, "#h #w c"]
    probabilities: Float[np.ndarray, " k"]
    target_name: str
    notes: tuple[str, ...] = ()

    @cached_property
    def signed(self) -> Float[np.ndarray, "h w"]:
        """sum_c weights * A over the chosen filters and neurons, before the ReLU; raw units."""
        return combine(self.evidence.activations, self.weights, self.query.selection)

    @cached_property
    def map(self) -> Float[np.ndarray, "h w"]:
        """relu(signed): the evidence for the class on the layer's grid, raw units, comparable."""
        return np.maximum(self.signed, 0)

    @cached_property
    def heatmap(self) -> Float[np.ndarray, "H W"]:
        """The map divided by its maximum and resized to the picture, in [0, 1]; 0 = no evidence."""
        return resize(normalize(self.map), *self.picture.pixels.shape[:2])

    @property
    def message(self) -> str:
        """Why there is nothing to paint, in words; "" where there is."""
        return describe(self.signed, self.query.selection)

    @property
    def method(self) -> str:
        """The method's name in `METHODS`."""
        return self.query.method

    @property
    def layer(self) -> str:
        """The layer's full name."""
        return self.layer_info.name

    @property
    def target(self) -> int:
        """Index of the explained class."""
        assert isinstance(self.query.target, int)  # noqa: S101 # filled in by the explainer
        return self.query.target

    @property
    def score(self) -> float:
        """S, the explained score of the picture itself."""
        return self.evidence.score

    @property
    def samples(self) -> int:
        """Noisy copies really averaged; fewer than asked where it was stopped."""
        return self.evidence.copies

    def per_filter(self) -> dict[int, Float[np.ndarray, "h w"]]:
        """One map for each chosen filter: relu of its term alone, raw units, by filter number."""
        kept = self.query.selection.channels(self.layer_info.channels)
        return {int(index): self.only(filters=(int(index),)).map for index in kept}

    def contributions(self) -> Float[np.ndarray, " c"]:
        """What each filter of the layer adds to the whole map, sum over h, w of weights * A; signed."""
        return contributions(self.evidence.activations, self.weights)

    def only(self, **selection: object) -> "Explanation":
        """The same evidence with other `filters`, `neurons` or `region`; no network is run.

        Raises:
            TypeError, ValueError: as in `explain`.
        """
        from .query import make_query

        unknown = set(selection) - {"filters", "neurons", "region"}
        if unknown:
            raise TypeError(f"only() takes filters=, neurons= and region=, not {', '.join(sorted(unknown))}.")
        chosen = make_query(selection)
        kept = {name: getattr(chosen, name) for name in selection}
        query = replace(self.query, **kept)
        query.selection.check(self.layer_info.rows, self.layer_info.columns, self.layer_info.channels)
        return replace(self, query=query)

    # -- to look at ---------------------------------------------------------------------------

    def overlay(self, *, colormap: str = "viridis", opacity: float = 0.6) -> UInt8[np.ndarray, "H W 3"]:
        """The heat map over the picture, RGB.

        Args:
            colormap: the name of any matplotlib colour map.
            opacity: of the strongest evidence, in [0, 1]; where there is little, the paint is thin,
                and a map without evidence leaves the picture as it is.
        """
        return drawing.overlay(self.picture.pixels, self.heatmap, colormap=colormap, opacity=opacity)

    def plot(self, *, colormap: str = "viridis", opacity: float = 0.6) -> drawing.Plot:
        """A figure: the picture, the map over it, and what was asked in the title."""
        return drawing.plot(self, colormap=colormap, opacity=opacity)

    def save(self, path: str | os.PathLike, *, colormap: str = "viridis", opacity: float = 0.6) -> None:
        """Write the overlay as an image file; the ending of `path` chooses the format."""
        Image.fromarray(self.overlay(colormap=colormap, opacity=opacity)).save(path)

    @property
    def title(self) -> str:
        """What was asked and found, in one line."""
        noise = f", {self.samples} noisy copies" if self.samples else ""
        probability = float(self.probabilities[self.target])
        return (
            f"{METHODS[self.method].title} for {self.target_name} "
            f"({SCORES[self.query.score].title} {self.score:.2f}, probability {probability:.2f}) "
            f"at {self.layer}{self._chosen}{noise}"
        )

    @property
    def _chosen(self) -> str:
        selection, layer = self.query.selection, self.layer_info
        words = ""
        if selection.filters is not None:
            kept = selection.channels(layer.channels)
            words += f", filter {kept[0]}" if len(kept) == 1 else f", {len(kept)} of {layer.channels} filters"
        mask = selection.mask(*layer.grid)
        if not mask.all():
            words += f", {mask.sum()} of {mask.size} neurons"
        return words

    def _repr_png_(self) -> bytes:
        return drawing.display_png(self, colormap="viridis", opacity=0.6)

    def __repr__(self) -> str:
        return f"<Explanation: {self.title}>"
