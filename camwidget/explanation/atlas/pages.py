"""The web pages: plain templates, everything they need inside them or beside them."""

import html
import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from string import Template

from camwidget.model import LayerInfo

from .store import Store, page

# Pictures of each layer that the first page shows.
_FEW = 8


def write_pages(
    store: Store, title: str, layers: Sequence[LayerInfo], names: Mapping[str, Sequence[str]], size: tuple[int, int]
) -> None:
    """Write the page of every layer and the first page, with what is finished by now.

    Args:
        store: the atlas's folder.
        title: of the atlas: the network's name.
        layers: of the network, in order.
        names: of each layer's units.
        size: (height, width) of the pictures.
    """
    rows, total, finished = [], 0, 0
    for layer in layers:
        done = store.done(layer)
        total, finished = total + layer.channels, finished + len(done)
        rows.append(_row(store, layer, sorted(done)[:_FEW], names[layer.name], len(done)))
        store.write(page(layer), _page(store, title, layer, done, names[layer.name], size).encode())
    state = f"{finished} pictures" if finished == total else f"{finished} of {total} pictures so far"
    index = _template("index.html").substitute(
        title=html.escape(title), style=_style(), script=_script(), state=state, rows="\n".join(rows)
    )
    store.write("index.html", index.encode())


def _row(store: Store, layer: LayerInfo, units: Sequence[int], names: Sequence[str], done: int) -> str:
    images = "".join(_image(store, layer, unit, names[unit]) for unit in units)
    count = f"{layer.channels}" if done == layer.channels else f"{done} of {layer.channels}"
    words = html.escape(f"{layer.name} {layer.kind}".lower(), quote=True)
    return (
        f'<li data-words="{words}"><a href="{page(layer)}">'
        f"<b>{html.escape(layer.name)}</b> <span>{html.escape(layer.kind)}, {_shape(layer)}, {count} pictures</span>"
        f'<span class="few">{images}</span></a></li>'
    )


def _page(
    store: Store,
    title: str,
    layer: LayerInfo,
    done: Mapping[int, float],
    names: Sequence[str],
    size: tuple[int, int],
) -> str:
    figures = "\n".join(_figure(store, layer, unit, done[unit], names[unit]) for unit in sorted(done))
    return _template("layer.html").substitute(
        title=html.escape(title),
        layer=html.escape(layer.name),
        about=f"{html.escape(layer.kind)}, {_shape(layer)}; {len(done)} of {layer.channels} pictures",
        # Small pictures are shown larger, with their pixels as squares.
        width=max(112, size[1]),
        kind="small" if size[1] < 112 else "large",
        style=_style(),
        script=_script(),
        figures=figures or "<p>None is finished yet.</p>",
    )


def _figure(store: Store, layer: LayerInfo, unit: int, reached: float, name: str) -> str:
    silent = math.isnan(reached)
    value = "silent" if silent else f"{reached:.3g}"
    kind = ' class="silent"' if silent else ""
    return (
        f'<figure id="u{unit}" data-words="{html.escape(f"{unit} {name} {value}".lower(), quote=True)}"{kind}>'
        f"{_image(store, layer, unit, name)}<figcaption>{html.escape(name)}<span>{value}</span></figcaption></figure>"
    )


def _image(store: Store, layer: LayerInfo, unit: int, name: str) -> str:
    source = html.escape(f"{store.pictures(layer)}/{unit:04}.png", quote=True)
    return f'<img loading="lazy" src="{source}" alt="what excites {html.escape(name, quote=True)}">'


def _shape(layer: LayerInfo) -> str:
    return f"{layer.channels} units" if layer.grid == (1, 1) else f"{layer.rows} x {layer.columns} x {layer.channels}"


@cache
def _template(name: str) -> Template:
    return Template((Path(__file__).parent / "templates" / name).read_text(encoding="utf-8"))


def _style() -> str:
    return _template("atlas.css").template


def _script() -> str:
    return _template("search.js").template
