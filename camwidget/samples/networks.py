"""The trained sample networks. Keras is imported when the first one is asked for, not before."""

from typing import TYPE_CHECKING, cast

from .material import FOLDER

if TYPE_CHECKING:
    import keras

NETWORK_NAMES = ("scenes", "scenes_gap", "digits")


def network(name: str = "scenes_gap") -> "keras.Model":
    """Load a small trained network; each call gives a fresh copy.

    Args:
        name: one of these; all take values of 0..255 and answer with ten probabilities, in the order of `CLASS_NAMES`.

            - "scenes_gap": 112x112 RGB, three blocks of convolutions (the last on a 14x14 grid), global average
              pooling and a single Dense layer: every method has a map, and noise averaging changes none;
            - "scenes": the same pictures, two Dense layers on the flattened grid: there noise averaging matters;
            - "digits": 28x28 grey, two convolutions and two Dense layers.

    Example:
        >>> network().predict(scene(7).image[None]).argmax()
    """
    if name not in NETWORK_NAMES:
        raise ValueError(f"No sample network {name!r}. Expected one of: {', '.join(map(repr, NETWORK_NAMES))}.")
    import keras

    import camwidget.model  # noqa: F401 # starts TensorFlow without its log

    return cast("keras.Model", keras.saving.load_model(FOLDER / f"{name}.keras", compile=False))
