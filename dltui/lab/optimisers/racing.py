"""The race: five optimisers from one start at one rate, and how one grew out of the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from dltui.descent.adam import Adam
from dltui.descent.adaptive import AdaGrad, RmsProp
from dltui.descent.plain import Gradient, Momentum
from dltui.descent.rule import Rule
from dltui.descent.surface import Surface
from dltui.descent.surfaces import SURFACES, quadratic, ravine, saddle
from dltui.descent.walk import Walk, walk
from dltui.figures import Bars, Figure, Graph, Step, Steps, Table, number
from dltui.lab import Choice, Frame, Number, Slider, exhibit, near
from dltui.lab.optimisers.maps import ground, losses, moments, pair, slopes

GROUNDS = ("saddle", "valley", "plateau", "ravine", "two-weights", "himmelblau")
LANES: dict[str, type[Rule]] = {
    "SGD": Gradient,
    "momentum": Momentum,
    "AdaGrad": AdaGrad,
    "RMSProp": RmsProp,
    "Adam": Adam,
}
TREE = ((0, 1), (0, 2), (2, 3), (1, 4), (3, 4))
GAINS = (
    "θ ← θ − η·g",
    "keeps a share of the last move",
    "a rate a parameter, by √Σg²",
    "forgets old g²",
    "both, freed of zeros",
)
DONE, OUT = 0.01, 0.5  # share of the first loss, and distance from the ridge of the saddle, that end the race
LONG = 1000  # steps after which a lane is given up


def lanes(lr: float) -> dict[str, Rule]:
    """Return the five optimisers at one rate, each with the defaults of torch besides, momentum at 0.9."""
    return {name: made(lr=lr) for name, made in LANES.items()}


def arrival(surface: Surface, rule: Rule, most: int = LONG) -> int | None:
    """Return after how many steps a lane is done, None where it isn't.

    Args:
        surface: What is raced on; on the saddle |y| > 0.5 ends it, elsewhere a hundredth of the first loss.
        rule: The optimiser.
        most: Steps after which it's given up.

    Returns:
        The count.
    """
    if surface.name == "saddle":
        return walk(surface, rule, steps=most, remember=False, below=-0.3).first(
            lambda way: np.abs(way.points[:, 1]) > OUT
        )
    goal = DONE * float(surface.value(np.array(surface.start)))
    way = walk(surface, rule, steps=most, remember=False, below=goal)
    return way.first(lambda one: one.values < goal)


@exhibit(
    "optimiser-race",
    family="optimisers",
    covers=("000c:adam-genealogy", "003:adaptive-lr"),
    kin={
        "dltui lab run momentum-ball": "momentum alone, with its arrows",
        "dltui lab run adam-trace": "Adam alone, line by line",
        "dltui lab run lesser-known": "AdaDelta, RAdam and FTRL in the race",
        "dltui lab run newton-step": "rules that know the curvature",
        "dltui train digits --optimizer adam": "on a network of your own",
    },
    sources=("Kingma and Ba 2015, arXiv:1412.6980", "Wilson et al. 2017, arXiv:1705.08292"),
)
def optimiser_race(
    surface: Annotated[str, Choice(*GROUNDS, help="what is raced on")] = "saddle",
    lr: Annotated[float, Slider(1e-4, 1, log=True, help="learning rate η of all")] = 0.02,
    steps: Annotated[int, Slider(1, 400, log=True, help="steps that are shown")] = 170,
    look: Annotated[str, Choice(*LANES, help="whose formula and newest step are opened")] = "Adam",
) -> Iterator[Frame]:
    """SGD, momentum, AdaGrad, RMSProp and Adam from one start at one rate, with a family tree.

    Try: --surface plateau, where only the size-blind ones move; --surface valley --lr 0.001 keeps SGD from running
    away; --look RMSProp opens its formula.
    Notice: at the saddle SGD waits, for its steps are as small as the slope; momentum adds them up, and the adaptive
    ones divide by their size. To |y| > 0.5 at η = 0.02: SGD 162 steps, momentum 42, Adam 25.

    SGD → momentum keeps the last move; SGD → AdaGrad → RMSProp gives each parameter a rate; Adam (2014) joins both and
    frees the means of their zeros. Adam with β₁ = 0 and no correction is RMSProp. One η is not fair to all: an adaptive
    step is about η long, a plain one η·‖g‖, so on a badly scaled bowl the adaptive paths depend on the scale far less.
    """
    one = SURFACES[surface]()
    each = lanes(lr)
    walks = {name: walk(one, rule, steps=steps) for name, rule in each.items()}
    counts = {name: arrival(one, rule) for name, rule in each.items()}
    told = moments(steps)
    for now in told:
        figures: tuple[Figure, ...] = (
            ground(one, walks, now=now, caption=f"{one.about}; η = {number(lr)}"),
            losses(walks, now=now),
            slopes(walks, now=now),
            _lengths(walks, now),
            _table(one, walks, counts, now),
            Graph(title="Who grew out of whom", nodes=tuple(LANES), edges=TREE, notes=GAINS),
            _opened(look, each[look], walks[look], now),
        )
        numbers: dict[str, Number] = {"step": now, "formula": each[look].formula}
        for name, way in walks.items():
            last = min(now, way.steps)
            numbers |= {
                f"{name}_theta": way.points[last].tolist(),
                f"{name}_loss": float(way.values[last]),
                f"{name}_steps": counts[name],
                f"{name}_ended": way.ended,
            }
        first = [(count, name) for name, count in counts.items() if count is not None]
        caption = f"step {now} of {steps}: " + (
            f"{min(first)[1]} is first, in {min(first)[0]} steps" if first else "none gets there"
        )
        yield Frame(figures=figures, numbers=numbers, caption=caption, total=len(told))


def _lengths(walks: dict[str, Walk], now: int) -> Bars:
    """Return how long the newest step of each was."""
    found = []
    for way in walks.values():
        last = min(now, way.steps)
        found.append(float(np.linalg.norm(way.points[last] - way.points[last - 1])) if last else 0.0)
    return Bars(
        title="Newest step: its length", labels=tuple(walks), values=np.array(found), value_label="‖Δθ‖"
    )


def _table(surface: Surface, walks: dict[str, Walk], counts: dict[str, int | None], now: int) -> Table:
    """Return where each is, and when it is done."""
    goal = "|y| > 0.5" if surface.name == "saddle" else "L < 1 % of the first"
    rows = tuple(
        (
            name,
            pair(way.points[min(now, way.steps)]),
            float(way.values[min(now, way.steps)]),
            counts[name],
            way.ended if now >= way.steps else "",
        )
        for name, way in walks.items()
    )
    return Table(title="The lanes", columns=("lane", "θ", "L", f"steps to {goal}", "ended"), rows=rows)


def _opened(name: str, rule: Rule, way: Walk, now: int) -> Steps:
    """Return the formula of one lane with what it remembers at its newest step."""
    last = min(now, way.steps)
    lines = [
        Step(formula=_plain(part), note="" if place else f"η = {number(rule.lr)}")
        for place, part in enumerate(rule.formula.split(", "))
    ]
    for symbol, each in way.memory.items():
        if last:
            said = {"rate": "η/σ, the rate of each"}.get(symbol, _plain(symbol))
            lines.append(Step(formula=f"{said} = {pair(each[last - 1])}"))
    if last:
        lines.append(
            Step(formula=f"θ = {pair(way.points[last - 1])} → {pair(way.points[last])}", note=f"step {last}")
        )
    return Steps(title=f"{name}, opened", steps=tuple(lines))


def _plain(text: str) -> str:
    """Return a formula without hats, which the cells of a terminal lose: c for corrected."""
    return text.replace("m\u0302", "mᶜ").replace("v\u0302", "vᶜ")


@optimiser_race.check
def escape_of_the_notes() -> None:
    """x² − y² + ½y⁴ from (1, 1e-3), η = 0.02, to |y| > 0.5: SGD 162, momentum 42, Adam 25 steps (notes 002a)."""
    frame = optimiser_race.last(steps=1)
    found = [frame.numbers[f"{name}_steps"] for name in ("SGD", "momentum", "Adam")]
    assert found == [162, 42, 25], f"{found} steps"


@optimiser_race.check
def each_is_its_twin_in_torch() -> None:
    """A hundred steps of every lane on the saddle against its torch.optim twin, to 1e-6 (notes 003)."""
    import torch

    one, ours = saddle(), lanes(0.02)
    for name, twin in (
        ("SGD", lambda w: torch.optim.SGD(w, lr=0.02)),
        ("momentum", lambda w: torch.optim.SGD(w, lr=0.02, momentum=0.9)),
        ("AdaGrad", lambda w: torch.optim.Adagrad(w, lr=0.02)),
        ("RMSProp", lambda w: torch.optim.RMSprop(w, lr=0.02)),
        ("Adam", lambda w: torch.optim.Adam(w, lr=0.02)),
    ):
        w = torch.tensor(one.start, dtype=torch.float64, requires_grad=True)
        optimiser = twin([w])
        points = [w.detach().numpy().copy()]
        for _ in range(100):
            w.grad = torch.from_numpy(one.gradient(points[-1]))
            optimiser.step()
            points.append(w.detach().numpy().copy())
        near(f"θ of {name}", walk(one, ours[name], steps=100).points, points, 1e-6)


@optimiser_race.check
def adam_becomes_rmsprop() -> None:
    """Adam with β₁ = 0 and no correction is RMSProp at every step (notes 000c)."""
    adam = walk(saddle(), Adam(lr=0.02, beta1=0.0, beta2=0.99, corrected=False), steps=100)
    near("θ", adam.points, walk(saddle(), RmsProp(lr=0.02, alpha=0.99), steps=100).points, 1e-12)


@optimiser_race.check
def scale_matters_little_to_the_adaptive() -> None:
    """½(x² + 100y²) beside ½(x² + y²): adaptive paths are the same in y, plain ones are not (notes 003)."""
    for name, rule in lanes(0.02).items():
        steep, round_ = (
            walk(one, rule, (1.0, 1.0), 60).points[:, 1] for one in (ravine(100), quadratic(np.eye(2)))
        )
        gap = float(np.abs(steep[: len(round_)] - round_[: len(steep)]).max())
        if name in {"SGD", "momentum"}:
            assert gap > 0.5, f"{name} differs by {gap} only"
        else:
            assert gap < 1e-4, f"{name} differs by {gap}"
