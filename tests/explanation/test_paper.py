"""The call printed in the paper, argument for argument, and the one-call function under it."""

import inspect

import numpy as np
import pytest

from camwidget.explanation import Explainer, explain, grad_cam_plus_smooth, once
from tests.explanation.networks import dense_network
from tests.model.networks import functional_network, picture

X = picture()
pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(scope="module")
def model():
    return dense_network()


@pytest.fixture(scope="module")
def explainer(model) -> Explainer:
    return Explainer(model)


def test_arguments_and_defaults() -> None:
    parameters = inspect.signature(grad_cam_plus_smooth).parameters
    assert {name: parameter.default for name, parameter in list(parameters.items())[2:]} == {
        "layer_name": None,
        "nsamples": 0,
        "std_dev": 0.15,
        "filters": None,
        "region": True,
        "subset": None,
    }
    assert list(parameters)[:2] == ["model", "img"]


def test_as_printed(model, explainer: Explainer) -> None:
    # layer_name='block5_conv3', nsamples=5, std_dev=0.3, filters=[0], region=True, subset=[...]
    maps = grad_cam_plus_smooth(
        model, X, layer_name="last", nsamples=5, std_dev=0.3, filters=[0], region=True, subset=[(0, 7), (4, 2)]
    )
    expected = explainer.explain(
        X, method="smooth_grad_cam++", layer="last", samples=5, noise=0.3, filters=[0], region=((0, 7), (4, 2))
    )
    assert len(maps) == 1
    np.testing.assert_array_equal(maps[0].signed, expected.signed)
    inside = np.zeros((6, 9), dtype=bool)
    inside[0:5, 2:8] = True
    assert not maps[0].signed[~inside].any() and maps[0].signed[inside].all()
    assert maps[0].samples == 5


def test_one_for_each_filter_in_the_order_given(model, explainer: Explainer) -> None:
    maps = grad_cam_plus_smooth(model, X, "last", 2, 0.2, [4, 1, 4])
    whole = explainer.explain(X, method="smooth_grad_cam++", layer="last", samples=2, noise=0.2)
    assert [map.query.filters for map in maps] == [(4,), (1,), (4,)]
    for map, index in zip(maps, (4, 1, 4), strict=True):
        np.testing.assert_array_equal(map.signed, whole.only(filters=[index]).signed)
    assert np.abs(maps[0].signed - maps[1].signed).max() > 0


def test_no_filters_named_is_the_whole_layer_and_no_list_is_no_map(model, explainer: Explainer) -> None:
    (whole,) = grad_cam_plus_smooth(model, X)
    expected = explainer.explain(X, method="grad_cam++")
    assert (whole.layer, whole.samples, whole.method) == ("relu", 0, "smooth_grad_cam++")
    np.testing.assert_array_equal(whole.map, expected.map)
    assert grad_cam_plus_smooth(model, X, filters=[]) == []


def test_a_range_of_filters_and_a_single_one(model) -> None:
    assert [map.query.filters for map in grad_cam_plus_smooth(model, X, filters=range(2, -1, -2))] == [(2,), (0,)]
    assert [map.query.filters for map in grad_cam_plus_smooth(model, X, filters=3)] == [(3,)]


def test_neurons_alone(model) -> None:
    (whole,) = grad_cam_plus_smooth(model, X, "last")
    (few,) = grad_cam_plus_smooth(model, X, "last", region=False, subset=[(0, 7), (4, 2), (5, 8)])
    kept = np.zeros((6, 9), dtype=bool)
    kept[0, 7] = kept[4, 2] = kept[5, 8] = True
    np.testing.assert_array_equal(few.signed, np.where(kept, whole.signed, 0))
    (none,) = grad_cam_plus_smooth(model, X, "last", region=False, subset=[])
    assert none.message == "No neuron is chosen."
    (everywhere,) = grad_cam_plus_smooth(model, X, "last", region=False)
    np.testing.assert_array_equal(everywhere.signed, whole.signed)


@pytest.mark.parametrize("subset", [[], [(0, 1)], [(0, 1), (2, 3), (4, 5)]])
def test_a_box_has_two_corners(model, subset: list) -> None:
    with pytest.raises(ValueError, match=rf"two corners .*; {len(subset)} pairs were given\. Pass region=False"):
        grad_cam_plus_smooth(model, X, subset=subset)


def test_errors_are_those_of_explain(model) -> None:
    with pytest.raises(ValueError, match="No filter 7: the layer has 7 filters"):
        grad_cam_plus_smooth(model, X, filters=[0, 7])
    with pytest.raises(ValueError, match="No layer 'block5_conv3'"):
        grad_cam_plus_smooth(model, X, layer_name="block5_conv3")
    with pytest.raises(ValueError, match=r"Neuron \(6, 0\) is outside"):
        grad_cam_plus_smooth(model, X, subset=[(0, 0), (6, 0)])


# -- explain() --------------------------------------------------------------------------------------


def test_one_call_is_the_explainers(model, explainer: Explainer) -> None:
    options = {"method": "grad_cam", "target": 3, "layer": "pool", "filters": [0, 2]}
    one, other = explain(model, X, class_names=list("abcd"), **options), explainer.explain(X, **options)
    np.testing.assert_array_equal(one.signed, other.signed)
    assert (one.target_name, other.target_name) == ("d", "class 3")


def test_the_two_networks_used_last_are_kept() -> None:
    once._RECENT.clear()
    networks = [functional_network() for _ in range(3)]
    explain(networks[0], X)
    kept = once._RECENT[id(networks[0])][0]
    explain(networks[1], X)
    explain(networks[0], X)
    assert once._RECENT[id(networks[0])][0] is kept
    explain(networks[2], X)  # now networks[1] was used longest ago
    assert list(once._RECENT) == [id(networks[0]), id(networks[2])]
    assert once._RECENT[id(networks[0])][0] is kept
    explain(networks[0], X, class_names=list("abcd"))  # another setting, another explainer
    assert once._RECENT[id(networks[0])][0] is not kept
    once._RECENT.clear()


def test_an_error_does_not_spoil_what_is_kept() -> None:
    model = functional_network()
    explain(model, X)
    with pytest.raises(TypeError, match="Unknown option 'metod'. Did you mean 'method'"):
        explain(model, X, metod="cam")
    assert explain(model, X, target=0).message == ""
