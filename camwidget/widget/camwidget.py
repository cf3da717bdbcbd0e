"""The widget: a picture, its class activation map, and the network's neurons to choose from."""

import time
from dataclasses import replace
from functools import cached_property
from typing import Any

import traitlets

from camwidget.explanation import ClassNames, Explanation, Query, make_query, shared_explainer
from camwidget.explanation.drawing import palette
from camwidget.explanation.measuring import Checkpoint
from camwidget.explanation.query import check_option, takes_query
from camwidget.model import Model, Picture, Preprocess
from camwidget.model.survey import INPUT

from . import contract
from .keeping import Keeping
from .reproduce import Given, said
from .requests import Asked, respond
from .scheduler import Scheduler, Superseded, Token
from .state import (
    FIXED,
    QUERY_TRAITS,
    Request,
    as_plain,
    as_traits,
    follow,
    of_what_was_stopped,
    refuse_unknown,
    same_evidence,
    same_measurement,
    status_of,
)
from .streaming import since, streamed


class CamWidget(Keeping):
    """Ask a network why, in a notebook.

    Shows the picture, the class activation map over it and the layer's grid of neurons. Drag over
    neurons, pick filters, change class, layer, method or noise: the map follows. Every choice is a
    trait, so it can be set, observed and linked from Python as well.

    Args:
        model: a Keras 3 network, see `Explainer`.
        image: path, PIL image, array or tensor, see `Explainer.explain`.
        preprocess: "auto", None or a function, see `Explainer`.
        class_names: one name for each class, in order or by number.
        colormap: any matplotlib colour map.
        opacity: of the heat over the picture, in [0, 1].
        view: "smooth", "cells", "filters" (one map for each) or "inputs" (what the network sees).
        **options: see `Query`. `method`, `layer`, `target`, `score`, `samples`, `noise`, `filters`,
            `neurons` and `region` are traits; the others stay as they are given here.

    Raises:
        TypeError, ValueError: what was given, what was expected, how to mend it. Once the widget
            lives, bad input shows as a sentence in it and it goes back to its last good state.

    Example:
        >>> widget = CamWidget(samples.network(), samples.scene(7).image, class_names=samples.CLASS_NAMES)
        >>> widget.region = [(2, 3), (6, 9)]
        >>> widget.wait().map.shape
        (14, 14)
    """

    @takes_query
    def __init__(
        self,
        model: Model,
        image: object,
        *,
        preprocess: str | Preprocess | None = "auto",
        class_names: ClassNames | None = None,
        colormap: str = "viridis",
        opacity: float = 0.6,
        view: str = "smooth",
        **options: object,
    ) -> None:
        refuse_unknown(options, ("model", "image", "preprocess", "class_names", "colormap", "opacity", "view"))
        query = make_query(options)
        palette(colormap)  # raises for an unknown one
        self._explainer = shared_explainer(model, preprocess=preprocess, class_names=class_names)
        start = time.perf_counter()
        self._fixed = {name: getattr(query, name) for name in FIXED}
        self._explanation = self._explainer.answer(self._explainer.picture(image, query.input), query)
        self._settled_image, self._given = image, Given(preprocess, self._explainer.given_names)
        self._refused = ("", 0)  # the trait whose value was refused last, and how much had been submitted by then
        milliseconds = since(start)
        probe = self._explainer.probe(self._explanation.picture, query.output)
        self._said = said(self._explanation, probe, self._given)
        super().__init__(
            image=image,
            colormap=colormap,
            opacity=opacity,
            view=view,
            choices=contract.encode_choices(self._explainer, probe, colormap),
            evidence=contract.encode_evidence(self._explanation, 1),
            result=contract.encode_result(self._explanation, seq=1, evidence_id=1, milliseconds=milliseconds),
            **as_traits(self._explanation.query),
        )
        self.observe(self._on_change, [*QUERY_TRAITS, "image"])
        self.on_msg(self._on_message)

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

    def refresh(self) -> None:
        """Read the picture and measure again, for instance after weights were changed by hand."""
        self._scheduler.submit({"refresh"})

    def close(self) -> None:
        """End the worker and the connection to the page; may be called twice."""
        with self._lock:
            self._scheduler.close()
            super().close()

    # -- from a choice to its answer ----------------------------------------------------------

    @cached_property  # on demand, since ipywidgets also closes a widget whose constructor refused its arguments
    def _scheduler(self) -> Scheduler[str, Request]:
        return Scheduler(self._take, self._answer, self._lock)

    @traitlets.validate(*QUERY_TRAITS)
    def _check_option(self, proposal: Any) -> Any:
        name = proposal.trait.name
        try:
            checked = as_plain(check_option(name, proposal.value))
        except (TypeError, ValueError) as error:
            self._refuse(name, str(error))
            return getattr(self, name)
        self._accept(name)
        return checked

    @traitlets.observe("colormap")
    def _offer_colormap(self, change: Any) -> None:
        try:
            colormaps = contract.encode_colormaps(change.new)
        except ValueError as error:
            self._refuse("colormap", str(error))
            self.colormap = change.old
        else:
            with self._lock:
                self.choices = {**dict(self.choices), "colormaps": colormaps}

    def _refuse(self, name: str, message: str) -> None:
        with self._lock:
            self.error = message
            self._refused = name, self._scheduler.number

    def _accept(self, name: str) -> None:
        if self.error and self._refused[0] == name:
            self.error = ""

    def _on_change(self, change: Any) -> None:
        if not self._is_told(change):
            self._scheduler.submit({change.name})

    def _take(self, changed: frozenset[str]) -> Request:
        return Request(self.image, {name: getattr(self, name) for name in QUERY_TRAITS}, changed)

    def _on_message(self, widget: object, content: dict, buffers: list) -> None:
        asked = Asked(self._explainer, self._explanation, self._scheduler.stop)
        respond(asked, content, lambda found: self.send(dict(found.fields), list(found.buffers)))

    def _answer(self, request: Request, token: Token) -> None:
        """Runs in the worker: the one place that computes and writes results."""
        start = time.perf_counter()
        try:
            picture, query = self._understand(request)
            explanation = None
            if self.status == "stopped":
                explanation = of_what_was_stopped(self._explanation, picture, query, request.changed)
            if explanation is None:
                checkpoint = self._checkpoint(picture, query, token)
                show = streamed(lambda so_far: self._publish(request, so_far, since(start), token, partial=True))
                explanation = self._explainer.answer(picture, query, checkpoint, show=show)
        except Superseded:
            raise
        except (TypeError, ValueError) as error:
            self._fall_back(request, str(error))
        except Exception as error:  # whatever a user's network or preprocessing raises belongs on the screen
            self._fall_back(request, f"The map could not be computed: {type(error).__name__}: {error}")
        else:
            self._publish(request, explanation, since(start), token)

    def _understand(self, request: Request) -> tuple[Picture, Query]:
        """Check what the traits say and add what follows from it."""
        before, picture = self._explanation.query, self._explanation.picture
        options = {**request.options, **self._fixed}
        if "refresh" in request.changed:
            self._explainer.refresh()
        if not request.changed.isdisjoint({"image", "refresh"}):
            picture = self._explainer.picture(request.image, before.input)
        if "image" in request.changed and "target" not in request.changed:
            options["target"] = None  # another picture: what does the network see in this one?
        query = make_query(options)
        if before.layer == INPUT and "layer" not in request.changed:
            query = replace(query, layer=None)  # the picture stood in for a layer; the method may want a real one
        probe = self._explainer.probe(picture, query.output)
        layer = probe.layer_for(query.layer, anything=query.record.selects_target)
        query = replace(query, layer=layer.name)
        return picture, follow(query, before, request.changed, self._explanation.layer_info.grid, layer.grid)

    def _checkpoint(self, picture: Picture, query: Query, token: Token) -> Checkpoint:
        """Show that the network is at work, where it will be, and how far it is."""
        if picture is not self._explanation.picture or not same_measurement(query, self._explanation.query):
            with self._lock:
                self.progress, self.status = 0.0, "computing"

        def checkpoint(share: float) -> bool:
            # Not at any price: whoever holds the lock may be waiting for the network.
            if self._lock.acquire(blocking=False):
                try:
                    self.progress = share
                finally:
                    self._lock.release()
            return token.go_on()

        return checkpoint

    def _publish(
        self, request: Request, explanation: Explanation, milliseconds: float, token: Token, *, partial: bool = False
    ) -> None:
        before = self._explanation
        probe = self._explainer.probe(explanation.picture, explanation.query.output)
        fresh_picture = explanation.picture is not before.picture
        fresh = not same_evidence(explanation, before)
        options = said(explanation, probe, self._given)
        seq, identity = dict(self.result)["seq"] + 1, dict(self.evidence)["id"] + fresh
        values: dict[str, Any] = {}
        if fresh_picture:
            values["choices"] = contract.encode_choices(self._explainer, probe, self.colormap)
        if fresh:
            values["evidence"] = contract.encode_evidence(explanation, identity)
        values["result"] = contract.encode_result(explanation, seq=seq, evidence_id=identity, milliseconds=milliseconds)
        if not partial:
            values["status"] = status_of(explanation)
        with self._lock:
            if self._scheduler.closed:
                return
            if self.error and token.number > self._refused[1]:
                values["error"] = ""
            self._explanation, self._settled_image, self._said = explanation, request.image, options
            if fresh_picture:
                self.send_state("image")
            settled = {} if partial else self._settled(request, explanation.query)
            self._tell({**settled, **values, "code": self._written()})

    def _fall_back(self, request: Request, message: str) -> None:
        """Say what is wrong and go back to what was answered last."""
        with self._lock:
            if self._scheduler.closed:
                return
            values = self._settled(request, self._explanation.query)
            if self.image is request.image and request.image is not self._settled_image:
                values["image"] = self._settled_image
            self._refused = "", self._scheduler.number
            self._tell({**values, "error": message, "status": status_of(self._explanation)})

    def _settled(self, request: Request, query: Query) -> dict[str, Any]:
        """The traits as the answered query has them; not those that were set again meanwhile."""
        return {
            name: value
            for name, value in as_traits(query).items()
            if getattr(self, name) == request.options[name] != value
        }
