"""Save a network in a small .keras file that older Keras 3 reads as well. Used by the training command only."""

import json
import zipfile
from pathlib import Path

import keras
import numpy as np

CONFIG = "config.json"
# Options that Keras 3.15 writes and Keras 3.4 to 3.8 stumble over, with their defaults.
NEWER_OPTIONS = {
    "quantization_config": None,
    "input_axes": None,
    "output_axes": None,
    "renorm": False,
    "renorm_clipping": None,
    "renorm_momentum": 0.99,
}


def save_slim(network: keras.Model, path: Path) -> None:
    """Save an uncompiled network: an ordinary .keras file, about half its usual size.

    Weights are rounded to half precision but stay float32, so that compression finds half of every number empty.
    The given network is rounded too: what is measured afterwards is what was saved.
    """
    network.set_weights([weights.astype(np.float16).astype(weights.dtype) for weights in network.get_weights()])
    network.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = _without_newer(json.loads(members[CONFIG]))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in members.items():
            archive.writestr(name, json.dumps(config) if name == CONFIG else content)


def _without_newer(config: object) -> object:
    """Leave out options that older versions of Keras reject, where they say no more than the default."""
    if isinstance(config, list):
        return [_without_newer(item) for item in config]
    if not isinstance(config, dict):
        return config
    return {
        key: _without_newer(value)
        for key, value in config.items()
        if not (key in NEWER_OPTIONS and value == NEWER_OPTIONS[key])
    }
