"""Fitting splats to pictures: one picture a step, and every hundred steps more splats, or better places for them.

At first they are few, and grow as in Kerbl et al. 2023 until there are as many as may be. From then on their number
stays what it is, as in Kheradmand et al. 2024 (MCMC): those that add hardly anything jump onto others and share their
opacity. Those others are drawn by how wrong pictures are where they show.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from dltui.scene import pace
from dltui.scene.nerf.views import Capture, View, hull
from dltui.scene.splats.blend import nearest_first, pairs_of, rows_of, summed
from dltui.scene.splats.fused import Picture, picture
from dltui.scene.splats.gaussians import Gaussians, axes
from dltui.scene.splats.grow import FEW, Grown, Pull, grow, planned
from dltui.scene.splats.project import project
from dltui.scene.splats.straight import straight

RATES = {  # of a radius of 1
    "place": 2e-3,
    "log_scale": 1.5e-2,
    "turn": 1.5e-2,
    "logit": 5e-2,
    "harmonics": 6e-2,
}
LAST = 0.05  # of the rates at the start, what is left at the end
ABSOLUTE, SQUARED = 0.2, 2.0  # of the loss
THIN, SMALL = 3e-3, 3e-4  # weights of the mean opacity and of the mean scale in the loss
SHRINK = 0.3  # of the logarithm of the scale of what shares its place
RELOCATE, FADED = 100, 0.02  # steps between relocations; opacity below which a splat is as good as gone
ASKED = 8  # pictures that are looked at before each
MOVED = 0.05  # share of the splats that jump at once at most
IDLE = 0.15  # of the mean of what splats add: less is too little
WIDE = 0.3  # of how far splats stand apart at the start, their size
START, GRID = 0.3, 64  # opacity at the start; cells of the visual hull, either way
LATEST = 0.9  # part of the work after which splats stay where they are
EVERY = 100  # steps between two judgements that the clock is stopped for


@dataclass
class Progress(pace.Progress):
    """How far a fit of splats is.

    Attributes:
        moved: Splats that jumped so far.
        grown: What was cloned, split and pruned so far.
        counts: How many splats there were from each step on: (step, splats).
    """

    moved: int = 0
    grown: Grown = field(default_factory=Grown)
    counts: list[tuple[int, int]] = field(default_factory=list)


def sown(
    capture: Capture,
    count: int,
    degree: int,
    source: torch.Generator,
    *,
    beat: Callable[[], None] | None = None,
) -> Gaussians:
    """Return grey splats at random places: within the visual hull, or within the whole cube where no mask is known.

    Args:
        capture: Pictures with their cameras.
        count: How many.
        degree: Of the spherical harmonics.
        source: Of the draws.
        beat: Called now and then; may raise to stop.

    Returns:
        Splats as large as they stand apart.
    """
    side = max(capture.box.sides) / GRID
    lines = [
        torch.arange(low + side / 2, max(high, low + side), side)
        for low, high in zip(capture.box.low, capture.box.high, strict=True)
    ]
    cells = torch.stack(torch.meshgrid(*lines, indexing="ij"), 3).reshape(-1, 3)
    inside = hull(capture.train, cells, beat=beat)
    if inside is not None and bool(inside.any()):
        cells = cells[inside]
    chosen = torch.randint(len(cells), (count,), generator=source)
    place = cells[chosen] + (torch.rand(count, 3, generator=source) - 0.5) * side
    apart = side * (len(cells) / count) ** (1 / 3)
    return Gaussians(
        place,
        torch.full((count, 3), math.log(WIDE * apart)),
        torch.nn.functional.normalize(torch.randn(count, 4, generator=source), dim=1),
        torch.full((count,), math.log(START / (1 - START))),
        torch.zeros(count, (degree + 1) ** 2, 3),
    )


class Sown(pace.Paced):
    """Splats as they are fitted, step by step.

    Args:
        capture: Pictures with their cameras.
        count: How many splats at most.
        degree: Of the spherical harmonics.
        few: Which share of them there is at the start; 1 for all.
        seconds: Time that steps may take, or None: of the processor on a CPU, on the wall elsewhere.
        steps: Steps that may be made, or None.
        seed: Of all draws.
        device: Where they are fitted.
        beat: Called now and then while pictures are got ready; may raise to stop.
    """

    progress: Progress

    def __init__(
        self,
        capture: Capture,
        *,
        count: int = 3000,
        degree: int = 2,
        few: float = FEW,
        seconds: float | None = None,
        steps: int | None = None,
        seed: int = 0,
        device: torch.device | None = None,
        beat: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(Progress(), device, seconds=seconds, steps=steps)
        self.capture = straight(capture)
        self._source = torch.Generator().manual_seed(seed)
        self._budget, self._few, self._radius = count, few, max(capture.box.sides) / 2
        self.splats = sown(self.capture, planned(count, 0.0, few), degree, self._source, beat=beat).to(
            self.device
        )
        self.progress.counts.append((0, len(self.splats)))
        for tensor in self.splats.tensors:
            tensor.requires_grad_()
        self._truths = [_truth(one, self.device) for one in self.capture.train]
        self._optimizer = _optimizer(self.splats, self._radius)
        self._pull = Pull(len(self.splats), self.device)
        self._order: list[int] = []
        self._loss: Tensor | None = None

    def step(self) -> None:
        """Make one step, and every hundred of them let splats grow, or send them to where they are needed."""
        if not self._order:
            self._order = torch.randperm(len(self._truths), generator=self._source).tolist()
        at = self._order.pop()
        for group in self._optimizer.param_groups:
            group["lr"] = group["first"] * LAST**self.done
        one = self.capture.train[at]
        seen = picture(self.splats, one.camera, self.capture.paper)
        loss = _loss(self.splats, seen, self._truths[at])
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self._loss = loss.detach()
        self._pull.note(seen.middle, one.camera)
        self.progress.step += 1
        if self.progress.step % RELOCATE == 0 and self.done < LATEST:
            if len(self.splats) < self._budget:
                self._grow()
            else:
                self._relocate()

    def _grow(self) -> None:
        """Prune what is clear, and clone or split where pictures pull."""
        self.splats, grown = grow(
            self.splats,
            self._optimizer,
            self._pull.mean,
            most=planned(self._budget, self.done, self._few),
            radius=self._radius,
            source=self._source,
        )
        self._pull = Pull(len(self.splats), self.device)
        self.progress.grown += grown
        self.progress.counts.append((self.progress.step, len(self.splats)))

    def _relocate(self) -> None:
        """Send splats that add hardly anything to where some of the pictures are wrong."""
        some = torch.randperm(len(self._truths), generator=self._source)[:ASKED].tolist()
        views, truths = [self.capture.train[i] for i in some], [self._truths[i] for i in some]
        seen, wrong = worth(self.splats, views, truths, self.capture.paper)
        self.progress.moved += relocate(self.splats, self._optimizer, seen, wrong, self._source)

    def known(self) -> Progress:
        """Return how far it is, with the loss of the last picture."""
        self.progress.loss = math.nan if self._loss is None else float(self._loss)
        return self.progress


def fit_splats(
    fit: Sown,
    told: Callable[[Progress, Gaussians], None] | None = None,
    beat: Callable[[float], None] | None = None,
) -> tuple[Gaussians, Progress]:
    """Make all steps of a fit.

    Args:
        fit: The fit.
        told: Called every hundred steps; the clock stands meanwhile.
        beat: Called after every step with which part of the work is done; may raise to stop.

    Returns:
        The splats, and how it went.
    """
    while fit.done < 1:
        fit.timed_step()
        if beat is not None:
            beat(fit.done)
        if told is not None and fit.progress.step % EVERY == 0:
            told(fit.known(), fit.splats)
    return fit.splats.detached(), fit.known()


def _truth(one: View, device: torch.device) -> Tensor:
    """Return the colours of a picture, shape (pixels, 3)."""
    return torch.from_numpy(np.ascontiguousarray(one.rgb.reshape(-1, 3), np.float32)).to(device)


def _loss(splats: Gaussians, seen: Picture, truth: Tensor) -> Tensor:
    """Return how far a picture of splats is from the truth, with a small price on what is not needed."""
    gap = seen.rgb - truth
    price = THIN * seen.opacity.mean() + SMALL * splats.log_scale.exp().mean()
    return ABSOLUTE * gap.abs().mean() + SQUARED * (gap * gap).mean() + price


def _optimizer(splats: Gaussians, radius: float) -> torch.optim.Optimizer:
    groups = []
    for tensor, (name, rate) in zip(splats.tensors, RATES.items(), strict=True):
        first = rate * radius if name == "place" else rate
        groups.append({"params": [tensor], "lr": first, "first": first})
    return torch.optim.Adam(groups, betas=(0.9, 0.99), eps=1e-15, fused=True)


@torch.no_grad()
def worth(splats: Gaussians, views: list[View], truths: list[Tensor], paper: float) -> tuple[Tensor, Tensor]:
    """Return what splats add to pictures, and how wrong those pictures are where they do.

    Args:
        splats: The splats.
        views: Pictures with their cameras.
        truths: Their colours, shape (pixels, 3) each.
        paper: Brightness of what is behind everything.

    Returns:
        Σ weight and Σ weight · |error| over all pixels, shape (n,) each.
    """
    sums = torch.zeros(len(splats), 2, dtype=splats.place.dtype, device=splats.place.device)
    for one, truth in zip(views, truths, strict=True):
        flat, camera = project(splats, one.camera), one.camera
        rows = rows_of(flat, nearest_first(flat), camera.width, camera.height)
        pairs = pairs_of(flat, rows, camera.width * camera.height)
        weight = pairs.weight
        error = (summed(flat.colour, weight, pairs) + (paper * pairs.left)[:, None] - truth).abs().mean(1)
        parts = torch.stack([weight, weight * error.index_select(0, pairs.pixel)], 1)
        sums.index_add_(0, pairs.splat, parts)
    return sums[:, 0], sums[:, 1]


@torch.no_grad()
def relocate(
    splats: Gaussians, optimizer: torch.optim.Optimizer, seen: Tensor, wrong: Tensor, source: torch.Generator
) -> int:
    """Send splats that add hardly anything to where pictures are wrong; return how many.

    Args:
        splats: The splats, changed where they lie.
        optimizer: Whose moments of splats that moved or were joined are forgotten.
        seen: What each adds to pictures, shape (n,).
        wrong: The same times the error there, shape (n,).
        source: Of the draws.

    Returns:
        How many jumped.
    """
    opacity = torch.sigmoid(splats.logit)
    least = torch.argsort(seen, stable=True)[: int(MOVED * len(splats))]
    dead = least[(opacity[least] < FADED) | (seen[least] < IDLE * seen.mean())]
    faded = torch.zeros_like(opacity, dtype=torch.bool)
    faded[dead] = True
    share = (wrong * ~faded).cpu()
    if not len(dead) or float(share.sum()) == 0:
        return 0
    target = torch.multinomial(share, len(dead), replacement=True, generator=source).to(dead.device)
    joined = torch.bincount(target, minlength=len(splats)).to(opacity.dtype)
    # as many on one place as let so much through
    together = 1 - (1 - opacity).clamp(min=1e-6) ** (1 / (1 + joined))
    splats.logit.copy_(torch.where(joined > 0, torch.logit(together.clamp(FADED, 0.99)), splats.logit))
    changed = torch.cat([dead, target])
    shift = torch.randn(len(dead), 3, generator=source).to(splats.place)
    shift = torch.bmm(axes(splats)[target], shift[:, :, None])[:, :, 0]  # twins would move alike for ever
    splats.log_scale[joined > 0] -= SHRINK
    for tensor in splats.tensors:
        tensor[dead] = tensor[target]
    splats.place[dead] += shift
    for tensor in splats.tensors:
        for moment in ("exp_avg", "exp_avg_sq"):
            optimizer.state[tensor][moment][changed] = 0
    return len(dead)
