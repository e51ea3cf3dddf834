"""From space onto the picture: elliptical weighted averaging (Zwicker et al. 2001).

A Gaussian with covariance Σ falls onto the picture as about a Gaussian with covariance J W Σ Wᵀ Jᵀ, where W turns the
world into the camera's axes and J is the slope of the perspective in the middle of the splat; 0.3 of a squared pixel is
added, so that none slips between the middles of pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dltui.scene.cameras import Camera
from dltui.scene.splats.gaussians import Gaussians, axes, colours

BLUR = 0.3  # squared pixels
NEAR = 0.05  # depth from which splats are seen
ASIDE = 1.3  # of half the picture: the slope is taken no farther out, where it would grow without bound


@dataclass(frozen=True, eq=False)
class Flat:
    """Splats on a picture.

    Attributes:
        middle: Column and row, shape (n, 2).
        conic: A, b, c of a·dx² + 2b·dx·dy + c·dy², the squared distance in deviations, shape (n, 3).
        opacity: In their middles, shape (n,).
        colour: As seen from this camera, shape (n, 3).
        depth: Along the optical axis; what is nearer than ``NEAR`` is not drawn, shape (n,).
    """

    middle: Tensor
    conic: Tensor
    opacity: Tensor
    colour: Tensor
    depth: Tensor


def project(splats: Gaussians, camera: Camera) -> Flat:
    """Return what splats look like on a picture.

    Args:
        splats: The splats.
        camera: Who looks; its lens must be perfect.

    Returns:
        Their ellipses, differentiable in every parameter.
    """
    place = splats.place
    pose = torch.as_tensor(camera.pose, dtype=place.dtype, device=place.device)
    # right, down, forward: the axes of the picture
    turn = pose[:3, :3].T * torch.tensor([[1.0], [-1.0], [-1.0]], dtype=place.dtype, device=place.device)
    x, y, depth = ((place - pose[:3, 3]) @ turn.T).unbind(1)
    inverse = 1 / depth.clamp(min=NEAR)
    across, down = x * inverse, y * inverse
    middle = torch.stack([camera.cx + camera.fx * across, camera.cy + camera.fy * down], 1)
    wide, tall = ASIDE * 0.5 * camera.width / camera.fx, ASIDE * 0.5 * camera.height / camera.fy
    held = torch.stack([across.clamp(-wide, wide), down.clamp(-tall, tall)], 1)
    # J·W, row by row: f/z · (W₀ − x/z·W₂) and the same downwards
    slope = inverse[:, None, None] * (turn[:2] - held[:, :, None] * turn[2])
    focal = torch.tensor([[camera.fx], [camera.fy]], dtype=place.dtype, device=place.device)
    first, second = torch.bmm(slope * focal, axes(splats)).unbind(1)
    xx, yy = (first * first).sum(1) + BLUR, (second * second).sum(1) + BLUR
    xy = (first * second).sum(1)
    scale = 1 / (xx * yy - xy * xy)
    conic = torch.stack([yy * scale, -xy * scale, xx * scale], 1)
    return Flat(middle, conic, torch.sigmoid(splats.logit), colours(splats, pose[:3, 3]), depth)
