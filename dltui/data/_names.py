"""The data sets by name; a test holds this table and the decorators together."""

from dltui.registry import Entry

NAMES = {
    "digits": Entry(
        "dltui.data.digits", "1797 handwritten digits of 8 × 8 pixels (UCI), ten classes.", "pictures"
    ),
    "fashion": Entry(
        "dltui.data.fashion",
        "2500 pictures of clothes, 28 × 28 (Fashion-MNIST), ten classes.",
        "pictures",
        "cnn",
    ),
    "hamlet": Entry(
        "dltui.data.hamlet",
        "Hamlet by the letter: 173,942 characters, 65 of them different.",
        "text",
        "gpt",
    ),
    "names": Entry(
        "dltui.data.names",
        "5163 first names (US census, 1990), letter by letter.",
        "text",
        "makemore",
    ),
    "moons": Entry("dltui.data.plane", "Two half circles that interleave, in the plane.", "plane"),
    "rings": Entry("dltui.data.plane", "A ring inside a ring, in the plane.", "plane"),
    "spiral": Entry("dltui.data.plane", "Arms of a spiral, one a class, in the plane.", "plane"),
    "shapes3d": Entry(
        "dltui.data.shapes3d",
        "Clouds of points from ten shapes, such as sphere, torus, cone, helix and Möbius band.",
        "space",
        "pointnet",
    ),
    "shapes3d-inside": Entry(
        "dltui.data.shapes3d_fields",
        "Clouds of points from seven solids, and places of which it is asked whether they lie inside.",
        "space",
        "occupancy",
    ),
    "shapes3d-copy": Entry(
        "dltui.data.shapes3d_fields",
        "Clouds of points from ten shapes that are to be given back: the answers are the clouds themselves.",
        "space",
        "atlasnet",
    ),
    "shapes3d-distance": Entry(
        "dltui.data.shapes3d_fields",
        "Places around shapes, such as boxes, tori and capsules, and their exact signed distance to the surface.",
        "space",
        "deepsdf",
    ),
    "shapes3d-views": Entry(
        "dltui.data.shapes3d_views",
        "Pictures of ten shapes, each from several sides; what is near is bright.",
        "space",
        "mvcnn",
    ),
    "mnist": Entry(
        "dltui.data.fetched",
        "10,000 handwritten digits, 28 × 28 (MNIST), ten classes; fetched.",
        "fetched",
        "cnn",
    ),
    "fashion-full": Entry(
        "dltui.data.fetched",
        "70,000 pictures of clothes, 28 × 28 (Fashion-MNIST, whole), ten classes; fetched.",
        "fetched",
        "cnn",
    ),
    "shakespeare-all": Entry(
        "dltui.data.fetched",
        "Shakespeare by the letter: 42 works, 5,057,198 characters, 84 of them different; fetched.",
        "fetched",
        "gpt",
    ),
}
