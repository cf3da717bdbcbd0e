"""The blind trial in a notebook: which of two maps gives more trust?"""

import base64
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import anywidget
import traitlets

from camwidget.explanation import ClassNames, Explainer, make_query
from camwidget.explanation.query import takes_query
from camwidget.judge.trial import Study, Trial, load, merge, save, scores
from camwidget.maths import METHODS, Interval
from camwidget.model import Model, Preprocess

from .questions import answered, choices_of, encode_failed, encode_outcome, encode_question, gather, still
from .state import refuse_unknown

_STATIC = pathlib.Path(__file__).parent / "static"
_OWN = ("model", "images", "methods", "judge", "path", "seed", "preprocess", "class_names")


class TrustStudy(anywidget.AnyWidget):
    """Which of two maps gives people more trust in a network? A blind trial (Chattopadhay et al. 2018, section 4.2).

    The judge is told the class and sees the picture and two maps of it, A and B, and answers A, B or
    the same, by mouse or keyboard. Order and sides are random, by seed and by judge. No method is
    named before every question is answered and the result is asked for; then the votes are final.
    The class is the one that the network predicts, unless `target=` says otherwise. Where the maps of a
    picture cannot be computed it can be skipped: that is recorded, counted, and no vote.

    Args:
        model: a Keras 3 network, or an `Explainer`.
        images: a folder, or what `Explainer.explain_many` takes. Pictures that cannot be read are
            left out and listed in `skipped`.
        methods: the two that are compared, names in `METHODS`.
        judge: who answers; with another name the order and sides are others.
        path: a .json or .csv file that is written at every answer. If it exists the study goes on
            there. None: answers live in the notebook alone.
        seed: of every judge's order and sides.
        preprocess: "auto", None or a function, see `Explainer`.
        class_names: one name for each class, in order or by number; "imagenet" for its 1,000.
        **options: see `Query`; both maps share them.

    Raises:
        TypeError, ValueError: what was given, what was expected, how to mend it; a file of another trial.

    Example:
        >>> study = TrustStudy(samples.network(), [samples.scene(n).image for n in range(8)], judge="ann")
        >>> study.answers = ["left", "same"]
        >>> round(sum(score.value for score in study.scores.values()))
        2
    """

    _esm = _STATIC / "trial.js"
    _css = _STATIC / "camwidget.css"

    # set by the judge: "left" (A), "right" (B), "same" or "skipped" for each question so far, in the judge's own order
    answers = traitlets.List(traitlets.Unicode()).tag(sync=True)
    revealed = traitlets.Bool(False).tag(sync=True)

    # told by the kernel; no method has a name here before `revealed`
    total = traitlets.Int(0).tag(sync=True)
    question = traitlets.Dict().tag(sync=True)
    outcome = traitlets.Dict().tag(sync=True)
    error = traitlets.Unicode().tag(sync=True)

    @takes_query
    def __init__(
        self,
        model: Model | Explainer,
        images: Any,
        methods: Sequence[str] = ("grad_cam", "grad_cam++"),
        *,
        judge: str = "judge 1",
        path: str | os.PathLike | None = None,
        seed: int = 0,
        preprocess: str | Preprocess | None = "auto",
        class_names: ClassNames | None = None,
        **options: object,
    ) -> None:
        if "method" in options:
            raise TypeError("method= is one; a trial compares two. Pass methods=(one, other).")
        refuse_unknown(options, _OWN)
        first, second = _pair(methods)
        explainer = model if isinstance(model, Explainer) else None
        if explainer is not None and (class_names is not None or preprocess != "auto"):
            raise TypeError("An Explainer has its own preprocess and class_names. Leave them out here.")
        if explainer is None:
            explainer = Explainer(model, preprocess=preprocess, class_names=class_names)  # type: ignore[arg-type] # no Explainer
        self._material = gather(explainer, images, make_query(options))
        trial = Trial((first, second), self._material.shots, seed)
        trial.questions(judge)  # raises for a judge without a name
        self._judge, self._path = judge, path
        exists = path is not None and os.path.exists(path)
        self._study = load(path, trial) if exists else Study(trial)  # type: ignore[arg-type] # a path where it exists
        if path is not None and not exists:
            save(self._study, path)  # raises now, not at the first answer
        super().__init__(answers=choices_of(self._study, judge), total=len(trial.shots))
        self.error = self._shown()
        self.observe(self._on_answers, "answers")
        self.observe(self._on_revealed, "revealed")

    load = staticmethod(load)
    merge = staticmethod(merge)

    @property
    def study(self) -> Study:
        """The plan and the votes there are."""
        return self._study

    @property
    def scores(self) -> dict[str, Interval]:
        """Score of both methods and of "same", with intervals; see `camwidget.judge.trial.scores`.

        Raises:
            ValueError: there are no votes.
        """
        return scores(self._study)

    @property
    def skipped(self) -> tuple[tuple[str, str], ...]:
        """Name of each picture that could not be read, and why."""
        return self._material.skipped

    def save(self, path: str | os.PathLike) -> None:
        """Write the study as .json (whole) or .csv (one vote a line).

        Raises:
            ValueError: another ending.
        """
        save(self._study, path)

    def __repr__(self) -> str:
        return f"<TrustStudy: {len(self.answers)} of {self.total}>"  # stands in the notebook, so it names no method

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        shown = still(self.question)
        if bundle is None or shown is None:
            return bundle
        data, metadata = bundle
        return {**data, "image/png": base64.b64encode(shown).decode()}, metadata

    # -- from an answer to the next question --------------------------------------------------

    def _on_answers(self, change: Any) -> None:
        before = choices_of(self._study, self._judge)
        if change.new == before:
            return
        try:
            if self.revealed:
                raise ValueError("The result has been shown: the votes are final.")
            self._study = answered(self._study, self._judge, change.new)
        except ValueError as error:
            self.answers, self.error = before, str(error)
            return
        self.error = " ".join(filter(None, (self._stored(), self._shown())))

    def _on_revealed(self, change: Any) -> None:
        if not change.new and self.outcome:
            self.revealed = True  # what was seen stays seen
        elif change.new and self._study.remaining(self._judge):
            self.revealed, self.error = False, "The result is shown when every question is answered."
        elif change.new and not self._study.verdicts:
            self.revealed, self.error = False, "Every picture was skipped: there is no result."
        elif change.new and not self.outcome:
            self.outcome = encode_outcome(self._study)

    def _stored(self) -> str:
        """What is wrong, or nothing."""
        if self._path is None:
            return ""
        try:
            save(self._study, self._path)
        except OSError as error:
            return f"The vote counts, but {str(self._path)!r} was not written: {error}. Use study.save(path)."
        return ""

    def _shown(self) -> str:
        """Show what comes next; what is wrong, or nothing."""
        left = self._study.remaining(self._judge)
        number = len(self._study.trial.shots) - len(left) + 1
        try:
            self.question = encode_question(self._material, left[0], number) if left else {}
        except Exception as error:  # whatever a user's network raises belongs on the screen
            said = str(error)
            for method in sorted(self._study.trial.methods, key=len, reverse=True):  # the judge stays blind
                said = said.replace(method, "the method").replace(METHODS[method].title, "the method")
            self.question = encode_failed(left[0], number)
            why = f"{type(error).__name__}: {said}".rstrip(". ")
            return f"The maps of this picture could not be computed ({why}). The votes are kept."
        return ""


def _pair(methods: Sequence[str]) -> tuple[str, str]:
    if isinstance(methods, str) or len(methods) != 2:
        raise ValueError(
            f"methods={methods!r} is no pair. Pass two names of METHODS, such as ('grad_cam', 'grad_cam++')."
        )
    return methods[0], methods[1]
