"""From one loss a sample to one number: the mean, the sum, or all of them."""

from __future__ import annotations

from typing import Literal

from dltui.byhand.functions import total
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Tensor
from dltui.byhand.value import Value

Reduction = Literal["mean", "sum", "none"]


def reduced(
    sheet: Sheet, losses: Tensor, reduction: Reduction, *, over: Value | float | None = None
) -> Tensor:
    """Work the mean or the sum of losses.

    Args:
        sheet: Where it is worked.
        losses: One a sample or place.
        reduction: What is made of them.
        over: What the mean divides by; their number when None.

    Returns:
        One number, or all of them.
    """
    if reduction == "none":
        return losses
    sheet.heading("their sum" if reduction == "sum" else "their mean")
    loss = sheet.tensor("L", ())
    whole = total(losses.cells)
    loss[()] = whole if reduction == "sum" else whole / (float(len(losses.cells)) if over is None else over)
    return loss


def same_shape(x: Tensor, target: Tensor, torch: str = "") -> None:
    """Refuse a target of another shape.

    Args:
        x: What the model says.
        target: What is right.
        torch: What torch says to that.

    Raises:
        Refused: If the shapes differ.
    """
    if x.shape != target.shape:
        refuse(
            "target",
            f"every number of x needs its own target: x is {_size(x)}, target is {_size(target)}; give both the same "
            "shape",
            torch,
        )


def _size(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "a single number"
