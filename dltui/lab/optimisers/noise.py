"""How far the gradient of a batch is from the gradient of all samples."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations, product
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike

from dltui.figures import Lines, Points, Series, Step, Steps, Table, number
from dltui.lab import Choice, Frame, Number, Slider, Switch, exhibit, near
from dltui.lab.optimisers.two_digits import SAMPLES, SIZES, START, Array, best, gradients

DRAWS, SHOWN, FRAMES = 2000, 300, 10  # batches drawn, arrows shown, moments
STILL, ROUND = 1e-9, 1e-24  # a gradient and a variance below these are round-off
PLACES = ("start", "half-way", "minimum")


@lru_cache(maxsize=8)
def population(place: str) -> Array:
    """Return the gradients of all samples at one of the places, shape (288, 2)."""
    start, least = np.array(START), best()
    return gradients({"start": start, "half-way": (start + least) / 2, "minimum": least}[place])


@lru_cache(maxsize=8)
def drawn(samples: int, count: int, replacement: bool, seed: int) -> Array:
    """Return which samples ``count`` draws take one after the other, shape (count, samples)."""
    draw = np.random.default_rng(seed)
    if replacement:
        return draw.integers(0, samples, (count, samples)).astype(np.float64)
    return draw.permuted(np.tile(np.arange(samples, dtype=np.float64), (count, 1)), axis=1)


def batches(each: Array, m: int, count: int, replacement: bool, seed: int) -> Array:
    """Return the gradients of ``count`` random batches of m samples, shape (count, 2)."""
    rows = drawn(len(each), count, replacement, seed)[:, :m].astype(int)
    found: Array = each[rows].mean(1)
    return found


def variance(points: Array, middle: Array) -> float:
    """Return the mean squared distance from ``middle``: the trace of the covariance around it."""
    return float(((points - middle) ** 2).sum(-1).mean())


def factor(m: ArrayLike, samples: int, replacement: bool) -> Array:
    """Return what drawing without repetition takes off the variance: (N − m)/(N − 1), or 1 with repetition."""
    size = np.asarray(m, float)
    return np.ones_like(size) if replacement else (samples - size) / max(samples - 1, 1)


def expected(spread: float, m: ArrayLike, samples: int, replacement: bool) -> Array:
    """Return the variance that a batch of m must have: that of one sample, over m, times ``factor``."""
    return spread / np.asarray(m, float) * factor(m, samples, replacement)


def slope(sizes: Array, found: Array) -> float:
    """Return the slope of a straight line through logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(found), 1)[0])


