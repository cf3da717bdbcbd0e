"""Numbers of `maths.resize` for the JavaScript tests: `python tests/maths/resize_fixture.py` writes them.

Each case: `map` (rows of numbers), `height`, `width`, and `expected` (rows, 12 digits).
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from camwidget.maths import resize

FIXTURE = Path(__file__).parents[1] / "fixtures" / "resize.json"

# rows, columns of the map; height, width of the picture: larger, smaller, not a multiple, one cell, the same
SIZES = [
    (2, 3, 4, 6),
    (3, 2, 7, 5),
    (1, 4, 3, 8),
    (4, 1, 5, 3),
    (6, 9, 4, 5),
    (3, 4, 3, 4),
    (2, 5, 9, 14),
    (5, 3, 2, 7),
]


def cases() -> list[dict[str, Any]]:
    """Seeded maps; numbers of three decimals, which JSON holds exactly."""
    generator = np.random.default_rng(0)
    found = []
    for rows, columns, height, width in SIZES:
        map = np.round(generator.uniform(-1, 2, size=(rows, columns)), 3)
        expected = [[float(f"{value:.12g}") for value in row] for row in resize(map, height, width)]
        found.append({"map": map.tolist(), "height": height, "width": width, "expected": expected})
    return found


def text() -> str:
    """The file's content, one case a line."""
    return "[\n" + ",\n".join(json.dumps(case) for case in cases()) + "\n]\n"


if __name__ == "__main__":
    FIXTURE.parent.mkdir(exist_ok=True)
    FIXTURE.write_text(text(), encoding="utf-8")
