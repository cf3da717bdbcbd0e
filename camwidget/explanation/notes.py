"""What people should know about an explanation, in sentences."""

import warnings
from dataclasses import replace

from camwidget.maths import Derivatives, Evidence, are_proportional

from .explanation import Explanation
from .query import Query

# By how much integrated gradients may miss the change of score before it is said.
_GAP = 0.01


def notes_on(query: Query, evidence: Evidence) -> tuple[str, ...]:
    """Sentences about what was measured; mostly none."""
    notes = [f"Stopped early, after {count}." for count in evidence.counts if not count.is_whole]
    derivatives, pixels = evidence.derivatives, evidence.pixels
    if derivatives is None:
        notes += [
            f"{option}={getattr(query, option)!r} is about the derivatives at a layer, and method={query.method!r} "
            "weighs none: it made no difference."
            for option, usual in (("derivatives", "exp"), ("sample_weights", "equal"))
            if getattr(query, option) != usual
        ]
    if query.noise > 0 and _is_unmoved(query, evidence):
        notes.append(
            "Noise made no difference: averaged over the noisy copies, the weights at this layer are those of the "
            "picture itself, up to one factor, as behind a tail that is linear around it. Choose an earlier layer, or "
            "samples=0."
        )
    if pixels is not None and pixels.gap is not None and pixels.gap > _GAP and pixels.count.is_whole:
        notes.append(
            f"The values miss the change of score that they should add up to by {pixels.gap:.0%}: pass more than "
            f"steps={query.steps}."
        )
    return tuple(notes)


def _is_unmoved(query: Query, evidence: Evidence) -> bool:
    """Whether noise was averaged over and the map, divided by its maximum, is that of the picture itself."""
    weigh, derivatives = query.record.weigh, evidence.derivatives
    if weigh is None or derivatives is None or derivatives.clean is None:
        return False
    plain = weigh(replace(evidence, derivatives=Derivatives(derivatives.clean)))
    return are_proportional(weigh(evidence), plain)


def announced(explanation: Explanation, *, stacklevel: int) -> Explanation:
    """The same explanation, its notes shown as warnings of the line that asked for it."""
    for note in explanation.notes:
        warnings.warn(note, stacklevel=stacklevel)
    return explanation
