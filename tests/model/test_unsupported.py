"""Networks that hide what an explanation needs are refused in plain words."""

import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from camwidget import Explainer, explain
from camwidget.model import refuse_unsupported
from tests.model.networks import SHAPE, functional, functional_network, picture, sequential_network

X = picture()


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize` method")  # Keras, of layers without weights
def test_a_quantised_network() -> None:
    model = functional_network()
    explainer = Explainer(model)
    explainer.explain(X, method="grad_cam")
    refuse_unsupported(model)
    model.quantize("int8")
    words = (
        r"Layer '(hidden|logits)' is quantised \(int8\): its rounding has no derivative\. Explain the network as it was"
    )
    with pytest.raises(ValueError, match=words):
        Explainer(model)
    with pytest.raises(ValueError, match=words):  # by an explainer that knew it before
        explainer.explain(X, method="grad_cam")
    with pytest.raises(ValueError, match=words):
        explain(model, X)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        functional_network().export(folder, verbose=False)
    return folder


@pytest.mark.parametrize("nested", [False, True])
def test_a_sealed_saved_model(exported: Path, nested: bool) -> None:
    sealed = layers.TFSMLayer(str(exported), call_endpoint="serve", name="sealed")
    model = keras.Sequential([keras.Input(SHAPE), sealed])
    if nested:
        model = functional([model])
    assert np.asarray(model(X[None])).shape == (1, 4)  # it runs; it only cannot be seen
    with pytest.raises(ValueError, match=r"Layer 'sealed' is a TFSMLayer: .* Load the network from a \.keras or \.h5"):
        Explainer(model)


def test_a_sealed_layer_added_later(exported: Path) -> None:
    model = sequential_network()
    explainer = Explainer(model)
    explainer.explain(X, method="grad_cam")
    while model.layers:
        model.pop()
    model.add(layers.TFSMLayer(str(exported), call_endpoint="serve", name="sealed"))
    with pytest.raises(ValueError, match="Layer 'sealed' is a TFSMLayer"):
        explainer.explain(X, method="grad_cam")


def test_channels_before_rows_are_refused_in_words() -> None:
    stack = [keras.layers.Input((3, 12, 18)), keras.layers.Conv2D(4, 3, data_format="channels_first")]
    model = keras.Sequential([*stack, keras.layers.Flatten(), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="has data_format='channels_first'.*Build the network with 'channels_last'"):
        Explainer(model)
