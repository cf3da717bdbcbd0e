"""Methods of all three kinds in a real JupyterLab: chosen on the page, answered by the kernel, painted."""

from collections.abc import Callable

import numpy as np
import pytest
from jaxtyping import UInt8
from playwright.sync_api import Locator, expect

from tests.browser.notebook import Notebook
from tests.browser.painting import palette, sampled
from tests.browser.pointing import drag

pytestmark = pytest.mark.browser

# A photograph with three digits, 112 x 112, over a layer of 14 x 14.
SCENE = """
from camwidget import CamWidget, samples
scene = samples.scene(7, digits=[3, 3, 8])
w = CamWidget(samples.network(), scene.image, class_names=samples.CLASS_NAMES, target="three")
w
"""
AS_IT_WAS = """
w.region = w.neurons = w.filters = None
w.method, w.view, w.opacity = "grad_cam++", "smooth", 0.6
w.wait(60)
"""


@pytest.fixture(scope="module")
def notebook_with_scene(shared_lab: Callable[..., Notebook]) -> Notebook:
    notebook = shared_lab([SCENE], size=(1280, 1000))
    notebook.page.locator(".camwidget[data-seq='1']").wait_for()
    return notebook


@pytest.fixture
def opened(notebook_with_scene: Notebook) -> Notebook:
    notebook_with_scene.reset(AS_IT_WAS)
    return notebook_with_scene


def choose(notebook: Notebook, method: str) -> None:
    notebook.page.get_by_role("combobox", name="Method").select_option(method)
    notebook.wait_for_map(f"w.method == {method!r} and w.explanation.method == {method!r}")


def painted(notebook: Notebook) -> UInt8[np.ndarray, "112 112 3"]:
    """The canvas as the page shows it: the pixel in the middle of each pixel of the picture."""
    return sampled(notebook.page, 112, 112)


def heat(notebook: Notebook) -> UInt8[np.ndarray, "112 112"]:
    """`.heatmap` in the kernel, as bytes."""
    return np.array(notebook.value("(w.heatmap * 255).round().astype(int).tolist()"), np.uint8)


def filters(notebook: Notebook) -> Locator:
    return notebook.page.get_by_role("listbox", name="Filters")


@pytest.mark.parametrize("method", ["guided_grad_cam", "gradient", "grad_cam"])
def test_the_page_paints_the_colours_of_the_heatmap(opened, method):
    """Pixel by pixel, in the view where each paints itself, and densely enough to cover the picture."""
    opened.run("w.view, w.opacity = 'cells', 1.0")
    choose(opened, method)
    expected = palette(opened)[heat(opened)]
    if method == "grad_cam":  # a neuron paints its block: its middle has the map's own value
        opened.run("import numpy as np; from camwidget.maths import normalize")
        cells = np.array(opened.value("(normalize(w.explanation.map) * 255).round().astype(int).tolist()"))
        expected = palette(opened)[cells.repeat(8, axis=0).repeat(8, axis=1)]
    expect(opened.page.get_by_role("combobox", name="View")).to_have_value("cells")
    difference = np.abs(painted(opened).astype(int) - expected)
    assert np.quantile(difference, 0.999) <= 4  # a step of the palette
    assert opened.errors == []


def test_a_product_is_painted_and_its_filters_are_shown(opened):
    before = painted(opened)
    choose(opened, "guided_grad_cam")
    assert opened.value("(w.result['rows'], w.result['of_pixels'], w.evidence['previews'])") == (112, True, False)
    assert (painted(opened) != before).any()
    expect(filters(opened).locator("canvas").first).to_be_visible()
    drag(opened.page, (2, 2), (7, 7))
    opened.wait_for_map("w.region == [[[2, 2], [7, 7]]]")
    assert not opened.value("bool(w.explanation.map[72:, 72:].any())"), "nothing far from the box"
    assert not opened.value("w.result['explains_selection']")


def test_for_a_method_for_pixels_a_box_of_neurons_is_what_is_explained(opened):
    page = opened.page
    choose(opened, "gradient")
    score = page.locator(".cw-score")
    expect(score).to_contain_text("of class three")
    expect(page.get_by_text("Neurons: the whole class is explained")).to_be_visible()
    expect(filters(opened).locator("canvas, .cw-signed")).to_have_count(0)
    numbers = [text.split()[0] for text in filters(opened).get_by_role("option").all_inner_texts()]
    assert numbers == [str(number) for number in range(len(numbers))]
    assert len(numbers) == opened.value("w.evidence['channels']")

    whole = painted(opened)
    drag(opened.page, (2, 2), (4, 5))
    opened.wait_for_map("w.region == [[[2, 2], [4, 5]]]")
    expect(score).to_contain_text("of the chosen activations")
    expect(page.get_by_text("Neurons: 12 of 196 chosen")).to_be_visible()
    assert (painted(opened) != whole).any()
    # The neurons' field of view is a part of the picture: where it ends the derivative is 0, to the last bit.
    assert not opened.value("bool(w.explanation.map[90:, 90:].any())")
    opened.screenshot("gradient-of-a-box", page.locator(".camwidget"))

    filters(opened).get_by_role("option", name="Filter 3", exact=True).click()
    opened.wait_for_map("w.filters == [3]")
    expect(page.get_by_text("1 of ", exact=False).first).to_be_visible()
    page.get_by_role("button", name="Reset").click()
    opened.wait_for_map("w.filters is None and w.region is None")
    expect(score).to_contain_text("of class three")
    assert (painted(opened) == whole).all()
    assert opened.errors == []


