"""Measuring what a method weighs: derivatives at a layer, scores filter by filter, gradients of pixels.

Each module measures one part of `maths.Evidence`, in micro-batches where it is long.
"""

from .evidence import measure as measure
from .running import Checkpoint as Checkpoint
from .running import Progress as Progress
from .running import Through as Through
from .running import batch_size as batch_size
from .task import Task as Task
from .task import observation_key as observation_key
from .task import observe as observe
