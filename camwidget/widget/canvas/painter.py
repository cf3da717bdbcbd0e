"""Cells of a sheet on an ipycanvas canvas, sent no faster than the page draws them."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from ipycanvas import Canvas, hold_canvas
from jaxtyping import UInt8

from ..scheduler import Scheduler, Token

# Bytes of pixels in one message, as they are before PNG makes about two thirds of them: a dozen cells, which take a
# few hundredths of a second to encode.
_MOST = 2**19

# Bytes of pixels that are sent in a second, at most.
_RATE = 2 * 2**20

# Seconds without an answer after which the next message goes out all the same: there may be no page, and one that is
# there cannot be heard while a cell runs.
_PATIENCE = 1.0

Cell = tuple[int, int, UInt8[np.ndarray, "h w 3"]]


class Painter:
    """Draws cells that have changed, in a thread of its own.

    What changes while the page is still drawing waits, and is drawn as it is by then: frames nobody could have seen
    are left out. A page that comes anew is drawn anew.

    A second canvas, hidden and of one pixel, takes a dot after each message, and its pixels come back: so the page
    says that it has drawn what was sent. It also makes each message name its canvas, which a page that was
    reloaded has forgotten and ipycanvas would not repeat.

    Args:
        size: (height, width) of the canvas in pixels.
        background: its colour where no cell is.
        cells: the numbers of all cells there are.
        cell: (number) -> row, column and pixels of the cell as it is now; None: there is no longer such a cell.
        lock: a `threading.RLock`.

    Attributes:
        canvas: the one to show.
        tick: the hidden one.
    """

    def __init__(
        self,
        size: tuple[int, int],
        background: tuple[int, int, int],
        cells: Callable[[], range],
        cell: Callable[[int], Cell | None],
        lock: Any,
    ) -> None:
        self._lock, self._cells, self._cell, self._background = lock, cells, cell, background
        self.canvas = Canvas(width=size[1], height=size[0], layout={"max_width": "100%", "height": "auto"})
        self.canvas.layout.align_self = "flex-start"  # a box would stretch it
        self.tick = Canvas(width=1, height=1, sync_image_data=True)
        self._drawn = threading.Event()
        self._sent: dict[int, np.ndarray] = {}
        self._is_bare, self._messages = True, 0
        self._scheduler: Scheduler[int, frozenset[int]] = Scheduler(lambda numbers: numbers, self._paint, lock)
        self.tick.observe(lambda change: self._drawn.set(), "image_data")
        self.canvas.on_client_ready(self.redraw)

    def on_press(self, act: Callable[[float, float], object]) -> None:
        """Call `act` with the row and column, in pixels, that a mouse or a finger goes down at."""
        self.canvas.on_mouse_down(lambda x, y: act(y, x))
        self.canvas.on_touch_start(lambda touches: act(touches[0][1], touches[0][0]))

    @property
    def is_idle(self) -> bool:
        """Whether the page, if there is one, shows everything."""
        return self._scheduler.wait(0)

    def changed(self, numbers: Iterable[int]) -> None:
        """Have these cells drawn if they look otherwise now."""
        self._scheduler.submit(numbers)

    def redraw(self) -> None:
        """Have everything drawn, whatever was sent before."""
        with self._lock:
            self._is_bare = True
            self.changed(self._cells())

    def wait(self, timeout: float | None = None) -> bool:
        """Block until everything was sent; False: it took longer than `timeout` seconds."""
        return self._scheduler.wait(timeout)

    def close(self) -> None:
        """Send nothing any more; may be called twice."""
        self._scheduler.close()
        self._drawn.set()
        for canvas in (self.canvas, self.tick):
            canvas.close()

    def _paint(self, numbers: frozenset[int], token: Token) -> None:
        """Runs in the worker: one message."""
        start, taken = time.perf_counter(), 0
        left = sorted(numbers)
        with self._lock:
            if self._scheduler.closed:
                return
            is_bare, self._is_bare = self._is_bare, False
            if is_bare:
                self._sent.clear()
            cells: list[Cell] = []
            while left and taken < _MOST:
                number = left.pop(0)
                cell = self._cell(number)
                if cell is None or np.array_equal(self._sent.get(number, ()), cell[2]):
                    continue
                self._sent[number] = cell[2]
                cells.append(cell)
                taken += cell[2].nbytes
            if cells or is_bare:
                self._send(cells, is_bare)
        if cells or is_bare:
            self._drawn.wait(_PATIENCE)
            time.sleep(max(0.0, taken / _RATE - (time.perf_counter() - start)))
        if left:
            self._scheduler.submit(left)

    def _send(self, cells: list[Cell], is_bare: bool) -> None:
        self._drawn.clear()
        with hold_canvas():
            if is_bare:
                self.canvas.fill_style = "#{:02x}{:02x}{:02x}".format(*self._background)
                self.canvas.fill_rect(0, 0, self.canvas.width, self.canvas.height)
            for row, column, pixels in cells:
                # Four channels: ipycanvas makes a lossy JPEG of three.
                opaque = np.full((*pixels.shape[:2], 1), 255, np.uint8)
                self.canvas.put_image_data(np.concatenate([pixels, opaque], axis=2), column, row)
            # Another colour each time, since what has not changed is not sent back.
            self._messages += 1
            self.tick.fill_style = f"#0000{self._messages % 256:02x}"
            self.tick.fill_rect(0, 0, 1, 1)
