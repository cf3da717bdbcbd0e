"""Many pictures in a real JupyterLab, a picture dropped and pasted, and the map that follows training."""

import base64
import io
import re
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.jupyter import OLDER_KERNEL
from tests.browser.notebook import Notebook

pytestmark = pytest.mark.browser

# Three classes, whose logits are four times the mean of red, green and blue. Picture n is of one colour.
CELL = """
import keras, numpy as np
from camwidget import CamCallback, CamWidget

layers = keras.layers
model = keras.Sequential([
    layers.Input((20, 30, 3)), layers.Rescaling(1 / 255),
    layers.Conv2D(3, 1, use_bias=False, activation="relu", name="colours"),
    layers.GlobalAveragePooling2D(), layers.Dense(3, use_bias=False, activation="softmax"),
])
model.layers[1].set_weights([np.eye(3, dtype=np.float32)[None, None]])
model.layers[3].set_weights([4 * np.eye(3, dtype=np.float32)])
images = np.zeros((1000, 20, 30, 3), np.uint8)
for n in range(1000):
    images[n, ..., n % 3] = 60 + n % 190
images[999, ..., 0] = 255  # sure, and labelled wrong
labels = np.arange(1000) % 3
labels[999] = 1
w = CamWidget(model, images, labels, class_names=["red", "green", "blue"], filters=[0, 1])
w
"""


@pytest.fixture(scope="module")
def shared(shared_lab: Callable[..., Notebook]) -> Notebook:
    notebook = shared_lab([CELL], size=(1280, 1000))
    notebook.page.locator(".camwidget[data-seq='1']").wait_for()
    return notebook


@pytest.fixture
def opened(shared: Notebook) -> Notebook:
    shared.reset("w.order, w.index, w.error = 'given', 0, ''")
    return shared


def picture(number: int, notebook: Notebook):
    return notebook.page.get_by_role("option", name=f"Picture {number}", exact=True)


def test_the_strip_by_pointer_and_keyboard(opened):
    page = opened.page
    strip = page.get_by_role("listbox", name="Pictures")
    expect(picture(1, opened)).to_contain_text("green")
    assert strip.get_by_role("option").count() < 30, "a thousand pictures in the page"
    picture(4, opened).click()
    opened.wait_for("w.index == 4 and w.wait(60).target == 1")
    assert opened.value("w.filters") == [0, 1]
    page.get_by_role("button", name="Next picture").click()
    opened.wait_for("w.index == 5")
    page.get_by_role("button", name="Previous picture").click()
    opened.wait_for("w.index == 4")
    strip.focus()
    page.keyboard.press("ArrowRight")
    opened.wait_for("w.index == 5")
    page.keyboard.press("End")
    opened.wait_for("w.index == 999")
    expect(picture(999, opened)).to_be_visible()
    assert picture(999, opened).get_attribute("aria-setsize") == "1000"
    expect(picture(999, opened).locator("img")).to_have_attribute("src", re.compile("^data:image/jpeg;base64,"))
    expect(page.get_by_role("button", name="Next picture")).to_be_disabled()
    assert opened.errors == []


def test_wrong_and_confident_first(opened):
    opened.wait_for("w.pictures['read'] == 1000")
    opened.page.get_by_role("combobox", name="Sort pictures").select_option("wrong")
    opened.wait_for("w.order == 'wrong'")
    first = opened.page.get_by_role("listbox", name="Pictures").get_by_role("option").first
    opened.run("w.index = 999")
    expect(first).to_have_attribute("aria-label", "Picture 999")
    expect(first).to_have_attribute("title", "red .96 · wrong, it is green")
    expect(opened.page.get_by_role("button", name="Previous picture")).to_be_disabled()
    expect(opened.page.get_by_text("Picture 999 · 1 of 1000 · red .96 · wrong, it is green")).to_be_visible()


BRING = """async ([how, encoded, name, type]) => {
    const bytes = Uint8Array.from(atob(encoded), c => c.charCodeAt(0));
    const brought = new DataTransfer();
    brought.items.add(new File([bytes], name, {type}));
    const options = {bubbles: true, cancelable: true};
    const stage = document.querySelector(".camwidget [role=grid]");
    if (how === "paste") {
        stage.dispatchEvent(new ClipboardEvent("paste", {...options, clipboardData: brought}));
    } else {
        stage.dispatchEvent(new DragEvent("dragover", {...options, dataTransfer: brought}));
        stage.dispatchEvent(new DragEvent("drop", {...options, dataTransfer: brought}));
    }
}"""


def bring(notebook: Notebook, how: str, data: bytes, name: str, kind: str) -> None:
    notebook.page.evaluate(BRING, [how, base64.b64encode(data).decode(), name, kind])


