"""The engine: a network, its probes and its cache, asked for explanations."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from camwidget.model import (
    Arrangement,
    LayerInfo,
    Model,
    Picture,
    Preprocess,
    Probe,
    Variable,
    declared_inputs,
    declared_units,
    find_preprocessing,
    load_inputs,
    refuse_unsupported,
)

from . import checks
from .attempt import Attempt
from .cache import Cache
from .compose import explanation_of
from .explanation import Explanation
from .many import explanations, queries_of
from .measuring import Checkpoint, Progress, Task, measure, observe
from .measuring.running import in_notebook, unwatched
from .notes import announced, without_effect
from .prediction import ClassNames, Prediction, check_number, listed_names, numbered_classes
from .probes import Probes
from .query import Query, make_query, takes_query
from .resolve import resolve

# Called with a function that gives the explanation so far, worked out only where somebody wants to see it.
Show = Callable[[Callable[[], Explanation]], None]


class Explainer:
    """A Keras network that can be asked why.

    Compiled functions, activations and derivatives are kept: another class costs only the network's
    tail, other filters or neurons no network at all. Training is noticed by itself, and so is a filter,
    a layer, or any attribute of a layer, changed by hand. Not so what is changed in place within an attribute, what a
    network reads elsewhere, and among more than 2^20 weights single numbers, or one input channel of a kernel: then
    call `refresh()`.

    The network runs as for a prediction. What it does besides is left out: assertions, prints, counters,
    whatever it writes into its variables. A write to a variable of TensorFlow's own, though, runs as in the
    network itself where it reads the variable afterwards, and in a branch of a `tf.cond` or a loop.

    Several outputs without a softmax or sigmoid are classes' logits, unless the network's loss is one for
    values: of one that was loaded without its loss, `model.compile(loss="mse")` says so.

    Args:
        model: a Keras 3 network that takes a picture, among other inputs perhaps, and gives one or
            several vectors of class scores or values.
        preprocess: "auto" (the network's own where it is known), None, or a function from a
            picture (h, w, c), 0 to 255, to what the network takes.
        class_names: one name for each class, in order or by number; "imagenet" for its 1,000; None:
            "class 0" and so on.

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
        class_names: ClassNames | None = None,
    ) -> None:
        self._declared = declared_inputs(model)
        if self._declared is not None and self._declared.container == "one":
            _ = self._declared.shape  # raises where it is no picture
        refuse_unsupported(model)
        self.model = model
        self.preprocess = preprocess
        self.preprocessing = find_preprocessing(model, preprocess, self._declared)
        self.lock = threading.RLock()
        self.given_names = listed_names(class_names)
        check_number(self.given_names or (), declared_units(model))
        self.told: set[str] = set()  # warnings about the network itself: once is enough
        self.probes = Probes(model)

    def with_weights(self, weights: Sequence[tuple[Variable, Float[np.ndarray, "..."]]]) -> "Explainer":
        """An explainer of the network as it were with other values in some of its weights; nothing is changed."""
        other = Explainer(self.model, preprocess=self.preprocess, class_names=self.given_names)
        other.probes = Probes(self.model, tuple(weights))
        return other

    @property
    def cache(self) -> Cache:
        """What was measured of the network as it is."""
        return self.probes.cache

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        """The layers with a map, in order of depth.

        Raises:
            ValueError: the network takes pictures of any size and none has been explained yet.
        """
        with self.lock:
            probe = self.probes.newest or self.probes.of_declared(self._declared)
        return tuple(layer for layer in probe.layers if layer.listed)

    def picture(self, image: object, input: str | int | None = None) -> Picture:  # noqa: A002 # the option's name
        """Read a picture as this network takes it, see `explain`."""
        return load_inputs(image, self._declared, input, self.preprocessing)

    def probe(self, picture: Picture, output: str | int | None = None, *, measures: bool = True) -> Probe:
        """The probe for pictures of this size; where nothing is measured with it, weights need not be read."""
        with self.lock:
            return self.probes.of_picture(picture, output, measures=measures)

    @property
    def arrangement(self) -> Arrangement:
        """How the network says it takes its inputs; the first that can be a picture is the one painted on."""
        declared = self._declared or Arrangement()
        pictures = [n for n, shape in enumerate(declared.shapes) if shape is not None and len(shape) == 3]
        return replace(declared, painted=pictures[0]) if pictures else declared

    def probe_of_size(self, height: int, width: int, output: str | int | None = None, *, kept: bool = True) -> Probe:
        """The probe for pictures of this size, without a picture; for a look in passing none that is `kept`.

        Raises:
            ValueError: the network does not say how many channels its pictures have, or what its other inputs are.
        """
        with self.lock:
            return self.probes.of_declared(self._declared, (height, width), output, kept=kept)

    def class_names(self, probe: Probe) -> tuple[str, ...]:
        """One name for each class.

        Raises:
            ValueError: as many names as given do not fit the network.
        """
        check_number(self.given_names or (), (probe.classes,))
        return self.given_names or numbered_classes(probe.classes, "class" if probe.gives_classes else "unit")

    def predict(
        self,
        image: object,
        top: int = 5,
        *,
        input: str | int | None = None,  # noqa: A002 # the option's name
        output: str | int | None = None,
    ) -> list[Prediction]:
        """The most probable classes of a picture, or the largest values, best first.

        Args:
            image: see `explain`.
            top: how many at most.
            input: which of several inputs is the picture, see `Query`.
            output: which of several outputs is asked, see `Query`.

        Raises:
            TypeError, ValueError: as `explain`.
        """
        top = checks.top(top)
        picture = self.picture(image, input)
        with self.lock:
            probe = self.probe(picture, output)
            logits, logs = probe.verdict(picture.inputs[None], picture.sides)
            names = self.class_names(probe)
        order = logits[0].argsort()[::-1][:top]
        return [Prediction(int(k), names[k], float(np.exp(logs[0, k])), float(logits[0, k])) for k in order]

    @takes_query
    def explain(self, image: object, **options: object) -> Explanation:
        """Explain one picture.

        Args:
            image: path, PIL image, array or tensor: (h, w, c), (h, w) or a batch of one. uint8,
                files and PIL images are pictures, 0 to 255; floats are what the network takes. For a
                network of several inputs, a dict or list of their values.
            **options: see `Query`.

        Returns:
            An `Explanation`; its `.heatmap` has the picture's size.

        Raises:
            TypeError, ValueError: what was given, what was expected, how to mend it.
        """
        query = make_query(options)
        return announced(self.watched(self.picture(image, query.input), query), self.told, stacklevel=3)

    @takes_query
    def explain_many(
        self,
        images: Iterable[object],
        *,
        methods: Sequence[str] | None = None,
        batch: int | None = None,
        progress: bool | None = None,
        **options: object,
    ) -> Iterator:
        """Explain picture after picture, lazily: nothing is read before it is asked for.

        Several pictures go through the network together, and several methods share that pass.

        Args:
            images: any iterable of what `explain` takes; or of batches and of tuples (images, labels), as
                `tf.data` and Keras' data sets give them (labels are left alone).
            methods: several methods; None: the one in `method=`.
            batch: pictures that go through the network together; None: by their size.
            progress: whether to show a bar; None: in a notebook.
            **options: see `Query`.

        Yields:
            For each picture an `Explanation`; where `methods` is given a tuple of them, in that order. Nothing
            is warned of; what there is to say stands in `.notes`.

        Raises:
            TypeError, ValueError: as `explain`; for a picture that cannot be read, with its number, once those before
                it are yielded. (Left out, it would put all later ones beside the wrong picture.)

        Example:
            >>> for explanation in explainer.explain_many(Path("photographs").glob("*.jpg"), target=3):
            ...     explanation.save(...)
        """
        queries = queries_of(methods, options)
        shown = in_notebook() if progress is None else progress
        found = explanations(self, images, queries, checks.batch(batch), shown)
        return (each[0] for each in found) if methods is None else found

    def watched(self, picture: Picture, query: Query) -> Explanation:
        """The answer to a query; in a notebook, long work shows its progress and can be interrupted."""
        if not in_notebook():
            return self.answer(picture, query)
        progress = Progress(query.record.title)
        try:
            return self.answer(picture, query, progress)
        finally:
            progress.close()

    def answer(
        self,
        picture: Picture,
        query: Query,
        checkpoint: Checkpoint = unwatched,
        cache: Cache | None = None,
        show: Show | None = None,
    ) -> Explanation:
        """The explanation that a checked query asks for, from the cache where it can be.

        Args:
            picture: from `picture()`.
            query: from `make_query()`.
            checkpoint: asked with the share done between micro-batches of long work; False ends it
                early, and the result says how much it holds.
            cache: to use in place of the explainer's own, and for no other explainer.
            show: called between micro-batches with a function that gives the explanation so far.
        """

        def work(attempt: Attempt) -> Explanation:
            return self._measured(attempt, picture, query, show)

        with self.lock:
            return self.probes.measured(picture, query.output, work, checkpoint, cache)

    def _measured(self, attempt: Attempt, picture: Picture, query: Query, show: Show | None) -> Explanation:
        task, notes = self.task(attempt, picture, query)
        name = self.class_names(attempt.probe)[task.target]
        evidence = measure(task, show and (lambda so_far: show(lambda: explanation_of(task, so_far(), name))))
        # A compiled network may be in training in another thread; and long work leaves anybody the time.
        if attempt.look_again(is_exposed=self.model.compiled or bool(evidence.counts)):
            notes += ("The network changed while this was measured, as in training: ask again when it is done.",)
        # Within the lock, since it weighs what was measured and keeps that: of these weights, and of no newer ones.
        return explanation_of(task, evidence, name, notes)

    def task(self, attempt: Attempt, picture: Picture, query: Query) -> tuple[Task, tuple[str, ...]]:
        """What a query measures, every option filled in, and notes for people."""
        probe, cache = attempt.probe, attempt.cache
        layer = probe.layer_for(query.layer, anything=query.record.selects_target)
        query.selection.check(layer.rows, layer.columns, layer.channels)
        names = self.class_names(probe)
        observation = observe(probe, layer, picture, cache, query.output)
        resolved, notes = resolve(query, probe, layer, names, observation)
        preprocess = self.preprocessing.function
        task = Task(probe, layer, picture, observation, resolved, preprocess, attempt.checkpoint, cache)
        return task, notes + without_effect(query)

    def refresh(self) -> None:
        """Forget everything measured and compiled, for instance after the network was changed by hand."""
        with self.lock:
            self.probes.clear()
