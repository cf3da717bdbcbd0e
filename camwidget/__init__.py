"""Ask a convolutional network why: class activation maps, live in a notebook.

The floors, from the ground up; each imports only from those below it:
`maths` (NumPy), `model` (a Keras network made legible), `explanation` (maths applied to a
network), `judge` (does a map deserve trust?), `widget` (Jupyter). `samples` holds small trained
networks and real pictures.

Public names load on demand: `import camwidget` imports no TensorFlow.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from camwidget import samples as samples
    from camwidget.explanation import Explainer as Explainer
    from camwidget.explanation import Explanation as Explanation
    from camwidget.explanation import compare as compare
    from camwidget.explanation import correlations as correlations
    from camwidget.explanation import explain as explain
    from camwidget.explanation import grad_cam_plus_smooth as grad_cam_plus_smooth
    from camwidget.explanation.ascent import FilterImages as FilterImages
    from camwidget.explanation.ascent import maximize_activation as maximize_activation
    from camwidget.explanation.atlas import filter_atlas as filter_atlas
    from camwidget.judge import Case as Case
    from camwidget.judge import attention_audit as attention_audit
    from camwidget.judge import cascading_randomization as cascading_randomization
    from camwidget.judge import deletion as deletion
    from camwidget.judge import evaluate as evaluate
    from camwidget.judge import insertion as insertion
    from camwidget.judge import label_randomization as label_randomization
    from camwidget.maths import METHODS as METHODS
    from camwidget.maths import average_drop as average_drop
    from camwidget.maths import increase_in_confidence as increase_in_confidence
    from camwidget.maths import pointing_game as pointing_game
    from camwidget.maths import rank_correlation as rank_correlation
    from camwidget.maths import win_rate as win_rate
    from camwidget.widget import CamCallback as CamCallback
    from camwidget.widget import CamWidget as CamWidget
    from camwidget.widget import FilterCanvas as FilterCanvas
    from camwidget.widget import TrustStudy as TrustStudy

_HOME = {
    "CamCallback": "camwidget.widget",
    "CamWidget": "camwidget.widget",
    "Case": "camwidget.judge",
    "Explainer": "camwidget.explanation",
    "Explanation": "camwidget.explanation",
    "FilterCanvas": "camwidget.widget",
    "FilterImages": "camwidget.explanation.ascent",
    "METHODS": "camwidget.maths",
    "TrustStudy": "camwidget.widget",
    "attention_audit": "camwidget.judge",
    "average_drop": "camwidget.maths",
    "cascading_randomization": "camwidget.judge",
    "compare": "camwidget.explanation",
    "correlations": "camwidget.explanation",
    "deletion": "camwidget.judge",
    "evaluate": "camwidget.judge",
    "explain": "camwidget.explanation",
    "filter_atlas": "camwidget.explanation.atlas",
    "grad_cam_plus_smooth": "camwidget.explanation",
    "increase_in_confidence": "camwidget.maths",
    "insertion": "camwidget.judge",
    "label_randomization": "camwidget.judge",
    "pointing_game": "camwidget.maths",
    "maximize_activation": "camwidget.explanation.ascent",
    "rank_correlation": "camwidget.maths",
    "samples": "camwidget.samples",
    "win_rate": "camwidget.maths",
}

__all__ = [
    "win_rate",
    "pointing_game",
    "increase_in_confidence",
    "average_drop",
    "label_randomization",
    "insertion",
    "evaluate",
    "deletion",
    "cascading_randomization",
    "attention_audit",
    "Case",
    "METHODS",
    "TrustStudy",
    "CamCallback",
    "CamWidget",
    "Explainer",
    "Explanation",
    "FilterCanvas",
    "FilterImages",
    "compare",
    "correlations",
    "explain",
    "filter_atlas",
    "grad_cam_plus_smooth",
    "maximize_activation",
    "rank_correlation",
    "samples",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'camwidget' has no attribute {name!r}. It offers: {', '.join(__all__)}.")
    home = import_module(_HOME[name])
    return home if name == "samples" else getattr(home, name)


def __dir__() -> list[str]:
    return sorted(__all__)
