"""The names of ImageNet's classes, as Keras has them."""

from functools import lru_cache

import keras
import numpy as np


@lru_cache(maxsize=1)
def imagenet_names() -> tuple[str, ...]:
    """The 1,000 classes, as `keras.applications` names them: "tabby", "tiger cat" and so on.

    Keras fetches the list once and keeps it.

    Raises:
        ValueError: it is not there and cannot be fetched.
    """
    try:
        found = keras.applications.imagenet_utils.decode_predictions(np.eye(1000, dtype=np.float32), top=1)
    except Exception as error:  # of any kind: the network, a proxy, the file
        raise ValueError(
            "The names of ImageNet's classes are fetched once by keras.applications, and that failed: "
            f"{type(error).__name__}: {error}. Pass a list of names as class_names=, or leave it out."
        ) from error
    return tuple(name.replace("_", " ") for ((_, name, _),) in found)


def known_imagenet_names() -> tuple[str, ...] | None:
    """The same where they have been asked for; None: nobody has, and nothing is fetched."""
    return imagenet_names() if imagenet_names.cache_info().currsize else None
