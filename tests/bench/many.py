"""Several methods on several pictures, beside the forward passes that they might cost."""

import numpy as np
import tensorflow as tf

from .subject import subject
from .timing import Row, paired_row

METHODS = ("grad_cam", "grad_cam++", "layer_cam")
PICTURES = 16


def many_rows(name: str = "ResNet50", pairs: int = 5) -> list[Row]:
    """`explain_many` with M methods on N pictures / (1 + M) N forward passes, in batches of the same size."""
    under = subject(name)
    sets = iter([under.pictures(PICTURES) for _ in range(pairs + 1)])
    batch = tf.constant(np.stack(under.pictures(PICTURES)))

    def explain() -> None:
        found = under.explainer.explain_many(next(sets), methods=METHODS, batch=PICTURES, target=0, progress=False)
        for explanations in found:
            for explanation in explanations:
                _ = explanation.heatmap

    def passes() -> None:
        for _ in range(1 + len(METHODS)):
            under.forward(batch).numpy()

    what = f"{len(METHODS)} methods on {PICTURES} pictures / {(1 + len(METHODS)) * PICTURES} forward passes"
    return [paired_row(f"{name}: {what}", explain, passes, 1.25, pairs)]
