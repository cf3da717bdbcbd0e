"""The quick derivative of a convolution is the derivative."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from camwidget.model.convolutions import quick_convolutions


def operations(function: Any) -> set[str]:
    return {operation.type for operation in function.graph.get_operations()}


@pytest.mark.parametrize(
    ("kernel", "options", "is_product"),
    [
        ((1, 1, 4, 6), {"padding": "SAME"}, True),
        ((1, 1, 4, 6), {"padding": "VALID"}, True),
        ((1, 1, 2, 6), {"padding": "SAME"}, None),  # two groups: derived on a graphics card alone
        ((1, 1, 4, 6), {"padding": "SAME", "strides": 2}, False),
        ((1, 1, 4, 6), {"padding": [[0, 0], [1, 2], [0, 1], [0, 0]]}, False),
        ((3, 2, 4, 6), {"padding": "SAME", "strides": [2, 1]}, False),
    ],
)
def test_it_is_that_of_tensorflow(kernel: tuple[int, ...], options: dict[str, Any], is_product: bool | None) -> None:
    generator = np.random.default_rng(0)
    x, w = (tf.constant(generator.normal(size=size), tf.float32) for size in ((3, 7, 9, 4), kernel))
    strides = {"strides": 1, **options}

    def slope(picture: Any) -> Any:
        return tf.gradients(tf.reduce_sum(tf.sin(tf.nn.conv2d(picture, w, **strides))), picture)[0]

    def quick(picture: Any) -> Any:
        with quick_convolutions():
            return slope(picture)

    spec = tf.TensorSpec((None, 7, 9, 4), tf.float32)
    plain, other = (tf.function(f, autograph=False).get_concrete_function(spec) for f in (slope, quick))
    if is_product is not None:
        np.testing.assert_allclose(other(x), plain(x), rtol=1e-4, atol=1e-5)
    assert ("Conv2DBackpropInput" not in operations(other)) == bool(is_product)
    assert "Conv2DBackpropInput" in operations(plain)
