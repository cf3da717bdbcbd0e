"""From whatever people have to a picture on show and the numbers a network takes."""

import hashlib
import os
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped, UInt8
from PIL import Image, UnidentifiedImageError

from .inputs import Arrangement, Shape, arrange, could_be_picture, side_input
from .preprocessing import Preprocessing

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_EXPECTED = (
    "Pass a path, a PIL image, or an array or tensor of shape (height, width, channels), (height, width), or a "
    "batch of one."
)

# The same words for every picture, so that they are said once.
UNKNOWN_RANGE = (
    "Nothing tells how this network wants its pictures: they go in as they are, 0 to 255. If it was trained on "
    "another range, pass preprocess=, a function of the picture (for instance lambda x: x / 255), or preprocess=None "
    "if this is right."
)


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as people see it and as the network takes it.

    Attributes:
        pixels: before preprocessing, 0 to 255, shape (H, W, 3), RGB.
        inputs: after it, float32, shape (height, width, channels) of the network's input.
        notes: sentences people should read; mostly none.
        key: tells this picture from others, by content.
        arrangement: of the network's inputs, which of them it is.
        sides: what goes in beside it, each with a batch axis of one.
        raw: before preprocessing and at the network's size, what `inputs` were made of, shape (h, w, c);
            None where the picture was given after a preprocessing that cannot be undone.
    """

    pixels: UInt8[np.ndarray, "H W 3"]
    inputs: Float[np.ndarray, "h w c"]
    notes: tuple[str, ...]
    key: str
    arrangement: Arrangement = Arrangement()
    sides: tuple[Shaped[np.ndarray, "1 ..."], ...] = ()
    raw: Float[np.ndarray, "h w c"] | None = None

    @property
    def packed(self) -> Any:
        """The inputs as the network takes them, a batch of one."""
        return self.arrangement.pack(self.inputs[None], self.sides)


def load_inputs(
    image: object, declared: Arrangement | None, painted: str | int | None, preprocessing: Preprocessing
) -> Picture:
    """Read a picture for a network, and what goes in beside it.

    Args:
        image: a picture, see `load_picture`; for a network of several inputs a list or dict of them.
        declared: what the network says it takes.
        painted: which input is the picture; None: the only one that can be.
        preprocessing: what the network wants done to pictures.

    Raises:
        TypeError, ValueError: as `arrange` and `load_picture`.
    """
    arrangement, values = arrange(declared, image, painted)
    picture = load_picture(values[arrangement.painted], arrangement.shape, preprocessing)
    if len(values) == 1:
        return replace(picture, arrangement=arrangement)
    sides, key = [], hashlib.sha1(picture.key.encode(), usedforsecurity=False)
    is_batch = getattr(values[arrangement.painted], "ndim", 0) == 4
    for position, (name, shape, value) in enumerate(zip(arrangement.names, arrangement.shapes, values, strict=True)):
        if position == arrangement.painted:
            continue
        if could_be_picture(shape, value):
            height, width, channels = shape or (None, None, None)
            sides.append(load_picture(value, (height, width, channels), preprocessing).inputs[None])
        else:
            sides.append(side_input(value, name, shape, is_batch=is_batch))
        key.update(f"{position} of {arrangement.painted}: {sides[-1].shape} {sides[-1].dtype}".encode())
        key.update(np.ascontiguousarray(sides[-1]).data)
    return replace(picture, key=key.hexdigest(), arrangement=arrangement, sides=tuple(sides))


def load_picture(image: object, shape: Shape, preprocessing: Preprocessing) -> Picture:
    """Read a picture for a network.

    uint8 arrays, files and PIL images are pictures, 0 to 255: they are squashed to the network's
    size (bilinear, antialiased) and preprocessed. Arrays of floats are taken as what the network
    takes, already preprocessed.

    Args:
        image: path, PIL image, NumPy array or tensor; (h, w, c), (h, w), or a batch of one.
        shape: (height, width, channels) that the network takes; None where it takes any.
        preprocessing: what the network wants done to a picture.

    Raises:
        ValueError: a missing or unreadable file, an empty array, the wrong number of axes or
            channels, numbers that are not finite, a float array of the wrong size.
        TypeError: not a picture at all.
    """
    if isinstance(image, str | os.PathLike):
        with _open(image) as opened:
            return _from_pil(_decoded(opened), shape, preprocessing)
    if isinstance(image, Image.Image):
        return _from_pil(_decoded(image), shape, preprocessing)
    array = _as_array(image)
    if array.dtype == np.uint8:
        channels = _channels_checked(array, (1, 3, 4), "a uint8 picture")
        return _from_pil(Image.fromarray(array[..., 0] if channels == 1 else array), shape, preprocessing)
    return _from_floats(array, shape, preprocessing)


def as_rgb(shades: UInt8[np.ndarray, "*n h w c"]) -> UInt8[np.ndarray, "*n h w 3"]:
    """Pictures of any number of channels for people: of four the first three, of others their mean as grey."""
    if shades.shape[-1] not in (3, 4):
        shades = shades.mean(axis=-1, keepdims=True).round().astype(np.uint8).repeat(3, axis=-1)
    return np.ascontiguousarray(shades[..., :3])


def _open(path: str | os.PathLike) -> Image.Image:
    name = os.fspath(path)
    if not os.path.isfile(name):
        if os.path.isdir(name):
            raise ValueError(
                f"No picture at {name!r}: it is a folder. Pass one picture's path; CamWidget and evaluate take folders."
            )
        raise ValueError(f"No picture at {name!r}: it does not exist (looked from {os.getcwd()!r}). Check the path.")
    try:
        return Image.open(name)
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError(
            f"{name!r} cannot be read as a picture ({error}). Pass a PNG, JPEG, BMP, GIF, TIFF or WebP file."
        ) from error


def _decoded(image: Image.Image) -> Image.Image:
    from PIL import ImageOps

    try:
        image = ImageOps.exif_transpose(image)
        image.load()
    except (OSError, SyntaxError, ValueError) as error:
        name = getattr(image, "filename", "") or "the picture"
        raise ValueError(f"{name!r} is damaged or cut off ({error}). Save or download it again.") from error
    if 0 in image.size:
        raise ValueError("The picture is empty: it has no pixels. " + _EXPECTED)
    return _in_eight_bits(image)


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """The same picture where Pillow's own conversion would clip its shades, or warn."""
    if image.mode == "P" and "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode not in ("I", "F") and not image.mode.startswith("I;16"):
        return image
    shades = np.asarray(image)
    low, high = shades.min(), shades.max()
    if image.mode == "F" or low < 0 or high > 65535:
        raise ValueError(
            f"The picture holds numbers from {low:g} to {high:g}; 8 or 16 bits of a colour are expected. Pass it as a "
            "float array if that is what the network takes."
        )
    if image.mode == "I" and high <= 255:
        return Image.fromarray(shades.astype(np.uint8))
    return Image.fromarray(np.round(shades / 257).astype(np.uint8))  # 65535 = 257 * 255


