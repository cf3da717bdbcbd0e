"""The networks of keras.applications, with random weights: default layer, preprocessing, a map."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import pytest

from camwidget import Explainer
from camwidget.model.layers import REASON

PIXELS = np.random.default_rng(0).integers(0, 256, size=(50, 80, 3), dtype=np.uint8)


@dataclass(frozen=True)
class Known:
    """What is known of a network.

    Attributes:
        name: in keras.applications.
        size: height and width of the pictures, small and not square.
        layer: the default one; a pattern, since Keras numbers what has no name.
        shape: of its output: with stride 32, a thirty-second of the picture's.
        module: whose preprocess_input it wants.
        is_pooled: whether global average pooling and one linear layer follow; None: not looked at.
    """

    name: str
    size: tuple[int, int]
    layer: str
    shape: tuple[int, int, int]
    module: str
    is_pooled: bool | None = None


NETWORKS = [
    Known("VGG16", (64, 96), "block5_conv3", (4, 6, 512), "vgg16", False),  # stride 16: before the last pooling
    Known("ResNet50", (64, 96), "conv5_block3_out", (2, 3, 2048), "resnet", True),
    Known("ResNet50V2", (64, 96), "post_relu", (2, 3, 2048), "resnet_v2"),
    Known("Xception", (72, 104), "block14_sepconv2_act", (3, 4, 2048), "xception", True),
    Known("InceptionV3", (128, 160), "mixed10", (2, 3, 2048), "inception_v3", True),
    Known("MobileNet", (64, 96), "conv_pw_13_relu", (2, 3, 1024), "mobilenet", True),
    Known("MobileNetV2", (64, 96), "out_relu", (2, 3, 1280), "mobilenet_v2", True),
    # a convolution of 1x1 and hard swish stand between pooling and classes
    Known("MobileNetV3Small", (64, 96), r"activation(_\d+)?", (2, 3, 576), "mobilenet_v3", False),
    Known("DenseNet121", (64, 96), "relu", (2, 3, 1024), "densenet"),
    Known("NASNetMobile", (64, 96), r"activation(_\d+)?", (2, 3, 1056), "nasnet"),
    Known("EfficientNetB0", (64, 96), "top_activation", (2, 3, 1280), "efficientnet"),
    Known("EfficientNetV2B0", (64, 96), "top_activation", (2, 3, 1280), "efficientnet_v2"),
    # the addition that ends the last block; a normalisation stands between pooling and classes
    Known("ConvNeXtTiny", (64, 96), r"add(_\d+)?", (2, 3, 768), "convnext", False),
]


@pytest.mark.slow
@pytest.mark.parametrize("known", NETWORKS, ids=lambda known: known.name)
def test_a_well_known_network(known: Known) -> None:
    keras.utils.set_random_seed(0)
    make: Callable[..., keras.Model] = getattr(keras.applications, known.name)
    explainer = Explainer(make(weights=None, input_shape=(*known.size, 3), classes=7))
    assert explainer.preprocessing.description == f"keras.applications.{known.module}"

    explanation = explainer.explain(PIXELS, method="grad_cam", target=4)
    layer = explanation.layer_info
    assert re.fullmatch(known.layer, layer.name), layer.name
    assert (*layer.grid, layer.channels) == known.shape
    assert layer.default and layer.reason == REASON
    probe = explainer.probe(explainer.picture(PIXELS))
    assert (probe.kind, probe.classes) == ("softmax", 7)
    assert probe.layers.index(layer) == max(
        n for n, each in enumerate(probe.layers) if each.grid == layer.grid and not each.is_pooling and each.listed
    )

    assert np.isfinite(explanation.signed).all() and explanation.signed.any()
    assert explanation.heatmap.shape == PIXELS.shape[:2]
    if known.is_pooled:
        # Behind global average pooling the derivative at each of h w places is the class's weight / (h w).
        cam = explainer.explain(PIXELS, method="cam", target=4)
        rows, columns = layer.grid
        np.testing.assert_allclose(
            explanation.signed, cam.signed / (rows * columns), atol=1e-5 * np.abs(explanation.signed).max()
        )
    elif known.is_pooled is False:
        with pytest.raises(ValueError, match="method='cam' needs a network"):
            explainer.explain(PIXELS, method="cam", target=4)


def test_every_name_of_the_table_is_in_keras() -> None:
    assert len({known.module for known in NETWORKS}) == len(NETWORKS)
    for known in NETWORKS:
        assert callable(getattr(keras.applications, known.name))
        assert callable(getattr(keras.applications, known.module).preprocess_input)
