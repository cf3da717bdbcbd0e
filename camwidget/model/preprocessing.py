"""What a network wants done to a picture, 0 to 255, before it sees it."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

import keras
import numpy as np
from jaxtyping import Float

from .inputs import Arrangement
from .shades import makes_pixels_small

# The start of a keras.applications network's name -> the module that holds its preprocess_input.
# Longer names first: "resnet50v2" also starts with "resnet50".
_APPLICATIONS = {
    "resnet50v2": "resnet_v2",
    "resnet101v2": "resnet_v2",
    "resnet152v2": "resnet_v2",
    "resnet50": "resnet",
    "resnet101": "resnet",
    "resnet152": "resnet",
    "vgg16": "vgg16",
    "vgg19": "vgg19",
    "xception": "xception",
    "inception_v3": "inception_v3",
    "inception_resnet_v2": "inception_resnet_v2",
    "mobilenetv2": "mobilenet_v2",
    "mobilenetv3": "mobilenet_v3",
    "mobilenet_": "mobilenet",
    "densenet": "densenet",
    "nasnet": "nasnet",
    "efficientnetv2": "efficientnet_v2",
    "efficientnet": "efficientnet",
    "convnext": "convnext",
}

Preprocess = Callable[[Float[np.ndarray, "h w c"]], Float[np.ndarray, "h w c"]]


@dataclass(frozen=True)
class Preprocessing:
    """A function from a picture (0 to 255, RGB) to what the network takes, and where it came from.

    Attributes:
        function: (h, w, c) -> (h, w, c).
        description: for people.
        is_known: False where nothing tells what the network wants; the picture then goes in as
            it is, and a note says so.
        is_identity: whether pictures, 0 to 255, are what the network takes.
        takes_pixels: whether it is known to take these numbers, 0 to 255, because it makes them small itself.
    """

    function: Preprocess
    description: str
    is_known: bool = True
    is_identity: bool = True
    takes_pixels: bool = False


def find_preprocessing(
    model: keras.Model, preprocess: str | Preprocess | None = "auto", declared: Arrangement | None = None
) -> Preprocessing:
    """The preprocessing of a network.

    Args:
        model: the network.
        preprocess: "auto": the keras.applications function that belongs to the network's name; none
            if the network rescales inside; otherwise none, with a note. None: no preprocessing. Or
            a function from a float32 picture (h, w, c), 0 to 255, to what the network takes.
        declared: what the network says it takes; None where it says nothing.

    Raises:
        TypeError: anything else.
    """
    if preprocess is None:
        return Preprocessing(_unchanged, "none, as asked")
    if callable(preprocess):
        # it may write into its argument, as keras.applications' functions do
        return Preprocessing(
            lambda picture: preprocess(picture.copy()),
            getattr(preprocess, "__name__", "the given function"),
            is_identity=False,
        )
    if preprocess != "auto":
        raise TypeError(
            f'preprocess= takes "auto", None or a function of a picture (h, w, c) with values 0 to 255; '
            f"{preprocess!r} is none of these."
        )
    for start, module in _APPLICATIONS.items():
        if model.name.lower().startswith(start):
            return _of_application(module)
    inside = (keras.layers.Rescaling, keras.layers.Normalization)
    found = [layer for layer in model._flatten_layers() if isinstance(layer, inside)]
    if found:
        # 1 / 255 and 1 / 127.5 are usual; a larger one stretches numbers that were small already
        shrinks = isinstance(found[0], keras.layers.Rescaling) and np.max(np.abs(found[0].scale)) < 0.02
        return Preprocessing(_unchanged, "inside the network", takes_pixels=bool(shrinks))
    if declared is not None and makes_pixels_small(model, declared):
        return Preprocessing(_unchanged, "inside the network", takes_pixels=True)
    return Preprocessing(_unchanged, "none found", is_known=False)


def _of_application(module: str) -> Preprocessing:
    function = import_module(f"keras.applications.{module}").preprocess_input
    sample = np.full((1, 1, 3), 200.0, np.float32)
    # these functions write into the array they are given
    is_identity = bool(np.array_equal(function(sample.copy()), sample))
    return Preprocessing(
        lambda picture: function(picture.copy()),
        f"keras.applications.{module}",
        is_identity=is_identity,
        takes_pixels=is_identity,
    )


def _unchanged(picture: Float[np.ndarray, "h w c"]) -> Float[np.ndarray, "h w c"]:
    return picture
