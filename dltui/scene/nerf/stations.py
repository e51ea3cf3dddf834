"""Where a ray is looked at: places from near to far, evenly, or one by chance in each of equal parts."""

from __future__ import annotations

import torch

from dltui.scene.nerf.composite import Samples


def stations(near: float, far: float, count: int, generator: torch.Generator | None = None) -> Samples:
    """Return samples of one ray; each stands for the stretch to half way to its neighbours.

    Args:
        near: Where the ray begins to be looked at.
        far: Where that ends, beyond ``near``.
        count: Samples.
        generator: Draws one in each of ``count`` equal parts (stratified); None for their middles.

    Returns:
        Them, in float64; their stretches add up to far − near.
    """
    shift = torch.full((count,), 0.5, dtype=torch.double)
    if generator is not None:
        shift = torch.rand(count, generator=generator, dtype=torch.double)
    t = near + (torch.arange(count, dtype=torch.double) + shift) * ((far - near) / count)
    borders = torch.cat([t.new_tensor([near]), (t[1:] + t[:-1]) / 2, t.new_tensor([far])])
    return Samples(torch.zeros(count, dtype=torch.long), t, borders.diff(), 1)
