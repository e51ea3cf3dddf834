"""What is done to pictures before a network sees them."""

from __future__ import annotations

from dltui.byhand.operation import Fixed, Ints, operation
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Tensor

MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]  # of ImageNet's red, green and blue
COLOURS = [[[0, 1]], [[0, 1]], [[0, 1]]]


@operation(
    formula="y(i, j) = x(top + i, left + j)",
    examples={"window": {"x": [[1, 2, 3], [4, 5, 6], [7, 8, 9]], "top": 1, "left": 0, "height": 2, "width": 2}},
)  # fmt: skip
def crop(sheet: Sheet, x: Tensor, *, top: int = 0, left: int = 0, height: int = 1, width: int = 1) -> Tensor:
    """Crop: the numbers within a window. A random crop draws where it lies and how large it is.

    Args:
        sheet: Where it is worked.
        x: (…, H, W).
        top: Row of the first number, counted from 0.
        left: Column of the first number, counted from 0.
        height: Rows of the window.
        width: Columns of the window.

    Returns:
        (…, height, width).
    """
    if len(x.shape) < 2:
        refuse("x", f"x must be (…, H, W), not {x.shape}")
    for name, start, axis, length, size in (
        ("top", top, "height", height, x.shape[-2]),
        ("left", left, "width", width, x.shape[-1]),
    ):
        if start < 0 or length < 1 or start + length > size:
            refuse(
                axis if 0 <= start < size else name,
                f"the window must lie within x, {x.shape[-2]} x {x.shape[-1]}: "
                f"{name} is {start} and {axis} is {length}",
            )
    y = sheet.tensor("y", (*x.shape[:-2], height, width))
    for place in y.places():
        *lead, i, j = place
        y[place] = x[*lead, top + i, left + j]
    return y


@operation(
    formula="y(…, i, …) = x(…, n − 1 − i, …)",
    examples={
        "picture": {"x": [[1, 2, 3], [4, 5, 6]], "upstream": [[1, 0, 0], [0, 0, 0]]},
        "both": {"x": [[1, 2, 3], [4, 5, 6]], "dims": (0, 1)},
    },
    remarks={"both": "turned round along both axes, which turns the picture by half a turn"},
)
def flip(sheet: Sheet, x: Tensor, *, dims: Ints = -1) -> Tensor:
    """Flip: the numbers along a dimension in the opposite order; along the last one, left becomes right.

    Args:
        sheet: Where it is worked.
        x: (…).
        dims: The dimensions that are turned round.

    Returns:
        The shape of x.
    """
    count = len(x.shape)
    if not count:
        refuse("x", "a single number has no dimension to flip: give a list")
    turned: set[int] = set()
    for one in dims if isinstance(dims, tuple) else (dims,):
        if not -count <= one < count:
            refuse(
                "dims",
                f"x has {count} dimensions, so dims must be within {-count} … {count - 1}, not {one}",
                f"Dimension out of range (expected to be in range of [{-count}, {count - 1}], but got {one})",
            )
        if one % count in turned:
            refuse(
                "dims",
                f"dimension {one % count} is named twice: flipped twice, it would be as before",
                f"dim {one % count} appears multiple times in the list of dims",
            )
        turned.add(one % count)
    y = sheet.tensor("y", x.shape)
    for place in y.places():
        y[place] = x[
            tuple(
                n - 1 - i if d in turned else i for d, (i, n) in enumerate(zip(place, x.shape, strict=True))
            )
        ]
    return y


@operation(
    formula="y(c, i, j) = (x(c, i, j) − μ(c)) / σ(c)",
    examples={"w27": {"x": COLOURS, "mean": MEAN, "std": DEVIATION}},
    remarks={"w27": "0 and 1 in red, green and blue with the means and deviations of ImageNet"},
    symbols={"mean": "μ", "std": "σ"},
)
def normalize(sheet: Sheet, x: Tensor, mean: Fixed, std: Fixed) -> Tensor:
    """Normalise: every channel less a mean, over a deviation, both known beforehand from the training pictures.

    Args:
        sheet: Where it is worked.
        x: (C, H, W) or (N, C, H, W).
        mean: (C).
        std: (C), above 0.

    Returns:
        The shape of x.
    """
    if len(x.shape) not in {3, 4}:
        refuse("x", f"x must be (C, H, W) or (N, C, H, W), not {x.shape}")
    channels = x.shape[-3]
    for one in (mean, std):
        if one.shape != (channels,):
            refuse(
                one.name, f"x has {channels} channels, so {one.name} must be ({channels}), not {one.shape}"
            )
    if not all(cell.value > 0 for cell in std.cells):
        refuse("std", "every deviation must be above 0: a channel that never changes can't be normalised")
    y = sheet.tensor("y", x.shape)
    for place in y.places():
        y[place] = (x[place] - mean[place[-3]]) / std[place[-3]]
    return y
