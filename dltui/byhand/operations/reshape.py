"""Numbers put into another shape."""

from __future__ import annotations

from math import prod

from dltui.byhand.operation import operation
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Tensor


@operation(
    formula="y(n, (i·C + j)·D + k) = x(n, i, j, k): the last index runs fastest",
    examples={"w4": {"x": [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]]}},
)
def flatten(sheet: Sheet, x: Tensor, *, start_dim: int = 1, end_dim: int = -1) -> Tensor:
    """Flatten: neighbouring dimensions become one, in the order in which the numbers lie in memory.

    Args:
        sheet: Where it is worked.
        x: (…).
        start_dim: The first dimension that goes in.
        end_dim: The last one.

    Returns:
        The same numbers with fewer dimensions.
    """
    shape = x.shape or (1,)
    ends = []
    for name, value in (("start_dim", start_dim), ("end_dim", end_dim)):
        if not -len(shape) <= value < len(shape):
            refuse(
                name,
                f"x has {len(shape)} dimensions, so {name} must be within {-len(shape)} … {len(shape) - 1}, "
                f"not {value}",
                f"Dimension out of range (expected to be in range of [{-len(shape)}, {len(shape) - 1}], but got "
                f"{value})",
            )
        ends.append(value % len(shape))
    first, last = ends
    if first > last:
        refuse(
            "start_dim",
            f"start_dim {start_dim} comes after end_dim {end_dim}: exchange them",
            "flatten() has invalid args: start_dim cannot come after end_dim",
        )
    y = sheet.tensor("y", (*shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :]))
    for place, cell in zip(y.places(), x.cells, strict=True):
        y[place] = cell
    return y
