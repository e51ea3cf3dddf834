"""One model, many starts and optimisers: how far above the best that is known each training ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import numpy as np

from dltui.descent.known import OPTIMISERS
from dltui.descent.rule import Here
from dltui.figures import Bars, Histogram, Lines, Series, Steps, Table, number
from dltui.lab import Choice, Frame, Number, Slider, exhibit, near
from dltui.lab.geometry.jets import Array
from dltui.lab.written import written

PIXELS, CLASSES, SAMPLES = 64, 10, 150
RATES = {"gd": 1.0, "momentum": 0.2, "rmsprop": 0.01, "adam": 0.03}  # none of them runs away here
EACH = 10  # steps between two pictures


@dataclass(frozen=True, eq=False)
class Net:
    """A network 64 → h → 10 with tanh on some digits, for many sets of weights at once.

    Attributes:
        hidden: h.
        x: Inputs, shape (N, 64).
        one_hot: Answers, shape (N, 10).
    """

    hidden: int
    x: Array
    one_hot: Array

    @property
    def size(self) -> int:
        """How many weights there are."""
        return (PIXELS + 1) * self.hidden + (self.hidden + 1) * CLASSES

    def cut(self, w: Array) -> tuple[Array, Array, Array, Array]:
        """Return W₁ (S, h, 64), b₁ (S, 1, h), W₂ (S, 10, h), b₂ (S, 1, 10) of weights of shape (S, n)."""
        sets, h = len(w), self.hidden
        ends = np.cumsum([PIXELS * h, h, h * CLASSES])
        a, b, c, d = np.split(w, ends, axis=1)
        return (
            a.reshape(sets, h, PIXELS),
            b.reshape(sets, 1, h),
            c.reshape(sets, CLASSES, h),
            d.reshape(sets, 1, CLASSES),
        )

    def starts(self, seeds: int, seed: int) -> Array:
        """Return that many sets of weights, W of variance 1/fan in and biases of 0, shape (seeds, n)."""
        draw = np.random.default_rng(seed)
        found = np.zeros((seeds, self.size))
        first, second = PIXELS * self.hidden, self.hidden * CLASSES
        found[:, :first] = draw.standard_normal((seeds, first)) / np.sqrt(PIXELS)
        begins = first + self.hidden
        found[:, begins : begins + second] = draw.standard_normal((seeds, second)) / np.sqrt(self.hidden)
        return found

    def slopes(self, w: Array) -> tuple[Array, Array]:
        """Return the mean cross-entropy of each set of weights, shape (S,), and its gradient, shape (S, n)."""
        w1, b1, w2, b2 = self.cut(w)
        hidden = np.tanh(self.x @ w1.transpose(0, 2, 1) + b1)
        scores = hidden @ w2.transpose(0, 2, 1) + b2
        scores -= scores.max(-1, keepdims=True)
        shares = np.exp(scores)
        total = shares.sum(-1, keepdims=True)
        losses = (np.log(total[..., 0]) - (scores * self.one_hot).sum(-1)).mean(-1)
        up = (shares / total - self.one_hot) / len(self.x)
        down = (up @ w2) * (1 - hidden**2)
        parts = (down.transpose(0, 2, 1) @ self.x, down.sum(1), up.transpose(0, 2, 1) @ hidden, up.sum(1))
        return losses, np.concatenate([part.reshape(len(w), -1) for part in parts], axis=1)


@lru_cache(maxsize=8)
def net_of(hidden: int) -> Net:
    """Return the network on the first digits, standardised."""
    from dltui.data import load

    data = load("digits")
    x = data.x_train[:SAMPLES].reshape(SAMPLES, -1).astype(np.float64)
    return Net(hidden, (x - x.mean()) / x.std(), np.eye(CLASSES)[data.y_train[:SAMPLES]])


def trained(net: Net, optimiser: str, lr: float, starts: Array, steps: int) -> Iterator[Array]:
    """Yield the losses of all starts before the first step and after each, shape (S,)."""
    rule, w = OPTIMISERS[optimiser](lr=lr), starts
    memory = rule.begin(w)
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(steps + 1):
            losses, gradient = net.slopes(w)
            yield losses
            w, memory = rule.step(Here(w, gradient, step + 1), memory)


@exhibit(
    "restart-spread",
    family="geometry",
    covers=("000a:optimisation-error",),
    kin={
        "dltui lab run stuck-points": "where a descent gets stuck",
        "dltui lab run landscape-slice": "the ground between such ends",
        "dltui lab run mode-connectivity": "the straight way between two such ends",
        "dltui sweep MODEL DATA": "rates and seeds on a model of your own",
    },
    sources=("Bottou and Bousquet 2008, NeurIPS 20:161", "Choromanska et al. 2015, arXiv:1412.0233"),
)
def restart_spread(
    optimiser: Annotated[str, Choice(*RATES, help="whose endings are counted")] = "gd",
    lr: Annotated[float, Slider(0, 1, step=0.01, help="its learning rate η; 0 for one that suits it")] = 0.0,
    steps: Annotated[int, Slider(10, 150, help="steps of full-batch training")] = 80,
    starts: Annotated[int, Slider(4, 32, help="seeds: sets of first weights")] = 16,
    hidden: Annotated[int, Slider(2, 24, log=True, help="hidden units h")] = 12,
    seed: Annotated[int, Slider(0, 99, help="seed of the seeds")] = 0,
) -> Iterator[Frame]:
    """One small network trained from many starts by four optimisers: where each of them ends.

    Try: --optimiser adam; --steps 150 closes much of the gap; --hidden 2 raises the best that any of them finds.
    Notice: model, data and first weights are the same for all four. What plain descent leaves above the best ending of
    all is no fault of the model: a better optimiser, rate or more steps lower it.

    optimisation error = loss reached − lowest loss that these weights could have. The lowest is not known for a
    network; the best of all restarts and optimisers stands in for it, so that the error shown is a lower bound.

    Told as it is: in this network the endings of one optimiser lie close together, whatever the seed: the loss is not
    stuck in bad local minima, it is still on its way (Choromanska et al.). Cures are the optimiser, a schedule, time.
    """
    net = net_of(hidden)
    first = net.starts(starts, seed)
    rates = RATES | ({optimiser: lr} if lr else {})
    going = {name: trained(net, name, rate, first, steps) for name, rate in rates.items()}
    curves: dict[str, list[Array]] = {name: [] for name in going}
    total = steps // EACH + 1 + (steps % EACH > 0)
    for step in range(steps + 1):
        for name, one in going.items():
            curves[name].append(next(one))
        if not step % EACH or step == steps:
            found = {name: np.array(curve) for name, curve in curves.items()}
            yield Frame(
                figures=_figures(found, optimiser, rates),
                numbers=_numbers(found),
                caption=_caption(found, optimiser, step),
                total=total,
            )


def best_of(found: dict[str, Array]) -> float:
    """Return the lowest finite loss of all starts and optimisers, at any step."""
    return float(min(np.nanmin(np.where(np.isfinite(curve), curve, np.nan)) for curve in found.values()))


def ends(curve: Array) -> Array:
    """Return the last losses that are finite, shape (S,) or fewer."""
    last: Array = curve[-1]
    return last[np.isfinite(last)]


def _caption(found: dict[str, Array], optimiser: str, step: int) -> str:
    """Return what the chosen optimiser leaves above the best."""
    last, best = ends(found[optimiser]), best_of(found)
    if not last.size:
        return f"step {step}: {optimiser} has run away from every start: try a smaller --lr"
    middle = float(np.median(last))
    return f"step {step}: {optimiser} ends at {number(middle, 3)} (median), {number(middle - best, 3)} above the best"


def _numbers(found: dict[str, Array]) -> dict[str, Number]:
    """Return what ``--json`` tells."""
    told: dict[str, Number] = {"best": best_of(found), "steps": len(next(iter(found.values()))) - 1}
    for name, curve in found.items():
        last = ends(curve)
        told |= {
            f"{name}_median": float(np.median(last)) if last.size else None,
            f"{name}_spread": float(np.ptp(last)) if last.size else None,
            f"{name}_gap": float(np.median(last)) - best_of(found) if last.size else None,
            f"{name}_ran_away": int(curve.shape[1] - last.size),
        }
    return told


def _figures(
    found: dict[str, Array], optimiser: str, rates: dict[str, float]
) -> tuple[Histogram | Lines | Bars | Steps | Table, ...]:
    """Return the endings of the chosen one, the ways of all, and the gaps."""
    return (
        _histogram(found, optimiser),
        _ways(found),
        _gaps(found),
        _worked(found, optimiser),
        _table(found, rates),
    )


def _worked(found: dict[str, Array], optimiser: str) -> Steps:
    """Return the gap of the chosen optimiser with the numbers put in."""
    last, best = ends(found[optimiser]), best_of(found)
    if not last.size:
        return written((f"{optimiser} has no finite ending", "try a smaller --lr"))
    middle = float(np.median(last))
    return written(
        (
            f"median ending − best = {number(middle)} − {number(best)} = {number(middle - best)}",
            f"of {optimiser}",
        ),
        (f"worst − best ending = {number(float(np.ptp(last)))}", f"over {last.size} starts"),
    )


def _histogram(found: dict[str, Array], optimiser: str) -> Histogram:
    """Return how often the chosen optimiser ends where, on the range of all endings."""
    every = np.concatenate([ends(curve) for curve in found.values()])
    low, high = (float(every.min()), float(every.max())) if every.size else (0.0, 1.0)
    counts, edges = np.histogram(ends(found[optimiser]), bins=24, range=(low, max(high, low + 1e-9)))
    return Histogram(
        title=f"Where {optimiser} ends from {found[optimiser].shape[1]} starts",
        caption=f"the axis spans the endings of all four; the best of all is {number(best_of(found))}",
        edges=edges,
        counts=counts,
        value_label="training loss",
    )


def _ways(found: dict[str, Array]) -> Lines:
    """Return the median loss of each optimiser over the steps, with the span of all starts."""
    lines = []
    for name, curve in found.items():
        known = np.where(np.isfinite(curve), curve, np.nan)
        whole = known[~np.isnan(known).any(1)]
        step = np.arange(float(len(whole)))
        lines.append(Series(name=name, x=step, y=np.median(whole, 1), low=whole.min(1), high=whole.max(1)))
    return Lines(
        title="Training loss: median of the starts, and their span",
        series=tuple(lines),
        x_label="step",
        y_label="loss",
        y_scale="log",
        levels=((best_of(found), "best of all"),),
    )


def _gaps(found: dict[str, Array]) -> Bars:
    """Return how far above the best each optimiser ends."""
    known = {name: ends(curve) - best_of(found) for name, curve in found.items() if ends(curve).size}
    return Bars(
        title="Optimisation error: the ending above the best of all",
        caption="median of the starts, ± half their span",
        labels=tuple(known),
        values=np.array([float(np.median(gap)) for gap in known.values()]),
        errors=np.array([float(np.ptp(gap)) / 2 for gap in known.values()]),
        value_label="loss above the best",
    )


def _table(found: dict[str, Array], rates: dict[str, float]) -> Table:
    """Return the endings in numbers."""
    rows = []
    for name, curve in found.items():
        last = ends(curve)
        three = [float(f(last)) for f in (np.min, np.median, np.max)] if last.size else [None] * 3
        rows.append((name, rates[name], *three, int(curve.shape[1] - last.size)))
    return Table(
        title="Endings",
        columns=("optimiser", "η", "best", "median", "worst", "ran away"),
        rows=tuple(rows),
    )


@restart_spread.check
def a_better_optimiser_lowers_the_loss() -> None:
    """The same model, data and first weights: Adam and momentum end below plain descent from every start (000a)."""
    for seed in (0, 1):
        frame = restart_spread.last(seed=seed)
        for name in ("adam", "momentum"):
            assert frame.value(f"{name}_median") < frame.value("gd_median") / 2, (
                f"seed {seed}: {dict(frame.numbers)}"
            )
        net = net_of(12)
        first = net.starts(16, seed)
        ways = [np.array([*trained(net, name, RATES[name], first, 80)]) for name in ("gd", "adam")]
        near("losses before the first step", ways[0][0], ways[1][0], 1e-12)
        assert (ways[1][-1] < ways[0][-1]).all(), f"seed {seed}: a start where Adam ends above plain descent"


@restart_spread.check
def more_steps_close_the_gap() -> None:
    """150 steps of plain descent leave two thirds at most of what 80 leave, and no gap is below 0."""
    short = restart_spread.last(starts=6)
    long = restart_spread.last(starts=6, steps=150)
    assert long.value("gd_median") < short.value("gd_median") / 1.5, (long.numbers, short.numbers)
    assert min(long.value(f"{name}_gap") for name in RATES) >= 0, dict(long.numbers)


@restart_spread.check
def gradients_by_autograd() -> None:
    """Losses and gradients of three sets of weights against torch, to 1e-10."""
    import torch

    net = net_of(5)
    w = net.starts(3, 0) + 0.1
    losses, gradient = net.slopes(w)
    x, y = torch.from_numpy(net.x), torch.from_numpy(net.one_hot.argmax(1))
    for place, one in enumerate(w):
        leaf = torch.tensor(one, requires_grad=True)
        a, b, c, d = torch.split(leaf, [PIXELS * 5, 5, 5 * CLASSES, CLASSES])
        scores = torch.tanh(x @ a.view(5, PIXELS).T + b) @ c.view(CLASSES, 5).T + d
        loss = torch.nn.functional.cross_entropy(scores, y)
        (known,) = torch.autograd.grad(loss, leaf)
        near("loss", losses[place], loss.item(), 1e-10)
        near("gradient", gradient[place], known.numpy(), 1e-10)


@restart_spread.check
def steps_like_torch() -> None:
    """Ten steps of Adam and of momentum from one start against torch.optim, loss by loss, to 1e-8."""
    import torch

    net = net_of(5)
    first = net.starts(1, 0)
    for name, make in (
        ("adam", lambda p: torch.optim.Adam(p, lr=0.03)),
        ("momentum", lambda p: torch.optim.SGD(p, lr=0.2, momentum=0.9)),
    ):
        leaf = torch.tensor(first[0], requires_grad=True)
        optimiser, losses = make([leaf]), []
        for _ in range(11):
            loss, gradient = net.slopes(leaf.detach().numpy()[None])
            losses.append(float(loss[0]))
            leaf.grad = torch.from_numpy(gradient[0])
            optimiser.step()
        near(
            f"losses of {name}",
            [float(one[0]) for one in trained(net, name, RATES[name], first, 10)],
            losses,
            1e-8,
        )
