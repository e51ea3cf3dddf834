"""Opening a field: one that was kept here, or a checkpoint of others."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dltui.errors import UsageError
from dltui.results import load
from dltui.results.nerf import Radiance
from dltui.scene.cameras import Camera, looking
from dltui.scene.nerf.classic import MlpField
from dltui.scene.nerf.fit import Fitted
from dltui.scene.nerf.keep import published
from dltui.scene.nerf.work import camera_of, fitted_of

BLENDER_DISTANCE, BLENDER_ANGLE = 4.03, 0.6911112  # of the cameras of published scenes


@dataclass(frozen=True, eq=False)
class Opened:
    """A field and how it is looked at."""

    fitted: Fitted
    camera: Camera
    title: str
    paper: float = 1.0
    numbers: dict[str, Any] = field(default_factory=dict)


def opened(path: Path, device: torch.device) -> Opened:
    """Return the field in a file.

    Raises:
        UsageError: If there is none.
    """
    if path.suffix in {".tar", ".pt", ".pth"}:
        size, half = 64, math.tan(BLENDER_ANGLE / 2)
        pose = looking(np.array([BLENDER_DISTANCE, 0.0, 0.0]), np.zeros(3))
        camera = Camera(pose, size, size, size / 2 / half, size / 2 / half, size / 2, size / 2)
        fitted = published(path, device)
        return Opened(fitted, camera, path.name, numbers=_layers(fitted))
    found = load(path)
    if not isinstance(found, Radiance) or not found.tensors:
        raise UsageError(
            f"{path} holds no radiance field: expected what `dltui nerf train SCENE --save FILE` kept to the end"
        )
    names = ("scene", "psnr", "ssim", "steps", "train_seconds")
    numbers = {name: getattr(found, name) for name in names}
    return Opened(fitted_of(found, device), camera_of(found.camera), found.title, found.paper, numbers)


def _layers(fitted: Fitted) -> dict[str, Any]:
    """Return what a published network is made of."""
    assert isinstance(fitted.field, MlpField), "published ones are"
    own = fitted.field.settings()
    names = ["depth", "width", "octaves", "skip", *(["octaves_way"] if not own["outputs"] else [])]
    return {
        **{name: own[name] for name in names},
        "sees_directions": not own["outputs"],
        "coarse_network": fitted.field.coarse is not None,
    }
