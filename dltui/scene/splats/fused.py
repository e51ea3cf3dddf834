"""Pictures of splats by the kernels of gsplat, where there is a GPU of CUDA and the package.

Ye et al. 2024 (gsplat). Its cameras are OpenCV's: x right, y down, z forward, world to camera.
"""

from __future__ import annotations

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


def picture(splats: Gaussians, camera: Camera, paper: float) -> tuple[Tensor, Tensor]:
    """Return the picture of splats and their opacities, with gradients to everything about them.

    Args:
        splats: The splats.
        camera: Who looks; its lens must be perfect.
        paper: Brightness of what is behind everything.

    Returns:
        Colours, shape (height·width, 3), and opacities, shape (n,).
    """
    if backend(splats.place.device) == "gsplat":
        return fused(splats, camera, paper), torch.sigmoid(splats.logit)
    flat = project(splats, camera)
    return blend(flat, camera.width, camera.height, paper), flat.opacity


def fused(splats: Gaussians, camera: Camera, paper: float) -> Tensor:
    """Return the colours of all pixels by gsplat, shape (height·width, 3)."""
    from gsplat import rasterization

    place = splats.place
    pose = torch.as_tensor(camera.pose, dtype=place.dtype, device=place.device)
    turn = pose[:3, :3].T * place.new_tensor([[1.0], [-1.0], [-1.0]])
    sight = torch.eye(4, dtype=place.dtype, device=place.device)
    sight[:3, :3], sight[:3, 3] = turn, -turn @ pose[:3, 3]
    lens = place.new_tensor([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]])
    colours, _, _ = rasterization(
        means=place,
        quats=splats.turn,
        scales=splats.log_scale.exp(),
        opacities=torch.sigmoid(splats.logit),
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
    seen: Tensor = colours[0].reshape(-1, 3)
    return seen
