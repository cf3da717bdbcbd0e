"""Write the table of methods into the README, from the records: `python scripts/methods.py`."""

import re
from pathlib import Path

from camwidget.maths import METHODS

README = Path(__file__).parents[1] / "README.md"
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


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
