"""Importance sampling (Mildenhall et al. 2020, section 5.2): more samples where the first ones found light."""

from __future__ import annotations

import torch
from torch import Tensor

from dltui.scene.nerf.composite import Samples

EVEN = 1e-5  # weight that every sample has at least, so that none is ever left out


@torch.no_grad()
def refined(samples: Samples, weight: Tensor, count: int, generator: torch.Generator | None) -> Samples:
    """Return samples with others between them, drawn by the weights of the first.

    The weights of a ray, each spread over the stretch of its sample, are a density along the ray. ``count`` places are
    drawn from it for every ray that has samples: the sums of the weights run through all rays at once, and are turned
    around by bisection. Each of the places found stands for the stretch up to the next one, at most as far as before.

    Args:
        samples: The first ones, all of one stretch.
        weight: Of each, w = Tα, shape (s,).
        count: Places to add on each ray.
        generator: Draws one place in each of ``count`` parts of the sums; None for the middles of those parts.

    Returns:
        Both together, ray by ray and from near to far.
    """
    rays, number = torch.unique_consecutive(samples.ray, return_counts=True)
    if not len(rays):
        return samples
    total = (weight.double() + EVEN).cumsum(0)
    end = number.cumsum(0) - 1
    start = torch.cat([total.new_zeros(1), total[end[:-1]]])
    shift = torch.full((len(rays), count), 0.5, dtype=total.dtype, device=total.device)
    if generator is not None:
        shift = torch.rand(len(rays), count, generator=generator, dtype=torch.double).to(total.device)
    part = (torch.arange(count, device=total.device) + shift) / count
    asked = (start[:, None] + part * (total[end] - start)[:, None]).reshape(-1)
    at = torch.searchsorted(total, asked).clamp(max=len(total) - 1)
    before = torch.where(at > 0, total[(at - 1).clamp(min=0)], 0)
    within = ((asked - before) / (total[at] - before)).clamp(0, 1) - 0.5
    t = samples.t[at] + (within * samples.step[at]).to(samples.t.dtype)
    ray, t = torch.cat([samples.ray, rays.repeat_interleave(count)]), torch.cat([samples.t, t])
    near = torch.sort(t, stable=True).indices
    order = near[torch.sort(ray[near], stable=True).indices]
    ray, t = ray[order], t[order]
    longest = samples.step[0]
    step = torch.full_like(t, float(longest))
    same = ray[1:] == ray[:-1]
    step[:-1] = torch.where(same, torch.minimum(t[1:] - t[:-1], longest), longest)
    return Samples(ray, t, step, samples.rays)
