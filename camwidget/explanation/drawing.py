"""Maps made visible: colours, overlays and figures; no pyplot and no state."""

import io
import os
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from jaxtyping import Float, UInt8
from matplotlib.figure import Figure
from PIL import Image

from camwidget.maths import full_heat, resize
from camwidget.model import as_rgb

if TYPE_CHECKING:
    from .explanation import Explanation


def palette(colormap: str) -> UInt8[np.ndarray, "256 3"]:
    """256 RGB colours of a matplotlib colour map; entry i paints the heat i / 255.

    Raises:
        ValueError: no such colour map.
    """
    if colormap not in matplotlib.colormaps:
        raise ValueError(
            f"No colour map {colormap!r}. Pass the name of a matplotlib colour map: viridis, magma, inferno, cividis, "
            "turbo, gray, ..."
        )
    return matplotlib.colormaps[colormap](np.linspace(0, 1, 256), bytes=True)[:, :3]


# Pixels painted together: they stay in the processor's cache.
_AT_ONCE = 2**16


def overlay(
    pixels: UInt8[np.ndarray, "H W 3"], heatmap: Float[np.ndarray, "H W"], *, colormap: str, opacity: float
) -> UInt8[np.ndarray, "H W 3"]:
    """Paint heat over a picture.

    Raises:
        ValueError: opacity outside [0, 1], or no such colour map.
    """
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity={opacity:g} is out of range. Pass a number from 0 (no heat) to 1.")
    painted, colours = pixels.copy(), palette(colormap)
    if not (heatmap > 0).any():
        return painted  # no evidence is said in words, not painted
    # Some rows at a time: all at once, a photograph of 20 million pixels goes through memory a dozen times.
    rows = max(1, _AT_ONCE // pixels.shape[1])
    for start in range(0, len(pixels), rows):
        heat = np.clip(heatmap[start : start + rows], 0, 1).astype(np.float32)
        share = density(heat, opacity)[..., None]
        under, over = pixels[start : start + rows], colours[np.round(heat * 255).astype(np.uint8)]
        painted[start : start + rows] = np.round(under + share * (over.astype(np.float32) - under))
    return painted


def density(heat: Float[np.ndarray, "H W"], opacity: float) -> Float[np.ndarray, "H W"]:
    """How much of the colour covers the picture, in [0, 1]; the page paints by the same rule.

    Full heat has exactly `opacity`. Below a heat of 0.35 the paint thins out smoothly, down to the
    fourth power of opacity for none: at opacity 1 it covers everything, at 0.6 a place without
    evidence stays almost as it is.
    """
    share = np.clip(heat / 0.35, 0, 1)
    smooth = share * share * (3 - 2 * share)
    return opacity * (smooth + (1 - smooth) * opacity**3)


def check_ending(path: str | os.PathLike) -> None:
    """Raise where no picture can be written under this name."""
    ending = os.path.splitext(os.fspath(path))[1].lower()
    if Image.registered_extensions().get(ending) not in Image.SAVE:
        given = f"{ending!r} is none" if ending else "it has none"
        raise ValueError(
            f"The ending of a file's name chooses the format of the picture, and {given}: {os.fspath(path)!r}. "
            "Use .png, .jpg or .webp."
        )


def png(pixels: UInt8[np.ndarray, "H W 3"]) -> bytes:
    """The picture encoded as PNG."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG")
    return stream.getvalue()


def jpeg(pixels: UInt8[np.ndarray, "H W 3"]) -> bytes:
    """The picture encoded as JPEG, for pages that show many of them."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="JPEG", quality=88)
    return stream.getvalue()


def reduced(pixels: UInt8[np.ndarray, "H W 3"], most: int = 1280) -> UInt8[np.ndarray, "h w 3"]:
    """The picture, its longer side at most so many pixels: more no page shows, and a notebook would store."""
    height, width = pixels.shape[:2]
    share = most / max(height, width)
    if share >= 1:
        return pixels
    size = max(1, round(width * share)), max(1, round(height * share))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def enlarged(pixels: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "H W 3"]:
    """A small picture with each pixel repeated, so often that its longer side comes up to 448 pixels."""
    times = max(1, 448 // max(pixels.shape[:2]))
    return pixels.repeat(times, axis=0).repeat(times, axis=1)


def display_png(explanation: "Explanation", *, colormap: str, opacity: float) -> bytes:
    """The overlay as a page shows it: large pictures `reduced`, small ones with larger pixels."""
    pixels = enlarged(reduced(explanation.picture.pixels))
    heatmap = resize(explanation.heat, *pixels.shape[:2])
    return png(overlay(pixels, heatmap, colormap=colormap, opacity=opacity))


def display_signed(signed: Float[np.ndarray, "H W colours"]) -> UInt8[np.ndarray, "H W 3"]:
    """Signed colours as a picture: grey is 0, the 99th percentile of their size is full colour."""
    limit = full_heat(np.abs(signed)) or 1.0
    return as_rgb(np.round(np.clip(0.5 + signed / (2 * limit), 0, 1) * 255).astype(np.uint8))


class Plot(Figure):
    """A figure that shows itself in a notebook whether or not pyplot is loaded."""

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        self.savefig(stream, format="png", dpi=110, bbox_inches="tight")
        return stream.getvalue()
