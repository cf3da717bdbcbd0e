"""Networks that several tests climb: what is compiled for one serves the others."""

import pytest

from camwidget import Explainer
from tests.explanation.ascent.networks import headed_network, linear_network


@pytest.fixture(scope="session")
def headed() -> Explainer:
    """Of three classes, one of them with a name that a page has to escape."""
    return Explainer(headed_network(), class_names=["plum & fig", "<pear>", "lime"])


@pytest.fixture(scope="session")
def linear() -> Explainer:
    """Whose input runs from -1 to 1."""
    return Explainer(linear_network(), preprocess=lambda picture: picture / 127.5 - 1)
