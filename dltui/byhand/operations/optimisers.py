"""Steps of optimisers: what becomes of a few weights when gradients come in one after the other."""

from __future__ import annotations

from collections.abc import Callable

from dltui.byhand.functions import number, sqrt
from dltui.byhand.operation import Fixed, operation
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Tensor
from dltui.byhand.value import Value

EXAMPLE = {"weight": [1, -2], "gradient": [[0.5, -1], [0.4, -0.8], [0.3, -0.7]]}
SYMBOLS = {"weight": "w", "gradient": "g"}
# what one step makes of one weight: (weight, gradient, step from 1 on, place) → the new weight
Rule = Callable[[Value, Value, int, tuple[int, int]], Value]


@operation(
    formula="bₜ = μ·bₜ₋₁ + (1 − τ)·dₜ, d = g + λ·w, w ← w − η·b; Nesterov: w − η·(d + μ·b)",
    examples={"plain": EXAMPLE, "momentum": EXAMPLE | {"momentum": 0.9}},
    remarks={"momentum": "in torch the first step takes the gradient itself, whatever τ is"},
    symbols=SYMBOLS,
)
def sgd(
    sheet: Sheet,
    weight: Fixed,
    gradient: Fixed,
    *,
    lr: float = 0.1,
    momentum: float = 0.0,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
) -> Tensor:
    """Stochastic gradient descent: a step against the gradient, with or without a memory of earlier steps.

    Args:
        sheet: Where it is worked.
        weight: (weights).
        gradient: (steps, weights).
        lr: Learning rate η.
        momentum: Share μ of the last direction that is kept.
        dampening: Share τ of the gradient that is left out of the direction.
        weight_decay: Pull λ of weights towards 0.
        nesterov: Look ahead by the direction, too.

    Returns:
        (steps, weights): the weights after each step.
    """
    _positive(lr=lr, momentum=momentum, weight_decay=weight_decay)
    if nesterov and (momentum <= 0 or dampening != 0):
        refuse(
            "nesterov",
            "nesterov needs a momentum above 0 and a dampening of 0",
            "Nesterov momentum requires a momentum and zero dampening",
        )
    decayed = _decayed(sheet, gradient, weight_decay)
    b = sheet.tensor("b", _shape(gradient)) if momentum else None

    def rule(w: Value, g: Value, t: int, at: tuple[int, int]) -> Value:
        d = decayed(w, g, at)
        if b is None:
            return w - number(lr, "η") * d
        if t == 1:
            sheet.note("the first direction is the gradient")
            b[at] = d
        else:
            b[at] = number(momentum, "μ") * b[t - 2, at[1]] + _less(dampening, "τ", d)
        step = d + number(momentum, "μ") * b[at] if nesterov else b[at]
        return w - number(lr, "η") * step

    return _walk(sheet, weight, gradient, rule)


@operation(
    formula="sₜ = sₜ₋₁ + dₜ², w ← w − ηₜ·d/(√s + ε), ηₜ = η/(1 + (t − 1)·decay)",
    examples={"plain": EXAMPLE},
    symbols=SYMBOLS,
)
def adagrad(
    sheet: Sheet,
    weight: Fixed,
    gradient: Fixed,
    *,
    lr: float = 0.01,
    lr_decay: float = 0.0,
    weight_decay: float = 0.0,
    eps: float = 1e-10,
) -> Tensor:
    """AdaGrad: every weight has a rate of its own, smaller the more its gradients were.

    Args:
        sheet: Where it is worked.
        weight: (weights).
        gradient: (steps, weights).
        lr: Learning rate η.
        lr_decay: How fast η itself falls with the steps.
        weight_decay: Pull λ of weights towards 0.
        eps: ε, keeps the denominator from 0.

    Returns:
        (steps, weights): the weights after each step.
    """
    _positive(lr=lr, lr_decay=lr_decay, weight_decay=weight_decay, eps=eps)
    decayed, s = _decayed(sheet, gradient, weight_decay), sheet.tensor("s", _shape(gradient))

    def rule(w: Value, g: Value, t: int, at: tuple[int, int]) -> Value:
        d = decayed(w, g, at)
        s[at] = d**2 if t == 1 else s[t - 2, at[1]] + d**2
        rate = number(lr / (1 + (t - 1) * lr_decay), "η")
        return w - rate * d / (sqrt(s[at]) + number(eps, "ε"))

    return _walk(sheet, weight, gradient, rule)


