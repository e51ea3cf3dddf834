"""Descent by all samples, by batches and by one sample at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Annotated

import numpy as np

from dltui.figures import Figure, Heatmap, Lines, Mark, Path, Series, Step, Steps, Table, number
from dltui.lab import Choice, Frame, Number, Slider, exhibit, near
from dltui.lab.optimisers.maps import pair
from dltui.lab.optimisers.two_digits import (
    SAMPLES,
    SIZES,
    START,
    Array,
    best,
    gradients,
    ground,
    losses,
    order,
)

FRAMES, TRACED = 24, 6
MEMORY = 0.9  # weight of the past in a smoothed loss
AXES = {"samples": "samples seen", "updates": "updates", "seconds": "seconds of gradients, measured here"}


@dataclass(frozen=True)
class Race:
    """One descent, step by step.

    Attributes:
        batch: Samples a step.
        way: All weights, the start included, shape (updates + 1, 2).
        heard: The loss on the batch of each step, before it, shape (updates,).
        slopes: The gradient that each step followed, shape (updates, 2).
    """

    batch: int
    way: Array
    heard: Array
    slopes: Array

    @property
    def name(self) -> str:
        """What the legend calls it."""
        if self.batch == SAMPLES:
            return f"all {SAMPLES}"
        return "one sample" if self.batch == 1 else f"batch {self.batch}"

    @property
    def short(self) -> str:
        """The same where there is little room."""
        return {SAMPLES: "all", 1: "one"}.get(self.batch, "batch")

    @property
    def smooth(self) -> Array:
        """The loss on the batches, averaged over the last ten or so."""
        out, held = np.empty_like(self.heard), self.heard[0]
        for k, one in enumerate(self.heard):
            held = MEMORY * held + (1 - MEMORY) * one
            out[k] = held
        return out

    @property
    def jitter(self) -> float:
        """Standard deviation of the increments of the loss on the batches, over the second half."""
        rest = np.diff(self.heard[len(self.heard) // 2 :])
        return float(rest.std()) if len(rest) > 1 else 0.0


def descend(batch: int, lr: float, epochs: int, seed: int) -> Race:
    """Return gradient descent from the common start, w ← w − η·(1/m) Σ ∇ℓᵢ over the m samples of a batch."""
    w = np.array(START)
    way, heard, slopes = [w], [], []
    for rows in order(batch, epochs, seed):
        slope = gradients(w, rows).mean(0)
        heard.append(losses(w)[rows].mean())
        slopes.append(slope)
        w = w - lr * slope
        way.append(w)
    return Race(batch, np.array(way), np.array(heard), np.array(slopes))


@lru_cache(maxsize=32)
def pace(batch: int) -> float:
    """Return the seconds that one gradient of a batch takes here, the median of fifty, measured once."""
    rows, spent = np.arange(batch), []
    for _ in range(50):
        started = time.perf_counter()
        gradients(START, rows).mean(0)
        spent.append(time.perf_counter() - started)
    return float(np.median(spent))


@exhibit(
    "batch-race",
    family="optimisers",
    covers=(
        "000a:bgd", "000a:sgd-single", "000a:minibatch-gd", "000a:minibatch-tradeoff", "000b:sgd", "001:sgd",
        "001:minibatch-gd", "002a:sgd-minibatch", "004:gd-variants",
    ),
    kin={
        "dltui lab run gd-descent": "a single step by all samples",
        "dltui lab run noise-scale": "how much the gradient of a batch varies",
        "dltui lab run lr-schedules": "the same digits, under rates that fall",
        "dltui lab run layerwise-rate": "what helps where batches are very large",
        "dltui lab run batch-counter": "epochs, iterations, and what a batch costs",
        "dltui train MODEL --set batch_size=16": "the same choice on a network of your own",
    },
    sources=("Bottou, Curtis, Nocedal 2018, arXiv:1606.04838",),
)  # fmt: skip
def batch_race(
    batch: Annotated[int, Slider(1, SAMPLES, log=True, help=f"samples m of a batch, of {SAMPLES}")] = 16,
    lr: Annotated[float, Slider(0.01, 7, log=True, help="learning rate η of all three")] = 1.0,
    epochs: Annotated[int, Slider(1, 12, help="passes over all samples")] = 6,
    axis: Annotated[str, Choice(*AXES, help="what the loss is drawn over")] = "samples",
    seed: Annotated[int, Slider(0, 9999, help="seed of the order of samples")] = 0,
) -> Iterator[Frame]:
    """Three descents on the same 288 digits: by all samples, by batches, and by one at a time.

    Try: --axis updates, where all samples win; --axis seconds measures it here; --batch 96 calms the path.
    Notice: with as many samples seen, small batches are far ahead, for they step more often; but near the minimum they
    do not settle, and the loss that they hear jumps about.

    All: w ← w − η·∇L with L = (1/N) Σ ℓᵢ. Batch: the mean of ∇ℓᵢ over m samples, drawn without repetition until an
    epoch is over; each step starts from the weights that the one before has left. One sample: m = 1. The mean over
    the batches of an epoch, at fixed w, is the full gradient.

    The model: logistic regression with two weights on fives and nines of the handwritten digits; convex, so that all
    three look for one minimum. Where notes rank the three by speed, ask: by updates, by samples, or by seconds? By
    seconds the answer depends on the machine: a gradient of 288 samples costs hardly more here than one of a single
    sample, which is why pure SGD is rare today.
    """
    races = [descend(size, lr, epochs, seed) for size in dict.fromkeys((SAMPLES, batch, 1))]
    for k in range(1, FRAMES + 1):
        seen = epochs * SAMPLES * k / FRAMES
        cut = [_until(race, seen) for race in races]
        yield Frame(
            figures=_figures(cut, axis, lr),
            numbers=_numbers(cut),
            caption=f"{seen:.0f} of {epochs * SAMPLES} samples: L "
            + ", ".join(f"{one.short} {number(_loss(one), 3)}" for one in cut),
            total=FRAMES,
        )


def _until(race: Race, seen: float) -> Race:
    """Return a descent as far as so many samples have brought it, one step at least."""
    steps = max(1, int(np.ceil(seen / race.batch - 1e-9)))
    return Race(race.batch, race.way[: steps + 1], race.heard[:steps], race.slopes[:steps])


def _loss(race: Race) -> float:
    """Return the loss over all samples at the end of a descent."""
    return float(losses(race.way[-1]).mean())


def _numbers(races: list[Race]) -> dict[str, Number]:
    """Return what ``--json`` tells."""
    floor = float(losses(best()).mean())
    found: dict[str, Number] = {"least_loss": floor}
    for race, key in zip(races, ("all", "batch", "one"), strict=False):
        found |= {
            f"{key}_size": race.batch,
            f"{key}_updates": len(race.heard),
            f"{key}_w": race.way[-1].tolist(),
            f"{key}_loss": _loss(race),
            f"{key}_jitter": race.jitter,
        }
    return found


def _figures(races: list[Race], axis: str, lr: float) -> tuple[Figure, ...]:
    """Return map, losses, what the batches hear, the newest steps worked out, and the trace of the first."""
    return (
        _map(races),
        _curves(races, axis),
        _heard(races),
        _worked(races, lr),
        _trace(races[min(1, len(races) - 1)]),
        _table(races),
    )


def _map(races: list[Race]) -> Heatmap:
    """Return the loss from above with all paths."""
    w1, w2, values = ground()
    paths = []
    for race in reversed(races):
        inside = np.all((race.way >= (w1[0], w2[0])) & (race.way <= (w1[-1], w2[-1])), axis=1)
        shown = np.where(inside[:, None], race.way, np.nan)
        paths.append(Path(name=race.name, x=shown[:, 0], y=shown[:, 1]))
    least = best()
    return Heatmap(
        title="From above: L over both weights, and three ways down",
        values=values,
        x=w1,
        y=w2,
        x_label="w₁",
        y_label="w₂",
        value_label="L",
        scale="log",
        contours=True,
        paths=tuple(paths),
        marks=(Mark(name="start", x=START[0], y=START[1]), Mark(name="minimum", x=least[0], y=least[1])),
    )


def _curves(races: list[Race], axis: str) -> Lines:
    """Return the loss over all samples along each descent."""
    series = []
    for race in races:
        steps = np.arange(len(race.way), dtype=float)
        each = {"samples": float(race.batch), "updates": 1.0, "seconds": pace(race.batch)}[axis]
        picked = np.unique(np.linspace(0, len(steps) - 1, 300).astype(int))
        series.append(Series(name=race.name, x=(steps * each)[picked], y=losses(race.way[picked]).mean(-1)))
    return Lines(
        title=f"Loss over all samples, by {AXES[axis]}",
        caption="One gradient: " + ", ".join(f"{race.name} {1e6 * pace(race.batch):.0f} µs" for race in races)
        if axis == "seconds"
        else "",
        series=tuple(series),
        x_label=AXES[axis],
        y_label="L",
        y_scale="log",
    )


def _heard(races: list[Race]) -> Lines:
    """Return the loss on each batch, raw and smoothed."""
    race = races[min(1, len(races) - 1)]
    seen = race.batch * np.arange(1, len(race.heard) + 1, dtype=float)
    return Lines(
        title=f"What {race.name} hears: its own loss, step by step",
        caption=f"increments of the loss, second half: standard deviation {number(race.jitter)}",
        series=(
            Series(name="on the batch", x=seen, y=race.heard),
            Series(name="smoothed", x=seen, y=race.smooth),
        ),
        x_label="samples seen",
        y_label="loss",
    )


def _worked(races: list[Race], lr: float) -> Steps:
    """Return the newest step of each with its numbers."""
    return Steps(
        title="Worked out: w ← w − η·(1/m) Σ ∇ℓᵢ, the newest step of each",
        steps=tuple(
            Step(
                formula=f"{pair(race.way[-2])} − {number(lr)}·{pair(race.slopes[-1])} = {pair(race.way[-1])}",
                note=f"{race.name}: m = {race.batch}",
            )
            for race in races
        ),
    )


def _trace(race: Race) -> Table:
    """Return the first steps in numbers."""
    steps = min(TRACED, len(race.heard))
    return Table(
        title=f"The first steps by {race.name}",
        caption="Each step starts at the weights that the one before has left: θᵏ = θᵏ⁻¹ − η·gᵏ.",
        columns=("step k", "loss on batch k", "g₁", "g₂", "‖gᵏ‖", "w₁ after", "w₂ after"),
        rows=tuple(
            (
                k + 1, float(race.heard[k]), *(float(part) for part in race.slopes[k]),
                float(np.linalg.norm(race.slopes[k])), *(float(part) for part in race.way[k + 1]),
            )
            for k in range(steps)
        ),
    )  # fmt: skip


def _table(races: list[Race]) -> Table:
    """Return where each descent stands."""
    floor = float(losses(best()).mean())
    return Table(
        title="Where they stand",
        caption=f"The least loss there is: {number(floor)}.",
        columns=("descent", "updates", "L", "above the least", "jitter of the loss it hears"),
        rows=tuple((one.name, len(one.heard), _loss(one), _loss(one) - floor, one.jitter) for one in races),
    )


@batch_race.check
def mean_of_all_is_the_full_gradient() -> None:
    """The mean of per-sample gradients, and of the batches of an epoch, against torch's full gradient, to 1e-12."""
    import torch

    from dltui.lab.optimisers.two_digits import sample

    x, t = (torch.from_numpy(part) for part in sample())
    for point in ((-2.0, 3.0), (0.5, -1.0), (3.0, 0.0)):
        w = torch.tensor(point, dtype=torch.float64, requires_grad=True)
        (full,) = torch.autograd.grad(torch.nn.functional.softplus(-t * (x @ w)).mean(), w)
        near("mean of all", gradients(point).mean(0), full.numpy(), 1e-12)
        batches = [gradients(point, rows).mean(0) for rows in order(16, 1, 3)]
        near("mean of an epoch's batches", np.mean(batches, 0), full.numpy(), 1e-12)


