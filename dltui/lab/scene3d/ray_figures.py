"""Pictures of a ray: density, light, colours, its place in space, the sum, slopes, how the sum settles."""

from __future__ import annotations

import numpy as np

from dltui.figures import Bars, Figure, Images, Lines, Scene, Series, Steps, Table, number
from dltui.lab.scene3d.ray_samples import ORIGIN, SLAB, SLABS, WAY, Along, Doubles, Volume, pixel_of
from dltui.lab.written import written

SHOWN = 8  # rows of the table of samples
COUNTS = (2, 4, 8, 16, 32, 64)
DRAWS = 6  # stratified rays whose errors are averaged


def figures(
    volume: Volume, now: Along, ends: tuple[float, float], names: tuple[str, ...]
) -> tuple[Figure, ...]:
    """Return the pictures of one ray."""
    return (
        _light(now, ends),
        _density(volume, now, ends),
        _colours(now),
        _space(now, ends),
        _weights(now, names),
        _table(now),
        _worked(now),
        _slopes(now, names),
    )


def _steps(now: Along, values: Doubles, ends: tuple[float, float]) -> tuple[Doubles, Doubles]:
    """Return values as stairs over the stretches."""
    borders = ends[0] + np.concatenate([[0.0], np.cumsum(now.delta)])
    return np.repeat(borders, 2)[1:-1], np.repeat(values, 2)


def _light(now: Along, ends: tuple[float, float]) -> Lines:
    """Return α, T and w along the ray."""
    lines = []
    for name, values in (
        ("T reaches it", now.through),
        ("α is swallowed", now.alpha),
        ("w = Tα", now.weight),
    ):
        x, y = _steps(now, values, ends)
        lines.append(Series(name=name, x=x, y=y))
    return Lines(
        title="What becomes of the light along the ray",
        caption=f"{len(now.t)} samples; Σw = {number(float(now.weight.sum()))} is the opacity, the rest passes through",
        series=tuple(lines),
        x_label="t",
        y_label="share",
    )


def _density(volume: Volume, now: Along, ends: tuple[float, float]) -> Lines:
    """Return the density along the ray, and where it is asked."""
    import torch

    x = np.linspace(*ends, 240, endpoint=False)  # the last slab ends before far
    y = volume.at(torch.from_numpy(x), torch.from_numpy(volume.sigma))[0].numpy()
    return Lines(
        title="Density along the ray",
        caption=f"looked at from near = {number(ends[0])} to far = {number(ends[1])}",
        series=(Series(name="σ(t)", x=x, y=y), Series(name="samples", x=now.t, y=now.sigma, marks=True)),
        x_label="t",
        y_label="σ",
    )


def _colours(now: Along) -> Images:
    """Return the colours of the samples, what they add, and the pixel."""
    wide = np.searchsorted(np.cumsum(now.delta), (np.arange(96) + 0.5) / 96 * now.delta.sum()).clip(
        0, len(now.t) - 1
    )
    own, added = now.rgb[wide], (now.weight[:, None] * now.rgb / now.delta[:, None])[wide]
    most = float(added.max()) or 1.0
    strips = [own, added / most, np.broadcast_to(now.pixel, (96, 3))]
    return Images(
        title="Colours along the ray, what each adds, the pixel",
        caption=f"from near, left, to far; C = ({', '.join(number(float(part)) for part in now.pixel)}) over black",
        pixels=np.stack([np.broadcast_to(strip, (24, 96, 3)) for strip in strips]).clip(0, 1),
        names=("cᵢ", "wᵢcᵢ / δᵢ", "C"),
    )


def _space(now: Along, ends: tuple[float, float]) -> Scene:
    """Return the ray in space with its samples, and the borders of the slabs."""
    side = np.cross(WAY, (0.0, 0.0, 1.0))
    side /= np.linalg.norm(side)
    up = np.cross(side, WAY)
    ring = 0.35 * np.array([-side - up, side - up, side + up, -side + up])
    frames = []
    for border in np.arange(SLABS + 1) * SLAB:
        corners = ORIGIN + border * WAY + ring
        frames += [np.stack([corners[i], corners[(i + 1) % 4]]) for i in range(4)]
    ray = np.stack([ORIGIN - 0.4 * WAY, ORIGIN + (ends[1] + 0.2) * WAY])
    bright = 0.25 + 0.75 * np.where(now.sigma[:, None] > 0, now.rgb, 0.2)
    return Scene(
        title="The ray r(t) = o + t·d in space",
        caption="frames: borders of the slabs; dots: samples in their colours, d = "
        f"({', '.join(number(float(part), 3) for part in WAY)})",
        points=now.places.astype(np.float32),
        point_rgb=(255 * bright).astype(np.uint8),
        segments=np.array([*frames, ray], np.float32),
        segment_rgb=np.array([(90, 90, 110)] * len(frames) + [(230, 230, 230)], np.uint8),
        size=3,
        relief=False,
    )


