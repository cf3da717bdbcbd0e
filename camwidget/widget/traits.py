"""The traits of a CamWidget: the Python side of `js/contract.d.ts`."""

import pathlib
import threading
from collections.abc import Mapping
from typing import Any

import anywidget
import traitlets

from camwidget.explanation import Explanation
from camwidget.explanation.checks import unknown

from . import contract
from .comparable import comparable
from .state import SELECTION
from .strip import ORDERS

_STATIC = pathlib.Path(__file__).parent / "static"

# What is looked at, and no question to the network: trait and default.
LOOKS = {"colormap": "viridis", "opacity": 0.6, "view": "smooth"}


class _Guarded(traitlets.Any):
    """A trait that is set, sent and heard of in one piece: the worker sets none in between."""

    allow_none = False  # so that None is checked as every other value is; what takes it says so

    def set(self, obj: Any, value: Any) -> None:
        with obj._lock:
            super().set(obj, value)


class _Shown(_Guarded):
    """A picture: heard of whenever it is set, since an array may be another one inside."""

    def set(self, obj: Any, value: Any) -> None:
        with obj._lock:
            before = obj._trait_values.get(self.name)
            obj._trait_values[self.name] = now = comparable(value)
            obj._notify_trait(self.name, before, now)


class Traits(anywidget.AnyWidget):
    """State that people, observers and the page share.

    What is asked of the network is checked on assignment: a value that cannot be meant becomes a
    sentence in `error` and the old value stays. What depends on the network (is there such a
    layer?) is checked where it is answered.
    """

    _esm = _STATIC / "camwidget.js"
    _css = _STATIC / "camwidget.css"

    # set by the widget, which computes it: the newest answer
    _explanation: Explanation

    # set by people, from either side
    method = _Guarded().tag(sync=True)
    layer = _Guarded().tag(sync=True)
    target = _Guarded().tag(sync=True)
    score = _Guarded().tag(sync=True)
    samples = _Guarded().tag(sync=True)
    noise = _Guarded().tag(sync=True)
    filters = _Guarded().tag(sync=True)
    neurons = _Guarded().tag(sync=True)
    region = _Guarded().tag(sync=True)
    index = _Guarded().tag(sync=True)  # of the picture on show; None: it is none of those that were given
    order = traitlets.Enum(ORDERS, ORDERS[0]).tag(sync=True)
    colormap = traitlets.Unicode(LOOKS["colormap"]).tag(sync=True)
    opacity = traitlets.Float(LOOKS["opacity"], min=0.0, max=1.0).tag(sync=True)
    view = traitlets.Enum(("smooth", "cells", "filters", "inputs"), LOOKS["view"]).tag(sync=True)

    # The value is whatever the user gave; the page gets the picture that was read from it.
    image = _Shown().tag(sync=True, to_json=lambda _, widget: contract.encode_picture(widget._explanation.picture))

    # told by the kernel
    choices = traitlets.Dict().tag(sync=True)
    pictures = traitlets.Dict().tag(sync=True)
    evidence = traitlets.Dict().tag(sync=True)
    result = traitlets.Dict().tag(sync=True)
    error = traitlets.Unicode().tag(sync=True)
    status = traitlets.Enum(("idle", "computing", "stopped"), "idle").tag(sync=True)
    progress = traitlets.Float(0.0).tag(sync=True)
    code = traitlets.Unicode(read_only=True).tag(sync=True)

    # One for the traits and the scheduler's slot, and one for all widgets: traits of two of them may be linked, and
    # with a lock each, two workers that tell each other's traits would wait for one another for ever.
    _lock = threading.RLock()

    @property
    def selection(self) -> dict[str, Any]:
        """Filters and neurons chosen: `filters`, `neurons` and `region`, ready for `explain(..., **widget.selection)`.

        May be set, from another widget's for instance: one step, and what is left out chooses all.
        """
        return {name: getattr(self, name) for name in SELECTION}

    @selection.setter
    def selection(self, chosen: Mapping[str, Any]) -> None:
        for name in chosen:
            if name not in SELECTION:
                raise unknown(name, SELECTION)
        with self._lock:
            for name in SELECTION:
                setattr(self, name, chosen.get(name))

    def set_state(self, sync_data: dict) -> None:
        """Take in what the page says, in one piece."""
        with self._lock:
            super().set_state(sync_data)

    # The trait that is being told by the kernel, and its value.
    _telling: tuple[str, object] = ("", None)

    def _tell(self, values: Mapping[str, Any]) -> None:
        """Set traits, all of them, also where an observer of one raises."""
        failures = []
        for name, value in values.items():
            self._telling = name, value
            try:
                self.set_trait(name, value)
            except Exception as failure:
                failures.append(failure)
        self._telling = "", None
        if failures:
            raise failures[0]

    def _is_told(self, change: Any) -> bool:
        """Whether a change is what `_tell` is setting, not what an observer of it has set since."""
        name, value = self._telling
        return change.name == name and (change.new is value or (name != "image" and change.new == value))


# Names of the contract's state, without what every widget has.
STATE = sorted(set(Traits.class_traits(sync=True)) - set(anywidget.AnyWidget.class_traits(sync=True)))
