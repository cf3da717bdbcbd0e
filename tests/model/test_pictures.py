"""Whatever people hand over becomes a picture on show and the numbers a network takes, or a clear error."""

import re
from collections.abc import Iterator
from pathlib import Path

import jaxtyping
import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from camwidget.model import Picture, as_rgb, declared_inputs, load_picture
from camwidget.model.inputs import Shape
from camwidget.model.preprocessing import Preprocessing, find_preprocessing
from tests.model.networks import body, functional, subclassed_network, unbuilt_sequential

HEIGHT, WIDTH = 12, 18
RGB = np.random.default_rng(0).integers(0, 256, size=(HEIGHT, WIDTH, 3), dtype=np.uint8)
FLOATS = np.random.default_rng(1).normal(size=(HEIGHT, WIDTH, 3)).astype(np.float32)
COLOUR: Shape = (HEIGHT, WIDTH, 3)
GREY: Shape = (HEIGHT, WIDTH, 1)
HALF = Preprocessing(lambda picture: picture / 255 - 0.5, "a half subtracted", is_identity=False)
PLAIN = Preprocessing(lambda picture: picture, "none, as asked")
UNKNOWN = Preprocessing(lambda picture: picture, "none found", is_known=False)


def load(image: object, shape: Shape = COLOUR, preprocessing: Preprocessing = HALF) -> Picture:
    return load_picture(image, shape, preprocessing)


def luminance(pixels: np.ndarray) -> np.ndarray:
    """ITU-R 601, as Pillow has it: (19595 R + 38470 G + 7471 B + 2^15) / 2^16."""
    r, g, b = (pixels[..., i].astype(int) for i in range(3))
    return (19595 * r + 38470 * g + 7471 * b + 2**15) // 2**16


def test_an_array_of_pixels() -> None:
    picture = load(RGB)
    np.testing.assert_array_equal(picture.pixels, RGB)
    np.testing.assert_allclose(picture.inputs, RGB.astype(np.float32) / 255 - 0.5, atol=1e-6)
    assert picture.inputs.dtype == np.float32
    assert picture.notes == ()


@pytest.mark.parametrize(
    "given",
    [
        RGB[None],
        tf.constant(RGB),
        tf.constant(RGB[None]),
        keras.ops.convert_to_tensor(RGB),
        Image.fromarray(RGB),
        RGB.astype(np.int64),
        RGB.astype(np.int32)[None],
        RGB.astype(np.uint16),
        RGB.tolist(),
        np.asfortranarray(RGB),
        RGB[::-1][::-1],
    ],
    ids=[
        "batch of one",
        "tensor",
        "batched tensor",
        "keras tensor",
        "PIL",
        "int64",
        "int32 batch",
        "uint16",
        "lists",
        "fortran",
        "strided",
    ],
)
def test_the_same_picture_in_other_clothes(given: object) -> None:
    picture, plain = load(given), load(RGB)
    np.testing.assert_array_equal(picture.pixels, RGB)
    np.testing.assert_array_equal(picture.inputs, plain.inputs)
    assert picture.key == plain.key


