"""A real JupyterLab in a real Chromium. The fixture `lab` opens a notebook and runs its cells as a person would.

def test_clear(lab):
    notebook = lab(["from camwidget import ...", "w = CamWidget(model, img); w"], theme="dark", size=(1000, 700))
    notebook.page.get_by_role("button", name="Clear").click()  # Playwright's page: what a person does
    notebook.wait_for("w.region is None")                        # asked of the same kernel
    notebook.screenshot("cleared-dark")
"""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.jupyter import PATIENCE, THEMES, Server, serve
from tests.browser.notebook import SHOTS, Notebook

CHROMIUM_FINDER = Path(__file__).parents[2] / "scripts" / "chromium.py"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One JupyterLab for all browser tests."""
    with serve(tmp_path_factory.mktemp("jupyter")) as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium: the one that CAMWIDGET_CHROMIUM names, or the one that scripts/chromium.py finds."""
    with launch() as browser:
        yield browser


@contextmanager
def launch() -> Iterator[Browser]:
    """Starts that Chromium."""
    search = subprocess.run([sys.executable, CHROMIUM_FINDER], capture_output=True, text=True, timeout=PATIENCE)
    if search.returncode != 0:
        pytest.fail(search.stderr)
    with sync_playwright() as playwright:
        expect.set_options(timeout=1000 * PATIENCE / 4)
        browser = playwright.chromium.launch(executable_path=search.stdout.strip(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def lab(server: Server, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    """Opens notebooks: lab(cells, theme="light", size=(1280, 900), run=True, kernel="python3") -> Notebook.

    Cells are run one after another unless `run` is False. When the test fails, its pages are kept as failed-TEST.png.
    """
    with _notebooks(server, chromium, request) as open_notebook:
        yield open_notebook


@pytest.fixture(scope="module")
def shared_lab(server: Server, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    """As `lab`, for a notebook that all tests of a module use: a kernel with TensorFlow takes its time to start."""
    with _notebooks(server, chromium, request) as open_notebook:
        yield open_notebook


@contextmanager
def _notebooks(server: Server, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    test = re.sub(r"\W+", "-", Path(request.node.name).stem).strip("-")
    failures = request.session.testsfailed
    with notebooks(server, chromium, test) as (open_notebook, pages):
        yield open_notebook
        if request.session.testsfailed > failures:
            SHOTS.mkdir(parents=True, exist_ok=True)
            for number, page in enumerate(pages):
                page.screenshot(path=SHOTS / f"failed-{test}-{number}.png")


@contextmanager
def notebooks(server: Server, chromium: Browser, title: str) -> Iterator[tuple[Callable[..., Notebook], list[Page]]]:
    """What opens notebooks called TITLE-0, TITLE-1 ..., and the pages that it has opened."""
    pages: list[Page] = []
    with ExitStack() as stack:

        def open_notebook(
            cells: Sequence[str],
            *,
            theme: str = "light",
            size: tuple[int, int] = (1280, 900),
            run: bool = True,
            kernel: str = "python3",
        ) -> Notebook:
            name = f"{title}-{len(pages)}.ipynb"
            server.write_notebook(name, cells, kernel)
            server.set("@jupyterlab/apputils-extension:themes", theme=THEMES[theme])
            context = chromium.new_context(viewport={"width": size[0], "height": size[1]})
            stack.callback(context.close)
            context.set_default_timeout(1000 * PATIENCE)
            context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
            page = context.new_page()
            pages.append(page)
            errors = _listen_for_errors(page)
            _open(page, f"{server.url}/lab/tree/{quote(name)}?reset", theme)
            notebook = Notebook(page, _connect(server, name, page, stack), errors)
            for index in range(len(cells) if run else 0):
                notebook.run_cell(index)
            return notebook

        yield open_notebook, pages


def _listen_for_errors(page: Page) -> list[str]:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    return errors


def _open(page: Page, url: str, theme: str) -> None:
    """Opens a notebook's page and gives it the room of the file browser."""
    page.goto(url)
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.wait_for()
    page.locator(f'body[data-jp-theme-name="{THEMES[theme]}"]').wait_for(state="attached")
    sidebar = page.locator("#jp-left-stack")
    sidebar.wait_for()
    page.locator(".jp-SideBar.jp-mod-left .lm-TabBar-tab.lm-mod-current").click()
    sidebar.wait_for(state="hidden")


def _connect(server: Server, name: str, page: Page, stack: ExitStack) -> BlockingKernelClient:
    """A client of the kernel that JupyterLab has started for the notebook; the kernel ends with the test."""
    deadline = time.monotonic() + PATIENCE
    while (session := server.session(name)) is None:
        if time.monotonic() > deadline:
            pytest.fail(f"JupyterLab started no kernel for {name}")
        page.wait_for_timeout(50)
    stack.callback(server.ask, f"sessions/{session['id']}", "DELETE")
    client = BlockingKernelClient(connection_file=str(server.runtime / f"kernel-{session['kernel']['id']}.json"))
    client.load_connection_file()
    # Without the heartbeat: on busy cores a beat comes late, and the client would take the kernel for dead.
    client.start_channels(hb=False)
    stack.callback(client.stop_channels)
    client.wait_for_ready(timeout=PATIENCE)
    return client
