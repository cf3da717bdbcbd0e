"""A stand-in for Colab: ipykernel 6, bytes as Uint8Array, a model of few methods, and nothing fetched from anywhere."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.jupyter import OLDER_KERNEL
from tests.browser.notebook import Notebook
from tests.browser.pointing import drag
from tests.browser.test_camwidget import CELL, painted
from tests.browser.test_harness import COUNTER

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not OLDER_KERNEL.exists(), reason="no older ipykernel beside the installed one: run make test"),
]

# Colab's model: what anywidget promises and no more (no `widget_manager`), bytes as views into something larger.
COLAB = """
head, name = str(CamWidget._esm).rstrip().rsplit("export{", 1)
class Colab(CamWidget):
    _esm = head + "const inner = " + name.split(" as default")[0] + ";" + '''
const known = new WeakMap();
const asArrays = (value) => {
    if (typeof value !== "object" || value === null) return value;
    if (known.has(value)) return known.get(value);
    let made;
    if (value instanceof DataView) {
        const larger = new Uint8Array(value.byteLength + 3);
        larger.set(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), 3);
        made = larger.subarray(3);
        window.camwidgetBytes = (window.camwidgetBytes ?? 0) + made.length;
    } else if (Array.isArray(value)) made = value.map(asArrays);
    else made = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, asArrays(one)]));
    known.set(value, made);
    return made;
};
const models = new WeakMap();
const colab = (model) => {
    if (!models.has(model)) models.set(model, {
        get: (name) => asArrays(model.get(name)),
        set: (name, value) => model.set(name, value),
        on: (event, callback) => model.on(event, callback),
        off: (event, callback) => model.off(event, callback),
        save_changes: () => model.save_changes(),
        send: (content, callbacks, buffers) => model.send(content, callbacks, buffers),
    });
    return models.get(model);
};
export default () => {
    const widget = inner();
    return {
        initialize: ({ model }) => widget.initialize({ model: colab(model) }),
        render: ({ model, el }) => widget.render({ model: colab(model), el }),
    };
};
'''
w = Colab(model, img, class_names=["cat", "dog", "bird", "owl"], target="cat")
w
"""
# The worker answers when it is let go, a while after the kernel has become idle.
HELD = """
import threading
let_go, at_once = threading.Event(), w._explainer.answer
def held(*arguments, **options):
    let_go.wait(60)
    return at_once(*arguments, **options)
w._explainer.answer = held
"""


def test_it_works_as_in_colab(lab: Callable[..., Notebook]) -> None:
    network = CELL.rsplit("w = CamWidget", 1)[0]
    notebook = lab([COUNTER + "w", network + COLAB], size=(1280, 1000), kernel="older", run=False)
    page = notebook.page
    notebook.run_cell(0)
    page.get_by_role("button", name="count 0").wait_for()  # by now JupyterLab has fetched what it wants itself
    barred: list[str] = []

    def bar(route: Route) -> None:
        if "/api/" in route.request.url or "/favicons/" in route.request.url:  # JupyterLab's own talk with its server
            route.continue_()
        else:
            barred.append(route.request.url)
            route.abort()

    page.route("**/*", bar)
    notebook.run_cell(1)
    page.locator(".camwidget[data-seq='1']").wait_for()
    assert notebook.value("__import__('ipykernel').__version__").startswith("6.")
    assert page.evaluate("window.camwidgetBytes") > 9 * 14 * 4

    before = painted(notebook)
    drag(page, (7, 12), (2, 3))
    notebook.wait_for_map("w.region == [[[2, 3], [7, 12]]]")
    assert painted(notebook) != before

    # A map that comes while the kernel is idle: nobody but the worker's own thread sends it.
    notebook.run(HELD)
    page.get_by_role("combobox", name="Method").select_option("guided_grad_cam")
    notebook.wait_for("w.method == 'guided_grad_cam'")
    before = painted(notebook)
    notebook.run("threading.Timer(0.5, let_go.set).start()")
    idle = page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']")
    idle.wait_for(state="attached")
    page.wait_for_function("before => document.querySelector('.camwidget canvas').toDataURL() !== before", arg=before)
    notebook.wait_for_map("w.explanation.method == 'guided_grad_cam'")

    notebook.run("w.target = 99")
    expect(page.locator(".camwidget").get_by_role("alert")).to_contain_text("No class 99")
    assert barred == [] and notebook.errors == []
