"""Minutes of use: what was looked at once does not stay in memory. `make soak`."""

import gc
import threading

import numpy as np
import pytest

from camwidget import CamWidget
from tests.widget.networks import picture, small_network

pytestmark = pytest.mark.soak


def resident() -> int:
    """Memory of this process, in bytes."""
    gc.collect()
    with open("/proc/self/status") as status:
        return 1024 * next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def use(widget: CamWidget, generator: np.random.Generator, changes: int) -> None:
    for step in range(changes):
        widget.target = int(generator.integers(3))
        widget.region = [[[int(generator.integers(9)), 0], [8, int(generator.integers(14))]]]
        widget.noise, widget.samples = float(generator.uniform(0.05, 0.5)), int(generator.integers(3))
        if step % 20 == 0:
            widget.image = picture(int(generator.integers(2**31)))
        if step % 7 == 0:
            widget.wait(60)
    widget.wait(60)


def test_memory_does_not_grow_with_use():
    widget = CamWidget(small_network(), picture(), layer="late")
    widget._explainer.cache.limit = 4 * 2**20  # full after a moment, so that only leaks grow
    generator = np.random.default_rng(0)
    use(widget, generator, 1000)
    before = resident()
    use(widget, generator, 5000)
    grown = resident() - before
    widget.close()
    assert grown < 24 * 2**20, f"{grown / 2**20:.1f} MB more after 5000 changes"


def test_closed_widgets_leave_no_threads():
    model = small_network()

    def use_and_close() -> None:
        widget = CamWidget(model, picture())
        widget.target = 1
        widget.wait(60)
        worker = widget._scheduler._worker
        widget.close()
        assert worker is not None
        worker.join(30)

    use_and_close()  # starts TensorFlow's own, and the one that asks whether networks have changed
    before = threading.active_count()
    for _ in range(50):
        use_and_close()
    assert threading.active_count() == before