@operation(
    formula="vₜ = α·vₜ₋₁ + (1 − α)·dₜ², w ← w − η·d/(√v + ε); centered: √(v − m²), m the mean of d",
    examples={"plain": EXAMPLE},
    symbols=SYMBOLS,
)
def rmsprop(
    sheet: Sheet,
    weight: Fixed,
    gradient: Fixed,
    *,
    lr: float = 0.01,
    alpha: float = 0.99,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum: float = 0.0,
    centered: bool = False,
) -> Tensor:
    """RMSProp: like AdaGrad, but old gradients are forgotten.

    Args:
        sheet: Where it is worked.
        weight: (weights).
        gradient: (steps, weights).
        lr: Learning rate η.
        alpha: Share α of the mean of squares that is kept.
        eps: ε, keeps the denominator from 0.
        weight_decay: Pull λ of weights towards 0.
        momentum: Share μ of the last direction that is kept.
        centered: Divide by the standard deviation instead of the root mean square.

    Returns:
        (steps, weights): the weights after each step.
    """
    _positive(lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum)
    shape = _shape(gradient)
    decayed, v = _decayed(sheet, gradient, weight_decay), sheet.tensor("v", shape)
    m = sheet.tensor("m", shape) if centered else None
    b = sheet.tensor("b", shape) if momentum else None

    def rule(w: Value, g: Value, t: int, at: tuple[int, int]) -> Value:
        d = decayed(w, g, at)
        v[at] = _mean(alpha, "α", v[t - 2, at[1]] if t > 1 else None, d**2)
        spread = sqrt(v[at])
        if m is not None:
            m[at] = _mean(alpha, "α", m[t - 2, at[1]] if t > 1 else None, d)
            spread = sqrt(v[at] - m[at] ** 2)
        step = d / (spread + number(eps, "ε"))
        if b is None:
            return w - number(lr, "η") * step
        b[at] = step if t == 1 else number(momentum, "μ") * b[t - 2, at[1]] + step
        return w - number(lr, "η") * b[at]

    return _walk(sheet, weight, gradient, rule)


@operation(
    formula="vₜ = ρ·vₜ₋₁ + (1 − ρ)·dₜ², Δ = √(uₜ₋₁ + ε)/√(vₜ + ε)·d, uₜ = ρ·uₜ₋₁ + (1 − ρ)·Δ², w ← w − η·Δ",
    examples={"plain": EXAMPLE},
    symbols=SYMBOLS,
)
def adadelta(
    sheet: Sheet,
    weight: Fixed,
    gradient: Fixed,
    *,
    lr: float = 1.0,
    rho: float = 0.9,
    eps: float = 1e-6,
    weight_decay: float = 0.0,
) -> Tensor:
    """AdaDelta: steps as large as earlier steps were, so that no rate need be chosen.

    Args:
        sheet: Where it is worked.
        weight: (weights).
        gradient: (steps, weights).
        lr: Factor η of every step.
        rho: Share ρ of the means of squares that is kept.
        eps: ε, what the first step begins with.
        weight_decay: Pull λ of weights towards 0.

    Returns:
        (steps, weights): the weights after each step.
    """
    _positive(lr=lr, rho=rho, eps=eps, weight_decay=weight_decay)
    shape = _shape(gradient)
    decayed = _decayed(sheet, gradient, weight_decay)
    v, delta, u = sheet.tensor("v", shape), sheet.tensor("Δ", shape), sheet.tensor("u", shape)

    def rule(w: Value, g: Value, t: int, at: tuple[int, int]) -> Value:
        d, small = decayed(w, g, at), number(eps, "ε")
        v[at] = _mean(rho, "ρ", v[t - 2, at[1]] if t > 1 else None, d**2)
        before = sqrt(u[t - 2, at[1]] + small) if t > 1 else sqrt(small)
        delta[at] = before / sqrt(v[at] + small) * d
        u[at] = _mean(rho, "ρ", u[t - 2, at[1]] if t > 1 else None, delta[at] ** 2)
        return w - number(lr, "η") * delta[at]

    return _walk(sheet, weight, gradient, rule)


ADAM = "mₜ = β₁·mₜ₋₁ + (1 − β₁)·d, vₜ = β₂·vₜ₋₁ + (1 − β₂)·d², m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ), "


