"""What the page may ask besides setting traits: questions, Stop, a picture; each with an id and always answered."""

import base64
import io
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from camwidget.explanation import Explainer, Explanation
from camwidget.explanation.drawing import png, reduced
from camwidget.judge import glance

from .contract import number
from .exciting import Wanted
from .frames import Subject
from .strip import Strip

# Longest side of the network's input as it is sent: at most 250 kB.
_MOST_SEEN = 288


@dataclass(frozen=True)
class Asked:
    """What a question is about: the state at the moment it came.

    Attributes:
        explainer: of the widget.
        explanation: the newest.
        stop: ends the present computation early; False where there is none.
        strip: of many pictures.
        show: has another picture explained next.
        maximize: has pictures formed in place of those wanted before.
    """

    explainer: Explainer
    explanation: Explanation
    stop: Callable[[], bool]
    strip: Strip
    show: Callable[[object], None]
    maximize: Callable[[Wanted], None]


@dataclass(frozen=True)
class Answer:
    """Fields for the wire, and bytes beside them."""

    fields: Mapping[str, Any]
    buffers: tuple[bytes, ...] = ()


def respond(asked: Asked, content: Mapping[str, Any], send: Callable[[Answer], None]) -> None:
    """Answer one message of the page; what takes long in a thread of its own, so that the notebook goes on."""
    if content.get("kind") in _LONG:
        threading.Thread(target=lambda: send(answer(asked, content)), name="camwidget-check", daemon=True).start()
    else:
        send(answer(asked, content))


def answer(asked: Asked, content: Mapping[str, Any]) -> Answer:
    """The answer to one message of the page; what goes wrong stands in its `error`."""
    identity, kind = content.get("id"), content.get("kind")
    function = REQUESTS.get(kind) if isinstance(kind, str) else None
    if function is None:
        known = ", ".join(map(repr, REQUESTS))
        return Answer({"id": identity, "error": f"No request of kind {kind!r}; the kernel knows {known}."})
    try:
        found = function(asked, content)
    except Exception as error:  # the page waits for an answer, whatever a user's network raises
        return Answer({"id": identity, "error": str(error) or type(error).__name__})
    return Answer({"id": identity, "error": "", **found.fields}, found.buffers)


def _stop(asked: Asked, content: Mapping[str, Any]) -> Answer:
    if not asked.stop():
        raise ValueError("Nothing is being computed.")
    return Answer({})


def _hello(asked: Asked, content: Mapping[str, Any]) -> Answer:
    return Answer({})


def _neuron(asked: Asked, content: Mapping[str, Any]) -> Answer:
    """The numbers of one neuron in one filter, and the part of the picture that it depends on."""
    explanation = asked.explanation
    row, column = (_index(content, name) for name in ("row", "column"))
    layer = explanation.layer_info
    if explanation.layer != content.get("layer") or not (0 <= row < layer.rows and 0 <= column < layer.columns):
        raise ValueError("The layer on show has changed.")
    evidence, weights = explanation.evidence, explanation.layer_weights
    here = evidence.activations[row, column]
    # A weight for each filter, or for each of its neurons.
    weight = None if weights is None else np.broadcast_to(weights, evidence.activations.shape)[row, column]
    chosen = explanation.query.selection.channels(layer.channels)
    strength = np.abs(here if weight is None else here * weight)[chosen]
    channel = int(chosen[int(strength.argmax())]) if strength.size else 0
    fields = {"filter": channel, "activation": number(float(here[channel]))}
    fields["weight"] = None if weight is None else number(float(weight[channel]))
    fields["gradient"] = fields["alpha"] = None
    if evidence.derivatives is not None:
        fields["gradient"] = number(float(evidence.first[row, column, channel]))
        alphas = explanation.query.record.alphas
        if alphas is not None:
            fields["alpha"] = number(float(alphas(evidence)[row, column, channel]))
    return Answer({**fields, "field": _receptive_field(asked, row, column)})


