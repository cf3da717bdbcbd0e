"""What people should know about an explanation, in sentences."""

from camwidget.maths import Evidence

from .query import Query

# By how much integrated gradients may miss the change of score before it is said.
_GAP = 0.01


def notes_on(query: Query, evidence: Evidence) -> tuple[str, ...]:
    """Sentences about what was measured; mostly none."""
    notes = [f"Stopped early, after {count}." for count in evidence.counts if not count.is_whole]
    derivatives, pixels = evidence.derivatives, evidence.pixels
    if derivatives is not None and not derivatives.is_moved and query.noise > 0:
        notes.append(
            "Noise made no difference: at this layer the derivatives of every noisy copy are those of the picture "
            "itself, as behind a tail that is linear around it. Choose an earlier layer, or samples=0."
        )
    if pixels is not None and pixels.gap is not None and pixels.gap > _GAP and pixels.count.is_whole:
        notes.append(
            f"The values miss the change of score that they should add up to by {pixels.gap:.0%}: pass more than "
            f"steps={query.steps}."
        )
    return tuple(notes)
