"""Maps and boxes: does a map point at the object, does its evidence lie inside, are all instances found?

A box is (top, left, bottom, right) in pixels of the picture, half-open: rows top to bottom - 1.
"""

import numpy as np
from jaxtyping import Bool, Float, Integer

Boxes = Integer[np.ndarray, "n 4"]


def check_boxes(boxes: Boxes, height: int, width: int) -> None:
    """Raise ValueError where a box is empty or leaves a picture of height x width pixels."""
    for top, left, bottom, right in boxes.tolist():
        if not (0 <= top < bottom <= height and 0 <= left < right <= width):
            raise ValueError(
                f"The box ({top}, {left}, {bottom}, {right}) is not inside the picture of {height} x {width} pixels. "
                f"Pass (top, left, bottom, right) in pixels, with 0 <= top < bottom <= {height} and "
                f"0 <= left < right <= {width}."
            )


def box_mask(boxes: Boxes, height: int, width: int) -> Bool[np.ndarray, "{height} {width}"]:
    """True inside any of the boxes.

    Raises:
        ValueError: a box is empty or leaves the picture.
    """
    check_boxes(boxes, height, width)
    mask = np.zeros((height, width), dtype=bool)
    for top, left, bottom, right in boxes.tolist():
        mask[top:bottom, left:right] = True
    return mask


def pointing_game(map: Float[np.ndarray, "h w"], boxes: Boxes, *, tolerance: int = 0) -> float:
    """Whether the map's maximum lies inside a box, 1 or 0.

    Zhang et al. 2016, "Top-down Neural Attention by Excitation Backprop", section 4.1. The paper lets
    the maximum miss the object by 15 pixels; none are allowed here unless asked for. Where several
    pixels share the maximum, the share of them inside counts; a map without evidence points
    nowhere, which is a miss.

    Args:
        map: of the picture's size.
        boxes: (top, left, bottom, right) of the objects of the explained class, pixels, half-open.
        tolerance: by how many pixels, up, down and sideways, the maximum may miss a box.

    Raises:
        ValueError: a box is empty or leaves the picture.
    """
    check_boxes(boxes, *map.shape)
    top = map.max(initial=0.0)
    if not top > 0:
        return 0.0
    wider = np.clip(boxes + tolerance * np.array([-1, -1, 1, 1]), 0, np.array([map.shape[0], map.shape[1]] * 2))
    return float(box_mask(wider, *map.shape)[map == top].mean())


def energy_inside(map: Float[np.ndarray, "h w"], mask: Bool[np.ndarray, "h w"]) -> float:
    """The share of the map's evidence inside a mask, in [0, 1]; NaN where there is no evidence.

    Wang et al. 2020, "Score-CAM", section 4.3, the energy-based pointing game: the sum of the map
    inside over its sum.
    """
    total = float(map.sum(dtype=np.float64))
    return float(map[mask].sum(dtype=np.float64)) / total if total > 0 else float("nan")


def instances_found(map: Float[np.ndarray, "h w"], boxes: Boxes, *, threshold: float = 0.5) -> float:
    """The share of boxes in which the map reaches a share of its maximum, in [0, 1]; NaN without boxes.

    Our own measure for what Chattopadhay et al. 2018, section 3.1, claim of pictures with several
    objects of one class: that Grad-CAM shows some of them only.

    Args:
        map: of the picture's size.
        boxes: (top, left, bottom, right) of the objects of the explained class, pixels, half-open.
        threshold: share of the map's maximum that counts as found, in (0, 1].

    Raises:
        ValueError: a box is empty or leaves the picture.
    """
    check_boxes(boxes, *map.shape)
    limit = threshold * float(map.max(initial=0.0))
    if not len(boxes):
        return float("nan")
    if not limit > 0:
        return 0.0
    found = [map[top:bottom, left:right].max() >= limit for top, left, bottom, right in boxes.tolist()]
    return float(np.mean(found))
