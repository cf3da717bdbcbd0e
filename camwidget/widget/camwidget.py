"""The widget: a picture, its class activation map, and the network's neurons to choose from."""

import time
from collections.abc import Sequence
from typing import Any

from camwidget.explanation import ClassNames, Explanation, make_query, shared_explainer
from camwidget.explanation.drawing import palette
from camwidget.explanation.query import takes_query
from camwidget.model import Model, Preprocess
from camwidget.model.inputs import declared_inputs

from . import contract
from .album import Album, is_many
from .answering import Answering
from .comparable import comparable
from .reproduce import Given, said
from .requests import Asked, respond
from .state import FIXED, QUERY_TRAITS, as_traits, refuse_unknown
from .streaming import since
from .strip import Strip

_OWN = ("model", "image", "labels", "index", "preprocess", "class_names", "colormap", "opacity", "view", "order")


class CamWidget(Answering):
    """Ask a network why, in a notebook.

    Shows the picture, the class activation map over it and the layer's grid of neurons. Drag over
    neurons, pick filters, change class, layer, method or noise: the map follows. Every choice is a
    trait, so it can be set, observed and linked from Python as well.

    Args:
        model: a Keras 3 network, see `Explainer`.
        image: path, PIL image, array or tensor, see `Explainer.explain`. Or many pictures: a folder, a list of
            pictures, an array (n, h, w, c), or a data set (`tf.data`, Keras); a strip shows them then, 10,000
            at most, and of a data set, which is kept in memory, no more than 512 MB.
        labels: of many pictures: the true class of each, by index or name. None: what the data set holds, or
            the name of each picture's folder where a class is called so.
        index: of many pictures: the one to begin with; None: the first that can be read.
        preprocess: "auto", None or a function, see `Explainer`.
        class_names: one name for each class, in order or by number; "imagenet" for its 1,000.
        colormap: any matplotlib colour map.
        opacity: of the heat over the picture, in [0, 1].
        view: "smooth", "cells", "filters" (one map for each) or "inputs" (what the network sees).
        order: of many pictures: "given", "wrong" (wrong and confident first) or "unsure" (the least confident
            first).
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
        image: Any,
        labels: Sequence[int | str] | None = None,
        *,
        index: int | None = None,
        preprocess: str | Preprocess | None = "auto",
        class_names: ClassNames | None = None,
        colormap: str = "viridis",
        opacity: float = 0.6,
        view: str = "smooth",
        order: str = "given",
        **options: object,
    ) -> None:
        refuse_unknown(options, _OWN)
        query = make_query(options)
        palette(colormap)  # raises for an unknown one
        self._explainer = shared_explainer(model, preprocess=preprocess, class_names=class_names)
        many = is_many(image, declared_inputs(model), chooses_input=query.input is not None)
        if not many and (labels is not None or index is not None):
            raise TypeError(
                "labels= and index= go with many pictures, and one was given. Pass a list of them, or a folder."
            )
        self._strip = Strip(self._explainer, query, Album(image, labels) if many else None)
        start = time.perf_counter()
        self._fixed = {name: getattr(query, name) for name in FIXED}
        index, picture = self._strip.first(index) if many else (None, self._explainer.picture(image, query.input))
        self._explanation = self._answered = self._explainer.answer(picture, query)
        self._settled_image = comparable(image if index is None else self._strip.image(index))
        self._first_image, self._settled_index = self._settled_image, index
        is_indexed = many and hasattr(image, "__getitem__") and not isinstance(image, str)
        self._given, self._refused = Given(preprocess, self._explainer.given_names, is_indexed), (frozenset(), 0)
        milliseconds = since(start)
        probe = self._explainer.probe(self._explanation.picture, query.output)
        self._said = said(self._explanation, probe, self._given)
        super().__init__(
            image=self._settled_image,
            index=index,
            order=order,
            pictures=self._strip.encode(order),
            colormap=colormap,
            opacity=opacity,
            view=view,
            choices=contract.encode_choices(self._explainer, probe, colormap),
            evidence=contract.encode_evidence(self._explanation, 1),
            result=contract.encode_result(self._explanation, seq=1, evidence_id=1, milliseconds=milliseconds),
            **as_traits(self._explanation.query),
        )
        self.observe(self._on_change, [*QUERY_TRAITS, "image", "index"])
        self.on_msg(self._on_message)
        if many:
            self._scheduler.start()

    @property
    def model(self) -> Model:
        """The network."""
        return self._explainer.model

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers with a map, in order of depth."""
        return tuple(choice["value"] for choice in self.choices["layers"])

    @property
    def skipped(self) -> tuple[tuple[str, str], ...]:
        """Of many pictures: the name of each that could not be used so far, and why."""
        return self._strip.skipped

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

    def _on_message(self, widget: object, content: dict, buffers: list) -> None:
        asked = Asked(self._explainer, self._explanation, self._scheduler.stop, self._strip, self._show, self._maximize)
        respond(asked, content, lambda found: self.send(dict(found.fields), list(found.buffers)))

    def _show(self, image: object) -> None:
        self.image = image
