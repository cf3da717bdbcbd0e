"""Pinned maps beside the one on show, and the strip of filters: what is said and done, asked of the kernel as well."""

import os
import re
import signal
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import assert_accessible
from tests.browser.notebook import Notebook

pytestmark = pytest.mark.browser

# 2048 filters on a grid of 4 x 6.
CELL = """
import keras, numpy as np
from camwidget import CamWidget, explain

keras.utils.set_random_seed(5)
model = keras.Sequential([
    keras.layers.Input((16, 24, 3)),
    keras.layers.Rescaling(1 / 255),
    keras.layers.Conv2D(6, 3, padding="same", activation="relu", name="early"),
    keras.layers.Conv2D(2048, 4, strides=4, activation="relu", name="wide"),
    keras.layers.GlobalAveragePooling2D(),
    keras.layers.Dense(3, activation="softmax"),
])
rows, columns = np.mgrid[:80, :120]
img = np.stack([rows * 3, columns * 2, (rows * columns) % 256], -1).astype(np.uint8)
w = CamWidget(model, img, class_names=["cat", "dog", "owl"], target="cat", method="grad_cam", layer="wide")
w
"""

AS_IT_WAS = """
w.layer, w.method, w.target, w.samples = "wide", "grad_cam", 0, 0
w.filters = w.neurons = w.region = None
w.wait(30)
"""


@pytest.fixture(scope="module")
def shared(shared_lab: Callable[..., Notebook]) -> Notebook:
    notebook = shared_lab([CELL], size=(1280, 1300))
    notebook.page.locator(".camwidget[data-seq='1']").wait_for()
    return notebook


@pytest.fixture
def opened(shared: Notebook) -> Notebook:
    shared.reset(AS_IT_WAS)
    return shared


def figure(notebook: Notebook, title: str) -> Locator:
    pinned = notebook.page.get_by_role("list", name="Pinned maps")
    return pinned.get_by_role("listitem").filter(has=notebook.page.get_by_text(title, exact=True))


def pixels(part: Locator) -> str:
    return part.locator("canvas").evaluate("canvas => canvas.toDataURL()")


