"""From a choice to its answer: what the network is asked, what the page is told, what is said when it fails."""

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import traitlets

from camwidget.explanation import Explainer, Explanation, Query, make_query
from camwidget.explanation.measuring import Checkpoint
from camwidget.model import Picture
from camwidget.model.survey import INPUT

from . import contract
from .comparable import comparable
from .exciting import Exciting, Wanted
from .keeping import Keeping
from .reproduce import said
from .scheduler import Scheduler, Superseded, Token
from .state import (
    QUERY_TRAITS,
    Request,
    as_traits,
    check_trait,
    follow,
    of_what_was_stopped,
    retrained,
    same_evidence,
    same_measurement,
    status_of,
)
from .streaming import since, streamed
from .strip import Strip

# Seconds without a batch after which training counts as over, also where an error has ended it.
_TRAINING = 30.0

# Seconds that something not done yet waits to be shown.
_PATIENCE = 0.05


class Answering(Keeping):
    """The part of a `CamWidget` that answers, in a worker of its own."""

    # set by the widget
    _explainer: Explainer
    # the newest that is whole: what is asked next follows from it, not from what is shown meanwhile
    _answered: Explanation
    _strip: Strip
    _fixed: Mapping[str, Any]
    # the traits whose values were refused last, and how much had been submitted by then
    _refused: tuple[frozenset[str], int]

    @cached_property  # on demand, since ipywidgets also closes a widget whose constructor refused its arguments
    def _scheduler(self) -> Scheduler[str, Request]:
        return Scheduler(self._take, self._answer, self._lock, self._look_on)

    @traitlets.validate(*QUERY_TRAITS, "index")
    def _check_option(self, proposal: Any) -> Any:
        name = proposal.trait.name
        try:
            checked = check_trait(name, proposal.value)
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
            self._refused = frozenset({name}), self._scheduler.number

    def _accept(self, name: str) -> None:
        # Also where it is what the widget went back to, which is no change.
        if self.error and name in self._refused[0]:
            self.error = ""

    def _on_change(self, change: Any) -> None:
        if self._is_told(change):
            return
        if change.name == "image":
            self._tell({"index": None})  # none of those that were given
        self._scheduler.submit({change.name})

    def _take(self, changed: frozenset[str]) -> Request:
        options = {name: getattr(self, name) for name in QUERY_TRAITS}
        return Request(self.image, self.index, options, changed)

    def follow_training(self, *, due: bool, done: bool = False) -> None:
        """The network has learnt: where it is `due` the map follows, and training waits for one explanation at most."""
        self._strip.rest(0 if done else _TRAINING)
        if due:
            self._scheduler.submit({"training"})
            self._scheduler.wait_once()

    def _look_on(self) -> float | None:
        """Runs in the worker when nothing is asked for: a few more pictures are read, and others form."""
        pause = self._strip.step()
        if self._strip.has_news:
            self._tell_pictures()
        return 0.0 if self._exciting.step() else pause

    @cached_property
    def _exciting(self) -> Exciting:
        return Exciting(self._explainer, self._send_frames)

    def _maximize(self, wanted: Wanted) -> None:
        self._exciting.want(wanted)
        self._scheduler.start()

    def _send_frames(self, fields: dict[str, Any]) -> None:
        with self._lock:
            if not self._scheduler.closed:
                self.send(fields)

    @traitlets.observe("order")
    def _tell_pictures(self, _: Any = None) -> None:
        with self._lock:
            if not self._scheduler.closed:
                self._tell({"pictures": self._strip.encode(self.order)})

    def _answer(self, request: Request, token: Token) -> None:
        """Runs in the worker: the one place that computes and writes results."""
        start = time.perf_counter()
        try:
            given = self._picture_of(request)
            picture, query = self._understand(request, given)
            explanation = None
            if self.status == "stopped":
                explanation = of_what_was_stopped(self._explanation, picture, query, request.changed)
            if explanation is None:
                checkpoint = self._checkpoint(picture, query, token)
                show = streamed(lambda so_far: self._publish(request, given, so_far, since(start), token, partial=True))
                explanation = self._explainer.answer(picture, query, checkpoint, show=show)
        except Superseded:
            raise
        except (TypeError, ValueError) as error:
            self._fall_back(request, str(error))
        except Exception as error:  # whatever a user's network or preprocessing raises belongs on the screen
            self._fall_back(request, f"The map could not be computed: {type(error).__name__}: {error}")
        else:
            self._publish(request, given, explanation, since(start), token)

    def _picture_of(self, request: Request) -> object:
        """The picture that is meant, as it was given."""
        if "index" in request.changed and request.index is not None:
            return comparable(self._strip.image(request.index))
        return request.image if "image" in request.changed else self._settled_image

    def _understand(self, request: Request, given: object) -> tuple[Picture, Query]:
        """Check what the traits say and add what follows from it."""
        before, picture = self._answered.query, self._answered.picture
        options = {**request.options, **self._fixed}
        if "refresh" in request.changed:
            self._explainer.refresh()
        is_another = not request.changed.isdisjoint({"image", "index"})
        if is_another or "refresh" in request.changed:
            picture = self._explainer.picture(given, before.input)
        if is_another and "target" not in request.changed:
            options["target"] = None  # what does the network see in this one?
        query = make_query(options)
        if before.layer == INPUT and "layer" not in request.changed:
            query = replace(query, layer=None)  # the picture stood in for a layer; the method may want a real one
        probe = self._explainer.probe(picture, query.output, measures=False)
        layer = probe.layer_for(query.layer, anything=query.record.selects_target)
        query = replace(query, layer=layer.name)
        return picture, follow(query, before, request.changed, self._answered.layer_info.grid, layer.grid)

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
        self,
        request: Request,
        given: object,
        explanation: Explanation,
        milliseconds: float,
        token: Token,
        *,
        partial: bool = False,
    ) -> None:
        before = self._explanation
        probe = self._explainer.probe(explanation.picture, explanation.query.output, measures=False)
        fresh_picture = explanation.picture is not before.picture
        fresh = not same_evidence(explanation, before)
        options = said(explanation, probe, self._given)
        seq, identity = dict(self.result)["seq"] + 1, dict(self.evidence)["id"] + fresh
        values: dict[str, Any] = {}
        if fresh_picture:
            values["choices"] = contract.encode_choices(self._explainer, probe, self.colormap)
        if fresh:
            changed = "" if "training" in request.changed else retrained(explanation, before)
            values["evidence"] = contract.encode_evidence(explanation, identity, note=changed)
        values["result"] = contract.encode_result(explanation, seq=seq, evidence_id=identity, milliseconds=milliseconds)
        if not partial:
            values["status"] = status_of(explanation)
        # Of what is not done yet, not at any price: this is in the middle of measuring, and who holds the lock may be
        # waiting for the network, as an observer that explains something itself.
        if not self._lock.acquire(timeout=_PATIENCE if partial else -1):
            return
        try:
            if self._scheduler.closed:
                return
            if self.error and token.number > self._refused[1]:
                values["error"] = ""
            self._explanation, self._said = explanation, options
            self._answered = self._answered if partial else explanation
            self._settled_image, self._settled_index = given, request.index
            if given is not request.image and self.image is request.image:
                values["image"] = given
            elif fresh_picture:
                self.send_state("image")
            settled = {} if partial else self._settled(request, explanation.query)
            self._tell({**settled, **values, "code": self._written()})
        finally:
            self._lock.release()

    def _fall_back(self, request: Request, message: str) -> None:
        """Say what is wrong and go back to what was answered last."""
        with self._lock:
            if self._scheduler.closed:
                return
            self._answered = self._explanation
            values = self._settled(request, self._answered.query)
            if self.index == request.index != self._settled_index:
                values["index"] = self._settled_index
            if self.image is request.image and request.image is not self._settled_image:
                values["image"] = self._settled_image
            self._refused = request.changed, self._scheduler.number
            self._tell({**values, "error": message, "status": status_of(self._explanation)})

    def _settled(self, request: Request, query: Query) -> dict[str, Any]:
        """The traits as the answered query has them; not those that were set again meanwhile."""
        return {
            name: value
            for name, value in as_traits(query).items()
            if getattr(self, name) == request.options[name] != value
        }
