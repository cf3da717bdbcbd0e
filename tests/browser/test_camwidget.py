"""The whole way in a real JupyterLab: only pointer and keyboard change state, and the kernel is asked what arrived."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.axe import assert_accessible
from tests.browser.notebook import Notebook
from tests.browser.pointing import centre, drag

pytestmark = pytest.mark.browser

# A picture of 120 x 180 and a layer of 9 x 14: nothing is square. Class names may hold anything.
CELL = """
import keras, numpy as np
from camwidget import CamWidget

keras.utils.set_random_seed(3)
model = keras.Sequential([
    keras.layers.Input((20, 30, 3)),
    keras.layers.Rescaling(1 / 255),
    keras.layers.Conv2D(6, 3, activation="relu", name="early"),
    keras.layers.MaxPooling2D((2, 2), name="pool"),
    keras.layers.ZeroPadding2D(((1, 1), (1, 1)), name="pad"),
    keras.layers.Conv2D(8, (3, 3), activation="relu", name="late"),
    keras.layers.Flatten(),
    keras.layers.Dense(12, activation="relu"),
    keras.layers.Dense(4, activation="softmax"),
])
rows, columns = np.mgrid[:120, :180]
img = np.stack([rows * 2, columns, (rows + columns) % 256], -1).astype(np.uint8)
w = CamWidget(model, img, class_names=["cat", "dog", "<img src=x onerror='window.hacked=1'>", "owl"], target="cat")
w
"""
GRID = (9, 14)


AS_IT_WAS = """
w.layer, w.method, w.target, w.samples = "late", "grad_cam++", 0, 0
w.filters = w.neurons = w.region = None
w.error = ""
w.wait(30)
"""


@pytest.fixture(scope="module")
def notebook_with_widget(shared_lab: Callable[..., Notebook]) -> Notebook:
    notebook = shared_lab([CELL], size=(1280, 1000))
    notebook.page.locator(".camwidget[data-seq='1']").wait_for()
    assert notebook.value("(w.result['rows'], w.result['columns'])") == GRID
    return notebook


@pytest.fixture
def opened(notebook_with_widget: Notebook) -> Notebook:
    notebook_with_widget.reset(AS_IT_WAS)
    return notebook_with_widget


def painted(notebook: Notebook) -> str:
    """The canvas as the page shows it."""
    return notebook.page.locator(".camwidget canvas").first.evaluate("canvas => canvas.toDataURL()")


def seq(notebook: Notebook) -> int:
    return int(notebook.page.locator(".camwidget").get_attribute("data-seq") or 0)


def test_dragging_a_box_chooses_exactly_those_neurons(opened):
    before, picture, heatmap = seq(opened), painted(opened), opened.run("print(w.heatmap.tobytes().hex()[:4000])")
    drag(opened.page, (2, 3), (6, 9))
    opened.wait_for_map("w.region == [[[2, 3], [6, 9]]]")
    assert seq(opened) > before
    assert painted(opened) != picture
    opened.run("""
