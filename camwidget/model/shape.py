"""The size and channels of the pictures that a network takes."""

import keras
import numpy as np

Shape = tuple[int | None, int | None, int | None]


def input_shape(model: keras.Model) -> Shape:
    """(height, width, channels) that the network takes; None where it takes any.

    Raises:
        TypeError: not a Keras model.
        ValueError: the network takes several inputs, or something that is not a picture.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"The first argument is the network, a keras.Model; this is {type(model).__name__}. "
            "Load one with keras.models.load_model(path)."
        )
    shape = _declared(model)
    if shape is None:
        return None, None, None
    if not isinstance(shape, tuple | list) or not all(isinstance(n, int | None) for n in shape):
        raise ValueError(f"The network takes several inputs, {shape}; one picture is expected.")
    if len(shape) != 4:
        raise ValueError(
            f"The network takes inputs of shape {tuple(shape)}; pictures, shape (n, height, width, channels), "
            "are expected."
        )
    return shape[1], shape[2], shape[3]


def build(model: keras.Model, inputs: np.ndarray) -> None:
    """Call a network that has no weights yet on one picture, so that it makes them."""
    if not model.built or not model.weights:
        model(inputs[None], training=False)


def layer_identities(model: keras.Model) -> tuple[int, ...]:
    """What tells a Sequential network from itself before `add` or `pop`; others keep their layers."""
    return tuple(map(id, model.layers)) if isinstance(model, keras.Sequential) else ()


def _declared(model: keras.Model) -> tuple | dict | None:
    try:
        return model.input_shape
    except (AttributeError, ValueError):  # Keras' answer for a subclassed or unbuilt network
        return (model.get_build_config() or {}).get("input_shape")
