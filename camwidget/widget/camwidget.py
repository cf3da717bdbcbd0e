"""The widget: a picture, its class activation map, and the network's neurons to choose from."""

import base64
import pathlib
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from camwidget.explanation import Explainer, Explanation, Query, make_query
from camwidget.explanation.drawing import palette, png
from camwidget.explanation.measure import Checkpoint
from camwidget.model import Model, Picture, Preprocess

from . import contract
from .scheduler import Scheduler, Superseded, Token
from .state import QUERY_TRAITS, Request, as_traits, follow, same_measurement
from .traits import Traits


class CamWidget(Traits):
    """Ask a network why, in a notebook.

    Shows the picture, the class activation map over it and the layer's grid of neurons. Drag over
    neurons, pick filters, change class, layer, method or noise: the map follows. Every choice is a
    trait, so it can be set, observed and linked from Python as well.

    Args:
        model: a Keras 3 network that takes one picture and gives one vector of class scores.
        image: path, PIL image, array or tensor, see `Explainer.explain`.
        preprocess: "auto", None or a function, see `Explainer`.
        class_names: one name for each class, in order.
        method: a CAM method: "cam", "grad_cam", "grad_cam++", "smooth_grad_cam++".
        layer: a layer's name; None: the last convolution's output.
        target: a class, by index or name; None: the one the network predicts.
        score: what is explained: "logit" or "log_probability".
        samples: noisy copies averaged; None: as the method has it.
        noise: their standard deviation, as a share of the picture's range, in [0, 1].
        filters: channels kept; None: all.
        neurons: single neurons (row, column) kept; None: all.
        region: two corners of a box of neurons, inclusive, or a list of such boxes; None: all.
        colormap: any matplotlib colour map.
        opacity: of the heat over the picture, in [0, 1].
        view: "smooth" or "cells".

    Raises:
        TypeError, ValueError: what was given, what was expected, how to mend it. Once the widget
            lives, bad input shows as a sentence in it and it goes back to its last good state.

    Example:
        >>> widget = CamWidget(samples.network(), samples.scene(7).image, class_names=samples.CLASS_NAMES)
        >>> widget.region = [(2, 3), (6, 9)]
        >>> widget.wait().map.shape
        (14, 14)
    """

    def __init__(
        self,
        model: Model,
        image: object,
        *,
        preprocess: str | Preprocess | None = "auto",
        class_names: Sequence[str] | None = None,
        method: str = "grad_cam++",
        layer: str | None = None,
        target: int | str | None = None,
        score: str = "logit",
        samples: int | None = None,
        noise: float = 0.15,
        filters: Sequence[int] | None = None,
        neurons: Sequence[tuple[int, int]] | None = None,
        region: Sequence[Any] | None = None,
        colormap: str = "viridis",
        opacity: float = 0.6,
        view: str = "smooth",
    ) -> None:
        query = make_query(
            dict(
                method=method,
                layer=layer,
                target=target,
                score=score,
                samples=samples,
                noise=noise,
                filters=filters,
                neurons=neurons,
                region=region,
            )
        )
        palette(colormap)  # raises for an unknown one
        self._explainer = Explainer(model, preprocess=preprocess, class_names=class_names)
        start = time.perf_counter()
        self._explanation = self._explainer.answer(self._explainer.picture(image), query)
        self._settled_image = image
        milliseconds = (time.perf_counter() - start) * 1000
        super().__init__(
            image=image,
            colormap=colormap,
            opacity=opacity,
            view=view,
            choices=contract.encode_choices(
                self._explainer, self._explainer.probe(self._explanation.picture), colormap
            ),
            evidence=contract.encode_evidence(self._explanation, 1),
            result=contract.encode_result(self._explanation, seq=1, evidence_id=1, milliseconds=milliseconds),
            **as_traits(self._explanation.query),
        )
        self.observe(self._on_change, [*QUERY_TRAITS, "image"])
        self.on_msg(self._on_message)

    # -- what it shows ------------------------------------------------------------------------

    @property
    def explanation(self) -> Explanation:
        """The newest explanation."""
        return self._explanation

    @property
    def heatmap(self) -> Float[np.ndarray, "H W"]:
        """The newest map over the picture, in [0, 1]."""
        return self._explanation.heatmap

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers with a map, in order of depth."""
        return tuple(choice["value"] for choice in self.choices["layers"])

    def wait(self, timeout: float | None = None) -> Explanation:
        """Block until the newest choice is answered.

        Args:
            timeout: most seconds to wait; None: as long as it takes.

        Returns:
            The newest explanation.

        Raises:
            TimeoutError: it took longer.
            ValueError: the newest choice could not be answered; says why.
        """
        if not self._scheduler.wait(timeout):
            raise TimeoutError(f"No answer within {timeout} seconds. Pass a longer timeout=, or fewer samples.")
        if self.error:
            raise ValueError(self.error)
        return self._explanation

    def save(self, path: str | pathlib.Path) -> None:
        """Write picture and map as an image file; the ending of `path` chooses the format."""
        self._explanation.save(path, colormap=self.colormap, opacity=self.opacity)

    def refresh(self) -> None:
        """Measure again, for instance after weights were changed by hand."""
        self._explainer.refresh()
        self._submit()

    def close(self) -> None:
        """End the worker and the connection to the page; may be called twice."""
        self._scheduler.close()
        super().close()

    def __repr__(self) -> str:
        return f"<CamWidget: {self._explanation.title}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        picture = self._explanation.overlay(colormap=self.colormap, opacity=self.opacity)
        return {**data, "image/png": base64.b64encode(png(picture)).decode()}, metadata

    @cached_property
    def _lock(self) -> Any:
        # One for the traits and the slot: a message from the page is taken in whole before the
        # worker sets a trait, and the other way round.
        return threading.RLock()

    # Made on demand, since ipywidgets also closes a widget whose constructor has refused its arguments.
    @cached_property
    def _scheduler(self) -> Scheduler[Request]:
        return Scheduler(self._answer, self._lock)

    # -- from a choice to its answer ----------------------------------------------------------

    def set_state(self, sync_data: dict) -> None:
        """Take in what the page says; nothing else sets a trait meanwhile."""
        with self._lock:
            super().set_state(sync_data)

    def _encoded_image(self) -> dict:
        return contract.encode_picture(self._explanation.picture)

    def _on_change(self, change: object) -> None:
        if not self._scheduler.in_worker():
            self._submit()

    def _submit(self) -> None:
        self._scheduler.submit(Request(self.image, {name: getattr(self, name) for name in QUERY_TRAITS}))

    def _on_message(self, widget: object, content: dict, buffers: list) -> None:
        known = content.get("kind") == "stop"
        error = "" if known else f"No request of kind {content.get('kind')!r}; the kernel knows 'stop'."
        if known and not self._scheduler.stop():
            error = "Nothing is being computed."
        self.send({"id": content.get("id"), "error": error})

    def _answer(self, request: Request, token: Token) -> None:
        """Runs in the worker: the one place that computes and writes results."""
        start = time.perf_counter()
        try:
            picture, query = self._understand(request)
            explanation = self._explainer.answer(picture, query, self._checkpoint(picture, query, token))
        except Superseded:
            raise
        except (TypeError, ValueError) as error:
            self._fall_back(str(error))
        except Exception as error:  # whatever a user's network raises belongs on the screen
            self._fall_back(f"The network failed with {type(error).__name__}: {error}")
        else:
            self._publish(request, explanation, (time.perf_counter() - start) * 1000, token.stopped)

    def _understand(self, request: Request) -> tuple[Picture, Query]:
        """Check what the traits say and add what follows from it."""
        before, picture = self._explanation.query, self._explanation.picture
        options = dict(request.options)
        if request.image is not self._settled_image:
            picture = self._explainer.picture(request.image)
            if options["target"] == before.target:
                options["target"] = None  # another picture: what does the network see in this one?
        query = make_query(options)
        layer = self._explainer.probe(picture).find_layer(query.layer)
        query = replace(query, layer=layer.name)
        return picture, follow(query, before, self._explanation.layer_info.grid, layer.grid)

    def _checkpoint(self, picture: Picture, query: Query, token: Token) -> Checkpoint:
        """Show that the network is at work, where it will be, and how far it is."""
        if picture is not self._explanation.picture or not same_measurement(query, self._explanation.query):
            with self._lock:
                self.progress, self.status = 0.0, "computing"

        def checkpoint(share: float) -> bool:
            go_on = token.go_on()
            with self._lock:
                self.progress = share
            return go_on

        return checkpoint

    def _publish(self, request: Request, explanation: Explanation, milliseconds: float, stopped: bool) -> None:
        with self._lock:
            before, self._explanation = self._explanation, explanation
            self._settled_image = request.image
            if self._scheduler.is_newest():
                self._write(as_traits(explanation.query))
            if explanation.picture is not before.picture:
                self.send_state("image")
                probe = self._explainer.probe(explanation.picture)
                self.choices = contract.encode_choices(self._explainer, probe, self.colormap)
            seq, identity = dict(self.result)["seq"] + 1, dict(self.evidence)["id"]
            if explanation.evidence.activations is not before.evidence.activations or not np.array_equal(
                explanation.weights, before.weights
            ):
                identity += 1
                self.evidence = contract.encode_evidence(explanation, identity)
            self.result = contract.encode_result(explanation, seq=seq, evidence_id=identity, milliseconds=milliseconds)
            self.error = ""
            self.status = "stopped" if stopped else "idle"

    def _fall_back(self, message: str) -> None:
        """Say what is wrong and go back to what was answered last."""
        with self._lock:
            if self._scheduler.is_newest():
                self._write(as_traits(self._explanation.query))
                if self.image is not self._settled_image:
                    self.image = self._settled_image
                self.error = message
                self.status = "idle"

    def _write(self, values: Mapping[str, object]) -> None:
        for name, value in values.items():
            if getattr(self, name) != value:
                setattr(self, name, value)
