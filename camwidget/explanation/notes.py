"""What people should know about an explanation, in sentences."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, fields, replace

from camwidget.maths import Derivatives, Evidence, are_proportional
from camwidget.model import UNKNOWN_RANGE

from .explanation import Explanation
from .query import Query

# By how much integrated gradients may miss the change of score before it is said.
_GAP = 0.01


def notes_on(query: Query, evidence: Evidence) -> tuple[str, ...]:
    """Sentences about what was measured; mostly none."""
    notes = [f"Stopped early, after {count}." for count in evidence.counts if not count.is_whole]
    pixels = evidence.pixels
    if query.noise > 0 and _is_unmoved(query, evidence):
        notes.append(
            "Noise made no difference: averaged over the noisy copies, the weights at this layer are those of the "
            "picture itself, up to one factor, as behind a tail that is linear around it. Choose an earlier layer, or "
            "samples=0."
        )
    if pixels is not None and pixels.gap is not None and pixels.gap > _GAP and pixels.count.is_whole:
        notes.append(
            f"The values miss the change of score that they should add up to by {pixels.gap:.0%}: pass more than "
            f"steps={query.steps or pixels.count.done}."
        )
    return tuple(notes)


def _is_unmoved(query: Query, evidence: Evidence) -> bool:
    """Whether noise was averaged over and the map, divided by its maximum, is that of the picture itself."""
    weigh, derivatives = query.record.weigh, evidence.derivatives
    if weigh is None or derivatives is None or derivatives.clean is None:
        return False
    plain = weigh(replace(evidence, derivatives=Derivatives(derivatives.clean)))
    return are_proportional(weigh(evidence), plain)


@dataclass(frozen=True)
class _Use:
    """When an option makes a difference, and why it makes none otherwise."""

    is_used: Callable[[Query], bool]
    why_not: str


def _weighs_derivatives(query: Query) -> bool:
    return query.record.weigh is not None and query.record.measures == "derivatives"


def _goes_along_a_path(query: Query) -> bool:
    return query.record.backward is not None and query.record.backward.path


_AT_A_LAYER = "it is about the derivatives at a layer, and method={method!r} weighs none"
_ON_A_PATH = "method={method!r} goes along no path; integrated gradients do"
_USES: dict[str, _Use] = {
    "against": _Use(
        # A query that was answered has the target itself there.
        lambda query: query.against == query.target or (query.score == "contrast" and not query.explains_selection),
        "only score='contrast' sets a class against another",
    ),
    "derivatives": _Use(_weighs_derivatives, _AT_A_LAYER),
    "sample_weights": _Use(_weighs_derivatives, _AT_A_LAYER),
    "noise": _Use(lambda query: query.num_samples > 0, "there are no noisy copies; pass their number as samples="),
    "seed": _Use(lambda query: query.num_samples > 0 and query.noise > 0, "there is no noise to draw"),
    "samples": _Use(lambda query: query.noise > 0 or not query.samples, "noise=0 makes every copy the picture itself"),
    "steps": _Use(_goes_along_a_path, _ON_A_PATH),
    "baseline": _Use(_goes_along_a_path, _ON_A_PATH),
}


def without_effect(query: Query) -> tuple[str, ...]:
    """A sentence for each option that was given and makes no difference to this question."""
    given = [field.name for field in fields(query) if getattr(query, field.name) != field.default]
    return tuple(
        f"{name}={getattr(query, name)!r} made no difference: {_USES[name].why_not.format(method=query.method)}."
        for name in given
        if name in _USES and not _USES[name].is_used(query)
    )


def announced(explanation: Explanation, told: set[str], *, stacklevel: int) -> Explanation:
    """The same explanation, its notes shown as warnings of the line that asked for it.

    Args:
        explanation: with its notes.
        told: what was said of this network before and need not be said with every picture; added to.
        stacklevel: see `warnings.warn`.
    """
    for note in explanation.notes:
        if note in told:
            continue
        if note == UNKNOWN_RANGE:
            told.add(note)
        warnings.warn(note, stacklevel=stacklevel)
    return explanation
