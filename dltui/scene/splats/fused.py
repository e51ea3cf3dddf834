"""Pictures of splats by the kernels of gsplat, where there is a GPU of CUDA and the package.

Ye et al. 2024 (gsplat). Its cameras are OpenCV's: x right, y down, z forward, world to camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

import torch
from torch import Tensor

from dltui.scene.cameras import Camera
from dltui.scene.splats.blend import blend
from dltui.scene.splats.gaussians import Gaussians
from dltui.scene.splats.project import BLUR, NEAR, project


@cache
def _installed() -> bool:
    return find_spec("gsplat") is not None


def backend(device: torch.device) -> str:
    """Return what draws splats on a device: ``gsplat`` or ``torch``."""
    return "gsplat" if device.type == "cuda" and _installed() else "torch"


@dataclass(frozen=True, eq=False)
class Picture:
    """What a camera sees of splats, with gradients to everything about them.

    Attributes:
        rgb: Colours, shape (height·width, 3).
        opacity: Of the splats, shape (n,).
        middle: Where their middles fall, column and row, shape (…, n, 2); it keeps its gradient.
    """

    rgb: Tensor
    opacity: Tensor
    middle: Tensor


def picture(splats: Gaussians, camera: Camera, paper: float) -> Picture:
    """Return the picture of splats.

    Args:
        splats: The splats.
        camera: Who looks; its lens must be perfect.
        paper: Brightness of what is behind everything.

    Returns:
        It, by the fastest way that there is.
    """
    if backend(splats.place.device) == "gsplat":
        return fused(splats, camera, paper)
    flat = project(splats, camera)
    if flat.middle.requires_grad:
        flat.middle.retain_grad()
    return Picture(blend(flat, camera.width, camera.height, paper), flat.opacity, flat.middle)


def fused(splats: Gaussians, camera: Camera, paper: float) -> Picture:
    """Return the picture of splats by gsplat."""
    from gsplat import rasterization

    place = splats.place
    pose = torch.as_tensor(camera.pose, dtype=place.dtype, device=place.device)
    turn = pose[:3, :3].T * place.new_tensor([[1.0], [-1.0], [-1.0]])
    sight = torch.eye(4, dtype=place.dtype, device=place.device)
    sight[:3, :3], sight[:3, 3] = turn, -turn @ pose[:3, 3]
    lens = place.new_tensor([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]])
    opacity = torch.sigmoid(splats.logit)
    colours, _, known = rasterization(
        means=place,
        quats=splats.turn,
        scales=splats.log_scale.exp(),
        opacities=opacity,
        colors=splats.harmonics,
        viewmats=sight[None],
        Ks=lens[None],
        width=camera.width,
        height=camera.height,
        near_plane=NEAR,
        eps2d=BLUR,
        sh_degree=splats.degree,
        backgrounds=place.new_full((1, 3), paper),
        packed=False,
    )
    middle = known["means2d"]
    if middle.requires_grad:
        middle.retain_grad()
    return Picture(colours[0].reshape(-1, 3), opacity, middle)
