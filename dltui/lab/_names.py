"""Every exhibit with its module and one line of help; written by ``python -m dltui.lab.table``."""

from dltui.registry import Entry

FAMILIES = {
    "geometry": "The shape of the loss around a network's weights: slopes, curvature, points without a gradient.",
}

NAMES = {
    "two-weight-saddle": Entry(
        "dltui.lab.geometry.saddles",
        "Gradient descent on L = (1 − w₁w₂)² stops at the saddle in the middle, though lower ground is near.",
        "geometry",
    ),
}
