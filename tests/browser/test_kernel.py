"""A kernel that stands still, is started anew or is gone; a page that is loaded anew; a saved notebook; Notebook 7."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import assert_accessible
from tests.browser.jupyter import Server
from tests.browser.notebook import SHOTS, Notebook
from tests.browser.painting import heats, painted, palette
from tests.browser.pointing import centre

pytestmark = pytest.mark.browser

SCENE = """
from camwidget import CamWidget, samples
scene = samples.scene(7, digits=[3, 3, 8])
w = CamWidget(samples.network(), scene.image, class_names=samples.CLASS_NAMES, target="three")
w.view, w.opacity = "cells", 1.0
w
"""
SIDE = 14
WIDGETS = "@jupyter-widgets/jupyterlab-manager:plugin"


@pytest.fixture(scope="module")
def opened(server: Server, shared_lab: Callable[..., Notebook]) -> Iterator[Notebook]:
    server.set(WIDGETS, saveState=True)
    notebook = shared_lab([SCENE], size=(1280, 1000))
    notebook.page.on("dialog", lambda dialog: dialog.accept())  # whether to leave a notebook that is not saved
    notebook.page.locator(".camwidget[data-seq='1']").wait_for()
    yield notebook
    server.set(WIDGETS, saveState=False)


def drag(page: Page, *cells: tuple[int, int]) -> None:
    """A box over these neurons, each of which changes what is painted."""
    page.mouse.move(*centre(page, *cells[0]))
    page.mouse.down()
    for place in cells[1:]:
        with repainted(page):
            page.mouse.move(*centre(page, *place), steps=3)
    page.mouse.up()
    page.mouse.move(0, 0)


@contextmanager
def repainted(page: Page) -> Iterator[None]:
    """Wait for other pixels than before."""
    before = page.locator(".cw-stage canvas").evaluate("canvas => canvas.toDataURL()")
    yield
    page.wait_for_function("before => document.querySelector('.cw-stage canvas').toDataURL() !== before", arg=before)


def status(page: Page) -> Locator:
    return page.locator(".cw-footer").get_by_role("status")


def test_the_preview_is_right_while_the_kernel_stands_still(opened: Notebook) -> None:
    page, colours = opened.page, palette(opened)
    process = opened.value("__import__('os').getpid()")
    strongest = opened.value("int(w.explanation.strongest_filters(1)[0])")
    chosen = np.zeros((SIDE, SIDE), bool)
    chosen[3:9, 2:10] = True
    os.kill(process, signal.SIGSTOP)
    try:
        drag(page, (3, 2), (5, 4), (8, 9))
        page.wait_for_timeout(100)
        of_all = heats(page, colours, SIDE, SIDE)
        with repainted(page):
            page.get_by_role("option", name=f"Filter {strongest}", exact=True).click()
        page.mouse.move(0, 0)
        page.wait_for_timeout(100)
        of_one = heats(page, colours, SIDE, SIDE)
        expect(status(page)).to_contain_text("The kernel is busy")
    finally:
        os.kill(process, signal.SIGCONT)
    opened.wait_for_map(f"w.region == [[[3, 2], [8, 9]]] and w.filters == [{strongest}]")
    expect(status(page)).to_contain_text("idle")

    scales = np.array(opened.value("__import__('numpy').frombuffer(w.evidence['scales'], 'f4').tolist()"))
    # Each term is off by half a step at most; of many the errors add up as those of independent numbers do.
    for shown, filters, error in (
        (of_all, "None", 4 * np.sqrt((scales**2).sum() / 12)),
        (of_one, f"[{strongest}]", scales[strongest] / 2),
    ):
        exact = np.array(opened.value(f"w.explanation.only(filters={filters}, region=w.region).map.tolist()"))
        assert exact[~chosen].max() == 0 and exact.max() > 20 * error
        # the map and its maximum are both off; the colours have 256 steps
        tolerance = 2 * error / exact.max() + 1.5 / 255
        np.testing.assert_allclose(shown[chosen], exact[chosen] / exact.max(), atol=tolerance)
    assert opened.errors == []


def test_a_page_that_is_loaded_anew_goes_on(opened: Notebook) -> None:
    page = opened.page
    opened.run("w.filters, w.region = None, [[[3, 2], [8, 9]]]")
    opened.wait_for_map("w.filters is None")
    before = painted(page)
    opened.save()
    page.reload()
    page.locator(".camwidget[data-status='idle']:not([data-seq='0'])").wait_for()
    page.mouse.move(0, 0)
    page.wait_for_timeout(300)
    assert np.abs(painted(page).astype(int) - before).max() <= 2
    drag(page, (0, 1), (4, 5))
    opened.wait_for_map("w.region == [[[0, 1], [4, 5]]]")
    assert opened.errors == []


def test_notebook_7_shows_the_same_widget(opened: Notebook) -> None:
    """The same notebook and kernel, in the other front end: its server is the same, too."""
    opened.save()
    page = opened.page.context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(opened.page.url.split("?")[0].replace("/lab/tree/", "/notebooks/"))
    page.locator(".camwidget[data-status='idle']:not([data-seq='0'])").wait_for()
    errors.clear()  # what the front end itself has met with while it started
    drag(page, (10, 3), (12, 9))
    opened.wait_for("w.region == [[[10, 3], [12, 9]]]")
    page.get_by_role("combobox", name="Method").select_option("layer_cam")
    opened.wait_for("w.explanation.method == 'layer_cam'")
    cells = page.locator(".jp-CodeCell").count()
    page.get_by_role("listbox", name="Filters").press("d")  # on a cell, twice is "delete it"
    page.get_by_role("listbox", name="Filters").press("d")
    page.wait_for_timeout(200)
    expect(page.locator(".jp-CodeCell")).to_have_count(cells)
    page.screenshot(path=SHOTS / "notebook-7.png")
    assert errors == []
    page.close()
    opened.run("w.method = 'grad_cam++'")


def test_without_its_kernel_a_widget_shows_what_was_there(opened: Notebook) -> None:
    page = opened.page
    opened.run("w.region, w.filters, w.method = [[[3, 2], [8, 9]]], None, 'grad_cam++'")
    opened.wait_for_map("w.region == [[[3, 2], [8, 9]]] and w.explanation.method == 'grad_cam++'")
    opened.save()
    page.wait_for_timeout(1000)
    method = page.get_by_role("combobox", name="Method")
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^Restart Kernel")).first.click()
    page.get_by_role("button", name="Confirm Kernel Restart").click()
    expect(status(page)).to_contain_text("No kernel")
    expect(method).to_be_disabled()
    drag(page, (1, 1), (6, 6))
    expect(page.get_by_text("36 of 196 chosen")).to_be_visible()
    opened.screenshot("restarted", page.locator(".camwidget"))

    # The same notebook another day: its kernel has never heard of the widget.
    opened.errors.clear()
    page.reload()
    page.locator(".camwidget:not([data-seq='0'])").wait_for()
    expect(page.get_by_text("48 of 196 chosen")).to_be_visible()
    expect(status(page)).to_contain_text("No kernel")
    expect(method).to_be_disabled()
    expect(page.get_by_role("button", name="Check this map")).to_be_disabled()
    drag(page, (1, 1), (6, 6))
    with repainted(page):
        page.get_by_role("listbox", name="Filters").get_by_role("option").nth(1).click()
    opened.screenshot("reopened", page.locator(".camwidget"))
    assert_accessible(page.locator(".camwidget"))
    assert opened.errors == []

    opened.run_cell(0)
    expect(status(page)).to_contain_text("idle")
    expect(method).to_be_enabled()
    assert opened.errors == []
