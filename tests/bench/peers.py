"""Grad-CAM++ beside the same in other packages for Keras: `pip install -e ".[bench]"` brings them.

Each gets its best chance: its object is built once, its softmax taken away once, everything is compiled and warm, and
all look at the same layer of the same weights. None is asked for what it cannot do.
"""

import statistics
from collections.abc import Callable
from importlib.util import find_spec
from itertools import starmap

import keras
import numpy as np
import tensorflow as tf

from .subject import Subject, subject
from .timing import Row, Work, in_turn, ratio

# Makes a function that explains class 0 of one picture at a layer; it gives the map in the picture's size.
Peer = Callable[[Subject, str], Callable[[np.ndarray], object]]


def tf_keras_vis(under: Subject, layer: str) -> Callable[[np.ndarray], object]:
    """tf-keras-vis, its copy of the network made linear once."""
    from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus  # pyright: ignore[reportMissingImports] # of the extra `bench`
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear  # pyright: ignore[reportMissingImports] # of the extra `bench`
    from tf_keras_vis.utils.scores import CategoricalScore  # pyright: ignore[reportMissingImports] # of the extra `bench`

    peer, score = GradcamPlusPlus(under.model, model_modifier=ReplaceToLinear(), clone=True), CategoricalScore([0])
    return lambda picture: peer(score, picture, penultimate_layer=layer, seek_penultimate_conv_layer=False)


def xplique(under: Subject, layer: str) -> Callable[[np.ndarray], object]:
    """Xplique, with a network that ends in logits: its GradCAMPP takes no heed of `output_layer`."""
    from xplique.attributions import GradCAMPP  # pyright: ignore[reportMissingImports] # of the extra `bench`

    linear = getattr(keras.applications, under.name)(weights=None, classifier_activation=None)
    linear.set_weights(under.model.get_weights())
    peer = GradCAMPP(linear, batch_size=1, conv_layer=layer)
    target = tf.one_hot([0], linear.output_shape[-1])
    return lambda picture: np.asarray(peer.explain(picture[None], target))


# Name, module, how to make it.
PEERS: tuple[tuple[str, str, Peer], ...] = (
    ("tf-keras-vis", "tf_keras_vis", tf_keras_vis),
    ("Xplique", "xplique", xplique),
)


def peer_rows(name: str, *, budgets: dict[str, float], rounds: int) -> list[Row]:
    """Grad-CAM++ of a fresh picture / the same by each peer that is installed, taken in turn.

    Args:
        name: of the network.
        budgets: by the peer's name, the most that camwidget's time may be of the peer's.
        rounds: how often all are called.
    """
    under = subject(name)
    installed = [peer for peer in PEERS if find_spec(peer[1])]
    for peer, module, _ in PEERS:
        if not find_spec(module):
            print(f"{name}: no comparison with {peer}, which is not installed")
    if not installed:
        return []
    layer = under.explainer.explain(under.fresh(), target=0).layer
    one = tf.constant(under.fresh()[None])

    def on_fresh(function: Callable[[np.ndarray], object]) -> Work:
        pictures = under.supply(rounds + 1)
        return lambda: function(next(pictures))

    mine = on_fresh(lambda picture: under.explainer.explain(picture, target=0, layer=layer).heatmap)
    theirs = [on_fresh(make(under, layer)) for _, _, make in installed]
    forward, own, *others = in_turn([lambda: under.forward(one).numpy(), mine, *theirs], rounds)

    def row(peer: tuple[str, str, Peer], times: list[float]) -> Row:
        a, b = (1000 * statistics.median(each) for each in (own, times))
        detail = f"{a:.1f} ms / {b:.1f} ms; theirs is {ratio(times, forward):.1f} forward passes"
        return Row(f"{name}: Grad-CAM++ / that of {peer[0]}", ratio(own, times), budgets[peer[0]], "x", detail)

    return list(starmap(row, zip(installed, others, strict=True)))
