"""The probes around one network, one for each size of picture and output, and the version of its weights."""

import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, TypeVar
from weakref import WeakSet

from camwidget.model import (
    Arrangement,
    Model,
    Network,
    Picture,
    Probe,
    Side,
    Structure,
    build,
    refuse_unsupported,
)

from .cache import Cache
from .measuring import Checkpoint, Through

# Sizes of pictures whose compiled functions are kept, for networks that take any size.
_MOST = 8

# One thread for all networks: a question takes two milliseconds at the most.
_ASKING = ThreadPoolExecutor(1, "camwidget-asking")

_Answer = TypeVar("_Answer")


class _Changed(BaseException):
    """What is being measured mixes two versions of a network. No `Exception`: nobody on the way may take it for one."""


def _asked(probe: Probe) -> "Future[tuple[int, ...]] | None":
    """The weights' fingerprint, on its way; None where Python has no other thread: it is ending, or has too many."""
    ask = probe.fingerprint
    try:
        asked = _ASKING.submit(ask)
    except RuntimeError:
        return None
    time.sleep(0)  # Python runs in one thread at a time: let the other one get as far as TensorFlow.
    return asked


class Probes:
    """What was compiled from a network, kept for as long as it shows the network.

    Args:
        model: the network.
        weights: see `Network`.

    Attributes:
        changes: how often all that was measured became out of date: the network was found to be another one than
            before, or `clear` was called.
    """

    def __init__(self, model: Model, weights: tuple[tuple[Any, Any], ...] = ()) -> None:
        self._model = model
        self._weights = weights
        self._caches: WeakSet[Cache] = WeakSet()
        self._kept: dict[Hashable, Probe] = {}
        self._newest: Probe | None = None
        self._structure: Structure | None = None
        self._version: tuple[int, ...] | None = None
        self.changes = 0

    @property
    def newest(self) -> Probe | None:
        """The one used last whose head was looked at too, as for pictures; None: there is none yet."""
        return self._newest

    def cache(self, limit: int | None = None) -> Cache:
        """A new cache, emptied whenever the network has changed; to be made by who holds the explainer's lock.

        Args:
            limit: most bytes kept; None: the ordinary number.
        """
        cache = Cache() if limit is None else Cache(limit)
        self._caches.add(cache)
        return cache

    def measured(
        self,
        picture: Picture,
        output: str | int | None,
        work: Callable[[Probe, Checkpoint], _Answer],
        checkpoint: Checkpoint,
    ) -> _Answer:
        """What `work(probe, checkpoint)` gives for the network as it is.

        Whether weights have changed is asked in another thread while the work is done: that takes as long as a class's
        derivative. Where they have, all caches are emptied, and the work is done again. Weights that another thread
        exchanges and puts back within that time are not noticed.

        Args:
            picture: see `of_picture`.
            output: see `of_picture`.
            work: what it gives and keeps must depend on the network and on caches from `cache()`, and it must show
                nothing to anybody before it has asked the checkpoint it is given.
            checkpoint: to be asked, once the network is known to be the same.
        """
        probe = self.of_picture(picture, output, measures=False)
        version, changes = self._version, self.changes
        asked = None if version is None else _asked(probe)
        if asked is None:
            return work(self.of_picture(picture, output), checkpoint)

        def is_same() -> bool:
            # What it shows to somebody may have asked something else, and found that the network has changed.
            return asked.result() == version and self.changes == changes

        is_sure = is_known = False

        def sure(share: float) -> bool:
            nonlocal is_sure
            if not is_same():
                raise _Changed
            is_sure = True
            return checkpoint(share)

        try:
            answer = work(probe, Through(checkpoint, sure))
            is_known = is_same()
            if is_known:
                return answer
        except _Changed:
            pass
        except Exception:
            is_known = is_same()
            if is_known or is_sure:  # of the work as it should be, or of who was shown something
                raise
        finally:
            if not is_known:  # Caches may hold what was measured of another network.
                self._version = None
        return work(self.of_picture(picture, output), checkpoint)

    def of_picture(self, picture: Picture, output: str | int | None, *, measures: bool = True) -> Probe:
        """The probe for pictures of this size; a network without weights is built by it first.

        Args:
            picture: as the network takes it.
            output: see `Query`.
            measures: False where only layers and names are looked at: whether weights have changed is not asked then.
        """
        if not self._kept:  # a network that was seen before has its weights
            build(self._model, picture.packed)
        sides = tuple(Side(tuple(side.shape[1:]), side.dtype.name) for side in picture.sides)
        return self._probe(picture.inputs.shape, picture.arrangement, sides, output, measures=measures)

    def of_declared(
        self,
        declared: Arrangement | None,
        size: tuple[int, int] | None = None,
        output: str | int | None = None,
        *,
        kept: bool = True,
    ) -> Probe:
        """The probe for what the network says it takes.

        Args:
            declared: what it says.
            size: (height, width) of the picture where the network takes any; its head is not looked at then.
            output: see `Query`.
            kept: False for a look in passing, which takes no other probe's place.

        Raises:
            ValueError: it does not say so, or it takes pictures of any size and none is given.
        """
        arrangement = declared or Arrangement()
        shapes = [shape or (None,) for shape in arrangement.shapes]
        pictures = [n for n, shape in enumerate(shapes) if len(shape) == 3]
        if size is not None and pictures:
            shapes[pictures[0]] = (*size, *shapes[pictures[0]][2:])
        if any(None in shape for shape in shapes) or not pictures:
            raise ValueError(
                f"The network takes pictures of any size, {arrangement.shape}, so its layers have no size yet. Explain "
                "one picture first."
            )
        painted = pictures[0]
        others = [n for n in range(len(shapes)) if n != painted]
        sides = tuple(Side(shapes[n], arrangement.dtypes[n]) for n in others)  # type: ignore[arg-type] # no length is open
        arrangement = replace(arrangement, painted=painted)
        if not kept:
            return self._new_probe(self._network(shapes[painted], arrangement, sides, output), needs_head=size is None)
        return self._probe(shapes[painted], arrangement, sides, output, needs_head=size is None)

    def clear(self) -> None:
        """Forget all that was compiled and measured."""
        self._kept.clear()
        self._newest = None
        self._forget()

    def has_changed(self, probe: Probe) -> bool:
        """Whether the weights are no longer those of the last measurement; then nothing that is kept will be used."""
        if probe.fingerprint() == self._version:
            return False
        self._version = None  # Weights may come back to what they were; caches may hold what was measured of others.
        return True

    def _new_probe(self, network: Network, *, needs_head: bool) -> Probe:
        def tracing() -> AbstractContextManager:
            return nullcontext() if self._structure is None else self._structure.tracing()

        return Probe(network, needs_head=needs_head, tracing=tracing)

    def _network(self, shape: tuple, arrangement: Arrangement, sides: tuple[Side, ...], output: Any) -> Network:
        return Network(self._model, shape, arrangement, sides, output, weights=self._weights)

    def _probe(
        self,
        shape: tuple,
        arrangement: Arrangement,
        sides: tuple[Side, ...],
        output: str | int | None,
        *,
        needs_head: bool = True,
        measures: bool = True,
    ) -> Probe:
        if self._structure is None or self._structure.has_changed():
            refuse_unsupported(self._model)
            self.clear()
            self._structure = Structure(self._model)
        key = (shape, arrangement, sides, output)
        if key not in self._kept:
            self._kept[key] = self._new_probe(self._network(shape, arrangement, sides, output), needs_head=needs_head)
        self._kept[key] = probe = self._kept.pop(key)  # the newest comes last
        if needs_head:
            self._newest = probe
        while len(self._kept) > _MOST:
            del self._kept[next(iter(self._kept))]
        if measures and (version := probe.fingerprint()) != self._version:
            self._forget()  # before the version: what interrupts it must not leave old values under the new one
            self._version = version
        return probe

    def _forget(self) -> None:
        for cache in self._caches:
            cache.clear()
        self.changes += 1
