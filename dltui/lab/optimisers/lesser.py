"""AdaDelta, RAdam and FTRL: three more lanes, each with what it adds up."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated

import numpy as np

from dltui.descent.adam import Adam, RAdam
from dltui.descent.adaptive import AdaDelta, AdaGrad, Ftrl
from dltui.descent.rule import Rule, Vector
from dltui.descent.surfaces import SURFACES, himmelblau
from dltui.descent.walk import Walk, fed, walk
from dltui.figures import Figure, Heatmap, Lines, Series, Step, Steps, Table, number
from dltui.lab import Choice, Frame, Number, Slider, exhibit, near
from dltui.lab.optimisers.maps import FLOOR, ground, losses, moments, signed
from dltui.lab.optimisers.net import CLASSES, PIXELS, Net, landscape, pictures

GROUNDS = ("ravine", "valley", "saddle", "plateau", "bowl", "himmelblau")
LINEAR, SAMPLES, PASSES = Net((PIXELS, CLASSES)), 400, 40  # logits straight from the pixels
PRICES = (0.0, 0.03, 0.1, 0.3, 1.0)  # λ₁ of the table


def lanes(lr: float, rho: float, l1: float, beta: float) -> dict[str, Rule]:
    """Return the three with Adam beside them; AdaDelta has no rate to set."""
    return {
        "AdaDelta": AdaDelta(rho=rho),
        "RAdam": RAdam(lr=lr),
        "Adam": Adam(lr=lr),
        "FTRL": Ftrl(lr=lr, beta=beta, l1=l1),
    }


@lru_cache(maxsize=16)
def sparse(l1: float, beta: float) -> tuple[Vector, Vector, float]:
    """Return θ and z of a linear classifier of digits after FTRL from 0, and its accuracy on held-out ones.

    Args:
        l1: λ₁.
        beta: β.

    Returns:
        θ and z, shape (650,) each, and the share of 400 digits that it names rightly.
    """
    surface = landscape(LINEAR, SAMPLES, 0)
    way = walk(surface, Ftrl(lr=0.5, beta=beta, l1=l1), np.zeros(LINEAR.size), PASSES)
    x, y = pictures(400, "test")
    return way.points[-1], way.memory["z"][-1], LINEAR.accuracy(way.points[-1], x, y)


@exhibit(
    "lesser-known",
    family="optimisers",
    covers=("003:radam", "004:adadelta", "004:ftrl"),
    kin={
        "dltui lab run optimiser-race": "the five that are used most",
        "dltui lab run adam-trace": "Adam, of which RAdam distrusts the first steps",
        "dltui lab run adaptive-steps": "the rates of AdaGrad, RMSProp and Adam",
        "dltui byhand adadelta": "a few steps, line by line",
    },
    sources=(
        "Zeiler 2012, arXiv:1212.5701 (AdaDelta)",
        "Liu et al. 2020, arXiv:1908.03265 (RAdam)",
        "McMahan et al. 2013 (FTRL-proximal)",
    ),
)
def lesser_known(
    surface: Annotated[str, Choice(*GROUNDS, help="where they run")] = "plateau",
    lr: Annotated[float, Slider(0.001, 2, log=True, help="learning rate η of RAdam, Adam and FTRL")] = 0.1,
    rho: Annotated[float, Slider(0, 0.999, step=0.01, help="share ρ that AdaDelta keeps")] = 0.9,
    l1: Annotated[float, Slider(0, 10, step=0.1, help="λ₁, half the dead zone of FTRL")] = 0.1,
    beta: Annotated[float, Slider(0.01, 10, log=True, help="β of FTRL, beside √n")] = 1.0,
    steps: Annotated[int, Slider(1, 400, log=True, help="steps")] = 120,
) -> Iterator[Frame]:
    """Three lanes that are seldom seen, and what AdaDelta, RAdam and FTRL add up on their way.

    Try: --l1 1 sets most weights of the digit classifier to exactly 0; --surface ravine --lr 0.5, where RAdam's first
    steps, not yet divided by √v, are too long; --rho 0.99 holds AdaDelta back.
    Notice: AdaDelta asks for no rate and begins with tiny steps; RAdam goes like momentum until ρ > 5, at step 6, and
    then scales by r, which rises to 1; FTRL's weight is exactly 0 wherever |z| ≤ λ₁.

    AdaDelta: Δ = √(u + ε)/√(v + ε)·g with running means v of g² and u of Δ². RAdam: Adam times r = √((ρ−4)(ρ−2)ρ∞ /
    ((ρ∞−4)(ρ∞−2)ρ)) once v can be trusted. FTRL: z ← z + g − (√(n+g²) − √n)/η·θ, n ← n + g², and θ = −(z − sign(z)·λ₁)
    /((β + √n)/η), or 0 where |z| ≤ λ₁; without λ₁ it is AdaGrad with β for ε.

    What has changed since the notes: RAdam needs no package of its own, it is torch.optim.RAdam. And AdaDelta in torch
    still has a rate, 1 by default.
    """
    one = SURFACES[surface]()
    each = lanes(lr, rho, l1, beta)
    walks = {name: walk(one, rule, steps=steps) for name, rule in each.items()}
    told = moments(steps)[1:]
    thin = _digits(l1, beta)
    for now in told:
        figures: tuple[Figure, ...] = (
            ground(one, walks, now=now, caption=f"{one.about}; η = {number(lr)}"),
            losses(walks, now=now),
            _averages(walks["AdaDelta"], now),
            _rectifier(each["RAdam"], max(steps, 20)),
            _dead(walks["FTRL"], l1, now),
            _worked(walks, now, lr, l1, beta),
            *thin,
        )
        caption = f"step {now} of {steps}: L " + ", ".join(
            f"{name} {number(float(way.values[min(now, way.steps)]), 2)}"
            for name, way in walks.items()
            if name != "Adam"
        )
        yield Frame(figures=figures, numbers=_numbers(walks, now, l1, beta), caption=caption, total=len(told))


def _averages(way: Walk, now: int) -> Lines:
    """Return both averages of AdaDelta and the rate that they make, of the first weight."""
    now = min(now, way.steps)
    count = np.arange(1.0, now + 1)
    kept = {"√v, of gradients": np.sqrt(way.memory["v"]), "√u, of steps": np.sqrt(way.memory["u"])}
    kept["rate √(u+ε)/√(v+ε)"] = way.memory["rate"]
    return Lines(
        title="AdaDelta adds up: v and u of the first weight",
        series=tuple(
            Series(name=name, x=count, y=np.maximum(each[:now, 0], FLOOR)) for name, each in kept.items()
        ),
        x_label="step",
        y_label="√v, √u, rate",
        y_scale="log",
    )


def _rectifier(rule: Rule, steps: int) -> Lines:
    """Return ρ and r of RAdam over the steps: they depend on nothing else."""
    assert isinstance(rule, RAdam), "the lane of RAdam"
    count = np.arange(1, steps + 1)
    r = np.array([rule.rectified(int(t))[1] for t in count])
    begun = int(count[r > 0][0]) if (r > 0).any() else None
    told = (
        f"r = 0 and plain momentum until ρ > 5, which is at step {begun}" if begun else "ρ stays below 5 here"
    )
    return Lines(
        title="RAdam waits: its factor r",
        caption=f"{told}; at step {steps} ρ is {number(rule.rectified(steps)[0])}",
        series=(Series(name="r", x=count.astype(float), y=r),),
        x_label="step",
        y_label="r",
        levels=((1.0, "Adam"),),
    )


def _dead(way: Walk, l1: float, now: int) -> Lines:
    """Return z of FTRL with the dead zone around 0."""
    now = min(now, way.steps)
    count = np.arange(1.0, now + 1)
    return Lines(
        title="FTRL adds up: z of both weights, dead between −λ₁ and λ₁",
        series=tuple(
            Series(name=name, x=count, y=way.memory["z"][:now, place])
            for place, name in enumerate(("z₁", "z₂"))
        ),
        x_label="step",
        y_label="z",
        y_scale="symlog",
        levels=((l1, "±λ₁"), (-l1, "")) if l1 else ((0.0, "λ₁ = 0"),),
    )


def _worked(walks: dict[str, Walk], now: int, lr: float, l1: float, beta: float) -> Steps:
    """Return what each made of the first weight at its newest step, with numbers."""
    last = {name: min(now, way.steps) - 1 for name, way in walks.items()}
    delta, ftrl, radam = walks["AdaDelta"], walks["FTRL"], walks["RAdam"]
    g, rate = (float(one[last["AdaDelta"], 0]) for one in (delta.gradients, delta.memory["rate"]))
    rho, r = (float(radam.memory[name][last["RAdam"]]) for name in ("ρ", "r"))
    z, n = (float(ftrl.memory[name][last["FTRL"], 0]) for name in ("z", "n"))
    theta, sign = float(ftrl.points[last["FTRL"] + 1, 0]), "−" if z > 0 else "+"
    dead = f"|z| = {number(abs(z))} ≤ λ₁ = {number(l1)}, so θ = 0"
    live = (
        f"θ = −(z {sign} λ₁)/((β + √n)/η) = −({number(z)} {sign} {number(l1)})/(({number(beta)} + "
        f"{number(n**0.5)})/{number(lr)}) = {number(theta)}"
    )
    return Steps(
        title="Worked out: the first weight, newest step",
        steps=(
            Step(formula=f"Δ = rate·g = {number(rate)}·{signed(g)} = {number(rate * g)}", note="AdaDelta"),
            Step(formula=f"ρ = {number(rho)}, r = {number(r)}", note="RAdam: Adam's step times r"),
            Step(formula=dead if abs(z) <= l1 else live, note="FTRL"),
        ),
    )


def _digits(l1: float, beta: float) -> tuple[Figure, ...]:
    """Return the weights of a linear classifier of digits under FTRL, and how many are 0 for several λ₁."""
    theta, _, _ = sparse(l1, beta)
    weight = theta[: CLASSES * PIXELS].reshape(CLASSES, PIXELS)
    shown = Heatmap(
        title=f"FTRL on digits: weights of each class, λ₁ = {number(l1)}",
        caption=f"{int((theta == 0).sum())} of {theta.size} are exactly 0",
        values=np.where(weight == 0, np.nan, weight),
        x=np.arange(float(PIXELS)),
        y=np.arange(float(CLASSES)),
        x_label="pixel",
        y_label="class",
        value_label="weight",
        colormap="coolwarm",
        downwards=True,
    )
    prices = sorted({*PRICES, l1})
    rows = []
    for price in prices:
        found, z, accuracy = sparse(price, beta)
        rows.append((price, int((found == 0).sum()), int((np.abs(z) <= price).sum()), accuracy))
    table = Table(
        title="Zeros over λ₁",
        caption=f"{LINEAR.size} weights and biases, {PASSES} steps on {SAMPLES} digits; where λ₁ = 0, only "
        "weights of pixels that are always dark are 0",
        columns=("λ₁", "exactly 0", "|z| ≤ λ₁", "accuracy on 400 held-out digits"),
        rows=tuple(rows),
    )
    return shown, table


def _numbers(walks: dict[str, Walk], now: int, l1: float, beta: float) -> dict[str, Number]:
    """Return what ``--json`` tells of one moment."""
    found: dict[str, Number] = {"step": now}
    for name, way in walks.items():
        last = min(now, way.steps)
        found |= {f"{name}_theta": way.points[last].tolist(), f"{name}_loss": float(way.values[last])}
        found[f"{name}_ended"] = way.ended
    theta, z, accuracy = sparse(l1, beta)
    found |= {"zeros": int((theta == 0).sum()), "dead": int((np.abs(z) <= l1).sum()), "accuracy": accuracy}
    for symbol in ("ρ", "r"):
        kept = walks["RAdam"].memory[symbol]
        found["rho" if symbol == "ρ" else "r"] = float(kept[min(now, len(kept)) - 1])
    return found


@lesser_known.check
def same_as_torch() -> None:
    """A hundred steps of AdaDelta and RAdam against torch.optim.Adadelta (lr = 1) and RAdam, every one to 1e-9."""
    import torch

    one = himmelblau()
    for rule in (AdaDelta(), RAdam(lr=0.05)):
        w = torch.tensor(one.start, dtype=torch.float64, requires_grad=True)
        optimiser: torch.optim.Optimizer = torch.optim.Adadelta([w], lr=1.0)
        if isinstance(rule, RAdam):
            optimiser = torch.optim.RAdam([w], lr=0.05)
        points = [w.detach().numpy().copy()]
        for _ in range(100):
            w.grad = torch.from_numpy(one.gradient(points[-1]))
            optimiser.step()
            points.append(w.detach().numpy().copy())
        near(f"θ of {rule.title}", walk(one, rule, steps=100).points, points, 1e-9)


@lesser_known.check
def zero_exactly_in_the_dead_zone() -> None:
    """FTRL's weight is 0 where |z| ≤ λ₁ and nowhere else, on digits and on random gradients (notes 004)."""
    for l1 in (0.1, 0.5):
        frame = lesser_known.last(l1=l1, steps=2)
        theta, z, _ = sparse(l1, 1.0)
        assert ((theta == 0) == (np.abs(z) <= l1)).all(), f"λ₁ = {l1}: zeros are not where |z| ≤ λ₁"
        assert frame.numbers["zeros"] == frame.numbers["dead"], f"{frame.numbers['zeros']} zeros are shown"
    g = np.random.default_rng(0).standard_normal((200, 5))
    way = fed(Ftrl(lr=0.1, l1=5.0), g)
    assert ((way.points[1:] == 0) == (np.abs(way.memory["z"]) <= 5.0)).all(), "on random gradients"
    zeros = [int((sparse(price, 1.0)[0] == 0).sum()) for price in PRICES]
    assert zeros == sorted(zeros), f"zeros over λ₁: {zeros}"
    assert zeros[-1] > 2 * zeros[0], f"zeros over λ₁: {zeros}"


@lesser_known.check
def ftrl_without_its_price_is_adagrad() -> None:
    """λ₁ = λ₂ = 0: FTRL-proximal is AdaGrad with β for ε, at every step (McMahan 2011)."""
    for beta in (1e-3, 1.0):
        free = walk(himmelblau(), Ftrl(lr=0.3, beta=beta), steps=60).points
        near(f"θ at β = {beta}", free, walk(himmelblau(), AdaGrad(lr=0.3, eps=beta), steps=60).points, 1e-9)


@lesser_known.check
def rectifier_of_the_paper() -> None:
    """RAdam with β₂ = 0.999: ρ∞ = 1999, ρ first above 5 at step 6, r rises to 1 (Liu et al. 2020)."""
    rule = RAdam()
    r = np.array([rule.rectified(t)[1] for t in range(1, 20_001)])
    assert int((r > 0).argmax()) + 1 == 6, f"r begins at step {int((r > 0).argmax()) + 1}"
    assert (np.diff(r[5:]) >= 0).all(), "r falls somewhere"
    near("r in the end", r[-1], 1, 1e-3)
    near("ρ in the end", rule.rectified(100_000)[0], 1999, 1e-6)
