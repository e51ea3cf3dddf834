"""Pixels to learn from: the rays through them, one or several, and where on these anything may be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from dltui.scene.cameras import Camera
from dltui.scene.nerf.composite import Samples
from dltui.scene.nerf.views import View, widened

MARGIN = 2  # stretches between samples that a ray is looked at farther than anything was found


class Pixels:
    """The pixels of pictures.

    Args:
        views: Pictures with their cameras.
        device: Where their rays live.
        grow: Leave out what is farther than so many pixels from anything, where masks are known.
        beat: Called after every picture; may raise to stop.

    Attributes:
        rgb: Their colours, shape (pixels, 3).
    """

    def __init__(
        self, views: list[View], device: torch.device, *, grow: int, beat: Callable[[], None] | None = None
    ) -> None:
        parts = []
        for view in views:
            kept = np.ones(view.rgb.shape[:2], bool) if view.cover is None else widened(view.cover > 0, grow)
            parts.append([part[kept.ravel()] for part in (*_rays(view.camera), view.rgb.reshape(-1, 3))])
            if beat is not None:
                beat()
        self._origin, self._way, self._right, self._down, self.rgb = (
            torch.from_numpy(np.concatenate(part).astype(np.float32)).to(device)
            for part in zip(*parts, strict=True)
        )
        self.forget()

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.rgb)

    def forget(self) -> None:
        """Look at whole rays again."""
        self._near = torch.zeros(len(self), device=self.rgb.device)
        self._far = torch.full_like(self._near, torch.inf)

    def rays(self, chosen: Tensor, across: int) -> tuple[Tensor, Tensor]:
        """Return origins and unit directions of the rays through pixels, shape (n·across², 3).

        Args:
            chosen: Numbers of the pixels, shape (n,).
            across: Rays of a pixel either way.

        Returns:
            Both, the rays of one pixel after each other.
        """
        origin, way = self._origin.index_select(0, chosen), self._way.index_select(0, chosen)
        if across == 1:
            return origin, way
        right, down = (part.index_select(0, chosen)[:, None] for part in (self._right, self._down))
        shift = way.new_tensor(offsets(across))
        ways = way[:, None] + shift[:, :1] * right + shift[:, 1:] * down
        return origin.repeat_interleave(across**2, 0), functional.normalize(ways.reshape(-1, 3), dim=1)

    def span(self, chosen: Tensor, across: int) -> tuple[Tensor, Tensor]:
        """Return from where to where anything may be on the rays of pixels, both of shape (n·across²,)."""
        near, far = self._near.index_select(0, chosen), self._far.index_select(0, chosen)
        return near.repeat_interleave(across**2), far.repeat_interleave(across**2)

    def note(self, chosen: Tensor, across: int, samples: Samples, stretch: float) -> None:
        """Keep in mind where anything may be on rays; there will never be anything elsewhere, as cells only empty.

        Args:
            chosen: Numbers of the pixels, shape (n,).
            across: Rays of a pixel either way.
            samples: All that may be anything, on those rays.
            stretch: Between samples.
        """
        pixel = samples.ray // across**2
        near = torch.full((len(chosen),), torch.inf, device=pixel.device)
        far = torch.full_like(near, -torch.inf)
        near.scatter_reduce_(0, pixel, samples.t, "amin")
        far.scatter_reduce_(0, pixel, samples.t, "amax")
        self._near[chosen], self._far[chosen] = near - MARGIN * stretch, far + MARGIN * stretch


def offsets(across: int) -> list[tuple[float, float]]:
    """Return where the rays of a pixel go through it, from its middle, in pixels to the right and down."""
    side = [(i + 0.5) / across - 0.5 for i in range(across)]
    return [(x, y) for y in side for x in side]


def _rays(camera: Camera) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return origins and directions through all pixels, and how the latter change from one to the next."""
    across, down = np.meshgrid(np.arange(camera.width) + 0.5, np.arange(camera.height) + 0.5)
    column, row = across.ravel(), down.ravel()
    origin, way = camera.rays_through(column, row)
    left, right = (camera.rays_through(column + step, row)[1] for step in (-0.5, 0.5))
    above, below = (camera.rays_through(column, row + step)[1] for step in (-0.5, 0.5))
    return origin.T, way.T, np.subtract(right, left).T, np.subtract(below, above).T
