"""Handwritten digits, shipped with dltui: the default of every command."""

from __future__ import annotations

import numpy as np

from dltui.data._registry import dataset
from dltui.data.dataset import Dataset
from dltui.data.shipped import open_asset
from dltui.data.split import parted

BRIGHTEST = 16  # each pixel counts the ink in a block of 4 × 4 of the original bitmap


@dataset("digits")
def digits(name: str, seed: int) -> Dataset:  # noqa: ARG001 - nothing is drawn here
    """1797 handwritten digits of 8 × 8 pixels (UCI), ten classes.

    Alpaydin and Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository, 1998.

    Args:
        name: How it was spelled.
        seed: Not used: data and split are always the same.

    Returns:
        Pictures of shape (1, 8, 8) with values 0 … 1; 1437 to learn from, 360 held out.
    """
    with open_asset("digits.npz") as file, np.load(file, allow_pickle=False) as stored:
        x = (stored["x"].astype(np.float32) / BRIGHTEST)[:, None]
        y = stored["y"].astype(np.int64)
    return parted(
        name,
        x,
        y,
        "classes",
        classes=tuple("0123456789"),
        split="a fixed fifth held out, every class in proportion (not the writers' own split)",
        source="UCI Optical Recognition of Handwritten Digits, test part, as shipped with scikit-learn",
    )
