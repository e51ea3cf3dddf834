"""Noise that leaves saddles and shallow holes, and annealing, which turns it down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from dltui.descent.annealing import anneal
from dltui.descent.plain import Gradient
from dltui.descent.surface import Surface
from dltui.descent.surfaces import rugged, two_weights
from dltui.descent.walk import walk
from dltui.figures import Heatmap, Lines, Mark, Path, Series, Step, Steps, Table, number
from dltui.lab import Frame, Number, Slider, exhibit, near

Array = NDArray[np.float64]

SADDLE, RUGGED = two_weights(), rugged(1)
RUNS, STEPS, FRAMES = 200, 200, 25
COLD = 0.01  # share of the first temperature that is left at the end
LEFT, HOME, SHOWN = 0.01, 1.0, 40  # loss below which a run has left; distance of the deepest hole; runs drawn
NAMES = ("plain", "noisy", "annealed")


@dataclass(frozen=True)
class Runs:
    """Three ways down a surface, many runs of each; shapes (steps + 1, runs, d) and (steps + 1, runs).

    Attributes:
        points: Where each run was, by way.
        values: The loss there, by way.
        temperatures: Of the annealed way, at each step, shape (steps,).
    """

    points: dict[str, Array]
    values: dict[str, Array]
    temperatures: Array

    def until(self, step: int) -> Runs:
        """Return the first steps."""
        return Runs(
            {name: one[: step + 1] for name, one in self.points.items()},
            {name: one[: step + 1] for name, one in self.values.items()},
            self.temperatures[:step],
        )


def cooling(hot: float, steps: int) -> Array:
    """Return T₀·0.01^(t/n): temperatures that fall to a hundredth."""
    return hot * COLD ** (np.arange(steps) / max(steps - 1, 1))


@lru_cache(maxsize=16)
def on_saddle(sigma: float, hot: float, lr: float, seed: int) -> Runs:
    """Return all runs from the saddle itself."""
    return _runs(SADDLE, np.zeros((RUNS, 2)), sigma, cooling(hot, STEPS), 0.1, lr, seed)


@lru_cache(maxsize=16)
def on_rugged(shake: float, hot: float, lr: float, seed: int) -> Runs:
    """Return all runs on the curve full of holes."""
    return _runs(RUGGED, np.full((RUNS, 1), RUGGED.start[0]), shake, cooling(hot, STEPS), 0.7, lr, seed)


def _runs(
    ground: Surface, start: Array, noise: float, cold: Array, reach: float, lr: float, seed: int
) -> Runs:
    """Return all runs on a surface: plain, with noise of some deviation, annealed by proposals of some reach."""
    rule = Gradient(lr=lr)
    ways = {
        "plain": walk(ground, rule, start, STEPS),
        "noisy": walk(ground, rule, start, STEPS, noise=noise, seed=seed),
        "annealed": anneal(ground, cold, start, reach=reach, seed=seed),
    }
    return Runs(
        {name: one.points for name, one in ways.items()},
        {name: one.values for name, one in ways.items()},
        cold,
    )


def first_left(values: Array) -> Array:
    """Return the step at which each run's loss is first below 0.01, NaN where it never is, shape (runs,)."""
    below = values < LEFT
    return np.where(below.any(0), below.argmax(0).astype(float), np.nan)


@exhibit(
    "noise-escape",
    family="optimisers",
    covers=("000a:noise-escape", "000a:simulated-annealing"),
    kin={
        "dltui lab run two-weight-saddle": "the same saddle, and the way out along v₋",
        "dltui lab run noise-scale": "where the noise comes from: the size of a batch",
        "dltui lab run flat-or-sharp": "noise chooses between basins",
        "dltui landscape MODEL": "how rugged the loss around your own model is",
    },
    sources=(
        "Kirkpatrick, Gelatt, Vecchi 1983, doi:10.1126/science.220.4598.671",
        "Jin et al. 2017, arXiv:1703.00887",
    ),
)
def noise_escape(
    sigma: Annotated[float, Slider(0, 1, step=0.01, help="std σ of the gradient noise at the saddle")] = 0.01,
    shake: Annotated[
        float, Slider(0, 30, step=1, help="std of the gradient noise on the rugged curve")
    ] = 8.0,
    temperature: Annotated[
        float, Slider(0, 5, step=0.1, help="temperature T₀ at which annealing begins")
    ] = 1.0,
    lr: Annotated[float, Slider(0.01, 0.2, log=True, help="learning rate η")] = 0.1,
    seed: Annotated[int, Slider(0, 9999, help="seed of all noise")] = 0,
) -> Iterator[Frame]:
    """Plain and noisy descent and annealing, from the middle of a saddle and on a curve full of holes.

    Try: --sigma 0 never leaves the saddle, --sigma 0.001 takes longer; --shake 1 stays in the first hole; --temperature
    0 only descends.
    Notice: the slightest noise leaves a saddle, in time that grows only with ln(1/σ); a hole takes noise as strong as
    its walls, and noise that stays strong does not settle: annealing turns it down.

    The saddle: L = (1 − w₁w₂)² from (0, 0), where g = 0: plain descent stays for ever. Noisy: θ ← θ − η(g + σξ). Each
    step multiplies what lies along v₋ by 1 + 2η, so that it takes about ln(1/ησ)/ln(1 + 2η) steps.

    The curve: 0.1x² + 0.5(1 − cos 3x) from x = 4. Annealing tries a random neighbour; it goes there if it is lower, or
    with probability exp(−ΔL/T) if it is higher, while T falls from T₀ to T₀/100. Small batches are noise of this kind,
    with η and batch size for a temperature, which is the likeness that notes mean; but their noise depends on θ.
    """
    left, right = on_saddle(sigma, temperature, lr, seed), on_rugged(shake, temperature, lr, seed)
    for k in range(FRAMES):
        step = round(STEPS * k / (FRAMES - 1))
        yield _frame(
            left.until(step), right.until(step), step, _worked(sigma, lr, right.until(step).temperatures)
        )


