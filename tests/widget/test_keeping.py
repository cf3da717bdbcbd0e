"""What can be kept of a widget: code that gives the same map, a captioned picture, a page."""

import io
import json
import re

import ipywidgets
import keras
import nbformat
import numpy as np
import pytest
import traitlets
from nbconvert import HTMLExporter, MarkdownExporter
from PIL import Image

from camwidget import CamWidget
from camwidget.explanation.captioned import caption
from camwidget.maths import METHODS
from tests.widget.networks import gap_network, picture

NAMES = ["it's", 'the "other"', "</script><script>window.hacked=1</script>"]


@pytest.fixture(scope="module")
def model():
    return gap_network()


def run(widget: CamWidget, model: keras.Model, **names: object) -> dict:
    """Run a widget's code as a person would, in a place that knows nothing else."""
    place = {"model": model, "img": widget.image, **names}
    exec(widget.code, place)
    place["w"].close()
    return place


def assert_same_map(widget: CamWidget, model: keras.Model, **names: object) -> None:
    place = run(widget, model, **names)
    for again in (place["w"].explanation, place["explanation"]):
        assert again.query == widget.explanation.query
        np.testing.assert_array_equal(again.signed, widget.explanation.signed)
    for name in ("colormap", "opacity", "view"):
        assert getattr(place["w"], name) == getattr(widget, name)


def test_a_picture_given_later_is_said_to_be_on_show(model):
    widget = CamWidget(model, picture())
    widget.image = picture(3)
    widget.wait(60)
    assert (
        "# The picture on show: img = w.image, where w is this widget.\n# As they were given: model.\n" in widget.code
    )
    assert_same_map(widget, model)
    widget.close()


def test_what_is_as_it_is_by_itself_is_not_said(model):
    widget = CamWidget(model, picture())
    assert widget.code.splitlines() == [
        "from camwidget import CamWidget, explain",
        "",
        "# As they were given: model, img.",
        "w = CamWidget(model, img)",
        "w",
        "",
        "explanation = explain(model, img)",
    ]
    assert_same_map(widget, model)
    widget.close()


@pytest.mark.parametrize(
    "options",
    [
        *({"method": method} for method in METHODS),
        {"layer": "early", "target": 2, "filters": [4, 0], "neurons": [(10, 15)], "region": [(2, 3), (6, 9)]},
        {"region": [[(2, 3), (6, 9)], [(0, 0), (1, 1)]], "filters": []},
        {"score": "contrast", "target": 1, "against": 2},
        {"score": "contrast"},
        {"method": "smooth_grad_cam++", "samples": 3, "noise": 0.31, "seed": 5, "sample_weights": "score"},
        {"method": "integrated_gradients", "steps": 7, "baseline": (0.25, 0.5, 0.75), "filters": [1]},
        {"colormap": "magma", "opacity": 0.45, "view": "cells", "derivatives": "softmax"},
    ],
    ids=lambda options: "-".join(options) if len(options) > 1 else next(map(str, options.values())),
)
@pytest.mark.filterwarnings("ignore:Noise made no difference")
def test_running_the_code_gives_the_same_map(model, options):
    widget = CamWidget(model, picture(), class_names=NAMES, **options)
    for name, value in options.items():
        if (name, value) not in (("method", "grad_cam++"), ("target", int(widget.explanation.outputs.argmax()))):
            assert f"{name}=" in widget.code
    assert_same_map(widget, model)
    widget.close()


def test_the_code_follows_every_choice(model):
    widget = CamWidget(model, picture(), class_names=NAMES)
    heard: list[str] = []
    widget.observe(lambda change: heard.append(change.new), "code")
    widget.target = (widget.explanation.target + 1) % 3
    widget.filters = list(range(4))
    widget.wait(60)
    assert heard[-1] == widget.code
    assert f"target={NAMES[widget.target]!r}" in widget.code
    assert_same_map(widget, model)
    widget.opacity = 0.25  # no question to the network, so at once
    assert "opacity=0.25" in widget.code
    widget.layer = "nonsense"
    with pytest.raises(ValueError, match="nonsense"):
        widget.wait(60)
    assert "nonsense" not in widget.code
    with pytest.raises(traitlets.TraitError, match="read-only"):
        widget.code = "import os"
    widget.close()


def test_paths_are_quoted_and_what_has_no_text_is_named(model, tmp_path):
    path = tmp_path / """it's "the" cat.png"""
    Image.fromarray(picture(4)).save(path)
    names = [f"class {k} of many" for k in range(3)]
    widget = CamWidget(model, path, preprocess=half, class_names=names)
    assert repr(str(path)) in widget.code
    assert "# As they were given: model, preprocess." in widget.code
    assert_same_map(widget, model, preprocess=half)
    widget.image = picture(2)
    widget.wait(60)
    assert "CamWidget(\n    model,\n    img,\n" in widget.code or "CamWidget(model, img," in widget.code
    assert_same_map(widget, model, preprocess=half)
    widget.close()


