"""What a network takes: one picture of some size, or several inputs of which one is the picture."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import keras
import numpy as np

Shape = tuple[int | None, int | None, int | None]


@dataclass(frozen=True)
class Arrangement:
    """How a network takes its inputs, and which of them is the picture to paint on.

    Attributes:
        names: of the inputs, in order.
        container: how they are handed over: one tensor, or a list, tuple or dict of them.
        painted: position of the picture.
        shapes: of each, without the batch axis; None where it is not declared.
        dtypes: of each.
    """

    names: tuple[str, ...] = ("picture",)
    container: Literal["one", "list", "tuple", "dict"] = "one"
    painted: int = 0
    shapes: tuple[tuple[int | None, ...] | None, ...] = (None,)
    dtypes: tuple[str, ...] = ("float32",)

    @property
    def shape(self) -> Shape:
        """(height, width, channels) of the picture; None where any will do."""
        shape = self.shapes[self.painted]
        if shape is None:
            return None, None, None
        if len(shape) != 3:
            raise ValueError(
                f"The network takes inputs of shape {(None, *shape)}; pictures, shape (n, height, width, channels), "
                "are expected."
            )
        return shape[0], shape[1], shape[2]

    def pack(self, picture: Any, sides: tuple[Any, ...]) -> Any:
        """The inputs as the network takes them.

        Args:
            picture: the one painted on, with a batch axis.
            sides: the others, in order, with a batch axis.
        """
        values = [*sides[: self.painted], picture, *sides[self.painted :]]
        if self.container == "one":
            return picture
        if self.container == "dict":
            return dict(zip(self.names, values, strict=True))
        return values if self.container == "list" else tuple(values)


def declared_inputs(model: keras.Model) -> Arrangement | None:
    """The inputs that a network says it takes; None for a network that has never been built.

    Raises:
        TypeError: not a Keras model.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"The first argument is the network, a keras.Model; this is {type(model).__name__}. "
            "Load one with keras.models.load_model(path)."
        )
    declared = _symbolic(model)
    if declared is None:
        shape = (model.get_build_config() or {}).get("input_shape")
        if not isinstance(shape, tuple | list) or not all(isinstance(n, int | None) for n in shape):
            return None
        return Arrangement(shapes=(tuple(shape[1:]),))
    if not isinstance(declared, list | tuple | dict):
        return Arrangement((declared.name,), "one", 0, (tuple(declared.shape[1:]),), (str(declared.dtype),))
    container: Any = "dict" if isinstance(declared, dict) else type(declared).__name__
    tensors = list(declared.values()) if isinstance(declared, dict) else list(declared)
    if any(isinstance(tensor, list | tuple | dict) for tensor in tensors):
        raise ValueError("The network's inputs are nested; one input, or a flat list or dict of them, is expected.")
    names = tuple(declared) if isinstance(declared, dict) else tuple(tensor.name for tensor in tensors)
    shapes = tuple(tuple(tensor.shape[1:]) for tensor in tensors)
    return Arrangement(names, container, 0, shapes, tuple(str(tensor.dtype) for tensor in tensors))


def declared_units(model: keras.Model) -> tuple[int, ...]:
    """How many classes each output may have, as far as a network says so before it is called; () where it does not."""
    shapes = [tuple(output.shape) for output in getattr(model, "outputs", None) or ()]
    units = {shape[-1] for shape in shapes if len(shape) > 1}
    if not units or None in units:
        return ()
    return tuple(sorted(units | ({2} if 1 in units else set())))  # one sigmoid unit is two classes


def arrange(
    declared: Arrangement | None, image: object, painted: str | int | None
) -> tuple[Arrangement, tuple[object, ...]]:
    """The arrangement for what was given, and the values of the inputs, in order.

    Args:
        declared: from `declared_inputs`.
        image: a picture; for a network of several inputs a list or dict of their values.
        painted: name or position of the input that is the picture; None: the only one that can be.

    Raises:
        TypeError, ValueError: what was given does not fit, and what is expected.
    """
    given_several = _are_several(image, declared)
    if declared is None or len(declared.names) == 1:
        if not given_several:
            if painted not in (None, 0, *(declared.names if declared else ())):
                raise ValueError(f"No input {painted!r}: the network has one. Leave out input=.")
            return declared or Arrangement(), (image,)
        if declared is None:
            declared = _as_given(image)
        elif declared.container == "one":
            raise TypeError(f"The network takes one picture; a dict of {len(image)} inputs was given.")  # type: ignore[arg-type] # a mapping
    if not given_several:
        raise TypeError(
            f"The network takes {len(declared.names)} inputs: {', '.join(declared.names)}. Pass them all, as a dict "
            "{name: value} or a list in this order, and say with input= which one is the picture to paint on."
        )
    values = _in_order(declared, image)
    return replace(declared, painted=_painted(declared, values, painted)), values


