"""Sanity check by weights: as a network forgets, layer by layer from the top, do its maps change?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from camwidget.explanation import Explainer
from camwidget.explanation.drawing import Plot
from camwidget.explanation.measuring import Progress
from camwidget.explanation.measuring.running import in_notebook, unwatched
from camwidget.explanation.query import takes_query
from camwidget.maths import Interval, bootstrap
from camwidget.model import Weighted, restored

from .cases import cases
from .reinitialise import SCHEMES, is_learnt
from .similarity import MEASURES, Map, OwnMethod, alike, ask, insensitive, judged, numbers_of

# Pictures whose maps are kept at every step, for film strips.
_FILMED = 6


@dataclass(frozen=True, eq=False)
class Randomization:
    """How alike the maps of a network stay while it forgets.

    Attributes:
        methods: their names; the last one is the control, an edge detector.
        steps: names of the layers in the order in which they were given random weights; before the first
            one stands the network as it was trained.
        values: by method and measure one number for each step and picture, shape (steps + 1, n).
        scheme: how weights were drawn, a name in `SCHEMES`.
        targets: the class that each picture was asked about, the same at every step.
        untouched: weights that no layer of the calls owns, which kept what they had learnt.
        films: of the first few pictures, by method, the heat at every step.
        pictures: these pictures, before preprocessing.
    """

    methods: tuple[str, ...]
    steps: tuple[str, ...]
    values: Mapping[str, Mapping[str, Float[np.ndarray, "steps n"]]]
    scheme: str
    targets: tuple[int, ...]
    untouched: tuple[str, ...]
    films: Mapping[str, Sequence[Sequence[np.ndarray]]]
    pictures: Sequence[np.ndarray]

    def mean(self, method: str, measure: str = "absolute", step: int = -1, *, level: float = 0.95) -> Interval:
        """The mean over the pictures with its bootstrap interval.

        Args:
            method: one of `methods`.
            measure: "absolute", "signed" or "ssim".
            step: how many layers are random; -1: all.
            level: of the interval.

        Returns:
            Pictures with a constant map have no correlation; they are in `.undefined`.
        """
        return bootstrap(numbers_of(self.values, method, measure)[step], level=level)

    @property
    def insensitive(self) -> tuple[str, ...]:
        """Methods that fail: of the random network they show what they showed of the trained one.

        The interval of their mean correlation, absolute or signed, lies above 0.5. The edge detector must be here.
        """
        return insensitive(self.methods, self.mean)

    def plot(self, measure: str = "absolute") -> Plot:
        """A figure: the mean of a measure at every step, with its interval, and how often it is undefined."""
        from .films import plot_steps

        return plot_steps(self, measure)

    def film(self, picture: int = 0) -> Plot:
        """A figure: the maps of one picture at every step."""
        from .films import film_strip

        return film_strip(self, picture)

    def _repr_html_(self) -> str:
        from .films import randomization_page

        return randomization_page(self)

    def __repr__(self) -> str:
        last = ", ".join(f"{method} {self.mean(method)}" for method in self.methods)
        return f"<Randomization of {len(self.steps) - 1} layers, {len(self.targets)} pictures, in the end: {last}>"


@takes_query
def cascading_randomization(
    explainer: Explainer,
    images: Iterable[object],
    *,
    methods: Sequence[str | OwnMethod] = ("grad_cam", "grad_cam++"),
    scheme: str = "normal",
    steps: int | None = None,
    seed: int = 0,
    **options: object,
) -> Randomization:
    """Give a network random weights layer by layer, from the top, and compare its maps with those before.

    Adebayo et al. 2018, "Sanity Checks for Saliency Maps", section 3.1. Layers are taken in reverse order of
    execution, nested ones included, and stay random while the next ones follow. A method whose maps
    hardly change does not explain what the network has learnt. Weights are put back bit for bit
    afterwards, also after an error or an interrupt; meanwhile the explainer answers nobody else.

    Args:
        explainer: of the network.
        images: twenty or more, see `evaluate`; all of them are held in memory.
        methods: names in `METHODS`, or functions (explainer, picture, target) -> signed map (h, w). An edge
            detector, which depends on no weight and so must fail, is added as a control.
        scheme: "normal": kernels and biases from N(0, 0.01^2); "initializer": as each layer was initialised.
            Normalising layers go back to their initial state with both.
        steps: how many of the steps are measured, evenly spaced, the last one always; None: every layer.
        seed: of the random weights (the noise of a method has its own seed, 0).
        **options: see `Query`; without `target=` each picture's class is the one the trained network predicts.

    Returns:
        A `Randomization`; `.plot()`, `.film()` and `.insensitive` say what it found.

    Raises:
        TypeError, ValueError: what was given, what was expected, how to mend it.
        RuntimeError: the network's answers did not change with its weights: something stale was asked.

    Example:
        >>> found = cascading_randomization(explainer, pictures, methods=["grad_cam"], scheme="initializer")
        >>> found.insensitive
        ('edge_detector',)
    """
    if scheme not in SCHEMES:
        raise ValueError(f"No scheme {scheme!r}. Choices: {', '.join(SCHEMES)}.")
    if steps is not None and steps < 1:
        raise ValueError(f"steps={steps} is below 1. Pass how many of the steps are measured, or None for all.")
    with explainer.lock:
        pictures = [explainer.picture(case.image, options.get("input")) for case in cases(images)]  # type: ignore[arg-type] # checked by `ask`
        asked = ask(explainer, pictures, judged(methods), options)
        layers = [each for each in explainer.probe(pictures[0]).weighted_layers() if is_learnt(each)]
        layers.reverse()
        if not layers:
            raise ValueError("No layer of this network has weights: there is nothing to randomize.")
        generator, measured = np.random.default_rng(seed), _measured(len(layers), steps)
        progress = Progress("Cascading randomization") if in_notebook() else unwatched
        with restored(explainer.model):
            before, logits = asked.maps(explainer)
            rows = [_compared(before, before)]
            films, answers = [[_filmed(column)] for column in before], logits
            for number, weighted in enumerate(layers):
                for variable, values in SCHEMES[scheme](weighted, generator):
                    variable.assign(values)
                if number not in measured:
                    continue
                now, answers = asked.maps(explainer)
                rows.append(_compared(before, now))
                for film, column in zip(films, now, strict=True):
                    film.append(_filmed(column))
                progress((number + 1) / (len(layers) + 1))
            if np.array_equal(answers, logits):
                raise RuntimeError(
                    "Every layer has random weights, and the network's answers are what they were: a stale trace or "
                    "copy was asked. Pass an Explainer of the very network."
                )
        if isinstance(progress, Progress):
            progress.close()
    return Randomization(
        methods=asked.methods,
        steps=("as trained", *(layers[number].name for number in measured)),
        values={
            method: {measure: np.array([row[m, :, k] for row in rows]) for k, measure in enumerate(MEASURES)}
            for m, method in enumerate(asked.methods)
        },
        scheme=scheme,
        targets=asked.targets,
        untouched=_untouched(explainer, layers),
        films={method: films[m] for m, method in enumerate(asked.methods)},
        pictures=[picture.pixels for picture in pictures[:_FILMED]],
    )


def _measured(count: int, steps: int | None) -> tuple[int, ...]:
    """Positions of the layers after which the maps are measured."""
    if steps is None or steps >= count:
        return tuple(range(count))
    return tuple(sorted({round(place) for place in np.linspace(0, count - 1, steps + 1)[1:].tolist()} | {count - 1}))


def _compared(before: Sequence[Sequence[Map]], now: Sequence[Sequence[Map]]) -> np.ndarray:
    """Shape (methods, n, measures)."""
    return np.array([[alike(a, b) for a, b in zip(*columns, strict=True)] for columns in zip(before, now, strict=True)])


def _filmed(column: Sequence[Map]) -> list[np.ndarray]:
    return [map.heat for map in column[:_FILMED]]


def _untouched(explainer: Explainer, layers: Sequence[Weighted]) -> tuple[str, ...]:
    """Weights that could have been learnt and belong to none of these layers."""
    done = {id(variable) for weighted in layers for variable in weighted.variables}
    return tuple(weight.path for weight in explainer.model.trainable_weights if id(weight) not in done)
