"""From what was measured to an explanation."""

from dataclasses import replace

from camwidget.maths import Evidence

from .explanation import Explanation
from .measuring import Task
from .notes import notes_on


def explanation_of(task: Task, evidence: Evidence, target_name: str, notes: tuple[str, ...] = ()) -> Explanation:
    """The explanation that a task's evidence gives; `notes` come before those on the evidence itself."""
    query = task.query
    return Explanation(
        picture=task.picture,
        query=replace(query, samples=min(evidence.copies or query.num_samples, query.num_samples)),
        layer_info=task.layer,
        evidence=evidence,
        layer_weights=task.weights(evidence),
        outputs=task.observation.logits[0],
        probabilities=task.observation.probabilities[0],
        target_name=target_name,
        notes=task.picture.notes + notes + notes_on(query, evidence),
    )
