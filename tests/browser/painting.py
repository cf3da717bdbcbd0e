"""What stands on the canvas, as numbers."""

import base64
import io

import numpy as np
from jaxtyping import Float, Int, UInt8
from PIL import Image
from playwright.sync_api import Page

from tests.browser.notebook import Notebook


def painted(page: Page) -> UInt8[np.ndarray, "H W 3"]:
    """The canvas with the map, pixel by pixel."""
    address = page.locator(".camwidget canvas").first.evaluate("canvas => canvas.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGB"))


def sampled(page: Page, rows: int, columns: int) -> UInt8[np.ndarray, "rows columns 3"]:
    """The canvas at the middles of a grid's cells."""
    pixels = painted(page)
    down, across = (
        (2 * np.arange(count) + 1) * length // (2 * count)
        for count, length in zip((rows, columns), pixels.shape[:2], strict=True)
    )
    return pixels[down][:, across]


def palette(notebook: Notebook) -> UInt8[np.ndarray, "256 3"]:
    """The colours of the first colour map."""
    return np.array(notebook.value("list(w.choices['colormaps'][0]['palette'])"), np.uint8).reshape(256, 3)


def heats(page: Page, colours: UInt8[np.ndarray, "256 3"], rows: int, columns: int) -> Float[np.ndarray, "h w"]:
    """The map as the page shows it, in [0, 1]: of each neuron the heat whose colour is nearest. In the view "cells"."""
    pixels = sampled(page, rows, columns).astype(int)
    distances: Int[np.ndarray, "h w 256"] = np.abs(pixels[:, :, None] - colours.astype(int)).sum(3)
    return distances.argmin(2) / 255