@batch_race.check
def steps_like_torch() -> None:
    """Eighteen steps of batch 16 and six of all samples against torch.optim.SGD, to 1e-10."""
    import torch

    from dltui.lab.optimisers.two_digits import sample

    x, t = (torch.from_numpy(part) for part in sample())
    for size, epochs in ((16, 1), (SAMPLES, 6)):
        w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=1.0)
        for rows in order(size, epochs, 0):
            optimizer.zero_grad()
            torch.nn.functional.softplus(-t[rows] * (x[rows] @ w)).mean().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        near(f"w after {epochs} epochs", descend(size, 1.0, epochs, 0).way[-1], w.detach().numpy(), 1e-10)


@batch_race.check
def all_samples_go_down_only() -> None:
    """On this convex loss full-batch descent is monotone for η below 2/λ_max ≤ 8; at batch N it is the same."""
    way = descend(SAMPLES, 1.0, 40, 0).way
    steps = np.diff(losses(way).mean(-1))
    assert (steps < 0).all(), f"the loss rises by {steps.max()}"
    near("minimum", descend(SAMPLES, 6.0, 1500, 0).way[-1], best(), 1e-6)
    frame = batch_race.last(batch=SAMPLES, epochs=2)
    assert frame.numbers["all_updates"] == 2, frame.numbers["all_updates"]


@batch_race.check
def jitter_falls_with_the_batch() -> None:
    """The standard deviation of the increments of the loss falls from batch to larger batch (notes 000a)."""
    found = [descend(size, 0.3, 12, 1).jitter for size in SIZES if size in {1, 4, 16, 72}]
    assert all(one > 1.3 * other for one, other in pairwise(found)), found


@batch_race.check
def small_batches_are_ahead_by_samples() -> None:
    """With 576 samples seen batch 16 is nearer to the least loss than all samples; one sample does not settle."""
    frame = batch_race.last(epochs=2)
    one = {key: float(value) for key, value in frame.numbers.items() if isinstance(value, int | float)}
    floor = one["least_loss"]
    assert one["batch_loss"] - floor < 0.5 * (one["all_loss"] - floor), one
    tail = [losses(descend(m, 1.0, 8, 0).way[-100 // m - 1 :]).mean() - floor for m in (1, 16)]
    assert tail[0] > 3 * tail[1], tail
