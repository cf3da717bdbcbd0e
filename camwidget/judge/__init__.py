"""Floor 3: does the map deserve trust? Faithfulness, sanity checks, bias, blind trials, whole data sets.

May import: explanation, model, maths, numpy, matplotlib (never pyplot), tqdm, keras where it trains;
pandas, pyarrow and dask only where they are asked for. Never reads the evidence cache.
"""

from .audit import Audit as Audit
from .audit import attention_audit as attention_audit
from .cases import Case as Case
from .cluster import ClusterLost as ClusterLost
from .curves import Curve as Curve
from .curves import deletion as deletion
from .curves import insertion as insertion
from .evaluate import evaluate as evaluate
from .evaluation import Evaluation as Evaluation
from .glance import Glance as Glance
from .glance import glance as glance
from .labels import LabelRandomization as LabelRandomization
from .labels import label_randomization as label_randomization
from .metrics import METRICS as METRICS
from .metrics import Metric as Metric
from .randomization import Randomization as Randomization
from .randomization import cascading_randomization as cascading_randomization
