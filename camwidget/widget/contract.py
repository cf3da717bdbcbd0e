"""What goes over the wire; `js/contract.d.ts` says the same from the other side."""

from functools import lru_cache

import numpy as np
from jaxtyping import Float
from PIL import Image

from camwidget.explanation import Explainer, Explanation
from camwidget.explanation.drawing import jpeg, palette, png, reduced
from camwidget.maths import METHODS, Method, full_heat
from camwidget.model import SCORES, Picture, Probe
from camwidget.model.survey import INPUT

from .state import as_traits

COLORMAPS = ("viridis", "magma", "inferno", "cividis", "turbo", "jet", "gray")

# Bytes of bulk in one update, which as a whole stays below 256 kB. Terms that take more are not sent: the browser then
# waits for the kernel's map instead.
PREVIEW_LIMIT = 250_000

# Longest side of a map of pixels as it is sent: 240 x 240 numbers, and room for those of a thousand classes.
MOST_PIXELS = 240


def encode_choices(explainer: Explainer, probe: Probe, colormap: str) -> dict:
    """Every menu's entries for this network; the colour map in use is always among them."""
    return {
        "methods": [
            {
                "value": method.name,
                "label": method.title,
                "note": f"{method.formula}. {method.source} Cost: {method.cost}.",
                "group": group(method),
                "takes_noise": method.takes_noise,
            }
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
        "scores": encode_scores(probe),
        "colormaps": encode_colormaps(colormap),
        "classes": list(explainer.class_names(probe)),
    }


def group(method: Method) -> str:
    """What a method's map is made of."""
    if method.backward is None:
        return "class activation maps"
    return "pixels" if method.weigh is None else "maps times pixels"


def encode_scores(probe: Probe) -> list[dict]:
    """The scores that this network has: where its outputs are values, none that is about probabilities."""
    return [
        {
            "value": score.name,
            "label": "output" if score.name == "logit" and not probe.gives_classes else score.title,
            "note": score.meaning,
        }
        for score in SCORES.values()
        if (probe.gives_classes or not score.needs_classes) and (probe.classes > 1 or score.name != "contrast")
    ]


def encode_colormaps(chosen: str) -> list[dict]:
    """The colour maps offered, with their colours; the chosen one is always among them."""
    return [
        {"value": name, "label": name, "note": "", "palette": palette(name).tobytes()}
        for name in dict.fromkeys((*COLORMAPS, chosen))
    ]


# Longest sides tried for a photograph; the last fits whatever it shows.
_SIDES = (1280, 960, 720, 480, 320)


@lru_cache(maxsize=4)
def encode_picture(picture: Picture) -> dict:
    """The picture before preprocessing, exactly; of a large photograph as much as may be sent, with JPEG's loss."""
    pixels = reduced(picture.pixels)
    file = png(pixels)
    for most in _SIDES:
        if len(file) <= PREVIEW_LIMIT:
            break
        pixels = reduced(pixels, most)
        file = jpeg(pixels)
    height, width = pixels.shape[:2]
    return {"width": width, "height": height, "file": file}


def encode_evidence(explanation: Explanation, identity: int, limit: int | None = None, *, note: str = "") -> dict:
    """The terms of the map, quantised, so that the browser can repaint a selection by itself.

    Args:
        explanation: the newest one.
        identity: of what was measured.
        limit: bytes that the terms may take, and the filters' numbers with them; None: `PREVIEW_LIMIT`.
        note: what people should know besides the explanation's own notes; "" for nothing.
    """
    rows, columns, channels = explanation.evidence.activations.shape
    notes = [*explanation.notes, *([note] if note else [])]
    if explanation.layer == INPUT:
        rows = columns = channels = 0  # the picture stands in for a layer: nobody chooses among its pixels
        notes.append("This network has no layer with a map: there are no neurons to choose from.")
    elif explanation.layer_weights is None:
        notes.append(
            "With a method for pixels, chosen neurons and filters are themselves explained: what excites them."
        )
    # beside the numbers of `means`, `contributions` and `scales`
    room = (PREVIEW_LIMIT if limit is None else limit) - 12 * channels
    terms, scales = encode_terms(explanation, room)
    if terms is None and explanation.evidence.activations.size > room and not explanation.is_of_pixels:
        notes.append("This layer is too large for an instant preview: a selection shows when the kernel has answered.")
    weighs = explanation.layer_weights is not None
    return {
        "id": identity,
        "layer": explanation.layer,
        "rows": rows,
        "columns": columns,
        "channels": channels,
        "means": encode_means(explanation)[: 4 * channels],
        "contributions": explanation.contributions().astype(np.float32).tobytes() if weighs else None,
        "terms": terms,
        "scales": scales.astype(np.float32).tobytes(),
        "previews": terms is not None and not explanation.is_of_pixels,
        "note": " ".join(notes),
    }


def encode_means(explanation: Explanation) -> bytes:
    """How active each filter is: the mean of A over the grid, one float32 for each."""
    with np.errstate(all="ignore"):  # activations that are not finite are said elsewhere
        return explanation.evidence.activations.mean((0, 1), dtype=np.float64).astype(np.float32).tobytes()


def encode_terms(explanation: Explanation, limit: int) -> tuple[bytes | None, Float[np.ndarray, " c"]]:
    """weights * A as int8 (c, h, w), and the size of each channel's step; None where there is nothing to send."""
    activations, weights = explanation.evidence.activations, explanation.layer_weights
    scales = np.zeros(activations.shape[2], np.float32)
    if weights is None or activations.size > limit:
        return None, scales
    exact = np.moveaxis(activations * weights.astype(np.float32), 2, 0)
    if not np.isfinite(exact).all():
        return None, scales
    scales = np.abs(exact).max(axis=(1, 2)) / np.float32(127)
    divisors = np.where(scales > 0, scales, 1)[:, None, None]
    return np.round(exact / divisors).astype(np.int8).tobytes(), scales


def encode_result(explanation: Explanation, *, seq: int, evidence_id: int, milliseconds: float) -> dict:
    """The map as it is painted, and what the network thinks of every class."""
    map, full = painted(explanation)
    asked, probabilities = as_traits(explanation.query), explanation.probabilities
    asked["score_name"] = asked.pop("score")  # here `score` is the number
    return {
        "seq": seq,
        "evidence_id": evidence_id,
        **asked,
        "against": explanation.query.against if explanation.query.score == "contrast" else None,
        "rows": map.shape[0],
        "columns": map.shape[1],
        "map": map.astype(np.float32).tobytes(),
        "full": number(full),
        "maximum": number(float(explanation.map.max())),
        "of_pixels": explanation.is_of_pixels,
        "explains_selection": explanation.query.explains_selection,
        "outputs": explanation.outputs.astype(np.float32).tobytes(),
        "probabilities": probabilities.astype(np.float32).tobytes() if explanation.is_of_classes else None,
        "score": number(explanation.score),
        "message": explanation.message,
        "milliseconds": milliseconds,
    }


def painted(explanation: Explanation) -> tuple[Float[np.ndarray, "h w"], float]:
    """The map that the page paints, raw units, and the value that has full heat: divided by it, it is `.heatmap`.

    A map of neurons goes out as it is. One of pixels is cut off as in `.heatmap`, and, where it is
    larger than anybody could tell on a page, reduced to the means of areas.
    """
    map = explanation.map
    if not explanation.is_of_pixels or not np.isfinite(map).all():
        return map, float(map.max())
    full, heat = full_heat(map), explanation.heat
    share = MOST_PIXELS / max(heat.shape)
    if share < 1:
        height, width = (max(1, round(length * share)) for length in heat.shape)
        heat = np.asarray(Image.fromarray(heat.astype(np.float32)).resize((width, height), Image.Resampling.BOX))
    return heat * full, full


def number(value: float) -> float | None:
    """For the wire, which knows no NaN."""
    return float(value) if np.isfinite(value) else None
