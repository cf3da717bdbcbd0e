"""Networks trained on ImageNet, where this machine has their weights or can fetch them."""

import os
import threading
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    import keras

HOST = "https://storage.googleapis.com/tensorflow/keras-applications/"  # where Keras fetches its weights
PATIENCE = 3.0  # seconds for the host to answer; one that does not is taken for no network


def imagenet_network(name: str = "VGG16") -> "keras.Model | None":
    """A network of `keras.applications` with ImageNet weights, or None where they cannot be had.

    So a cell of a notebook runs everywhere: without the weights it says in one line what is skipped, and goes on.
    Weights that are on the disk are used; others are fetched (VGG16 528 MB, ResNet50 98 MB, Xception 88 MB) where
    the host answers within three seconds.

    Args:
        name: of the function in `keras.applications`, such as "VGG16", "ResNet50" or "Xception".

    Raises:
        ValueError: no such network.

    Example:
        >>> if network := imagenet_network("ResNet50"):
        ...     explain(network, photograph("coffee")).plot()
    """
    import keras

    import camwidget.model  # noqa: F401 # starts TensorFlow without its log

    build = getattr(keras.applications, name, None)
    if not name[:1].isupper() or build is None:
        known = [each for each in dir(keras.applications) if each[0].isupper()]
        near = get_close_matches(name, known, n=3, cutoff=0.4) or ["VGG16", "ResNet50", "Xception"]
        raise ValueError(f"No network {name!r} in keras.applications. Did you mean {' or '.join(map(repr, near))}?")
    if not _is_on_disk(name) and not _host_answers():
        return _skipped(name, "they are not on this machine, and there is no network to fetch them")
    try:
        return cast("keras.Model", build(weights="imagenet"))
    except Exception as error:  # whatever a download can meet: the notebook goes on
        return _skipped(name, " ".join(str(error).split()) or type(error).__name__)


def _skipped(name: str, reason: str) -> None:
    print(f"Skipped: the ImageNet weights of {name} cannot be loaded ({reason}).")  # noqa: T201 # to a notebook's reader


def _is_on_disk(name: str) -> bool:
    """Whether Keras has fetched weights of this network before, its head included."""
    folder = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"
    files = ("".join(filter(str.isalnum, path.name.lower())) for path in folder.glob("*.h5"))
    return any(file.startswith(name.lower()) and "notop" not in file for file in files)


def _host_answers() -> bool:
    """Whether the weights' host can be reached; the look-up of its name, too, may not take longer than PATIENCE."""
    answers: list[bool] = []
    asking = threading.Thread(target=lambda: answers.append(_ask()), daemon=True)
    asking.start()
    asking.join(PATIENCE)
    return answers == [True]


def _ask() -> bool:
    try:
        urlopen(Request(HOST, method="HEAD"), timeout=PATIENCE).close()  # noqa: S310 # our own address
    except HTTPError:
        pass  # an answer, though no page
    except (URLError, OSError):
        return False
    return True