import numpy as np
from camwidget import explain
expected = explain(model, img, target="cat", class_names=["cat", "dog", "x", "owl"], region=[(2, 3), (6, 9)])
np.testing.assert_allclose(w.heatmap, expected.heatmap, rtol=1e-9)
outside = np.ones((9, 14), bool); outside[2:7, 3:10] = False
assert (w.explanation.map[outside] == 0).all() and w.explanation.map.max() > 0
""")
    assert opened.run("print(w.heatmap.tobytes().hex()[:4000])") != heatmap
    opened.screenshot("drag-light")

    drag(opened.page, (8, 13), (8, 12))  # another drag replaces the box; corners in any order
    opened.wait_for("sorted(w.region[0]) == [[8, 12], [8, 13]] and len(w.region) == 1")
    opened.page.get_by_role("button", name="Undo").click()
    opened.wait_for_map("w.region == [[[2, 3], [6, 9]]]")
    opened.page.get_by_role("button", name="Clear").click()
    opened.wait_for_map("w.region is None and w.neurons is None")
    assert painted(opened) == picture
    assert opened.errors == []


def test_a_click_chooses_one_neuron_and_shift_adds_a_box(opened):
    opened.page.mouse.click(*centre(opened.page, 8, 13))
    opened.wait_for_map("w.neurons == [[8, 13]] and w.region is None")
    opened.page.keyboard.down("Shift")
    drag(opened.page, (0, 1), (3, 2))
    opened.page.keyboard.up("Shift")
    opened.wait_for_map("w.region == [[[0, 1], [3, 2]]] and w.neurons == [[8, 13]]")
    opened.page.keyboard.press("Escape")
    opened.wait_for_map("w.region is None and w.neurons is None")


def test_the_keyboard_alone_is_enough(opened):
    grid = opened.page.get_by_role("grid", name="Neurons")
    assert grid.get_attribute("aria-rowcount") == "9"
    assert grid.get_attribute("aria-colcount") == "14"
    grid.focus()
    opened.page.keyboard.press("PageUp")
    opened.page.keyboard.press("Home")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Space"):
        opened.page.keyboard.press(key)
    opened.wait_for_map("w.neurons == [[2, 1]]")
    opened.page.keyboard.press("Escape")
    opened.wait_for_map("w.neurons is None")
    opened.page.keyboard.press("Shift+ArrowDown")
    opened.page.keyboard.press("Shift+ArrowRight")
    opened.wait_for_map("w.region == [[[2, 1], [3, 2]]]")
    opened.page.keyboard.press("Escape")
    opened.wait_for_map("w.region is None")


def test_filters_classes_layers_and_methods(opened):
    page = opened.page
    first = opened.run("print(w.heatmap.tobytes().hex()[:4000])")
    page.get_by_role("listbox", name="Filters").get_by_role("option", name="Filter 5").click()
    opened.wait_for_map("w.filters == [5]")
    assert opened.run("print(w.heatmap.tobytes().hex()[:4000])") != first
    page.get_by_role("button", name="All", exact=True).click()
    opened.wait_for_map("w.filters is None")

    page.get_by_role("listbox", name="Classes").get_by_role("option", name="owl").click()
    opened.wait_for_map("w.target == 3 and w.explanation.target_name == 'owl'")

    drag(opened.page, (0, 0), (8, 6))
    opened.wait_for_map("w.region == [[[0, 0], [8, 6]]]")
    page.get_by_role("combobox", name="Layer").select_option("early")  # 18 x 28
    opened.wait_for_map("w.layer == 'early' and w.region == [[[0, 0], [17, 13]]]")
    page.get_by_role("combobox", name="Method").select_option("grad_cam")
    opened.wait_for_map("w.method == 'grad_cam'")
    slider = page.get_by_role("slider", name="Samples")
    slider.focus()
    slider.press("ArrowRight")
    opened.wait_for_map("w.samples == 1 and w.explanation.samples == 1")
    assert opened.errors == []


def test_markup_in_class_names_is_shown_as_text(opened):
    assert "<img src=x" in opened.page.get_by_role("listbox", name="Classes").inner_text()
    assert opened.page.evaluate("window.hacked") is None
    assert opened.page.locator(".camwidget img[src=x]").count() == 0


def test_an_error_shows_in_the_alert_and_the_widget_goes_on(opened):
    opened.run("w.layer = 'conv9'")
    alert = opened.page.locator(".camwidget").get_by_role("alert")
    expect(alert).to_contain_text("No layer 'conv9'")
    expect(opened.page.get_by_role("combobox", name="Layer")).to_have_value("late")
    opened.screenshot("alert-light")
    assert_accessible(opened.page.locator(".camwidget"))
    drag(opened.page, (1, 1), (2, 2))
    opened.wait_for_map("w.region == [[[1, 1], [2, 2]]]")
    expect(alert).not_to_contain_text("conv9")


def test_two_views_and_the_kernel_show_one_state(lab):
    notebook = lab([CELL, "w"], size=(1280, 1400))
    roots = notebook.page.locator(".camwidget")
    expect(roots).to_have_count(2)
    notebook.run("w.target = 'dog'")
    for view in range(2):
        chosen = roots.nth(view).get_by_role("option", selected=True, name="dog")
        expect(chosen).to_be_visible()


def test_the_map_follows_while_a_cell_trains_the_same_network(opened):
    """A worker of its own answers, and while `fit` traces and trains, the map is that of the weights of the moment."""
    opened.run("""
import threading
stop, losses = threading.Event(), []
copy = keras.models.clone_model(model)
copy.set_weights(model.get_weights())
v = CamWidget(copy, img, target=0)
def train():
    copy.compile("sgd", "sparse_categorical_crossentropy")
    x, y = np.random.default_rng(0).random((64, 20, 30, 3)) * 255, np.arange(64) % 4
    while not stop.is_set():
        losses.append(copy.fit(x, y, verbose=0).history["loss"][0])
thread = threading.Thread(target=train); thread.start()
for step in range(12):
    v.target, v.layer = step % 4, ("late", "early")[step % 2]
    v.wait(60)
    assert v.error == ""
while len(losses) < 3:
    pass
stop.set(); thread.join()
v.refresh()
found = v.wait(60)
np.testing.assert_allclose(found.map, explain(copy, img, layer=v.layer, target=v.target).map, rtol=1e-6)
assert np.isfinite(losses).all()
v.close()
""")


SCENE = """
from camwidget import CamWidget, samples
scene = samples.scene(7, digits=[3, 3, 8])
w = CamWidget(samples.network(), scene.image, class_names=samples.CLASS_NAMES, target="three")
w
"""


@pytest.mark.parametrize(
    ("theme", "size"),
    [("light", (1280, 1000)), ("dark", (1280, 1000)), ("light", (560, 1400))],
    ids=["light", "dark", "narrow"],
)
def test_it_can_be_looked_at(lab, theme, size):
    notebook = lab([SCENE], theme=theme, size=size)
    notebook.page.locator(".camwidget[data-seq='1']").wait_for()
    widget = notebook.page.locator(".camwidget")
    width = widget.evaluate("element => element.scrollWidth - element.clientWidth")
    assert width <= 0, "the widget is wider than its place"
    notebook.page.locator(".jp-OutputArea-output .camwidget").scroll_into_view_if_needed()
    notebook.screenshot(f"scene-{theme}-{size[0]}")
    notebook.screenshot(f"scene-{theme}-{size[0]}-widget", widget)
    assert_accessible(widget)
    assert notebook.errors == []
