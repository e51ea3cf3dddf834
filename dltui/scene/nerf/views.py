"""Pictures with their cameras, as rays and colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dltui.scene.cameras import Camera
from dltui.scene.nerf.composite import Box
from dltui.scene.nerf.march import CELLS, Occupied


@dataclass(frozen=True, eq=False)
class View:
    """One picture.

    Attributes:
        camera: Who took it.
        rgb: Its colours on paper, 0…1, shape (height, width, 3).
        cover: What share of each pixel is not paper, shape (height, width), or None where that is not known.
        depth: Distances along the rays, infinite for paper, or None.
    """

    camera: Camera
    rgb: np.ndarray
    cover: np.ndarray | None = None
    depth: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Capture:
    """Pictures of one thing.

    Attributes:
        title: What it is called.
        train: Pictures that are learnt from.
        held_out: Pictures that are judged by.
        box: What holds the thing.
        paper: Brightness of what is behind it.
    """

    title: str
    train: list[View]
    held_out: list[View]
    box: Box
    paper: float = 1.0


def widened(mask: np.ndarray, grow: int) -> np.ndarray:
    """Return a mask that reaches so many pixels farther, up, down and to the sides."""
    for _ in range(grow):
        wide = np.pad(mask, 1)
        mask = wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:] | mask
    return mask


def hull(
    views: list[View], middles: Tensor, grow: int = 1, *, beat: Callable[[], None] | None = None
) -> Tensor | None:
    """Return which places every picture shows within its mask: the visual hull; None where no mask is known.

    Args:
        views: Pictures with their cover.
        middles: Places, shape (n, 3).
        grow: Pixels that masks are widened by.
        beat: Called after every picture; may raise to stop.

    Returns:
        True where it may be, shape (n,).
    """
    if any(view.cover is None for view in views):
        return None
    places = middles.cpu().numpy().astype(np.float64).T
    kept = np.ones(places.shape[1], bool)
    for view in views:
        assert view.cover is not None
        mask = widened(view.cover > 0, grow)
        column, row, depth = view.camera.project(places[:, kept])
        with np.errstate(invalid="ignore"):
            inside = (
                (depth > 0) & (column >= 0) & (row >= 0) & (column < mask.shape[1]) & (row < mask.shape[0])
            )
        at = np.flatnonzero(inside)
        seen = np.ones(column.size, bool)  # what a picture does not show may be there
        seen[at] = mask[row[at].astype(int), column[at].astype(int)]
        kept[np.flatnonzero(kept)[~seen]] = False
        if beat is not None:
            beat()
    return torch.from_numpy(kept).to(middles.device)


def tight(views: list[View], box: Box, *, beat: Callable[[], None] | None = None) -> Box:
    """Return the part of a box that the visual hull fills, or all of it where no mask is known.

    Args:
        views: Pictures with their cover.
        box: What is looked at.
        beat: Called after every picture; may raise to stop.

    Returns:
        A box within it, a cell wider than the hull.
    """
    middles = Occupied(box, torch.device("cpu")).middles()
    kept = hull(views, middles, beat=beat)
    if kept is None or not kept.any():
        return box
    cell = torch.tensor(box.sides) / CELLS
    low, high = (torch.tensor(end) for end in (box.low, box.high))
    least = torch.maximum(middles[kept].amin(0) - cell, low).tolist()
    most = torch.minimum(middles[kept].amax(0) + cell, high).tolist()
    return Box(tuple(least), tuple(most))
