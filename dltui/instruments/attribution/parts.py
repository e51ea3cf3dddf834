"""What may be there or not: superpixels of a picture, words of a text, features of a row of numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dltui.data.takes import Kind
from dltui.instruments.attribution.superpixels import superpixels

Labels = NDArray[np.int64]
SINGLE = 64  # numbers that are taken one by one; of longer inputs, neighbours belong together
SPACES = (" ", "Ġ", "▁", "\n", "\t")  # with what pieces of text begin that begin a word
GLUE = "##"  # with what pieces begin that go on


def parts_of(
    kind: Kind, x: Tensor, *, picture: NDArray[np.float64] | None, pieces: Sequence[str], count: int
) -> Labels:
    """Return which part each place of an input belongs to.

    Args:
        kind: What the model takes.
        x: The input, shape (1, …).
        picture: The picture as it is seen, shape (h, w, c), 0 … 1, or None.
        pieces: What stands for each token.
        count: How many superpixels, or parts of a long row of numbers, are wanted.

    Returns:
        Numbers from 0 without gaps: (H, W) for pictures, (T,) for tokens, the shape of a sample for other numbers.
    """
    if kind == "tokens":
        return words(pieces)
    if kind == "image":
        height, width = x.shape[-2:]
        if picture is not None and picture.shape[:2] == (height, width):
            return superpixels(picture, count)
        channels = x[0].cpu().double().numpy().transpose(1, 2, 0)
        low, high = float(channels.min()), float(channels.max())
        return superpixels((channels - low) / (high - low or 1.0), count)
    size = x[0].numel()
    flat = np.arange(size) if size <= SINGLE else np.arange(size) * min(count, size) // size
    return flat.reshape(tuple(x.shape[1:]))


def words(pieces: Sequence[str]) -> Labels:
    """Return which word each token belongs to: a word begins after, or with, a space.

    Args:
        pieces: What stands for each token, as letters, as ``Ġword`` and ``▁word``, or as ``wo`` and ``##rd``.

    Returns:
        Shape (T,); spaces that stand by themselves belong to the word before them, the first ones to the first.
    """
    glued = any(piece.startswith(GLUE) for piece in pieces)
    spaced = any(piece.startswith(SPACES) for piece in pieces)
    labels, current, blank, begun = [], -1, True, False
    for piece in pieces:
        space = not piece.strip("".join(SPACES))
        if glued:
            begins = not piece.startswith(GLUE)
        elif not spaced:
            begins = True
        else:
            begins = begun and not space and (blank or piece.startswith(SPACES))
        current += begins or current < 0
        begun, blank = begun or not space, space
        labels.append(current)
    return np.array(labels, np.int64)


def as_mask(labels: Labels, kind: Kind) -> Tensor:
    """Return labels in a shape that lies over inputs (n, …): (1, 1, H, W), (1, T, 1) or (1, …)."""
    found = torch.from_numpy(labels)
    if kind == "image":
        return found[None, None]
    return found[None, :, None] if kind == "tokens" else found[None]


def kept(x: Tensor, baseline: Tensor, mask: Tensor, present: Tensor) -> Tensor:
    """Return inputs in which only some parts are there; the baseline stands in for the others.

    Args:
        x: The input, shape (1, …).
        baseline: What stands for nothing, shape (1, …).
        mask: Which part each place belongs to, as ``as_mask`` returns it.
        present: Which parts are there, bool, shape (n, parts).

    Returns:
        Shape (n, …).
    """
    there = present[:, mask[0]].to(x.device)
    return torch.where(there, x, baseline)


def spread(values: NDArray[np.float64], labels: Labels) -> NDArray[np.float64]:
    """Return a value of each part at every place of it, of the shape of the labels."""
    return values[labels]
