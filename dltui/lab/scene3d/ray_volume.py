"""Volume rendering along one ray: density, what is swallowed, what comes through, weights, colour."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from dltui.lab import Choice, Frame, Slider, Switch, exhibit, near
from dltui.lab.scene3d.ray_figures import convergence, figures
from dltui.lab.scene3d.ray_samples import COLOURS, SLAB, SLABS, SOFT, WAY, Along, Volume, along

LEAST = 0.1  # far lies at least so much beyond near
NOTED = (0.0, 1.0, 5.0, 0.5)  # densities of the notes' example


@exhibit(
    "ray-volume",
    family="scene3d",
    covers=("002c:ray-sampling", "002c:volume-render"),
    kin={
        "dltui lab run implicit-level-set": "rays that look for a surface instead",
        "dltui nerf train SCENE": "radiance fields: the same sum for every pixel, learnt",
    },
    sources=("Max 1995", "NeRF, Mildenhall et al. 2020, arXiv:2003.08934"),
)
def ray_volume(
    s1: Annotated[float, Slider(0, 20, step=0.25, help="density σ₁ of the first slab")] = NOTED[0],
    s2: Annotated[float, Slider(0, 20, step=0.25, help="density σ₂")] = NOTED[1],
    s3: Annotated[float, Slider(0, 20, step=0.25, help="density σ₃")] = NOTED[2],
    s4: Annotated[float, Slider(0, 20, step=0.25, help="density σ₄ of the last")] = NOTED[3],
    c1: Annotated[str, Choice(*COLOURS, help="colour of the first slab")] = "black",
    c2: Annotated[str, Choice(*COLOURS, help="colour of the second")] = "red",
    c3: Annotated[str, Choice(*COLOURS, help="colour of the third")] = "green",
    c4: Annotated[str, Choice(*COLOURS, help="colour of the last")] = "blue",
    start: Annotated[float, Slider(0, 2, step=0.05, help="near: where the ray is looked at first")] = 0.0,
    stop: Annotated[float, Slider(0.5, 4, step=0.05, help="far: where that ends")] = 2.0,
    samples: Annotated[int, Slider(1, 256, log=True, help="samples N")] = 4,
    stratified: Annotated[bool, Switch(help="one sample by chance in each part, not in its middle")] = False,
    soft: Annotated[bool, Switch(help="slabs fade into each other")] = False,
    seed: Annotated[int, Slider(0, 9999, help="seed of the stratified samples")] = 0,
) -> Iterator[Frame]:
    """One ray through four slabs: what each sample swallows, what is let through, and the pixel's colour.

    Try: --s1 5 --c1 white hides all behind it; --s3 0.5; --soft --samples 64; --stratified --samples 16 --seed 1;
    --start 1 begins behind the red.
    Notice: a weight is large only where there is density and nothing dense before it; blue is behind green, and
    hardly counts. The weights add up to 1 less what leaves the volume.

    The ray is r(t) = o + t·d. Samples at t₁ … t_N stand for stretches δᵢ: αᵢ = 1 − e^(−σᵢδᵢ) is swallowed,
    Tᵢ = Π_{j<i} (1 − αⱼ) gets there, wᵢ = Tᵢαᵢ, and the pixel is C = Σ wᵢcᵢ. Σ wᵢ = 1 − e^(−Σσᵢδᵢ).

    All of it is smooth, so that a loss on C has a slope for every density: ∂C/∂σᵢ = δᵢ·(Tᵢ₊₁cᵢ − Σ_{j>i} wⱼcⱼ): more
    of its own colour, less of all behind it. That is how a radiance field is learnt from pictures.

    Even samples always look at the same places; stratified ones, drawn anew in every step, in time look everywhere.
    NeRF takes δᵢ = tᵢ₊₁ − tᵢ and makes the last one endless; here stretches reach half way to the neighbours, so that
    they add up to far − near.
    """
    last = max(stop, start + LEAST)
    volume = Volume(
        np.array([s1, s2, s3, s4], np.float64), np.array([COLOURS[name] for name in (c1, c2, c3, c4)]), soft
    )
    now = along(volume, start, last, samples, seed if stratified else None)
    names = (c1, c2, c3, c4)
    told = "" if stop == last else f"; far is set to {last:g}, beyond near"
    caption = f"C = ({', '.join(f'{part:.4f}' for part in now.pixel)}), Σw = {now.weight.sum():.4f}{told}"
    numbers = {
        "t": now.t.tolist(),
        "delta": now.delta.tolist(),
        "sigma": now.sigma.tolist(),
        "alpha": now.alpha.tolist(),
        "through": now.through.tolist(),
        "weight": now.weight.tolist(),
        "pixel": now.pixel.tolist(),
        "opacity": float(now.weight.sum()),
        "slope": now.slope.tolist(),
    }
    shown = figures(volume, now, (start, last), names)
    yield Frame(figures=shown, numbers=numbers, caption=caption, total=2)
    yield Frame(
        figures=(*shown, convergence(volume, (start, last))), numbers=numbers, caption=caption, total=2
    )


def _noted(**more: float | int | str | bool) -> Along:
    """Return the ray of the notes' example, by way of the exhibit's numbers."""
    shown = next(iter(ray_volume(**more))).numbers
    parts = {
        name: np.asarray(shown[name], np.float64)
        for name in ("t", "delta", "sigma", "alpha", "through", "weight")
    }
    pixel, slope = (np.asarray(shown[name], np.float64) for name in ("pixel", "slope"))
    return Along(**parts, rgb=np.zeros((0, 3)), pixel=pixel, slope=slope)


@ray_volume.check
def ray_of_the_notes() -> None:
    """σ = (0, 1, 5, .5), δ = .5: α, T, w, C = (.393469, .556744, .011013), Σw = .961226 = 1 − e^−3.25 (notes 002c)."""
    found = _noted()
    near("α", found.alpha, (0, 0.393469, 0.917915, 0.221199), 1e-6)
    near("T", found.through, (1, 1, 0.606531, 0.049787), 1e-6)
    near("w", found.weight, (0, 0.393469, 0.556744, 0.011013), 1e-6)
    near("C", found.pixel, (0.393469, 0.556744, 0.011013), 1e-6)
    near("Σw", found.weight.sum(), 0.961226, 1e-6)
    near("Σw in closed form", found.weight.sum(), 1 - np.exp(-3.25), 1e-12)


@ray_volume.check
def by_a_loop() -> None:
    """T, w and C against a loop over the samples with Tᵢ₊₁ = Tᵢ(1 − αᵢ), for sharp and soft slabs, even and not."""
    for given in (
        {},
        {"soft": True, "samples": 50},
        {"soft": True, "samples": 17, "stratified": True, "start": 0.3},
    ):
        found = _noted(**given)
        left, weights = 1.0, []
        for sigma, delta in zip(found.sigma, found.delta, strict=True):
            weights.append(left * (1 - np.exp(-sigma * delta)))
            left *= np.exp(-sigma * delta)
        near("w", found.weight, weights, 1e-12)
        near("Σw", found.weight.sum(), 1 - left, 1e-12)


@ray_volume.check
def samples_on_the_ray() -> None:
    """Even samples in the middles of N parts, stratified ones one in each; all on one line, rising, δ adding up."""
    volume = Volume(np.array(NOTED), np.eye(4, 3), soft=False)
    borders = np.linspace(0.5, 3, 21)
    for seed in (None, 0, 1, 2):
        found = along(volume, 0.5, 3.0, 20, seed)
        assert (found.t >= borders[:-1]).all(), f"seed {seed}: a sample lies before its part"
        assert (found.t <= borders[1:]).all(), f"seed {seed}: a sample lies behind its part"
        near("Σδ", found.delta.sum(), 2.5, 1e-12)
        near("off the line", np.cross(found.places, WAY), np.zeros((20, 3)), 1e-12)
        if seed is None:
            near("middles", found.t, (borders[1:] + borders[:-1]) / 2, 1e-12)
    near(
        "mean of many draws",
        np.mean([along(volume, 0.0, 2.0, 4, s).t for s in range(400)], axis=0),
        [0.25, 0.75, 1.25, 1.75],
        0.03,
    )


@ray_volume.check
def slopes_of_the_pixel() -> None:
    """∂C/∂σᵢ against central differences of the knobs, and against δᵢ(Tᵢ₊₁cᵢ − Σ_{j>i} wⱼcⱼ) on the notes' ray."""
    found, h = _noted(), 1e-5
    for i, value in enumerate(NOTED):
        if value:  # at 0 there is no knob to the left
            ends = [_noted(**{f"s{i + 1}": value + sign * h}).pixel for sign in (1, -1)]
            near(f"∂C/∂σ{i + 1}", found.slope[i], (ends[0] - ends[1]) / (2 * h), 1e-7)
    rgb = np.array([COLOURS[name] for name in ("black", "red", "green", "blue")])
    passed = found.through * (1 - found.alpha)
    behind = np.array([(found.weight[i + 1 :, None] * rgb[i + 1 :]).sum(0) for i in range(SLABS)])
    near("formula", found.slope, found.delta[:, None] * (passed[:, None] * rgb - behind), 1e-12)


