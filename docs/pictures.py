"""Make what the documentation shows: the live widget, the pictures of its pages, the table of methods, the reference.

All from the package itself, on the sample networks, so that no page can show what is no longer so.
"""

import warnings
from collections.abc import Callable
from pathlib import Path

from anywidget import AnyWidget
from matplotlib.figure import Figure

import camwidget
from camwidget import (
    METHODS,
    CamWidget,
    Explainer,
    attention_audit,
    cascading_randomization,
    compare,
    evaluate,
    maximize_activation,
    samples,
)
from scripts.methods import table

SCENE = samples.scene(7, digits=[3, 3, 8])
LAYERS = ("block1_relu2", "block2_relu2", "block3_relu3")


def make_all(folder: Path) -> None:
    """Write everything into a folder.

    Args:
        folder: made where it is missing.
    """
    (folder / "page").mkdir(parents=True, exist_ok=True)
    explainer = Explainer(samples.network(), class_names=samples.CLASS_NAMES)
    dense = Explainer(samples.network("scenes"), class_names=samples.CLASS_NAMES)
    _page(folder / "page" / "widget.html")
    for name, draw in PICTURES.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a page says it in words
            draw(explainer, dense).savefig(folder / f"{name}.png", dpi=100, bbox_inches="tight")
    (folder / "methods.md").write_text(_methods(), encoding="utf-8")
    (folder / "reference.md").write_text(_reference(), encoding="utf-8")


def _page(path: Path) -> None:
    widget = CamWidget(samples.network(), SCENE.image, class_names=samples.CLASS_NAMES, method="grad_cam")
    widget.to_html(path)
    widget.close()


def _gallery(explainer: Explainer, dense: Explainer) -> Figure:
    return compare(
        [dense.explain(SCENE.image, target="three", method=name, seed=0) for name in METHODS if name != "cam"]
    )


def _classes(explainer: Explainer, dense: Explainer) -> Figure:
    return compare([explainer.explain(SCENE.image, target=name, method="grad_cam") for name in ("three", "eight")])


def _layers(explainer: Explainer, dense: Explainer) -> Figure:
    return compare([explainer.explain(SCENE.image, target="three", layer=name) for name in LAYERS])


def _noise(explainer: Explainer, dense: Explainer) -> Figure:
    return compare(
        [
            dense.explain(
                SCENE.image, target="three", method="smooth_grad_cam++", samples=25, noise=noise, layer="block2_relu2"
            )
            for noise in (0.0, 0.15, 0.4)
        ]
    )


def _selection(explainer: Explainer, dense: Explainer) -> Figure:
    whole = explainer.explain(SCENE.image, target="three", method="grad_cam")
    best = [int(index) for index in whole.strongest_filters(4)]
    parts = ({}, {"filters": best}, {"region": [(1, 6), (6, 11)]}, {"neurons": [(3, 8)]})
    return compare([explainer.explain(SCENE.image, target="three", method="grad_cam", **part) for part in parts])


def _pixels(explainer: Explainer, dense: Explainer) -> Figure:
    names = ("gradient", "smooth_grad", "integrated_gradients", "guided_backprop")
    return compare([dense.explain(SCENE.image, target="three", method=name, seed=0) for name in names])


def _ascent(explainer: Explainer, dense: Explainer) -> Figure:
    best = explainer.explain(SCENE.image, target="three", method="grad_cam").strongest_filters(4)
    return maximize_activation(explainer, LAYERS[-1], list(best), steps=96, progress=False).plot(columns=4)


def _faithful(explainer: Explainer, dense: Explainer) -> Figure:
    return evaluate(dense, _scenes(16), methods=["grad_cam", "grad_cam++", "layer_cam"]).plot()


def _sanity(explainer: Explainer, dense: Explainer) -> Figure:
    return cascading_randomization(dense, _scenes(4), methods=["grad_cam", "guided_backprop"], steps=5).film()


def _audit(explainer: Explainer, dense: Explainer) -> Figure:
    return attention_audit(explainer, _scenes(60), method="grad_cam").plot(6)


def _scenes(count: int) -> list:
    return [samples.scene(seed).image for seed in range(count)]


PICTURES: dict[str, Callable[[Explainer, Explainer], Figure]] = {
    "gallery": _gallery,
    "classes": _classes,
    "layers": _layers,
    "noise": _noise,
    "selection": _selection,
    "pixels": _pixels,
    "ascent": _ascent,
    "faithful": _faithful,
    "sanity": _sanity,
    "audit": _audit,
}


def _methods() -> str:
    """The table, and of every method where it is from and where this differs."""
    notes = [f'## {method.title}\n\n`method="{method.name}"`\n\n{method.source}\n' for method in METHODS.values()]
    return "\n".join([table(), *notes])


def _reference() -> str:
    """One entry for each public name."""
    parts = []
    for name in sorted(camwidget.__all__, key=str.lower):
        public = getattr(camwidget, name)
        if isinstance(public, type):
            # What a widget has of ipywidgets stands in the documentation of ipywidgets.
            ends = "AnyWidget" if issubclass(public, AnyWidget) else "object"
            options = f"   :members:\n   :inherited-members: {ends}\n   :exclude-members: get_state\n"
            parts.append(f"## {name}\n\n```{{eval-rst}}\n.. autoclass:: camwidget.{name}\n{options}```\n")
        elif callable(public):
            parts.append(f"## {name}\n\n```{{eval-rst}}\n.. autofunction:: camwidget.{name}\n```\n")
    for name in ("network", "scene", "digit", "roads", "photograph", "imagenet_network"):
        parts.append(f"## samples.{name}\n\n```{{eval-rst}}\n.. autofunction:: camwidget.samples.{name}\n```\n")
    return "\n".join(parts)
