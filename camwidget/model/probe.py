"""A probe around a network: what a layer holds for a picture, and how a score depends on it."""

from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf
from jaxtyping import Float, Int, Shaped

from . import traces
from .fingerprint import fingerprint
from .head import OF_LABELS, Kind
from .layers import LayerInfo, find_layer
from .network import Network
from .observation import Observation, Output
from .survey import INPUT, Survey, census, survey
from .weights import Weighted, weighted_layers

Inputs = Float[np.ndarray, "n height width channels"]
Sides = tuple[Shaped[np.ndarray, "_ ..."], ...]
Classes = Int[np.ndarray, " n"]


class Probe:
    """A network seen at inputs of one size; compiled once for each layer and score.

    The network is not changed: no cloned model, no permanent wrapper; weights and outputs are
    bit-identical before and after, also after an exception.

    Every function takes pictures, shape (n, height, width, channels), as the network takes them, and
    `sides`, what goes in beside them, each n or one of it. Classes are one number for each picture.

    Args:
        network: a built Keras 3 model, the size of its inputs, and which output is looked at.
        needs_head: False puts the look at its head off until `layers`, `kind` or `classes` is asked for; what
            concerns layers alone then works on a network that ends in a map.
        tracing: makes what is entered around every trace, in which the network's layers are called.

    Raises:
        ValueError: the output that is looked at is no vector, or has to be chosen.

    Attributes:
        network: the size of its inputs, and how they are handed over.
        calls: how many times the network, or its tail, has been run, or its weights read for a result.
    """

    def __init__(
        self, network: Network, *, needs_head: bool = True, tracing: Callable[[], AbstractContextManager] = nullcontext
    ) -> None:
        self.calls = 0
        self._tracing = tracing
        self.network = network
        self._functions: dict[tuple[Hashable, ...], Any] = {}
        if needs_head:
            _ = self._survey  # raises where the output is no vector of scores

    @cached_property
    def _survey(self) -> Survey:
        return self._compiled(survey, self.network)

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        """Every use of a layer with a map, in order of execution."""
        return self._survey.layers

    @property
    def kind(self) -> Kind:
        """Of the network's head, see `Head`."""
        return self._survey.network.kind

    @property
    def classes(self) -> int:
        """Number of classes or values k."""
        return self._survey.classes

    @property
    def hidden(self) -> tuple[str, ...]:
        """Names of the layers whose map stands inside a `tf.cond` or a loop, where it cannot be seen."""
        return self._survey.hidden

    @property
    def apart(self) -> tuple[str, ...]:
        """Names of the layers whose map does not depend on the picture, but on another input."""
        return self._survey.apart

    @property
    def channels(self) -> tuple[LayerInfo, ...]:
        """Every use of a layer whose output has channels or units, see `census`; whatever the network's head is."""
        return self._compiled(census, self.network)

    @property
    def gives_classes(self) -> bool:
        """Whether the outputs are classes with probabilities, and not values."""
        return self.kind != "values"

    @property
    def gives_labels(self) -> bool:
        """Whether each output is a probability of its own; one alone counts as two classes."""
        return self.kind in OF_LABELS

    @property
    def has_loss(self) -> bool:
        """Whether the network was compiled with a loss, which tells what its outputs are."""
        return getattr(self.network.model, "loss", None) is not None

    def observe(self, layer: LayerInfo, inputs: Inputs, sides: Sides = ()) -> Observation:
        """One forward pass: the layer's output, and the logits."""
        if layer.name == INPUT:
            return Observation(layer, inputs, *self.verdict(inputs, sides))
        return Observation(layer, *self._run(traces.observe, (layer,), inputs, sides))

    def verdict(self, inputs: Inputs, sides: Sides = ()) -> tuple[Float[np.ndarray, "n k"], Float[np.ndarray, "n k"]]:
        """One forward pass: logits and log probabilities alone."""
        logits, logs = self._run(traces.verdict, (), inputs, sides)
        return logits, logs

    def gradient(
        self,
        layer: LayerInfo,
        score: str,
        inputs: Inputs,
        output: Output,
        classes: tuple[Classes, Classes],
        sides: Sides = (),
    ) -> Output:
        """dS/d output where the layer returns `output`; runs only what comes behind the layer.

        Args:
            layer: one of `layers`.
            score: a name in `SCORES`.
            inputs: the pictures, needed where a connection bypasses the layer.
            output: of the layer on them, from `observe`.
            classes: target, and the class it is set against.
            sides: the other inputs.
        """
        (gradient,) = self._run(traces.gradient, (layer, score), inputs, sides, output, *classes)
        return gradient

    def gradient_through(
        self, layer: LayerInfo, score: str, inputs: Inputs, classes: tuple[Classes, Classes], sides: Sides = ()
    ) -> tuple[Float[np.ndarray, "n h w c"], Float[np.ndarray, " n"]]:
        """g = dS/dA, and S, at the activations that these pictures give, in one pass forward and back."""
        gradient, scores = self._run(traces.gradient_through, (layer, score), inputs, sides, *classes)
        return layer.on_grid(gradient), scores

    def scores_at(
        self,
        layer: LayerInfo,
        score: str,
        inputs: Inputs,
        output: Output,
        classes: tuple[Classes, Classes],
        sides: Sides = (),
    ) -> Float[np.ndarray, " n"]:
        """S where the layer returns `output`; runs only what comes behind the layer."""
        (scores,) = self._run(traces.scores_at, (layer, score), inputs, sides, output, *classes)
        return scores

    def pixel_gradient(
        self, score: str, rule: str, inputs: Inputs, classes: tuple[Classes, Classes], sides: Sides = ()
    ) -> tuple[Inputs, Float[np.ndarray, " n"], int]:
        """dS/d inputs by a rule for ReLUs ("plain", "guided", "deconvnet"), S, and how many ReLUs follow the rule."""
        gradient, scores, relus = self._run(traces.pixel_gradient, (score, rule), inputs, sides, *classes)
        return gradient, scores, int(relus)

    def pixel_gradient_of(
        self, layer: LayerInfo, rule: str, inputs: Inputs, chosen: Float[np.ndarray, "h w c"], sides: Sides = ()
    ) -> tuple[Inputs, Float[np.ndarray, " n"], int]:
        """The same for S = the sum of the layer's chosen activations.

        Args:
            layer: one of `layers`.
            rule: for ReLUs.
            inputs: the pictures.
            chosen: 1 or 0 at each neuron and filter of the layer's grid.
            sides: the other inputs.
        """
        if layer.prefix is not None:
            chosen = np.pad(chosen.reshape(-1, layer.channels), ((layer.prefix, 0), (0, 0)))
        gradient, sums, relus = self._run(traces.pixel_gradient_of, (layer, rule), inputs, sides, chosen)
        return gradient, sums, int(relus)

    def class_weights(self, layer: LayerInfo, target: int) -> Float[np.ndarray, " c"]:
        """The class's column of the Dense (or 1x1 convolution) layer behind global average pooling.

        Raises:
            ValueError: the network's head is another one.
        """
        function = self._compiled(traces.class_weights, self._survey.network, layer)
        if isinstance(function, str):
            raise ValueError(
                f"method='cam' needs a network in which layer {layer.name!r} is followed by global average pooling "
                f"and one Dense (or 1x1 convolution) layer; here {function}. Use method='grad_cam', "
                "which is the same map up to a factor where both exist."
            )
        self.calls += 1
        matrix = function().numpy()
        if matrix.shape[1] < self.classes:  # one sigmoid unit: the other class is its negative
            matrix = np.concatenate([-matrix, matrix], axis=1)
        return matrix[:, target]

    def find_layer(self, name: str | None) -> LayerInfo:
        """The layer called `name`, in full or by a unique last part; None: the default one.

        Raises:
            ValueError: there is none.
        """
        if not self.layers and self._survey.tokens:
            raise ValueError(
                "This network's layers hold tokens that do not form a grid over the picture, so they have no map. "
                "Use a pixel method: method='gradient' or 'integrated_gradients'."
            )
        if name is not None and any(name in (each, each.rsplit("/", 1)[-1]) for each in self.hidden):
            raise ValueError(
                f"Layer {name!r} is called inside a tf.cond or a loop of the network's own, where its output cannot be "
                "seen. Pass a layer outside it, such as the one that takes its result."
            )
        return find_layer(self.layers, name)

    def layer_for(self, name: str | None, *, anything: bool) -> LayerInfo:
        """The layer called `name`, or the default one; the picture itself where anything will do and there is none.

        Args:
            name: of a layer.
            anything: whether no layer is needed, as for the gradient of a class's score.
        """
        if name == INPUT or (name is None and anything and not any(layer.default for layer in self.layers)):
            height, width, channels = self.network.shape
            return LayerInfo(INPUT, "InputLayer", height, width, channels)
        return self.find_layer(name)

    def weighted_layers(self) -> tuple[Weighted, ...]:
        """The layers with weights of their own, in order of execution, see `weighted_layers`."""
        return self._compiled(weighted_layers, self.network)

    @property
    def fingerprint(self) -> Callable[[], tuple[int, ...]]:
        """Compiled here, and called in any thread: numbers that change with the network, see `fingerprint`."""
        others = self._survey.variables if "_survey" in vars(self) else ()
        function = self._compiled(fingerprint, self.network.model, others)
        return lambda: tuple(function().numpy().tolist())

    def _run(
        self,
        trace: Callable[..., Any],
        details: tuple[LayerInfo | str, ...],
        inputs: Inputs,
        sides: Sides,
        *others: Any,
    ) -> list[np.ndarray]:
        function = self._compiled(trace, self._survey.network, *details)
        self.calls += 1
        count = len(inputs)
        beside = tuple(tf.constant(side if len(side) == count else np.repeat(side, count, axis=0)) for side in sides)
        # A picture is copied into TensorFlow in a third of a millisecond; behind most layers nothing needs it.
        given = tf.constant(inputs, tf.float32) if function.reads_first else self._no_pictures
        results = function(given, beside, *map(tf.constant, others))
        return [_numbers(tensor) for tensor in (results if isinstance(results, tuple | list) else (results,))]

    @cached_property
    def _no_pictures(self) -> tf.Tensor:
        return tf.zeros((0, *self.network.shape))

    def compiled(self, trace: Callable[..., Any], *details: Hashable) -> Any:
        """What `trace(network, *details)` compiles; once for the same details, however often it is asked for."""
        return self._compiled(trace, self.network, *details)

    def headed(self, trace: Callable[..., Any], *details: Hashable) -> Any:
        """The same with a network whose kind of head is known."""
        return self._compiled(trace, self._survey.network, *details)

    def _compiled(self, trace: Callable[..., Any], subject: object, *details: Hashable) -> Any:
        key = (trace.__name__, *(detail.name if isinstance(detail, LayerInfo) else detail for detail in details))
        if key not in self._functions:
            with self._tracing():
                self._functions[key] = trace(subject, *details)
        return self._functions[key]


def _numbers(tensor: tf.Tensor) -> np.ndarray:
    """As NumPy, read-only: what is measured is kept and handed out more than once."""
    array = tensor.numpy()
    if isinstance(array, np.ndarray):
        array.setflags(write=False)
    return np.asarray(array)
