"""Weighted sums of the last dimension."""

from __future__ import annotations

from dltui.byhand.functions import dot
from dltui.byhand.operation import operation
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Tensor

W5_WEIGHT = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9], [1.0, 1.1, 1.2]]


@operation(
    formula="yₙⱼ = Σₖ xₙₖ·wⱼₖ + bⱼ, that is Y = X·Wᵀ + b",
    examples={
        "w5": {"x": [[1, 2, 3], [4, 5, 6]], "weight": W5_WEIGHT, "bias": [2, 3, 4, 5]},
        "w6": {
            "x": [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]], [[13, 14, 15], [16, 17, 18]]],
            "weight": W5_WEIGHT,
            "bias": [2, 3, 4, 5],
        },
    },
)
def linear(sheet: Sheet, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Linear layer: every output is a row of x times a row of the weights, plus a bias.

    Only the last dimension changes; all others are kept, however many there are.

    Args:
        sheet: Where it is worked.
        x: (…, in_features).
        weight: (out_features, in_features).
        bias: (out_features,).

    Returns:
        (…, out_features).
    """
    *lead, width = x.shape or (1,)
    if len(weight.shape) != 2 or weight.shape[1] != width:
        rows = len(x.cells) // max(width, 1)
        turned = "x".join(map(str, reversed(weight.shape)))
        refuse(
            "weight",
            f"x has {width} features in its last dimension, so weight must be (out_features, {width}), "
            f"not {weight.shape}",
            f"mat1 and mat2 shapes cannot be multiplied ({rows}x{width} and {turned})"
            if len(weight.shape) == 2
            else "",
        )
    out = weight.shape[0]
    if bias is not None and len(bias.cells) != out:
        found = bias.shape
        refuse(
            "bias",
            f"weight has {out} rows, so bias must have {out} numbers, not {found}",
            f"The expanded size of the tensor ({out}) must match the existing size ({found[0]}) at non-singleton "
            f"dimension 1.  Target sizes: [{', '.join(map(str, (*lead, out)))}].  Tensor sizes: [{found[0]}]"
            if len(lead) == len(found) == 1 and found[0] > 1
            else "",
        )
    y = sheet.tensor("y", (*lead, out))
    for place in y.places():
        weighed = dot(x.row(*place[:-1]), weight.row(place[-1]))
        y[place] = weighed if bias is None else weighed + bias.cells[place[-1]]
    return y
