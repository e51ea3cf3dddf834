"""What lies inside fitted splats: distances of a picture, cuts through them, and the splats along one ray."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from dltui.scene.cameras import Camera
from dltui.scene.splats.blend import nearest_first, pairs_of, rows_of
from dltui.scene.splats.gaussians import Gaussians, axes
from dltui.scene.splats.project import project
from dltui.scene.splats.view import Seen

SOLID = 0.5  # opacity below which a distance says nothing
CUTS, CELLS = 15, 64  # cuts across the z axis, and the cells of one either way
REACH = 3.5  # deviations beyond which a splat adds nothing to a cut
STRAY = 0.005  # share of the splats at either end of an axis that the cuts need not hold
BLOCK = 1 << 9  # splats at once


def distances(seen: Seen, camera: Camera) -> np.ndarray:
    """Return how far away along each ray a picture is in the mean, NaN where little is seen.

    Args:
        seen: What the camera sees.
        camera: The camera.

    Returns:
        Distances, shape (height, width).
    """
    _, way = camera.rays()
    aside = (-camera.pose[:3, 2] @ way).reshape(seen.depth.shape)  # cosines between rays and the optical axis
    return np.where(seen.cover > SOLID, seen.depth / aside, np.nan).astype(np.float32)


@torch.no_grad()
def cuts(
    splats: Gaussians, beat: Callable[[], None] | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return Σ oᵢ exp(−dᵢ²/2) on planes across the z axis, dᵢ being the distance to splat i in its deviations.

    Args:
        splats: The splats.
        beat: Called after every plane; may raise to stop.

    Returns:
        Places along and up the cuts, shape (n,), levels, shape (k,), and the sums, shape (k, n, n).
    """
    ends = torch.tensor([STRAY, 1 - STRAY], dtype=splats.place.dtype, device=splats.place.device)
    low, high = torch.quantile(splats.place, ends, dim=0)
    half = ((high - low).max() / 2).clamp(min=1e-6)
    middle = (low + high) / 2
    share = torch.linspace(-1, 1, CELLS, dtype=half.dtype, device=half.device) * half
    x, y = middle[0] + share, middle[1] + share
    levels = (
        torch.linspace(0, 1, CUTS + 2, dtype=half.dtype, device=half.device)[1:-1] * (high - low)[2] + low[2]
    )
    half_axes = axes(splats)
    tall = half_axes[:, 2].norm(dim=1)
    inverse = torch.linalg.inv(half_axes)
    opacity = torch.sigmoid(splats.logit)
    flat = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).reshape(-1, 2)
    found = torch.zeros(CUTS, len(flat), dtype=half.dtype, device=half.device)
    for place, level in enumerate(levels):
        near = torch.nonzero((splats.place[:, 2] - level).abs() < REACH * tall)[:, 0]
        spots = torch.cat([flat, level.expand(len(flat), 1)], 1)
        for some in torch.split(near, BLOCK):
            away = torch.einsum("nij,npj->npi", inverse[some], spots - splats.place[some][:, None])
            found[place] += (opacity[some][:, None] * torch.exp(-0.5 * away.square().sum(2))).sum(0)
        if beat is not None:
            beat()
    sums = found.reshape(CUTS, CELLS, CELLS).cpu().numpy()
    return x.cpu().numpy(), y.cpu().numpy(), levels.cpu().numpy(), sums


@torch.no_grad()
def along(splats: Gaussians, camera: Camera, column: int, row: int) -> np.ndarray:
    """Return the splats that a pixel sees, nearest first.

    Args:
        splats: The splats.
        camera: Who looks.
        column: Of the pixel, from the left.
        row: Of the pixel, from the top.

    Returns:
        Depth along the optical axis, α, T, w = Tα, red, green and blue of each, shape (m, 7).
    """
    flat = project(splats, camera)
    size = camera.width * camera.height
    pairs = pairs_of(flat, rows_of(flat, nearest_first(flat), camera.width, camera.height), size)
    pixel = row * camera.width + column
    part = slice(int(pairs.first[pixel]), int(pairs.first[pixel + 1]))
    who, alpha = pairs.splat[part], pairs.alpha[pairs.by_pixel[part]]
    told = [flat.depth[who], alpha, pairs.before[part], pairs.weight[part]]
    return torch.cat([torch.stack(told, 1), flat.colour[who]], 1).cpu().numpy().astype(np.float32)
