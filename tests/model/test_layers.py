"""Finding layers by name, and the one to explain where none is named."""

from pathlib import Path
from typing import Any

import keras
import pytest
from keras import layers

from camwidget.model import LayerInfo
from camwidget.model.layers import REASON, find_layer, mark_default
from tests.model.networks import (
    SHAPE,
    functional,
    probe_of,
)


def info(name: str, kind: str = "Conv2D", grid: tuple[int, int] = (6, 9), **options: Any) -> LayerInfo:
    return LayerInfo(name, kind, *grid, 4, **options)


NAMED = (
    info("stem"),
    info("left/block/out"),
    info("right/block/out", default=True),
    info("right/end"),
    info("right/body", listed=False),
)


def test_find_by_full_name_and_by_its_unique_last_part() -> None:
    assert find_layer(NAMED, "left/block/out") is NAMED[1]
    assert find_layer(NAMED, "end") is NAMED[3]
    assert find_layer(NAMED, "body") is NAMED[4]  # can be named although it is not listed
    assert find_layer(NAMED, None) is NAMED[2]


def test_the_full_name_goes_before_a_last_part() -> None:
    both = (info("stage/out"), info("out"))
    assert find_layer(both, "out") is both[1]


def test_a_last_part_that_several_have() -> None:
    with pytest.raises(
        ValueError, match=r"Several layers are called 'out': left/block/out, right/block/out\. Pass one"
    ):
        find_layer(NAMED, "out")


def test_an_unknown_layer() -> None:
    with pytest.raises(ValueError) as error:
        find_layer(NAMED, "right/ned")
    assert str(error.value) == (
        "No layer 'right/ned'. Did you mean 'right/end'? Layers with a map: stem, left/block/out, right/block/out, "
        "right/end. Pass one as layer=."
    )


def test_an_unknown_layer_like_no_other() -> None:
    with pytest.raises(ValueError, match=r"^No layer 'xyz'\. Layers with a map"):
        find_layer(NAMED, "xyz")


def test_no_layer_with_a_map() -> None:
    with pytest.raises(ValueError, match=r"no layer with a map.* Pass a convolutional network"):
        find_layer((), None)


def test_no_default() -> None:
    with pytest.raises(ValueError, match=r"No convolution to explain by default\. Layers with a map: pool\. Pass one"):
        find_layer((info("pool", "MaxPooling2D"),), None)


def default(found: list[LayerInfo], *, weights_follow: bool = True) -> str | None:
    marked = mark_default(found, weights_follow=weights_follow)
    assert [layer.reason for layer in marked] == [REASON if layer.default else "" for layer in marked]
    names = [layer.name for layer in marked if layer.default]
    assert len(names) <= 1
    return names[0] if names else None


def conv(name: str, grid: tuple[int, int] = (6, 9)) -> LayerInfo:
    return info(name, grid=grid, has_weights=True)


def test_default_goes_on_to_what_follows_on_the_same_grid() -> None:
    stack = [
        conv("a"),
        conv("b"),
        info("bn", "BatchNormalization", has_weights=True),
        info("add", "Add"),
        info("relu", "ReLU"),
    ]
    assert default(stack) == "relu"


def test_default_stops_before_pooling() -> None:
    assert default([conv("a"), info("relu", "ReLU"), info("pool", "MaxPooling2D", (3, 4))]) == "relu"
    # stride 1: the grid stays, and still it is no layer to explain
    assert default([conv("a"), info("pool", "AveragePooling2D")]) == "a"


def test_default_passes_over_a_pooled_branch_on_the_same_grid() -> None:
    # Inception's last block: the branches, one of them pooled with stride 1, come together behind it
    stack = [conv("a"), info("pool", "AveragePooling2D"), conv("b"), info("mixed", "Concatenate")]
    assert default(stack) == "mixed"
    stack = [conv("a"), conv("b"), info("pool", "AveragePooling2D"), info("mixed", "Concatenate")]
    assert default(stack) == "mixed"


def test_default_stops_at_another_grid() -> None:
    assert default([conv("a"), info("up", "UpSampling2D", (12, 18)), info("relu", "ReLU", (12, 18))]) == "a"


