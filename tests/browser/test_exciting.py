"""What excites filters and classes, forming on the page of a real JupyterLab."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.notebook import Notebook

pytestmark = pytest.mark.browser

SCENE = """
from camwidget import CamWidget, samples
scene = samples.scene(7, digits=[3, 3, 8])
w = CamWidget(samples.network(), scene.image, class_names=samples.CLASS_NAMES, target="three")
w
"""

# Notes every picture that the tile of a filter shows, and the activation beside it.
WATCH = """filter => {
    window.seen = [];
    const tile = document.querySelector(`[data-filter="${filter}"]`);
    const note = () => {
        const { src } = tile.querySelector("img");
        if (src !== "" && window.seen.at(-1)?.src !== src)
            window.seen.push({ src, activation: Number(tile.lastElementChild.textContent) });
    };
    new MutationObserver(note).observe(tile, { subtree: true, childList: true, attributes: true });
}"""

RISING = """() => window.seen.some((_, n) => n > 1 &&
    window.seen[n - 2].activation < window.seen[n - 1].activation &&
    window.seen[n - 1].activation < window.seen[n].activation)"""

# The first eight are done, or all.
SOME = re.compile("^$|: ([89]|1[0-9]) of")

SHOWN = "list => [...list.querySelectorAll('img')].filter(one => one.complete && one.naturalWidth === 112).length"


def test_pictures_form_on_the_page(lab: Callable[..., Notebook], chromium: Browser, tmp_path: Path) -> None:
    notebook = lab([SCENE], size=(1280, 1100))
    page, widget = notebook.page, notebook.page.locator(".camwidget")
    page.locator(".camwidget[data-seq='1']").wait_for()
    filters = page.get_by_role("listbox", name="Filters")
    first = filters.get_by_role("option").first.get_attribute("data-filter")
    page.evaluate(WATCH, first)
    # Clicked by the script, so that no time passes in between.
    switch = page.get_by_role("checkbox", name="Show what excites them")
    switch.evaluate("box => box.click()")
    page.wait_for_function(RISING)
    strip = page.get_by_role("group").filter(has=switch)
    expect(page.get_by_role("progressbar", name="Formed")).to_be_visible()
    notebook.screenshot("exciting-forming", widget)
    strip.get_by_role("button", name="Stop").click()
    expect(strip.get_by_role("status")).to_have_text(re.compile("Stopped: 0 of"))
    notebook.wait_for("w._exciting._open == []")
    seen = []
    for word in ("behind the last frame", ""):
        notebook.run(f"w.error = {word!r}")
        expect(page.get_by_role("alert").filter(has_text="last frame")).to_be_visible(visible=word != "")
        seen = page.evaluate("window.seen") if word else seen
    assert page.evaluate("window.seen.length") == len(seen)  # and what there is stays
    assert filters.evaluate(SHOWN) >= 8

    page.get_by_role("button", name="What does this class look for?").click()  # goes on as well
    look = page.get_by_role("figure").filter(has_text="What excites")
    expect(look).to_contain_text("What excites “three” most")
    expect(look).to_contain_text("after 64 of 64 steps")
    notebook.screenshot("exciting-class", widget)
    page.get_by_role("button", name="What does this class look for?").click()
    expect(look).to_be_hidden()

    # The first pictures are done; another layer, and back: they are there at once.
    expect(strip.get_by_role("status")).to_have_text(SOME)
    switch.uncheck()
    layer = page.get_by_role("combobox", name="Layer")
    for name in ("block2_relu2", "block3_relu3"):
        layer.select_option(name)
        notebook.wait_for(f"w.wait(60).layer == {name!r}")
        expect(filters.get_by_role("option")).to_have_count(notebook.value("w.evidence['channels']"))
    switch.check()
    expect(strip.get_by_role("status")).to_have_text(SOME)
    switch.uncheck()
    filters.focus()
    for key in ("Home", "e"):
        page.keyboard.press(key)
    expect(look).to_contain_text(f"What excites filter {first} most")
    notebook.screenshot("exciting-filter", widget)
    assert notebook.errors == []

    path = tmp_path / "page.html"
    path.write_text(notebook.run("print(w.to_html())"), encoding="utf-8")
    for scheme, width in (("dark", 1280), ("light", 520)):
        context = chromium.new_context(viewport={"width": width, "height": 1500}, color_scheme=scheme)  # type: ignore[arg-type] # one of two
        exported = context.new_page()
        exported.goto(path.as_uri())
        exported.get_by_role("checkbox", name="Show what excites them").check()
        exported.wait_for_function(f"({SHOWN})(document.querySelector('.cw-filter-list')) >= 8")
        forming = exported.locator(".cw-excites")
        expect(forming.get_by_role("status").or_(forming.get_by_role("button"))).to_have_count(0)  # nothing forms here
        exported.screenshot(
            path=Path(__file__).parent / "shots" / f"exciting-exported-{scheme}-{width}.png", full_page=True
        )
        context.close()
