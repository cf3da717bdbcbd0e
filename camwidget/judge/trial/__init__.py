"""The blind trial of two methods (Chattopadhay et al. 2018, section 4.2): who is asked what, votes, scores, files.

Pure records and functions, and a figure: nothing here knows a page, a network or a clock.
"""

from .exchange import load as load
from .exchange import save as save
from .figures import plot_scores as plot_scores
from .plan import Question as Question
from .plan import Shot as Shot
from .plan import Trial as Trial
from .plan import best_classes as best_classes
from .plan import choose as choose
from .scores import by_class as by_class
from .scores import scores as scores
from .study import Study as Study
from .study import Vote as Vote
from .study import merge as merge
