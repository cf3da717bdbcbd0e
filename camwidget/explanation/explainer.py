"""The engine: a network, its probe and its cache, asked for explanations."""

import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from camwidget.maths import METHODS, Evidence
from camwidget.model import (
    LayerInfo,
    Model,
    Observation,
    Picture,
    Preprocess,
    Probe,
    build,
    find_preprocessing,
    input_shape,
    layer_identities,
    load_picture,
)

from .cache import Cache
from .explanation import Explanation
from .measure import Checkpoint, measure
from .query import Query, make_query, takes_query

# Sizes of pictures whose compiled functions are kept, for networks that take any size.
_MOST_PROBES = 8


@dataclass(frozen=True)
class Prediction:
    """The network's verdict on one class: its index, its name, its probability in [0, 1]."""

    index: int
    name: str
    probability: float


class Explainer:
    """A Keras network that can be asked why.

    Compiled functions, activations and derivatives are kept, so that a change of class costs only
    the network's tail and a change of filters or neurons no network at all. Training is noticed
    by itself; `refresh()` forgets what was measured in any case.

    Args:
        model: a Keras 3 network that takes one picture and gives one vector of class scores.
        preprocess: "auto" (the network's own where it is known), None, or a function from a
            picture (h, w, c), 0 to 255, to what the network takes.
        class_names: one name for each class, in order; None: "class 0" and so on.

    Raises:
        TypeError, ValueError: the network or the names are not of that kind.

    Example:
        >>> explainer = Explainer(samples.network(), class_names=samples.CLASS_NAMES)
        >>> explainer.explain(samples.scene(7).image, method="grad_cam").heatmap.max() <= 1
        True
    """

    def __init__(
        self,
        model: Model,
        *,
        preprocess: str | Preprocess | None = "auto",
        class_names: Sequence[str] | None = None,
    ) -> None:
        self._shape = input_shape(model)
        self.model = model
        self.preprocessing = find_preprocessing(model, preprocess)
        self.cache = Cache()
        self.lock = threading.RLock()
        if isinstance(class_names, str):
            raise TypeError("class_names= takes a list of names, one for each class; one string was given.")
        self._class_names = None if class_names is None else tuple(map(str, class_names))
        self._probes: dict[tuple[int, int, int], Probe] = {}
        self._version: tuple[int, ...] | None = None
        self._structure: tuple[int, ...] = ()

    # -- what there is ------------------------------------------------------------------------

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        """The layers with a map, in order of depth.

        Raises:
            ValueError: the network takes pictures of any size and none has been explained yet.
        """
        if not self._probes:
            height, width, channels = self._shape
            if height is None or width is None or channels is None:
                raise ValueError(
                    f"The network takes pictures of any size, {self._shape}, so its layers have no size yet. Explain "
                    "one picture first."
                )
            self._probe((height, width, channels))
        probe = next(reversed(self._probes.values()))
        return tuple(layer for layer in probe.layers if layer.listed)

    def picture(self, image: object) -> Picture:
        """Read a picture as this network takes it, see `load_picture`."""
        return load_picture(image, self._shape, self.preprocessing)

    def probe(self, picture: Picture) -> Probe:
        """The probe for pictures of this size."""
        height, width, channels = picture.inputs.shape
        return self._probe((height, width, channels), picture)

    def class_names(self, probe: Probe) -> tuple[str, ...]:
        """One name for each class.

        Raises:
            ValueError: as many names as given do not fit the network.
        """
        if self._class_names is None:
            return numbered_classes(probe.classes)
        if len(self._class_names) != probe.classes:
            raise ValueError(
                f"class_names= holds {len(self._class_names)} names and the network has {probe.classes} classes. "
                "Pass one name for each class, in order."
            )
        return self._class_names

    def predict(self, image: object, top: int = 5) -> list[Prediction]:
        """The most probable classes of a picture, best first."""
        picture = self.picture(image)
        with self.lock:
            probe = self.probe(picture)
            observation = self._observe(probe, probe.find_layer(None), picture)
            names = self.class_names(probe)
        probabilities = observation.probabilities[0]
        order = probabilities.argsort()[::-1][:top]
        return [Prediction(int(k), names[k], float(probabilities[k])) for k in order]

    # -- explaining ---------------------------------------------------------------------------

    @takes_query
    def explain(self, image: object, **options: object) -> Explanation:
        """Explain one picture.

        Args:
            image: path, PIL image, array or tensor: (h, w, c), (h, w) or a batch of one. uint8,
                files and PIL images are pictures, 0 to 255; floats are what the network takes.
            **options: see `Query`.

        Returns:
            An `Explanation`; its `.heatmap` has the picture's size.

        Raises:
            TypeError, ValueError: what was given, what was expected, how to mend it.
        """
        return announced(self.answer(self.picture(image), make_query(options)), stacklevel=3)

    def answer(self, picture: Picture, query: Query, checkpoint: Checkpoint = lambda share: True) -> Explanation:
        """The explanation that a checked query asks for, from the cache where it can be.

        Args:
            picture: from `picture()`.
            query: from `make_query()`.
            checkpoint: asked with the share done between micro-batches of noisy copies; False
                ends the averaging early, and the result says how many copies it holds.
        """
        method = METHODS[query.method]
        with self.lock:
            probe = self.probe(picture)
            layer = probe.find_layer(query.layer)
            query.selection.check(layer.rows, layer.columns, layer.channels)
            names = self.class_names(probe)
            calls = probe.calls
            observation = self._observe(probe, layer, picture)
            score, notes = _reachable(query.score, probe)
            target = self._target(query.target, names, observation)
            query = replace(query, layer=layer.name, target=target, score=score)
            evidence = self._measure(probe, layer, picture, observation, query, checkpoint)
            if method.needs_class_weights:
                evidence = replace(evidence, class_weights=probe.class_weights(layer, target))
            # Only a compiled network can be in training in another thread while this was measured.
            if probe.calls != calls and self.model.compiled and probe.fingerprint() != self._version:
                notes += ("The network changed while this was measured, as in training: ask again when it is done.",)
        return Explanation(
            picture=picture,
            query=replace(query, samples=evidence.copies),
            layer_info=layer,
            evidence=evidence,
            weights=method.weigh(evidence),
            probabilities=observation.probabilities[0],
            target_name=names[target],
            notes=picture.notes + notes,
        )

    def refresh(self) -> None:
        """Forget everything measured and compiled, for instance after the network was changed by hand."""
        with self.lock:
            self.cache.clear()
            self._probes.clear()

    # -- inside -------------------------------------------------------------------------------

    def _probe(self, shape: tuple[int, int, int], picture: Picture | None = None) -> Probe:
        with self.lock:
            structure = layer_identities(self.model)
            if structure != self._structure:  # layers were added or taken away
                self.refresh()
                self._structure = structure
            if shape not in self._probes:
                if picture is not None:
                    build(self.model, picture.inputs)
                self._probes[shape] = Probe(self.model, shape)
            self._probes[shape] = probe = self._probes.pop(shape)  # the newest comes last
            while len(self._probes) > _MOST_PROBES:
                del self._probes[next(iter(self._probes))]
            version = probe.fingerprint()
            if version != self._version:
                self.cache.clear()
                self._version = version
            return probe

    def _observe(self, probe: Probe, layer: LayerInfo, picture: Picture) -> Observation:
        key = ("observation", picture.key, layer.name)
        found = self.cache.get(key)
        if found is None:
            found = probe.observe(layer, picture.inputs[None])
            self.cache.put(key, found)
        return found

    def _measure(
        self,
        probe: Probe,
        layer: LayerInfo,
        picture: Picture,
        observation: Observation,
        query: Query,
        checkpoint: Checkpoint,
    ) -> Evidence:
        def key(copies: int) -> tuple:
            noise = (copies, query.noise, query.seed) if copies else ()
            return ("evidence", picture.key, layer.name, query.score, query.target, noise)

        found = self.cache.get(key(query.num_samples))
        if found is None:
            found = measure(probe, layer, picture, observation, query, checkpoint)
            # Stopped early it is still the whole truth about the copies it holds.
            self.cache.put(key(found.copies), found)
        return found

    @staticmethod
    def _target(target: int | str | None, names: Sequence[str], observation: Observation) -> int:
        if target is None:
            return int(observation.logits[0].argmax())
        if isinstance(target, str):
            if names.count(target) == 1:
                return names.index(target)
            few = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
            found = "No class" if target not in names else "Several classes are"
            raise ValueError(f"{found} called {target!r}. Classes: {few}. Pass a name or an index as target=.")
        if not 0 <= target < len(names):
            raise ValueError(
                f"No class {target}: the network has {len(names)} classes, 0 to {len(names) - 1}. Pass one as target=."
            )
        return target


@lru_cache(maxsize=8)
def numbered_classes(count: int) -> tuple[str, ...]:
    """Names where none were given."""
    return tuple(f"class {index}" for index in range(count))


def announced(explanation: Explanation, *, stacklevel: int) -> Explanation:
    """The same explanation, its notes shown as warnings of the line that asked for it."""
    for note in explanation.notes:
        warnings.warn(note, stacklevel=stacklevel)
    return explanation


def _reachable(score: str, probe: Probe) -> tuple[str, tuple[str, ...]]:
    if probe.kind == "probabilities" and score == "logit":
        note = (
            "The network's outputs are probabilities whose logits cannot be reached: the log probability is explained."
        )
        return "log_probability", (note,)
    return score, ()
