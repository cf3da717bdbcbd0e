"""A probe around a network: what a layer holds for a picture, and how a score depends on it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from jaxtyping import Float

from . import traces
from .head import Kind
from .layers import LayerInfo, find_layer


@dataclass(frozen=True)
class Observation:
    """What one forward pass saw: a layer's activations and the network's verdict.

    Attributes:
        activations: shape (n, h, w, c), float32.
        logits: shape (n, k); a single sigmoid unit s counts as two classes, (-s, s).
        log_probabilities: shape (n, k).
    """

    activations: Float[np.ndarray, "n h w c"]
    logits: Float[np.ndarray, "n k"]
    log_probabilities: Float[np.ndarray, "n k"]

    @property
    def probabilities(self) -> Float[np.ndarray, "n k"]:
        """Each class's probability, in [0, 1]."""
        return np.exp(self.log_probabilities)

    @property
    def nbytes(self) -> int:
        """Memory held, in bytes."""
        return self.activations.nbytes + self.logits.nbytes + self.log_probabilities.nbytes


class Probe:
    """A network seen at inputs of one size; compiled once for each layer and score.

    The network is not changed: no cloned model, no permanent wrapper; weights and outputs are
    bit-identical before and after, also after an exception.

    Args:
        model: a built Keras 3 model with one picture as input and one vector as output.
        shape: (height, width, channels) of what it takes.

    Attributes:
        layers: every use of a layer with a map, in order of execution.
        kind: of the network's head, see `Head`.
        classes: number of classes k.
        calls: how many times the network, or its tail, has been run.
    """

    layers: tuple[LayerInfo, ...]
    kind: Kind
    classes: int

    def __init__(self, model: keras.Model, shape: tuple[int, int, int]) -> None:
        self.calls = 0
        self._network = traces.Network(model, shape)
        self._functions: dict[tuple[str, ...], Callable[..., Any] | None] = {}
        found = traces.survey(self._network)
        self.layers, self.kind, self.classes = found.layers, found.kind, found.classes
        if found.kind == "linear" and found.classes > 1 and self._sums_to_one(found.forward):
            self.kind = "probabilities"
            self._network = traces.Network(model, shape, are_probabilities=True)

    def observe(self, layer: LayerInfo, inputs: Float[np.ndarray, "n h w c"]) -> Observation:
        """One forward pass: the layer's activations, and the logits.

        Args:
            layer: one of `layers`.
            inputs: preprocessed pictures, shape (n, height, width, channels).
        """
        function = self._compiled(traces.observe, self._network, layer)
        self.calls += 1
        return Observation(*map(_numbers, function(tf.constant(inputs, tf.float32))))

    def gradient(
        self,
        layer: LayerInfo,
        inputs: Float[np.ndarray, "n height width channels"],
        activations: Float[np.ndarray, "n h w c"],
        *,
        score: str,
        target: int,
    ) -> Float[np.ndarray, "n h w c"]:
        """g = dS/dA at given activations of the layer; runs only what comes behind the layer.

        Args:
            layer: one of `layers`.
            inputs: the pictures, needed where a connection bypasses the layer.
            activations: the layer's output on them, from `observe`.
            score: a name in `SCORES`.
            target: the class.
        """
        function = self._compiled(traces.gradient, self._network, layer, score)
        self.calls += 1
        return _numbers(function(tf.constant(inputs, tf.float32), tf.constant(activations), tf.constant(target)))

    def gradient_through(
        self, layer: LayerInfo, inputs: Float[np.ndarray, "n height width channels"], *, score: str, target: int
    ) -> Float[np.ndarray, "n h w c"]:
        """g = dS/dA at the activations that these pictures give, in one pass forward and back.

        Args:
            layer: one of `layers`.
            inputs: preprocessed pictures.
            score: a name in `SCORES`.
            target: the class.
        """
        function = self._compiled(traces.gradient_through, self._network, layer, score)
        self.calls += 1
        return _numbers(function(tf.constant(inputs, tf.float32), tf.constant(target)))

    def class_weights(self, layer: LayerInfo, target: int) -> Float[np.ndarray, " c"]:
        """The class's column of the Dense (or 1x1 convolution) layer behind global average pooling.

        Raises:
            ValueError: the network's head is another one.
        """
        function = self._compiled(traces.class_weights, self._network, layer)
        if function is None:
            raise ValueError(
                f"method='cam' needs a network in which layer {layer.name!r} is followed by global average pooling "
                "and one Dense (or 1x1 convolution) layer; this one continues differently. Use method='grad_cam', "
                "which is the same map up to a factor where both exist."
            )
        matrix = function().numpy()
        if matrix.shape[1] < self.classes:  # one sigmoid unit: the other class is its negative
            matrix = np.concatenate([-matrix, matrix], axis=1)
        return matrix[:, target]

    def find_layer(self, name: str | None) -> LayerInfo:
        """The layer called `name`, in full or by a unique last part; None: the default one."""
        return find_layer(self.layers, name)

    def fingerprint(self) -> tuple[int, ...]:
        """Numbers that change when the network is trained, reloaded or, if small, touched anywhere.

        So a stale map is noticed at next to no cost, see `traces.fingerprint`.
        """
        function = self._compiled(traces.fingerprint, self._network.model)
        return tuple(function().numpy().tolist())

    def _compiled(self, trace: Callable[..., Any], subject: object, *details: LayerInfo | str) -> Any:
        key = (trace.__name__, *(detail if isinstance(detail, str) else detail.name for detail in details))
        if key not in self._functions:
            self._functions[key] = trace(subject, *details)
        return self._functions[key]

    def _sums_to_one(self, forward: Callable[[tf.Tensor], tf.Tensor]) -> bool:
        """Whether outputs are probabilities: a softmax the graph hides still shows in the numbers."""
        noise = np.random.default_rng(0).random((2, *self._network.shape), np.float32)
        outputs = forward(tf.constant(noise)).numpy()
        return bool((outputs >= 0).all() and np.allclose(outputs.sum(axis=1), 1, atol=1e-3))


def _numbers(tensor: tf.Tensor) -> np.ndarray:
    """As NumPy, read-only: what is measured is kept and handed out more than once."""
    array = tensor.numpy()
    array.setflags(write=False)
    return array
