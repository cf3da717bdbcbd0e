"""Ask a convolutional network why: class activation maps, live in a notebook.

The floors, from the ground up; each imports only from those below it:
`maths` (NumPy), `model` (a Keras network made legible), `explanation` (maths applied to a
network), `widget` (Jupyter). `samples` holds small trained networks and real pictures.

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
    from camwidget.maths import METHODS as METHODS
    from camwidget.maths import rank_correlation as rank_correlation
    from camwidget.widget import CamWidget as CamWidget

_HOME = {
    "CamWidget": "camwidget.widget",
    "Explainer": "camwidget.explanation",
    "Explanation": "camwidget.explanation",
    "FilterImages": "camwidget.explanation.ascent",
    "METHODS": "camwidget.maths",
    "compare": "camwidget.explanation",
    "correlations": "camwidget.explanation",
    "explain": "camwidget.explanation",
    "filter_atlas": "camwidget.explanation.atlas",
    "grad_cam_plus_smooth": "camwidget.explanation",
    "maximize_activation": "camwidget.explanation.ascent",
    "rank_correlation": "camwidget.maths",
    "samples": "camwidget.samples",
}

__all__ = [
    "METHODS",
    "CamWidget",
    "Explainer",
    "Explanation",
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
