"""TensorFlow started without its log.

On a machine without a GPU TensorFlow greets with some twenty lines on standard error, "failed call
to cuInit" among them, before any log level is heard; in a notebook they stand on red above the first
picture. Importing this module starts TensorFlow with standard error turned away for that moment,
unless somebody has started it already. What Python raises is raised as ever.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _without_standard_error() -> Iterator[None]:
    try:
        kept = os.dup(2)
    except OSError:  # there is none, as under some services
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        sys.stderr.flush()
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


if "tensorflow" not in sys.modules:
    with _without_standard_error():
        import tensorflow

        tensorflow.config.list_physical_devices()  # looks for a GPU, and says that there is none
