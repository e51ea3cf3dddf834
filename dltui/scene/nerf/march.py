"""Samples along rays, only where there may be anything."""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from dltui.scene.nerf.composite import Box, Found, Samples, box_interval, gather, weights
from dltui.scene.nerf.finer import refined

CELLS = 64  # of the grid of what is occupied, either way
VISIBLE = 0.01  # optical depth of a voxel from which it counts as occupied
STEP = 0.75  # of a voxel
FAINT = 1e-3  # part of a pixel's light up to which a sample is left out, to learn
FAINTEST = 1e-4  # the same, to see
GIVEN = 0.03  # part of a pixel's light that a cell must give at best to be kept


class Field(Protocol):
    """What rays ask of a radiance field: first where to look, then how dense it is there, then what colours it has."""

    box: Box
    voxel: float  # length over which it changes
    extra: int  # samples that a ray is given where the first ones found light
    across: int  # rays of a pixel either way, to see what pictures show

    def find(self, places: Tensor) -> Found:
        """Return what is asked of the field for places, shape (n, 3): tensors with n rows."""

    def thick(self, found: Found) -> Tensor:
        """Return σ of what was found, shape (n,), without a gradient."""

    def coarsely(self, places: Tensor) -> Tensor:
        """Return σ by which more samples are placed, shape (n,), without a gradient; only where ``extra`` is not 0."""

    def lit(self, found: Found, way: Tensor) -> tuple[Tensor, Tensor]:
        """Return σ and colour of what was found, seen from directions."""


