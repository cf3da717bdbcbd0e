"""The ends of what a widget may be given, one after another in one widget: tiny, huge, hidden, many, changed."""

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.notebook import Notebook
from tests.browser.painting import painted
from tests.browser.pointing import drag

pytestmark = pytest.mark.browser

# A grid of 224 x 224 with 4 filters, which goes out whole, and one with 8, which is too large for that.
CELL = """
import keras, numpy as np
from camwidget import CamWidget

keras.utils.set_random_seed(2)
layers = keras.layers
model = keras.Sequential([
    layers.Input((224, 224, 3)),
    layers.Rescaling(1 / 255),
    layers.Conv2D(4, 3, padding="same", activation="relu", name="fine"),
    layers.Conv2D(8, 3, padding="same", activation="relu", name="large"),
    layers.GlobalAveragePooling2D(),
    layers.Dense(1000, activation="softmax"),
])
rows, columns = np.mgrid[:90, :160]
img = np.stack([rows * 2, columns, (rows + columns) % 256], -1).astype(np.uint8)
names = [f"<b onmouseover='window.hacked=1'>{k}</b>" for k in range(1000)]
w = CamWidget(model, img, class_names=names, layer="fine")
w
"""


@pytest.fixture(scope="module")
def shared(shared_lab: Callable[..., Notebook]) -> Notebook:
    notebook = shared_lab([CELL], size=(1280, 1000))
    notebook.page.locator(".camwidget[data-seq='1']").wait_for()
    return notebook


@pytest.fixture
def opened(shared: Notebook) -> Notebook:
    shared.reset("w.image, w.layer, w.region, w.neurons = img, 'fine', None, None")
    return shared


def root(page: Page) -> Locator:
    return page.locator(".camwidget")


def test_a_grid_of_fifty_thousand_neurons(opened: Notebook) -> None:
    page = opened.page
    grid = page.get_by_role("grid", name="Neurons")
    assert opened.value("w.evidence['previews']")
    assert [grid.get_attribute(name) for name in ("aria-rowcount", "aria-colcount")] == ["224", "224"]
    grid.focus()
    for key in ("PageDown", "End", "ArrowLeft", "Space"):
        page.keyboard.press(key)
    opened.wait_for_map("w.neurons == [[223, 222]]")
    cells = grid.get_by_role("gridcell")
    expect(cells).to_have_count(1)
    expect(cells).to_have_attribute("aria-colindex", "223")
    expect(cells).to_contain_text("row 224, column 223, chosen")
    drag(page, (10, 20), (200, 150))
    opened.wait_for_map("w.region == [[[10, 20], [200, 150]]]")  # two corners, not 25,000 cells
    assert opened.value("w.neurons") is None
    assert opened.errors == []


def test_a_layer_too_large_to_be_sent(opened: Notebook) -> None:
    page = opened.page
    page.get_by_role("combobox", name="Layer").select_option("large")
    opened.wait_for_map("w.layer == 'large' and w.explanation.layer == 'large'")
    assert opened.value("(w.evidence['terms'], w.evidence['previews'])") == (None, False)
    expect(page.get_by_text("too large for an instant preview")).to_be_visible()
    before = painted(page)
    drag(page, (10, 20), (200, 150))
    opened.wait_for_map("w.region == [[[10, 20], [200, 150]]]")
    assert (painted(page) != before).any()
    assert opened.errors == []


def test_a_thousand_classes_with_markup_in_their_names(opened: Notebook) -> None:
    page = opened.page
    assert page.get_by_role("listbox", name="Classes").get_by_role("option").count() <= 6
    find = page.get_by_label("Find class")
    find.fill(">777<")
    find.press("Enter")
    opened.wait_for_map("w.target == 777 and w.explanation.target == 777")
    chosen = page.get_by_role("listbox", name="Classes").get_by_role("option", selected=True)
    expect(chosen).to_contain_text("<b onmouseover='window.hacked=1'>777</b>")
    assert root(page).locator("b").count() == 0
    assert opened.errors == []


@pytest.mark.parametrize("size", [(3888, 5184), (1, 1)], ids=["20 megapixels", "1x1"])
def test_a_picture_of_any_size(opened: Notebook, size: tuple[int, int]) -> None:
    """A photograph is sent small; a single pixel is shown large."""
    page = opened.page
    height, width = size
    slopes = f"np.add.outer(np.arange({height}), np.arange(3 * {width}) % 251).astype(np.uint8)"
    opened.run(f"w.image = {slopes}.reshape({height}, {width}, 3)")
    opened.wait_for_map("not np.array_equal(w.image, img)")
    drag(page, (50, 50), (150, 200))
    opened.wait_for_map("w.region == [[[50, 50], [150, 200]]]")
    pixels = painted(page)
    assert pixels.shape[1] / pixels.shape[0] == pytest.approx(width / height, rel=0.01)
    assert opened.value("w.error") == ""
    state = "sum(len(b) for b in __import__('ipywidgets').widgets.widget._remove_buffers(w.get_state('image'))[2])"
    assert 0 < opened.value(state) < 256_000
    opened.screenshot(f"picture-{height}", root(page))
    assert opened.errors == []


@pytest.mark.parametrize("style", ["display: none", "width: 0; overflow: hidden"], ids=["hidden", "no width"])
def test_a_view_that_cannot_be_seen_catches_up(opened: Notebook, style: str) -> None:
    page = opened.page
    place = page.locator(".jp-OutputArea-output").first
    place.evaluate("(element, style) => { element.style.cssText = style; }", style)
    opened.run("w.region = [[[5, 5], [100, 180]]]; w.wait(60)")
    page.wait_for_timeout(200)
    place.evaluate("element => { element.style.cssText = ''; }")
    opened.wait_for_map("w.region is not None and w.explanation.query.region")
    assert painted(page).shape[1] > 100
    hidden = painted(page)
    opened.run("w.opacity = 0.61")  # painted in full view, a hair otherwise
    page.wait_for_timeout(200)
    assert np.abs(painted(page).astype(int) - hidden).max() <= 8
    opened.run("w.opacity = 0.6")
    assert opened.errors == []


def test_a_network_that_was_trained_meanwhile(opened: Notebook) -> None:
    said = opened.page.get_by_text("The network has changed since the last map")
    expect(said).to_have_count(0)
    opened.run("model.set_weights([weight * 1.5 for weight in model.get_weights()]); w.refresh()")
    expect(said).to_be_visible()
    opened.run("w.target = 3; w.wait(60)")
    expect(said).to_have_count(0)
    assert opened.errors == []
