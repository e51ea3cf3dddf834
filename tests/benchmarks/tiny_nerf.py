"""The network of bmild's tiny_nerf.ipynb, written out plainly: what the fields of dltui are measured beside.

Eight layers of 256 units, six octaves, 64 samples a ray, Adam at 5e-4 and one picture a step in the notebook; four
layers of 64, 48 samples within the box, 1,024 random rays a step and Adam at 2e-3 where it is tuned for one core.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from dltui.scene.nerf.composite import box_interval
from dltui.scene.nerf.score import psnr
from dltui.scene.nerf.views import Capture, View

NEAR, FAR, OCTAVES = 2.0, 4.4, 6


@dataclass(frozen=True)
class Size:
    """How large the network and its steps are."""

    depth: int
    width: int
    samples: int
    rays: int | None  # of a step; a whole picture if None
    rate: float
    boxed: bool  # whether samples lie within the box of the scene


NOTEBOOK = Size(8, 256, 64, None, 5e-4, False)
TUNED = Size(4, 64, 48, 1024, 2e-3, True)


class Net(nn.Module):
    """Places to colour and density; the place is shown again in the middle, as in the notebook."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        wide = 3 + 6 * OCTAVES
        takes = [wide, *(size.width + wide * (i == size.depth // 2) for i in range(1, size.depth))]
        self.layers = nn.ModuleList(nn.Linear(count, size.width) for count in takes)
        self.last = nn.Linear(size.width, 4)

    def forward(self, places: Tensor) -> Tensor:
        waves = [places]
        for octave in range(OCTAVES):
            waves += [torch.sin(2.0**octave * places), torch.cos(2.0**octave * places)]
        spelled = torch.cat(waves, -1)
        hidden = spelled
        for i, layer in enumerate(self.layers):
            if i == len(self.layers) // 2:
                hidden = torch.cat([hidden, spelled], -1)
            hidden = torch.relu(layer(hidden))
        return self.last(hidden)


def rays_of(view: View) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return origins, directions and colours of all pixels, each of shape (pixels, 3)."""
    origin, way = view.camera.rays()
    parts = (origin.T, way.T, view.rgb.reshape(-1, 3))
    origins, ways, colours = (torch.from_numpy(part.astype("float32")).contiguous() for part in parts)
    return origins, ways, colours


class Tiny:
    """One fit, timed by the processor."""

    def __init__(self, capture: Capture, size: Size) -> None:
        torch.manual_seed(0)
        self.capture, self.size, self.net = capture, size, Net(size)
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=size.rate)
        self.rays = tuple(torch.cat(part) for part in zip(*map(rays_of, capture.train), strict=True))
        self.source = torch.Generator().manual_seed(0)
        self.seconds, self.steps = 0.0, 0

    def timed_step(self) -> None:
        began = time.process_time()
        origin, way, rgb = self.rays
        if self.size.rays is None:
            area = self.capture.train[0].rgb[..., 0].size
            at = int(torch.randint(len(self.capture.train), (1,), generator=self.source)) * area
            chosen = torch.arange(at, at + area)
        else:
            chosen = torch.randint(len(origin), (self.size.rays,), generator=self.source)
        loss = ((self._seen(origin[chosen], way[chosen], jitter=True) - rgb[chosen]) ** 2).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.steps += 1
        self.seconds += time.process_time() - began

    def _seen(self, origin: Tensor, way: Tensor, *, jitter: bool) -> Tensor:
        low, high = torch.full((len(origin),), NEAR), torch.full((len(origin),), FAR)
        if self.size.boxed:
            low, high = box_interval(origin, way, self.capture.box)
            high = torch.maximum(low, high)
        shift = torch.rand(len(origin), self.size.samples, generator=self.source) if jitter else 0.5
        part = (torch.arange(self.size.samples) + shift) / self.size.samples
        t = low[:, None] + (high - low)[:, None] * part
        raw = self.net(origin[:, None] + t[..., None] * way[:, None])
        sigma, colour = torch.relu(raw[..., 3]), torch.sigmoid(raw[..., :3])
        step = torch.cat([t[:, 1:] - t[:, :-1], torch.full_like(t[:, :1], 1e-2)], 1)
        clear = torch.exp(-sigma * step)
        through = torch.cumprod(torch.cat([torch.ones_like(clear[:, :1]), clear[:, :-1]], 1), 1)
        weight = through * (1 - clear)
        return (weight[..., None] * colour).sum(1) + self.capture.paper * (1 - weight.sum(1))[:, None]

    @torch.no_grad()
    def judged(self, views: list[View]) -> float:
        """Return the mean PSNR over views, in dB."""
        found = []
        for view in views:
            origin, way, _ = rays_of(view)
            seen = torch.cat([
                self._seen(o, w, jitter=False)
                for o, w in zip(origin.split(1024), way.split(1024), strict=True)
            ])
            found.append(psnr(seen.reshape(view.rgb.shape).numpy(), view.rgb))
        return float(np.mean(found))
