"""Schedules of the learning rate, drawn, and a descent under each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dltui.descent.schedules import constant, cosine, polynomial, resnet, step_decay
from dltui.figures import Lines, Series, Step, Steps, Table, number
from dltui.lab import Frame, Number, Slider, exhibit, near
from dltui.lab.optimisers.two_digits import SAMPLES, START, best, losses, sample, shuffled

Array = NDArray[np.float64]

NAMES = ("constant", "step", "cosine", "polynomial", "resnet")
BATCH, FRAMES = 8, 20
TAIL = 10  # epochs over which the last loss is averaged


@dataclass(frozen=True)
class Plan:
    """The settings of all schedules; t counts epochs from 0.

    Attributes:
        eta: Full learning rate η.
        total: Epochs T in all.
        every: Epochs s between two falls of the step decay.
        gamma: Factor γ of a fall.
        warmup: Epochs of ResNet's warm-up at η/10.
        power: Power p of the polynomial.
        end: Share of η at which cosine and polynomial end.
    """

    eta: float
    total: int
    every: int
    gamma: float
    warmup: int
    power: float = 2.0
    end: float = 0.0

    @property
    def falls(self) -> tuple[int, int]:
        """The milestones of ResNet's schedule: half and three quarters of all epochs."""
        return self.total // 2, 3 * self.total // 4

    def rate(self, name: str, t: ArrayLike) -> Array:
        """Return the learning rate of a schedule at each epoch."""
        if name == "step":
            return step_decay(t, self.eta, self.every, self.gamma)
        if name == "cosine":
            return cosine(t, self.eta, self.total, self.end * self.eta)
        if name == "polynomial":
            return polynomial(t, self.eta, self.total, self.power, self.end * self.eta)
        if name == "resnet":
            return resnet(t, self.eta, self.warmup, self.falls, factor=self.gamma)
        return constant(t, self.eta)


@dataclass(frozen=True)
class Runs:
    """Descents under all schedules on the same batches.

    Attributes:
        rates: The learning rate that each used in every epoch, shape (epochs, schedules).
        above: How far the loss over all samples is above the least there is, shape (epochs + 1, schedules).
    """

    rates: Array
    above: Array


@lru_cache(maxsize=32)
def descended(plan: Plan, seed: int) -> Runs:
    """Return gradient descent by batches of eight, all schedules at once."""
    x, t = sample()
    w = np.tile(np.array(START)[:, None], (1, len(NAMES)))  # one column a schedule
    floor = float(losses(best()).mean())
    rates, above = [], [losses(w.T).mean(-1) - floor]
    for epoch, rows in enumerate(shuffled(SAMPLES, plan.total, seed)):
        eta = np.array([float(plan.rate(name, epoch)) for name in NAMES])
        for i in range(0, SAMPLES, BATCH):
            some, sign = x[rows[i : i + BATCH]], t[rows[i : i + BATCH], None]
            away = 1.0 / (1.0 + np.exp(sign * (some @ w)))
            w = w + eta * (some.T @ (sign * away)) / len(some)
        rates.append(eta)
        above.append(losses(w.T).mean(-1) - floor)
    return Runs(np.array(rates), np.array(above))


@exhibit(
    "lr-schedules",
    family="optimisers",
    covers=(
        "000a:lr-scheduler",
        "000a:lr-resnet",
        "002a:lr-schedules",
        "002a:step-decay",
        "002a:cosine-annealing",
    ),
    kin={
        "dltui lab run warm-up": "why some begin small",
        "dltui lab run lr-stability": "what one rate can do, and how large it may be",
        "dltui lab run batch-race": "the same digits, at one rate throughout",
        "dltui train MODEL --set schedule.name=cosine": "a schedule for a network of your own",
    },
    sources=("He et al. 2016, arXiv:1512.03385", "Loshchilov and Hutter 2017, arXiv:1608.03983"),
)
def lr_schedules(
    eta: Annotated[float, Slider(0.01, 4, log=True, help="full learning rate η")] = 1.0,
    total: Annotated[int, Slider(8, 200, help="epochs T in all")] = 100,
    every: Annotated[int, Slider(1, 100, help="epochs s between two falls of the step decay")] = 30,
    gamma: Annotated[float, Slider(0.01, 1, log=True, help="factor γ of a fall")] = 0.1,
    warmup: Annotated[int, Slider(0, 40, help="epochs of ResNet's warm-up at η/10")] = 5,
    power: Annotated[float, Slider(0.5, 5, step=0.5, help="power p of the polynomial")] = 2.0,
    end: Annotated[
        float, Slider(0, 0.5, step=0.01, help="share of η at which cosine and polynomial end")
    ] = 0.0,
    seed: Annotated[int, Slider(0, 9999, help="seed of the order of samples")] = 0,
) -> Iterator[Frame]:
    """Five schedules of the learning rate, drawn, and the same descent on digits under each.

    Try: --eta 0.03, where falling is too early and constant wins; --gamma 0.5 falls less each time; --end 0.1 ends the
    cosine and the polynomial at a tenth of η.
    Notice: at a constant rate the loss hovers above the least there is, as high as η; each fall of the rate lets it
    down at once, and the cosine lets it down all the way.

    Step: η·γ^⌊t/s⌋. Cosine: e + ½(η − e)(1 + cos πt/T), which ends at e. Polynomial: e + (η − e)(1 − t/T)^p. ResNet:
    η/10 for the warm-up, then η, then γ at T/2 and again at 3T/4. t counts epochs from 0, and all steps of an epoch
    have the same rate. Large early for speed, small late so that the noise of batches dies down: the loss ends above
    the least one by about η times that noise.

    Logistic regression on 288 fives and nines with two weights, batches of eight: convex, with a least loss that is not
    0, so that noise never ends by itself.
    """
    plan = Plan(eta, total, every, gamma, warmup, power, end)
    runs = descended(plan, seed)
    for k in range(FRAMES + 1):
        yield _frame(plan, runs, round(total * k / FRAMES))


