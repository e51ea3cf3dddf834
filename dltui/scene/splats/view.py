"""What a camera sees of splats; many are drawn in slabs from front to back, and covered pixels take no more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from dltui.scene.cameras import Camera
from dltui.scene.splats.blend import nearest_first, pairs_of, rows_of, summed
from dltui.scene.splats.gaussians import Gaussians
from dltui.scene.splats.project import project

SLAB = 1 << 14  # splats that are drawn at once
DARK = 1e-3  # light below which a pixel takes no more
CLEAR = 0.01  # opacity below which a pixel has no depth


@dataclass(frozen=True, eq=False)
class Seen:
    """What a camera sees.

    Attributes:
        rgb: Colours on paper, shape (height, width, 3), 0 or more.
        cover: Opacity, shape (height, width).
        depth: Mean depth along the optical axis of what is seen, infinite where nothing is, shape (height, width).
        drawn: How many splats any pixel shows.
        pairs: How many pairs of pixels and splats were blended.
    """

    rgb: np.ndarray
    cover: np.ndarray
    depth: np.ndarray
    drawn: int
    pairs: int


@torch.no_grad()
def view(splats: Gaussians, camera: Camera, *, paper: float = 1.0) -> Seen:
    """Return what a camera sees.

    Args:
        splats: The splats.
        camera: Who looks.
        paper: Brightness of what is behind everything.

    Returns:
        Colours, opacity and depth.
    """
    flat = project(splats, camera)
    order = nearest_first(flat)
    size = camera.width * camera.height
    light = torch.ones(size, dtype=flat.opacity.dtype, device=flat.opacity.device)
    sums = torch.zeros(size, 4, dtype=light.dtype, device=light.device)
    bears = torch.cat([flat.colour, flat.depth[:, None]], 1)
    count, shown = 0, torch.zeros(len(splats), dtype=torch.bool, device=light.device)
    for slab in torch.split(order, SLAB):
        unseen = light < DARK if count else None
        rows = rows_of(flat, slab, camera.width, camera.height)
        pairs = pairs_of(flat, rows, size, unseen=unseen)
        sums += summed(bears, pairs.weight, pairs) * light[:, None]
        light = light * pairs.left
        count += len(pairs.splat)
        shown[pairs.splat] = True
    cover = 1 - light
    depth = torch.where(cover > CLEAR, sums[:, 3] / cover.clamp(min=CLEAR), torch.inf)
    rgb = sums[:, :3] + paper * light[:, None]
    shape = camera.height, camera.width
    return Seen(
        rgb.reshape(*shape, 3).cpu().numpy(),
        cover.reshape(shape).cpu().numpy(),
        depth.reshape(shape).cpu().numpy(),
        int(shown.sum()),
        count,
    )
