"""Write the tables of methods (README) and options (docs) from the records: `python scripts/methods.py`."""

import inspect
import re
from dataclasses import fields
from pathlib import Path

from camwidget.explanation import Query
from camwidget.maths import METHODS

README = Path(__file__).parents[1] / "README.md"
OPTIONS = README.parent / "docs" / "options.md"
START, END = "<!-- methods: written by scripts/methods.py -->\n", "<!-- end of methods -->\n"


def table() -> str:
    """One row for each method: its name, formula, paper and cost."""
    rows = ["| method | formula | paper | cost |", "|---|---|---|---|"]
    for method in METHODS.values():
        paper = re.split(r"\. (?=[A-Z])", method.source)[0].split(", with ")[0].split(";")[0].rstrip(".")
        cells = (f"`{method.name}`", method.formula.replace("|", "\\|"), paper, method.cost)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def with_table(text: str) -> str:
    """The README's text with the table between its two marks."""
    before, rest = text.split(START)
    return before + START + table() + END + rest.split(END)[1]


def options() -> str:
    """The page of options: for each its default and what the record says of it."""
    told = inspect.getdoc(Query).split("Attributes:\n")[1]  # type: ignore[union-attr] # it has one
    meanings = dict(re.findall(r"^    (\w+): (.*?)(?=^    \w|\Z)", told, flags=re.MULTILINE | re.DOTALL))
    rows = ["| option | default | meaning |", "|---|---|---|"]
    for field in fields(Query):
        default = str(field.default) if field.default is None else repr(field.default).replace("'", '"')
        rows.append(f"| `{field.name}` | `{default}` | {' '.join(meanings[field.name].split())} |")
    return _ABOVE + "\n".join(rows) + "\n"


_ABOVE = """<!-- written by scripts/methods.py -->

# Options

`explain`, `Explainer.explain`, `explain_many`, `evaluate` and `CamWidget` take the same options. One that makes no
difference to what is asked, such as `steps` for Grad-CAM, is named in the explanation's `.notes`.

"""

if __name__ == "__main__":
    OPTIONS.write_text(options(), encoding="utf-8")
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
