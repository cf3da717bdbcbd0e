"""Floor 0: the mathematics of class activation maps, in NumPy alone.

May import: numpy, jaxtyping and the standard library. Knows nothing of networks or notebooks.
"""

from .evidence import Evidence as Evidence
from .evidence import Moments as Moments
from .methods import METHODS as METHODS
from .methods import Method as Method
from .noise import noisy_copies as noisy_copies
from .reading import combine as combine
from .reading import contributions as contributions
from .reading import describe as describe
from .reading import normalize as normalize
from .reading import resize as resize
from .selection import Selection as Selection