@pytest.mark.parametrize("ending", ["png", "bmp", "tiff", "gif", "webp"])
@pytest.mark.parametrize("as_text", [True, False])
def test_files(tmp_path: Path, ending: str, as_text: bool) -> None:
    few = (RGB // 86 * 86).astype(np.uint8)  # 27 colours: GIF keeps them
    path = tmp_path / f"grüße und mehr.{ending}"
    Image.fromarray(few).save(path, lossless=True)  # which WebP alone asks about
    picture = load(str(path) if as_text else path)
    np.testing.assert_array_equal(picture.pixels, few)
    np.testing.assert_allclose(picture.inputs, few / np.float32(255) - np.float32(0.5), atol=1e-6)


def test_a_palette_a_grey_and_a_transparent_file(tmp_path: Path) -> None:
    few = (RGB // 86 * 86).astype(np.uint8)
    Image.fromarray(few).convert("P", palette=Image.Palette.ADAPTIVE, colors=64).save(tmp_path / "palette.png")
    np.testing.assert_array_equal(load(tmp_path / "palette.png").pixels, few)

    Image.fromarray(RGB[..., 0]).save(tmp_path / "grey.png")
    picture = load(tmp_path / "grey.png")
    np.testing.assert_array_equal(picture.pixels, np.repeat(RGB[..., :1], 3, axis=2))
    np.testing.assert_allclose(picture.inputs[..., 2], RGB[..., 0] / 255 - 0.5, atol=1e-6)

    Image.fromarray(np.dstack([RGB, np.full((HEIGHT, WIDTH), 90, np.uint8)])).save(tmp_path / "rgba.png")
    np.testing.assert_array_equal(load(tmp_path / "rgba.png").pixels, RGB)


def test_a_palette_with_several_transparent_colours(tmp_path: Path) -> None:
    # Pillow warns about these, and warnings are errors here.
    image = Image.fromarray(RGB).convert("P", palette=Image.Palette.ADAPTIVE, colors=16)
    image.info["transparency"] = bytes(range(16))
    image.save(tmp_path / "icons.png")
    with Image.open(tmp_path / "icons.png") as reopened:
        assert reopened.mode == "P" and isinstance(reopened.info["transparency"], bytes)
        expected = np.asarray(reopened.convert("RGBA"))[..., :3]
    np.testing.assert_array_equal(load(tmp_path / "icons.png").pixels, expected)


def test_sixteen_bit_grey_keeps_its_shades(tmp_path: Path) -> None:
    # A medical or depth picture: 0..65535 must not be clipped to white.
    shades = np.linspace(0, 65535, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).astype(np.uint16)
    Image.fromarray(shades).save(tmp_path / "deep.png")
    picture = load(tmp_path / "deep.png", GREY, PLAIN)
    np.testing.assert_allclose(picture.inputs[..., 0], shades / 257, atol=1)
    np.testing.assert_allclose(picture.pixels[..., 1], shades / 257, atol=1)


def test_a_photograph_is_turned_as_its_camera_says(tmp_path: Path) -> None:
    tags = Image.Exif()
    tags[0x0112] = 6  # the top of the scene is at the right edge of the stored rows
    Image.fromarray(np.ascontiguousarray(np.rot90(RGB))).save(tmp_path / "turned.png", exif=tags)
    picture = load(tmp_path / "turned.png", (None, None, 3))
    np.testing.assert_array_equal(picture.pixels, RGB)
    np.testing.assert_allclose(picture.inputs, RGB / np.float32(255) - np.float32(0.5), atol=1e-6)


def test_pictures_are_squashed_to_the_networks_size_and_shown_in_their_own() -> None:
    # 12 x 18 to 6 x 6. Constant blocks of 2 x 3: each shrinks to about its own value.
    blocks = np.random.default_rng(3).integers(0, 256, size=(6, 6, 3), dtype=np.uint8)
    picture = load(np.kron(blocks, np.ones((2, 3, 1), np.uint8)), (6, 6, 3), PLAIN)
    assert picture.pixels.shape == (HEIGHT, WIDTH, 3)
    expected = np.asarray(Image.fromarray(picture.pixels).resize((6, 6), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(picture.inputs, expected)
    # height and width are not confused
    assert load(RGB, (30, 20, 3), PLAIN).inputs.shape == (30, 20, 3)
    stripes = np.repeat(np.arange(0, 240, 20, dtype=np.uint8)[:, None, None], WIDTH, axis=1).repeat(3, axis=2)
    tall = load(stripes, (24, 9, 3), PLAIN).inputs
    assert np.ptp(tall, axis=1).max() == 0  # stripes stay stripes
    assert (np.diff(tall[:, 0, 0]) >= 0).all() and tall[-1, 0, 0] == 220


def test_a_network_of_any_size_takes_the_pictures_own() -> None:
    assert load(RGB, (None, None, 3)).inputs.shape == (HEIGHT, WIDTH, 3)
    assert load(RGB, (None, 9, 3)).inputs.shape == (HEIGHT, 9, 3)
    assert load(RGB, (None, None, None)).inputs.shape == (HEIGHT, WIDTH, 3)


def test_colour_for_a_grey_network_and_grey_for_a_colour_network() -> None:
    picture = load(RGB, GREY, PLAIN)
    np.testing.assert_allclose(picture.inputs[..., 0], luminance(RGB), atol=0)
    np.testing.assert_array_equal(picture.pixels, RGB)
    for given in (RGB[..., 0], RGB[..., :1], RGB[None, ..., :1]):
        picture = load(given, COLOUR, PLAIN)
        np.testing.assert_array_equal(picture.inputs, np.repeat(RGB[..., :1], 3, axis=2))
        np.testing.assert_array_equal(load(given, GREY, PLAIN).inputs, RGB[..., :1])


def test_four_channels() -> None:
    rgba = np.dstack([RGB, np.full((HEIGHT, WIDTH), 90, np.uint8)])
    picture = load(rgba, (HEIGHT, WIDTH, 4), PLAIN)
    np.testing.assert_array_equal(picture.inputs, rgba)
    np.testing.assert_array_equal(picture.pixels, RGB)
    np.testing.assert_array_equal(load(rgba, COLOUR, PLAIN).inputs, RGB)


# -- floats -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given", [FLOATS, FLOATS[None], tf.constant(FLOATS), FLOATS.astype(np.float64), FLOATS.tolist()]
)
def test_floats_are_what_the_network_takes(given: object) -> None:
    picture = load(given)
    np.testing.assert_allclose(picture.inputs, FLOATS, rtol=1e-6)
    assert picture.inputs.dtype == np.float32
    # shown from darkest to lightest
    low, high = FLOATS.min(), FLOATS.max()
    np.testing.assert_array_equal(picture.pixels, np.round((FLOATS - low) / (high - low) * 255).astype(np.uint8))
    assert picture.notes == ()


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
def test_floats_of_few_bits(dtype: tf.DType) -> None:
    given = tf.cast(FLOATS, dtype)
    np.testing.assert_array_equal(load(given).inputs, tf.cast(given, tf.float32).numpy())


def test_bool_is_zero_and_one() -> None:
    mask = FLOATS > 0
    picture = load(mask)
    np.testing.assert_array_equal(picture.inputs, mask.astype(np.float32))
    np.testing.assert_array_equal(picture.pixels, mask * np.uint8(255))


def test_two_axes_of_floats_are_grey() -> None:
    picture = load(FLOATS[..., 0], GREY)
    np.testing.assert_array_equal(picture.inputs, FLOATS[..., :1])
    assert (picture.pixels[..., 0] == picture.pixels[..., 2]).all()


def test_any_number_of_channels_as_rgb() -> None:
    shades = np.array([[[[10, 21, 90, 7, 4]]], [[[0, 0, 1, 255, 255]]]], np.uint8)  # two pictures of one pixel
    assert as_rgb(shades).tolist() == [[[[26, 26, 26]]], [[[102, 102, 102]]]]  # 132 / 5 and 511 / 5
    assert as_rgb(shades[..., :4]).tolist() == as_rgb(shades[..., :3]).tolist() == shades[..., :3].tolist()
    assert as_rgb(shades[0, ..., 1:3]).tolist() == [[[56, 56, 56]]]  # 55.5, to the even one
    assert as_rgb(shades[0, ..., 3:4]).tolist() == [[[7, 7, 7]]]


def test_many_channels_are_shown_by_their_mean() -> None:
    many = np.random.default_rng(2).normal(size=(4, 6, 7)).astype(np.float32)
    picture = load(many, (4, 6, 7))
    np.testing.assert_array_equal(picture.inputs, many)
    scaled = ((many - many.min()) / np.ptp(many)).mean(axis=2)
    np.testing.assert_allclose(picture.pixels[..., 1], np.round(scaled * 255), atol=1)


def test_a_constant_float_picture_is_shown_black() -> None:
    assert not load(np.full((HEIGHT, WIDTH, 3), 0.7, np.float32)).pixels.any()


def test_neither_picture_shares_memory_with_what_was_given() -> None:
    floats, pixels = FLOATS.copy(), RGB.copy()
    one, other = load(floats), load(pixels)
    floats[:], pixels[:] = 0, 0
    assert one.inputs.any() and other.pixels.any() and other.inputs.any()


def test_the_key_tells_pictures_apart() -> None:
    other = RGB.copy()
    other[5, 5, 1] ^= 1
    keys = [
        load(RGB).key,
        load(other).key,
        load(RGB, preprocessing=PLAIN).key,
        load(FLOATS).key,
        load(RGB, (6, 9, 3)).key,
    ]
    assert len(set(keys)) == len(keys)


# -- notes ------------------------------------------------------------------------------------------


def test_a_float_picture_of_0_to_255_draws_a_warning() -> None:
    (note,) = load(RGB.astype(np.float32)).notes
    assert note == (
        f"A float picture from {RGB.min():g} to {RGB.max():g} was given: floats go to the network as they are, but "
        "this one expects a half subtracted. If it is a picture, pass img.astype('uint8')."
    )


@pytest.mark.parametrize("given", [RGB.astype(np.float32) / 255, RGB.astype(np.float32) - 128, FLOATS])
def test_other_floats_draw_none(given: np.ndarray) -> None:
    assert load(given).notes == ()


def test_floats_of_0_to_1_for_a_network_that_takes_0_to_255_draw_a_warning() -> None:
    stack = [keras.layers.Input((6, 9, 3)), keras.layers.Rescaling(1 / 127.5, offset=-1)]
    model = keras.Sequential([*stack, keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(2)])
    assert find_preprocessing(model).takes_pixels
    given = np.linspace(0, 1, 162, dtype=np.float32).reshape(6, 9, 3)
    (note,) = load_picture(given, (6, 9, 3), find_preprocessing(model)).notes
    assert note == (
        "A float picture from 0 to 1 was given: floats go to the network as they are, and this one takes 0 to 255. If "
        "it is a picture, pass (255 * img).astype('uint8')."
    )
    # A network that stretches what is small already, and one of which nothing is known.
    wide = keras.Sequential([keras.layers.Input((6, 9, 3)), keras.layers.Rescaling(2.0), keras.layers.Flatten()])
    assert not find_preprocessing(wide).takes_pixels and not find_preprocessing(model, None).takes_pixels


def test_a_float_picture_for_a_network_that_takes_pictures_draws_none() -> None:
    assert load(RGB.astype(np.float32), preprocessing=PLAIN).notes == ()


def test_an_unknown_preprocessing_is_said_in_the_same_words_for_every_picture() -> None:
    (note,) = load(RGB, preprocessing=UNKNOWN).notes
    assert "0 to 255" in note and "preprocess=" in note
    assert load(RGB // 2, preprocessing=UNKNOWN).notes == (note,)
    assert load(FLOATS, preprocessing=UNKNOWN).notes == ()


# -- bad input --------------------------------------------------------------------------------------


def refused(kind: type[Exception], image: object, *parts: str, shape: Shape = COLOUR) -> None:
    with pytest.raises(kind) as error:
        load(image, shape)
    for part in parts:
        assert part in str(error.value), str(error.value)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    refused(ValueError, "no/such.png", "No picture at 'no/such.png': it does not exist", "Check the path")
    refused(ValueError, tmp_path, "is a folder")


def test_a_file_that_is_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("not a picture at all")
    refused(ValueError, path, "cannot be read as a picture", "Pass a PNG, JPEG")
    path.write_bytes(b"")
    refused(ValueError, path, "cannot be read as a picture")


@pytest.mark.parametrize("ending", ["png", "jpg", "bmp"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_file_cut_off(tmp_path: Path, ending: str, share: float) -> None:
    path = tmp_path / f"whole.{ending}"
    noise = np.random.default_rng(0).integers(0, 256, size=(90, 120, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    refused(ValueError, path, "is damaged or cut off", f"whole.{ending}")


@pytest.mark.parametrize("rank", [0, 1, 5])
def test_a_wrong_number_of_axes(rank: int) -> None:
    refused(ValueError, np.ones((2,) * rank, np.float32), f"An array with {rank} axes", "(height, width, channels)")


def test_a_batch_of_several() -> None:
    refused(ValueError, np.stack([RGB] * 3), "A batch of 3 pictures", "images[0]")


@pytest.mark.parametrize("channels", [2, 5, 7])
def test_a_wrong_number_of_channels(channels: int) -> None:
    given = np.ones((HEIGHT, WIDTH, channels), np.uint8)
    refused(ValueError, given, f"has {channels} channels, shape (12, 18, {channels})", "1, 3, 4 channels")
    refused(ValueError, given.astype(np.float32), "channel count does not fit", f"(12, 18, {channels})", "(12, 18, 3)")


def test_channels_first() -> None:
    refused(ValueError, RGB.transpose(2, 0, 1), "has 18 channels", "last axis")


def test_pixels_for_a_network_of_many_channels() -> None:
    refused(ValueError, RGB, "The network takes 7 channels", "Pass a float array", shape=(HEIGHT, WIDTH, 7))


def test_floats_of_another_size() -> None:
    refused(ValueError, FLOATS[:10], "its height does not fit: shape (10, 18, 3)", "(12, 18, 3) is expected", "uint8")
    refused(ValueError, FLOATS[:, :10], "its width does not fit", shape=(None, WIDTH, 3))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite(value: float) -> None:
    bad = FLOATS.copy()
    bad[3, 4, 0] = bad[0, 0, 2] = value
    refused(ValueError, bad, "holds 2 numbers that are NaN or infinite")


def test_numbers_too_large_for_the_network() -> None:
    refused(ValueError, FLOATS.astype(np.float64) * 1e60, "NaN or infinite")


@pytest.mark.parametrize("shape", [(0, 18, 3), (12, 0, 3), (12, 18, 0), (0,), (1, 0, 18, 3)])
def test_an_empty_array(shape: tuple[int, ...]) -> None:
    refused(ValueError, np.zeros(shape, np.uint8), f"The picture is empty: its shape is {shape}")


def test_whole_numbers_beyond_a_picture() -> None:
    refused(ValueError, RGB.astype(np.int64) + 1000, "Whole numbers from", "0 to 255 is expected")
    refused(ValueError, RGB.astype(np.int16) - 300, "Whole numbers from")


@pytest.mark.parametrize(
    "given", [None, {"a": 1}, object(), [[1, 2], [3]], np.array(["a", "b"]), 3 + 2j, np.ones((4, 6), complex)]
)
def test_what_is_no_picture_at_all(given: object) -> None:
    refused(TypeError, given, "is not a picture", "Pass a path, a PIL image")


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (lambda picture: picture[None], "(1, 12, 18, 3)"),
        (lambda picture: picture[..., :1], "(12, 18, 1)"),
        (lambda picture: picture * np.nan, "NaN or infinite"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_a_preprocessing_that_gives_something_else(result: object, words: str) -> None:
    mine = Preprocessing(result, "mine", is_identity=False)  # type: ignore[arg-type] # a function of a picture
    with pytest.raises(ValueError, match=re.escape(words)):
        load(RGB, preprocessing=mine)


# -- what a network takes ---------------------------------------------------------------------------


def declared_shape(model: keras.Model) -> Shape | None:
    declared = declared_inputs(model)
    return None if declared is None else declared.shape


def test_input_shape() -> None:
    assert declared_shape(functional(body())) == (12, 18, 3)
    assert declared_shape(functional(body()[:1], shape=(None, 18, 3))) == (None, 18, 3)
    assert declared_shape(unbuilt_sequential()) is None
    assert declared_shape(subclassed_network()) == (12, 18, 3)  # noted when it was first called


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Without the tests' own check of types, as users have it: their mistakes meet our words."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.mark.usefixtures("unchecked")
def test_networks_that_take_no_picture() -> None:
    with pytest.raises(TypeError, match=r"the network, a keras\.Model; this is str\. Load one with"):
        declared_inputs("vgg16.keras")  # type: ignore[arg-type] # what is tested
    dense = keras.Sequential([keras.Input((7,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match=r"inputs of shape \(None, 7\); pictures, shape"):
        declared_shape(dense)


def test_what_a_network_of_several_inputs_declares() -> None:
    first, second = keras.Input((12, 18, 3), name="a"), keras.Input((12, 18, 3), name="b")
    added = keras.layers.Add()([first, second])
    for inputs, container in (([first, second], "list"), ({"a": first, "b": second}, "dict")):
        declared = declared_inputs(keras.Model(inputs, added))
        assert declared is not None
        assert (declared.names, declared.container, declared.shapes) == (("a", "b"), container, ((12, 18, 3),) * 2)
    # One input in a list or a dict is one input, handed over as the network has it.
    for inputs, container in (([first], "list"), ({"a": first}, "dict")):
        declared = declared_inputs(keras.Model(inputs, keras.layers.ReLU()(first)))
        assert declared is not None
        assert (declared.names, declared.container, declared.shape) == (("a",), container, (12, 18, 3))


def test_what_a_picture_was_before_preprocessing() -> None:
    small = np.array(Image.fromarray(RGB).resize((9, 6), Image.Resampling.BILINEAR))
    picture = load(RGB, (6, 9, 3))
    assert picture.raw is not None
    np.testing.assert_array_equal(picture.raw, small.astype(np.float32))
    np.testing.assert_array_equal(picture.inputs, picture.raw / 255 - 0.5)
    assert load(FLOATS).raw is None  # what half was subtracted from, nobody knows
    np.testing.assert_array_equal(load(FLOATS, preprocessing=PLAIN).raw, FLOATS)
