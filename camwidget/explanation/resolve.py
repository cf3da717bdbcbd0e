"""From what was asked to what is measured: classes by number, a score that the network has, a baseline."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageFilter

from camwidget.model import SCORES, LayerInfo, Observation, Picture, Preprocess, Probe

from . import checks
from .prediction import are_numbered
from .query import Query


def resolve(
    query: Query, probe: Probe, layer: LayerInfo, names: Sequence[str], observation: Observation
) -> tuple[Query, tuple[str, ...]]:
    """The query with layer, target, against, score and samples filled in, and notes for people.

    Args:
        query: checked.
        probe: around the network.
        layer: the one the query means.
        names: of the classes.
        observation: of the picture.

    Raises:
        ValueError: the network has no such class, or nothing of what is asked for.
    """
    _check(query, probe)
    logits = observation.logits[0]
    target = _class("target", query.target, names)
    if target is None:
        target = int(logits.argmax())
    against = _class("against", query.against, names)
    if query.score == "contrast":
        if against is None:
            others = np.where(np.arange(len(logits)) == target, -np.inf, logits)
            against = int(others.argmax())
        if against == target:
            raise ValueError(f"Class {target} is set against itself. Pass another class as against=.")
    score, notes = query.score, ()
    if probe.kind == "probabilities" and score == "logit":
        score = "log_probability"
        notes = (
            "The network's outputs are probabilities whose logits cannot be reached: the log probability is explained.",
        )
    samples = query.num_samples if query.record.takes_noise else 0
    if query.samples and not query.record.takes_noise:
        raise ValueError(
            f"method={query.method!r} takes no derivatives, so there is nothing that noise could be averaged over. "
            "Leave out samples=."
        )
    resolved = replace(
        query,
        layer=layer.name,
        target=target,
        against=target if against is None else against,
        score=score,
        samples=samples,
    )
    notes += _default_of_what_is_seen(query, probe, layer) + _of_another_input(query, probe, layer)
    notes += _taken_for_classes(query, probe)
    return resolved, notes + _saturated(resolved, float(observation.probabilities[0, target]))


def _default_of_what_is_seen(query: Query, probe: Probe, layer: LayerInfo) -> tuple[str, ...]:
    if query.layer is not None or query.record.weigh is None or not probe.hidden:
        return ()
    few = ", ".join(probe.hidden[:5]) + (", ..." if len(probe.hidden) > 5 else "")
    return (
        f"This network calls layers inside a tf.cond or a loop, where no output can be seen: {few}. The default is the "
        f"last layer outside it, {layer.name}.",
    )


def _of_another_input(query: Query, probe: Probe, layer: LayerInfo) -> tuple[str, ...]:
    if query.record.weigh is None or layer.name not in probe.apart:
        return ()
    return (
        f"Layer {layer.name!r} depends on another input than the picture under this map: what it shows are places of "
        "that one. Pass it as input=.",
    )


def _taken_for_classes(query: Query, probe: Probe) -> tuple[str, ...]:
    needs_classes = SCORES[query.score].needs_classes or query.derivatives == "softmax"
    if probe.kind != "linear" or probe.has_loss or not needs_classes:
        return ()
    return (
        "This network ends without a softmax and was not compiled with a loss, so nothing tells that its outputs are "
        "classes: they are taken for logits. If they are values, as in regression, model.compile(loss='mse') says so.",
    )


def _check(query: Query, probe: Probe) -> None:
    if not probe.gives_classes and (SCORES[query.score].needs_classes or query.derivatives == "softmax"):
        what = f"score={query.score!r}" if SCORES[query.score].needs_classes else "derivatives='softmax'"
        raise ValueError(
            f"{what} is about the probabilities of classes, and this network's outputs are values. Use score='logit', "
            "which explains a unit's output, and derivatives='exp'."
        )
    if query.derivatives == "softmax" and query.score == "contrast":
        raise ValueError(
            "derivatives='softmax' explains the probability of one class; a contrast of two logits has none. Use "
            "score='logit', 'probability' or 'log_probability', or derivatives='exp'."
        )


def _saturated(query: Query, probability: float) -> tuple[str, ...]:
    """The higher the probability, the less of it is left to be explained."""
    exact = query.derivatives == "softmax" and query.record.weigh is not None
    fades = SCORES[query.score].saturates or exact
    if not fades or query.explains_selection or not probability > 0.999:
        return ()
    return (
        f"The class's probability is {probability:.6f}: the softmax is saturated, and its derivatives are almost 0 "
        "whatever the picture shows. score='logit' with derivatives='exp' does not fade.",
    )


def _class(option: str, wanted: int | str | None, names: Sequence[str]) -> int | None:
    if wanted is None:
        return None
    if isinstance(wanted, str):
        if names.count(wanted) == 1:
            return names.index(wanted)
        few = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
        found = "No class" if wanted not in names else "Several classes are"
        hint = checks.nearest(wanted, names)
        if not hint and are_numbered(names):
            hint = " The network tells no names: pass them as class_names=."
        raise ValueError(f"{found} called {wanted!r}.{hint} Classes: {few}. Pass a name or an index as {option}=.")
    if not 0 <= wanted < len(names):
        raise ValueError(
            f"No class {wanted}: the network has {len(names)} classes, 0 to {len(names) - 1}. Pass one as {option}=."
        )
    return wanted


def make_baseline(query: Query, picture: Picture, preprocess: Preprocess) -> Float[np.ndarray, "H W colours"]:
    """Where integrated gradients start, as the network takes it.

    "black" and "white" are pictures of 0 and 255, preprocessed as the picture was; where the picture
    was given as floats, it is taken to have been preprocessed so. "mean" and "blur" are made of what
    the network takes.

    Raises:
        ValueError: one number for each channel was given, and the network has another number of them.
    """
    inputs, baseline = picture.inputs, query.baseline
    if isinstance(baseline, float):
        return np.full_like(inputs, baseline)
    if isinstance(baseline, tuple):
        if len(baseline) != inputs.shape[2]:
            raise ValueError(
                f"baseline= holds {len(baseline)} numbers and the network takes {inputs.shape[2]} channels. Pass one "
                "number for each."
            )
        return np.broadcast_to(np.array(baseline, np.float32), inputs.shape).copy()
    if baseline == "mean":
        return np.broadcast_to(inputs.mean(axis=(0, 1)), inputs.shape).copy()
    if baseline == "blur":
        return blurred(inputs)
    shade = 0.0 if baseline == "black" else 255.0
    return np.asarray(preprocess(np.full_like(inputs, shade)), np.float32)


def blurred(inputs: Float[np.ndarray, "H W colours"]) -> Float[np.ndarray, "H W colours"]:
    """Every channel under a Gaussian of a tenth of the longer side."""
    radius = max(inputs.shape[:2]) / 10
    low, high = float(inputs.min()), float(inputs.max())
    if low == high:
        return inputs.copy()
    # Pillow blurs floats with 8 bits; so do a baseline's colours no harm.
    shades = np.round((inputs - low) / (high - low) * 255).astype(np.uint8)
    channels = [
        np.asarray(Image.fromarray(shades[..., c]).filter(ImageFilter.GaussianBlur(radius)))
        for c in range(inputs.shape[2])
    ]
    return (np.stack(channels, axis=2) / np.float32(255) * (high - low) + low).astype(np.float32)
