"""Floor 1: a Keras network made legible, without touching it.

May import: maths, numpy, pillow, keras and tensorflow. The one floor below `explanation/ascent`
that knows TensorFlow.
"""

from . import quiet as quiet  # isort: skip # before anything that imports TensorFlow

from keras import Model as Model

from .layers import LayerInfo as LayerInfo
from .pictures import Picture as Picture
from .pictures import load_picture as load_picture
from .preprocessing import Preprocess as Preprocess
from .preprocessing import find_preprocessing as find_preprocessing
from .probe import Observation as Observation
from .probe import Probe as Probe
from .scores import SCORES as SCORES
from .scores import Score as Score
from .shape import build as build
from .shape import input_shape as input_shape
from .shape import layer_identities as layer_identities
