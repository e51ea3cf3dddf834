"""The data sets by name; a test holds this table and the decorators together."""

from dltui.registry import Entry

NAMES = {
    "digits": Entry(
        "dltui.data.digits", "1797 handwritten digits of 8 × 8 pixels (UCI), ten classes.", "pictures"
    ),
    "moons": Entry("dltui.data.plane", "Two half circles that interleave, in the plane.", "plane"),
    "rings": Entry("dltui.data.plane", "A ring inside a ring, in the plane.", "plane"),
    "spiral": Entry("dltui.data.plane", "Arms of a spiral, one a class, in the plane.", "plane"),
}
