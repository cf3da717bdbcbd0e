"""The map follows training: a Keras callback that keeps a widget up to date."""

from typing import Any

import keras

from .camwidget import CamWidget


class CamCallback(keras.callbacks.Callback):
    """Shows in a widget what the network has learnt so far, while `fit` runs.

    At the end of every epoch, or of so many batches, the widget's map is measured with the weights of
    the moment; training waits for that one explanation, and for nothing else. When training ends
    the map is that of the last weights. The strip of many pictures is asked again only then.

    Args:
        widget: of the network in training, or of one that shares weights with it.
        every: "epoch", "batch", or a whole number of batches, as `update_freq` of Keras' TensorBoard.

    Raises:
        TypeError, ValueError: `every` is none of these; when training begins: another network's widget.

    Example:
        >>> widget = CamWidget(model, image)
        >>> widget  # in a cell of its own
        >>> model.fit(images, labels, epochs=5, callbacks=[CamCallback(widget, every=20)])
    """

    def __init__(self, widget: CamWidget, every: str | int = "epoch") -> None:
        super().__init__()
        if not isinstance(widget, CamWidget):
            raise TypeError(f"The first argument is a CamWidget, not {type(widget).__name__}.")
        is_count = isinstance(every, int) and not isinstance(every, bool) and every >= 1
        if every not in ("epoch", "batch") and not is_count:
            raise ValueError(f'every={every!r} is none of "epoch", "batch", or a number of batches from 1.')
        self.widget = widget
        self.every = every
        self._batches = 0  # since the map was shown last
        self._begun = 0  # batches of this epoch that are counted

    def on_train_begin(self, logs: Any = None) -> None:
        """Check that the widget shows this network."""
        network: Any = self.model
        shown = {id(weight) for weight in self.widget.model.weights}
        if shown.isdisjoint(id(weight) for weight in network.weights):
            raise ValueError(
                f"The widget shows {self.widget.model.name!r}, which shares no weights with {network.name!r}, the "
                "network in training. Pass the widget of this network: CamCallback(CamWidget(model, image))."
            )
        self._batches = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Batches are numbered anew."""
        self._begun = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Show the map where enough batches have gone by; one call may stand for several (`steps_per_execution`)."""
        self._batches += batch + 1 - self._begun
        self._begun = batch + 1
        wanted = 1 if self.every == "batch" else self.every
        self._follow(due=isinstance(wanted, int) and self._batches >= wanted)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Show the map."""
        self._follow(due=self.every == "epoch")

    def on_train_end(self, logs: Any = None) -> None:
        """Show the map of the last weights."""
        self._follow(due=True, done=True)

    def _follow(self, *, due: bool, done: bool = False) -> None:
        if due:
            self._batches = 0
        self.widget.follow_training(due=due, done=done)
