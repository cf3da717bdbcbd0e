"""Floor 2: the mathematics applied to a network: explanations and the evidence they rest on.

May import: maths, model, numpy, matplotlib (colours and figures, never pyplot), tqdm.
"""

from .explainer import Explainer as Explainer
from .explanation import Explanation as Explanation
from .figures import compare as compare
from .figures import correlations as correlations
from .once import explain as explain
from .once import shared_explainer as shared_explainer
from .paper import grad_cam_plus_smooth as grad_cam_plus_smooth
from .prediction import ClassNames as ClassNames
from .prediction import Prediction as Prediction
from .query import Query as Query
from .query import make_query as make_query
