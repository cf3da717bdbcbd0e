"""A layer's pictures form in the background, reach the page without loss and once each, and can be chosen from."""

import io
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from camwidget import CamWidget, Explainer, FilterCanvas, maximize_activation
from camwidget.explanation.ascent import Ascent, Frame
from camwidget.widget.canvas import filter_canvas, forming
from camwidget.widget.canvas.painter import Painter
from camwidget.widget.canvas.sheet import Sheet, fitted, tile_for
from tests.explanation.ascent.networks import forked_network
from tests.widget.networks import gap_network, picture

OPTIONS = {"preset": "gradient_ascent", "steps": 3, "tile": 18}


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return Explainer(gap_network(), class_names=["cat", "dog", "emu"])


@pytest.fixture
def make(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., FilterCanvas]]:
    """Canvases of the layer "late", two filters at a time, that are closed at the end."""
    monkeypatch.setattr(Ascent, "batches", property(lambda self: [range(2), range(2, len(self.objectives))]))
    monkeypatch.setattr(forming, "_INTERVAL", 0)
    monkeypatch.setattr("camwidget.widget.canvas.painter._PATIENCE", 0.0)
    made: list[FilterCanvas] = []

    def make(layer: str = "late", **options: Any) -> FilterCanvas:
        made.append(FilterCanvas(explainer, layer, **{**OPTIONS, **options}))
        return made[-1]

    yield make
    for canvas in made:
        canvas.close()