def _frame(left: Runs, right: Runs, step: int, worked: Steps) -> Frame:
    """Return pictures and numbers after so many steps."""
    gone = {name: first_left(left.values[name]) for name in NAMES}
    home = {name: float((np.abs(right.points[name][-1, :, 0]) < HOME).mean()) for name in NAMES}
    numbers: dict[str, Number] = {"step": step}
    for name in NAMES:
        found = gone[name][np.isfinite(gone[name])]
        numbers |= {
            f"{name}_left": len(found) / RUNS,
            f"{name}_median": float(np.median(found)) if len(found) else None,
            f"{name}_most": float(found.max()) if len(found) else None,
            f"{name}_moved": float(np.abs(left.points[name]).max()),
            f"{name}_home": home[name],
            f"{name}_loss": float(right.values[name][-1].mean()),
        }
    shares = ", ".join(f"{name} {numbers[f'{name}_left']:.0%}" for name in NAMES)
    return Frame(
        figures=(_map(left), _curve(right), _escaped(gone, step), _falling(right), worked, _table(numbers)),
        numbers=numbers,
        caption=f"step {step}, off the saddle: {shares}",
        total=FRAMES,
    )


def _map(left: Runs) -> Heatmap:
    """Return the saddle from above with the first run of each way."""
    w1, w2 = SADDLE.axes(61)
    paths = []
    for name in NAMES:
        seen = SADDLE.inside(left.points[name][:, 0])
        paths.append(Path(name=name, x=seen[:, 0], y=seen[:, 1]))
    return Heatmap(
        title="From above: L = (1 − w₁w₂)², a run of each",
        values=SADDLE.ground(61),
        x=w1,
        y=w2,
        x_label="w₁",
        y_label="w₂",
        value_label="L",
        scale="symlog",
        paths=tuple(paths),
        marks=(Mark(name="saddle", x=0.0, y=0.0),),
    )


def _curve(right: Runs) -> Lines:
    """Return the rugged curve and where the runs are on it; those of one way a little above the other."""
    (x,) = RUGGED.axes(201)
    series = [Series(name="L", x=x, y=RUGGED.value(x[:, None]))]
    for lift, name in enumerate(NAMES):
        seen = RUGGED.inside(right.points[name][-1, :SHOWN])[:, 0]
        seen = seen[np.isfinite(seen)]
        series.append(Series(name=name, x=seen, y=RUGGED.value(seen[:, None]) + 0.12 * lift, marks=True))
    return Lines(
        title=f"A curve full of holes, {SHOWN} runs of each",
        caption="x = 4 is where all begin, x = 0 the deepest hole; ways are drawn a little above each other",
        series=tuple(series),
        x_label="x",
        y_label="L",
    )


def _escaped(gone: dict[str, Array], step: int) -> Lines:
    """Return the share of runs that have left the saddle, step by step."""
    steps = np.arange(step + 1.0)
    return Lines(
        title=f"Share of {RUNS} runs that have left the saddle, L < {LEFT:g}",
        series=tuple(
            Series(name=name, x=steps, y=(gone[name][:, None] <= steps).mean(0).astype(float))
            for name in NAMES
        ),
        x_label="step",
        y_label="share",
    )


