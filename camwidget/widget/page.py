"""One self-contained page: the widget over its saved state, without a kernel and without a network."""

import base64
import html
import json
import pathlib
from collections.abc import Mapping

_STATIC = pathlib.Path(__file__).parent / "static"

# Bytes that the terms of a map may take in a page: nothing goes over a wire, so more than in a notebook.
MOST_TERMS = 4 * 1024 * 1024

# Nothing may be fetched. Scripts are the page's own; the widget's is a module, read from a data address.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; img-src data: blob:; "
    "connect-src 'none'; base-uri 'none'; form-action 'none'"
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0; padding: 20px; background: Canvas; }}
{css}
</style>
</head>
<body>
<main id="camwidget"></main>
<script type="application/json" id="camwidget-state">{state}</script>
<script type="text/plain" id="camwidget-module">{module}</script>
<script type="module">
{script}
</script>
</body>
</html>
"""


def write_page(state: Mapping[str, object], title: str, module: str, css: str) -> str:
    """The text of a page that shows the widget with this state.

    Args:
        state: the contract's `State`; bytes anywhere in it become {"base64": ...}.
        title: of the page.
        module: the widget's script, an ES module.
        css: its styles.
    """
    # In a script element "<" may end it, whatever stands around it: class names hold what they like.
    encoded = json.dumps(state, default=_bytes, allow_nan=False, ensure_ascii=False).replace("<", "\\u003c")
    return _PAGE.format(
        policy=html.escape(_POLICY),
        title=html.escape(title),
        css=css,
        state=encoded,
        module=base64.b64encode(module.encode()).decode(),
        script=(_STATIC / "offline.js").read_text(encoding="utf-8"),
    )


def _bytes(value: object) -> dict[str, str]:
    if isinstance(value, bytes | memoryview):
        return {"base64": base64.b64encode(value).decode()}
    raise TypeError(f"{type(value).__name__} has no place in a page's state.")
