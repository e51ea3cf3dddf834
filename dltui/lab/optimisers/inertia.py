"""Momentum: a ball that keeps a share of its last move."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from dltui.descent.plain import Averaged, Gradient, Momentum, Nesterov
from dltui.descent.rule import Rule, Vector
from dltui.descent.surface import Surface
from dltui.descent.surfaces import SURFACES, himmelblau, ravine
from dltui.descent.walk import Walk, fed, walk
from dltui.figures import Figure, Lines, Path, Series, Step, Steps, Table, number
from dltui.lab import Choice, Frame, Number, Slider, exhibit, near
from dltui.lab.optimisers.maps import arrows, ground, losses, moments, pair, weights

GROUNDS = ("ravine", "plateau", "saddle", "two-weights", "valley", "rugged")
FORMS: dict[str, type[Rule]] = {"classic": Momentum, "averaged": Averaged, "nesterov": Nesterov}
GOAL, ENOUGH = 1e-6, 20_000
REACH = 0.16  # length of the longest arrow, as a share of the map


def ball(form: str, lr: float, share: float) -> Rule:
    """Return momentum in one of its forms, at a rate η and a share λ that is kept."""
    return FORMS[form](lr=lr, momentum=share)  # type: ignore[call-arg]


def pushed(share: float, lr: float, steps: int, *, alternating: bool) -> Vector:
    """Return the moves m of classic momentum under a gradient of 1, or of 1 and −1 in turn, shape (steps,)."""
    signs = np.where(np.arange(steps) % 2 == 0, 1.0, -1.0) if alternating else np.ones(steps)
    return fed(Momentum(lr=lr, momentum=share), signs[:, None]).memory["m"][:, 0]


@exhibit(
    "momentum-ball",
    family="optimisers",
    covers=(
        "000a:momentum",
        "000a:momentum-vectors",
        "000a:momentum-accel",
        "000a:momentum-damp",
        "000c:momentum",
        "002a:momentum",
        "003:momentum",
        "004:momentum",
    ),
    kin={
        "dltui lab run ravine-zigzag": "plain descent in the same ravine",
        "dltui lab run moving-average": "the weight that every past gradient has in m",
        "dltui lab run optimiser-race": "against adaptive rates",
        "dltui byhand sgd --momentum 0.9": "a few steps, line by line",
    },
    sources=("Polyak 1964", "Sutskever et al. 2013", "Goh 2017, distill.pub/2017/momentum"),
)
def momentum_ball(
    surface: Annotated[str, Choice(*GROUNDS, help="where the ball rolls")] = "ravine",
    form: Annotated[str, Choice(*FORMS, help="how momentum is written")] = "classic",
    share: Annotated[float, Slider(0, 0.99, step=0.01, help="share λ of the last move that is kept")] = 0.9,
    lr: Annotated[float, Slider(1e-4, 1, log=True, help="learning rate η")] = 0.01,
    steps: Annotated[int, Slider(1, 300, log=True, help="steps")] = 80,
) -> Iterator[Frame]:
    """A ball with inertia beside plain descent, and what moves it at each step: −ηg, λm, and their sum m.

    Try: --share 0 is plain descent; --surface plateau --lr 0.1 leaves the plain one behind; --surface rugged --lr 0.05
    rolls through the first holes; --form averaged is ten times slower at the same η.
    Notice: pushes of the same sign add up, along the floor to ten times the step; pushes to and fro cancel. To a loss
    below 1e-6 in the ravine it takes 162 steps instead of 882.

    m ← λ·m − η·g, θ ← θ + m. Under a constant g the move tends to −η·g/(1 − λ), ten times the step at λ = 0.9; under
    one that alternates to η·g/(1 + λ). The averaged form m ← β·m + (1 − β)·g goes the same way at a rate of η·(1 − β).
    Nesterov takes the gradient where the inertia leads.
    """
    one = SURFACES[surface]()
    walks = {
        "plain": walk(one, Gradient(lr=lr), steps=steps),
        "ball": walk(one, ball(form, lr, share), steps=steps),
    }
    told = moments(max(way.steps for way in walks.values()), 40)
    counts = _counts(one, form, lr, share)
    for now in told:
        caption = _caption(walks, now, steps)
        figures: tuple[Figure, ...] = (
            ground(
                one,
                walks,
                now=now,
                caption=f"{one.about}; {caption}",
                extra=_three(one, walks["ball"], now, form, share, lr),
            ),
            _across(one, walks, now),
            losses(walks, now=now),
            _limits(share, lr),
            _worked(walks["ball"], now, form, share, lr),
            _table(counts),
        )
        yield Frame(
            figures=figures, numbers=_numbers(walks, now, counts, share, lr), caption=caption, total=len(told)
        )


def _caption(walks: dict[str, Walk], now: int, steps: int) -> str:
    """Return what this moment is."""
    told = ", ".join(
        f"{name} {number(float(way.values[min(now, way.steps)]), 3)}" for name, way in walks.items()
    )
    gone = [f"{name} {way.ended}" for name, way in walks.items() if way.ended and now >= way.steps]
    return f"step {now} of {steps}: {gone[-1] if gone else f'L {told}'}"


def moved(way: Walk, now: int, form: str, share: float, lr: float) -> tuple[Vector, Vector, Vector]:
    """Return what the ball is moved by in the step that ends at ``now``: −ηg, λm, and the sum m.

    Args:
        way: Its walk.
        now: Steps made, 1 or more.
        form: How momentum is written.
        share: λ.
        lr: η.

    Returns:
        Three vectors, each of shape (d,), as moves of θ: in the averaged form −η(1 − β)g, −ηβm and −ηm.
    """
    kept = way.memory["m"]
    before = kept[now - 2] if now > 1 else np.zeros_like(kept[0])
    g = way.gradients[now - 1]
    if form == "averaged":
        return -lr * (1 - share) * g, -lr * share * before, -lr * kept[now - 1]
    return -lr * g, share * before, kept[now - 1]


def _three(surface: Surface, way: Walk, now: int, form: str, share: float, lr: float) -> list[Path]:
    """Return the three arrows at the point from which the last step was made, enlarged alike to be seen."""
    now = min(now, way.steps)
    if now == 0 or surface.dims != 2:
        return []
    parts = np.array(moved(way, now, form, share, lr))
    span = np.subtract(surface.high, surface.low)
    longest = float(np.linalg.norm(parts / span, axis=-1).max())
    scaled = parts * (REACH / longest if longest > 0 else 1.0)
    names = ("−ηg, the pull", "λm, the inertia", "m, the move")
    return [
        arrows(name, way.points[now - 1][None], one[None]) for name, one in zip(names, scaled, strict=True)
    ]


def _across(surface: Surface, walks: dict[str, Walk], now: int) -> Lines:
    """Return the last weight over the steps: it swings, and is damped."""
    name_of = weights(surface)[-1]
    return Lines(
        title=f"Across: {name_of}, step by step",
        series=tuple(
            Series(name=name, x=np.arange(float(len(one))), y=one)
            for name, one in ((name, way.points[: now + 1, -1]) for name, way in walks.items())
        ),
        x_label="step",
        y_label=name_of,
    )


def _limits(share: float, lr: float) -> Lines:
    """Return |m| under a gradient of 1 that keeps or changes its sign."""
    count = np.arange(1.0, 61.0)
    return Lines(
        title="|m| when g is always 1, and when it is 1 and −1 in turn",
        caption=f"limits η/(1 − λ) = {number(lr / (1 - share))} and η/(1 + λ) = {number(lr / (1 + share))}; "
        f"a plain step is {number(lr)}",
        series=tuple(
            Series(name=name, x=count, y=np.abs(pushed(share, lr, 60, alternating=turn)))
            for name, turn in (("same sign", False), ("alternating", True))
        ),
        x_label="step",
        y_label="|m|",
        levels=((lr, "plain step η"),),
    )


def _counts(surface: Surface, form: str, lr: float, share: float) -> dict[str, int | None]:
    """Return in how many steps each is down to a loss below 1e-6; None where it isn't in a few thousand."""
    most = 1000 if surface.name != "ravine" else 9000

    def count(rule: Rule) -> int | None:
        way = walk(surface, rule, steps=most, below=GOAL, remember=False)
        return way.steps if way.values[-1] < GOAL and not way.ended else None

    return {"plain": count(Gradient(lr=lr)), "ball": count(ball(form, lr, share))}


