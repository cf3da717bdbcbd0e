"""Methods that run the network, or its tail, many times: reported without a budget."""

from functools import partial

import tensorflow as tf

from .subject import subject
from .timing import NO_BUDGET, Row, seconds


def longer_rows(name: str = "ResNet50") -> list[Row]:
    """The softmax's own derivatives, and a score for every filter, at the default layer."""
    under = subject(name)
    one = tf.constant(under.fresh()[None])
    under.forward(one)
    single = min(seconds(lambda: under.forward(one).numpy()) for _ in range(5))
    explainer = under.explainer
    rows = []
    for options in ({"derivatives": "softmax"}, {"method": "score_cam"}):
        words = ", ".join(f"{key}={value!r}" for key, value in options.items())
        picture = under.fresh()
        explainer.explain(picture, target=0)  # the layer's functions are compiled, the picture observed
        ask = partial(explainer.explain, picture, target=0, **options)
        taken = seconds(lambda ask=ask: ask().heatmap)
        detail = f"{taken / single:.0f} forward passes of {1000 * single:.1f} ms"
        rows.append(Row(f"{name}: {words}", taken, NO_BUDGET, "s", detail))
    return rows
