"""The traits of a CamWidget: the Python side of `js/contract.d.ts`."""

import pathlib
from typing import Any

import anywidget
import traitlets

from camwidget.explanation.query import check_option

from . import contract
from .state import QUERY_TRAITS, as_plain

_STATIC = pathlib.Path(__file__).parent / "static"


class Traits(anywidget.AnyWidget):
    """State that people, observers and the page share.

    What is asked of the network is checked on assignment: a value that cannot be meant becomes a
    sentence in `error` and the old value stays. What depends on the network (is there such a
    layer?) is checked where it is answered.
    """

    _esm = _STATIC / "camwidget.js"
    _css = _STATIC / "camwidget.css"

    # set by people, from either side
    method = traitlets.Any().tag(sync=True)
    layer = traitlets.Any().tag(sync=True)
    target = traitlets.Any().tag(sync=True)
    score = traitlets.Any().tag(sync=True)
    samples = traitlets.Any().tag(sync=True)
    noise = traitlets.Any().tag(sync=True)
    filters = traitlets.Any().tag(sync=True)
    neurons = traitlets.Any().tag(sync=True)
    region = traitlets.Any().tag(sync=True)
    colormap = traitlets.Unicode("viridis").tag(sync=True)
    opacity = traitlets.Float(0.6, min=0.0, max=1.0).tag(sync=True)
    view = traitlets.Enum(("smooth", "cells"), "smooth").tag(sync=True)

    # The value is whatever the user gave; the page gets the picture that was read from it.
    image = traitlets.Any().tag(sync=True, to_json=lambda _, widget: widget._encoded_image())

    # told by the kernel
    choices = traitlets.Dict().tag(sync=True)
    evidence = traitlets.Dict().tag(sync=True)
    result = traitlets.Dict().tag(sync=True)
    error = traitlets.Unicode().tag(sync=True)
    status = traitlets.Enum(("idle", "computing", "stopped"), "idle").tag(sync=True)
    progress = traitlets.Float(0.0).tag(sync=True)

    def _encoded_image(self) -> dict:
        raise NotImplementedError("given by the widget, which holds the picture")

    @traitlets.validate(*QUERY_TRAITS)
    def _check_option(self, proposal: Any) -> Any:
        name = proposal.trait.name
        try:
            return as_plain(check_option(name, proposal.value))
        except (TypeError, ValueError) as error:
            self.error = str(error)
            return getattr(self, name)

    @traitlets.observe("colormap")
    def _offer_colormap(self, change: Any) -> None:
        try:
            colormaps = contract.encode_colormaps(change.new)
        except ValueError as error:
            self.error = str(error)
            self.colormap = change.old
        else:
            self.choices = {**self.choices, "colormaps": colormaps}
