"""Activation maximisation: an input climbs from noise until a unit of the network answers as strongly as it can.

Erhan, Bengio, Courville and Vincent 2009 (Visualizing Higher-Layer Features of a Deep Network); Simonyan, Vedaldi and
Zisserman 2014, arXiv:1312.6034, for the scores of classes. What is climbed is

    a(x) · √N / ‖∂a/∂p‖₀  −  λ₂ Σ (p − ½)²  −  λ_TV Σ |∇p|

over the N pixels p of a picture: with the gradient at the start in the denominator a weight of 1 pulls as hard as the
unit itself does there, whatever the scale of its activations.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor, nn

from dltui.data.takes import Takes
from dltui.errors import UsageError
from dltui.figures import Array
from dltui.instruments.dream.aim import Aim, checked, drive, scores, unit_axis
from dltui.instruments.dream.canvas import Canvas, Paint, canvas, seen
from dltui.instruments.dream.priors import Priors, shifted, squares, variation
from dltui.instruments.dream.same import fingerprint
from dltui.instruments.features.layers import capture
from dltui.instruments.probe.stations import stations
from dltui.objective.undisturbed import undisturbed
from dltui.progress import Report, silent
from dltui.results.base import Made
from dltui.results.dream import Dream

STARTS = (
    0.3,
    0.3,
    1.0,
    3.0,
)  # contrast of the noise that is tried in turn, until every unit feels a gradient
LOOKS = 60  # points of the curve, each measured on the picture as it is, without jitter
FILM = 12  # pictures of the way that are kept
APART = 0.15  # seconds between two partial results at least
EVERY = 4  # steps between two blurs
FADED = 0.8  # share of the way after which nothing is blurred
READS = "dreams climb by gradients, but {title} reads tokens, which have none: expected a model of pictures or numbers"


@dataclass(frozen=True)
class Way:
    """How the climb goes.

    Attributes:
        steps: Steps of Adam.
        rate: Their size.
        paint: What is moved of pictures.
        priors: What pictures are held to.
        seed: Seed of the noise and of the shifts.
    """

    steps: int = 256
    rate: float = 0.05
    paint: Paint = "fourier"
    priors: Priors = field(default_factory=Priors)
    seed: int = 0


def dream(
    module: nn.Module,
    takes: Takes,
    aim: Aim,
    way: Way | None = None,
    *,
    title: str = "",
    names: tuple[str, ...] = (),
    device: torch.device | None = None,
    report: Report = silent,
) -> Dream:
    """Return the inputs to which units answer most.

    Args:
        module: The network; its weights are the same bits afterwards, and everything else is left as found.
        takes: What it takes.
        aim: What is climbed.
        way: How.
        title: What to call the network.
        names: What the units are called, where they have names.
        device: Where to compute.
        report: Called as the pictures change.

    Returns:
        The inputs, the climb, and the proof that no weight has changed.

    Raises:
        UsageError: If the network reads tokens, or has no such layer, unit or cell.
    """
    if takes.kind == "tokens":
        raise UsageError(READS.format(title=title or "the model"))
    way = way or Way()
    with undisturbed(module):
        module.to(device or "cpu").eval().requires_grad_(requires_grad=False)
        before = fingerprint(module)
        climb = _Climb(module, takes, aim, way, device or torch.device("cpu"))
        climb.known = replace(climb.known, title=title, names=list(names))
        with torch.enable_grad():
            climb.go(report)
        return climb.result(weights_unchanged=fingerprint(module) == before, complete=True)


class _Climb:
    """One climb: its canvas, its curve, and the pictures on the way."""

    def __init__(self, module: nn.Module, takes: Takes, aim: Aim, way: Way, device: torch.device) -> None:
        self._module, self._takes, self._aim, self._way, self._device = module, takes, aim, way, device
        self._random = torch.Generator().manual_seed(way.seed)
        blank = torch.zeros(1, *takes.shape, device=device)
        with torch.no_grad():
            given = self._given(blank)
        checked(aim, given)
        self._canvas, self._scale, asleep = self._start()
        looks = np.unique(np.linspace(0, way.steps, min(LOOKS, way.steps) + 1).round().astype(int))
        film = np.unique(np.geomspace(1, way.steps + 1, min(FILM, way.steps + 1)).round().astype(int) - 1)
        self._looks, self._film = set(looks.tolist()), set(film.tolist())
        self._told: list[tuple[int, Tensor, Tensor, Tensor]] = []
        self._frames: list[tuple[int, Array]] = []
        self.known = Dream(
            made=Made(device=str(device), seed=way.seed),
            layer=aim.layer,
            units=list(aim.units),
            cell=None if aim.cell is None else list(aim.cell),
            objective=aim.words() if aim.layer else "the score of the class, before the softmax",
            image=takes.kind == "image",
            paint=way.paint if takes.kind == "image" else "numbers",
            priors={name: float(getattr(way.priors, name)) for name in ("l2", "tv", "jitter", "blur")},
            rate=way.rate,
            total=way.steps,
            asleep=asleep,
            count=given.shape[unit_axis(given)],
            layers=stations(module, blank),
        )

    def go(self, report: Report) -> None:
        """Climb to the end."""
        way, theta = self._way, self._canvas.theta
        optimizer = torch.optim.Adam([theta], lr=way.rate)
        next_told = 0.0
        for step in range(way.steps + 1):
            if step in self._looks:
                self._look(step)
                last = step == way.steps
                if last or time.monotonic() >= next_told:
                    report(
                        step, way.steps, None if last else self.result(weights_unchanged=None, complete=False)
                    )
                    next_told = time.monotonic() + APART
            if step == way.steps:
                break
            self._blur(step)
            optimizer.zero_grad(set_to_none=True)
            (-self._height()).backward()  # type: ignore[no-untyped-call]
            optimizer.step()

    def result(self, *, weights_unchanged: bool | None, complete: bool) -> Dream:
        """Return what is known by now."""
        steps, climbed, variations, chances = zip(*self._told, strict=True)
        shown = self._canvas.pixels().detach()
        return replace(
            self.known,
            values=self._canvas.values(shown).cpu().numpy(),
            pictures=seen(shown),
            steps=np.array(steps),
            climbed=torch.stack(climbed, 1).numpy(),
            variation=torch.stack(variations, 1).numpy(),
            chances=torch.stack(chances, 1).numpy() if self._is_class else None,
            frames=np.stack([frame for _, frame in self._frames]),
            frame_steps=np.array([step for step, _ in self._frames]),
            weights_unchanged=weights_unchanged,
            complete=complete,
        )

    @property
    def _is_class(self) -> bool:
        return not self._aim.layer and bool(self._aim.units)

    def _given(self, x: Tensor) -> Tensor:
        """Return what the layer gives."""
        return capture(self._module, [self._aim.layer], x)[self._aim.layer]

    def _start(self) -> tuple[Canvas, Tensor, list[int]]:
        """Return a canvas with noise that every unit feels, as far as there is some, and the scale of each."""
        shape = (self._aim.pictures, *self._takes.shape)
        best: Tensor | None = None
        strongest = torch.zeros(shape[0], device=self._device)
        for contrast in STARTS:
            noise = torch.randn(shape, generator=self._random).to(self._device)
            tried = canvas(self._takes, self._way.paint, noise, contrast)
            felt = self._felt(tried)
            theta = tried.theta.detach()
            better = (felt > strongest).view(-1, *[1] * (theta.ndim - 1))
            best = theta if best is None else torch.where(better, theta, best)
            strongest = torch.where(felt > strongest, felt, strongest) if contrast != STARTS[0] else felt
            if bool((strongest > 0).all()):
                break
        assert best is not None, "something was tried"
        with torch.no_grad():
            tried.theta.copy_(best)
        asleep = [i for i, some in enumerate(strongest.tolist()) if not some]
        count = float(np.prod(self._takes.shape))
        return tried, count**0.5 / strongest.clamp_min(1e-12), asleep

    def _felt(self, tried: Canvas) -> Tensor:
        """Return the length of the gradient of each picture's score by its pixels."""
        with torch.enable_grad():
            pixels = tried.pixels().detach().requires_grad_()
            score = self._score(self._given(tried.values(pixels)))
            (slope,) = torch.autograd.grad(score.sum(), pixels)
        felt: Tensor = slope.flatten(1).norm(dim=1)
        return felt

    def _score(self, given: Tensor) -> Tensor:
        score = scores(self._aim, given)
        return torch.where(score > 0, score, drive(self._aim, given))

    def _height(self) -> Tensor:
        """Return what is climbed, all pictures together."""
        priors, pixels = self._way.priors, self._canvas.pixels()
        seen = shifted(pixels, priors.jitter, self._random) if self._takes.kind == "image" else pixels
        height = self._score(self._given(self._canvas.values(seen))) * self._scale
        if priors.l2:
            height = height - priors.l2 * (
                squares(pixels) if self._takes.kind == "image" else pixels.square().flatten(1).sum(1)
            )
        if priors.tv and self._takes.kind == "image":
            height = height - priors.tv * variation(pixels)
        return height.sum()

    def _blur(self, step: int) -> None:
        """Blur now and then, less and less."""
        left = 1 - step / (FADED * self._way.steps)
        if self._way.priors.blur and step % EVERY == 0 and left > 0:
            self._canvas.blur(self._way.priors.blur * left)

    def _look(self, step: int) -> None:
        """Measure the pictures as they are."""
        with torch.no_grad():
            pixels = self._canvas.pixels()
            given = self._given(self._canvas.values(pixels))
            score = scores(self._aim, given).cpu()
            rough = variation(pixels).cpu() if self._takes.kind == "image" else torch.zeros(len(pixels))
            chance = torch.zeros(len(pixels))
            if self._is_class:
                chance = given.softmax(-1)[torch.arange(len(given)), list(self._aim.units)].cpu()
        self._told.append((step, score, rough, chance))
        if step in self._film or not self._frames:
            self._frames.append((step, seen(pixels)))
