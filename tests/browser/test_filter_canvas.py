"""A layer's pictures on ipycanvas in a real JupyterLab: what the page shows is what the kernel has, pixel by pixel."""

import time
from collections.abc import Callable

import pytest

from tests.browser.jupyter import PATIENCE
from tests.browser.notebook import Notebook

pytestmark = pytest.mark.browser

CANVAS = """
from hashlib import sha256
import numpy as np
from camwidget import CamWidget, FilterCanvas, samples

def shown(canvas):
    pixels = canvas._drawn()
    return sha256(np.concatenate([pixels, np.full((*pixels.shape[:2], 1), 255, np.uint8)], axis=2)).hexdigest()

"""
PIXELS = """async (expected) => {
    const canvas = document.querySelector(".jp-OutputArea canvas[tabindex]");
    if (!canvas) return false;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
    return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("") === expected;
}"""


def assert_shown(notebook: Notebook) -> None:
    """The page comes to show what the kernel has."""
    deadline = time.monotonic() + PATIENCE / 4
    while not notebook.page.evaluate(PIXELS, notebook.value("shown(canvas)")):
        assert time.monotonic() < deadline, "the page shows something else"
        notebook.page.wait_for_timeout(100)


def press(notebook: Notebook, number: int) -> None:
    """Click on a picture, wherever the page has scaled the canvas to."""
    canvas = notebook.page.locator(".jp-OutputArea canvas[tabindex]").first
    box = canvas.bounding_box()
    assert box is not None
    height, width = notebook.value("canvas._sheet.size")
    row, column = notebook.value(f"canvas._sheet.place({number})")
    canvas.click(position={"x": (column + 40) * box["width"] / width, "y": (row + 40) * box["height"] / height})


def test_pictures_form_are_chosen_and_come_again(lab: Callable[..., Notebook]) -> None:
    notebook = lab([CANVAS + 'canvas = FilterCanvas(samples.network(), "block1_relu1", steps=12)\ncanvas'])
    page = notebook.page
    page.locator(".jp-OutputArea canvas[tabindex]").wait_for()
    notebook.screenshot("filters-forming-light")
    assert notebook.value("(canvas.wait(), canvas.status)[1]") == "idle"
    assert_shown(notebook)
    press(notebook, 5)
    notebook.wait_for("canvas.filters == [5]")
    assert_shown(notebook)
    page.get_by_label("Chosen", exact=True).select_option("filter 9")
    notebook.wait_for("canvas.filters == [9]")
    assert_shown(notebook)
    notebook.screenshot("filters-light")
    notebook.save()
    page.reload()
    page.locator(".jp-OutputArea canvas[tabindex]").wait_for()
    assert_shown(notebook)
    press(notebook, 2)
    notebook.wait_for("canvas.filters == [2]")
    assert_shown(notebook)
    assert notebook.errors == []


def test_beside_a_widget_narrow_dark_and_in_an_older_kernel(lab: Callable[..., Notebook]) -> None:
    cell = CANVAS + (
        "model = samples.network()\n"
        "widget = CamWidget(model, samples.scene(7).image, layer='block1_relu1')\n"
        "canvas = FilterCanvas(model, 'block1_relu1', widget=widget, steps=500)\ncanvas"
    )
    notebook = lab([cell], theme="dark", size=(500, 900), kernel="older")
    page = notebook.page
    notebook.wait_for("canvas.progress > 0.02")
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name="Go on", exact=True).wait_for()
    assert notebook.value("canvas.status") == "stopped" and notebook.value("len(canvas.wait())") > 0
    assert_shown(notebook)
    press(notebook, 3)
    notebook.wait_for("widget.filters == [3]")
    notebook.run("widget.filters = [7, 8]")
    notebook.wait_for("canvas.filters == [7, 8]")
    assert_shown(notebook)
    notebook.screenshot("filters-dark-narrow")
    notebook.run("canvas.close()")
    page.locator(".jp-OutputArea canvas[tabindex]").wait_for(state="detached")
    assert notebook.errors == []