def _frame(plan: Plan, runs: Runs, epoch: int) -> Frame:
    """Return pictures and numbers after so many epochs."""
    last = runs.above[max(0, epoch + 1 - TAIL) : epoch + 1].mean(0)
    numbers: dict[str, Number] = {"epoch": epoch}
    for place, name in enumerate(NAMES):
        numbers |= {
            f"{name}_rate": float(plan.rate(name, min(epoch, plan.total))),
            f"{name}_above": float(last[place]),
        }
    return Frame(
        figures=(_curves(plan, runs, epoch), _losses(runs, epoch), _worked(plan, epoch), _table(plan)),
        numbers=numbers,
        caption=f"epoch {epoch} of {plan.total}: {NAMES[int(last.argmin())]} is lowest, "
        f"{number(float(last.min()), 2)} above the least",
        total=FRAMES + 1,
    )


def _curves(plan: Plan, runs: Runs, epoch: int) -> Lines:
    """Return all schedules, and the rate that the descents had so far as points on them."""
    t = np.linspace(0, plan.total, 401)
    smooth = {"cosine", "polynomial"}
    drawn = [Series(name=name, x=t, y=plan.rate(name, t if name in smooth else np.floor(t)))
             for name in NAMES]  # fmt: skip
    seen = np.unique(np.linspace(0, max(epoch - 1, 0), 9).astype(int))
    live = Series(
        name="used so far",
        x=np.repeat(seen.astype(float), len(NAMES)),
        y=runs.rates[seen].ravel(),
        marks=True,
    )
    return Lines(
        title="Learning rate by epoch",
        caption="points: the rate that each descent had",
        series=(*drawn, *((live,) if epoch else ())),
        x_label="epoch",
        y_label="η",
    )


def _losses(runs: Runs, epoch: int) -> Lines:
    """Return how far each is above the least loss."""
    t = np.arange(epoch + 1.0)
    return Lines(
        title="Loss above the least there is",
        series=tuple(
            Series(name=name, x=t, y=np.maximum(runs.above[: epoch + 1, i], 1e-16))
            for i, name in enumerate(NAMES)
        ),
        x_label="epoch",
        y_label="L − least",
        y_scale="log",
    )


def _worked(plan: Plan, epoch: int) -> Steps:
    """Return the rates of an epoch with their numbers."""
    eta, t, total = number(plan.eta), min(epoch, plan.total), plan.total
    low = number(plan.end * plan.eta)
    formulas = {
        "step": f"η·γ^⌊t/s⌋ = {eta}·{number(plan.gamma)}^{t // plan.every}",
        "cosine": f"e + ½(η − e)(1 + cos πt/T) = {low} + ½({eta} − {low})(1 + cos {number(t / total)}π)",
        "polynomial": f"e + (η − e)(1 − t/T)^p = {low} + ({eta} − {low})·{number(1 - t / total)}^{number(plan.power)}",
        "resnet": f"warm-up until {plan.warmup}, falls at {plan.falls[0]} and {plan.falls[1]}",
    }
    return Steps(
        title=f"Worked out: the rates of epoch {t}",
        steps=tuple(
            Step(formula=f"{formula} = {number(float(plan.rate(name, t)))}", note=name)
            if name != "resnet"
            else Step(formula=f"{formula}: {number(float(plan.rate(name, t)))}", note=name)
            for name, formula in formulas.items()
        ),
    )


