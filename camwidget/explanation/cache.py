"""The evidence cache: what was measured is kept, least recently used goes first."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class _Sized(Protocol):
    @property
    def nbytes(self) -> int: ...


class Cache:
    """Values by key, bounded in bytes; any thread may use it.

    Args:
        limit: most bytes kept. A value larger than that is not kept.

    Attributes:
        nbytes: bytes kept now.
    """

    def __init__(self, limit: int = 256 * 2**20) -> None:
        self.limit = limit
        self.nbytes = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, _Sized] = OrderedDict()

    def get(self, key: Hashable) -> Any:
        """The value kept under `key`, or None; it now counts as the one used last."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key]

    def put(self, key: Hashable, value: _Sized) -> None:
        """Keep a value; the key must name everything that it depends on.

        Its arrays become read-only: what is handed out more than once must not be written to.
        """
        for part in vars(value).values():
            for array in part if isinstance(part, tuple) else (part,):
                if isinstance(array, np.ndarray):
                    array.setflags(write=False)
        with self._lock:
            self._drop(key)
            if value.nbytes > self.limit:
                return
            self._kept[key] = value
            self.nbytes += value.nbytes
            while self.nbytes > self.limit:
                self._drop(next(iter(self._kept)))

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self.nbytes = 0

    def _drop(self, key: Hashable) -> None:
        dropped = self._kept.pop(key, None)
        self.nbytes -= 0 if dropped is None else dropped.nbytes