def _receptive_field(asked: Asked, row: int, column: int) -> list[float] | None:
    """Top, left, bottom and right of what the neuron depends on, as shares of the picture.

    The support of its derivative with respect to the picture, all its filters together: measured, so
    it holds for any network. Behind ReLUs that are all off it may be smaller than what the neuron
    could see. None where the network is busy, or the neuron depends on nothing.
    """
    explainer, explanation = asked.explainer, asked.explanation
    if not explainer.lock.acquire(blocking=False):
        return None  # this must not hold up the notebook until a long measurement is done
    try:
        picture, layer = explanation.picture, explanation.layer_info
        chosen = np.zeros((layer.rows, layer.columns, layer.channels), np.float32)
        chosen[row, column] = 1
        probe = explainer.probe(picture, explanation.query.output)
        gradient, _, _ = probe.pixel_gradient_of(layer, "plain", picture.inputs[None], chosen, picture.sides)
    finally:
        explainer.lock.release()
    rows, columns = np.nonzero(np.abs(gradient[0]).max(axis=2))
    if not rows.size:
        return None
    height, width = picture.inputs.shape[:2]
    return [
        float(rows.min() / height),
        float(columns.min() / width),
        float((rows.max() + 1) / height),
        float((columns.max() + 1) / width),
    ]


def _inputs(asked: Asked, content: Mapping[str, Any]) -> Answer:
    """The picture as the network takes it, stretched to what can be shown, and its range."""
    inputs = asked.explanation.picture.inputs
    low, high = float(inputs.min()), float(inputs.max())
    shades = np.zeros(inputs.shape) if high == low else (inputs - low) / (high - low)
    shown = shades if inputs.shape[2] == 3 else np.repeat(shades[..., :1], 3, axis=2)
    pixels = reduced(np.round(255 * shown).astype(np.uint8), _MOST_SEEN)
    height, width, channels = inputs.shape
    fields = {"low": low, "high": high, "height": height, "width": width, "channels": channels}
    return Answer(fields, (png(pixels),))


def _check(asked: Asked, content: Mapping[str, Any]) -> Answer:
    """Whether the map on show deserves trust, see `judge.glance`."""
    found = glance(asked.explainer, asked.explanation)
    fields = ("before", "after", "drop", "correlation")
    return Answer({**{name: number(getattr(found, name)) for name in fields}, "randomized": found.randomized})


def _pictures(asked: Asked, content: Mapping[str, Any]) -> Answer:
    """Thumbnails of the pictures in sight."""
    numbers = content.get("numbers")
    if not isinstance(numbers, list) or not all(isinstance(each, int) for each in numbers):
        raise TypeError(f"numbers={numbers!r} are no whole numbers.")
    return Answer({"pictures": asked.strip.page(numbers)})


def _picture(asked: Asked, content: Mapping[str, Any]) -> Answer:
    """A picture that was dropped or pasted: it is explained next."""
    _, _, encoded = str(content.get("data")).partition("base64,")
    try:
        image = Image.open(io.BytesIO(base64.b64decode(encoded, validate=True)))
        image.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(f"What was dropped cannot be read as a picture: {error}") from error
    asked.show(image)
    return Answer({})


def _maximize(asked: Asked, content: Mapping[str, Any]) -> Answer:
    """Have the pictures formed that excite these classes and filters; they are sent as they form, see `Exciting`."""
    explanation = asked.explanation
    if explanation.layer != content.get("layer"):
        raise ValueError("The layer on show has changed.")
    units = content.get("units")
    if not isinstance(units, list):
        raise TypeError(f"units={units!r} is no list.")
    subjects = tuple(dict.fromkeys(_subject(unit, explanation) for unit in units))
    asked.maximize(Wanted(explanation, subjects, _index(content, "version")))
    return Answer({})


def _subject(unit: object, explanation: Explanation) -> Subject:
    found = re.fullmatch(r"(filter|class) (\d+)", str(unit))
    if found is None:
        raise ValueError(f"{unit!r} is neither 'filter 12' nor 'class 3'.")
    kind, number = found[1], int(found[2])
    count = explanation.layer_info.channels if kind == "filter" else len(explanation.outputs)
    if number >= count:
        raise ValueError(f"No {unit}: there are 0 to {count - 1}.")
    return Subject("filter", explanation.layer, number) if kind == "filter" else Subject("class", "", number)


def _index(content: Mapping[str, Any], name: str) -> int:
    value = content.get(name)
    if not isinstance(value, int):
        raise TypeError(f"{name}={value!r} is no whole number.")
    return value


# Kinds of messages, and who answers them.
REQUESTS: dict[str, Callable[[Asked, Mapping[str, Any]], Answer]] = {
    "stop": _stop,
    "hello": _hello,
    "neuron": _neuron,
    "inputs": _inputs,
    "check": _check,
    "pictures": _pictures,
    "picture": _picture,
    "maximize": _maximize,
}

_LONG = ("check",)
