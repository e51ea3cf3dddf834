"""What happens along one ray, and what a cut through a field shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dltui.scene.cameras import Camera
from dltui.scene.nerf.composite import box_interval, gather, through, weights
from dltui.scene.nerf.fit import Fitted
from dltui.scene.nerf.march import STEP, sample

BLOCK = 1 << 10  # rays that are followed at once
SOLID = 0.5  # opacity below which a distance says nothing
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


@dataclass(frozen=True, eq=False)
class Bundle:
    """The rays of all pixels of a picture.

    Attributes:
        samples: Distance, σ, red, green and blue where anything may be, pixel by pixel, shape (s, 5).
        firsts: Of each pixel, the number of its first sample, and behind all how many there are.
        combs: Of each pixel, the distance of the first place that is looked at, the stretch, and how many they are.
        rgb: What each sees on paper, shape (height, width, 3).
        distance: How far that is in the mean, NaN where hardly anything is, shape (height, width).
    """

    samples: np.ndarray
    firsts: np.ndarray
    combs: np.ndarray
    rgb: np.ndarray
    distance: np.ndarray


@torch.no_grad()
def bundle(
    fitted: Fitted, camera: Camera, *, paper: float = 1.0, beat: Callable[[], None] | None = None
) -> Bundle:
    """Return what happens along the rays of all pixels.

    Args:
        fitted: The field.
        camera: Who looks.
        paper: Brightness of what is behind everything.
        beat: Called after every block of rays; may raise to stop.

    Returns:
        All samples where anything may be.
    """
    field = fitted.field
    device = next(field.parameters()).device
    origins, ways = (torch.from_numpy(np.ascontiguousarray(part.T)).to(device) for part in camera.rays())
    parts: list[tuple[Tensor, ...]] = []
    for origin, way in zip(torch.split(origins, BLOCK), torch.split(ways, BLOCK), strict=True):
        samples, spots = sample(field, fitted.occupied, origin, way, None, even=True)
        sigma, rgb = field.lit(field.find(spots), way.index_select(0, samples.ray))
        weight = weights(sigma, samples)
        seen = gather(
            torch.cat([rgb, torch.ones_like(sigma)[:, None], samples.t[:, None]], 1), weight, samples
        )
        enter, leave = box_interval(origin, way, field.box)
        stretch = STEP * field.voxel
        count = ((leave - enter) / stretch - 0.5).ceil().clamp(min=0)
        comb = torch.stack([enter + stretch / 2, torch.full_like(enter, stretch), count], 1)
        number = torch.bincount(samples.ray, minlength=len(origin))
        held = torch.cat([samples.t[:, None], sigma[:, None], rgb], 1)
        parts.append((held, number, comb, seen))
        if beat is not None:
            beat()
    found, counts, combs, light = (torch.cat(part).cpu().numpy() for part in zip(*parts, strict=True))
    opacity, shape = light[:, 3], (camera.height, camera.width)
    distance = np.where(opacity > SOLID, light[:, 4] / np.maximum(opacity, SOLID), np.nan)
    return Bundle(
        samples=found,
        firsts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        combs=combs.astype(np.float32),
        rgb=np
        .clip(light[:, :3] + paper * (1 - opacity[:, None]), 0, 1)
        .reshape(*shape, 3)
        .astype(np.float32),
        distance=distance.reshape(shape).astype(np.float32),
    )


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
