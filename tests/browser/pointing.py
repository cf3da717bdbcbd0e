"""Pointing at neurons of the layer's grid, as a hand with a mouse does."""

from playwright.sync_api import Page


def centre(page: Page, row: int, column: int) -> tuple[float, float]:
    """The middle of a neuron on the page, scrolled to where a pointer reaches it."""
    grid = page.get_by_role("grid", name="Neurons")
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()
    assert box is not None
    rows, columns = (int(grid.get_attribute(f"aria-{side}count") or 0) for side in ("row", "col"))
    return box["x"] + (column + 0.5) * box["width"] / columns, box["y"] + (row + 0.5) * box["height"] / rows


def drag(page: Page, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Draws a box from one neuron to another and takes the pointer away.

    A box goes to the kernel while it grows: what follows waits for this one, corner by corner.
    """
    page.mouse.move(*centre(page, *start))
    page.mouse.down()
    page.mouse.move(*centre(page, *end), steps=6)
    page.mouse.up()
    page.mouse.move(0, 0)