def _worked(way: Walk, now: int, form: str, share: float, lr: float) -> Steps:
    """Return the last step with its numbers."""
    now = min(now, way.steps)
    if now == 0:
        return Steps(title="Worked out: the last step", steps=(Step(formula="m = 0, nothing has moved yet"),))
    pull, inertia, move = moved(way, now, form, share, lr)
    lines = [
        Step(formula=f"g = {pair(way.gradients[now - 1])}, −η·g = {pair(pull)}", note="the pull"),
        Step(formula=f"λ·m = {pair(inertia)}", note="the inertia"),
        Step(formula=f"m = {pair(inertia)} + {pair(pull)} = {pair(move)}", note="the move"),
    ]
    if form == "nesterov":
        ahead = share * move + pull
        lines.append(Step(formula=f"λ·m − η·g = {pair(ahead)}", note="Nesterov moves by this"))
    lines.append(Step(formula=f"θ = {pair(way.points[now - 1])} → {pair(way.points[now])}"))
    return Steps(title="Worked out: the last step", steps=tuple(lines))


def _table(counts: dict[str, int | None]) -> Table:
    """Return how many steps each needs."""
    return Table(
        title="Steps to a loss below 1e-6 from here",
        columns=("", "steps"),
        rows=tuple((name, count) for name, count in counts.items()),
    )


