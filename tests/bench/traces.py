"""Count the functions that are traced, wherever camwidget asks for one."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from camwidget.model import network


@dataclass
class Counter:
    """How many were traced so far."""

    total: int = 0


@contextmanager
def counted_traces() -> Iterator[Counter]:
    """Count every call of `camwidget.model.network.compiled`, under whatever module it was imported into."""
    counter, original = Counter(), network.compiled

    def counting(*arguments: Any) -> Any:
        counter.total += 1
        return original(*arguments)

    users = [
        name
        for name, module in sys.modules.items()
        if name.startswith("camwidget") and getattr(module, "compiled", None) is original
    ]
    patches = [patch(f"{name}.compiled", counting) for name in users]
    for each in patches:
        each.start()
    try:
        yield counter
    finally:
        for each in patches:
            each.stop()