@ray_volume.check
def sum_becomes_the_integral() -> None:
    """With 256 samples C is the integral of Tσc by a fine trapezoid with dT/dt = −σT, soft slabs, to 1e-4."""
    t = np.linspace(0, 2, 40001)
    parts = np.array(NOTED) * np.exp(-(((t[:, None] - (np.arange(4) + 0.5) * SLAB) / SOFT) ** 2))
    sigma = parts.sum(1)
    depth = np.concatenate([[0], np.cumsum((sigma[1:] + sigma[:-1]) / 2 * np.diff(t))])
    light = np.exp(-depth)[:, None] * parts[:, 1:]  # σ·c in red, green and blue
    known = ((light[1:] + light[:-1]) / 2 * np.diff(t)[:, None]).sum(0)
    near("C", _noted(soft=True, samples=256).pixel, known, 1e-4)
    near("even and stratified", _noted(soft=True, samples=256, stratified=True).pixel, known, 1e-2)


@ray_volume.check
def what_is_in_front_hides() -> None:
    """σ₁ = 20 in white leaves e^−10 for the rest; a ray that begins behind the green sees blue alone."""
    front = _noted(s1=20.0, c1="white")
    near("C", front.pixel, np.full(3, 1 - np.exp(-10)), 1e-4)
    near("rest", front.weight[1:].sum(), np.exp(-10) * (1 - np.exp(-3.25)), 1e-12)
    near("behind the green", _noted(start=1.5, samples=8).pixel, (0, 0, 1 - np.exp(-0.25)), 1e-12)