def _weights(now: Along, names: tuple[str, ...]) -> Bars:
    """Return the weight of each slab."""
    slab = np.clip((now.t // SLAB).astype(int), 0, SLABS)
    sums = np.bincount(slab, now.weight, SLABS + 1)
    labels = [f"{i + 1} {name}" for i, name in enumerate(names)]
    return Bars(
        title="Weight of each slab",
        caption=f"passes through: {number(1 - float(now.weight.sum()))}",
        labels=(*labels, "behind"),
        values=sums,
        value_label="Σ w",
    )


def _table(now: Along) -> Table:
    """Return the samples with the largest weights, in their order."""
    count = len(now.t)
    kept = np.sort(np.argsort(-now.weight, kind="stable")[:SHOWN])
    rows = tuple(
        (
            i + 1,
            *(
                number(float(part[i]))
                for part in (now.t, now.delta, now.sigma, now.alpha, now.through, now.weight)
            ),
        )
        for i in kept.tolist()
    )
    return Table(
        title="Sample by sample" if count <= SHOWN else f"The {SHOWN} heaviest of {count} samples",
        columns=("i", "t", "δ", "σ", "α", "T", "w"),
        rows=rows,
    )


def _worked(now: Along) -> Steps:
    """Return the sum with its numbers, for up to four samples that count."""
    kept = np.sort(np.argsort(-now.weight, kind="stable")[:4]).tolist()
    lines = []
    for i in kept:
        sigma, delta = number(float(now.sigma[i]), 3), number(float(now.delta[i]), 3)
        lines.append((f"α{_low(i + 1)} = 1 − e^(−{sigma}·{delta}) = {number(float(now.alpha[i]), 6)}", ""))
        lines.append((
            f"w{_low(i + 1)} = {number(float(now.through[i]))}·{number(float(now.alpha[i]))} = "
            f"{number(float(now.weight[i]), 6)}",
            "T · α",
        ))
    depth = float((now.sigma * now.delta).sum())
    pixel = ", ".join(number(float(part), 6) for part in now.pixel)
    lines += [
        (f"C = ({pixel})", "Σ wᵢcᵢ"),
        (
            f"Σw = {number(float(now.weight.sum()), 6)}",
            f"1 − e^(−{number(depth)}) = {number(1 - np.exp(-depth), 6)}",
        ),
    ]
    return written(*lines)


def _low(count: int) -> str:
    """Return a number as an index."""
    return "".join("₀₁₂₃₄₅₆₇₈₉"[int(digit)] for digit in str(count))


def _slopes(now: Along, names: tuple[str, ...]) -> Table:
    """Return ∂C/∂σ of each slab."""
    rows = tuple(
        (f"{i + 1} {name}", *(number(float(part), 3) for part in row))
        for i, (name, row) in enumerate(zip(names, now.slope, strict=True))
    )
    return Table(
        title="∂C/∂σ of each slab: the sum can be learnt through",
        caption="by automatic differentiation; negative: it hides what is behind it",
        columns=("slab", "red", "green", "blue"),
        rows=rows,
    )


def convergence(volume: Volume, ends: tuple[float, float]) -> Lines:
    """Return how far C is from that of 2048 samples, over the number of samples."""
    true = pixel_of(volume, *ends, 2048)
    even = np.array([np.abs(pixel_of(volume, *ends, n) - true).max() for n in COUNTS])
    drawn = np.array([
        np.mean([np.abs(pixel_of(volume, *ends, n, seed) - true).max() for seed in range(DRAWS)])
        for n in COUNTS
    ])
    x = np.array(COUNTS, np.float64)
    shown = [
        Series(name=name, x=x, y=np.where(y > 1e-12, y, np.nan))
        for name, y in (("even", even), (f"stratified, mean of {DRAWS}", drawn))
        if (y > 1e-12).any()
    ]
    exact = int((even <= 1e-12).sum())
    return Lines(
        title="Error of C over the samples",
        caption="largest of the three colours, against 2048 samples"
        + (f"; {exact} of the even ones are exact, in step with the slabs" if exact else ""),
        series=tuple(shown) or (Series(name="even", x=x, y=np.full(len(x), 1e-12)),),
        x_label="samples N",
        y_label="error",
        x_scale="log",
        y_scale="log",
    )
