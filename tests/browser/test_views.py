"""The four views, and the numbers of a neuron that the pointer rests on, in a real JupyterLab."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.axe import assert_accessible
from tests.browser.notebook import Notebook

pytestmark = pytest.mark.browser

SCENE = """
from camwidget import CamWidget, samples
scene = samples.scene(7, digits=[3, 3, 8])
w = CamWidget(samples.network(), scene.image, class_names=samples.CLASS_NAMES, target="three")
w
"""


@pytest.mark.parametrize(("theme", "size"), [("light", (1280, 1000)), ("dark", (1280, 1000)), ("light", (520, 1000))])
def test_views_and_numbers(lab: Callable[..., Notebook], theme: str, size: tuple[int, int]) -> None:
    notebook = lab([SCENE], theme=theme, size=size)
    page, name = notebook.page, f"views-{theme}-{size[0]}"
    page.locator(".camwidget[data-seq='1']").wait_for()
    view = page.get_by_role("combobox", name="View")
    widget = page.locator(".camwidget")

    grid = page.get_by_role("grid", name="Neurons")
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5.5 * box["width"] / 14, box["y"] + 8.5 * box["height"] / 14)
    facts = page.locator(".cw-facts")
    expect(facts).to_contain_text("filter")
    filter = (facts.text_content() or "").split(":")[0].removeprefix("filter ")
    numbers = notebook.value(
        "(lambda c, e, r: [float(x) for x in (e.activations[8, 5, c], e.first[8, 5, c], r.alphas(e)[8, 5, c], "
        f"w.explanation.weights[0, 0, c])])({filter}, w.explanation.evidence, w.explanation.query.record)"
    )
    told = [
        float(word.split(" ")[1].replace("−", "-")) for word in (facts.text_content() or "").split(": ")[1].split(" · ")
    ]
    assert told == pytest.approx(numbers, rel=0.06)
    notebook.screenshot(f"{name}-hovered", widget)
    page.mouse.move(0, 0)
    expect(facts).to_have_text("")

    page.get_by_role("button", name="Check this map").click()
    expect(page.locator(".cw-check p")).to_contain_text("rank correlation", timeout=60_000)
    notebook.screenshot(f"{name}-checked", widget)

    view.select_option("filters")
    maps = page.get_by_role("list", name="Maps by filter").get_by_role("listitem")
    expect(maps).to_have_count(6)
    silent = notebook.value(
        "next(c for c in range(64) if (w.explanation.contributions()[c] <= 0) "
        "and not ((w.explanation.evidence.activations[..., c] * w.explanation.weights[..., c]) > 0).any())"
    )
    strongest = notebook.value("int(w.explanation.strongest_filters(1)[0])")
    notebook.run(f"w.filters = {sorted([silent, strongest])!r}")
    expect(maps).to_have_count(2)
    expect(maps.filter(has_text=f"filter {silent} ")).to_have_text(f"filter {silent} · blank")
    top = notebook.value(
        f"float((w.explanation.evidence.activations[..., {strongest}] * w.explanation.weights[..., {strongest}]).max())"
    )
    caption = maps.filter(has_text=f"filter {strongest} ").text_content() or ""
    assert float(caption.split("·")[1]) == pytest.approx(top, rel=0.02)
    notebook.run(f"w.filters = w.explanation.only(filters=None).strongest_filters(7) + [{silent}]")
    notebook.screenshot(f"{name}-filters", widget)
    assert_accessible(widget)
    notebook.run("w.filters = None")

    view.select_option("inputs")
    expect(page.locator(".cw-readout")).to_contain_text("112 × 112 × 3, from")
    notebook.screenshot(f"{name}-inputs", widget)
    view.select_option("smooth")
    expect(page.locator(".cw-readout")).to_contain_text("Drag: a box")
    assert notebook.errors == []
