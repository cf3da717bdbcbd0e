"""Thousands of selections in a real page: neither kernel nor page keeps what was looked at once. `make soak`."""

from collections.abc import Callable

import pytest
from playwright.sync_api import CDPSession

from tests.browser.notebook import Notebook
from tests.browser.reach import ASKING, REACH

pytestmark = [pytest.mark.browser, pytest.mark.soak]

SCENE = """
import gc, re
from camwidget import CamWidget, samples
scene = samples.scene(7, digits=[3, 3, 8])
w = CamWidget(samples.network(), scene.image, class_names=samples.CLASS_NAMES, target="three")
reach = Reach()
display(reach)
w
"""
# Boxes, single neurons and filters, as fast as a hand can; every tenth is waited for.
USE = """
async ([id, count]) => {
    const model = await modelOf(id);
    for (let i = 0; i < count; i++) {
        const [row, column] = [i % 13, (i * 5) % 13];
        const region = i % 3 ? [[[row, column], [row + 1, 13]]] : null;
        const neurons = i % 3 === 1 ? null : [[row, (i * 7) % 14]];
        const filters = i % 5 ? null : [i % 64, (i + 1 + i % 7) % 64];
        const answer = changed(model, "result");
        model.set({ region, neurons, filters });
        model.save_changes();
        await (i % 10 === 9 ? answer : new Promise(requestAnimationFrame));
    }
}
"""
# Asked by value: of the messages that so many selections leave behind, printed words would be the last.
RESIDENT = r"(gc.collect(), int(re.search(r'VmRSS:\s+(\d+)', open('/proc/self/status').read())[1]) / 1024)[1]"


def used(notebook: Notebook, session: CDPSession) -> tuple[float, float]:
    """Megabytes of the kernel and of the page's own heap."""
    session.send("HeapProfiler.collectGarbage")
    return notebook.value(RESIDENT), session.send("Runtime.getHeapUsage")["usedSize"] / 2**20


def test_ten_thousand_selections_leave_memory_as_it_was(lab: Callable[..., Notebook]) -> None:
    notebook = lab([REACH + SCENE], size=(1280, 1000))
    page = notebook.page
    page.locator(".camwidget[data-seq='1']").wait_for()
    page.evaluate(f"() => {{ {ASKING} }}")
    page.set_default_timeout(0)
    session = page.context.new_cdp_session(page)
    identity = notebook.value("w.model_id")
    page.evaluate(USE, [identity, 2000])  # until caches and pools are as full as they get
    before = used(notebook, session)
    page.evaluate(USE, [identity, 10_000])
    kernel, heap = (after - start for after, start in zip(used(notebook, session), before, strict=True))
    assert kernel < 10 and heap < 10, f"{kernel:.1f} MB more in the kernel, {heap:.1f} MB more in the page"
    assert notebook.errors == []
