"""What happens along one ray, and what a cut through a field shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from dltui.scene.cameras import Camera
from dltui.scene.nerf.composite import box_interval, through, weights
from dltui.scene.nerf.fit import Fitted
from dltui.scene.nerf.march import sample

CUT = 96  # cells of a cut along its longer side


@dataclass(frozen=True, eq=False)
class Ray:
    """A ray from sample to sample.

    Attributes:
        t: Distances from the camera, shape (n,).
        sigma: Densities σ.
        alpha: What each sample swallows, α = 1 − e^(−σδ).
        through: What comes through from it, T.
        weight: Its part in the colour, w = Tα.
        rgb: Its colour, shape (n, 3).
    """

    t: np.ndarray
    sigma: np.ndarray
    alpha: np.ndarray
    through: np.ndarray
    weight: np.ndarray
    rgb: np.ndarray


@torch.no_grad()
def along(fitted: Fitted, camera: Camera, column: float, row: float, *, times: float = 1.0) -> Ray:
    """Return what happens along the ray through a place of a picture.

    Args:
        fitted: The field.
        camera: Who looks.
        column: Pixels from the left border.
        row: Pixels from the top.
        times: Every density is so many times as great.

    Returns:
        All samples, also those where nothing is; none where the ray misses the box.
    """
    field = fitted.field
    device = next(field.parameters()).device
    origin, way = (
        torch.from_numpy(np.ascontiguousarray(part.T)).to(device)
        for part in camera.rays_through(np.array([column]), np.array([row]))
    )
    enter, leave = box_interval(origin, way, field.box)
    if not bool(enter < leave):
        none = np.zeros(0, np.float32)
        return Ray(none, none, none, none, none, np.zeros((0, 3), np.float32))
    known = fitted.occupied.cells
    fitted.occupied.cells = torch.ones_like(known)
    try:
        samples, spots = sample(field, fitted.occupied, origin, way, None, even=True)
    finally:
        fitted.occupied.cells = known
    sigma, rgb = field.lit(field.find(spots), way.expand(len(spots), 3))
    sigma = torch.where(fitted.occupied.at(spots), sigma * times, 0)
    alpha = -torch.expm1(-sigma * samples.step)
    parts = (samples.t, sigma, alpha, through(sigma, samples), weights(sigma, samples), rgb)
    t, own, swallowed, light, weight, colour = (part.cpu().numpy() for part in parts)
    return Ray(t, own, swallowed, light, weight, colour)


@torch.no_grad()
def cut(fitted: Fitted, axis: str, level: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return densities on a plane across an axis.

    Args:
        fitted: The field.
        axis: x, y or z.
        level: Where the plane is on it.

    Returns:
        Places along the other axes, in their order, and densities (second, first); 0 where nothing is looked for.
    """
    field = fitted.field
    device = next(field.parameters()).device
    flat = [i for i, name in enumerate("xyz") if name != axis]
    longest = max(field.box.sides[i] for i in flat)
    lines = [
        np.linspace(field.box.low[i], field.box.high[i], max(2, round(CUT * field.box.sides[i] / longest)))
        for i in flat
    ]
    places = np.full((len(lines[1]), len(lines[0]), 3), level, np.float32)
    places[..., flat[0]], places[..., flat[1]] = lines[0][None], lines[1][:, None]
    spots = torch.from_numpy(places.reshape(-1, 3)).to(device)
    sigma = torch.where(fitted.occupied.at(spots), field.thick(field.find(spots)), 0).cpu().numpy()
    return lines[0], lines[1], sigma.reshape(places.shape[:2])
