"""Moving averages: what a running mean keeps of the past, and the moments that it estimates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from dltui.descent.plain import Averaged, Gradient, Momentum
from dltui.descent.rule import Vector
from dltui.descent.surfaces import ravine
from dltui.descent.walk import fed, walk
from dltui.figures import Bars, Figure, Lines, Series, Step, Steps, Table, number
from dltui.lab import Choice, Frame, Number, Slider, exhibit, near
from dltui.lab.optimisers.maps import arrows, ground, moments, signed

SIGNALS = ("step", "sine", "constant", "alternating")
BARS = 24  # newest gradients whose weight is drawn
ARROWS = 14  # points at which g and m are drawn


def averaged(series: Vector, beta: float) -> Vector:
    """Return the running mean m ← β·m + (1 − β)·x of a series, begun at 0, shape (n,)."""
    return fed(Averaged(lr=1.0, momentum=beta), series[:, None]).memory["m"][:, 0]


def weights(beta: float, steps: int) -> Vector:
    """Return the weight (1 − β)βᵏ of the value k steps ago in the running mean, k from 0."""
    found: Vector = (1 - beta) * beta ** np.arange(float(steps))
    return found


def expanded(gradients: Vector, lr: float, share: float) -> Vector:
    """Return m of momentum after each step as one sum, −η Σᵢ₌₁..ₜ λ^(t−i)·gᵢ, shape (n,)."""
    past = np.subtract.outer(np.arange(len(gradients)), np.arange(len(gradients)))
    kept = np.where(past >= 0, share ** np.maximum(past, 0).astype(float), 0.0)
    found: Vector = -lr * kept @ gradients
    return found


def late(gradients: Vector, lr: float, share: float) -> Vector:
    """Return the sum that some notes print, −η Σᵢ₌₀..ₜ₋₁ λ^(t−1−i)·gᵢ with g₀ = 0: one step behind."""
    shifted = np.concatenate(([0.0], gradients[:-1]))
    return expanded(shifted, lr, share)


def signal(kind: str, steps: int, noise: float, seed: int) -> tuple[Vector, Vector]:
    """Return a series and what is below its noise, each of shape (steps,)."""
    t = np.arange(float(steps))
    below = {
        "constant": np.ones(steps),
        "step": np.where(t < steps / 2, 1.0, -0.5),
        "sine": np.sin(2 * np.pi * t / max(steps, 2) * 2),
        "alternating": np.where(t % 2 == 0, 1.0, -1.0),
    }[kind]
    return below + noise * np.random.default_rng(seed).standard_normal(steps), below


@exhibit(
    "moving-average",
    family="optimisers",
    covers=("000a:momentum-expansion", "000c:ewma", "000c:first-moment", "000c:moments-def"),
    kin={
        "dltui lab run momentum-ball": "the average put to use",
        "dltui lab run adam-trace": "two of them, without the zero that they begin with",
        "dltui byhand adam": "the same means, line by line, with your own numbers",
    },
    sources=("Kingma and Ba 2015, arXiv:1412.6980, section 3",),
)
def moving_average(
    beta: Annotated[float, Slider(0, 0.999, step=0.01, help="share β of the mean that is kept")] = 0.9,
    t: Annotated[int, Slider(2, 400, help="values that have come in")] = 120,
    kind: Annotated[str, Choice(*SIGNALS, help="what is below the noise")] = "step",
    noise: Annotated[float, Slider(0, 2, step=0.05, help="standard deviation of the noise")] = 0.5,
    seed: Annotated[int, Slider(0, 99, help="seed of the noise")] = 0,
) -> Iterator[Frame]:
    """A noisy series of gradients, its running mean, and the weight that every past value has in it.

    Try: --beta 0.99 is smooth and late, --beta 0.5 quick and rough; --kind alternating averages to almost nothing.
    Notice: weights fall by β a step, so about 1/(1 − β) values count: 10 at 0.9, 1,000 at 0.999. The mean begins at 0
    and is too small at first; mᶜ = m/(1 − βᵗ), corrected, is not.

    m ← β·m + (1 − β)·x, that is Σ (1 − β)βᵏ·x₍ₜ₋ₖ₎. The mean of g estimates the first moment E[g], the mean of g² the
    second, E[g²] = variance + mean². Momentum's own sum is m₍ₜ₎ = −η Σᵢ₌₁..ₜ λ^(t−i)·gᵢ; its weights add up to
    1/(1 − λ) rather than 1.

    What is right where notes differ: a sum over i = 0 … t − 1 with λ^(t−1−i) is one step behind and never uses the
    newest gradient; with g = 1, 2, 3, η = 0.1, λ = 0.9 it gives −0.29 where m₃ = −0.561.
    """
    series, below = signal(kind, t, noise, seed)
    mean, squares = averaged(series, beta), averaged(series**2, beta)
    told = moments(t, 20)[1:]
    for now in told:
        figures: tuple[Figure, ...] = (
            _series(series, below, mean, beta, now),
            _weights(beta, now),
            _worked(series, mean, beta, now),
            _moments(series[:now], mean, squares, beta, now),
            _sums(series[:now], beta),
            _arrows(beta),
        )
        fresh = 1 - beta**now
        numbers: dict[str, Number] = {
            "t": now,
            "x": float(series[now - 1]),
            "m": float(mean[now - 1]),
            "m_hat": float(mean[now - 1]) / fresh,
            "second": float(squares[now - 1]) / fresh,
            "window": 1 / (1 - beta),
            "weights": weights(beta, min(now, BARS)).tolist(),
            "weight_sum": float(weights(beta, now).sum()),
        }
        caption = (
            f"t = {now}: m = {number(float(mean[now - 1]), 3)}; about {number(1 / (1 - beta))} values count"
        )
        yield Frame(figures=figures, numbers=numbers, caption=caption, total=len(told))


def _series(series: Vector, below: Vector, mean: Vector, beta: float, now: int) -> Lines:
    """Return the series with its mean, both as it is and freed of its zero."""
    count = np.arange(1.0, now + 1)
    fresh = mean[:now] / (1 - beta**count)
    return Lines(
        title="A series and its running mean",
        caption=f"β = {number(beta)}",
        series=(
            Series(name="x", x=count, y=series[:now], marks=True),
            Series(name="m", x=count, y=mean[:now]),
            Series(name="mᶜ = m/(1 − βᵗ)", x=count, y=fresh),
            Series(name="without noise", x=count, y=below[:now]),
        ),
        x_label="t",
        y_label="x, m",
    )


def _weights(beta: float, now: int) -> Bars:
    """Return the weight of the newest values."""
    shown = weights(beta, min(now, BARS))
    return Bars(
        title="Weight of each past value in m",
        caption=f"together {number(float(shown.sum()))}; all {now}: {number(float(1 - beta**now))}",
        labels=tuple("now" if k == 0 else f"{k} ago" for k in range(len(shown))),
        values=shown,
        value_label="(1 − β)βᵏ",
    )


def _worked(series: Vector, mean: Vector, beta: float, now: int) -> Steps:
    """Return the newest mean with its numbers."""
    x, m = float(series[now - 1]), float(mean[now - 1])
    before = float(mean[now - 2]) if now > 1 else 0.0
    fresh = 1 - beta**now
    return Steps(
        title=f"Worked out: the mean at t = {now}",
        steps=(
            Step(
                formula=f"m = β·m + (1 − β)·x = {number(beta)}·{signed(before)} + {number(1 - beta)}·{signed(x)} "
                f"= {number(m)}"
            ),
            Step(
                formula=f"mᶜ = m/(1 − βᵗ) = {number(m)}/{number(fresh)} = {number(m / fresh)}",
                note="without the zero it began with",
            ),
            Step(formula=f"1/(1 − β) = {number(1 / (1 - beta))}", note="values that count, roughly"),
        ),
    )


def _moments(series: Vector, mean: Vector, squares: Vector, beta: float, now: int) -> Table:
    """Return the first four moments of the sample, and what the running means say of two of them."""
    fresh = 1 - beta**now
    told = {1: float(mean[now - 1]) / fresh, 2: float(squares[now - 1]) / fresh}
    names = ("E[x]", "E[x²]", "E[x³]", "E[x⁴]")
    rows = tuple((name, float((series**k).mean()), told.get(k)) for k, name in enumerate(names, start=1))
    spread, middle = float(series.var()), float(series.mean())
    return Table(
        title="Moments of the values so far",
        caption=f"variance + mean² = {number(spread)} + {number(middle**2)} = {number(spread + middle**2)} = E[x²]",
        columns=("moment", "of all values", "running mean, freed of its zero"),
        rows=rows,
    )


def _sums(series: Vector, beta: float) -> Table:
    """Return m of momentum by recursion, as a sum, and by the sum that is one step behind."""
    short, lr = series[:8], 0.1
    walked = fed(Momentum(lr=lr, momentum=beta), short[:, None]).memory["m"][:, 0]
    columns = (walked, expanded(short, lr, beta), late(short, lr, beta))
    rows = tuple((i + 1, float(short[i]), *(float(one[i]) for one in columns)) for i in range(len(short)))
    return Table(
        title="Momentum of the first values, η = 0.1, λ = β",
        columns=("t", "g", "λm − ηg", "−η Σ λ^(t−i) gᵢ, i = 1 … t", "i = 0 … t−1: late"),
        rows=rows,
    )


def _arrows(beta: float) -> Figure:
    """Return gradients against their running mean along a descent in a ravine: what swings cancels."""
    surface = ravine(30)
    way = walk(surface, Gradient(lr=0.06), (-10.0, 1.4), ARROWS)
    mean = fed(Averaged(lr=1.0, momentum=beta), way.gradients).memory["m"]
    fresh = mean / (1 - beta ** np.arange(1.0, ARROWS + 1))[:, None]
    span, aside = np.subtract(surface.high, surface.low), np.array((9.0, 0.0))
    strokes = []
    for name, each, shift in (("−g", -way.gradients, 0.0), ("−mᶜ, its mean", -fresh, 1.0)):
        lengths = np.linalg.norm(each / span, axis=-1, keepdims=True)
        strokes.append(arrows(name, way.points[:-1] + shift * aside, 0.1 * each / lengths))
    return ground(
        surface,
        {"path": way},
        title="−g along a path in a ravine, and to the right of it its running mean",
        caption="Directions only: all arrows have one length. −g points across, its mean along the floor.",
        extra=strokes,
    )


@moving_average.check
def sum_is_the_recursion() -> None:
    """m₍ₜ₎ = −η Σᵢ₌₁..ₜ λ^(t−i)gᵢ is momentum's recursion to 1e-12; g = 1, 2, 3: −0.1, −0.29, −0.561 (notes 000a)."""
    g = np.random.default_rng(0).standard_normal(200)
    walked = fed(Momentum(lr=0.1, momentum=0.9), g[:, None]).memory["m"][:, 0]
    near("m", expanded(g, 0.1, 0.9), walked, 1e-12)
    few = np.array((1.0, 2.0, 3.0))
    near("m of 1, 2, 3", expanded(few, 0.1, 0.9), (-0.1, -0.29, -0.561), 1e-12)
    near("the late sum at t = 3", late(few, 0.1, 0.9)[-1], -0.29, 1e-12)


