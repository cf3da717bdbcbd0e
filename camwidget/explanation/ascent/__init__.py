"""Activation maximisation: the picture that a filter, a unit or a class looks for.

May import: maths, model, the engine of this floor, numpy, keras and tensorflow. An ascent is put together of four
things: an objective, a parameterisation, transforms and penalties, and an optimiser of Keras.
"""

from .engine import Ascent as Ascent
from .engine import Frame as Frame
from .engine import beginning as beginning
from .engine import climb as climb
from .images import FilterImages as FilterImages
from .maximise import maximize_activation as maximize_activation
from .maximise import stop_note as stop_note
from .objectives import LOGITS as LOGITS
from .objectives import Objective as Objective
from .objectives import channel as channel
from .objectives import logit as logit
from .penalties import Penalty as Penalty
from .penalties import blur as blur
from .penalties import l2 as l2
from .penalties import total_variation as total_variation
from .prepare import channels_of as channels_of
from .prepare import numbers_held as numbers_held
from .prepare import prepare as prepare
from .presets import PRESETS as PRESETS
from .presets import Preset as Preset
