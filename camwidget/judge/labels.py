"""Sanity check by labels: does a network that learnt nonsense by heart have the same maps?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from jaxtyping import Float

from camwidget.explanation import Explainer
from camwidget.explanation.query import takes_query
from camwidget.maths import Interval, bootstrap

from .cases import class_index
from .similarity import MEASURES, Map, OwnMethod, alike, ask, insensitive, judged, numbers_of

# Pictures compared where none are given.
_COMPARED = 50


@dataclass(frozen=True, eq=False)
class LabelRandomization:
    """Maps of a network trained on true labels beside those of one trained on permuted ones.

    Attributes:
        methods: their names; the last one is the control, an edge detector.
        values: by method and measure, one number for each picture.
        accuracies: on their own training labels, of the network with true and with permuted ones.
        epochs: that each was trained.
        accuracy: the training accuracy that was asked for.
        targets: the class each picture was asked about, by both.
        networks: both of them, to look further.
        heats: by method the heat of the first few pictures, (true, permuted).
        pictures: these pictures.
    """

    methods: tuple[str, ...]
    values: Mapping[str, Mapping[str, Float[np.ndarray, " n"]]]
    accuracies: tuple[float, float]
    epochs: tuple[int, int]
    accuracy: float
    targets: tuple[int, ...]
    networks: tuple[keras.Model, keras.Model]
    heats: Mapping[str, Sequence[tuple[np.ndarray, np.ndarray]]]
    pictures: Sequence[np.ndarray]

    def mean(self, method: str, measure: str = "absolute", *, level: float = 0.95) -> Interval:
        """The mean over the pictures with its bootstrap interval; constant maps are in `.undefined`."""
        return bootstrap(numbers_of(self.values, method, measure), level=level)

    @property
    def insensitive(self) -> tuple[str, ...]:
        """Methods that fail: their maps do not tell what was learnt. The edge detector must be here."""
        return insensitive(self.methods, self.mean)

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should know."""
        names = ("true", "permuted")
        return tuple(
            f"The network with {name} labels reached a training accuracy of {reached:.1%} in {epochs} epochs, not the "
            f"{self.accuracy:.0%} asked for: pass more epochs, or a larger network."
            for name, reached, epochs in zip(names, self.accuracies, self.epochs, strict=True)
            if reached < self.accuracy
        )

    def _repr_html_(self) -> str:
        from .films import labels_page

        return labels_page(self)

    def __repr__(self) -> str:
        found = ", ".join(f"{method} {self.mean(method)}" for method in self.methods)
        true, permuted = self.accuracies
        return f"<LabelRandomization: accuracies {true:.2f} and {permuted:.2f}, {found}>"