def _falling(right: Runs) -> Lines:
    """Return the mean loss on the rugged curve, with the temperature."""
    steps = np.arange(float(len(right.values["plain"])))
    curves = [Series(name=name, x=steps, y=right.values[name].mean(1)) for name in NAMES]
    return Lines(
        title="On the rugged curve: mean loss, and the temperature",
        series=(*curves, Series(name="T", x=steps[:-1], y=right.temperatures))
        if len(right.temperatures)
        else tuple(curves),
        x_label="step",
        y_label="L, T",
    )


def _worked(sigma: float, lr: float, temperatures: Array) -> Steps:
    """Return how long the saddle should hold, and how often annealing climbs, with the numbers of now."""
    grows = np.log(1 + 2 * lr)
    waits = (
        f"ln(1/ησ)/ln(1 + 2η) = ln(1/({number(lr)}·{number(sigma)}))/ln {number(1 + 2 * lr)} = "
        f"{number(max(0.0, float(np.log(1 / (lr * sigma)) / grows)), 3)}"
        if sigma
        else "σ = 0: no noise, and it never leaves"
    )
    hot = float(temperatures[-1]) if len(temperatures) else 0.0
    climbs = (
        f"exp(−ΔL/T) = exp(−0.5/{number(hot, 3)}) = {number(float(np.exp(-0.5 / hot)), 3)}"
        if hot
        else "T = 0"
    )
    return Steps(
        title="Worked out: waiting on the saddle, climbing while warm",
        steps=(
            Step(formula=waits, note="steps on the saddle, roughly" if sigma else "the saddle"),
            Step(
                formula=climbs,
                note="chance of a step up by 0.5, now" if hot else "annealing never goes up",
            ),
        ),
    )


def _table(told: dict[str, Number]) -> Table:
    """Return the counts."""
    return Table(
        title=f"Of {RUNS} runs each",
        caption="steps: until L < 0.01, of those that get there; in the deepest hole, and mean L: on the rugged curve",
        columns=(
            "way",
            "off the saddle",
            "median steps",
            "most steps",
            "deepest hole",
            "mean L",
        ),
        rows=tuple(
            (
                name,
                f"{told[f'{name}_left']:.1%}",
                *(
                    "never" if told[f"{name}_{key}"] is None else f"{told[f'{name}_{key}']:g}"
                    for key in ("median", "most")
                ),
                f"{told[f'{name}_home']:.1%}",
                f"{told[f'{name}_loss']:.3f}",
            )
            for name in NAMES
        ),
    )


@noise_escape.check
def off_the_saddle() -> None:
    """Plain never moves; σ = 0.01: all of 200 runs leave, in a median of 44 steps, at most 83 (notes 000a)."""
    found = noise_escape.last().numbers
    near("way of plain descent", found["plain_moved"], 0)
    near("share that leaves", found["noisy_left"], 1)
    near("median", found["noisy_median"], 44, 0.06)
    near("most", found["noisy_most"], 83, 0.2)


@noise_escape.check
def growth_along_v() -> None:
    """Ten times less noise takes ln 10/ln(1 + 2η) = 12.6 steps longer: the linear growth 1 + 2η a step."""
    steps = [float(noise_escape.last(sigma=sigma).numbers["noisy_median"]) for sigma in (1e-2, 1e-3, 1e-4)]  # type: ignore[arg-type]
    near("steps more", np.diff(steps), [np.log(10) / np.log(1.2)] * 2, 0.12)


@noise_escape.check
def cold_only_descends() -> None:
    """At T = 0 no step of annealing rises; at T₀ = 1 some do (notes 000a)."""
    rises = [
        float(np.diff(on_rugged(8.0, hot, 0.1, 0).values["annealed"], axis=0).max()) for hot in (0.0, 1.0)
    ]
    assert rises[0] <= 0, f"rises by {rises[0]} at T = 0"
    assert rises[1] > 0.1, f"rises by {rises[1]} only at T = 1"


@noise_escape.check
def warm_like_boltzmann() -> None:
    """At one temperature annealing visits places as exp(−L/T) says, by an integral over the curve."""
    ends = anneal(RUGGED, np.full(600, 0.6), np.full((1000, 1), 4.0), reach=1.0, seed=3).points[-1, :, 0]
    x = np.linspace(-12, 12, 4001)
    weight = np.exp(-RUGGED.value(x[:, None]) / 0.6)
    near(
        "share in the deepest hole",
        (np.abs(ends) < HOME).mean(),
        weight[np.abs(x) < HOME].sum() / weight.sum(),
        0.06,
    )


@noise_escape.check
def annealing_finds_the_deepest() -> None:
    """On the rugged curve plain descent ends in the first hole, and most annealed runs in the deepest."""
    found = noise_escape.last(temperature=2.0).numbers
    near("plain", found["plain_home"], 0)
    assert float(found["annealed_home"]) > 0.6, found["annealed_home"]  # type: ignore[arg-type]
