"""The evidence cache: what was measured is kept, least recently used goes first."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class Sized(Protocol):
    """What says how much memory it takes."""

    @property
    def nbytes(self) -> int:
        """Memory held, in bytes."""
        ...


def frozen(value: Sized) -> Sized:
    """The value, its arrays read-only: what is handed out more than once must not be written to."""
    for part in vars(value).values():
        for array in part if isinstance(part, tuple) else (part,):
            if isinstance(array, np.ndarray):
                array.setflags(write=False)
    return value


class Cache:
    """Values by key, all of one network and one explainer, bounded in bytes; any thread may use it.

    Args:
        limit: most bytes kept. A value larger than that is not kept.

    Attributes:
        nbytes: bytes kept now.
    """

    def __init__(self, limit: int = 256 * 2**20) -> None:
        self.limit = limit
        self.nbytes = 0
        self._lock = threading.RLock()
        self._kept: OrderedDict[Hashable, Sized] = OrderedDict()
        self._version: int | None = None

    def renew(self, version: int) -> None:
        """Forget everything that is of another version of the network than this one."""
        with self._lock:
            if version != self._version:
                self.clear()  # before the version: what interrupts it must not leave old values under the new one
                self._version = version

    def get(self, key: Hashable) -> Any:
        """The value kept under `key`, or None; it now counts as the one used last."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key]

    def put(self, key: Hashable, value: Sized) -> None:
        """Keep a value, `frozen`; the key must name everything that it depends on, but the network."""
        frozen(value)
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


class Staged:
    """What one attempt measures, beside a cache, which has it once `commit` is called; whatever ends it drops it.

    Args:
        cache: what is known already.
        version: of the network that is measured.

    Attributes:
        has_borrowed: whether anything was taken from the cache.
    """

    def __init__(self, cache: Cache, version: int) -> None:
        self._cache = cache
        self._own: dict[Hashable, Sized] = {}
        self.has_borrowed = False
        self.renew(version)

    def renew(self, version: int) -> None:
        """See `Cache.renew`; what is staged stays."""
        self._cache.renew(version)

    def get(self, key: Hashable) -> Any:
        """The value under `key`, or None."""
        if key in self._own:
            return self._own[key]
        found = self._cache.get(key)
        self.has_borrowed |= found is not None
        return found

    def put(self, key: Hashable, value: Sized) -> None:
        """See `Cache.put`."""
        self._own[key] = frozen(value)

    def commit(self) -> None:
        """Hand over to the cache."""
        for key, value in self._own.items():
            self._cache.put(key, value)
        self._own.clear()
