"""Floor 0: the mathematics of class activation maps, in NumPy alone.

May import: numpy, jaxtyping and the standard library. Knows nothing of networks or notebooks.
"""

from .boxes import box_mask as box_mask
from .boxes import energy_inside as energy_inside
from .boxes import instances_found as instances_found
from .boxes import pointing_game as pointing_game
from .correlation import are_proportional as are_proportional
from .correlation import rank_correlation as rank_correlation
from .curves import area as area
from .curves import hottest_first as hottest_first
from .curves import leading as leading
from .evidence import WHOLE as WHOLE
from .evidence import ChannelScores as ChannelScores
from .evidence import Count as Count
from .evidence import Derivatives as Derivatives
from .evidence import Evidence as Evidence
from .evidence import Moments as Moments
from .evidence import PixelGradients as PixelGradients
from .evidence import Weighed as Weighed
from .faithfulness import average_drop as average_drop
from .faithfulness import drops as drops
from .faithfulness import f1_scores as f1_scores
from .faithfulness import increase_in_confidence as increase_in_confidence
from .faithfulness import win_rate as win_rate
from .faithfulness import wins as wins
from .intervals import Interval as Interval
from .intervals import bootstrap as bootstrap
from .intervals import proportion as proportion
from .methods import METHODS as METHODS
from .methods import Backward as Backward
from .methods import Method as Method
from .noise import noisy_copies as noisy_copies
from .path import Piece as Piece
from .path import Seen as Seen
from .path import midpoints as midpoints
from .path import pieces as pieces
from .path import worst as worst
from .places import PARTS as PARTS
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
from .structure import edges as edges
from .structure import structural_similarity as structural_similarity
