"""The widget in a real JupyterLab: frames of a drag, the kernel's answer, sizes of updates, what is left behind."""

import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import CDPSession, Page

from tests.browser.conftest import launch, notebooks
from tests.browser.jupyter import serve
from tests.browser.notebook import Notebook
from tests.browser.reach import ASKING, REACH

from .timing import NO_BUDGET, Row, ratio

_IMPORTS = "from camwidget import CamWidget, samples; scene = samples.scene(7, digits=[3, 3, 8])"
_FIRST = """
shown = CamWidget(samples.network(), scene.image, class_names=samples.CLASS_NAMES, target="three")
shown
"""

# A layer of 14 x 14 x 512 and a thousand classes, and a widget that only sends back as many bytes as an answer has.
_WIDE = """
import keras, numpy as np, traitlets
keras.utils.set_random_seed(2)
layers = keras.layers
model = keras.Sequential([
    layers.Input((224, 224, 3)),
    layers.Rescaling(1 / 255),
    layers.Conv2D(512, 16, strides=16, activation="relu", name="wide"),
    layers.GlobalAveragePooling2D(),
    layers.Dense(1000, activation="softmax"),
])
img = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
w = CamWidget(model, img, class_names=[f"class number {k}" for k in range(1000)])

class Echo(Reach):
    region = traitlets.Any().tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)

    @traitlets.observe("region")
    def _echo(self, change):
        self.answer = {**self.answer, "seq": self.answer["seq"] + 1, "region": change.new}

echo = Echo(answer=dict(w.result))
display(echo)
w
"""

# Frame times, in milliseconds, of `count` frames in which `work(i)` is done.
_FRAMES = """
window.frames = (count, work) => new Promise(resolve => {
    const times = [];
    const step = now => {
        times.push(now);
        if (times.length > count) return resolve(times.slice(1).map((time, i) => time - times[i]));
        work(times.length);
        requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
});
window.dragging = i => {
    const grid = document.querySelector("[role=grid]");
    const { left, top, width, height } = grid.getBoundingClientRect();
    const [row, column] = [3 + (i * 5) % 11, 3 + (i * 3) % 11];
    grid.dispatchEvent(new PointerEvent("pointermove", {
        pointerId: window.pointer, isPrimary: true, bubbles: true, pointerType: "mouse",
        clientX: left + (column + 0.5) * width / 14, clientY: top + (row + 0.5) * height / 14,
    }));
};
document.addEventListener("pointerdown", event => { window.pointer = event.pointerId; }, { capture: true });
"""

# Milliseconds of one answer of each, taken in turn.
_ANSWERS = """
async ([widget, echo, rounds]) => {
    const [w, e] = [await modelOf(widget), await modelOf(echo)];
    const times = [];
    for (let i = 0; i < rounds; i++) {
        const region = [[[i % 7, 0], [7 + i % 5, 3 + i % 11]]];
        const pair = [];
        for (const [model, name] of [[w, "result"], [e, "answer"]]) {
            await new Promise(resolve => setTimeout(resolve, 30));
            const start = performance.now();
            await ask(model, { region }, name);
            pair.push(performance.now() - start);
        }
        times.push(pair);
    }
    return times.slice(5);
}
"""

# Every update that a widget sends: its traits, and its bytes as they go over the wire.
_COUNTED = """
import json
sent = []
def counted(widget):
    send = widget.comm.send
    def sending(data=None, metadata=None, buffers=None):
        size = len(json.dumps(data or {}, default=str)) + sum(len(memoryview(b).cast("B")) for b in buffers or ())
        sent.append((sorted((data or {}).get("state", ())), size))
        return send(data, metadata, buffers)
    widget.comm.send = sending
counted(w)
"""

_CLOSED = """
for _ in range({count}):
    {made}; display(one); one.close()
"""


@contextmanager
def opened() -> Iterator[Notebook]:
    """A notebook whose first cell has imported everything."""
    with (
        tempfile.TemporaryDirectory() as home,
        serve(Path(home)) as server,
        launch() as chromium,
        notebooks(server, chromium, "bench") as (open_notebook, _),
    ):
        notebook = open_notebook([_IMPORTS, _FIRST, REACH + _WIDE, "1"], size=(1280, 1000), run=False)
        notebook.run_cell(0)
        yield notebook


def widget_rows() -> list[Row]:
    """All that wants a browser, in one page."""
    with opened() as notebook:
        page = notebook.page
        rows = [_first_paint(notebook), _first_picture(notebook)]
        notebook.run_cell(2)
        page.locator(".camwidget").nth(1).wait_for()
        notebook.run("shown.close()")
        page.evaluate(f"() => {{ {ASKING} {_FRAMES} }}")
        page.wait_for_timeout(1000)
        return [*rows, _frames(page), *_answers(notebook), *_updates(notebook), *_left(notebook)]


def _first_paint(notebook: Notebook) -> Row:
    page = notebook.page
    cell = notebook.cell(1)
    cell.locator(".jp-InputArea-editor").click()
    page.evaluate("""() => { window.painted = new Promise(resolve => {
        const look = () => document.querySelector(".camwidget:not([data-seq='0'])")
            ? resolve(performance.now()) : requestAnimationFrame(look);
        look();
    }); document.addEventListener("keydown", () => { window.started = performance.now(); }, { capture: true }); }""")
    cell.locator(".cm-content").press("Shift+Enter")
    taken = page.evaluate("async () => await window.painted - window.started") / 1000
    notebook.wait_for("shown.wait(60) is not None")
    return Row("widget: first paint after the cell's start", taken, 2, "s", "samples.network(), TensorFlow imported")


