"""The layers of a network that have a map, named, in order of depth, and the one to explain first."""

import difflib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

REASON = "the last convolution's output after its normalisation, addition and activation, before pooling"
TOKENS_REASON = "the last layer whose tokens stand for places in the picture and reach the output"


@dataclass(frozen=True)
class LayerInfo:
    """One use of a layer whose output is a map.

    Attributes:
        name: where it stands, `backbone/block5_conv3`; `#2` marks the second use.
        kind: the layer's class, as Keras names it.
        rows, columns, channels: shape of its output.
        default: whether it is the layer explained where none is named.
        reason: why it is the default; "" for the others.
        has_weights: whether the layer itself has weights.
        listed: False for a layer that only hands on another's output (a nested network, dropout).
        prefix: None where the output is a grid, shape (n, rows, columns, channels); a number where it
            is a row of tokens, shape (n, prefix + rows * columns, channels), of which the first
            `prefix` stand for no place in the picture (a class token).
        dtype: of its output in the network itself.
    """

    name: str
    kind: str
    rows: int
    columns: int
    channels: int
    default: bool = False
    reason: str = ""
    has_weights: bool = False
    listed: bool = True
    prefix: int | None = None
    dtype: str = "float32"

    @property
    def is_convolution(self) -> bool:
        """Whether the layer's class is one of Keras' convolutions."""
        return "Conv" in self.kind

    @property
    def is_pooling(self) -> bool:
        """Whether the layer's class is one of Keras' poolings."""
        return "Pooling" in self.kind

    def on_grid(self, output: np.ndarray) -> np.ndarray:
        """The layer's output, or its derivative, on the grid: shape (n, rows, columns, channels)."""
        if self.prefix is None:
            return output
        return output[:, self.prefix :].reshape(len(output), *self.grid, self.channels)

    @property
    def grid(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.rows, self.columns


def mark_default(
    layers: Sequence[LayerInfo], *, weights_follow: bool, without_effect: Collection[str] = ()
) -> tuple[LayerInfo, ...]:
    """The same layers with one marked as the default.

    The last convolution with a grid, then everything on the same grid behind it: normalisation,
    addition, activation, concatenation; pooling to another grid ends it (some cells pool in one of
    their branches and keep the grid). A convolution behind which no layer has
    weights is the class map itself (SqueezeNet's conv10): it and what follows are passed over.
    In a vision transformer the tokens on the patches' grid follow the convolution that makes them;
    where a class token alone is read at the end, the last tokens that reach it count.

    Args:
        layers: in order of execution.
        weights_follow: whether a layer without a map (a Dense layer) has weights behind them.
        without_effect: names of layers whose output, on the grid, does not reach the network's.
    """
    end = len(layers)
    weighted = [position for position, layer in enumerate(layers) if layer.has_weights and layer.listed]
    if weighted and not weights_follow and layers[weighted[-1]].is_convolution and len(weighted) > 1:
        end = weighted[-1]
    candidates = [
        position
        for position, layer in enumerate(layers[:end])
        if layer.is_convolution and layer.listed and min(layer.grid) > 1
    ]
    tokens = [p for p, layer in enumerate(layers) if layer.prefix is not None and layer.listed]
    if not candidates and not tokens:
        return tuple(layers)
    chosen = candidates[-1] if candidates else tokens[0]
    for position in range(chosen + 1, end):
        layer = layers[position]
        if layer.grid != layers[chosen].grid:
            break
        if layer.listed and not layer.is_pooling and layer.name not in without_effect:
            chosen = position
    reason = REASON if layers[chosen].prefix is None else TOKENS_REASON
    return tuple(
        replace(layer, default=True, reason=reason) if position == chosen else layer
        for position, layer in enumerate(layers)
    )


# Names that an error lists; a network of hundreds of layers would cover the page with them.
_MOST_NAMES = 12


def _few(names: Iterable[str]) -> str:
    """All names, or of many the first and the last, where most people look, and how many there are."""
    known = list(names)
    if len(known) <= _MOST_NAMES:
        return ", ".join(known)
    half = _MOST_NAMES // 2
    return f"{', '.join(known[:half])}, ..., {', '.join(known[-half:])} ({len(known)} in all, see Explainer.layers)"


def find_layer(layers: Sequence[LayerInfo], name: str | None, *, having: str = "a map") -> LayerInfo:
    """The layer called `name`, in full or by a unique last part; None: the default layer.

    Args:
        layers: to choose from.
        name: of the layer.
        having: what these layers have and others have not, for the errors.

    Raises:
        TypeError: `name` is not a string.
        ValueError: no such layer, several with that last part, or no layer with a map at all.
    """
    listed = [layer for layer in layers if layer.listed]
    if not listed:
        raise ValueError(
            "This network has no layer with a map: no layer's output has rows, columns and channels, so there is "
            "nothing to paint over a picture. Pass a convolutional network."
        )
    names = _few(layer.name for layer in listed)
    if name is None:
        for layer in listed:
            if layer.default:
                return layer
        raise ValueError(f"No convolution to explain by default. Layers with {having}: {names}. Pass one as layer=.")
    if not isinstance(name, str):
        raise TypeError(f"layer= takes a layer's name, not {type(name).__name__}. Layers with {having}: {names}.")
    for layer in layers:
        if layer.name == name:
            return layer
    alike = [layer for layer in layers if layer.name.rsplit("/", 1)[-1] == name]
    if len(alike) == 1:
        return alike[0]
    if alike:
        several = _few(layer.name for layer in alike)
        raise ValueError(f"Several layers are called {name!r}: {several}. Pass one of these as layer=.")
    nearest = difflib.get_close_matches(name, [layer.name for layer in listed], n=1)
    hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
    raise ValueError(f"No layer {name!r}.{hint} Layers with {having}: {names}. Pass one as layer=.")