@moving_average.check
def mean_is_a_convolution() -> None:
    """The running mean is numpy's convolution of the series with (1 − β)βᵏ, and torch.lerp's, to 1e-12."""
    import torch

    series, _ = signal("step", 200, 0.5, 3)
    for beta in (0.5, 0.9, 0.999):
        mean = averaged(series, beta)
        near("the convolution", mean, np.convolve(series, weights(beta, 200))[:200], 1e-12)
        state = torch.zeros((), dtype=torch.float64)
        for x in torch.from_numpy(series):
            state = state.lerp(x, 1 - beta)
        near("torch.lerp", mean[-1], state.item(), 1e-12)


@moving_average.check
def window_of_the_notes() -> None:
    """About 1/(1 − β) values count: 10 at 0.9 and 1,000 at 0.999; their weights hold 1 − 1/e of all (notes 000c)."""
    for beta, known in ((0.9, 10.0), (0.999, 1000.0)):
        frame = moving_average.last(beta=beta, t=2)
        near("window", frame.numbers["window"], known, 1e-9)
        near("weight in the window", weights(beta, round(known)).sum(), 1 - np.exp(-1), 0.03)
        near("all weights", weights(beta, 100_000).sum(), 1, 1e-12)


@moving_average.check
def alternating_averages_to_nothing() -> None:
    """±1 in turn: |m| tends to (1 − β)/(1 + β), 0.0526 at 0.9 (notes 000c)."""
    frame = moving_average.last(kind="alternating", noise=0, t=400)
    near("|m|", abs(float(frame.numbers["m"])), 0.1 / 1.9, 1e-12)  # type: ignore[arg-type]


@moving_average.check
def second_moment_is_variance_and_mean() -> None:
    """E[x²] = variance + mean² on the sample (notes 000c), and the running mean of a constant's square is it."""
    series, _ = signal("sine", 300, 1.0, 1)
    near("E[x²]", (series**2).mean(), series.var() + series.mean() ** 2, 1e-12)
    frame = moving_average.last(kind="constant", noise=0, t=50)
    near("second moment of a constant 1", frame.numbers["second"], 1, 1e-12)
    near("first moment of a constant 1", frame.numbers["m_hat"], 1, 1e-12)
