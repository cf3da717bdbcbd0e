"""Traits as Jupyter's own tools use them: observed, linked, chosen in one step."""

import contextlib
import threading
import time

import ipywidgets
import numpy as np
import pytest
import tensorflow
from PIL import Image

from camwidget import CamWidget, explain
from camwidget.widget.state import QUERY_TRAITS
from camwidget.widget.traits import LOOKS
from tests.widget.networks import gap_network, picture, small_network

VALUES = {
    "method": "grad_cam",
    "layer": "early",
    "target": 2,
    "score": "log_probability",
    "samples": 2,
    "noise": 0.4,
    "filters": [0, 3],
    "neurons": [[3, 4]],
    "region": [[[0, 1], [4, 6]]],
    "colormap": "magma",
    "opacity": 0.3,
    "view": "cells",
}


@pytest.fixture(scope="module")
def models():
    return small_network(), gap_network()


@pytest.fixture
def pair(models):
    widgets = [CamWidget(model, picture(), target=0) for model in models]
    yield widgets
    for widget in widgets:
        widget.close()


def link(pair: list[CamWidget], *names: str) -> list[ipywidgets.link]:
    return [ipywidgets.link((pair[0], name), (pair[1], name)) for name in names]


def settle(pair: list[CamWidget]) -> None:
    for widget in pair:
        widget.wait(60)


@pytest.mark.parametrize("name", [*QUERY_TRAITS, *LOOKS])
def test_every_choice_can_be_observed_and_linked_both_ways(pair, name):
    (linked,) = link(pair, name)
    heard: list[object] = []
    pair[1].observe(lambda change: heard.append(change.new), name)
    before = getattr(pair[1], name)
    setattr(pair[0], name, VALUES[name])
    settle(pair)
    assert heard == [VALUES[name]] and getattr(pair[1], name) == VALUES[name]
    setattr(pair[1], name, before)
    settle(pair)
    assert getattr(pair[0], name) == before
    assert [widget.error for widget in pair] == ["", ""]
    linked.unlink()


def test_two_linked_widgets_compare_two_networks(pair, models):
    links = link(pair, "image", "target", "method", "region")
    other = Image.fromarray(picture(8))
    pair[0].image = other
    settle(pair)
    pair[1].method, pair[0].region, pair[1].target = "grad_cam", [(1, 2), (5, 9)], 1
    settle(pair)
    settle(pair)
    for widget, model in zip(pair, models, strict=True):
        expected = explain(model, other, method="grad_cam", region=[(1, 2), (5, 9)], target=1)
        np.testing.assert_allclose(widget.explanation.map, expected.map, rtol=1e-9)
        assert widget.image is other
    assert not np.allclose(pair[0].explanation.map, pair[1].explanation.map)
    for each in links:
        each.unlink()


def test_pictures_in_arrays_are_linked_both_ways(pair, models):
    (linked,) = link(pair, "image")
    pair[0].image = picture(4)
    settle(pair)
    pair[1].image = tensorflow.constant(picture(5))
    settle(pair)
    for widget, model in zip(pair, models, strict=True):
        np.testing.assert_array_equal(widget.image, picture(5))
        np.testing.assert_allclose(widget.heatmap, explain(model, picture(5)).heatmap, rtol=1e-9)
    linked.unlink()


def test_an_array_changed_in_place_and_set_again_is_explained_anew(pair, models):
    image = picture(4)
    pair[0].image = image
    pair[0].wait(60)
    image[:] = picture(6)
    pair[0].image = image
    pair[0].wait(60)
    np.testing.assert_allclose(pair[0].heatmap, explain(models[0], picture(6)).heatmap, rtol=1e-9)
    assert (pair[0].image == picture(6)).all(), "an array as any other"


def test_what_two_cannot_show_is_said_and_given_up_by_both(pair):
    (linked,) = link(pair, "layer")
    pair[0].layer = "nonsense"
    for widget in pair:
        with contextlib.suppress(ValueError):
            widget.wait(60)
    assert [widget.layer for widget in pair] == ["late", "late"]
    # The first to refuse takes it back from both, so the other may never have come to it.
    said = [widget.error for widget in pair if widget.error]
    assert said and all("nonsense" in error for error in said)
    linked.unlink()


def test_workers_that_tell_each_other_do_not_wait_for_each_other(pair):
    """Each answer sets the class, which sets the other's, whose worker is at the same at the same moment."""
    link(pair, "target", "region", "filters")
    end = time.monotonic() + 2

    def hammer(widget: CamWidget, seed: int) -> None:
        random = np.random.default_rng(seed)
        while time.monotonic() < end:
            widget.image = picture(int(random.integers(5)))
            widget.region = [[[int(random.integers(9)), 0], [8, int(random.integers(14))]]]
            time.sleep(0.002)

    threads = [threading.Thread(target=hammer, args=(widget, seed), daemon=True) for seed, widget in enumerate(pair)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads), "two widgets wait for each other"
    settle(pair)
    settle(pair)
    assert pair[0].region == pair[1].region
    assert pair[0].target == pair[1].target


def test_a_selection_is_read_and_set_in_one_piece(pair, models):
    pair[0].filters, pair[0].region = [0, 2], [(2, 3), (6, 9)]
    pair[0].wait(60)
    assert pair[0].selection == {"filters": [0, 2], "neurons": None, "region": [[[2, 3], [6, 9]]]}
    expected = explain(models[1], picture(), target=0, **pair[0].selection)
    before = pair[1].result["seq"]
    pair[1].neurons = [(0, 0)]
    pair[1].wait(60)
    pair[1].selection = pair[0].selection
    np.testing.assert_allclose(pair[1].wait(60).map, expected.map, rtol=1e-9)
    assert pair[1].result["seq"] == before + 2, "an answer to half a selection"
    pair[1].selection = {}
    pair[1].wait(60)
    assert pair[1].selection == {"filters": None, "neurons": None, "region": None}
    with pytest.raises(TypeError, match="neurns"):
        pair[1].selection = {"neurns": []}
