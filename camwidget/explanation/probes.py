"""The probes around one network, one for each size of picture and output, and the version of its weights."""

from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, TypeVar

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

from .attempt import Attempt
from .cache import Cache
from .measuring import Checkpoint

# Sizes of pictures whose compiled functions are kept, for networks that take any size.
_MOST = 8

_Answer = TypeVar("_Answer")


class Probes:
    """What was compiled from a network, kept for as long as it shows the network.

    Args:
        model: the network.
        weights: see `Network`.

    Attributes:
        cache: of what was measured.
        changes: how often all that was measured became out of date: the network was found to be another one than
            before, or `clear` was called.
    """

    def __init__(self, model: Model, weights: tuple[tuple[Any, Any], ...] = ()) -> None:
        self._model = model
        self._weights = weights
        self._kept: dict[Hashable, Probe] = {}
        self._newest: Probe | None = None
        self._structure: Structure | None = None
        self._version: tuple[int, ...] | None = None
        self.cache = Cache()
        self.changes = 0

    @property
    def newest(self) -> Probe | None:
        """The one used last whose head was looked at too, as for pictures; None: there is none yet."""
        return self._newest

    def measured(
        self,
        picture: Picture,
        output: str | int | None,
        work: Callable[[Attempt], _Answer],
        checkpoint: Checkpoint,
        cache: Cache | None = None,
    ) -> _Answer:
        """What `work` gives for the network as it is; where that changes meanwhile, it is done once more.

        Args:
            picture: see `of_picture`.
            output: see `of_picture`.
            work: what it gives must depend on the network and on the attempt's cache, and it must show nothing to
                anybody before it has asked the attempt's checkpoint.
            checkpoint: of the work.
            cache: of this network, in place of the ordinary one.
        """
        kept = self.cache if cache is None else cache
        for is_last in (False, True):
            probe = self.of_picture(picture, output, measures=False)
            attempt = Attempt(self, probe, kept, checkpoint, is_final=is_last)
            try:
                answer = work(attempt)
            except Exception:
                if attempt.is_final or attempt.has_told or attempt.settle():
                    raise
                continue
            if attempt.settle():
                attempt.cache.commit()
            elif not attempt.is_final:
                continue
            return answer
        raise AssertionError("the last attempt is final")

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
        self._newest = self._version = None
        self._forget()

    def note(self, version: tuple[int, ...]) -> None:
        """Take notice of the weights' fingerprint; if it is not the last one, all that was measured is out of date."""
        if version != self._version:
            self._forget()
            self._version = version

    def look_again(self, probe: Probe) -> None:
        """Take notice of whatever has changed since the network was last looked at."""
        if self._is_built_as_it_was():
            self.note(probe.fingerprint())
        else:
            self._forget()

    def _is_built_as_it_was(self) -> bool:
        return self._structure is not None and not self._structure.has_changed()

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
        if not self._is_built_as_it_was():
            refuse_unsupported(self._model)
            self.clear()
            self._structure = Structure(self._model)
        key = (shape, arrangement, sides, output)
        if key not in self._kept:
            self._kept[key] = self._new_probe(self._network(shape, arrangement, sides, output), needs_head=needs_head)
        self._kept[key] = probe = self._kept.pop(key)  # the newest comes last
        if needs_head:
            _ = probe.kind  # also of one that was made for its layers alone; raises where the head is none
            self._newest = probe
        while len(self._kept) > _MOST:
            del self._kept[next(iter(self._kept))]
        if measures:
            # Of one that has not looked at the head, not all variables are known, and its fingerprint is another.
            self.note((self._newest or probe).fingerprint())
        return probe

    def _forget(self) -> None:
        self.changes += 1
        self.cache.renew(self.changes)
