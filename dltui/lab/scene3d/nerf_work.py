"""What the exhibit `nerf-live` computes and draws."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import torch

from dltui.errors import DltuiError
from dltui.figures import Array, Figure, Heatmap, Images, Lines, Scene, Series, Table, number
from dltui.lab import Frame, near
from dltui.lab.remembered import Remembered
from dltui.lab.scene3d.nerf import nerf_live
from dltui.lab.scene3d.turntable import HALF, TINY, alone, camera_at, picture, tiny, turntable
from dltui.lab.written import written
from dltui.scene.nerf.classic import waves
from dltui.scene.nerf.composite import Samples, cube, gather, weights
from dltui.scene.nerf.fit import Fit, Fitted, render
from dltui.scene.nerf.folders import Found
from dltui.scene.nerf.rays import Ray, along, cut
from dltui.scene.nerf.score import psnr
from dltui.scene.nerf.work import info_of_pictures

FINE = 48  # pixels of the free camera's picture
PARTS = 12  # moments of a fit
CELLS, DENSE = 28, 5.0  # of the grid that is drawn as points; density σ from which a place is drawn
SHEET = 12  # turntable pictures that are shown


@dataclass(frozen=True, eq=False)
class Moment:
    """What is known after some steps.

    Attributes:
        fitted: The field as it is.
        step: Steps made.
        psnr: Mean over held-out pictures, dB.
        own: Of one picture that it learns from, dB.
        call: Processor time of one place that the network is asked for, seconds.
        broken: Why it could not go on; empty if it could.
    """

    fitted: Fitted
    step: int
    psnr: float
    own: float
    call: float
    broken: str = ""


def frames(
    *,
    scene: str,
    views: int,
    samples: int,
    octaves: int,
    steps: int,
    azimuth: float,
    elevation: float,
    level: float,
    side: int,
    queries: int,
    seed: int,
) -> Iterator[Frame]:
    """Yield what the exhibit shows, its knobs set."""
    truth = picture(scene, azimuth, elevation, FINE)
    before: list[Moment] = []
    still = (_sheet(scene, views), _waves(octaves))
    for moment in _fits(scene, views, samples, octaves, steps, seed):
        before.append(moment)
        fitted = moment.fitted
        seen = render(fitted.field, fitted.occupied, truth)
        calls = side * side * queries
        yield Frame(
            figures=(
                _pictures(truth.rgb, seen),
                _curve(before),
                _density(fitted, scene, views),
                _slice(fitted, level),
                _ray(along(fitted, truth.camera, FINE / 2, FINE / 2)),
                *still,
                _cost(moment, side, queries),
            ),
            numbers={
                "step": moment.step,
                "psnr": [one.psnr for one in before],
                "psnr_own": [one.own for one in before],
                "psnr_free": psnr(seen[0], truth.rgb),
                "parameters": sum(part.numel() for part in fitted.field.parameters()),
                "calls": calls,
            },
            caption=moment.broken
            or f"step {moment.step} of {steps}: {moment.psnr:.1f} dB on held-out pictures",
            total=0 if moment.broken else min(PARTS, steps) + 1,
        )


@lru_cache(maxsize=6)
def _fits(scene: str, views: int, samples: int, octaves: int, steps: int, seed: int) -> Remembered[Moment]:
    """Return the moments of a fit."""
    return alone(lambda: _fitted(scene, views, samples, octaves, steps, seed))


def _fitted(scene: str, views: int, samples: int, octaves: int, steps: int, seed: int) -> Iterator[Moment]:
    """Make the steps of a fit, and tell now and then how near it is."""
    capture = turntable(scene, views)
    make = partial(tiny, samples=samples, octaves=octaves)
    fit = Fit(capture, "mlp", steps=max(steps, 1), seed=seed, make=make, recipe=TINY)
    parts, broken = min(PARTS, steps), ""
    for part in range(parts + 1):
        try:
            while fit.progress.step < round(part * steps / (parts or 1)):
                fit.timed_step()
        except DltuiError:
            broken = f"it collapsed: from {views} views it sees nothing"
        now = fit.fitted
        scores = [psnr(render(now.field, now.occupied, one)[0], one.rgb) for one in capture.held_out]
        own = capture.train[0]
        yield Moment(
            Fitted(copy.deepcopy(now.field), copy.deepcopy(now.occupied), copy.copy(now.progress)),
            fit.progress.step,
            float(np.mean(scores)),
            psnr(render(now.field, now.occupied, own)[0], own.rgb),
            _call(now),
            broken,
        )
        if broken:
            return


@torch.no_grad()
def _call(fitted: Fitted) -> float:
    """Return the seconds of processor time that one call of the network takes, in a batch of 4096."""
    places = torch.zeros(4096, 3)
    way = torch.nn.functional.normalize(torch.ones(4096, 3))
    began = time.process_time()
    fitted.field.lit(fitted.field.find(places), way)
    return max(time.process_time() - began, 1e-9) / len(places)


def _pictures(truth: Array, seen: tuple[Array, Array, Array]) -> Images:
    """Return the free camera's picture: as it should be, as the network sees it, and what is not see-through."""
    colour, opacity, _ = seen
    grey = np.repeat(np.clip(1 - opacity, 0, 1)[..., None], 3, axis=2)
    return Images(
        title="The free camera",
        caption="no picture was taken there; opacity: dark is stone, bright is air",
        pixels=np.stack([truth, np.clip(colour, 0, 1), grey]).astype(np.float32),
        names=("truth", f"network {number(psnr(colour, truth), 3)} dB", "opacity Σ w"),
    )


