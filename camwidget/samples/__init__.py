"""Small trained networks and real pictures with known answers, so that demo, tests and course run offline.

Imports NumPy and Pillow only; `network()` and `imagenet_network()` import Keras when called.
`python -m camwidget.samples.train` rebuilds it all; README.md names sources and licences.
"""

from .imagenet import imagenet_network as imagenet_network
from .material import CLASS_NAMES as CLASS_NAMES
from .material import photograph as photograph
from .networks import NETWORK_NAMES as NETWORK_NAMES
from .networks import network as network
from .potholes import ROAD_CLASSES as ROAD_CLASSES
from .potholes import Roads as Roads
from .potholes import roads as roads
from .roadside import SURROUNDINGS as SURROUNDINGS
from .scenes import Digit as Digit
from .scenes import Scene as Scene
from .scenes import digit as digit
from .scenes import scene as scene