def _first_picture(notebook: Notebook) -> Row:
    """From the click on "Show what excites them" to the first frame of a visible filter, asked for by nobody before."""
    taken = notebook.page.evaluate("""() => new Promise(resolve => {
        const option = document.querySelector(".camwidget [role=option][data-filter]");
        const started = performance.now();
        const look = () => {
            const { src, complete } = option.querySelector("img");
            return src !== "" && complete ? resolve(performance.now() - started) : requestAnimationFrame(look);
        };
        [...document.querySelectorAll(".camwidget input[type=checkbox]")]
            .find(box => box.labels[0].textContent.includes("excites")).click();
        look();
    })""")
    return Row(
        "widget: first frame of a filter's picture", taken / 1000, 1, "s", "samples.network(), its default layer"
    )


def _frames(page: Page) -> Row:
    """Frames of a drag over the grid, a new box in each, beside those of an empty loop."""
    grid = page.locator(".camwidget [role=grid]").last
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()
    assert box is not None
    pairs = []
    for _ in range(7):
        empty = page.evaluate("() => frames(120, () => {})")
        page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        busy = page.evaluate("() => frames(120, dragging)")
        page.mouse.up()
        page.mouse.move(0, 0)  # a neuron that is pointed at asks the kernel for its numbers
        page.wait_for_timeout(500)
        pairs.append((statistics.mean(busy), statistics.mean(empty)))
    busy, empty = zip(*pairs, strict=True)
    detail = f"{statistics.median(busy):.1f} ms / {statistics.median(empty):.1f} ms"
    return Row("widget: frame while dragging / empty loop", ratio(busy, empty), 1.1, "x", detail)


def _answers(notebook: Notebook) -> list[Row]:
    """A selection and its map, there and back, beside the echo; and what the code sent besides costs."""
    ids = [*notebook.value("(w.model_id, echo.model_id)"), 60]
    mine, echo = zip(*notebook.page.evaluate(_ANSWERS, ids), strict=True)
    notebook.run("w.keys = [name for name in w.keys if name != 'code']")
    bare, again = zip(*notebook.page.evaluate(_ANSWERS, ids), strict=True)
    notebook.run("w.keys = [*w.keys, 'code']")
    detail = f"{statistics.median(mine):.1f} ms / {statistics.median(echo):.1f} ms"
    return [
        Row("widget: answer to a selection / bare echo", ratio(mine, echo), 1.3, "x", detail),
        Row(
            "widget: answer without its code / bare echo",
            ratio(bare, again),
            NO_BUDGET,
            "x",
            f"{statistics.median(bare):.1f} ms",
        ),
    ]


def _updates(notebook: Notebook) -> list[Row]:
    """Bytes of one selection's answer, of the largest update of a varied use, and of the state at the beginning."""
    notebook.run(_COUNTED)
    notebook.run("w.region = [[[1, 1], [5, 5]]]; w.wait(60)")
    one: list[tuple[list[str], int]] = notebook.value("sent")
    notebook.run("""
w.target = 999; w.wait(60)
w.image = np.random.default_rng(1).integers(0, 256, (3888, 5184, 3), np.uint8); w.wait(60)
w.method = "gradient"; w.wait(60)
w.method = "guided_grad_cam"; w.wait(60)
w.method = "grad_cam"; w.neurons = [[r, c] for r in range(14) for c in range(14)]; w.wait(60)
""")
    names, most = max(notebook.value("sent"), key=lambda update: update[1])
    state = notebook.value(
        "(lambda s: len(json.dumps(s[0], default=str)) + sum(len(memoryview(b).cast('B')) for b in s[2]))"
        "(__import__('ipywidgets').widgets.widget._remove_buffers(w.get_state()))"
    )
    told = " + ".join(f"{'/'.join(traits)} {size} B" for traits, size in one)
    return [
        Row("widget: updates for one selection", len(one), NO_BUDGET, "", told),
        Row("widget: largest update", most / 1000, 256, "kB", ", ".join(names)),
        Row("widget: state at the beginning", state / 1000, 1000, "kB"),
    ]


def _left(notebook: Notebook, count: int = 50) -> list[Row]:
    """What opening and closing many widgets leaves in kernel and page, above what as many empty ones leave."""
    page = notebook.page
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    page.evaluate("""() => {
        window.addresses = 0;
        const [make, revoke] = [URL.createObjectURL, URL.revokeObjectURL];
        URL.createObjectURL = thing => { window.addresses += 1; return make.call(URL, thing); };
        URL.revokeObjectURL = address => { window.addresses -= 1; return revoke.call(URL, address); };
    }""")
    left: list[dict[str, float]] = []
    for made in ("one = Reach()", "one = CamWidget(model, img); one.target = 1; one.wait(60)"):
        before = after = {}
        for number in (3, count):
            before = after
            for code in (_CLOSED.format(count=number, made=made), "1"):
                notebook.cell(3).locator(".cm-content").fill(code)
                notebook.run_cell(3)
                page.wait_for_timeout(1000)
            after = _held(notebook, session)
        left.append({name: after[name] - before[name] for name in after})
    bare, mine = left
    details = {name: f"{mine[name]:.0f}, of empty ones {bare[name]:.0f}" for name in mine}
    return [
        Row(f"widget: {name} left by {count} widgets", mine[name] - bare[name], 0, "", details[name]) for name in mine
    ]


def _held(notebook: Notebook, session: CDPSession) -> dict[str, float]:
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return {
        "threads": notebook.value("__import__('threading').active_count()"),
        "listeners": metrics["JSEventListeners"],
        "blob addresses": notebook.page.evaluate("window.addresses"),
    }