class Occupied:
    """A coarse grid of where anything may be.

    Args:
        box: Where it lies.
        device: Where it lives.
    """

    def __init__(self, box: Box, device: torch.device) -> None:
        self.box = box
        self.cells = torch.ones(CELLS**3, dtype=torch.bool, device=device)
        self._given = torch.zeros(CELLS**3, device=device)
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
        asked = self.middles() if mask is None else self.middles()[mask]
        sigma = torch.cat([field.thick(field.find(part)) for part in torch.split(asked, 1 << 16)])
        if mask is None:
            self.cells = self._wide(sigma) * field.voxel > VISIBLE
        else:
            held = torch.zeros(CELLS**3, device=sigma.device).masked_scatter_(mask, sigma)
            self.cells = (self._wide(held) * field.voxel > VISIBLE) & mask

    def note(self, places: Tensor, weight: Tensor) -> None:
        """Keep in mind how much of a pixel's light came from places at most."""
        self._given.scatter_reduce_(0, self.cell(places).long(), weight, "amax")

    def settle(self) -> None:
        """Keep the cells that gave light since the last time, and those beside them."""
        self.cells &= self._wide(self._given) > GIVEN
        self._given.zero_()

    def _wide(self, values: Tensor) -> Tensor:
        """Return the greatest value among each cell and those beside it."""
        volume = values.reshape(1, 1, CELLS, CELLS, CELLS)
        return functional.max_pool3d(volume, 3, 1, 1).reshape(-1)

    def at(self, places: Tensor) -> Tensor:
        """Return whether anything may be at places."""
        return self.cells.index_select(0, self.cell(places))

    def cell(self, places: Tensor) -> Tensor:
        """Return the numbers of the cells that places lie in."""
        x, y, z = ((places - self._low) * self._per).int().clamp(0, CELLS - 1).unbind(1)
        return (x * CELLS + y) * CELLS + z

    def near(self, places: Tensor, reach: Tensor) -> Tensor:
        """Return whether anything may be within a reach along each axis, shape (3,), of places."""
        x, y, z = (2 * math.ceil(float(far)) + 1 for far in reach * self._per)
        volume = self.cells.reshape(1, 1, CELLS, CELLS, CELLS).float()
        wide = functional.max_pool3d(volume, (x, y, z), 1, (x // 2, y // 2, z // 2)).reshape(-1) > 0
        return wide.index_select(0, self.cell(places))


@torch.no_grad()
def sample(
    field: Field,
    occupied: Occupied,
    origin: Tensor,
    way: Tensor,
    generator: torch.Generator | None,
    *,
    even: bool = False,
    span: tuple[Tensor, Tensor] | None = None,
) -> tuple[Samples, Tensor]:
    """Return samples of rays where anything may be, and their places: evenly, then more where a field asks for them.

    Args:
        field: What is looked through; its voxels set the stretch between samples.
        occupied: Where anything may be.
        origin: Where rays begin, shape (n, 3).
        way: Unit directions, shape (n, 3).
        generator: Shifts the samples of each ray together by a part of a stretch; None for the middles.
        even: Give no more samples than the even ones, whatever the field asks for.
        span: From where to where anything may be on each ray as far as is known, both of shape (n,).

    Returns:
        The samples, and their places, shape (s, 3).
    """
    enter, leave = box_interval(origin, way, field.box)
    if span is not None:
        enter, leave = torch.maximum(enter, span[0]), torch.minimum(leave, span[1])
    stretch = STEP * field.voxel
    if generator is None:
        shift = torch.full_like(enter, 0.5)
    else:
        shift = torch.rand(len(origin), generator=generator, dtype=enter.dtype).to(enter.device)
    count = ((leave - enter) / stretch - shift).ceil().clamp(min=0).long()
    ray = torch.repeat_interleave(count)
    place = torch.arange(len(ray), device=ray.device) - (count.cumsum(0) - count).index_select(0, ray)
    at = (enter + shift * stretch).index_select(0, ray) + place * stretch
    spots = torch.addcmul(origin.index_select(0, ray), at[:, None], way.index_select(0, ray))
    kept = torch.nonzero(occupied.at(spots))[:, 0]
    ray, at, spots = ray.index_select(0, kept), at.index_select(0, kept), spots.index_select(0, kept)
    samples = Samples(ray, at, torch.full_like(at, stretch), len(origin))
    if even or not field.extra or not len(at):
        return samples, spots
    samples = refined(samples, weights(field.coarsely(spots), samples), field.extra, generator)
    return samples, torch.addcmul(
        origin.index_select(0, samples.ray), samples.t[:, None], way.index_select(0, samples.ray)
    )


def look(
    field: Field, occupied: Occupied, origin: Tensor, way: Tensor, *, paper: float = 1.0
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what rays see.

    Args:
        field: What is looked through.
        occupied: Where anything may be.
        origin: Where rays begin, shape (n, 3).
        way: Unit directions, shape (n, 3).
        paper: Brightness of what is behind everything.

    Returns:
        Colours, shape (n, 3), opacities, shape (n,), and mean distances Σ w·t, shape (n,).
    """
    samples, spots = sample(field, occupied, origin, way, None)
    samples, found, _ = in_sight(field, samples, spots, FAINTEST)
    return shine(field, samples, found, way, paper=paper)


@torch.no_grad()
def in_sight(field: Field, samples: Samples, spots: Tensor, faint: float) -> tuple[Samples, Found, Tensor]:
    """Leave out the samples that pixels hardly get any light from: their colours need not be known.

    Args:
        field: What is looked through.
        samples: Where on their rays.
        spots: Their places, shape (s, 3).
        faint: Weight up to which a sample is left out.

    Returns:
        The others, what is asked of the field for them, and the weights of all, shape (s,).
    """
    found = field.find(spots)
    weight = weights(field.thick(found), samples)
    kept = torch.nonzero(weight > faint)[:, 0]
    return samples.kept(kept), tuple(part.index_select(0, kept) for part in found), weight


def shine(
    field: Field, samples: Samples, found: Found, way: Tensor, *, paper: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the colours, opacities and mean distances that samples of rays add up to, as ``look`` does."""
    sigma, colour = field.lit(found, way.index_select(0, samples.ray))
    weight = weights(sigma, samples)
    seen = gather(
        torch.cat([colour, torch.ones_like(sigma)[:, None], samples.t[:, None]], 1), weight, samples
    )
    opacity = seen[:, 3]
    return seen[:, :3] + paper * (1 - opacity)[:, None], opacity, seen[:, 4]