@exhibit(
    "noise-scale",
    family="optimisers",
    covers=("000a:grad-noise", "002a:gradient-noise"),
    kin={
        "dltui lab run batch-race": "the same digits, descended by such gradients",
        "dltui lab run noise-escape": "such noise leaves a saddle",
        "dltui lab run flat-or-sharp": "noise of small batches leaves a sharp basin",
        "dltui gradients MODEL": "the gradients of a network of your own",
    },
    sources=("McCandlish et al. 2018, arXiv:1812.06162", "Bottou, Curtis, Nocedal 2018, arXiv:1606.04838"),
)
def noise_scale(
    m: Annotated[int, Slider(1, SAMPLES, log=True, help=f"samples m of a batch, of {SAMPLES}")] = 16,
    replacement: Annotated[bool, Switch(help="draw with repetition")] = True,
    place: Annotated[str, Choice(*PLACES, help="weights θ at which gradients are taken")] = "start",
    seed: Annotated[int, Slider(0, 9999, help="seed of the draws")] = 0,
) -> Iterator[Frame]:
    """The gradients of many random batches at one θ, and how their variance falls with the batch.

    Try: --m 1, then --m 144: the cloud shrinks; --place minimum; --no-replacement bends the line down to 0 at m = 288.
    Notice: the variance falls like 1/m, a line of slope −1, so the error falls only like 1/√m: four times the samples
    halve it.

    ∇L̃(θ) = ∇L(θ) + ε with E[ε] = 0 and Var(ε) = σ²/m, where σ² is the variance of single samples (the trace of their
    covariance). Drawn without repetition, as in an epoch, it is σ²/m · (N − m)/(N − 1), and 0 for m = N.

    The noise scale σ²/|∇L|² is the m at which noise and gradient are equally long. Far from the minimum it is small,
    and small batches point the right way; at the minimum ∇L is 0 and only noise is left.
    """
    each = population(place)
    for k in range(1, FRAMES + 1):
        yield _frame(each, m, replacement, seed, DRAWS * k // FRAMES, place)


def _frame(each: Array, m: int, replacement: bool, seed: int, count: int, place: str) -> Frame:
    """Return pictures and numbers once so many batches have been drawn."""
    full = each.mean(0)
    spread = variance(each, full)
    sizes = np.array([size for size in SIZES if replacement or size < SAMPLES], float)
    found = _along(each, sizes, replacement, seed, count)
    here = batches(each, m, count, replacement, seed)
    length = float(np.linalg.norm(full))
    noise = variance(here, full)
    noise = noise if noise > ROUND else 0.0
    scale = spread / length**2 if length > STILL else None
    told = {
        "gradient_norm": length,
        "sigma2": spread,
        "expected": float(expected(spread, m, SAMPLES, replacement)),
        "variance": noise,
    }
    numbers: dict[str, Number] = {
        "batches": count,
        "gradient": full.tolist(),
        **told,
        "slope": slope(sizes, found) if replacement else None,
        "noise_scale": scale,
        "sizes": sizes.tolist(),
        "variances": found.tolist(),
    }
    return Frame(
        figures=(
            _cloud(batches(each, 1, count, replacement, seed), here, full, m),
            _lines(sizes, found, spread, m, noise, replacement),
            _worked(spread, scale, length, m, replacement),
            _table(told, scale, m, place),
        ),
        numbers=numbers,
        caption=f"variance {number(noise, 3)}, expected {number(told['expected'], 3)}; {count} batches of {m}",
        total=FRAMES,
    )


def _worked(spread: float, scale: float | None, length: float, m: int, replacement: bool) -> Steps:
    """Return the variance of a batch and the noise scale with their numbers."""
    whole = float(expected(spread, m, SAMPLES, replacement))
    rule = "σ²/m" if replacement else "σ²/m · (N − m)/(N − 1)"
    rest = "" if replacement else f" · ({SAMPLES} − {m})/({SAMPLES} − 1)"
    return Steps(
        title=f"Worked out: the noise of a batch of {m}",
        steps=(
            Step(
                formula=f"Var = {rule} = {number(spread)}/{m}{rest} = {number(whole)}",
                note=f"error √Var = {number(whole**0.5)}",
            ),
            Step(
                formula="|∇L| = 0: there is no noise scale"
                if scale is None
                else f"σ²/|∇L|² = {number(spread)}/{number(length)}² = {number(scale)}",
                note="" if scale is None else "samples at which noise and gradient are equally long",
            ),
        ),
    )


def _along(each: Array, sizes: Array, replacement: bool, seed: int, count: int) -> Array:
    """Return the variance at every size: running means of the same draws."""
    rows = drawn(len(each), count, replacement, seed).astype(int)
    sums = each[rows].cumsum(1)[:, sizes.astype(int) - 1] / sizes[:, None]
    found: Array = ((sums - each.mean(0)) ** 2).sum(-1).mean(0)
    return found


def _cloud(single: Array, here: Array, full: Array, m: int) -> Points:
    """Return the gradients of batches around the true one, and those of single samples around them."""
    if np.linalg.norm(full) > STILL:
        angles = np.degrees(np.arccos(np.clip(_cosines(here, full), -1, 1)))
        said = f"angle to the true gradient: median {np.median(angles):.1f}°; {(angles > 90).mean():.1%} point away"
    else:
        said = "the true gradient is 0 here: batches point anywhere"
    parts = (single[:SHOWN], here[:SHOWN], np.zeros((1, 2)), full[None])
    return Points(
        title=f"Gradients of batches of {m} and of single samples",
        caption=said,
        position=np.concatenate(parts),
        group=np.repeat(np.arange(len(parts)), [len(part) for part in parts]),
        group_names=("single samples", f"batches of {m}", "zero", "all samples"),
        axes=("g₁", "g₂"),
    )


def _cosines(points: Array, full: Array) -> Array:
    """Return the cosines between gradients and the true one; 0 where one has no length."""
    length = np.linalg.norm(points, axis=-1) * np.linalg.norm(full)
    found: Array = np.where(length > 0, points @ full / np.where(length > 0, length, 1), 0.0)
    return found


def _lines(sizes: Array, found: Array, spread: float, m: int, noise: float, replacement: bool) -> Lines:
    """Return variance over the size of the batch, both in powers."""
    fine = np.geomspace(1, SAMPLES - (not replacement), 60)
    rule = "σ²/m" if replacement else "σ²/m · (N − m)/(N − 1)"
    curves = [
        Series(name="measured", x=sizes, y=found, marks=True),
        Series(name=rule, x=fine, y=expected(spread, fine, SAMPLES, replacement)),
    ]
    if noise:
        curves.append(Series(name=f"m = {m}", x=np.array([float(m)]), y=np.array([noise]), marks=True))
    return Lines(
        title="Variance of a batch's gradient",
        caption=f"slope {number(slope(sizes, found))} between m = 1 and {SAMPLES}; σ² = {number(spread)}"
        if replacement
        else f"without repetition the batch of all {SAMPLES} has variance 0, which no logarithm shows",
        series=tuple(curves),
        x_label="m",
        y_label="variance",
        x_scale="log",
        y_scale="log",
    )


def _table(told: dict[str, float], scale: float | None, m: int, place: str) -> Table:
    """Return the formula with its numbers."""
    return Table(
        title=f"In numbers, at θ = {place}",
        columns=("what", "value"),
        rows=(
            ("|∇L|", told["gradient_norm"]),
            ("σ², of single samples", told["sigma2"]),
            (f"variance expected at m = {m}", told["expected"]),
            (f"variance measured at m = {m}", told["variance"]),
            ("noise scale σ²/|∇L|²", "none: ∇L is 0 here" if scale is None else scale),
        ),
    )


@noise_scale.check
def slope_of_minus_one() -> None:
    """Variance over m on two logarithmic axes has slope −1 ± .05, and m times it is constant (notes 000a, 002a)."""
    for place in PLACES:
        found = noise_scale.last(place=place).numbers
        near(f"slope at {place}", found["slope"], -1, 0.05)
        times = np.multiply(found["variances"], found["sizes"]) / float(found["sigma2"])  # type: ignore[arg-type]
        near(f"m·Var/σ² at {place}", times, np.ones(len(times)), 0.15)


@noise_scale.check
def every_batch_there_is() -> None:
    """All 25 pairs with repetition and all 10 without, of five samples: exactly σ²/m and σ²/m·(N−m)/(N−1)."""
    each = population("start")[:5]
    middle, spread = each.mean(0), variance(each, each.mean(0))
    pairs = np.array([each[list(pair)].mean(0) for pair in product(range(5), repeat=2)])
    near("with repetition", variance(pairs, middle), expected(spread, 2, 5, True), 1e-12)
    for m in (2, 3, 5):
        some = np.array([each[list(rows)].mean(0) for rows in combinations(range(5), m)])
        near(f"without, m = {m}", variance(some, middle), expected(spread, m, 5, False), 1e-12)
        near("mean of all", some.mean(0), middle, 1e-12)


@noise_scale.check
def drawn_without_repetition() -> None:
    """Measured at m = 144 without repetition: half of σ²/m, (N−m)/(N−1) = .5017; at m = N exactly 0."""
    found = noise_scale.last(m=144, replacement=False).numbers
    near("share", float(found["variance"]) / (float(found["sigma2"]) / 144), 144 / 287, 0.05)  # type: ignore[arg-type]
    near("all samples", noise_scale.last(m=SAMPLES, replacement=False).numbers["variance"], 0)


@noise_scale.check
def spread_like_numpy() -> None:
    """σ² is the trace of the covariance, by numpy.cov, and the mean gradient is 0 at the minimum."""
    for place in PLACES:
        near(
            f"σ² at {place}",
            noise_scale.last(place=place).numbers["sigma2"],
            np.trace(np.cov(population(place).T, bias=True)),
            1e-12,
        )
    near("gradient at the minimum", noise_scale.last(place="minimum").numbers["gradient_norm"], 0, 1e-9)