def _table(plan: Plan) -> Table:
    """Return the rates at some epochs."""
    told = sorted({0, plan.warmup, plan.every - 1, plan.every, 2 * plan.every, *plan.falls, plan.total})
    rows = [(t, *(float(plan.rate(name, t)) for name in NAMES)) for t in told if t <= plan.total]
    return Table(title="Learning rate at some epochs", columns=("epoch", *NAMES), rows=tuple(rows))


@lr_schedules.check
def numbers_of_the_notes() -> None:
    """Cosine .1, T = 100: .1, .085355, .05, .014645, 0; step: .1, .01, .001 at 29, 30, 60; ResNet .01 → .1 → ÷10."""
    plan = Plan(0.1, 100, 30, 0.1, 5)
    near("cosine", plan.rate("cosine", [0, 25, 50, 75, 100]), (0.1, 0.085355, 0.05, 0.014645, 0), 1e-6)
    near("step", plan.rate("step", [0, 29, 30, 59, 60]), (0.1, 0.1, 0.01, 0.01, 0.001), 1e-12)
    near("resnet", plan.rate("resnet", [0, 4, 5, 49, 50, 75]), (0.01, 0.01, 0.1, 0.1, 0.01, 0.001), 1e-12)
    frame = lr_schedules.last(eta=0.1)
    near("last rate of the cosine", frame.numbers["cosine_rate"], 0, 1e-12)


@lr_schedules.check
def rates_like_torch() -> None:
    """Rates of every epoch against torch's StepLR, CosineAnnealingLR, PolynomialLR and MultiStepLR, to 1e-12."""
    import torch
    from torch.optim import lr_scheduler as of

    plan = Plan(0.5, 24, 7, 0.3, 0)
    runs = descended(plan, 0)
    for place, name in enumerate(NAMES):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 0.5)
        made: dict[str, Callable[[torch.optim.SGD], of.LRScheduler]] = {
            "constant": lambda one: of.ConstantLR(one, 1.0, 0),
            "step": lambda one: of.StepLR(one, 7, 0.3),
            "cosine": lambda one: of.CosineAnnealingLR(one, 24),
            "polynomial": lambda one: of.PolynomialLR(one, 24, 2.0),
            "resnet": lambda one: of.MultiStepLR(one, [12, 18], 0.3),
        }
        scheduler = made[name](optimizer)
        for epoch in range(24):
            near(f"{name} at {epoch}", runs.rates[epoch, place], scheduler.get_last_lr()[0], 1e-12)
            optimizer.step()
            scheduler.step()


@lr_schedules.check
def ends_where_it_is_told() -> None:
    """With --end 0.1 cosine and polynomial end at η/10: torch's eta_min, and a line between both ends for p = 1."""
    import torch

    plan = Plan(0.5, 24, 7, 0.3, 0, power=1.0, end=0.1)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 0.5)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 24, eta_min=0.05)
    for epoch in range(25):
        near(f"cosine at {epoch}", plan.rate("cosine", epoch), scheduler.get_last_lr()[0], 1e-12)
        optimizer.step()
        scheduler.step()
    near("polynomial", plan.rate("polynomial", np.arange(25)), np.linspace(0.5, 0.05, 25), 1e-12)


@lr_schedules.check
def descends_like_torch() -> None:
    """Three epochs under the step decay against torch.optim.SGD and StepLR, loss to 1e-10."""
    import torch

    plan, (x, t) = Plan(1.0, 3, 1, 0.1, 0), (torch.from_numpy(part) for part in sample())
    w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([w], 1.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.1)
    for rows in shuffled(SAMPLES, 3, 0):
        for i in range(0, SAMPLES, BATCH):
            some = torch.from_numpy(rows[i : i + BATCH])
            optimizer.zero_grad()
            torch.nn.functional.softplus(-t[some] * (x[some] @ w)).mean().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        scheduler.step()
    known = float(losses(w.detach().numpy()).mean() - losses(best()).mean())
    near("loss above the least", descended(plan, 0).above[-1, NAMES.index("step")], known, 1e-10)


@lr_schedules.check
def falling_rates_settle() -> None:
    """At η = 1 all that fall end at least ten times nearer to the least loss than a constant rate, for three seeds."""
    for seed in range(3):
        frame = lr_schedules.last(seed=seed)
        found = {name: float(str(frame.numbers[f"{name}_above"])) for name in NAMES}
        assert max(found[name] for name in NAMES[1:]) < found["constant"] / 10, f"seed {seed}: {found}"
