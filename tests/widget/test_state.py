"""How one choice follows from another."""

import pytest

from camwidget.explanation import make_query
from camwidget.widget.state import as_plain, as_traits, follow, same_measurement


def query(**options):
    return make_query({"layer": "a", "target": 1, "samples": 0, **options})


OLD, NEW = (9, 14), (18, 28)
CHOSEN = {"filters": [1], "neurons": [(0, 0)], "region": [(3, 4), (5, 7)]}


def test_another_layer_keeps_the_part_of_the_picture_and_gives_up_filters_and_neurons():
    after = follow(query(layer="b", **CHOSEN), query(**CHOSEN), frozenset({"layer"}), OLD, NEW)
    assert after == query(layer="b", region=[(6, 8), (11, 15)])


def test_what_is_set_together_with_the_layer_stays_also_where_it_is_the_same():
    changed = frozenset({"layer", "filters", "neurons", "region"})
    after = follow(query(layer="b", **CHOSEN), query(**CHOSEN), changed, OLD, NEW)
    assert after == query(layer="b", **CHOSEN)


def test_a_picture_of_another_size_moves_the_region_and_keeps_the_filters():
    after = follow(query(**CHOSEN), query(**CHOSEN), frozenset({"image"}), OLD, NEW)
    assert after == query(filters=[1], region=[(6, 8), (11, 15)])


def test_the_same_layer_changes_nothing():
    before = query(filters=[1], region=[(3, 4), (5, 7)])
    assert follow(before, before, frozenset({"layer"}), OLD, OLD) == before


@pytest.mark.parametrize(
    ("before", "after", "changed", "samples"),
    [
        (("grad_cam++", 0), ("smooth_grad_cam++", 0), {"method"}, 20),  # brings its own number
        (("smooth_grad_cam++", 20), ("grad_cam++", 20), {"method"}, 0),  # and takes it along
        (("grad_cam", 8), ("grad_cam++", 8), {"method"}, 8),  # chosen by hand: stays
        (("smooth_grad_cam++", 8), ("grad_cam++", 8), {"method"}, 8),
        (("grad_cam++", 0), ("smooth_grad_cam++", 0), {"method", "samples"}, 0),  # said together with the method
        (("smooth_grad_cam++", 20), ("smooth_grad_cam++", 0), {"samples"}, 0),
        (("smooth_grad_cam++", 20), ("smooth_grad", 20), {"method"}, 50),
        (("smooth_grad", 50), ("score_cam", 50), {"method"}, 0),
        (("grad_cam", 8), ("score_cam", 8), {"method"}, 0),  # takes no noise, whatever was chosen by hand
        (("grad_cam", 0), ("cam", 8), {"method", "samples"}, 0),
    ],
)
def test_a_method_brings_its_number_of_samples(before, after, changed, samples):
    old = query(method=before[0], samples=before[1])
    new = query(method=after[0], samples=after[1])
    assert follow(new, old, frozenset(changed), OLD, OLD).samples == samples


def test_only_filters_and_neurons_cost_no_measurement():
    assert same_measurement(query(filters=[1]), query(region=[(0, 0), (1, 1)], neurons=[(2, 2)]))
    for other in (query(target=2), query(layer="b"), query(method="grad_cam"), query(samples=3), query(noise=0.2)):
        assert not same_measurement(query(), other)


def test_for_a_method_for_pixels_a_selection_is_another_measurement():
    pixels = query(method="smooth_grad")
    for chosen in ({"filters": [1]}, {"neurons": [(2, 2)]}, {"region": [(0, 0), (1, 1)]}):
        assert not same_measurement(query(method="smooth_grad", **chosen), pixels)
        assert same_measurement(query(method="guided_grad_cam", **chosen), query(method="guided_grad_cam"))
    assert same_measurement(pixels, query(method="smooth_grad", against=2))  # filled in by the answer


def test_traits_hold_lists():
    traits = as_traits(query(filters=(1, 2), neurons=((0, 3),), region=((3, 4), (5, 7))))
    assert traits["filters"] == [1, 2]
    assert traits["neurons"] == [[0, 3]]
    assert traits["region"] == [[[3, 4], [5, 7]]]
    assert as_plain(None) is None