@takes_query
def label_randomization(
    build: Callable[[], keras.Model],
    x: np.ndarray,
    y: np.ndarray,
    *,
    images: np.ndarray | None = None,
    methods: Sequence[str | OwnMethod] = ("grad_cam", "grad_cam++"),
    accuracy: float = 0.95,
    epochs: int = 200,
    batch: int = 32,
    seed: int = 0,
    **options: object,
) -> LabelRandomization:
    """Train one network on true labels and one on permuted ones, and compare their maps of the same class.

    Adebayo et al. 2018, "Sanity Checks for Saliency Maps", section 3.2. A method whose maps are alike does not
    explain how labels follow from pictures. Sets the seeds of Python, NumPy and TensorFlow.

    Args:
        build: makes a new network each time. One that is not compiled is trained by Adam on the sparse
            categorical cross-entropy of its probabilities.
        x: training pictures as the network takes them, shape (n, h, w, c).
        y: their classes, shape (n,), or one number for each class, shape (n, k).
        images: pictures whose maps are compared, as `x`; None: the first 50 of `x`.
        methods: see `cascading_randomization`.
        accuracy: on the training labels, at which training ends, in (0, 1]; the paper: 0.95.
        epochs: at most; where they do not suffice it is said in `.notes`.
        batch: pictures in one step of training.
        seed: of both networks' weights and of the permutation.
        **options: see `Query`; without `target=` the class is the one that the network with true labels predicts.

    Returns:
        A `LabelRandomization`.

    Raises:
        TypeError, ValueError: what was given, what was expected, how to mend it.
    """
    if len(x) != len(y) or not len(x):
        raise ValueError(f"{len(x)} pictures and {len(y)} labels were given. Pass one label for each picture.")
    if not 0 < accuracy <= 1:
        raise ValueError(f"accuracy={accuracy:g} is out of range. Pass a share above 0, up to 1; the paper has 0.95.")
    if epochs < 1:
        raise ValueError(f"epochs={epochs} is below 1. Pass how many epochs are trained at most.")
    if batch < 1:
        raise ValueError(f"batch={batch} is below 1. Pass how many pictures are in one step of training.")
    permuted = y[np.random.default_rng(seed).permutation(len(y))]
    if np.array_equal(permuted, y):
        raise ValueError("The labels are the same however they are permuted: one class alone teaches nothing.")
    trained = [_train(build, x, labels, accuracy, epochs, batch, seed + n) for n, labels in enumerate((y, permuted))]
    first, second = (Explainer(model, preprocess=None) for model, _, _ in trained)
    shown = x[:_COMPARED] if images is None else images
    asked = ask(first, [first.picture(image) for image in shown], judged(methods), options)
    (before, _), (after, _) = asked.maps(first), asked.maps(second)
    numbers = [[alike(a, b) for a, b in zip(*columns, strict=True)] for columns in zip(before, after, strict=True)]
    (_, reached, took), (_, reached_by_heart, took_by_heart) = trained
    return LabelRandomization(
        methods=asked.methods,
        values={
            method: {measure: np.array(numbers[m])[:, k] for k, measure in enumerate(MEASURES)}
            for m, method in enumerate(asked.methods)
        },
        accuracies=(reached, reached_by_heart),
        epochs=(took, took_by_heart),
        accuracy=accuracy,
        targets=asked.targets,
        networks=(trained[0][0], trained[1][0]),
        heats={method: _heats(before[m], after[m]) for m, method in enumerate(asked.methods)},
        pictures=[picture.pixels for picture in asked.pictures[:6]],
    )


def _heats(before: Sequence[Map], after: Sequence[Map]) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(a.heat, b.heat) for a, b in zip(before[:6], after[:6], strict=True)]


def _train(
    build: Callable[[], keras.Model],
    x: np.ndarray,
    y: np.ndarray,
    accuracy: float,
    epochs: int,
    batch: int,
    seed: int,
) -> tuple[keras.Model, float, int]:
    """A network, its accuracy on what it was trained on, and the epochs it took."""
    keras.utils.set_random_seed(seed)
    model = build()
    if not isinstance(model, keras.Model):
        raise TypeError(f"build() made a {type(model).__name__}; a new Keras network is expected each time.")
    if not model.compiled:
        loss = "sparse_categorical_crossentropy" if y.ndim == 1 else "categorical_crossentropy"
        model.compile("adam", loss=loss)
    wanted = y if y.ndim == 1 else y.argmax(axis=1)
    classes = np.asarray(model.predict(x[:1], verbose=0)).shape[-1]  # pyright: ignore[reportArgumentType] # takes numbers
    for label in np.unique(wanted):
        class_index(label, [str(k) for k in range(classes)], "of y")
    reached, epoch = 0.0, 0
    while reached < accuracy and epoch < epochs:
        epoch += 1
        model.fit(x, y, batch_size=batch, epochs=1, verbose=0)  # pyright: ignore[reportArgumentType] # takes numbers
        answers = np.asarray(model.predict(x, verbose=0))  # pyright: ignore[reportArgumentType] # takes numbers
        reached = float((answers.argmax(axis=1) == wanted).mean())
    return model, reached, epoch
