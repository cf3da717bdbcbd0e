"""A notebook open in a browser, and the way to its kernel: what the fixture `lab` returns."""

import ast
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from playwright.sync_api import Locator, Page

from tests.browser.jupyter import PATIENCE

SHOTS = Path(os.environ.get("CAMWIDGET_SHOTS") or Path(__file__).parent / "shots")
HAS_KERNEL = """() => {
    const session = window.jupyterapp?.shell.currentWidget?.sessionContext?.session;
    return session?.kernel?.connectionStatus === "connected";
}"""
HAS_RUN = r"""index => {
    const cell = [...document.querySelectorAll(".jp-Notebook .jp-CodeCell")].at(index);
    return /\[\d+\]/.test(cell.querySelector(".jp-InputPrompt").textContent);
}"""


@dataclass(frozen=True)
class Notebook:
    """A notebook open in JupyterLab, and its kernel."""

    page: Page
    client: BlockingKernelClient
    errors: list[str]  # what scripts threw in the page, and the errors on its console

    def cell(self, index: int) -> Locator:
        """The code cell of this index, counted from 0."""
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(index)

    def run_cell(self, index: int) -> None:
        """Runs a code cell as a person does, and waits until the kernel is through with it.

        Raises:
            AssertionError: the cell raised; the message is its traceback.
        """
        cell = self.cell(index)
        # A page that does not know its kernel yet, as after a reload, would start another, or run nothing.
        self.page.wait_for_function(HAS_KERNEL)
        # The number that an earlier run left there, maybe in a saved notebook, says nothing of this one.
        cell.locator(".jp-InputPrompt").evaluate("prompt => { prompt.textContent = ''; }")
        cell.locator(".jp-InputArea-editor").click()
        cell.locator(".cm-content").press("Shift+Enter")
        self.page.wait_for_function(HAS_RUN, arg=index)
        if not self.value("get_ipython().last_execution_succeeded"):
            raise AssertionError(f"cell {index} raised:\n{cell.locator('.jp-OutputArea').inner_text()}")

    def run(self, code: str) -> str:
        """Runs code in the notebook's kernel, without a cell, and returns what it printed.

        Raises:
            AssertionError: the code raised; the message is its traceback.
        """
        printed: list[str] = []

        def keep(message: dict[str, Any]) -> None:
            if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
                printed.append(message["content"]["text"])

        reply = self.client.execute_interactive(
            code, store_history=False, allow_stdin=False, timeout=PATIENCE, output_hook=keep
        )
        _raise_for(reply)
        return "".join(printed)

    def value(self, expression: str) -> Any:
        """The value of an expression in the kernel: numbers, strings, None, and lists, tuples and dicts of them."""
        # The reply itself carries it: what is printed goes another way, lost where that reconnects after a restart.
        asked = {"silent": True, "allow_stdin": False, "user_expressions": {"asked": "_asked"}}
        execute: Any = self.client.execute  # its stub has no reply= and timeout=
        reply = execute(f"_asked = repr({expression})", **asked, reply=True, timeout=PATIENCE)
        _raise_for(reply)
        return ast.literal_eval(ast.literal_eval(reply["content"]["user_expressions"]["asked"]["data"]["text/plain"]))

    def wait_for(self, expression: str, seconds: float = PATIENCE / 4) -> None:
        """Waits until an expression is true in the kernel: what a click sets, it sets a moment later.

        Raises:
            AssertionError: it stayed false that long.
        """
        deadline = time.monotonic() + seconds
        while not self.value(f"bool({expression})"):
            if time.monotonic() > deadline:
                raise AssertionError(f"{expression} stayed false in the kernel for {seconds:.0f} seconds")
            self.page.wait_for_timeout(50)

    def wait_for_map(self, expression: str = "True", status: str = "idle") -> None:
        """Waits until the widget `w` has answered what is asked for, and the page has painted that answer.

        Args:
            expression: true in the kernel once it was asked for.
            status: of the widget by then.
        """
        self.wait_for(expression)
        deadline = time.monotonic() + PATIENCE / 4
        while True:  # what a click sets may reach the kernel after an answer to something older
            newest = self.value("(w.wait(60), w.result['seq'])[1]")
            if self.page.locator(f".camwidget[data-seq='{newest}'][data-status='{status}']").is_visible():
                return
            assert time.monotonic() < deadline, f"the page does not come to show answer {newest} and {status!r}"
            self.page.wait_for_timeout(20)

    def reset(self, code: str) -> None:
        """Sets the widget `w` as the next test wants it, and waits until the page shows it."""
        self.errors.clear()
        self.run(code)
        self.wait_for_map()

    def save(self) -> None:
        """Saves the notebook with the state of its widgets."""
        self.page.locator(".jp-Notebook").press("Control+s")
        self.page.locator(".jp-mod-dirty").wait_for(state="detached")

    def screenshot(self, name: str, part: Locator | None = None) -> Path:
        """Stores a picture of the page, or of a part of it, as NAME.png in CAMWIDGET_SHOTS (or shots/ here)."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        path = SHOTS / f"{name}.png"
        if part is None:
            self.page.screenshot(path=path, animations="disabled")
        else:
            part.screenshot(path=path, animations="disabled")
        return path


def _raise_for(reply: dict[str, Any]) -> None:
    if reply["content"]["status"] != "ok":
        traceback = "\n".join(reply["content"].get("traceback", ["the kernel was interrupted"]))
        raise AssertionError(re.sub(r"\x1b\[[0-9;]*m", "", traceback))