def _curve(before: list[Moment]) -> Lines:
    """Return the scores over the steps."""
    x = np.array([one.step for one in before])
    return Lines(
        title="How near the pictures are",
        series=(
            Series(name="held-out pictures", x=x, y=np.array([one.psnr for one in before])),
            Series(name="a picture learnt from", x=x, y=np.array([one.own for one in before])),
        ),
        x_label="step",
        y_label="PSNR, dB",
        levels=((20.0, "20 dB"),),
    )


@torch.no_grad()
def _density(fitted: Fitted, scene: str, views: int) -> Scene:
    """Return where the field is dense, among the cameras."""
    box = fitted.field.box
    lines = [np.linspace(*ends, CELLS, dtype=np.float32) for ends in zip(box.low, box.high, strict=True)]
    places = np.stack(np.meshgrid(*lines, indexing="ij"), axis=3).reshape(-1, 3)
    spots = torch.from_numpy(places)
    sigma = torch.where(fitted.occupied.at(spots), fitted.field.thick(fitted.field.find(spots)), 0).numpy()
    kept = sigma > DENSE
    known = info_of_pictures(Found(turntable(scene, views), ()))
    return Scene(
        title="Where the field is dense, and the cameras",
        caption=f"{int(kept.sum()):,} of {CELLS}³ places of its box have σ > {DENSE:g}; colours are σ",
        points=places[kept],
        point_values=sigma[kept] if kept.any() else None,
        value_label="density σ",
        segments=known.segments,
        segment_rgb=known.colours,
    )


def _slice(fitted: Fitted, level: float) -> Heatmap:
    """Return the density on a level plane."""
    x, y, sigma = cut(fitted, "z", level)
    low, high = fitted.field.box.low[2], fitted.field.box.high[2]
    empty = "" if low <= level <= high else "; above or below all that pictures show"
    return Heatmap(
        title=f"A slice through the density at z = {level:g}",
        caption=f"0 where no picture shows anything{empty}",
        values=sigma if not empty else np.zeros_like(sigma),
        x=x,
        y=y,
        value_label="σ",
        colormap="magma",
        equal=True,
    )


def _ray(ray: Ray) -> Lines:
    """Return what happens along the ray of the middle pixel."""
    parts = (("T, light that is left", ray.through), ("w = T·α", ray.weight), ("α", ray.alpha))
    return Lines(
        title="Along the ray of the middle pixel",
        caption=f"opacity Σ w = {number(float(ray.weight.sum()), 3)} over {len(ray.t)} samples",
        series=tuple(Series(name=name, x=ray.t, y=y) for name, y in parts),
        x_label="distance t from the camera",
    )


def _sheet(scene: str, views: int) -> Images:
    """Return the pictures that are learnt from."""
    capture = turntable(scene, views)
    some = np.unique(np.linspace(0, views - 1, min(views, SHEET)).astype(int))
    return Images(
        title="The turntable",
        caption=f"{len(some)} of {views} pictures; {len(capture.held_out)} others are held out",
        pixels=np.stack([capture.train[i].rgb for i in some]).astype(np.float32),
        names=tuple(f"{360 * i / views:.0f}°" for i in some),
    )


def _waves(octaves: int) -> Figure:
    """Return a place in waves, and the loss, written out."""
    p = 0.3
    spelled = waves(torch.tensor([[p]], dtype=torch.double), octaves)[0].tolist()
    first = ", ".join(number(value, 3) for value in spelled[:5])
    return written(
        (f"γ(p), L = {octaves}, of p = {p}: ({first}{', …' if len(spelled) > 5 else ''})", f"{len(spelled)} numbers"),
        (f"the network is told 3·(1 + 2·{octaves}) = {3 * (1 + 2 * octaves)} numbers of a place", "for x, y and z"),
        ("σ = 10·ln(1 + e^(r − 1)) ≥ 0 for any r", "softplus: never negative, and it never dies"),
        ("c = 1 / (1 + e^(−s)), each within 0 … 1", "sigmoid"),
        ("loss = mean (Σ wᵢ·cᵢ + T·paper − true C)²", "over random rays; ∂loss reaches σ and c"),
    )  # fmt: skip


