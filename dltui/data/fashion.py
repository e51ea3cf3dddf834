"""A slice of Fashion-MNIST, shipped with dltui: the first step up from digits."""

from __future__ import annotations

import numpy as np

from dltui.data._registry import dataset
from dltui.data.dataset import Dataset
from dltui.data.shipped import open_asset

CLASSES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


@dataset("fashion")
def fashion(name: str, seed: int) -> Dataset:  # noqa: ARG001 - nothing is drawn here
    """2500 pictures of clothes, 28 × 28 (Fashion-MNIST), ten classes.

    Xiao, Rasul and Vollgraf, *Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms*,
    2017, arXiv:1708.07747. The nearest neighbour of each held-out picture is right for 80.4 %.

    Args:
        name: How it was spelled.
        seed: Not used: data and split are always the same.

    Returns:
        Pictures of shape (1, 28, 28) with values 0 … 1; 2000 to learn from, 500 held out.
    """
    with open_asset("fashion.npz") as file, np.load(file, allow_pickle=False) as stored:
        x = {part: (stored[f"x_{part}"].astype(np.float32) / 255)[:, None] for part in ("train", "test")}
        y = {part: stored[f"y_{part}"].astype(np.int64) for part in ("train", "test")}
    return Dataset(
        name=name,
        x_train=x["train"],
        y_train=y["train"],
        x_test=x["test"],
        y_test=y["test"],
        task="classes",
        classes=CLASSES,
        split="the first 2000 of the training part to learn from, the first 500 of the test part held out",
        source="Fashion-MNIST, Zalando SE, as packaged by Debian",
    )
