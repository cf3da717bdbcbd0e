"""The page without code: Voila serves it, a picture can be chosen, and the same file runs as a notebook."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.jupyter import PATIENCE
from tests.browser.notebook import SHOTS, Notebook

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
APP = ROOT / "app" / "explore.ipynb"
PHOTOGRAPH = ROOT / "camwidget" / "samples" / "photographs" / "held_out" / "coffee.jpg"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the page, served as `make app` does."""
    pytest.importorskip("voila", reason="voila: pip install -e '.[app]'")
    home = tmp_path_factory.mktemp("app")
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(home), "JUPYTER_RUNTIME_DIR": str(home), "PORT": ""}
    environment.pop("DISPLAY", None)
    command = [sys.executable, "-u", str(ROOT / "scripts" / "demo.py"), "app"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as server:
        assert server.stdout is not None
        try:
            yield next(line.strip() for line in server.stdout if "http" in line)
        finally:
            server.terminate()


def opened(chromium: Browser, address: str, width: int) -> Page:
    context = chromium.new_context(viewport={"width": width, "height": 1000})
    context.set_default_timeout(1000 * PATIENCE)
    page = context.new_page()
    page.goto(address)
    page.locator(".camwidget[data-seq='1']").wait_for()
    return page


def choose(page: Page, file: Path) -> None:
    """Chooses a file as a person does."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Your picture").click()
    chooser.value.set_files(file)


def test_a_picture_is_explained_without_code(chromium: Browser, app: str):
    page = opened(chromium, app, 1200)
    expect(page.get_by_role("heading", name="Why did it say that?")).to_be_visible()
    assert "import" not in page.locator("body").inner_text(), "the page shows its code"
    widget = page.locator(".camwidget")
    page.screenshot(path=SHOTS / "app-first.png", full_page=True)

    choose(page, APP)
    expect(page.get_by_text("no picture that can be read")).to_be_visible()
    choose(page, PHOTOGRAPH)
    page.wait_for_function("document.querySelector('.camwidget').dataset.seq !== '1'")
    expect(page.get_by_text("no picture that can be read")).to_have_count(0)
    page.screenshot(path=SHOTS / "app-picture.png", full_page=True)

    page.get_by_role("combobox", name="Network").select_option("Digits, two Dense layers")
    page.locator(".camwidget[data-seq='1']").wait_for()
    expect(widget).to_have_count(1)
    page.context.close()


def test_the_same_file_runs_as_a_notebook(lab: Callable[..., Notebook]):
    cells = [cell.source for cell in nbformat.read(APP, as_version=4).cells if cell.cell_type == "code"]
    notebook = lab(cells)
    notebook.page.locator(".camwidget[data-seq='1']").wait_for()
    assert notebook.value("network.value") == "Digits on photographs"


def test_the_file_stores_no_outputs():
    """They would be those of another picture than the reader's."""
    assert all(not cell.get("outputs") for cell in json.loads(APP.read_text())["cells"])
