"""Features on unequal scales bend the loss into a valley; standardised they make it round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from dltui.figures import Heatmap, Lines, Mark, Path, Series, Steps, Table, number
from dltui.lab import Frame, Number, Slider, exhibit, near
from dltui.lab.geometry.maps import named_ends
from dltui.lab.written import written

Array = NDArray[np.float64]

NIL = 1e-9  # what is left of the loss is called nothing below this
WAYS = ("raw", "centred", "standardised")
FEATURES = ("area", "bedrooms", "location")
PRICE = np.array([2.0, 30.0, 12.0])  # thousands a square metre, a bedroom, a point of location
HOUSES, SEED, FRAMES, CELLS = 200, 1, 12, 61
DONE = 1e-6  # share of the first loss at which a descent is done


@dataclass(frozen=True)
class Valley:
    """The loss L = mean((Dw − t)²) for one way of preparing the features, its least value 0 at ``best``.

    Attributes:
        name: What was done with the features.
        data: The features D, shape (houses, 3).
        best: The weights that give every price, shape (3,).
    """

    name: str
    data: Array
    best: Array

    @property
    def hessian(self) -> Array:
        """H = 2DᵀD/R, shape (3, 3)."""
        found: Array = 2 * self.data.T @ self.data / len(self.data)
        return found

    @property
    def eigenvalues(self) -> Array:
        """Of the Hessian, rising."""
        return np.asarray(np.linalg.eigvalsh(self.hessian))

    @property
    def condition(self) -> float:
        """λ_max/λ_min."""
        low, *_, high = self.eigenvalues
        return float(high / low)

    @property
    def stable(self) -> float:
        """The learning rate 2/λ_max beyond which descent runs away."""
        return float(2 / self.eigenvalues[-1])

    def loss(self, w: Array) -> Array:
        """Return L at each point of ``w``, shape (…, 3)."""
        away = w - self.best
        found: Array = 0.5 * ((away @ self.hessian) * away).sum(-1)
        return found

    @property
    def best_rate(self) -> float:
        """The learning rate 2/(λ_max + λ_min) at which the slowest part shrinks fastest."""
        low, *_, high = self.eigenvalues
        return float(2 / (low + high))

    def factors(self, rate: float, steps: Array) -> Array:
        """Return (1 − ηλ)ᵗ for each step and eigenvalue, shape (steps, 3); ∞ where it is too large for a number."""
        with np.errstate(over="ignore"):
            found = (1 - rate * self.eigenvalues) ** np.asarray(steps, float)[:, None]
        return np.asarray(found)

    def descend(self, rate: float, steps: Array) -> Array:
        """Return where descent from w = 0 is after each of some steps: w* − (I − ηH)ᵗw*, shape (steps, 3)."""
        _, vectors = np.linalg.eigh(self.hessian)
        found: Array = self.best - (self.factors(rate, steps) * (vectors.T @ self.best)) @ vectors.T
        return found

    def left(self, rate: float, steps: Array) -> Array:
        """Return the share of the first loss that is left after each of some steps."""
        values, vectors = np.linalg.eigh(self.hessian)
        parts = values * (vectors.T @ self.best) ** 2
        with np.errstate(over="ignore"):
            found: Array = self.factors(rate, steps) ** 2 @ (parts / parts.sum())
        return found

    def until_done(self, rate: float) -> int | None:
        """Return after how many steps the loss is a millionth of the first; None where it never is."""
        high = 1
        while self.left(rate, np.array([high]))[0] >= DONE:
            high *= 2
            if high > 1e9:
                return None
        low = high // 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.left(rate, np.array([middle]))[0] < DONE else (middle, high)
        return high


def houses(scale: float = 1.0) -> Array:
    """Return area, bedrooms and location of 200 made-up houses, the area times ``scale``."""
    draw = np.random.default_rng(SEED)
    area = draw.uniform(50, 400, HOUSES)
    return np.stack(
        (scale * area, draw.integers(1, 6, HOUSES).astype(float), draw.uniform(0, 10, HOUSES)), -1
    )


def valleys(scale: float = 1.0) -> dict[str, Valley]:
    """Return the loss over the weights of raw, centred and standardised features."""
    raw = houses(scale)
    price = PRICE / (scale, 1, 1)
    centred, spread = raw - raw.mean(0), raw.std(0)
    parts = ((raw, price), (centred, price), (centred / spread, price * spread))
    return {name: Valley(name, *part) for name, part in zip(WAYS, parts, strict=True)}


@exhibit(
    "feature-scale-valley",
    family="geometry",
    covers=("000b:scale-landscape", "000b:zigzag-gd"),
    kin={
        "dltui lab run ill-conditioned-stall": "what such a valley does to loss and gradient norm",
        "dltui lab run ravine-zigzag": "plain descent in such a valley, step by step",
        "dltui lab run newton-step": "a step that does not mind the scales",
        "dltui hessian MODEL": "the condition number of your own loss",
    },
    sources=("LeCun, Bottou, Orr, Müller 1998, Efficient BackProp",),
)
def feature_scale_valley(
    scale: Annotated[
        float, Slider(0.001, 100, log=True, help="what the area is multiplied by: its unit")
    ] = 1.0,
    share: Annotated[
        float, Slider(0.05, 2, step=0.05, help="learning rate as a share of 2/(λ_max + λ_min)")
    ] = 1.0,
    steps: Annotated[int, Slider(1, 200, help="steps of descent")] = 30,
) -> Iterator[Frame]:
    """The loss over the weights of area and bedrooms, for raw, centred and standardised features.

    Try: --scale 0.01 measures the area in hundreds and rounds the valley by itself; --share 1.05 is stable only
    where it is round.
    Notice: raw, it is a slit: the steep weight sets the learning rate and the flat ones wait for ten thousands of
    steps; standardised, it is round and done in a few.

    L = mean((Dw − t)²) over 200 houses of 50 to 400 m², 1 to 5 bedrooms and a location of 0 to 10, H = 2DᵀD/R. Across
    the weight of a large feature the contours are dense, along that of a small one wide. Centring takes the mean out,
    (x − m)/σ also the scale; what is left of the condition number λ_max/λ_min comes of correlation.

    The largest rate that is stable is 2/λ_max. At 2/(λ_max + λ_min) all that is left shrinks at least as fast as
    (κ − 1)/(κ + 1) a step: descent goes from wall to wall in the slit, and straight to the minimum where it is round.
    """
    found = valleys(scale)
    fixed = (_counts(found, share), _table(found, share))
    for k in range(FRAMES + 1):
        yield _frame(found, share, round(steps * k / FRAMES), fixed)


def _frame(found: dict[str, Valley], share: float, last: int, fixed: tuple[Lines, Table]) -> Frame:
    """Return pictures and numbers after so many steps."""
    ends = {name: float(one.left(share * one.best_rate, np.array([last]))[0]) for name, one in found.items()}
    numbers: dict[str, Number] = {"step": last}
    for name, one in found.items():
        numbers |= {
            f"{name}_condition": one.condition,
            f"{name}_eigenvalues": one.eigenvalues.tolist(),
            f"{name}_stable": one.stable,
            f"{name}_loss_share": ends[name],
            f"{name}_steps": one.until_done(share * one.best_rate),
        }
    left = ", ".join(f"{name} {number(ends[name], 2) if ends[name] > NIL else '≈ 0'}" for name in WAYS)
    return Frame(
        figures=(*(_map(one, share, last) for one in found.values()), *fixed, _worked(found, share)),
        numbers=numbers,
        caption=f"step {last}: L/L₀ {left}",
        total=FRAMES + 1,
    )


def _worked(found: dict[str, Valley], share: float) -> Steps:
    """Return condition number and factor of a step with the numbers put in."""
    lines = []
    for name, one in found.items():
        low, high = (number(float(one.eigenvalues[place])) for place in (0, -1))
        lines.append((f"κ = λ_max/λ_min = {high}/{low} = {number(one.condition)}", name))
        factors = np.abs(1 - share * one.best_rate * one.eigenvalues)
        lines.append((
            f"slowest factor of a step max|1 − ηλ| = {factors.max():.7g}",
            f"η = {number(share * one.best_rate)}",
        ))
    return written(*lines)


def _map(one: Valley, share: float, last: int) -> Heatmap:
    """Return the loss over two weights, both on one scale, the third at its best, and the way so far."""
    reach = 1.3 * float(np.abs(one.best[:2]).max())
    axis = np.linspace(-reach, reach, CELLS)
    w1, w2 = np.meshgrid(axis + one.best[0], axis + one.best[1])
    values = one.loss(np.stack((w1, w2, np.full_like(w1, one.best[2])), -1))
    way = one.descend(share * one.best_rate, np.arange(last + 1.0))
    on = np.all(np.abs(way[:, :2] - one.best[:2]) <= reach, axis=1)
    seen = np.where(on[:, None], way[:, :2], np.nan)
    return Heatmap(
        title=f"{one.name.capitalize()}: condition number {number(one.condition)}",
        values=values,
        x=axis + one.best[0],
        y=axis + one.best[1],
        x_label="w of area",
        y_label="w of bedrooms",
        value_label="L",
        scale="symlog",
        contours=True,
        paths=(Path(name=f"{last} steps of descent", x=seen[:, 0], y=seen[:, 1]),),
        marks=(*named_ends(seen), Mark(name="minimum", x=float(one.best[0]), y=float(one.best[1]))),
    )


def _counts(found: dict[str, Valley], share: float) -> Lines:
    """Return the loss over the steps, both in powers."""
    steps = np.unique(np.geomspace(1, 1e6, 200).round())
    series = []
    for name, one in found.items():
        left = one.left(share * one.best_rate, steps)
        series.append(Series(name=name, x=steps, y=np.clip(left, 1e-9, 1e9)))
    return Lines(
        title="Share of the loss that is left",
        caption="drawn between 10⁻⁹ and 10⁹",
        series=tuple(series),
        x_label="step",
        y_label="L/L₀",
        x_scale="log",
        y_scale="log",
    )


def _table(found: dict[str, Valley], share: float) -> Table:
    """Return eigenvalues and steps."""
    rows = []
    for name, one in found.items():
        low, _, high = one.eigenvalues
        steps = one.until_done(share * one.best_rate)
        rows.append((
            name,
            float(low),
            float(high),
            number(one.condition),
            one.stable,
            "never" if steps is None else f"{steps:,}",
        ))
    return Table(
        title="The three in numbers",
        caption=f"steps: until a millionth of the loss is left, at η = {share:g}·2/(λ_max + λ_min)",
        columns=("features", "λ_min", "λ_max", "condition", "2/λ_max", "steps"),
        rows=tuple(rows),
    )


@feature_scale_valley.check
def condition_numbers_of_the_notes() -> None:
    """200 houses, numpy seed 1: 21,410.65 raw, 4,405.63 centred, 1.0686 standardised (notes 000b)."""
    frame = feature_scale_valley.last()
    for name, known in (("raw", 21_410.65), ("centred", 4_405.63), ("standardised", 1.0686)):
        near(name, float(str(frame.numbers[f"{name}_condition"])) / known, 1, 1e-4)


@feature_scale_valley.check
def descends_like_torch() -> None:
    """Forty steps by torch.optim.SGD on the mean squared error against the closed form, to 1e-9; Hessian likewise."""
    import torch

    for name, one in valleys().items():
        data, target = torch.from_numpy(one.data), torch.from_numpy(one.data @ one.best)
        w = torch.zeros(3, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([w], 0.9 * one.best_rate)
        for _ in range(40):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(data @ w, target).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        near(f"w, {name}", one.descend(0.9 * one.best_rate, np.array([40]))[0], w.detach().numpy(), 1e-9)


@feature_scale_valley.check
def rate_at_its_limit() -> None:
    """Below 2/λ_max the loss falls, beyond it rises without end, for all three (notes 000b)."""
    for name, one in valleys().items():
        assert one.left(0.99 * one.stable, np.array([3000]))[0] < 1, name
        assert one.left(1.01 * one.stable, np.array([3000]))[0] > 1e6, name


@feature_scale_valley.check
def standardised_needs_fewer_steps() -> None:
    """At the best rate of each, steps until a millionth fall thrice by centring and a hundredfold by scaling (000b)."""
    steps = {name: one.until_done(one.best_rate) for name, one in valleys().items()}
    assert (steps["raw"] or 0) > 3 * (steps["centred"] or 0) > 300 * (steps["standardised"] or 1e9), steps