def could_be_picture(shape: tuple[int | None, ...] | None, value: object) -> bool:
    """Whether an input is a picture: by what the network says, or else by what was given."""
    if shape is not None:
        return len(shape) == 3
    return getattr(value, "ndim", 3 if isinstance(value, str | os.PathLike) or hasattr(value, "convert") else 0) >= 3


def side_input(value: object, name: str, shape: tuple[int | None, ...] | None, *, is_batch: bool = False) -> np.ndarray:
    """One of the other inputs as the network takes it, with a batch axis of one.

    Args:
        value: as given.
        name: of the input.
        shape: that the network declares, without the batch axis; None where it does not.
        is_batch: whether the picture was given as a batch of one, so that where nothing is declared
            this was too.

    Raises:
        ValueError: it does not have the declared shape.
    """
    array = np.asarray(value)
    if array.dtype == np.float64:
        array = array.astype(np.float32)
    if shape is None:
        return array if is_batch and array.ndim and len(array) == 1 else array[None]
    if array.ndim == len(shape):
        array = array[None]
    fits = array.ndim == len(shape) + 1 and all(b in (None, a) for a, b in zip(array.shape[1:], shape, strict=True))
    if not fits or len(array) != 1:
        raise ValueError(
            f"Input {name!r} takes the shape {shape} (None: any), one at a time; {np.asarray(value).shape} was given."
        )
    return array


def _symbolic(model: keras.Model) -> Any:
    try:
        return model.input
    except (AttributeError, ValueError):  # Keras' answer for a subclassed or unbuilt network
        return None


def _as_given(image: Any) -> Arrangement:
    """A subclassed network declares nothing: it takes its inputs as they are handed over."""
    values = list(image.values()) if isinstance(image, Mapping) else list(image)
    names = tuple(map(str, image)) if isinstance(image, Mapping) else tuple(f"input {n}" for n in range(len(values)))
    container: Any = "dict" if isinstance(image, Mapping) else type(image).__name__
    return Arrangement(names, container, 0, (None,) * len(values), ("float32",) * len(values))


def _are_several(image: object, declared: Arrangement | None) -> bool:
    """Whether what was given holds the values of inputs, and is not one picture, perhaps as nested lists."""
    if isinstance(image, Mapping):
        return True
    if not isinstance(image, list | tuple):
        return False
    if declared is not None:
        return len(declared.names) > 1
    return not all(isinstance(value, int | float | list | tuple) for value in image)


def _in_order(declared: Arrangement, image: Any) -> tuple[object, ...]:
    if isinstance(image, Mapping):
        if set(map(str, image)) != set(declared.names):
            raise ValueError(
                f"The network's inputs are {', '.join(declared.names)}; {', '.join(map(str, image))} were given."
            )
        return tuple(image[name] for name in declared.names)
    if len(image) != len(declared.names):
        raise ValueError(
            f"The network takes {len(declared.names)} inputs, {', '.join(declared.names)}; {len(image)} were given."
        )
    return tuple(image)


def _painted(declared: Arrangement, values: tuple[object, ...], painted: str | int | None) -> int:
    if isinstance(painted, int) and 0 <= painted < len(values):
        return painted
    if isinstance(painted, str) and painted in declared.names:
        return declared.names.index(painted)
    names = ", ".join(declared.names)
    if painted is not None:
        raise ValueError(f"No input {painted!r}. The network's inputs are {names}. Pass one as input=.")
    could_be = [n for n in range(len(values)) if could_be_picture(declared.shapes[n], values[n])]
    if len(could_be) != 1:
        raise ValueError(f"Which of the inputs is the picture to paint on? Pass one of {names} as input=.")
    return could_be[0]


def build(model: keras.Model, inputs: Any) -> None:
    """Call a network some of whose layers have no weights yet on its inputs, so that they make them."""
    if not model.weights or not all(layer.built for layer in model._flatten_layers()):
        model(inputs, training=False)


def refuse_unsupported(model: keras.Model) -> None:
    """Say so where a layer hides what an explanation needs.

    Raises:
        ValueError: a quantised layer, or one that wraps a SavedModel.
    """
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.TFSMLayer):
            raise ValueError(
                f"Layer {layer.name!r} is a TFSMLayer: a SavedModel runs as one sealed function, so its layers cannot "
                "be seen. Load the network from a .keras or .h5 file, or rebuild it and load its weights."
            )
        if getattr(layer, "data_format", None) == "channels_first":
            raise ValueError(
                f"Layer {layer.name!r} has data_format='channels_first', so its output holds channels before rows and "
                "columns. Build the network with 'channels_last' and load its weights: they are the same."
            )
        if getattr(layer, "quantization_mode", None) is not None:
            raise ValueError(
                f"Layer {layer.name!r} is quantised ({layer.quantization_mode}): its rounding has no derivative. "
                "Explain the network as it was before model.quantize(...)."
            )
