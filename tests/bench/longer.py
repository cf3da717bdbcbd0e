"""Methods that run the network, or its tail, many times: reported without a budget."""

import tensorflow as tf

from .subject import subject
from .timing import NO_BUDGET, Row, seconds


def longer_rows(name: str, **options: str) -> list[Row]:
    """Seconds of one explanation at the default layer, and how many forward passes that makes."""
    under = subject(name)
    one = tf.constant(under.fresh()[None])
    under.forward(one)
    single = min(seconds(lambda: under.forward(one).numpy()) for _ in range(5))
    picture = under.fresh()
    under.explainer.explain(picture, target=0)  # the layer's functions are compiled, the picture observed
    taken = seconds(lambda: under.explainer.explain(picture, target=0, **options).heatmap)
    words = ", ".join(f"{key}={value!r}" for key, value in options.items())
    detail = f"{taken / single:.0f} forward passes of {1000 * single:.1f} ms"
    return [Row(f"{name}: {words}", taken, NO_BUDGET, "s", detail)]