@operation(formula=ADAM + "w ← w − η·m̂/(√v̂ + ε), d = g + λ·w", examples={"plain": EXAMPLE}, symbols=SYMBOLS)
def adam(
    sheet: Sheet,
    weight: Fixed,
    gradient: Fixed,
    *,
    lr: float = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> Tensor:
    """Adam: mean gradient over root mean square, both without the zeros that they began with.

    Args:
        sheet: Where it is worked.
        weight: (weights).
        gradient: (steps, weights).
        lr: Learning rate η.
        beta1: Share β₁ of the mean gradient that is kept.
        beta2: Share β₂ of the mean square that is kept.
        eps: ε, keeps the denominator from 0.
        weight_decay: Pull λ of weights towards 0, part of the gradient.

    Returns:
        (steps, weights): the weights after each step.
    """
    _positive(lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay)
    decayed = _decayed(sheet, gradient, weight_decay)
    moved = _moments(sheet, gradient, beta1, beta2)

    def rule(w: Value, g: Value, t: int, at: tuple[int, int]) -> Value:
        m, v = moved(decayed(w, g, at), t, at)
        return w - number(lr, "η") * m / (sqrt(v) + number(eps, "ε"))

    return _walk(sheet, weight, gradient, rule)


@operation(
    formula=ADAM + "w ← (1 − η·λ)·w − η·m̂/(√v̂ + ε), d = g", examples={"plain": EXAMPLE}, symbols=SYMBOLS
)
def adamw(
    sheet: Sheet,
    weight: Fixed,
    gradient: Fixed,
    *,
    lr: float = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> Tensor:
    """AdamW: Adam whose weight decay is no part of the gradient, so that it is not divided by its size.

    Args:
        sheet: Where it is worked.
        weight: (weights).
        gradient: (steps, weights).
        lr: Learning rate η.
        beta1: Share β₁ of the mean gradient that is kept.
        beta2: Share β₂ of the mean square that is kept.
        eps: ε, keeps the denominator from 0.
        weight_decay: Pull λ of weights towards 0.

    Returns:
        (steps, weights): the weights after each step.
    """
    _positive(lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay)
    moved = _moments(sheet, gradient, beta1, beta2)

    def rule(w: Value, g: Value, t: int, at: tuple[int, int]) -> Value:
        m, v = moved(g, t, at)
        kept = (1 - number(lr, "η") * number(weight_decay, "λ")) * w if weight_decay else w
        return kept - number(lr, "η") * m / (sqrt(v) + number(eps, "ε"))

    return _walk(sheet, weight, gradient, rule)


def _walk(sheet: Sheet, weight: Tensor, gradient: Tensor, rule: Rule) -> Tensor:
    """Write every step of every weight and return where they went."""
    steps, count = _shape(gradient)
    if weight.shape != (count,) and not (weight.shape == () and count == 1):
        refuse("weight", f"weight must have shape ({count},) as a row of gradient has, not {weight.shape}")
    slopes, new = gradient.view(steps, count), sheet.tensor("next", (steps, count), "w′")
    for t in range(1, steps + 1):
        for i in range(count):
            sheet.heading(f"step {t}")
            new[t - 1, i] = rule(new[t - 2, i] if t > 1 else weight.cells[i], slopes[t - 1, i], t, (t - 1, i))
    return new


def _shape(gradient: Tensor) -> tuple[int, int]:
    """Return how many steps and how many weights there are."""
    if len(gradient.shape) > 2 or not gradient.cells:
        refuse("gradient", f"gradient must have shape (steps, weights), not {gradient.shape}")
    return gradient.shape if len(gradient.shape) == 2 else (1, len(gradient.cells))


def _decayed(
    sheet: Sheet, gradient: Tensor, weight_decay: float
) -> Callable[[Value, Value, tuple[int, int]], Value]:
    """Return what adds the weight decay to a gradient, on a line of its own where there is any."""
    if not weight_decay:
        return lambda w, g, at: g  # noqa: ARG005
    d = sheet.tensor("d", _shape(gradient))

    def decayed(w: Value, g: Value, at: tuple[int, int]) -> Value:
        d[at] = g + number(weight_decay, "λ") * w
        return d[at]

    return decayed


def _moments(
    sheet: Sheet, gradient: Tensor, beta1: float, beta2: float
) -> Callable[[Value, int, tuple[int, int]], tuple[Value, Value]]:
    """Return what writes both means and returns them without their zeros."""
    shape = _shape(gradient)
    m, v = sheet.tensor("m", shape), sheet.tensor("v", shape)
    straight, square = sheet.tensor("mhat", shape, "m̂"), sheet.tensor("vhat", shape, "v̂")

    def moved(d: Value, t: int, at: tuple[int, int]) -> tuple[Value, Value]:
        m[at] = _mean(beta1, "β₁", m[t - 2, at[1]] if t > 1 else None, d)
        v[at] = _mean(beta2, "β₂", v[t - 2, at[1]] if t > 1 else None, d**2)
        straight[at] = m[at] / (1 - number(beta1, "β₁") ** number(t))
        square[at] = v[at] / (1 - number(beta2, "β₂") ** number(t))
        return straight[at], square[at]

    return moved


def _mean(keep: float, symbol: str, before: Value | None, now: Value) -> Value:
    """Return a running mean, begun with 0."""
    fresh = _less(keep, symbol, now)
    return fresh if before is None else number(keep, symbol) * before + fresh


def _less(share: float, symbol: str, value: Value) -> Value:
    """Return (1 − share) of a value; the value where the share is 0."""
    return (1 - number(share, symbol)) * value if share else value


def _positive(**settings: float) -> None:
    """Refuse a setting below 0, and a share that is not below 1."""
    said = {
        "lr": "learning rate",
        "eps": "epsilon value",
        "momentum": "momentum value",
        "alpha": "alpha value",
    }
    for name, value in settings.items():
        if not value >= 0:
            text = said.get(name, f"{name} value")
            refuse(name, f"{name} must be 0 or more, not {value}", f"Invalid {text}: {value}")
        if name == "rho" and value > 1:
            refuse(name, f"rho must be at most 1, not {value}", f"Invalid rho value: {value}")
        if name in {"beta1", "beta2"} and value >= 1:
            place = int(name[-1]) - 1
            refuse(
                name,
                f"{name} must be below 1, not {value}",
                f"Invalid beta parameter at index {place}: {value}",
            )