def _as_array(image: object) -> np.ndarray:
    try:
        array = np.asarray(image)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{type(image).__name__} is not a picture. {_EXPECTED}") from error
    if array.dtype.name == "bfloat16":  # which NumPy does not take for a number
        array = array.astype(np.float32)
    if array.dtype.kind not in "buif":
        raise TypeError(f"{type(image).__name__} is not a picture. {_EXPECTED}")
    if array.size == 0:
        raise ValueError(f"The picture is empty: its shape is {array.shape}. {_EXPECTED}")
    if array.ndim == 4 and len(array) != 1:
        raise ValueError(f"A batch of {len(array)} pictures was given; one is expected. Pass one of them: images[0].")
    if array.ndim == 4:
        array = array[0]
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3:
        raise ValueError(f"An array with {array.ndim} axes, shape {array.shape}, is not a picture. {_EXPECTED}")
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and that is said
            array = array.astype(np.float32)
    if not np.isfinite(array).all():
        bad = int((~np.isfinite(array)).sum())
        raise ValueError(
            f"The picture holds {bad} numbers that are NaN or infinite. Replace them, for instance with 0."
        )
    if np.issubdtype(array.dtype, np.integer) and array.dtype != np.uint8:
        if array.min() < 0 or array.max() > 255:
            raise ValueError(
                f"Whole numbers from {array.min()} to {array.max()} are not a picture: 0 to 255 is expected. Pass "
                "floats where the numbers are what the network takes."
            )
        array = array.astype(np.uint8)
    return array


