"""How one choice follows from another."""

import pytest

from camwidget.explanation import make_query
from camwidget.widget.state import as_plain, as_traits, follow, same_measurement


def query(**options):
    return make_query({"layer": "a", "target": 1, "samples": 0, **options})


def test_another_layer_keeps_the_part_of_the_picture_and_gives_up_filters_and_neurons():
    before = query(filters=[1], neurons=[(0, 0)], region=[(3, 4), (5, 7)])
    after = follow(query(layer="b", filters=[1], neurons=[(0, 0)], region=[(3, 4), (5, 7)]), before, (9, 14), (18, 28))
    assert after.filters is None
    assert after.neurons is None
    assert after.region == (((6, 8), (11, 15)),)


def test_what_is_said_together_with_the_layer_stays():
    before = query(region=[(3, 4), (5, 7)])
    after = follow(query(layer="b", filters=[2], neurons=[(1, 1)], region=[(0, 0), (1, 1)]), before, (9, 14), (18, 28))
    assert after == query(layer="b", filters=[2], neurons=[(1, 1)], region=[(0, 0), (1, 1)])


def test_the_same_layer_changes_nothing():
    before = query(filters=[1], region=[(3, 4), (5, 7)])
    assert follow(before, before, (9, 14), (9, 14)) == before


@pytest.mark.parametrize(
    ("before", "after", "samples"),
    [
        (("grad_cam++", 0), ("smooth_grad_cam++", 0), 20),  # brings its own number
        (("smooth_grad_cam++", 20), ("grad_cam++", 20), 0),  # and takes it along
        (("grad_cam", 8), ("grad_cam++", 8), 8),  # chosen by hand: stays
        (("smooth_grad_cam++", 8), ("grad_cam++", 8), 8),
        (("grad_cam++", 0), ("smooth_grad_cam++", 5), 5),  # said together with the method
    ],
)
def test_a_method_brings_its_number_of_samples(before, after, samples):
    old = query(method=before[0], samples=before[1])
    new = query(method=after[0], samples=after[1])
    assert follow(new, old, (9, 14), (9, 14)).samples == samples


def test_only_filters_and_neurons_cost_no_measurement():
    assert same_measurement(query(filters=[1]), query(region=[(0, 0), (1, 1)], neurons=[(2, 2)]))
    for other in (query(target=2), query(layer="b"), query(method="grad_cam"), query(samples=3), query(noise=0.2)):
        assert not same_measurement(query(), other)


def test_traits_hold_lists():
    traits = as_traits(query(filters=(1, 2), neurons=((0, 3),), region=((3, 4), (5, 7))))
    assert traits["filters"] == [1, 2]
    assert traits["neurons"] == [[0, 3]]
    assert traits["region"] == [[[3, 4], [5, 7]]]
    assert as_plain(None) is None
