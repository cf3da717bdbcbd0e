"""The documentation site: `make docs`. What can be made from the package is made by `pictures.py` beside this file."""

import shutil
import sys
from pathlib import Path

from docutils import nodes
from docutils.utils.math import latex2mathml
from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(HERE)]

(HERE / "made" / "page").mkdir(parents=True, exist_ok=True)  # looked for before it is filled

project = "camwidget"
author = copyright = "camwidget contributors"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
exclude_patterns = ["made/*.md"]  # included by pages

myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
# The notebooks are shown as they are stored: `make test` runs every cell of them, so here nothing runs twice.
nb_execution_mode = "off"
nb_ipywidgets_js: dict[str, dict[str, str]] = {}

default_role = "code"  # a docstring's single backticks
napoleon_google_docstring, napoleon_numpy_docstring = True, False
napoleon_use_ivar = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # types and shapes are said in words
autodoc_inherit_docstrings = False

html_theme = "pydata_sphinx_theme"
html_title = "camwidget"
html_extra_path = ["made/page"]
html_theme_options = {
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "tango",
}
html_show_sourcelink = False
# Formulas become MathML, which browsers set by themselves: a page fetches nothing from elsewhere.
html_math_renderer = "mathml"


def _mathml(writer: nodes.NodeVisitor, node: nodes.Element, *, block: bool) -> None:
    math = latex2mathml.tex2mathml(node.astext(), as_block=block)
    writer.body.append(f"<div class='math'>{math}</div>" if block else math)  # type: ignore[attr-defined] # HTML writers
    raise nodes.SkipNode


def _make(app: Sphinx) -> None:
    """Everything that is made, before Sphinx reads its sources."""
    import pictures

    pictures.make_all(HERE / "made")
    shutil.rmtree(HERE / "notebooks", ignore_errors=True)
    shutil.copytree(ROOT / "notebooks", HERE / "notebooks", ignore=shutil.ignore_patterns(".*"))


def _without_bars(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Docstrings are written to be read in Python: a `|` or `*` in a formula is no markup."""
    lines[:] = [line.replace("|", "\\|") for line in lines]


def setup(app: Sphinx) -> None:
    """Sphinx calls this."""
    app.add_html_math_renderer(
        "mathml",
        inline_renderers=(lambda writer, node: _mathml(writer, node, block=False), None),
        block_renderers=(lambda writer, node: _mathml(writer, node, block=True), None),
    )
    app.connect("builder-inited", _make)
    app.connect("autodoc-process-docstring", _without_bars)
