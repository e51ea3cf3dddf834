"""Saddles: where the gradient vanishes and a way down is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from dltui.lab import Choice, Frame, Number, Slider, exhibit, near
from dltui.lab.geometry.saddle_figures import EDGE, Moment, caption, figures, inside
from dltui.lab.geometry.two_weights import curvature, descend, gradient, hessian, loss, verdict

MOMENTS = 40  # frames of a longer run


@exhibit(
    "two-weight-saddle",
    family="geometry",
    covers=("000a:two-weight-net", "000a:saddle-escape", "003:saddle", "003:hessian-escape"),
    kin={
        "dltui lab run stuck-points": "how many steps it takes to leave such places",
        "dltui lab run noise-escape": "noise as a way out of the same saddle",
        "dltui lab run newton-step": "Newton falls into the same saddle",
        "dltui hessian MODEL": "your own model's eigenvalues: a negative one is a way out",
        "dltui landscape MODEL": "scan the loss around your own model",
    },
    sources=("Dauphin et al. 2014, arXiv:1406.2572", "Goodfellow, Bengio, Courville 2016, ch. 8.2.3"),
)
def two_weight_saddle(
    mode: Annotated[
        str, Choice("descend", "escape", help="descend, or descend and then jump along v₋")
    ] = "descend",
    w1: Annotated[float, Slider(-2, 2, step=0.05, help="start w₁")] = 1.2,
    w2: Annotated[float, Slider(-2, 2, step=0.05, help="start w₂")] = -1.2,
    steps: Annotated[int, Slider(0, 500, help="steps of gradient descent")] = 40,
    lr: Annotated[float, Slider(0.001, 1, log=True, help="learning rate η")] = 0.1,
    noise: Annotated[float, Slider(0, 1, step=0.01, help="std σ of the gradient noise")] = 0.0,
    alpha: Annotated[
        float, Slider(-2, 2, step=0.05, help="length α of the jump along v₋ (mode escape)")
    ] = 1.0,
    seed: Annotated[int, Slider(0, 9999, help="seed of the noise")] = 0,
) -> Iterator[Frame]:
    """Gradient descent on L = (1 − w₁w₂)² stops at the saddle in the middle, though lower ground is near.

    Try: --mode escape jumps out along v₋; --noise 0.05 nudges it out; --w2 -1.1 passes the saddle by, slowly;
    --steps 500 alone does not help.
    Notice: where it stops the slope ‖g‖ is 0, as at a minimum, and only the Hessian tells them apart: its eigenvalue
    λ₋ is negative, and along v₋ the loss falls, forwards and backwards alike.

    A net with two weights, ŷ = w₁·w₂·x, shall turn x = 1 into 1. All its minima lie on the hyperbola w₁w₂ = 1.
    At the origin g = 0 and H = [[0, −2], [−2, 0]] with the eigenvalues −2, along (1, 1)/√2, and +2, along
    (1, −1)/√2: a saddle. A start with w₁ = −w₂ runs straight into it and stays.

    Escape: near a point L(w + αv) ≈ L(w) + α·gᵀv + ½α²·vᵀHv. Where g = 0 and v = v₋ is a unit eigenvector of a
    negative eigenvalue, vᵀHv = λ₋‖v‖² = λ₋, so ΔL ≈ ½α²λ₋ < 0 for either sign of α.

    What is right where notes differ: some write uᵀHu = −λ‖u‖². It is +λ‖u‖², with the factor ½ in the expansion;
    the loss falls because λ itself is negative. The model holds for small steps only: at the origin it promises
    −1 for α = 1, and the loss falls by 0.75.
    """
    way = descend((w1, w2), lr, steps, noise, seed)
    leaps = np.linspace(0, alpha, 11)[1:] if mode == "escape" and inside(way[-1]) else np.empty(0)
    moments = np.unique(np.linspace(0, len(way) - 1, min(len(way), MOMENTS)).astype(int))
    total = len(moments) + len(leaps)
    for last in moments:
        yield _frame(Moment(way[: last + 1], steps, lr, alpha), total)
    for leap in leaps:
        yield _frame(Moment(way, steps, lr, alpha, float(leap)), total)


def _frame(now: Moment, total: int) -> Frame:
    """Return pictures and numbers of one moment."""
    return Frame(figures=figures(now), numbers=_numbers(now), caption=caption(now), total=total)


def _numbers(now: Moment) -> dict[str, Number]:
    """Return what ``--json`` tells of one moment."""
    slope, bend = gradient(now.here), now.bend
    return {
        "step": len(now.way) - 1,
        "w": now.here.tolist(),
        "loss": float(loss(*now.here)),
        "gradient": slope.tolist(),
        "gradient_norm": float(np.linalg.norm(slope)),
        "hessian": hessian(now.here).tolist(),
        "eigenvalues": [bend.low, bend.high],
        "v_minus": bend.v_low.tolist(),
        "v_plus": bend.v_high.tolist(),
        "alpha": now.alpha,
        "delta_exact": now.true,
        "delta_model": now.promised,
        "w_after": now.there.tolist(),
        "loss_after": float(loss(*now.there)),
        "verdict": verdict(now.here),
    }


@two_weight_saddle.check
def origin_is_a_saddle() -> None:
    """Gradient 0 and H = [[0, −2], [−2, 0]] with λ = −2, 2 at the origin (notes 003, W25)."""
    shown = two_weight_saddle.last(w1=0, w2=0, steps=0).numbers
    near("g", shown["gradient"], (0, 0))
    near("H", shown["hessian"], ((0, -2), (-2, 0)))
    near("λ", shown["eigenvalues"], (-2, 2), 1e-12)
    near("v₋", shown["v_minus"], np.ones(2) / np.sqrt(2), 1e-12)
    assert shown["verdict"] == "saddle", f"the origin is called {shown['verdict']!r}, not a saddle"


@two_weight_saddle.check
def escape_from_the_origin() -> None:
    """ΔL along ±v₋ for α = 0.1, 0.5, 1: model −0.01, −0.25, −1; exact −0.009975, −0.234375, −0.75 (notes 000a)."""
    for alpha, model, exact in ((0.1, -0.01, -0.009975), (0.5, -0.25, -0.234375), (1.0, -1.0, -0.75)):
        for sign in (1, -1):
            shown = two_weight_saddle.last(mode="escape", w1=0, w2=0, alpha=sign * alpha).numbers
            near(f"model ΔL at α = {sign * alpha}", shown["delta_model"], model, 1e-12)
            near(f"exact ΔL at α = {sign * alpha}", shown["delta_exact"], exact, 1e-12)
            near(f"L after α = {sign * alpha}", shown["loss_after"], 1 + exact, 1e-12)


@two_weight_saddle.check
def loss_along_v() -> None:
    """L along (1, 1)/√2 is 0.990025, 0.25, 0 at 0.1, 1, √2; along (1, −1)/√2 it is 2.25 at 1 (notes 003, W25)."""
    for alpha, known in ((0.1, 0.990025), (1.0, 0.25), (np.sqrt(2), 0.0)):
        near(
            f"L at {alpha:.3g}",
            two_weight_saddle.last(mode="escape", w1=0, w2=0, alpha=alpha).numbers["loss_after"],
            known,
            1e-12,
        )
    across = curvature(np.zeros(2)).v_high
    near("L at 1 along v₊", loss(*across), 2.25, 1e-12)


@two_weight_saddle.check
def valley_and_slope() -> None:
    """λ at (1, 1): 0, 4; at (2, ½) and (½, 2): 0, 8.5; at (½, ½): −0.5, 1.5 with L 0.5625 and g (−0.75, −0.75)."""
    for w1, w2, low, high in ((1, 1, 0, 4), (2, 0.5, 0, 8.5), (0.5, 2, 0, 8.5), (0.5, 0.5, -0.5, 1.5)):
        near(
            f"λ at ({w1}, {w2})",
            two_weight_saddle.last(w1=w1, w2=w2, steps=0).numbers["eigenvalues"],
            (low, high),
            1e-12,
        )
    half = two_weight_saddle.last(w1=0.5, w2=0.5, steps=0).numbers
    near("L at (½, ½)", half["loss"], 0.5625)
    near("g at (½, ½)", half["gradient"], (-0.75, -0.75))


@two_weight_saddle.check
def descent_from_four_starts() -> None:
    """η = 0.1: (0, 0) stays; (.001, .001) reaches (1, 1) in 52 steps; (1, −1), (.3, −.3) end in the saddle (D16)."""
    near("end from (0, 0)", two_weight_saddle.last(w1=0, w2=0, lr=0.1, steps=200).numbers["w"], (0, 0))
    near(
        "end from (.001, .001)",
        two_weight_saddle.last(w1=0.001, w2=0.001, lr=0.1, steps=200).numbers["w"],
        (1, 1),
        1e-6,
    )
    way = descend((0.001, 0.001), lr=0.1, steps=200)
    assert int(np.argmax(loss(*way.T) < 1e-6)) == 52, "from (.001, .001) L < 1e-6 is not reached at step 52"
    for start in (1.0, 0.3):
        near(
            f"end from ({start}, −{start})",
            two_weight_saddle.last(w1=start, w2=-start, lr=0.1, steps=200).numbers["w"],
            (0, 0),
            1e-9,
        )


@two_weight_saddle.check
def derivatives_by_autograd() -> None:
    """The gradient and H at twenty random points against torch.autograd, to 1e-12."""
    import torch

    for point in np.random.default_rng(0).uniform(-EDGE, EDGE, (20, 2)):
        w = torch.tensor(point, requires_grad=True)
        (slope,) = torch.autograd.grad((1 - w[0] * w[1]) ** 2, w, create_graph=True)
        rows = [torch.autograd.grad(part, w, retain_graph=True)[0].numpy() for part in slope]
        near("g", gradient(point), slope.detach().numpy(), 1e-12)
        near("H", hessian(point), rows, 1e-12)


@two_weight_saddle.check
def derivatives_by_differences() -> None:
    """The gradient and H at twenty random points against central differences, h = 1e-5, to 1e-6."""
    h = 1e-5
    for point in np.random.default_rng(1).uniform(-EDGE, EDGE, (20, 2)):
        ends = [(point + h * e, point - h * e) for e in np.eye(2)]
        near("g", gradient(point), [(loss(*a) - loss(*b)) / (2 * h) for a, b in ends], 1e-6)
        near("H", hessian(point), [(gradient(a) - gradient(b)) / (2 * h) for a, b in ends], 1e-6)


@two_weight_saddle.check
def descent_like_torch() -> None:
    """Forty steps of descent against torch.optim.SGD on the same loss, to 1e-12."""
    import torch

    w = torch.tensor([1.2, -1.15], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.SGD([w], lr=0.05)
    for _ in range(40):
        optimiser.zero_grad()
        ((1 - w[0] * w[1]) ** 2).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    near(
        "w after 40 steps",
        two_weight_saddle.last(w1=1.2, w2=-1.15, lr=0.05, steps=40).numbers["w"],
        w.detach().numpy(),
        1e-12,
    )