class Gate:
    """Lets a climb go on frame by frame."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open, self.begun, original = threading.Event(), threading.Event(), forming.climb

        def climb(ascent: Ascent, positions: range) -> Iterator[Frame]:
            for frame in original(ascent, positions):
                yield frame
                self.begun.set()
                assert self.open.wait(60)

        monkeypatch.setattr(forming, "climb", climb)


def press(canvas: FilterCanvas, number: int) -> None:
    """What the page says of a press on a picture."""
    row, column = canvas._sheet.place(number)
    canvas._painter.canvas._handle_frontend_event(None, {"event": "mouse_down", "x": column + 9, "y": row + 8}, [])


def test_the_pictures_are_those_of_maximize_activation(make: Callable, explainer: Explainer) -> None:
    canvas = make()
    found = canvas.wait(60)
    expected = maximize_activation(explainer, "late", preset="gradient_ascent", steps=3)
    np.testing.assert_array_equal(found.images, expected.images)
    np.testing.assert_allclose(found.activations, expected.activations, rtol=1e-6)
    assert found.filters == (0, 1, 2, 3) and found.names == expected.names
    assert (canvas.status, canvas.progress) == ("idle", 1)
    height, width = found.images.shape[1:3]
    for n, image in enumerate(found.images):
        row, column = canvas._sheet.place(n)
        shown = canvas._drawn()[row + 5 : row + 5 + canvas._tile[0], column + 5 : column + 5 + canvas._tile[1]]
        np.testing.assert_array_equal(shown, fitted(image, canvas._tile))
    assert canvas._tile == (round(18 * height / width), 18)


def test_the_cell_goes_on_while_pictures_form_and_stop_keeps_them(
    make: Callable, monkeypatch: pytest.MonkeyPatch, explainer: Explainer
) -> None:
    gate = Gate(monkeypatch)
    canvas = make()
    assert gate.begun.wait(60) and canvas.status == "computing"
    with pytest.raises(TimeoutError, match=r"Not formed within 0\.01 seconds\. Pass a longer timeout="):
        canvas.wait(0.01)
    canvas.stop()
    gate.open.set()
    found = canvas.wait(60)
    assert canvas.status == "stopped" and "stopped" in canvas.caption and found.filters == (0, 1)
    assert np.isnan(found.activations).any() and any("Stopped: 0 of 4" in note for note in found.notes)
    canvas.start()
    expected = maximize_activation(explainer, "late", preset="gradient_ascent", steps=3)
    np.testing.assert_array_equal(canvas.wait(60).images, expected.images)


def test_an_interrupt_of_wait_keeps_what_there_is(make: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch)
    canvas = make()
    assert gate.begun.wait(60)
    wait = canvas._forming.wait

    def interrupted(timeout: float | None) -> bool:
        monkeypatch.setattr(canvas._forming, "wait", wait)
        gate.open.set()
        raise KeyboardInterrupt

    monkeypatch.setattr(canvas._forming, "wait", interrupted)
    assert canvas.wait(60).filters == (0, 1) and canvas.status == "stopped"


def test_the_page_on_show_forms_first(make: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filter_canvas, "_ROWS", 1)
    gate = Gate(monkeypatch)
    canvas = make(columns=2)
    assert canvas.pages == 2 and gate.begun.wait(60)
    canvas.page = 7  # the last one
    assert canvas.page == 1 and list(canvas._on_page) == [2, 3]
    canvas.stop()
    gate.open.set()
    canvas.wait(60)
    order: list[range] = []
    original = forming.climb
    monkeypatch.setattr(forming, "climb", lambda ascent, batch: order.append(batch) or original(ascent, batch))
    canvas.start()
    canvas.wait(60)
    assert order == [range(2, 4), range(2)]
    press(canvas, 1)
    assert canvas.filters == [3]


def test_what_goes_wrong_is_said(make: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    def climb(*_: object) -> Iterator[Frame]:
        raise RuntimeError("out of memory")

    original = forming.climb
    monkeypatch.setattr(forming, "climb", climb)
    canvas = make()
    with pytest.raises(ValueError, match="The pictures could not be made: RuntimeError: out of memory"):
        canvas.wait(60)
    assert canvas.status == "stopped" and "out of memory" in canvas.caption
    with pytest.raises(ValueError, match="No picture has begun to form yet"):
        _ = canvas.images
    monkeypatch.setattr(forming, "climb", original)
    canvas.start()
    assert len(canvas.wait(60)) == 4 and canvas.error == ""


def test_it_can_be_closed_at_any_time(make: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch)
    canvas = make()
    assert gate.begun.wait(60)
    before = canvas.caption
    canvas.close()
    gate.open.set()
    canvas.close()
    canvas.start()
    canvas.filters = [1]
    assert canvas.wait(60) is not None and before.split(":")[0] in canvas.caption


# -- choosing --------------------------------------------------------------------------------------


def test_a_press_chooses_and_another_lets_go(make: Callable) -> None:
    canvas = make()
    canvas.wait(60)
    heard: list[object] = []
    canvas.observe(lambda change: heard.append(change.new), "filters")
    press(canvas, 2)
    reached = canvas.images.reached[2]
    assert canvas._controls._list.value == 2 and f"Filter 2: activation {reached:.3g}" in canvas.caption
    press(canvas, 5)  # the mat
    press(canvas, 2)
    canvas._controls._list.value = 3
    canvas.filters = [0, 1]
    assert canvas._controls._list.label == "none or several"
    for wrong in ([4], [-1], "all"):
        with pytest.raises((TypeError, ValueError)):
            canvas.filters = wrong
    assert heard == [[2], None, [3], [0, 1]] and canvas.filters == [0, 1]


def test_the_choice_is_shared_with_a_widget(make: Callable, explainer: Explainer) -> None:
    widget = CamWidget(explainer.model, picture(), layer="late", filters=[1], class_names=["cat", "dog", "emu"])
    canvas, classes = make(widget=widget), make("logits", widget=widget)
    assert canvas.filters == [1] and classes.filters == [widget.target]
    press(canvas, 3)
    assert widget.wait(60).query.filters == (3,)
    widget.filters = [0, 2]
    assert canvas.filters == [0, 2]
    widget.wait(60)
    widget.layer = "early"  # there other filters have these numbers
    assert widget.wait(60).layer == "early" and canvas.filters is None and widget.filters is None
    press(canvas, 2)
    explanation = widget.wait(60)
    assert (explanation.layer, explanation.query.filters, canvas.filters) == ("late", (2,), [2])
    press(canvas, 2)
    assert widget.wait(60).query.filters is None
    other = (widget.target + 1) % 3
    classes.filters = [other]
    assert widget.wait(60).target == other
    canvas.close()
    widget.filters = [1]
    assert canvas.filters is None
    widget.close()
    with pytest.raises(ValueError, match=r"widget= is about another network\. Pass a CamWidget of this model"):
        FilterCanvas(gap_network(), "late", widget=widget)


# -- what the page gets ----------------------------------------------------------------------------


class Page:
    """Stands for a page: keeps the pixels of what it is sent, and answers when it is let."""

    def __init__(self, painter: Painter, monkeypatch: pytest.MonkeyPatch) -> None:
        self.painter, self.messages, self.answers = painter, [], 0
        self.pixels = np.zeros((painter.canvas.height, painter.canvas.width, 3), np.uint8)
        monkeypatch.setattr(painter.canvas._canvas_manager, "_send_custom", self.take)

    def take(self, commands: list, buffers: list[bytes]) -> None:
        pictures = [command for command in commands if command[0] == 32 or len(command) > 2 and command[2]]
        self.messages.append(len(pictures))
        for (_, (x, y), _), content in zip(pictures, buffers, strict=True):
            assert content.startswith(b"\x89PNG")
            shown = np.asarray(Image.open(io.BytesIO(content)))[..., :3]
            self.pixels[y : y + shown.shape[0], x : x + shown.shape[1]] = shown

    def answer(self) -> None:
        self.answers += 1
        self.painter.tick.set_state({"image_data": memoryview(bytes([self.answers % 256]))})


class Cells:
    """512 cells of 20 x 30 pixels, each of one colour."""

    def __init__(self) -> None:
        self.colours = np.zeros((512, 3), np.uint8)

    def cell(self, number: int) -> tuple[int, int, np.ndarray]:
        pixels = np.broadcast_to(self.colours[number], (20, 30, 3))
        return 20 * (number // 32), 30 * (number % 32), np.array(pixels)

    @property
    def whole(self) -> np.ndarray:
        return self.colours.reshape(16, 32, 3).repeat(20, axis=0).repeat(30, axis=1)


def test_of_several_outputs_the_classes_are_those_of_one() -> None:
    model = forked_network()
    explainer = Explainer(model, preprocess=None)
    widget = CamWidget(model, np.full((7, 9, 3), 0.5, np.float32), preprocess=None, output="ripe")
    options: dict[str, Any] = {"preset": "gradient_ascent", "steps": 1}
    canvases = [
        FilterCanvas(explainer, "logits", output="ripe", **options),
        FilterCanvas(explainer, "logits", output=0, **options),
        FilterCanvas(model, "logits", widget=widget, preprocess=None, **options),
    ]
    try:
        assert [len(canvas.names) for canvas in canvases] == [2, 3, 2]
        assert [len(canvas.wait(60).images) for canvas in canvases] == [2, 3, 2]
        with pytest.raises(ValueError, match=r"No output 'colour'. The network's outputs: 'fruit', 'ripe'."):
            FilterCanvas(explainer, "logits", output="colour")
        with pytest.raises(ValueError, match="another network"):  # whatever its outputs are called
            FilterCanvas(gap_network(), "late", widget=widget)
    finally:
        for each in (*canvases, widget):
            each.close()


def test_only_what_has_changed_is_sent_and_what_nobody_could_see_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("camwidget.widget.canvas.painter._PATIENCE", 60)
    monkeypatch.setattr("camwidget.widget.canvas.painter._RATE", float("inf"))
    monkeypatch.setattr("camwidget.widget.canvas.painter._MOST", 100 * 20 * 30 * 3)
    cells, lock = Cells(), threading.RLock()
    painter = Painter((320, 960), (1, 2, 3), lambda: range(512), cells.cell, lock)
    page = Page(painter, monkeypatch)
    arrived = threading.Semaphore(0)
    take = page.take
    monkeypatch.setattr(
        painter.canvas._canvas_manager, "_send_custom", lambda *message: (take(*message), arrived.release())
    )

    def shows() -> None:
        while not painter.is_idle:
            page.answer()
        painter.wait(60)

    painter.redraw()
    shows()
    assert page.messages == [100, 100, 100, 100, 100, 12]  # bounded, so that nothing waits long
    np.testing.assert_array_equal(page.pixels, cells.whole)
    page.messages.clear()
    painter.changed(range(512))
    shows()
    assert page.messages == []  # nothing looks otherwise
    while arrived.acquire(blocking=False):
        pass
    cells.colours[7] = 50
    painter.changed([7])
    assert arrived.acquire(timeout=60)  # and the page does not answer
    for shade in range(51, 90):
        cells.colours[[7, 8]] = shade
        painter.changed([7, 8])
    assert not painter.is_idle and page.messages == [1]
    shows()
    assert page.messages == [1, 2]  # 38 frames were left out, the newest was not
    np.testing.assert_array_equal(page.pixels, cells.whole)
    page.messages.clear()
    page.pixels[:] = 0
    painter.canvas._handle_frontend_event(None, {"event": "client_ready"}, [])  # a reload
    shows()
    np.testing.assert_array_equal(page.pixels, cells.whole)
    painter.close()
    painter.close()


def test_a_picture_is_there_without_a_page_and_without_ipycanvas(
    make: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas = make()
    canvas.wait(60)
    data, _ = canvas._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data and "image/png" in data
    monkeypatch.setitem(sys.modules, "ipycanvas", None)
    monkeypatch.delitem(sys.modules, "camwidget.widget.canvas.painter")
    bare = make()
    bare.wait(60)
    data, _ = bare._repr_mimebundle_()
    assert set(data) == {"text/plain", "image/png"} and data["text/plain"] == "<FilterCanvas: 4 pictures for late>"
    np.testing.assert_array_equal(bare._drawn(), canvas._drawn())


# -- the sheet -------------------------------------------------------------------------------------


def test_every_pixel_of_the_sheet_belongs_to_its_cell() -> None:
    sheet = Sheet(7, 3, (10, 16))
    assert sheet.size == (3 * 42, 3 * 26)
    for n in range(7):
        row, column = sheet.place(n)
        assert {sheet.at(row + y, column + x) for y in (0, 41.9) for x in (0, 25.9)} == {n}
    assert sheet.at(2 * 42 + 5, 26) is None and sheet.at(-0.1, 5) is None and sheet.at(5, 78) is None


def test_a_picture_of_its_own_size_keeps_every_pixel() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    sheet = Sheet(1, 1, tile_for((40, 60)))
    for is_chosen in (False, True):
        np.testing.assert_array_equal(sheet.draw(image, "3  1.25", is_chosen)[5:45, 5:65], image)
    assert tile_for((28, 20)) == (84, 60) and tile_for((180, 90)) == (128, 64) and tile_for((12, 18), 9) == (6, 9)
    np.testing.assert_array_equal(fitted(image, (80, 120))[::2, ::2], image)
    framed, plain = sheet.draw(image, "3", True), sheet.draw(image, "3", False)
    assert (framed[2, 2:68] == (255, 184, 28)).all() and (plain[2, 2:68] == (28, 31, 38)).all()
    words = sheet.draw(None, "a name that no tile has room for", False)[45:]
    assert (words[:, :4] == (28, 31, 38)).all() and (words[:, -4:] == (28, 31, 38)).all()