def _numbers(
    walks: dict[str, Walk], now: int, counts: dict[str, int | None], share: float, lr: float
) -> dict[str, Number]:
    """Return what ``--json`` tells of one moment."""
    way = walks["ball"]
    found: dict[str, Number] = {
        "step": now,
        "fastest_step": lr / (1 - share),
        "damped_step": lr / (1 + share),
    }
    for name, one in walks.items():
        found |= {
            f"{name}_loss": float(one.values[min(now, one.steps)]),
            f"{name}_theta": one.points[min(now, one.steps)].tolist(),
            f"{name}_steps_to_1e-6": counts[name],
            f"{name}_ended": one.ended,
        }
    found["m"] = way.memory["m"][min(now, way.steps) - 1].tolist() if now and way.steps else [0.0, 0.0]
    return found


@momentum_ball.check
def moves_under_a_constant_pull() -> None:
    """G = 1, η = 0.1, λ = 0.9: m = −0.1, −0.19, −0.271, in the end −1 (notes 000a); g/(1 − λ) (notes 002a)."""
    moves = pushed(0.9, 0.1, 400, alternating=False)
    near("m", moves[:3], (-0.1, -0.19, -0.271), 1e-12)
    near("the limit", moves[-1], -1.0, 1e-12)
    frame = momentum_ball.last(lr=0.1, steps=1)
    near("the limit that is told", frame.numbers["fastest_step"], 1.0, 1e-12)


@momentum_ball.check
def moves_under_an_alternating_pull() -> None:
    """G = ±1 in turn, η = 0.1, λ = 0.9: |m| tends to 0.1/1.9 = 0.0526 instead of 0.1 (notes 000a)."""
    moves = pushed(0.9, 0.1, 400, alternating=True)
    near("the limit", abs(moves[-1]), 0.1 / 1.9, 1e-12)
    near("of the notes", abs(moves[-1]), 0.0526, 1e-4)


@momentum_ball.check
def steps_in_the_ravine() -> None:
    """½(x² + 100y²) from (−10, 1) to L < 1e-6: η = 0.01 in 882 and 162 steps, 0.001 in 8,860 and 803 (notes 000a)."""
    for lr, plain, rolled in ((0.01, 882, 162), (0.001, 8860, 803)):
        frame = momentum_ball.last(lr=lr, steps=1)
        found = (frame.numbers["plain_steps_to_1e-6"], frame.numbers["ball_steps_to_1e-6"])
        assert found == (plain, rolled), f"{found} steps at η = {lr}"


@momentum_ball.check
def same_as_torch() -> None:
    """Fifty steps of the classic form and of Nesterov's against torch.optim.SGD on Himmelblau, to 1e-10."""
    import torch

    for form in ("classic", "nesterov"):
        w = torch.tensor(himmelblau().start, dtype=torch.float64, requires_grad=True)
        optimiser = torch.optim.SGD([w], lr=0.002, momentum=0.9, nesterov=form == "nesterov")
        for _ in range(50):
            optimiser.zero_grad()
            ((w[0] ** 2 + w[1] - 11) ** 2 + (w[0] + w[1] ** 2 - 7) ** 2).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        found = walk(himmelblau(), ball(form, 0.002, 0.9), steps=50).points[-1]
        near(f"θ of {form}", found, w.detach().numpy(), 1e-10)


@momentum_ball.check
def averaged_form() -> None:
    """The averaged form at η is the classic one at η(1 − β); from (10, 1), η = 0.1, 200 steps: 1.59e-8 (notes, D15)."""
    way = walk(ravine(100), ball("averaged", 0.1, 0.9), (10.0, 1.0), 200)
    same = walk(ravine(100), ball("classic", 0.01, 0.9), (10.0, 1.0), 200)
    near("points", way.points, same.points, 1e-12)
    near("loss over 1.59e-8", way.values[-1] / 1.59e-8, 1, 5e-3)


@momentum_ball.check
def arrows_add_up() -> None:
    """At every step the solid arrow is the dashed one less η times the red one, and it is the move (notes 000a)."""
    for form in ("classic", "averaged"):
        way = walk(himmelblau(), ball(form, 0.003, 0.8), steps=20)
        for now in range(1, 21):
            pull, inertia, move = moved(way, now, form, 0.8, 0.003)
            near("m", move, inertia + pull, 1e-12)
            near("the move", move, way.points[now] - way.points[now - 1], 1e-12)
