"""Networks kept in files."""

import os
from pathlib import Path

import keras


def load_network(path: str | os.PathLike) -> keras.Model:
    """Read a network that `model.save(path)` wrote; its optimiser is left out.

    Raises:
        ValueError: there is no such file, or no network of Keras 3 in it.
    """
    file = Path(path)
    if not file.is_file():
        raise ValueError(f"No network at {str(path)!r}. Pass a .keras or .h5 file, as model.save(path) writes it.")
    try:
        network = keras.saving.load_model(file, compile=False)
    except Exception as error:  # a damaged file raises whatever its part of Keras does
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(f"{str(path)!r} cannot be read as a network of Keras 3: {first}") from error
    if not isinstance(network, keras.Model):
        raise ValueError(f"{str(path)!r} holds a {type(network).__name__}, no keras.Model.")
    return network
