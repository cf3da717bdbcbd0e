"""`FilterCanvas`: the pictures of a whole layer on ipycanvas, formed, laid out, sent and chosen from."""

from .filter_canvas import FilterCanvas as FilterCanvas