def _cost(moment: Moment, side: int, queries: int) -> Table:
    """Return what a picture costs."""
    calls = side * side * queries
    seconds = calls * moment.call
    weights = sum(part.numel() for part in moment.fitted.field.parameters())
    return Table(
        title="What a picture costs",
        columns=("of it", "how much"),
        rows=(
            ("calls of the network", f"{side} × {side} × {queries} = {calls:,}"),
            ("numbers of this network", f"{weights:,}"),
            ("a call on this machine", f"{number(1e6 * moment.call, 2)} µs"),
            ("the picture here", _spell(seconds)),
            ("the paper", "1–2 days a scene; tens of seconds a picture"),
        ),
    )


def _spell(seconds: float) -> str:
    """Return a stretch of time."""
    return f"{number(seconds / 60, 2)} minutes" if seconds > 120 else f"{number(seconds, 2)} s"


def unseen_views_come_out() -> None:
    """Held-out pictures reach 20 dB and more; without the frequency encoding they stay far behind (notes 002c)."""
    scores = nerf_live.last().numbers["psnr"]
    assert isinstance(scores, list)
    assert scores[0] < 20 < 24 < scores[-1], f"from {scores[0]:.3g} to {scores[-1]:.3g} dB"
    plain = nerf_live.last(octaves=0, steps=160).numbers["psnr"]
    assert isinstance(plain, list)
    assert plain[-1] < scores[-1] - 3, f"without waves {plain[-1]:.3g} dB, with them {scores[-1]:.3g} dB"
    few = nerf_live.last(views=3, steps=120)
    free, own = few.numbers["psnr"], few.numbers["psnr_own"]
    assert isinstance(free, list)
    assert isinstance(own, list)
    assert free[-1] < own[-1] - 1, f"from 3 views: {free[-1]:.3g} dB elsewhere, {own[-1]:.3g} dB there"


def density_and_colour_are_possible() -> None:
    """Densities are never below 0 and colours lie in 0…1, at 20,000 places and directions of the trained network."""
    *_, moment = _fits("bunny", 20, 32, 5, 240, 0)
    draw = torch.Generator().manual_seed(1)
    places = torch.rand(20_000, 3, generator=draw) * 2.4 - 1.2
    way = torch.nn.functional.normalize(torch.randn(20_000, 3, generator=draw), dim=1)
    with torch.no_grad():
        sigma, rgb = moment.fitted.field.lit(moment.fitted.field.find(places), way)
        other, _ = moment.fitted.field.lit(moment.fitted.field.find(places), -way)
    assert float(sigma.min()) >= 0, f"σ = {float(sigma.min())}"
    assert 0 <= float(rgb.min()) <= float(rgb.max()) <= 1, "a colour out of 0…1"
    near("σ seen from behind", other.numpy(), sigma.numpy(), 0)
    assert float(sigma.max()) > 20 > 1 > float(sigma.median()), "neither stone nor air"


def a_picture_costs_so_many_calls() -> None:
    """800 × 800 × 256 = 163,840,000 (notes 002c), and rays here get as many samples as are asked for."""
    near("calls", nerf_live.last(steps=0).numbers["calls"], 163_840_000)
    for samples in (8, 32):
        *_, moment = _fits("bunny", 20, samples, 5, 0, 0)
        ray = along(moment.fitted, camera_at(0.0, 0.0), 16.0, 16.0)
        deep = moment.fitted.field.box.sides[0] / max(moment.fitted.field.box.sides)
        assert abs(len(ray.t) - deep * samples) <= 2, f"{len(ray.t)} samples, asked for {samples}"


def gradient_reaches_both_heads() -> None:
    """∂loss/∂σ-head and ∂loss/∂colour-head against central differences of the loss, in double precision."""
    torch.manual_seed(0)
    field = tiny(cube(HALF)).double()
    draw = torch.Generator().manual_seed(2)
    ray, t = torch.arange(12).repeat_interleave(10), torch.arange(10.0).repeat(12).double() / 5
    samples = Samples(ray, t, torch.full((120,), 0.2, dtype=torch.double), 12)
    places = torch.rand(120, 3, generator=draw, dtype=torch.double) * 2 - 1
    way = torch.nn.functional.normalize(torch.randn(120, 3, generator=draw, dtype=torch.double), dim=1)
    truth = torch.rand(12, 3, generator=draw, dtype=torch.double)

    def loss() -> torch.Tensor:
        sigma, rgb = field.lit((places,), way)
        return ((gather(rgb, weights(sigma, samples), samples) - truth) ** 2).mean()

    loss().backward()  # type: ignore[no-untyped-call]
    known = dict(field.named_parameters())
    for name in ("alpha_linear", "rgb_linear", "pts_linears.0"):
        weight = known[f"{name}.weight"]
        assert weight.grad is not None
        assert float(weight.grad.abs().max()) > 0, f"nothing reaches {name}"
        for at in ((0, 0), (0, 1)):
            ends = []
            for sign in (1e-6, -1e-6):
                with torch.no_grad():
                    kept = float(weight[at])
                    weight[at] = kept + sign
                    ends.append(float(loss()))
                    weight[at] = kept
            near(f"∂loss/∂{name}{at}", float(weight.grad[at]), (ends[0] - ends[1]) / 2e-6, 1e-7)
