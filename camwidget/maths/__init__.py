"""Floor 0: the mathematics of class activation maps, in NumPy alone.

May import: numpy, jaxtyping and the standard library. Knows nothing of networks or notebooks.
"""

from .correlation import are_proportional as are_proportional
from .correlation import rank_correlation as rank_correlation
from .evidence import WHOLE as WHOLE
from .evidence import ChannelScores as ChannelScores
from .evidence import Count as Count
from .evidence import Derivatives as Derivatives
from .evidence import Evidence as Evidence
from .evidence import Moments as Moments
from .evidence import PixelGradients as PixelGradients
from .methods import METHODS as METHODS
from .methods import Backward as Backward
from .methods import Method as Method
from .noise import noisy_copies as noisy_copies
from .path import midpoints as midpoints
from .reading import combine as combine
from .reading import contributions as contributions
from .reading import describe as describe
from .reading import describe_pixels as describe_pixels
from .reading import full_heat as full_heat
from .reading import masks as masks
from .reading import normalize as normalize
from .reading import resize as resize
from .reading import stretch as stretch
from .reading import strongest as strongest
from .selection import Selection as Selection
from .softmax import Competition as Competition
from .softmax import likely_classes as likely_classes
