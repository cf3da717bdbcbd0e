"""Packages that only some uses need, imported where they are asked for."""

from importlib import import_module
from types import ModuleType


def imported(name: str, what: str, extra: str) -> ModuleType:
    """The module; where it is missing, an error that names the extra.

    Args:
        name: of the module.
        what: needs it, for people.
        extra: of this package that installs it.

    Raises:
        ImportError: it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        package = name.split(".")[0]
        raise ImportError(
            f"{what} needs {package}, which is not installed. Install it with: pip install 'camwidget[{extra}]'."
        ) from error
