"""What is kept of a widget: a page that works without kernel and network, and the code."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from camwidget import CamWidget, samples
from tests.browser.notebook import SHOTS, Notebook

pytestmark = pytest.mark.browser

HOSTILE = "three</script><script>window.hacked = 1</script>"
SCENE = """
from camwidget import CamWidget, samples
scene = samples.scene(7, digits=[3, 3, 8])
w = CamWidget(samples.network(), scene.image, class_names=samples.CLASS_NAMES, target="three", method="grad_cam")
w
"""


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 400)])
def test_an_exported_page_works_from_disk(chromium: Browser, tmp_path: Path, scheme: str, width: int) -> None:
    names = [HOSTILE if name == "three" else name for name in samples.CLASS_NAMES]
    widget = CamWidget(samples.network(), samples.scene(7, digits=[3, 3, 8]).image, class_names=names, target=3)
    widget.to_html(tmp_path / "page.html")
    widget.close()
    context = chromium.new_context(
        offline=True,
        color_scheme=scheme,  # type: ignore[arg-type] # one of its words
        viewport={"width": width, "height": 900},
    )
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto((tmp_path / "page.html").as_uri())
    canvas = page.locator(".cw-stage canvas").first
    page.locator(".camwidget[data-seq='1']").wait_for()

    def pixels() -> str:
        return canvas.evaluate("canvas => canvas.toDataURL()")

    whole = pixels()
    page.get_by_role("option", name="Filter 16", exact=True).click()
    page.wait_for_function("before => document.querySelector('.cw-stage canvas').toDataURL() !== before", arg=whole)
    one = pixels()
    grid = page.get_by_role("grid", name="Neurons")
    grid.focus()
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_function("before => document.querySelector('.cw-stage canvas').toDataURL() !== before", arg=one)
    expect(page.get_by_text("of 196 chosen")).to_be_visible()
    expect(page.get_by_role("combobox", name="Method")).to_be_disabled()
    expect(page.get_by_role("button", name="Check this map")).to_be_disabled()
    page.screenshot(path=SHOTS / f"exported-{scheme}-{width}.png", full_page=True)
    assert page.evaluate("window.hacked") is None and said == []
    context.close()


def test_the_code_is_copied_or_shown(lab: Callable[..., Notebook]) -> None:
    notebook = lab([SCENE], size=(1280, 1000))
    page = notebook.page
    page.locator(".camwidget[data-seq='1']").wait_for()
    copy = page.get_by_role("button", name="Copy code")
    page.evaluate(
        "void (navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); })"
    )
    copy.click()
    expect(page.get_by_text("Code copied.")).to_be_visible()
    assert page.evaluate("window.copied") == notebook.value("w.code")
    page.evaluate("void (navigator.clipboard.writeText = () => Promise.reject(new Error('barred')))")
    copy.click()
    box = page.get_by_role("textbox", name="The clipboard is barred here.")
    expect(box).to_be_focused()
    assert box.input_value() == notebook.value("w.code").rstrip("\n")
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(copy).to_be_focused()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save image").click()
    assert download.value.suggested_filename == "camwidget-three-grad-cam.png"
    assert notebook.errors == []