def test_default_is_not_the_class_map() -> None:
    stack = [conv("squeeze"), conv("expand"), info("concat", "Concatenate"), conv("conv10"), info("relu", "ReLU")]
    assert default(stack, weights_follow=False) == "concat"
    assert default(stack, weights_follow=True) == "relu"


def test_the_only_convolution_is_the_default_even_as_class_map() -> None:
    assert default([conv("a"), info("relu", "ReLU")], weights_follow=False) == "relu"


def test_default_passes_over_what_only_hands_on() -> None:
    assert default([conv("a"), info("relu", "ReLU"), info("dropout", "Dropout", listed=False)]) == "relu"


def test_no_convolution_no_default() -> None:
    assert default([info("norm", "LayerNormalization", has_weights=True)]) is None


def test_marking_gives_new_records() -> None:
    before = [conv("a")]
    assert mark_default(before, weights_follow=True)[0].default
    assert not before[0].default


# -- on networks ------------------------------------------------------------------------------------


def test_a_small_squeezenet() -> None:
    """The class map comes out of the last convolution; the layer before it is the informative one."""
    inputs = keras.Input(SHAPE)
    x = layers.Rescaling(1 / 255)(inputs)
    x = layers.ZeroPadding2D(1, name="pad")(x)
    x = layers.Conv2D(4, 3, strides=2, activation="relu", name="conv1")(x)
    squeeze = layers.Conv2D(2, 1, activation="relu", name="fire9_squeeze")(x)
    wide = [
        layers.Conv2D(3, size, padding="same", activation="relu", name=f"fire9_expand{size}")(squeeze)
        for size in (1, 3)
    ]
    x = layers.Concatenate(name="fire9_concat")(wide)
    x = layers.Dropout(0.5, name="drop9")(x)
    x = layers.Conv2D(5, 1, activation="relu", name="conv10")(x)
    x = layers.GlobalAveragePooling2D(name="pool10")(x)
    probe = probe_of(keras.Model(inputs, layers.Softmax(name="prob")(x)), SHAPE)
    assert probe.find_layer(None).name == "fire9_concat"
    listed = [layer.name for layer in probe.layers if layer.listed]
    # What comes before the first weights is the picture itself, and dropout only hands on.
    assert listed == ["conv1", "fire9_squeeze", "fire9_expand1", "fire9_expand3", "fire9_concat", "conv10"]
    concat = probe.find_layer(None)
    assert (concat.rows, concat.columns, concat.channels) == (6, 9, 6)


def test_squeezenet(real_data: Path) -> None:
    model = keras.models.load_model(real_data / "networks" / "squeezenet11.keras")
    assert isinstance(model, keras.Model)
    probe = probe_of(model, (227, 227, 3))
    layer = probe.find_layer(None)
    assert (layer.name, layer.rows, layer.columns, layer.channels) == ("fire9_concat", 14, 14, 512)
    assert layer.reason == REASON
    assert probe.kind == "softmax"


def test_grids_of_one_row_are_no_maps() -> None:
    stack = [
        layers.Conv2D(4, 3, padding="same", name="conv"),
        layers.Conv2D(4, (12, 1), name="one_row"),  # 1 x 18
        layers.Flatten(),
        layers.Dense(2),
    ]
    probe = probe_of(functional(stack), SHAPE)
    assert [layer.name for layer in probe.layers] == ["conv"]


def test_a_network_without_a_map() -> None:
    probe = probe_of(functional([layers.Flatten(), layers.Dense(3)]), SHAPE)
    with pytest.raises(ValueError, match="no layer with a map"):
        probe.find_layer(None)


def test_an_error_lists_few_of_many_layers() -> None:
    stack = [conv(f"layer{n}") for n in range(30)]
    with pytest.raises(ValueError) as error:
        find_layer(stack, "layer99")
    words = str(error.value)
    assert "layer0, layer1, layer2, layer3, layer4, layer5, ..., layer24, " in words
    assert "layer29 (30 in all, see Explainer.layers)" in words and "layer12" not in words
    with pytest.raises(ValueError, match="map: layer0, layer1, layer2. Pass"):
        find_layer(stack[:3], "nothing")
