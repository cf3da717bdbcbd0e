"""What can be kept of a widget: its map, the code that gives it, a picture, a page."""

import base64
import pathlib
from typing import Any

import numpy as np
import traitlets
from jaxtyping import Float
from PIL import Image

from camwidget.explanation import Explainer, Explanation
from camwidget.explanation.captioned import captioned
from camwidget.explanation.drawing import check_ending, display_png

from . import contract
from .frames import kept_frames
from .page import MOST_TERMS, write_page
from .reproduce import Given, Said, write_code
from .state import as_traits, status_of
from .traits import LOOKS, STATE, Traits


class Keeping(Traits):
    """The part of a `CamWidget` that gives away what was answered last."""

    # set by the widget, which computes them
    _explainer: Explainer
    _first_image: object
    _settled_image: object
    _settled_index: int | None
    _given: Given
    _said: Said

    @property
    def explanation(self) -> Explanation:
        """The newest explanation."""
        return self._explanation

    @property
    def heatmap(self) -> Float[np.ndarray, "H W"]:
        """The newest map over the picture, in [0, 1]."""
        return self._explanation.heatmap

    def save(self, path: str | pathlib.Path) -> None:
        """Write picture, map and a caption as an image file; the ending of `path` chooses the format.

        Raises:
            ValueError: no picture format has that ending.
        """
        check_ending(path)
        looks = {name: getattr(self, name) for name in LOOKS}
        Image.fromarray(captioned(self._explanation, **looks)).save(path)

    def to_html(self, path: str | pathlib.Path | None = None) -> str | None:
        """One page that needs no kernel and no network: filters, neurons, colours and view go on working in it.

        Args:
            path: where to write it; None: it is returned.

        Returns:
            The page's text where no path was given.
        """
        with self._lock:
            settled = as_traits(self._explanation.query)
            told = {"status": status_of(self._explanation), "progress": 0.0, "error": "", "pictures": {}}
            told["evidence"] = contract.encode_evidence(self._explanation, dict(self.evidence)["id"], MOST_TERMS)
            told["frames"] = kept_frames(self._explainer, self._explanation)
            state = {**self.get_state(STATE), **settled, **told}
            text = write_page(state, self._explanation.title, str(self._esm), str(self._css))
        if path is None:
            return text
        pathlib.Path(path).write_text(text, encoding="utf-8")
        return None

    def __repr__(self) -> str:
        return f"<CamWidget: {self._explanation.title}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        shown = display_png(self._explanation, colormap=self.colormap, opacity=self.opacity)
        return {**data, "image/png": base64.b64encode(shown).decode()}, metadata

    def _written(self) -> str:
        looks = {name: (getattr(self, name), default) for name, default in LOOKS.items()}
        number = self._settled_index if self._given.indexed else None
        is_another = self._settled_image is not self._first_image
        return write_code(self._said, self._settled_image, number, looks, is_another=is_another)

    @traitlets.default("code")
    def _first_code(self) -> str:
        return self._written()

    @traitlets.observe(*LOOKS)
    def _write_again(self, change: Any) -> None:
        with self._lock:
            self.set_trait("code", self._written())
