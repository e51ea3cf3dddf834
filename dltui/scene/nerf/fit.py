"""Fitting a radiance field to pictures: coarse first, the steps shorter towards the end."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.errors import DltuiError
from dltui.scene import pace
from dltui.scene.nerf.classic import MlpField
from dltui.scene.nerf.composite import Box
from dltui.scene.nerf.field import GridField
from dltui.scene.nerf.hashed import HashField
from dltui.scene.nerf.march import FAINT, STEP, Occupied, in_sight, look, sample, shine
from dltui.scene.nerf.pixels import Pixels, offsets
from dltui.scene.nerf.score import psnr
from dltui.scene.nerf.views import Capture, View, hull, tight

Kind = Literal["grid", "hash", "mlp"]
AnyField = GridField | HashField | MlpField
FIRST = 32**3  # corners of the grid in the beginning
STAGES = (
    (0.2, 46**3),
    (0.55, 69**3),
)  # from which part of the work on it has so many: finer ones learn by heart
CHECKED = 200  # steps after which a fit that sees nothing is told
GROW = 3  # pixels around what pictures show that are learnt from as well; farther out all is paper
SPREAD = 2  # rays of a pixel either way in the end, as pictures show the mean over a pixel
SPREAD_AT, ROUNDS = (
    0.5,
    6,
)  # part of the work from which they are several, if pixels were looked at so often by then
AVERAGED, EVERY = 0.8, 4  # part of the work from which parameters are averaged; steps between two that count
LOOKED = 30_000  # rays after which cells that gave no light are looked at no more
BLANK = 0.01  # share of light that everything or nothing takes away, in a fit that has collapsed
BLOCK, BLOCKS = 1 << 11, 1 << 14  # rays that are looked along at once, on a CPU and on a GPU
SHARE = 0.05  # of the time of the steps that judging on the way may take


@dataclass(frozen=True)
class Recipe:
    """How a kind of field learns.

    Attributes:
        rate: Step size of Adam in the beginning.
        tables: How many times as great it is for tables of features.
        last: What is left of it in the end.
        rays: In a step at most.
        samples: Along all of them, about: the more is in sight, the fewer rays.
    """

    rate: float
    tables: float
    last: float
    rays: int
    samples: int


RECIPES: dict[Kind, Recipe] = {
    "grid": Recipe(1e-2, 10, 0.1, 4096, 16384),
    "hash": Recipe(2e-2, 10, 0.1, 4096, 4096),
    "mlp": Recipe(2e-3, 1, 0.1, 4096, 16384),
}
PUBLISHED = Recipe(
    5e-4, 1, 0.1, 4096, 16384
)  # of a classic network as large as in the paper, which took that rate


@dataclass
class Progress(pace.Progress):
    """How far a fit of a field is.

    Attributes:
        judging: Time that judging took.
        again: How often it began anew because it saw nothing.
    """

    judging: float = 0.0
    again: int = 0


@dataclass(frozen=True, eq=False)
class Fitted:
    """A field with where it is occupied, and how it came about."""

    field: AnyField
    occupied: Occupied
    progress: Progress


Told = Callable[[Fitted, float], None]


def fresh(kind: Kind, box: Box) -> AnyField:
    """Return a field that has seen nothing."""
    if kind == "grid":
        return GridField(FIRST, box)
    return HashField(box) if kind == "hash" else MlpField(box)


class Fit(pace.Paced):
    """One fit as it goes on.

    Args:
        capture: Pictures with their cameras.
        kind: Of field.
        seconds: Time that steps may take, or None.
        steps: Steps that may be made, or None.
        seed: Of the draws of rays and of first weights.
        device: Where it is fitted.
        make: Returns a field of that kind that has seen nothing; None for the usual one.
        recipe: How it learns; None for what suits the kind.
        beat: Called now and then while pictures are got ready; may raise to stop.
    """

    progress: Progress

    def __init__(
        self,
        capture: Capture,
        kind: Kind = "grid",
        *,
        seconds: float | None = None,
        steps: int | None = None,
        seed: int = 0,
        device: torch.device | None = None,
        make: Callable[[Box], AnyField] | None = None,
        recipe: Recipe | None = None,
        beat: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(Progress(), device, seconds=seconds, steps=steps)
        self.capture, self.kind, self.recipe, self._seed = capture, kind, recipe or RECIPES[kind], seed
        self._make = make or partial(fresh, kind)
        self._pixels = Pixels(capture.train, self.device, grow=GROW, beat=beat)
        self.box = tight(capture.train, capture.box, beat=beat)
        self._mask = hull(capture.train, Occupied(self.box, self.device).middles(), beat=beat)
        self._begin()

    def _begin(self) -> None:
        """Begin with a field that has seen nothing."""
        self._begun = self.progress.step
        self._source = torch.Generator().manual_seed(self._seed + self.progress.again)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._seed + self.progress.again)
            self.field = self._make(self.box).to(self.device)
        self._count, self._shot, self._looked = self.recipe.rays // 16, 0, 0
        self._spread_at = SPREAD_AT if self.kind == "grid" else math.inf
        self._mean: AnyField | None = None
        self._pixels.forget()
        self.occupied = Occupied(self.box, self.device)
        if self._mask is not None:
            self.occupied.cells = self._mask.clone()
        self._stages = list(STAGES) if self.kind == "grid" else []
        self._optimizer = self._adam()

    @property
    def fitted(self) -> Fitted:
        """What is known by now; towards the end, with the mean of the last parameters."""
        return Fitted(self._mean or self.field, self.occupied, self.progress)

    def run(self, told: Told | None = None, beat: Callable[[float], None] | None = None) -> Fitted:
        """Make all steps.

        Args:
            told: Called now and then with what is known and which part of the work is done; the clock stands meanwhile.
            beat: Called after every step with which part of the work is done; may raise to stop.

        Returns:
            The field.

        Raises:
            DltuiError: If it sees nothing, again and again.
        """
        while self.done < 1:
            self.timed_step()
            if beat is not None:
                beat(self.done)
            if told is not None and self.progress.judging <= SHARE * self.progress.seconds:
                began = self.clock()
                told(self.fitted, self.done)
                self.progress.judging += self.clock() - began
        return self.fitted

    def timed_step(self) -> None:
        """Make one step and count its time; early on, see whether it sees anything.

        Raises:
            DltuiError: If it sees nothing, again and again.
        """
        super().timed_step()
        if self.progress.step == self._begun + CHECKED:
            self._check()

    def step(self) -> None:
        """Make one step."""
        self._refine()
        for group in self._optimizer.param_groups:
            group["lr"] = group["first"] * self.recipe.last**self.done
        across, paper = self.field.across, self.capture.paper
        pixels = torch.randint(len(self._pixels), (max(1, self._count // across**2),), generator=self._source)
        pixels = pixels.to(self.device)
        origin, way = self._pixels.rays(pixels, across)
        span = self._pixels.span(pixels, across)
        samples, spots = sample(self.field, self.occupied, origin, way, self._source, span=span)
        self._pixels.note(pixels, across, samples, STEP * self.field.voxel)
        kept, found, weight = in_sight(self.field, samples, spots, FAINT)
        self.occupied.note(spots, weight)
        seen = shine(self.field, kept, found, way, paper=paper)[0].reshape(len(pixels), -1, 3).mean(1)
        loss = functional.mse_loss(seen, self._pixels.rgb.index_select(0, pixels))
        self._shot, self._looked = self._shot + len(way), self._looked + len(pixels)
        room = len(way) * self.recipe.samples // max(len(kept.t), 1)
        self._count = max(self.recipe.rays // 16, min(self.recipe.rays, room))
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self.progress.step += 1
        self.progress.loss = float(loss.detach())
        if self.done >= AVERAGED and self.progress.step % EVERY == 0:
            self._average()

    def _refine(self) -> None:
        """Go on to a finer grid, to several rays of a pixel, or to fewer cells, when it is time to."""
        if self._stages and self.done >= self._stages[0][0] and isinstance(self.field, GridField):
            self.field = self.field.finer(self._stages.pop(0)[1], self.occupied.near)
            self._optimizer = self._adam()
            self._mean = None  # after steps that took long: that of another grid
        if self.done >= self._spread_at:
            self._spread_at = math.inf
            if self._looked >= ROUNDS * len(self._pixels):
                self.field.across = SPREAD
                self._pixels.forget()
        if self._shot >= LOOKED:
            self.occupied.settle()
            self._shot = 0

    @torch.no_grad()
    def _average(self) -> None:
        """Take the parameters of now into the mean."""
        if self._mean is None:
            self._mean, self._counted = deepcopy(self.field), 1
            return
        self._counted += 1
        for mean, now in zip(self._mean.parameters(), self.field.parameters(), strict=True):
            mean.lerp_(now, 1 / self._counted)

    def _check(self) -> None:
        """Begin anew where the fit sees nothing, everything or no numbers."""
        view = self.capture.train[0]
        colour, opacity, _ = render(self.field, self.occupied, view, paper=self.capture.paper)
        flat = float(colour.std()) < 0.1 * float(view.rgb.std())
        mean = float(opacity.mean())
        if math.isfinite(self.progress.loss) and not flat and mean > BLANK:
            return
        if self.progress.again == 2:
            raise DltuiError(
                f"the field of {self.capture.title} collapsed three times (opacity {mean:.2g}, loss "
                f"{self.progress.loss:.2g}): its cameras may not look at one place; look at them with `dltui nerf info`"
            )
        self.progress.again += 1
        self._begin()

    def _adam(self) -> torch.optim.Optimizer:
        own: nn.Module = self.field
        groups = [
            {"params": [part], "first": self.recipe.rate * (self.recipe.tables if name == "table" else 1)}
            for name, part in own.named_parameters()
        ]
        return torch.optim.Adam(groups, lr=self.recipe.rate, betas=(0.9, 0.99), eps=1e-15, fused=True)


@torch.no_grad()
def render(
    field: AnyField,
    occupied: Occupied,
    view: View,
    *,
    paper: float = 1.0,
    beat: Callable[[], None] | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what a camera sees.

    Args:
        field: What is looked at.
        occupied: Where anything may be.
        view: Whose camera looks.
        paper: Brightness of what is behind everything.
        beat: Called after every block of rays; may raise to stop.

    Returns:
        Colours (height, width, 3), opacities and mean distances (height, width).
    """
    device, camera = next(field.parameters()).device, view.camera
    column, row = np.meshgrid(np.arange(camera.width) + 0.5, np.arange(camera.height) + 0.5)
    parts: list[tuple[Tensor, Tensor, Tensor]] = []
    block = BLOCK if device.type == "cpu" else BLOCKS
    for right, down in offsets(field.across):
        rays = camera.rays_through(column.ravel() + right, row.ravel() + down)
        origin, way = (torch.from_numpy(np.ascontiguousarray(part.T)).to(device) for part in rays)
        for o, w in zip(torch.split(origin, block), torch.split(way, block), strict=True):
            parts.append(look(field, occupied, o, w, paper=paper))
            if beat is not None:
                beat()
    shape = field.across**2, camera.height, camera.width
    colour, opacity, depth = (torch.cat([part[i] for part in parts]).cpu().numpy() for i in range(3))
    return (
        colour.reshape(*shape, 3).mean(axis=0),
        opacity.reshape(shape).mean(axis=0),
        depth.reshape(shape).mean(axis=0),
    )


def judged(fitted: Fitted, capture: Capture, views: list[View]) -> float:
    """Return the mean PSNR over views, in dB."""
    found = [
        psnr(render(fitted.field, fitted.occupied, view, paper=capture.paper)[0], view.rgb) for view in views
    ]
    return float(np.mean(found))