def test_maps_are_pinned_compared_brought_back_and_removed(opened):
    page = opened.page
    pin = page.get_by_role("button", name="Pin", exact=True)
    opened.run("first = w.explanation.map")
    pin.click()
    expect(figure(opened, "Pin 1")).to_contain_text("rank correlation 1.00")

    # Another class, over a part of the picture, beside it: compared is that part.
    page.get_by_role("listbox", name="Classes").get_by_role("option", name="owl").click()
    opened.run("w.region = [[0, 1], [2, 4]]; w.filters = list(range(1, 2048, 2))")
    opened.wait_for_map("w.target == 2 and w.region is not None")
    expected = opened.run("""
from camwidget import rank_correlation
print(f"{rank_correlation(first[:3, 1:5], w.explanation.map[:3, 1:5]):.2f}")
""")
    expect(figure(opened, "Pin 1")).to_contain_text(f"rank correlation {expected.strip()} over 12 neurons")
    expect(figure(opened, "Pin 1").locator(".cw-differs")).to_have_text(["cat", "all neurons", "all filters"])
    expect(figure(opened, "On show")).to_contain_text("12 of 24 neurons")
    expect(figure(opened, "On show")).to_contain_text("1024 of 2048 filters")

    # One scale, and each its own: the weaker of the two maps changes, the stronger does not.
    same = page.get_by_role("checkbox", name="Same scale")
    expect(same).to_be_checked()
    stronger, weaker = (
        ("Pin 1", "On show") if opened.value("bool(first.max() > w.explanation.map.max())") else ("On show", "Pin 1")
    )
    shared = {title: pixels(figure(opened, title)) for title in (stronger, weaker)}
    expect(figure(opened, weaker)).to_contain_text("% of the scale")
    same.uncheck()
    expect(page.get_by_text("Each map has its own scale.")).to_be_visible()
    page.wait_for_timeout(100)
    assert pixels(figure(opened, stronger)) == shared[stronger]
    assert pixels(figure(opened, weaker)) != shared[weaker]
    same.check()

    # Another method has other units: each map has all colours, and there is no scale to share.
    page.get_by_role("combobox", name="Method").select_option("grad_cam++")
    opened.wait_for_map("w.method == 'grad_cam++'")
    expect(same).to_be_hidden()
    expect(page.get_by_text("Each map has its own scale: their units differ.")).to_be_visible()

    # Of a layer of another size no part can be compared; the whole is enlarged for it, and a constant map correlates
    # with nothing.
    pin.click()
    expect(same).to_be_visible()
    expect(figure(opened, "Pin 1")).to_contain_text(", own scale")
    expect(figure(opened, "Pin 2")).not_to_contain_text("own scale")
    expect(page.get_by_text("The colours of maps of this method and score reach up to")).to_be_visible()
    page.get_by_role("combobox", name="Layer").select_option("early")
    opened.wait_for_map("w.layer == 'early' and w.filters is None")
    expect(figure(opened, "Pin 1")).to_contain_text("no rank correlation: the maps share fewer than two neurons")
    opened.run("w.region = None")
    opened.wait_for_map("w.region is None")
    expected = opened.run("""
from camwidget.maths import resize
print(f"{rank_correlation(resize(first, 16, 24), w.explanation.map):.2f}")
""")
    expect(figure(opened, "Pin 1")).to_contain_text(f"rank correlation {expected.strip()}")
    page.get_by_role("button", name="None", exact=True).click()
    opened.wait_for_map("w.filters == []")
    expect(figure(opened, "Pin 1")).to_contain_text("no rank correlation: the map on show is the same everywhere")
    opened.screenshot("compare-light")

    # A click brings everything back, the selection with the layer.
    page.get_by_role("button", name=re.compile("^Bring back pin 2")).click()
    opened.wait_for_map("(w.layer, w.method, w.target) == ('wide', 'grad_cam++', 2)")
    assert opened.value("(w.region, w.filters == list(range(1, 2048, 2)))") == ([[[0, 1], [2, 4]]], True)
    expect(figure(opened, "Pin 2")).to_contain_text("rank correlation 1.00")

    for _ in range(2):
        pin.click()
    expect(pin).to_be_disabled()
    for number in (2, 1, 3, 4):
        page.get_by_role("button", name=f"Remove pin {number}").click()
        expect(figure(opened, f"Pin {number}")).to_have_count(0)
    expect(page.get_by_role("list", name="Pinned maps")).to_be_hidden()
    assert opened.errors == []


def test_pins_need_no_kernel(opened):
    page, process = opened.page, opened.value("__import__('os').getpid()")
    os.kill(process, signal.SIGSTOP)
    try:
        page.get_by_role("button", name="Pin", exact=True).click()
        expect(figure(opened, "Pin 1")).to_contain_text("rank correlation 1.00")
        page.get_by_role("listbox", name="Filters").get_by_role("option").first.click()
        expect(figure(opened, "On show")).to_contain_text(re.compile(r"filter \d+"))
        expect(figure(opened, "Pin 1")).not_to_contain_text("rank correlation 1.00")
        assert pixels(figure(opened, "On show")) != pixels(figure(opened, "Pin 1"))
        page.get_by_role("button", name=re.compile("^Bring back pin 1")).click()
        expect(figure(opened, "Pin 1")).to_contain_text("rank correlation 1.00")
    finally:
        os.kill(process, signal.SIGCONT)
    opened.wait_for_map("w.filters is None")
    page.get_by_role("button", name="Remove pin 1").click()