def _channels_checked(array: np.ndarray, allowed: tuple[int, ...], what: str) -> int:
    channels = array.shape[-1]
    if channels not in allowed:
        listed = ", ".join(map(str, allowed))
        raise ValueError(
            f"The picture has {channels} channels, shape {array.shape}; {what} with {listed} channels in the last "
            "axis is expected (height, width, channels)."
        )
    return channels


def _from_pil(image: Image.Image, shape: Shape, preprocessing: Preprocessing) -> Picture:
    height, width, channels = shape
    if channels is not None and channels not in _MODES:
        raise ValueError(
            f"The network takes {channels} channels, and a picture has 1, 3 or 4. Pass a float array of shape "
            f"(height, width, {channels})."
        )
    mode = _MODES[channels or 3]
    size = (width or image.width, height or image.height)
    fitted = image.convert(mode)
    if fitted.size != size:
        fitted = fitted.resize(size, Image.Resampling.BILINEAR)
    numbers = np.asarray(fitted, np.float32).reshape(*size[::-1], -1)
    inputs = np.asarray(preprocessing.function(numbers), np.float32)
    if inputs.shape != numbers.shape:
        raise ValueError(
            f"preprocess= made shape {inputs.shape} of a picture of shape {numbers.shape}; the same shape is expected, "
            "without a batch axis."
        )
    if not np.isfinite(inputs).all():
        raise ValueError("preprocess= made numbers that are NaN or infinite of the picture.")
    notes = ()
    if not preprocessing.is_known:
        notes = (UNKNOWN_RANGE,)
    return _picture(np.asarray(image.convert("RGB")), inputs, notes, numbers)


def _from_floats(array: np.ndarray, shape: Shape, preprocessing: Preprocessing) -> Picture:
    inputs = array.astype(np.float32, copy=False)
    for axis, (given, expected) in enumerate(zip(inputs.shape, shape, strict=True)):
        if expected is not None and given != expected:
            name = ("height", "width", "channel count")[axis]
            wanted = ", ".join("any" if n is None else str(n) for n in shape)
            raise ValueError(
                f"A float array goes to the network as it is, and its {name} does not fit: shape {inputs.shape} was "
                f"given, ({wanted}) is expected. Resize it, or pass uint8 (0 to 255), which is resized for you."
            )
    low, high = float(inputs.min()), float(inputs.max())
    notes = ()
    if preprocessing.is_known and not preprocessing.is_identity and low >= 0 and high > 60:
        notes = (
            f"A float picture from {low:g} to {high:g} was given: floats go to the network as they are, but this one "
            f"expects {preprocessing.description}. If it is a picture, pass img.astype('uint8').",
        )
    if preprocessing.takes_pixels and low >= 0 and low < high <= 1:
        notes = (
            f"A float picture from {low:g} to {high:g} was given: floats go to the network as they are, and this one "
            "takes 0 to 255. If it is a picture, pass (255 * img).astype('uint8').",
        )
    stretch = 255 / (high - low) if high > low else 0.0
    shown = ((inputs - low) * np.float32(stretch) + np.float32(0.5)).astype(np.uint8)
    raw = inputs if preprocessing.is_identity else None
    return _picture(as_rgb(shown), inputs, notes, raw)


def _picture(pixels: np.ndarray, inputs: np.ndarray, notes: tuple[str, ...], raw: np.ndarray | None) -> Picture:
    inputs = np.ascontiguousarray(inputs)
    # SHA-1 tells pictures apart at a quarter of the time of others; nothing here guards against an attacker.
    digest = hashlib.sha1(inputs.data, usedforsecurity=False)
    digest.update(str(pixels.shape).encode())
    key = digest.hexdigest()
    return Picture(pixels, inputs, notes, key, raw=raw)
