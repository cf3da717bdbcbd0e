"""The text that makes a widget and its map once more."""

import os
import pprint
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from camwidget.explanation import Explanation, Query
from camwidget.model import Preprocess, Probe, known_imagenet_names

from .state import FIXED, SELECTION

# Characters: what fits a notebook's cell without a scroll bar.
LINE = 96

# Names of classes that are written out; more of them are shown as `class_names`.
MOST_NAMES = 12

_DEFAULTS = {field.name: field.default for field in fields(Query)}


@dataclass(frozen=True)
class Name:
    """An object that has no text of its own, by the name it has in the code."""

    name: str

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Given:
    """What a widget was made of, besides the options of a query.

    Attributes:
        preprocess: as given.
        class_names: as given, in order.
        indexed: whether it was given many pictures that can be had by their number.
    """

    preprocess: str | Preprocess | None
    class_names: tuple[str, ...] | None
    indexed: bool


@dataclass(frozen=True)
class Said:
    """What has to be said to get an explanation.

    Attributes:
        options: of `explain`, those that differ from the defaults.
        stopped: how much there is of a measurement that was stopped early; "" mostly.
    """

    options: Mapping[str, object]
    stopped: str


def said(explanation: Explanation, probe: Probe, given: Given) -> Said:
    """What has to be said to get this explanation; `probe` is that of its picture."""
    return Said({**_of_model(given), **_of_query(explanation, probe, given)}, explanation.stopped)


def write_code(
    said: Said, image: object, number: int | None, looks: Mapping[str, tuple[Any, Any]], *, is_another: bool = False
) -> str:
    """Runnable text of `CamWidget(...)` and of the `explain(...)` that gives the same map.

    Only what differs from the defaults is written. Objects that have no text are called `model`,
    `img`, `images`, `preprocess` and `class_names`; a picture that was given by its path is written as such.

    Args:
        said: of the newest explanation.
        image: as it was given.
        number: of the picture in `images`; None: it is none of several.
        looks: the widget's options that no query has: value and default.
        is_another: the picture is not the one that the widget was made with, but dropped onto it, say.
    """
    options = dict(said.options)
    shown = {name: value for name, (value, default) in looks.items() if value != default}
    subject = [Name("model"), _picture(image, number)]
    names = [each.name for each in (*subject, *options.values()) if isinstance(each, Name)]
    lines = ["from camwidget import CamWidget, explain", ""]
    if is_another and "img" in names:
        names.remove("img")
        lines.append("# The picture on show: img = w.image, where w is this widget.")
    lines.append(f"# As they were given: {', '.join(names)}.")
    if said.stopped:
        lines.append(f"# The map on show was stopped after {said.stopped}.")
    if isinstance(options.get("class_names"), list):
        lines.append(f"class_names = {_text(options['class_names'], 14)}")
        options["class_names"] = Name("class_names")
    widget = _call("CamWidget", subject, {**options, **shown})
    return "\n".join([*lines, f"w = {widget}", "w", "", f"explanation = {_call('explain', subject, options)}", ""])


def _picture(image: object, number: int | None) -> object:
    if isinstance(image, str | os.PathLike):
        return os.fspath(image)
    return Name("img" if number is None else f"images[{number}]")


def _of_model(given: Given) -> dict[str, object]:
    options: dict[str, object] = {}
    if given.preprocess is not None and not isinstance(given.preprocess, str):
        options["preprocess"] = Name("preprocess")
    elif given.preprocess != "auto":
        options["preprocess"] = given.preprocess
    if given.class_names is not None and given.class_names is known_imagenet_names():
        options["class_names"] = "imagenet"
    elif given.class_names is not None:
        names = [str(name) for name in given.class_names]
        options["class_names"] = names if len(names) <= MOST_NAMES else Name("class_names")
    return options


def _of_query(explanation: Explanation, probe: Probe, given: Given) -> dict[str, object]:
    """The options of the answered query that say something."""
    query, defaults = explanation.query, dict(_DEFAULTS)
    defaults["samples"] = query.record.samples if query.record.takes_noise else 0
    defaults["target"] = int(explanation.outputs.argmax())
    defaults["layer"] = probe.layer_for(None, anything=query.record.selects_target).name
    if query.score != "contrast":
        defaults["against"] = query.against  # filled in, and of no meaning
    order = [name for name in _DEFAULTS if name not in (*FIXED, *SELECTION)]
    order += [name for name in FIXED if name != "against"]
    order.insert(order.index("score") + 1, "against")
    options = {name: getattr(query, name) for name in (*order, *SELECTION) if getattr(query, name) != defaults[name]}
    for name in ("target", "against"):
        if name in options:
            options[name] = _class(options[name], given.class_names)
    if len(options.get("region") or ()) == 1:
        options["region"] = options["region"][0]  # one pair of corners is enough
    return {name: _plain(value, name) for name, value in options.items()}


def _class(index: int, names: Sequence[str] | None) -> int | str:
    """The class's name, where it has one of its own."""
    given = [str(name) for name in names or ()]
    return given[index] if given and given.count(given[index]) == 1 else index


def _plain(value: Any, name: str) -> object:
    """Numbers that print as they are written, lists where people write lists."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, tuple) and name in SELECTION:
        return [_plain(item, "") for item in value]
    return tuple(_plain(item, "") for item in value) if isinstance(value, tuple) else value


def _text(value: object, start: int) -> str:
    """A value that begins `start` characters from the left, in lines that are not too long."""
    text = pprint.pformat(value, width=LINE - start, compact=True)
    return text.replace("\n", "\n" + " " * start)


def _call(function: str, subject: Sequence[object], options: Mapping[str, object]) -> str:
    """A call on one line, or with a line for each argument where that is too long."""
    words = [repr(each) for each in subject]
    line = ", ".join([*words, *(f"{name}={value!r}" for name, value in options.items())])
    if len(function) + len(line) < LINE - 20:
        return f"{function}({line})"
    for name, value in options.items():
        words.append(f"{name}={_text(value, len(name) + 5)}")
    return f"{function}(\n" + "".join(f"    {word},\n" for word in words) + ")"
