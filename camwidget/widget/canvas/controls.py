"""What stands above a canvas of filters, for people who do not see it or use no pointer as well."""

import html
from typing import TYPE_CHECKING, Any

import ipywidgets

if TYPE_CHECKING:
    from .filter_canvas import FilterCanvas

# The list's value where no single filter is chosen.
_NOT_ONE = -1


class Controls:
    """A list of filters, Stop, buttons to turn pages, and a sentence that says what is on show.

    Attributes:
        bar: of the list and the buttons.
        words: the sentence.
    """

    def __init__(self, canvas: "FilterCanvas") -> None:
        self._canvas = canvas
        names = [(name, number) for number, name in enumerate(canvas.names)]
        self._list = ipywidgets.Dropdown(
            options=[("none or several", _NOT_ONE), *names],  # not None, for which the list would be blank
            description="Chosen",
            style={"description_width": "initial"},
            layout={"width": "15em"},
        )
        self._stop = _button("Stop", "End the ascent and keep what there is")
        self._before = _button("Previous", "The page before")
        self._after = _button("Next", "The next page")
        self._place = ipywidgets.Label()
        turning = [self._before, self._place, self._after] if canvas.pages > 1 else []
        self.bar = ipywidgets.HBox([self._list, self._stop, *turning], layout={"flex_flow": "row wrap"})
        self.words = ipywidgets.HTML()  # which wraps, as a label does not

    def connect(self) -> None:
        """Follow the canvas, and have it follow."""
        canvas = self._canvas
        self._stop.on_click(lambda _: canvas.stop() if canvas.status == "computing" else canvas.start())
        self._before.on_click(lambda _: canvas.set_trait("page", canvas.page - 1))
        self._after.on_click(lambda _: canvas.set_trait("page", canvas.page + 1))
        self._list.observe(self._on_list, "value")
        canvas.observe(self._show, ["filters", "page", "status", "caption"])
        self._show()

    def close(self) -> None:
        """Take the controls off the page."""
        for control in (self._list, self._stop, self._before, self._after, self._place, self.bar, self.words):
            control.close()

    def _on_list(self, change: Any) -> None:
        chosen = self._canvas.filters or []
        if change.new != _NOT_ONE:
            self._canvas.filters = [change.new]
        elif len(chosen) == 1:  # several are no entry of the list
            self._canvas.filters = None

    def _show(self, change: Any = None) -> None:
        canvas = self._canvas
        with canvas._lock:
            chosen = canvas.filters or []
            self._list.value = chosen[0] if len(chosen) == 1 else _NOT_ONE
            self._stop.description = "Go on" if canvas.status == "stopped" else "Stop"
            self._stop.disabled = canvas.status == "idle"
            self._before.disabled, self._after.disabled = canvas.page == 0, canvas.page == canvas.pages - 1
            self._place.value = f"Page {canvas.page + 1} of {canvas.pages}"
            self.words.value = f'<div style="line-height: 1.4">{html.escape(canvas.caption)}</div>'


def _button(words: str, tooltip: str) -> ipywidgets.Button:
    return ipywidgets.Button(description=words, tooltip=tooltip, layout={"width": "auto"})
