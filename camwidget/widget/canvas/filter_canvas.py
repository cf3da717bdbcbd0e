"""The pictures of a whole layer, forming step by step in a notebook."""

import base64
from typing import Any

import ipywidgets
import numpy as np
import traitlets
from jaxtyping import UInt8

from camwidget.explanation import Explainer, checks, shared_explainer
from camwidget.explanation.ascent import FilterImages, prepare
from camwidget.explanation.ascent.maximise import names_of
from camwidget.explanation.ascent.prepare import Size, channels_of, layer_with_channels, probe_for
from camwidget.explanation.ascent.presets import Preset
from camwidget.explanation.drawing import png
from camwidget.explanation.query import check_option
from camwidget.model import Model, Preprocess

from ..camwidget import CamWidget
from ..traits import Traits
from .controls import Controls
from .forming import Forming, Status
from .pairing import Pairing
from .sheet import MAT, Sheet, fitted, tile_for

# Rows of a page of the sheet: it is about as high as a screen.
_ROWS = 6


class FilterCanvas(ipywidgets.VBox):
    """Watch the pictures form that excite the filters of a layer most: all of them, step by step.

    The ascent is that of `maximize_activation`. It runs in the background, the page on show first, and the cell
    returns at once; Stop keeps what there is. Below each picture stand the filter's number and the
    activation that it reached: "0 3.38" is filter 0, active with 3.38 on average over its neurons. A click chooses a
    filter, a second one none: the trait `filters`. The pixels reach the page without loss, also after a reload.

    What a canvas cannot do: a screen reader finds no picture in it, no key leads from one to the next, and while
    the pointer is over it, or it has the focus, ipycanvas keeps wheel, touch and Tab for itself. So the filter can
    be chosen in a list above it as well, and what is on show is said in words there, and in `caption`. Without
    ipycanvas, or without a page, there is a PNG of what has formed so far.

    Args:
        model: a Keras 3 network, or an `Explainer`.
        layer: as `maximize_activation` takes it: of a convolution or of units; "logits" for the classes.
        widget: a `CamWidget` of the same network that shares the choice: a filter chosen here is chosen there, at
            this layer, and the other way round; of "logits" it is the class explained.
        columns: pictures side by side, fewer for a narrow page; six rows of them make a page of the sheet.
        tile: longer side of a picture on the canvas, in pixels; None: its own up to 128, small ones enlarged.
        preset, steps, size, seed, preprocess: see `maximize_activation`.
        output: see there; None: with a widget, the widget's.

    Attributes:
        filters: the filters chosen, a list of numbers; None: none in particular. May be set, observed and linked.
        page: of the sheet, from 0. May be set.
        status: "computing"; "idle" when all have formed; or "stopped".
        progress: share of all steps that were made, 0 to 1.
        caption: what is on show, in words.
        error: what went wrong, in words; mostly empty.

    Raises:
        TypeError, ValueError: what was given, what was expected, how to mend it.

    Example:
        >>> canvas = FilterCanvas(samples.network(), "block1_relu1", steps=8)
        >>> canvas.wait().images.shape
        (16, 112, 112, 3)
    """

    filters = traitlets.Any(None)
    page = traitlets.Int(0)
    status = traitlets.Enum(("computing", "idle", "stopped"), "idle")
    progress = traitlets.Float(0.0)
    caption = traitlets.Unicode("")
    error = traitlets.Unicode("")

    _lock = Traits._lock  # the one of all widgets, since their traits may be linked

    def __init__(
        self,
        model: Model | Explainer,
        layer: str,
        *,
        widget: CamWidget | None = None,
        columns: int = 6,
        tile: int | None = None,
        preset: str | Preset = "fourier",
        steps: int | None = None,
        size: Size | None = None,
        seed: int = 0,
        output: str | int | None = None,
        preprocess: str | Preprocess | None = "auto",
    ) -> None:
        explainer = model if isinstance(model, Explainer) else shared_explainer(model, preprocess=preprocess)
        if output is None and widget is not None and widget.model is explainer.model:
            output = widget.explanation.query.output
        self._columns = checks.whole_number("columns", 1, "how many pictures stand side by side")(columns)
        with explainer.lock:
            known = layer_with_channels(probe_for(explainer, size, output)[0], layer)
        objectives = channels_of(known, range(known.channels))
        ascent = prepare(explainer, objectives, preset=preset, steps=steps, size=size, seed=seed, output=output)
        self.layer = known.name
        self.names = tuple(names_of(explainer, ascent, True))
        shown = ascent.preset.show(np.zeros((1, *ascent.probe.network.shape), np.float32))[0]
        self._tile = tile_for((shown.shape[0], shown.shape[1]), tile)
        self._images: dict[int, UInt8[np.ndarray, "h w 3"]] = {}
        self._pairing = Pairing(self, widget, explainer, known)  # raises for a widget of another network
        self._forming = Forming(
            ascent,
            list(self.names),
            self._lock,
            wanted=self._is_wanted,
            first=lambda: self._on_page,
            seen=self._on_seen,
            told=self._on_told,
        )
        self._painter = self._make_painter()
        self._controls = Controls(self)
        super().__init__(children=[self._controls.bar, self._controls.words, *self._canvases()])
        self._controls.connect()
        self._pairing.connect()
        self._say()
        self.start()

    @property
    def pages(self) -> int:
        """How many pages the sheet has."""
        return -(-len(self.names) // (_ROWS * self._columns))

    def start(self) -> None:
        """Go on after a stop; pictures that were stopped on the way begin anew."""
        if self.status != "computing":
            with self._lock:
                self.error, self.status = "", "computing"
                self._forming.start()

    def stop(self) -> None:
        """End the ascent after the present step and keep what there is."""
        self._forming.stop()

    def wait(self, timeout: float | None = None) -> FilterImages:
        """Block until all have formed; an interrupt of the kernel stops the ascent and keeps what there is.

        Args:
            timeout: most seconds to wait; None: as long as it takes.

        Returns:
            The pictures, as `maximize_activation` gives them.

        Raises:
            TimeoutError: it took longer.
            ValueError: it failed; says why.
        """
        try:
            is_done = self._forming.wait(timeout)
        except KeyboardInterrupt:
            self.stop()
            is_done = self._forming.wait(timeout)
        if not is_done:
            raise TimeoutError(f"Not formed within {timeout} seconds. Pass a longer timeout=, or fewer steps.")
        if self.error:
            raise ValueError(self.error)
        return self.images

    @property
    def images(self) -> FilterImages:
        """The pictures as far as they have formed.

        Raises:
            ValueError: none was begun.
        """
        return self._forming.collected()

    def close(self) -> None:
        """End the ascent and let go of the page and the widget; may be called twice."""
        with self._lock:
            for part in (self.__dict__.get(f"_{name}") for name in ("forming", "pairing", "controls", "painter")):
                if part is not None:  # ipywidgets also closes a widget whose constructor refused its arguments
                    part.close()
            super().close()

    def __repr__(self) -> str:
        return f"<FilterCanvas: {len(self.names)} pictures for {self.layer}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        if self._painter is None:
            data = {"text/plain": repr(self)}
        return {**data, "image/png": base64.b64encode(png(self._drawn())).decode()}, metadata

    # -- the sheet -----------------------------------------------------------------------------

    @property
    def _on_page(self) -> range:
        start = self.page * _ROWS * self._columns
        return range(len(self.names))[start : start + _ROWS * self._columns]

    @property
    def _sheet(self) -> Sheet:
        return Sheet(min(len(self.names), _ROWS * self._columns), self._columns, self._tile)

    def _cell(self, position: int) -> tuple[int, int, UInt8[np.ndarray, "h w 3"]] | None:
        """Row, column and pixels of a place of the page; None: the last page has none there."""
        if position >= len(self._on_page):
            return None
        number = self._on_page[position]
        is_chosen = number in (self.filters or ())
        drawn = self._sheet.draw(self._images.get(number), self._below(number), is_chosen)
        return *self._sheet.place(position), drawn

    def _below(self, number: int) -> str:
        name = self.names[number].removeprefix("filter ").removeprefix("unit ")
        values = self._forming.values[number]
        made = values[np.isfinite(values)]
        if not len(made):
            return name
        is_silent = self._forming.has_formed(number) and made.max() == made.min()
        return f"{name}  silent" if is_silent else f"{name}  {made[-1]:.3g}"

    def _drawn(self) -> UInt8[np.ndarray, "H W 3"]:
        """The whole page."""
        page = np.full((*self._sheet.size, 3), MAT, np.uint8)
        for position in range(len(self._on_page)):
            row, column, pixels = self._cell(position) or (0, 0, page[:0, :0])
            page[row : row + len(pixels), column : column + pixels.shape[1]] = pixels
        return page

    def _make_painter(self) -> Any:
        try:
            from .painter import Painter
        except ImportError:  # no ipycanvas
            return None
        painter = Painter(self._sheet.size, MAT, lambda: range(self._sheet.count), self._cell, self._lock)
        painter.on_press(self._on_press)
        return painter

    def _canvases(self) -> list[ipywidgets.Widget]:
        return [] if self._painter is None else [self._painter.canvas]

    # -- what happens --------------------------------------------------------------------------

    def _is_wanted(self, numbers: range) -> bool:
        page = self._on_page
        on_show = numbers.start < page.stop and page.start < numbers.stop
        return on_show and (self._painter is None or self._painter.is_idle)

    def _on_seen(self, numbers: range, images: UInt8[np.ndarray, "n H W 3"]) -> None:
        with self._lock:
            self._images.update({n: fitted(image, self._tile) for n, image in zip(numbers, images, strict=True)})
            self._paint(numbers)

    def _on_told(self, status: Status, share: float, error: str) -> None:
        self.progress, self.error, self.status = share, error, status
        self._say()

    def _on_press(self, row: float, column: float) -> None:
        position = self._sheet.at(row, column)
        if position is not None and position < len(self._on_page):
            number = self._on_page[position]
            self.filters = None if self.filters == [number] else [number]

    def _paint(self, numbers: range) -> None:
        if self._painter is not None:
            page = self._on_page
            self._painter.changed([n - page.start for n in numbers if n in page])

    def _say(self) -> None:
        done = f"{self.progress:.0%} of all steps" if self.status != "idle" else "all have formed"
        said = [f"{self.layer}: {len(self.names)} pictures, {done}{', stopped' * (self.status == 'stopped')}."]
        for number in (self.filters or ())[:3]:
            values = self._forming.values[number]
            made = values[np.isfinite(values)]
            reached = f": activation {made[-1]:.3g}, {made[0]:.3g} at first" if len(made) else ""
            said.append(f"{self.names[number][0].upper()}{self.names[number][1:]}{reached}.")
        self.caption = " ".join([*said, *filter(None, [self.error])])

    @traitlets.validate("filters")
    def _check_filters(self, proposal: Any) -> Any:
        chosen = check_option("filters", proposal.value)
        if not all(0 <= number < len(self.names) for number in chosen or ()):
            last = len(self.names) - 1
            raise ValueError(f"filters={proposal.value}: pass numbers from 0 to {last}, the filters of {self.layer}.")
        return None if chosen is None else list(chosen)

    @traitlets.validate("page")
    def _check_page(self, proposal: Any) -> int:
        return min(max(0, proposal.value), self.pages - 1)

    @traitlets.observe("filters")
    def _on_filters(self, change: Any) -> None:
        with self._lock:
            self._paint(self._on_page)
            self._say()

    @traitlets.observe("page")
    def _on_page_turned(self, change: Any) -> None:
        if self._painter is not None:
            self._painter.redraw()
