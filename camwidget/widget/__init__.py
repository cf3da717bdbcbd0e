"""Floor 4: Jupyter. The widget, its scheduler and its contract with the browser.

May import: everything below, anywidget, ipywidgets, ipycanvas. `static/` is built from `js/`.
"""

from .callback import CamCallback as CamCallback
from .camwidget import CamWidget as CamWidget
from .canvas import FilterCanvas as FilterCanvas
from .trial import TrustStudy as TrustStudy