def test_stop_keeps_the_filters_that_score_cam_has_got_to(opened):
    """Slowed down to four filters in a third of a second, so that a machine under load comes in time."""
    opened.run("""
import time
from camwidget.explanation.measuring import channels
by_size, channels.batch_size = channels.batch_size, lambda *numbers: 4
probe = w._explainer.probe(w.explanation.picture)
verdict = type(probe).verdict
def slow(self, inputs, sides=()):
    time.sleep(0.08 * len(inputs))
    return verdict(self, inputs, sides)
type(probe).verdict = slow
""")
    page = opened.page
    page.get_by_role("combobox", name="Method").select_option("score_cam")
    stop = page.get_by_role("button", name="Stop")
    expect(stop).to_be_enabled()
    expect(page.get_by_role("progressbar", name="Progress")).to_be_visible()
    stop.click()
    expect(page.locator(".camwidget[data-status='stopped']")).to_be_visible()
    opened.run("type(probe).verdict, channels.batch_size = verdict, by_size")
    stopped = opened.value("w.explanation.stopped")
    done, wanted = (int(word) for word in stopped.split()[::2][:2])
    assert 0 < done < wanted
    expect(page.get_by_text(f"Stopped early, after {stopped}.")).to_be_visible()
    assert opened.value("int((w.explanation.weights > 0).sum())") <= done
    assert opened.value("float(w.heatmap.max())") == pytest.approx(1, abs=0.2)
    slider = page.get_by_role("slider", name="Samples")
    expect(slider).to_be_disabled()
    opened.screenshot("score-cam-stopped", page.locator(".camwidget"))
    drag(opened.page, (2, 2), (9, 9))
    opened.wait_for_map("w.region == [[[2, 2], [9, 9]]]", status="stopped")
    assert opened.value("w.explanation.stopped") == stopped
    assert opened.errors == []


def test_the_menu_groups_the_methods(opened):
    groups = opened.page.get_by_role("combobox", name="Method").locator("optgroup")
    assert [group.get_attribute("label") for group in groups.all()] == [
        "Class activation maps",
        "Pixels",
        "Maps times pixels",
    ]
    options = opened.page.get_by_role("combobox", name="Method").locator("option").all()
    assert [option.get_attribute("value") for option in options] == opened.value(
        "list(__import__('camwidget').maths.METHODS)"
    )


VALUES = """
import keras, numpy as np
from camwidget import CamWidget
keras.utils.set_random_seed(7)
image = keras.layers.Input((20, 30, 3))
x = keras.layers.Conv2D(6, 3, activation="relu", name="late")(keras.layers.Rescaling(1 / 255)(image))
x = keras.layers.GlobalAveragePooling2D()(x)
outputs = {"age": keras.layers.Dense(3, name="age")(x), "kind": keras.layers.Dense(2, "softmax", name="kind")(x)}
model = keras.Model(image, outputs)
model.compile(loss={"age": "mse", "kind": "categorical_crossentropy"})
img = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
w = CamWidget(model, img, output="age", class_names=["years", "months", "days"])
w
"""


def test_a_network_of_values_shows_numbers_and_no_bars(lab):
    notebook = lab([VALUES], size=(1280, 1000))
    notebook.page.locator(".camwidget[data-seq='1']").wait_for()
    classes = notebook.page.get_by_role("listbox", name="Classes")
    expect(classes.locator(".cw-bar:visible")).to_have_count(0)
    values = notebook.value("sorted(w.explanation.outputs.tolist(), reverse=True)")
    shown = [float(text) for text in classes.locator(".cw-class-value").all_inner_texts()]
    assert shown == pytest.approx(values, abs=6e-3)
    expect(notebook.page.locator(".cw-score")).to_contain_text("output")
    expect(notebook.page.locator(".cw-score")).not_to_contain_text("of class")
    assert notebook.errors == []
    notebook.screenshot("values", notebook.page.locator(".camwidget"))
