"""A canvas of filters and a `CamWidget` that share what is chosen."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from camwidget.explanation import Explainer
from camwidget.explanation.ascent import LOGITS
from camwidget.model import LayerInfo

from ..camwidget import CamWidget

if TYPE_CHECKING:
    from .filter_canvas import FilterCanvas

_SHARED = ["filters", "layer", "target"]


class Pairing:
    """What is chosen in one is chosen in the other.

    Filters are the widget's `filters` while it shows the canvas's layer; one chosen in the canvas brings the
    widget to that layer, if it has a map. Of "logits" a class chosen is the widget's `target`.

    Args:
        canvas: of a layer.
        widget: of the same network; None: there is none.
        explainer: of the canvas.
        layer: of the canvas.

    Raises:
        ValueError: the widget is about another network.
    """

    def __init__(
        self, canvas: "FilterCanvas", widget: CamWidget | None, explainer: Explainer, layer: LayerInfo
    ) -> None:
        if widget is not None and widget._explainer.model is not explainer.model:
            raise ValueError("widget= is about another network. Pass a CamWidget of this model, or leave it out.")
        self._canvas, self._widget, self._layer = canvas, widget, layer
        self._is_telling = False

    def connect(self) -> None:
        """Take over what is chosen in the widget, and follow from there on."""
        if self._widget is not None:
            self._widget.observe(self._from_widget, _SHARED)
            self._canvas.observe(self._to_widget, "filters")
            self._from_widget()

    def close(self) -> None:
        """Follow no longer; may be called twice."""
        if self._widget is not None:
            with suppress(ValueError):  # it does not listen any more
                self._widget.unobserve(self._from_widget, _SHARED)

    def _from_widget(self, change: Any = None) -> None:
        widget = self._widget
        if widget is None or self._is_telling:
            return
        if self._layer.kind == LOGITS:
            chosen = [widget.target] if isinstance(widget.target, int) else None
        else:
            chosen = widget.filters if widget.layer == self._layer.name else None
        self._tell(lambda: self._canvas.set_trait("filters", chosen))

    def _to_widget(self, change: Any) -> None:
        widget, chosen = self._widget, change.new
        if widget is None or self._is_telling:
            return

        def set_() -> None:
            if self._layer.kind == LOGITS:
                widget.target = chosen[0] if chosen else widget.target
            elif widget.layer == self._layer.name:
                widget.filters = chosen
            elif chosen is not None and self._layer.name in widget.layers:
                widget.layer, widget.filters = self._layer.name, chosen

        self._tell(set_)

    def _tell(self, act: Any) -> None:
        """One after the other, and without an echo."""
        with self._canvas._lock:
            self._is_telling = True
            try:
                act()
            finally:
                self._is_telling = False
