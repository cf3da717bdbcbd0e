"""Everything a measurement needs to know, in one record."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float, Int

from camwidget.maths import Count, Evidence, Weighed, noisy_copies
from camwidget.model import LayerInfo, Observation, Picture, Preprocess, Probe

from ..cache import Staged
from ..query import Query
from ..resolve import make_baseline
from .running import Checkpoint, Part, add_up, batch_size


def observation_key(picture: Picture, layer: LayerInfo, output: str | int | None) -> Hashable:
    """What an observation is kept under."""
    return "observation", picture.key, layer.name, output


def observe(probe: Probe, layer: LayerInfo, picture: Picture, cache: Staged, output: str | int | None) -> Observation:
    """What a layer holds for a picture, from the cache, or measured now and kept."""
    key = observation_key(picture, layer, output)
    found = cache.get(key)
    if found is None:
        found = probe.observe(layer, picture.inputs[None], picture.sides)
        cache.put(key, found)
    return found


_P = TypeVar("_P", bound=Part)
_F = TypeVar("_F")


def _unseen(part: Callable[[], Any]) -> None:
    """Nobody looks at what is not done yet."""


@dataclass(frozen=True, eq=False)
class Task:
    """One query about one picture.

    Attributes:
        probe: around the network.
        layer: whose activations count.
        picture: the picture.
        observation: of the picture at that layer.
        query: with target, against, score and samples filled in.
        preprocess: what the picture went through, for the baselines that are pictures.
        checkpoint: asked between micro-batches.
        cache: for parts that were measured before, by this method or another that shares them.
        show: called between micro-batches with a function that gives the part so far, see `Explainer.answer`.
    """

    probe: Probe
    layer: LayerInfo
    picture: Picture
    observation: Observation
    query: Query
    preprocess: Preprocess
    checkpoint: Checkpoint
    cache: Staged
    show: Callable[[Callable[[], Any]], None] = _unseen

    def classes(self, count: int) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
        """Target and the class it is set against, once for each of `count` pictures."""
        return np.full(count, self.query.target, np.int32), np.full(count, self.query.against, np.int32)

    @property
    def target(self) -> int:
        """The class that is explained."""
        assert isinstance(self.query.target, int)  # noqa: S101 # filled in by `resolve`
        return self.query.target

    @property
    def inputs(self) -> Float[np.ndarray, "1 H W colours"]:
        """The picture as the network takes it, a batch of one."""
        return self.picture.inputs[None]

    @property
    def baseline(self) -> Float[np.ndarray, "H W colours"]:
        """Where integrated gradients start, as the network takes it."""
        return make_baseline(self.query, self.picture, self.preprocess)

    @property
    def chosen(self) -> Float[np.ndarray, "h w c"]:
        """1 at the chosen neurons of the chosen filters, 0 elsewhere."""
        selection, layer = self.query.selection, self.layer
        kept = np.zeros((*layer.grid, layer.channels), np.float32)
        kept[..., selection.channels(layer.channels)] = selection.mask(*layer.grid)[..., None]
        return kept

    @property
    def noisy(self) -> int:
        """How many noisy copies are measured: none where the noise is 0, for they would all be the picture."""
        return self.query.num_samples if self.query.noise > 0 else 0

    def copies(self, *, output: int = 0, most: int | None = None) -> Iterator[Float[np.ndarray, "n H W colours"]]:
        """Noisy copies in micro-batches.

        Args:
            output: numbers that a layer's output holds for each copy.
            most: copies in one micro-batch, whatever there would be room for.
        """
        query = self.query
        batch = most or batch_size(self.picture.inputs.size, output)
        return noisy_copies(self.picture.inputs, samples=self.noisy, noise=query.noise, seed=query.seed, batch=batch)

    @property
    def without_noise(self) -> "Task":
        """The same about the picture itself."""
        return replace(self, query=replace(self.query, samples=0))

    def key(self, part: str, samples: int) -> Hashable:
        """Everything that a part of the evidence depends on, but the network's weights: with them the whole cache goes.

        Args:
            part: "derivatives", "masked_scores", "ablated_scores" or "pixels".
            samples: noisy copies averaged.
        """
        query = self.query
        noise = (samples, query.noise, query.seed, query.sample_weights) if samples else ()
        classes = (query.score, query.target, query.against if query.score == "contrast" else None)
        common = (part, self.picture.key, query.output, *noise)
        if part == "derivatives":
            return *common, self.layer.name, classes, query.derivatives
        if part != "pixels":
            return *common, self.layer.name, classes
        backward = query.record.backward
        assert backward is not None  # noqa: S101 # the method has pixels
        what = (self.layer.name, query.selection) if query.explains_selection else classes
        return *common, what, backward, (query.steps, query.baseline) if backward.path else ()

    def add_up(self, parts: Iterable[_P], wanted: int, finish: Callable[[_P], _F]) -> _F:
        """What all micro-batches together give, or those there were when it was stopped.

        Args:
            parts: see `running.add_up`.
            wanted: how many things there are in all.
            finish: from a sum to a part of the evidence.
        """
        return finish(add_up(parts, wanted, self.checkpoint, lambda total: self.show(lambda: finish(total))))

    def kept(self, part: str, function: "Callable[[Task], Any]") -> Any:
        """A part from the cache, or measured now and kept."""
        samples = self._samples_of(part)
        found = self.cache.get(self.key(part, samples))
        if found is None:
            found = function(self)
            if found.count.is_whole:
                self.cache.put(self.key(part, samples), found)
            elif found.count.unit == "noisy copies":
                # Stopped early it is still the whole truth about the copies it holds.
                done = found.count.done
                whole = replace(found, count=Count(done, done, found.count.unit))
                self.cache.put(self.key(part, done), whole)
        return found

    def weights(self, evidence: Evidence) -> Float[np.ndarray, "#h #w c"] | None:
        """How the method weighs the evidence, kept too: no selection changes it. None for pixel methods."""
        record = self.query.record
        if record.weigh is None:
            return None
        if record.measures == "class_weights" or not all(count.is_whole for count in evidence.counts):
            return record.weigh(evidence)
        key = record.weigh, self.key(record.measures, self._samples_of(record.measures))
        found = self.cache.get(key)
        if found is None:
            found = Weighed(record.weigh(evidence))
            self.cache.put(key, found)
        return found.values

    def _samples_of(self, part: str) -> int:
        return self.noisy if part in ("derivatives", "pixels") else 0