def test_the_strip_of_two_thousand_filters(opened):
    page = opened.page
    filters = page.get_by_role("listbox", name="Filters")
    options = filters.get_by_role("option")
    assert options.count() < 150
    assert options.first.get_attribute("aria-setsize") == "2048"

    def first_is(expression: str) -> None:
        expect(options.first).to_have_accessible_name(f"Filter {opened.value(f'int({expression})')}")
        expect(options.first).to_have_attribute("aria-posinset", "1")

    first_is("np.abs(w.explanation.contributions()).argmax()")
    sort = page.get_by_role("combobox", name="Sort filters")
    sort.select_option("activation")
    first_is("w.explanation.evidence.activations.mean((0, 1)).argmax()")
    sort.select_option("index")
    first_is("0")
    filters.evaluate("list => { list.scrollTop = list.scrollHeight; }")
    expect(filters.get_by_role("option", name="Filter 2047")).to_have_attribute("aria-posinset", "2048")
    assert options.count() < 150

    # The fewest that hold 80 %: fewer do not.
    words = page.get_by_text(re.compile(r"^\d+ of 2048 give 80 % of the map$"))
    count = int(re.findall(r"\d+", words.inner_text())[0])
    page.get_by_role("button", name=f"Choose these {count}").click()
    opened.wait_for_map(f"w.filters is not None and len(w.filters) == {count}")
    opened.run("""
sizes = np.abs(w.explanation.contributions())
strongest = np.sort(sizes)[::-1].cumsum() / sizes.sum()
assert strongest[len(w.filters) - 2] < 0.8 <= strongest[len(w.filters) - 1] + 1e-6
assert abs(sizes[w.filters].sum() / sizes.sum() - strongest[len(w.filters) - 1]) < 1e-6
""")

    find = page.get_by_role("textbox", name="Find filters")
    find.fill("10-20, 32")
    expect(options).to_have_count(12)
    expect(options.last).to_have_attribute("aria-setsize", "12")
    find.press("Enter")
    opened.wait_for_map("w.filters == [*range(10, 21), 32]")
    find.fill("9, 2048")
    expect(page.get_by_text("No filter 2048: there are 0 to 2047.")).to_be_visible()
    find.press("Escape")
    expect(find).to_have_value("")

    filters.evaluate("list => { list.scrollTop = 0; }")
    filters.get_by_role("option", name="Filter 3", exact=True).dblclick()
    opened.wait_for_map("w.filters == [3]")
    page.get_by_role("button", name="Undo").click()
    opened.wait_for_map("w.filters == [*range(10, 21), 32]")
    filters.focus()
    for key in ("7", "o"):
        page.keyboard.press(key)
    opened.wait_for_map("w.filters == [7]")
    page.get_by_role("button", name="None", exact=True).click()
    opened.wait_for_map("w.filters == []")
    page.get_by_role("button", name="All", exact=True).click()
    opened.wait_for_map("w.filters is None")
    opened.screenshot("filters-light")
    assert opened.errors == []


def test_it_can_be_looked_at(lab):
    notebook = lab([CELL], theme="dark", size=(620, 1800))
    notebook.page.locator(".camwidget[data-seq='1']").wait_for()
    notebook.page.get_by_role("button", name="Pin", exact=True).click()
    notebook.run("w.target = 'owl'; w.wait(30)")
    expect(figure(notebook, "On show")).to_contain_text("owl")
    expect(figure(notebook, "Pin 1")).to_contain_text("rank correlation")
    widget = notebook.page.locator(".camwidget")
    assert widget.evaluate("element => element.scrollWidth - element.clientWidth") <= 0
    notebook.screenshot("compare-dark-narrow", widget)
    assert_accessible(widget)

    # A map of pixels beside one of neurons: their units differ, and so do their grids.
    notebook.page.get_by_role("button", name="Pin", exact=True).click()
    notebook.page.get_by_role("combobox", name="Method").select_option("gradient")
    notebook.wait_for_map("w.method == 'gradient'")
    expect(notebook.page.get_by_text("Each map has its own scale: their units differ.")).to_be_visible()
    expected = notebook.run("""
from camwidget import correlations
pinned = explain(model, img, target=0, method="grad_cam", layer="wide")
print(f"{correlations([pinned, w.explanation])[0, 1]:.2f}")
""")
    expect(figure(notebook, "Pin 1")).to_contain_text(f"rank correlation {expected.strip()}")
    sort = notebook.page.get_by_role("combobox", name="Sort filters")
    expect(sort).to_have_value("index")
    expect(notebook.page.get_by_text("This method weighs no filters.")).to_be_visible()
    notebook.screenshot("compare-pixels-dark-narrow", widget)
    notebook.page.get_by_role("combobox", name="Method").select_option("grad_cam")
    expect(sort).to_have_value("contribution")
    assert notebook.errors == []
