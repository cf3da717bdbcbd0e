"""How a network is built, in a few digits that stay the same over builds, files and processes."""

import base64
import hashlib
import json
import marshal
import re
import warnings
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

# Of a layer's configuration, what makes no difference to a network that has its weights: how it was trained and saved.
# Layers that draw at random make up a seed of their own at each build.
_NO_MATTER = re.compile(
    r"module|registered_name|shared_object_id|build_config|build_input_shape|compile_config|trainable|seed|.*_initializer"
    "|.*_regularizer|.*_constraint"
)


def architecture(model: keras.Model) -> str:
    """Sixteen hexadecimal digits that tell how this network is built, whatever its weights are.

    Layers, their settings and how they are connected. The same for a network that is built again, saved and read,
    compiled, or built by another process; names that Keras numbers by itself do not count. Of a function that has a
    name the name counts, of a lambda what it does.
    """
    # A subclassed network knows nothing of its layers, and a custom layer nothing of those inside it: each is asked.
    told = [(type(layer).__name__, _settings(layer)) for layer in (model, *model._flatten_layers(include_self=False))]
    return hashlib.sha1(json.dumps(told, sort_keys=True).encode(), usedforsecurity=False).hexdigest()[:16]


def _settings(layer: Any) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that lambdas should not be saved
            config = layer.get_config()
    except Exception:  # whatever a layer's author did not think of; many have none
        config = {"name": layer.name}
    return _plain({"class_name": type(layer).__name__, "config": config}, {})


def _plain(value: Any, names: Mapping[str, str]) -> Any:
    """A configuration as JSON knows it, without what tells two builds of one network apart.

    Args:
        value: any part of it.
        names: of the layers beside it that Keras has named, and what stands for each.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float | np.generic | np.ndarray):
        return np.asarray(value).astype(str).tolist()
    if isinstance(value, Mapping):
        return _plain_mapping(value, names)
    if isinstance(value, list | tuple):
        if len(value) > 2 and isinstance(value[0], str):  # where a tensor comes from: a layer, its call, its output
            return [names.get(value[0], value[0]), *(_plain(each, names) for each in value[1:])]
        return [_plain(each, names) for each in value]
    if callable(value) and (code := getattr(value, "__code__", None)) is not None:
        return _code(code) if value.__name__ == "<lambda>" else value.__name__
    if isinstance(value, keras.Variable) or tf.is_tensor(value):
        return _plain(tf.convert_to_tensor(value).numpy(), names)
    return type(value).__name__  # its text may hold an address


def _plain_mapping(value: Mapping, names: Mapping[str, str]) -> Any:
    kind, config = value.get("class_name"), value.get("config")
    if kind == "__lambda__" and isinstance(config, Mapping):
        code, *bound = config["value"] if "value" in config else (config[n] for n in ("code", "defaults", "closure"))
        return [_code(marshal.loads(base64.b64decode(code))), _plain(bound, names)]
    if kind in ("__numpy__", "__tensor__") and isinstance(config, Mapping):
        return _plain(np.asarray(config["value"]), names)
    if kind == "__keras_tensor__" and isinstance(config, Mapping):
        return _plain(config["keras_history"], names)
    layers = value.get("layers")
    if isinstance(layers, list) and all(isinstance(layer, Mapping) for layer in layers):
        numbered = [(_numbered(layer), place) for place, layer in enumerate(layers)]
        names = {name: f"{place}" for name, place in numbered if name is not None}
    if (own := _numbered(value)) is not None:
        value = {**value, "name": kind, "config": {**value["config"], "name": kind}}
        names = {**names, own: names.get(own, "")}
    return {
        str(key): each[1:] if key == "batch_shape" and isinstance(each, list) else each
        for key, each in (
            (key, _plain(each, names)) for key, each in value.items() if not _NO_MATTER.fullmatch(str(key))
        )
    }


def _numbered(layer: Mapping) -> str | None:
    """The name of a layer, where Keras has made it of the class's and a number: conv2d_3."""
    config = layer.get("config")
    name = config.get("name") if isinstance(config, Mapping) else None
    if not isinstance(name, str) or not isinstance(layer.get("class_name"), str):
        return None
    return name if re.sub(r"_\d+$", "", name).replace("_", "") == layer["class_name"].lower() else None


def _code(code: Any) -> Any:
    """What a function does: not where it stands, nor how often its constants are referred to."""
    constants = [_code(each) if hasattr(each, "co_code") else _constant(each) for each in code.co_consts]
    return [code.co_code.hex(), [*code.co_names], [*code.co_varnames], constants]


def _constant(value: Any) -> str:
    return repr(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)