def half(pixels):
    return pixels / 2


def test_the_saved_picture_has_a_caption_below_the_map(model, tmp_path):
    widget = CamWidget(model, picture(), class_names=NAMES, view="cells", opacity=1.0, region=[(3, 0), (5, 13)])
    widget.save(tmp_path / "map.png")
    saved = np.asarray(Image.open(tmp_path / "map.png"))
    map_height, width = 12 * 24, 18 * 24  # each pixel 24 times as large
    assert saved.shape[1] == width and saved.shape[0] > map_height
    strip = saved[map_height:]
    words = caption(widget.explanation.title, width)
    np.testing.assert_array_equal(strip, words)
    assert (strip[0] == 255).all() and (strip[:, 0] == 255).all() and strip.min() < 60
    # In cells each neuron has one heat: at opacity 1 the strongest one's block is the last colour of all.
    row, column = np.unravel_index(widget.explanation.map.argmax(), (9, 14))
    y, x = int((row + 0.5) * map_height / 9), int((column + 0.5) * width / 14)
    assert tuple(saved[y, x]) == tuple(np.frombuffer(widget.choices["colormaps"][0]["palette"], np.uint8)[-3:])
    widget.save(str(tmp_path / "map.jpg"))
    widget.close()


def test_a_caption_keeps_within_its_picture():
    long = "Grad-CAM++ for " + "pneumonoultramicroscopicsilicovolcanoconiosis " * 4
    for width in (200, 431, 1280):
        strip = caption(long, width)
        assert strip.shape[1] == width
        assert (strip[:, -2:] == 255).all() and (strip[-2:] == 255).all()
    assert caption(long, 1280).shape[0] > caption("short", 1280).shape[0]


def test_the_page_holds_all_it_needs_and_class_names_stay_text(model, tmp_path):
    widget = CamWidget(model, picture(), class_names=NAMES, target=2)
    assert widget.to_html(tmp_path / "page.html") is None
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page == widget.to_html()
    assert "window.hacked=1</script>" not in page
    assert not re.search(r"""(?:src|href)=["']?(?!data:)\w|@import|https?://(?!www\.w3\.org)""", page)
    state = json.loads(page.split('id="camwidget-state">')[1].split("</script>")[0])
    assert state["choices"]["classes"] == NAMES
    assert state["status"] == "idle" and state["code"] == widget.code
    widget.close()


def test_a_page_has_a_preview_where_a_notebook_is_too_small_for_one(model, monkeypatch):
    monkeypatch.setattr("camwidget.widget.contract.PREVIEW_LIMIT", 10)
    widget = CamWidget(model, picture())
    assert widget.evidence["terms"] is None
    page = widget.to_html()
    assert page is not None
    state = json.loads(page.split('id="camwidget-state">')[1].split("</script>")[0])
    assert state["evidence"]["previews"] is True and "too large" not in state["evidence"]["note"]
    assert state["evidence"]["id"] == state["result"]["evidence_id"] == 1
    widget.close()


def notebook_of(widget: CamWidget) -> nbformat.NotebookNode:
    data, metadata = widget._repr_mimebundle_() or ({}, {})
    output = nbformat.v4.new_output("execute_result", data=data, metadata=metadata, execution_count=1)
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("w", outputs=[output], execution_count=1)])


def test_a_notebook_without_its_widgets_shows_the_picture(model):
    """As GitHub, nbviewer and nbconvert do."""
    widget = CamWidget(model, picture())
    notebook = notebook_of(widget)
    nbformat.validate(notebook)
    html, _ = HTMLExporter().from_notebook_node(notebook)
    data = re.search(r'<img[^>]*src="data:image/png;base64,([^"]+)"', html)
    assert data, "no picture in the page"
    _, resources = MarkdownExporter().from_notebook_node(notebook)
    (shown,) = resources["outputs"].values()
    assert Image.open(io.BytesIO(shown)).size == (432, 288)
    widget.close()


def test_the_state_a_notebook_saves_is_whole(model):
    widget = CamWidget(model, picture(), region=[(2, 3), (6, 9)])
    saved = ipywidgets.Widget.get_manager_state(widgets=[widget])["state"][widget.model_id]
    assert saved["state"]["region"] == [[[2, 3], [6, 9]]]
    paths = {tuple(buffer["path"]) for buffer in saved["buffers"]}
    assert {("image", "file"), ("evidence", "terms"), ("result", "map")} <= paths
    json.dumps(saved, allow_nan=False)
    widget.close()
