"""What goes over the wire; `js/contract.d.ts` says the same from the other side."""

from functools import lru_cache

import numpy as np

from camwidget.explanation import Explainer, Explanation
from camwidget.explanation.drawing import palette, png, reduced
from camwidget.maths import METHODS
from camwidget.model import SCORES, Picture, Probe

from .state import as_traits

COLORMAPS = ("viridis", "magma", "inferno", "cividis", "turbo", "jet", "gray")

# Terms larger than this are not sent: the browser then waits for the kernel's map instead.
PREVIEW_LIMIT = 256 * 1024


def encode_choices(explainer: Explainer, probe: Probe, colormap: str) -> dict:
    """Every menu's entries for this network; the colour map in use is always among them."""
    return {
        "methods": [
            {"value": method.name, "label": method.title, "note": f"{method.formula}. {method.source}"}
            for method in METHODS.values()
        ],
        "layers": [
            {
                "value": layer.name,
                "label": layer.name,
                "note": f"default: {layer.reason}" if layer.default else "",
                "rows": layer.rows,
                "columns": layer.columns,
                "channels": layer.channels,
                "default": layer.default,
            }
            for layer in probe.layers
            if layer.listed
        ],
        "scores": [{"value": score.name, "label": score.title, "note": score.meaning} for score in SCORES.values()],
        "colormaps": encode_colormaps(colormap),
        "classes": list(explainer.class_names(probe)),
    }


def encode_colormaps(chosen: str) -> list[dict]:
    """The colour maps offered, with their colours; the chosen one is always among them."""
    return [
        {"value": name, "label": name, "note": "", "palette": palette(name).tobytes()}
        for name in dict.fromkeys((*COLORMAPS, chosen))
    ]


@lru_cache(maxsize=4)
def encode_picture(picture: Picture) -> dict:
    """The picture before preprocessing, as PNG; a large photograph is made smaller first."""
    pixels = reduced(picture.pixels)
    height, width = pixels.shape[:2]
    return {"width": width, "height": height, "png": png(pixels)}


def encode_evidence(explanation: Explanation, identity: int) -> dict:
    """The terms of the map, quantised, so that the browser can repaint a selection by itself."""
    activations, weights = explanation.evidence.activations, explanation.weights
    rows, columns, channels = activations.shape
    notes = list(explanation.notes)
    terms, scales = None, np.zeros(channels, np.float32)
    if activations.size > PREVIEW_LIMIT:
        notes.append("This layer is too large for an instant preview: a selection shows when the kernel has answered.")
    else:
        exact = np.moveaxis(activations * weights.astype(np.float32), 2, 0)
        if np.isfinite(exact).all():
            scales = np.abs(exact).max(axis=(1, 2)) / np.float32(127)
            divisors = np.where(scales > 0, scales, 1)[:, None, None]
            terms = np.round(exact / divisors).astype(np.int8).tobytes()
    return {
        "id": identity,
        "layer": explanation.layer,
        "rows": rows,
        "columns": columns,
        "channels": channels,
        "contributions": explanation.contributions().astype(np.float32).tobytes(),
        "terms": terms,
        "scales": scales.astype(np.float32).tobytes(),
        "note": " ".join(notes),
    }


def encode_result(explanation: Explanation, *, seq: int, evidence_id: int, milliseconds: float) -> dict:
    """The map on the layer's grid, and what the network thinks of every class."""
    rows, columns = explanation.map.shape
    asked = as_traits(explanation.query)
    return {
        "seq": seq,
        "evidence_id": evidence_id,
        **{name: asked[name] for name in ("target", "filters", "neurons", "region")},
        "rows": rows,
        "columns": columns,
        "map": explanation.map.astype(np.float32).tobytes(),
        "probabilities": explanation.probabilities.astype(np.float32).tobytes(),
        "score": explanation.score,
        "message": explanation.message,
        "milliseconds": milliseconds,
    }
