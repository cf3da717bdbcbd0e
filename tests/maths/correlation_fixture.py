"""Numbers of `correlations` for the JavaScript tests: `python tests/maths/correlation_fixture.py` writes them.

Each case: two maps (rows of numbers) and `expected`, the rank correlation after both were brought to one grid (12
digits; null where there is none).
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from camwidget.maths import rank_correlation, resize

FIXTURE = Path(__file__).parents[1] / "fixtures" / "correlation.json"

# (rows, columns) of one map and of the other: the same, larger, larger in one direction only
SIZES = [((7, 5), (7, 5)), ((3, 4), (3, 4)), ((3, 4), (6, 9)), ((9, 14), (4, 6)), ((5, 3), (3, 8)), ((2, 3), (2, 3))]


def cases() -> list[dict[str, Any]]:
    """Seeded blobs with noise, as a ReLU leaves them: a third or so is 0. The last map is the same everywhere."""
    generator = np.random.default_rng(0)
    found = []
    for place, sizes in enumerate(SIZES):
        one, other = (np.maximum(np.round(_blob(*size) + generator.normal(0, 0.2, size), 7), 0) for size in sizes)
        if place == len(SIZES) - 1:
            other[:] = 0.5
        rows, columns = np.maximum(*sizes).tolist()
        value = rank_correlation(*(resize(each, rows, columns) for each in (one, other)))
        expected = float(f"{value:.12g}") if np.isfinite(value) else None
        found.append({"one": one.tolist(), "other": other.tolist(), "expected": expected})
    return found


def _blob(rows: int, columns: int) -> np.ndarray:
    """Evidence around one place of the picture, less a third."""
    row, column = (np.arange(rows)[:, None] + 0.5) / rows, (np.arange(columns) + 0.5) / columns
    return np.exp(-8 * ((row - 0.4) ** 2 + (column - 0.6) ** 2)) - 0.33


def text() -> str:
    """The file's content, one case a line."""
    return "[\n" + ",\n".join(json.dumps(case) for case in cases()) + "\n]\n"


if __name__ == "__main__":
    FIXTURE.write_text(text(), encoding="utf-8")