def encoded(pixels: np.ndarray, form: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format=form)
    return stream.getvalue()


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_a_picture_of_ones_own(opened, how):
    pixels = np.random.default_rng(0).integers(0, 256, (21, 32, 3), dtype=np.uint8)
    bring(opened, how, encoded(pixels, "PNG"), "own.png", "image/png")
    opened.wait_for("w.index is None and w.wait(60) and w.image.size == (32, 21)")
    shown = opened.value("np.asarray(w.image.convert('RGB')).tolist()")
    np.testing.assert_array_equal(shown, pixels)  # a small one is sent as it is
    expect(opened.page.get_by_text("A picture of your own")).to_be_visible()
    opened.page.get_by_role("button", name="Next picture").click()
    opened.wait_for("w.index == 1")


def test_a_photograph_of_twenty_megapixels(opened):
    rows, columns = np.mgrid[:3648, :5472]
    pixels = np.stack([rows // 15, columns // 22, (rows + columns) % 256], -1).astype(np.uint8)
    opened.run("""
longest = []
w.on_msg(lambda widget, content, buffers: longest.append(len(str(content))))
""")
    bring(opened, "drop", encoded(pixels, "JPEG"), "large.jpg", "image/jpeg")
    opened.wait_for("w.index is None and w.wait(60) and max(w.image.size) > 300")
    width, height = opened.value("w.image.size")
    assert abs(width / height - 1.5) < 0.01
    assert 20_000 < opened.value("max(longest)") < 256_000
    assert opened.errors == []


def test_a_file_that_is_no_picture(opened):
    seq = opened.value("w.result['seq']")
    opened.page.set_viewport_size({"width": 1280, "height": 500})
    opened.page.locator(".cw-footer").scroll_into_view_if_needed()
    bring(opened, "drop", b"dear diary", "notes.txt", "text/plain")
    alert = opened.page.locator(".camwidget").get_by_role("alert")
    expect(alert).to_contain_text("“notes.txt” is no picture")
    expect(alert).to_be_in_viewport()
    opened.page.set_viewport_size({"width": 1280, "height": 1000})
    assert opened.value("(w.index, w.error, w.result['seq'])") == (0, "", seq)
    opened.page.get_by_role("button", name="Dismiss").click()
    expect(alert).to_be_empty()


TRAIN = """
model.compile(keras.optimizers.SGD(2.0), "sparse_categorical_crossentropy")
class Watch(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        import time; time.sleep(0.15)  # training that takes its time
model.fit(images[:64].astype("float32"), labels[:64] * 0 + 1, batch_size=4, verbose=0,
          callbacks=[CamCallback(w, every=2), Watch()])
"""


@pytest.mark.parametrize(
    "kernel",
    [
        "python3",
        pytest.param(
            "older",
            marks=pytest.mark.skipif(not OLDER_KERNEL.exists(), reason="no older ipykernel: run make test"),
        ),
    ],
)
def test_the_map_follows_while_a_cell_trains(lab, kernel):
    notebook = lab([CELL, TRAIN], size=(1280, 1000), run=False, kernel=kernel)
    page = notebook.page
    notebook.run_cell(0)
    page.locator(".camwidget[data-seq='1']").wait_for()
    page.evaluate("""() => {
        window.seen = [];
        const root = document.querySelector(".camwidget");
        const isBusy = () => document.querySelectorAll(".jp-InputPrompt")[1].textContent.includes("*");
        new MutationObserver(() => isBusy() && window.seen.push(root.dataset.seq))
            .observe(root, {attributeFilter: ["data-seq"]});
    }""")
    notebook.run_cell(1)
    seen = page.evaluate("window.seen")
    assert len(seen) >= 4, f"the page painted {seen} while the cell was running"
    final = notebook.value("(w.result['seq'], w.error)")
    assert final[0] >= 9 and final[1] == ""
    expect(page.locator(f".camwidget[data-seq='{final[0]}']")).to_be_visible()
    assert notebook.errors == []


SCENES = """
from camwidget import CamWidget, samples
scenes = [samples.scene(n) for n in range(60)]
w = CamWidget(samples.network(), [scene.image for scene in scenes], [n % 10 for n in range(60)],
              class_names=samples.CLASS_NAMES, order="wrong")
w
"""


@pytest.mark.parametrize(
    ("theme", "size"),
    [("light", (1280, 1100)), ("dark", (1280, 1100)), ("light", (460, 1500))],
    ids=["light", "dark", "narrow"],
)
def test_it_can_be_looked_at(lab, theme, size):
    notebook = lab([SCENES], theme=theme, size=size)
    notebook.page.locator(".camwidget[data-seq='1']").wait_for()
    notebook.wait_for("w.pictures['read'] == 60")
    notebook.page.get_by_role("listbox", name="Pictures").locator("img[src]").nth(3).wait_for()
    widget = notebook.page.locator(".camwidget")
    assert widget.evaluate("element => element.scrollWidth - element.clientWidth") <= 0, "wider than its place"
    notebook.page.locator(".jp-OutputArea-output .camwidget").scroll_into_view_if_needed()
    notebook.screenshot(f"many-{theme}-{size[0]}", widget)
    assert notebook.errors == []
