"""Fitting a grid of voxels to pictures, coarse first."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from dltui.scene.nerf.field import GridField
from dltui.scene.nerf.march import Occupied, look
from dltui.scene.nerf.views import Capture, View, hull, rays_of

SIZES = ((0, 32), (400, 64), (1200, 96))  # steps from which the grid is so fine
RATE, HALVED = 0.05, 600
BATCH = 2048
REFRESH = 200
EVERY = 100  # steps between two judgements that the clock is stopped for


@dataclass
class Progress:
    """How far a fit is.

    Attributes:
        step: Steps made.
        seconds: Time that they took, judging left out.
        loss: Of the last batch.
        psnr: Of the held-out pictures at each judgement: (step, seconds, dB).
    """

    step: int = 0
    seconds: float = 0.0
    loss: float = math.nan
    psnr: list[tuple[int, float, float]] = field(default_factory=list)


def fit_grid(
    capture: Capture,
    *,
    seconds: float | None = None,
    steps: int | None = None,
    seed: int = 0,
    device: torch.device | None = None,
    clock: Callable[[], float] = time.perf_counter,
    told: Callable[[Progress, GridField, Occupied], None] | None = None,
) -> tuple[GridField, Occupied, Progress]:
    """Fit a grid of voxels to pictures.

    Args:
        capture: Pictures with their cameras.
        seconds: Time that steps may take, or None.
        steps: Steps that may be made, or None.
        seed: Of the draws of rays.
        device: Where it is fitted.
        clock: What time is taken by.
        told: Called every hundred steps; the clock stands meanwhile.

    Returns:
        The field, where it is occupied, and how it went.
    """
    device = device or torch.device("cpu")
    source = torch.Generator().manual_seed(seed)
    origin, way, rgb = rays_of(capture.train, device)
    grid = GridField(SIZES[0][1], capture.half).to(device)
    occupied = Occupied(capture.half, device)
    mask = hull(capture.train, occupied.middles())
    if mask is not None:
        occupied.cells = mask.clone()
    progress, optimizer = Progress(), _optimizer(grid)
    began = clock()
    while (steps is None or progress.step < steps) and (seconds is None or progress.seconds < seconds):
        for at, size in SIZES[1:]:
            if progress.step == at:
                grid = grid.finer(size)
                optimizer = _optimizer(grid)
        if progress.step and progress.step % REFRESH == 0:
            occupied.refresh(grid, mask=mask)
        for group in optimizer.param_groups:
            group["lr"] = RATE * 0.5 ** (progress.step / HALVED)
        chosen = torch.randint(len(origin), (BATCH,), generator=source).to(device)
        seen, _, _ = look(grid, occupied, origin[chosen], way[chosen], paper=capture.paper, generator=source)
        loss = functional.mse_loss(seen, rgb[chosen])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        progress.step += 1
        progress.seconds += clock() - began
        if told is not None and progress.step % EVERY == 0:
            progress.loss = float(loss.detach())
            told(progress, grid, occupied)
        began = clock()
    progress.loss = float(loss.detach()) if progress.step else math.nan
    return grid, occupied, progress


def _optimizer(grid: GridField) -> torch.optim.Optimizer:
    return torch.optim.Adam(grid.parameters(), lr=RATE, betas=(0.9, 0.99), eps=1e-15, fused=True)


@torch.no_grad()
def render(
    grid: GridField, occupied: Occupied, view: View, *, paper: float = 1.0, block: int = 1 << 14
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return colours (height, width, 3), opacities and mean distances (height, width) of what a camera sees."""
    device = grid.table.device
    origin, way = (torch.from_numpy(np.ascontiguousarray(part.T)).to(device) for part in view.camera.rays())
    parts: list[tuple[Tensor, Tensor, Tensor]] = [
        look(grid, occupied, o, w, paper=paper)
        for o, w in zip(torch.split(origin, block), torch.split(way, block), strict=True)
    ]
    colour, opacity, depth = (torch.cat([part[i] for part in parts]).cpu().numpy() for i in range(3))
    shape = view.camera.height, view.camera.width
    return colour.reshape(*shape, 3), opacity.reshape(shape), depth.reshape(shape)


def psnr(seen: np.ndarray, truth: np.ndarray) -> float:
    """Return 10·log₁₀(1/MSE) of two pictures in 0…1, in dB."""
    error = float(np.mean((np.clip(seen, 0, 1).astype(np.float64) - truth) ** 2))
    return 10 * math.log10(1 / error) if error else math.inf
