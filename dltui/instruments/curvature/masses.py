"""In which layers a direction moves the weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from dltui.objective import Slot


def masses(vectors: Tensor, slots: Sequence[Slot]) -> NDArray[np.float64]:
    """Return the share of its squared norm that each vector has in each parameter tensor.

    Args:
        vectors: Rows of shape (k, n), none of them 0.
        slots: Where each of t tensors lies in a row.

    Returns:
        Shares of shape (k, t); each row adds up to 1.
    """
    squares = vectors.detach().to("cpu").double().square().numpy()
    sums = np.array([squares[:, slot.start : slot.stop].sum(1) for slot in slots]).T
    return np.asarray(sums / sums.sum(1, keepdims=True))
