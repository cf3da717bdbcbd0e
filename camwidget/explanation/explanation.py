"""One map, with everything it was made from."""

import os
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from camwidget.maths import (
    METHODS,
    Evidence,
    combine,
    contributions,
    describe,
    describe_pixels,
    normalize,
    resize,
    stretch,
    strongest,
)
from camwidget.model import SCORES, LayerInfo, Picture

from . import checks, drawing, figures
from .captioned import captioned
from .query import Query


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a network gave a score: a map and its ingredients.

    The map of a CAM method lies on the layer's grid. That of a pixel method, or of a product with
    one, has the size of what the network takes; its signed values keep their colours.

    Axis letters: h, w a neuron on the layer's grid, c a filter, k a class; H, W a pixel.

    Attributes:
        picture: the picture, before and after preprocessing.
        query: what was asked, with layer, target, against, score and samples filled in.
        layer_info: the layer's name and shape.
        evidence: activations and what the method measured.
        layer_weights: of a CAM method or a product, broadcastable to (h, w, c); None for pixel methods.
        outputs: the network's logits, or values, shape (k,).
        probabilities: of every class, shape (k,); NaN where the outputs are values.
        target_name: the explained class's, or unit's, name.
        notes: sentences people should read; mostly none.
    """

    picture: Picture
    query: Query
    layer_info: LayerInfo
    evidence: Evidence
    layer_weights: Float[np.ndarray, "#h #w c"] | None
    outputs: Float[np.ndarray, " k"]
    probabilities: Float[np.ndarray, " k"]
    target_name: str
    notes: tuple[str, ...] = ()

    @cached_property
    def signed(self) -> Float[np.ndarray, "h w"] | Float[np.ndarray, "H W colours"]:
        """The map before its signs are lost, raw units.

        CAM methods: sum_c weights * A over the chosen filters and neurons, before the ReLU, (h, w).
        Pixel methods: the derivative of each colour, (H, W, colours). Products: that times the
        enlarged map.
        """
        pixels = self.evidence.pixels
        if pixels is None:
            return self._sum
        if self.layer_weights is None:
            return pixels.values
        return resize(np.maximum(self._sum, 0), *pixels.values.shape[:2])[..., None] * pixels.values

    @cached_property
    def map(self) -> Float[np.ndarray, "h w"]:
        """The evidence, raw units, comparable, never negative: 0 = none.

        CAM methods: relu(signed), on the layer's grid. Pixel methods and products: the sum over the
        colours of the absolute values, for each pixel of what the network takes.
        """
        if self.is_of_pixels:
            return np.abs(self.signed).sum(axis=2)
        return np.maximum(self.signed, 0)

    @cached_property
    def heat(self) -> Float[np.ndarray, "h w"]:
        """The map on its own raster, in [0, 1]; 0 = no evidence.

        Divided by its maximum; for pixel methods and products by its 99th percentile, what lies above
        cut off.
        """
        return stretch(self.map) if self.is_of_pixels else normalize(self.map)

    @cached_property
    def heatmap(self) -> Float[np.ndarray, "H W"]:
        """`heat` resized to the picture, in [0, 1]."""
        return resize(self.heat, *self.picture.pixels.shape[:2])

    @property
    def is_of_pixels(self) -> bool:
        """Whether the map is one of pixels, not of a layer's neurons."""
        return self.evidence.pixels is not None

    @property
    def is_of_classes(self) -> bool:
        """Whether the network's outputs are classes with probabilities, and not values."""
        return not bool(np.isnan(self.probabilities).all())

    @property
    def message(self) -> str:
        """Why there is nothing to paint, in words; "" where there is."""
        cam = describe(self._sum, self.query.selection) if self.layer_weights is not None else ""
        return cam or (describe_pixels(self.map) if self.is_of_pixels else "")

    @cached_property
    def _sum(self) -> Float[np.ndarray, "h w"]:
        return combine(self.evidence.activations, self.weights, self.query.selection)

    @property
    def weights(self) -> Float[np.ndarray, "#h #w c"]:
        """The method's weights, broadcastable to (h, w, c).

        Raises:
            ValueError: a pixel method weighs no filters.
        """
        if self.layer_weights is None:
            raise ValueError(
                f"method={self.method!r} goes to the pixels at once: it weighs no filters. Choose a CAM method for "
                "what each filter adds; to see what excites some filters, pass filters= to explain()."
            )
        return self.layer_weights

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
        return self.query.num_samples

    @property
    def stopped(self) -> str:
        """How much there is of a measurement that was stopped early, "12 of 50 noisy copies"; "" mostly."""
        return ", ".join(str(count) for count in self.evidence.counts if not count.is_whole)

    def per_filter(self) -> dict[int, Float[np.ndarray, "h w"]]:
        """One map for each chosen filter: relu of its term alone, raw units, by filter number.

        Raises:
            ValueError: a pixel method weighs no filters.
        """
        kept = self.query.selection.channels(self.layer_info.channels)
        return {int(index): self.only(filters=(int(index),)).map for index in kept}

    def contributions(self) -> Float[np.ndarray, " c"]:
        """What each filter of the layer adds to the whole map, sum over h, w of weights * A; signed.

        Raises:
            ValueError: a pixel method weighs no filters.
        """
        return contributions(self.evidence.activations, self.weights)

    def strongest_filters(self, count: int) -> list[int]:
        """The filters that add most to the map, first the one that adds most; ready for `filters=`."""
        return strongest(self.contributions(), checks.count(count))

    def strongest_neurons(self, count: int) -> list[tuple[int, int]]:
        """The neurons (row, column) that hold most of the evidence; ready for `neurons=`."""
        columns = self.layer_info.columns
        return [divmod(place, columns) for place in strongest(self._sum.ravel(), checks.count(count))]

    def only(self, **selection: object) -> "Explanation":
        """The same evidence with other `filters`, `neurons` or `region`; no network is run.

        Raises:
            TypeError, ValueError: as in `explain`.
        """
        from .query import make_query

        unknown = set(selection) - {"filters", "neurons", "region"}
        if unknown:
            raise TypeError(f"only() takes filters=, neurons= and region=, not {', '.join(sorted(unknown))}.")
        _ = self.weights  # raises where the selection is what was explained
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
        """A figure: the picture, the map, a colour bar, and what was asked in the title."""
        return figures.plot(self, colormap=colormap, opacity=opacity)

    def save(self, path: str | os.PathLike, *, colormap: str = "viridis", opacity: float = 0.6) -> None:
        """Write the overlay as an image file; the ending of `path` chooses the format.

        Raises:
            ValueError: no picture format has that ending.
        """
        drawing.check_ending(path)
        Image.fromarray(self.overlay(colormap=colormap, opacity=opacity)).save(path)

    @property
    def title(self) -> str:
        """What was asked and found, in one line."""
        noise = f", {self.samples} noisy copies" if self.samples else ""
        stopped = f", stopped after {self.stopped}" if self.stopped else ""
        where = f" at {self.layer}" if self.layer_weights is not None or self.query.explains_selection else ""
        return f"{METHODS[self.method].title} for {self._explained}{where}{self._chosen}{noise}{stopped}"

    @property
    def _explained(self) -> str:
        if self.query.explains_selection:
            return f"chosen activations (sum {self.score:.2f})"
        title = SCORES[self.query.score].title
        if not self.is_of_classes:
            return f"{self.target_name} ({'output' if title == 'logit' else title} {self.score:.2f})"
        probability = f", probability {float(self.probabilities[self.target]):.2f}"
        return f"{self.target_name} ({title} {self.score:.2f}{'' if title == 'probability' else probability})"

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
        """The overlay as a page shows it, with the title as a caption below."""
        return drawing.png(captioned(self, colormap="viridis", opacity=0.6, for_page=True))

    def __repr__(self) -> str:
        return f"<Explanation: {self.title}>"
