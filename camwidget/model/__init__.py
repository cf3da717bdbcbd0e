"""Floor 1: a Keras network made legible, without touching it.

May import: maths, numpy, pillow, keras and tensorflow. The one floor below `explanation/ascent`
that knows TensorFlow.
"""

from . import quiet as quiet  # isort: skip # before anything that imports TensorFlow

from keras import Model as Model
from keras import Variable as Variable

from .architecture import architecture as architecture
from .files import load_network as load_network
from .imagenet import imagenet_names as imagenet_names
from .imagenet import known_imagenet_names as known_imagenet_names
from .inputs import Arrangement as Arrangement
from .inputs import build as build
from .inputs import declared_inputs as declared_inputs
from .inputs import declared_units as declared_units
from .inputs import refuse_unsupported as refuse_unsupported
from .layers import LayerInfo as LayerInfo
from .network import Network as Network
from .network import Side as Side
from .observation import Observation as Observation
from .pictures import UNKNOWN_RANGE as UNKNOWN_RANGE
from .pictures import Picture as Picture
from .pictures import as_rgb as as_rgb
from .pictures import load_inputs as load_inputs
from .pictures import load_picture as load_picture
from .preprocessing import Preprocess as Preprocess
from .preprocessing import find_preprocessing as find_preprocessing
from .probe import Probe as Probe
from .scores import SCORES as SCORES
from .scores import Score as Score
from .structure import Structure as Structure
from .weights import Weighted as Weighted
from .weights import digest as digest
from .weights import restored as restored
