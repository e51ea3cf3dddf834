"""Samples along rays, only where there may be anything."""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from dltui.scene.nerf.composite import Box, Samples, box_interval, gather, through, weights

CELLS = 64  # of the grid of what is occupied, either way
VISIBLE = 0.01  # optical depth of a voxel from which it counts as occupied
STEP = 0.75  # of a voxel
HIDDEN = 1e-3  # of the light of a sample comes through at most where it is left out


class Field(Protocol):
    """What rays ask of a radiance field."""

    box: Box
    voxel: float  # length over which it changes

    def density(self, places: Tensor) -> Tensor:
        """Return σ at places, shape (n, 3)."""

    def __call__(self, places: Tensor, way: Tensor) -> tuple[Tensor, Tensor]:
        """Return σ and colour at places seen from directions."""


class Occupied:
    """A coarse grid of where anything may be.

    Args:
        box: Where it lies.
        device: Where it lives.
    """

    def __init__(self, box: Box, device: torch.device) -> None:
        self.box = box
        self.cells = torch.ones(CELLS**3, dtype=torch.bool, device=device)
        self._low, high = box.corners(device)
        self._per = CELLS / (high - self._low)

    def middles(self) -> Tensor:
        """Return the middles of all cells, shape (cells³, 3)."""
        side = torch.arange(CELLS, device=self.cells.device) + 0.5
        cells = torch.stack(torch.meshgrid(side, side, side, indexing="ij"), 3).reshape(-1, 3)
        return self._low + cells / self._per

    @torch.no_grad()
    def refresh(self, field: Field, *, mask: Tensor | None = None) -> None:
        """Look again where the field has any density; only within a mask of cells, where there is one."""
        sigma = torch.cat([field.density(part) for part in torch.split(self.middles(), 1 << 16)])
        volume = sigma.reshape(1, 1, CELLS, CELLS, CELLS)
        widest = functional.max_pool3d(volume, 3, 1, 1).reshape(-1)
        found = widest * field.voxel > VISIBLE
        self.cells = found if mask is None else found & mask

    def at(self, places: Tensor) -> Tensor:
        """Return whether anything may be at places."""
        cell = ((places - self._low) * self._per).long().clamp(0, CELLS - 1)
        return self.cells[(cell[:, 0] * CELLS + cell[:, 1]) * CELLS + cell[:, 2]]


@torch.no_grad()
def sample(
    field: Field, occupied: Occupied, origin: Tensor, way: Tensor, generator: torch.Generator | None
) -> tuple[Samples, Tensor]:
    """Return samples of rays where anything may be, and their places.

    Args:
        field: What is looked through; its voxels set the stretch between samples.
        occupied: Where anything may be.
        origin: Where rays begin, shape (n, 3).
        way: Unit directions, shape (n, 3).
        generator: Shifts the samples of each ray together by a part of a stretch; None for the middles.

    Returns:
        The samples, and their places, shape (s, 3).
    """
    enter, leave = box_interval(origin, way, field.box)
    stretch = STEP * field.voxel
    longest = float((leave - enter).amax()) if len(origin) else 0.0
    most = math.ceil(max(longest, 0.0) / stretch)
    if generator is None:
        shift = torch.full_like(enter, 0.5)
    else:
        shift = torch.rand(len(origin), generator=generator, dtype=enter.dtype).to(enter.device)
    t = enter[:, None] + (torch.arange(most, device=enter.device) + shift[:, None]) * stretch
    ray, place = torch.nonzero(t < leave[:, None], as_tuple=True)
    at = t[ray, place]
    spots = origin[ray] + at[:, None] * way[ray]
    kept = occupied.at(spots)
    ray, at, spots = ray[kept], at[kept], spots[kept]
    return Samples(ray, at, torch.full_like(at, stretch), len(origin)), spots


def look(
    field: Field,
    occupied: Occupied,
    origin: Tensor,
    way: Tensor,
    *,
    paper: float = 1.0,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what rays see.

    Args:
        field: What is looked through.
        occupied: Where anything may be.
        origin: Where rays begin, shape (n, 3).
        way: Unit directions, shape (n, 3).
        paper: Brightness of what is behind everything.
        generator: Of the jitter; None for none.

    Returns:
        Colours, shape (n, 3), opacities, shape (n,), and mean distances Σ w·t, shape (n,).
    """
    samples, spots = _in_sight(field, *sample(field, occupied, origin, way, generator))
    sigma, colour = field(spots, way[samples.ray])
    weight = weights(sigma, samples)
    seen = gather(
        torch.cat([colour, torch.ones_like(sigma)[:, None], samples.t[:, None]], 1), weight, samples
    )
    opacity = seen[:, 3]
    return seen[:, :3] + paper * (1 - opacity)[:, None], opacity, seen[:, 4]


@torch.no_grad()
def _in_sight(field: Field, samples: Samples, spots: Tensor) -> tuple[Samples, Tensor]:
    """Return the samples that light comes through from, and their places: colours of others need not be known."""
    seen = through(field.density(spots), samples) > HIDDEN
    return samples.kept(seen), spots[seen]
