"""Speed and memory against the budgets, as ratios measured in one run.

    python -m tests.bench                  everything: some minutes
    python -m tests.bench ResNet50         only the rows whose name starts so; several beginnings may be named

Every ratio pairs things timed in turn, A B A B ..., and takes the median of the pairs, so that it
holds on a machine whose speed drifts. Compiling is done beforehand and reported apart.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import sys
from collections.abc import Callable, Sequence
from functools import partial

import camwidget.model  # noqa: F401 # starts TensorFlow without its log

from .apart import copies_rows, import_rows, loop_rows, noise_rows
from .ascent import ascent_rows
from .judging import METHODS as JUDGED
from .judging import cluster_rows, evaluate_rows
from .longer import longer_rows
from .many import METHODS, many_rows
from .page import widget_rows
from .peers import peer_rows
from .speed import speed_rows
from .timing import Row

# What the names of a group's rows start with, and who measures them. Those that start interpreters of their own come
# first, while this one is small. Budgets against peers are shares of their time.
GROUPS: tuple[tuple[str, Callable[[], list[Row]]], ...] = (
    ("import camwidget", import_rows),
    ("samples: ", loop_rows),
    ("widget: ", widget_rows),
    ("samples: evaluate", cluster_rows),
    ("ResNet50: peak memory", copies_rows),
    ("VGG16: peak memory", noise_rows),
    ("ResNet50: ", partial(speed_rows, "ResNet50", first_map=1.1, class_change=0.1, pairs=61)),
    ("VGG16: ", partial(speed_rows, "VGG16", first_map=1.35, class_change=0.35, pairs=11)),
    (f"ResNet50: {len(METHODS)} methods", many_rows),
    (f"ResNet50: evaluate {len(JUDGED)} methods", evaluate_rows),
    (
        "ResNet50: Grad-CAM++ / that of",
        partial(peer_rows, "ResNet50", budgets={"tf-keras-vis": 1 / 3, "Xplique": 1.0}, rounds=21),
    ),
    (
        "VGG16: Grad-CAM++ / that of",
        partial(peer_rows, "VGG16", budgets={"tf-keras-vis": 1 / 2.5, "Xplique": 1.15}, rounds=11),
    ),
    ("ResNet50V2: ", ascent_rows),
    ("ResNet50: derivatives='softmax'", partial(longer_rows, "ResNet50", derivatives="softmax")),
    ("ResNet50: method='score_cam'", partial(longer_rows, "ResNet50", method="score_cam")),
)


def main(words: Sequence[str]) -> int:
    """Print the table; 1 where something is over its budget, or nothing is called so."""

    def concerns(start: str) -> bool:
        return not words or any(start.startswith(word) or word.startswith(start) for word in words)

    groups = [measure for start, measure in GROUPS if concerns(start)]
    rows: list[Row] = []
    print(f"{'':<66} {'measured':>8} {'budget':>8}", flush=True)
    for measure in groups:
        for row in measure():
            if not words or row.name.startswith(tuple(words)):
                rows.append(row)
                print(row, flush=True)
    return int(not rows or any(row.is_over for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
