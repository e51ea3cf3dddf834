"""Skips: a way around each layer on which the gradient arrives whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import numpy as np

from dltui.figures import Lines, Series, Step, Steps, Table, number
from dltui.lab import Choice, Frame, Number, Slider, exhibit, near
from dltui.lab.geometry.chain import chain

if TYPE_CHECKING:
    from dltui.lab.geometry.deep import Trained

DEEP, TAIL = 50, 10  # neurons of the longest chain, batches over which the last loss is averaged
KINDS = ("plain", "residual")


@exhibit(
    "skip-highway",
    family="geometry",
    covers=(
        "000a:skip-connection", "000b:residual", "000b:residual-why", "002a:residual-gradient-flow",
        "004:skip-connection", "004:residual",
    ),
    kin={
        "dltui lab run chain-product": "the plain chain, factor by factor",
        "dltui lab run identity-block": "why doing nothing is easy with a skip",
        "dltui lab run landscape-slice": "the loss around deep networks with and without skips",
        "dltui lab run degradation": "plain and residual stacks of 8, 20 and 56 layers",
        "dltui gradients MODEL": "gradient norms of a network of your own, layer by layer",
    },
    sources=("He et al. 2016, arXiv:1512.03385", "Veit, Wilber, Belongie 2016, arXiv:1605.06431"),
)  # fmt: skip
def skip_highway(
    depth: Annotated[int, Slider(2, 30, help="layers of both stacks")] = 20,
    activation: Annotated[
        str, Choice("sigmoid", "tanh", "relu", help="activation of both stacks")
    ] = "sigmoid",
    w: Annotated[float, Slider(-2, 2, step=0.1, help="weight of the chain of neurons")] = 1.0,
    steps: Annotated[int, Slider(1, 100, help="steps of training")] = 60,
    lr: Annotated[float, Slider(0.0003, 0.03, log=True, help="learning rate of Adam")] = 0.01,
    seed: Annotated[int, Slider(0, 9999, help="seed of weights and batches")] = 0,
) -> Iterator[Frame]:
    """Two stacks of equal depth, one with a skip around every layer: gradient by layer, and loss.

    Try: --activation tanh, where Xavier's weights keep the plain gradient and it learns, only later; --depth 2; --w 2.
    Notice: without skips the gradient shrinks from layer to layer on its way back, to a millionth of a millionth; with
    them the first layer hears about as much as the last, and the stack learns at once.

    Plain: z ← F(z), and the gradient passes a product of Jacobians F′. Residual: z ← z + F(z), added, not joined, and
    each factor is I + F′: multiplied out, one of the terms is I, the way that no layer is on. Where a layer is of no
    use, F = 0 is enough, and gives x bit for bit.

    The chain: one neuron a layer, z ← σ(wz) or z ← z + σ(wz), its first weight's gradient over the depth. The factor
    1 + w·σ′ can exceed 1: a skip stops the gradient from vanishing, not from growing. Other skips join their ends
    instead of adding (U-Net, DenseNet); that they "solve" exploding gradients is more than they do.
    """
    chains = _chains(w)
    found: dict[str, Trained] = {}
    yield _frame(chains, w, found)
    from dltui.lab.geometry.deep import trained

    for kind in KINDS:
        found[kind] = trained(depth, activation, steps, lr, seed, skip=kind == "residual")
        yield _frame(chains, w, found)


def _chains(w: float) -> dict[str, np.ndarray]:
    """Return |∂z_l/∂w₁| of both chains for l = 1 … 50."""
    return {
        kind: np.abs(np.cumprod(chain(DEEP, w, 0.0, "sigmoid", skip=kind == "residual").factors))
        for kind in KINDS
    }


def _frame(chains: dict[str, np.ndarray], w: float, found: dict[str, Trained]) -> Frame:
    """Return pictures and numbers with as many stacks as have been trained."""
    numbers: dict[str, Number] = {}
    for kind, sizes in chains.items():
        numbers |= {f"{kind}_chain_20": float(sizes[19]), f"{kind}_chain_50": float(sizes[49])}
    for kind, one in found.items():
        numbers |= {
            f"{kind}_first_over_last": float(one.norms[0] / one.norms[-1]),
            f"{kind}_norms": one.norms.tolist(),
            f"{kind}_loss": float(one.losses[-TAIL:].mean()),
        }
    told = ", ".join(f"{kind} {number(float(one.losses[-TAIL:].mean()), 3)}" for kind, one in found.items())
    stacks = (_norms(found), _losses(found)) if found else ()
    return Frame(
        figures=(*stacks, _chain(chains), _factors(w), _table(found, chains)),
        numbers=numbers,
        caption=f"last loss: {told}" if told else "the chain of neurons; the stacks are trained next",
        total=1 + len(KINDS),
    )


def _norms(found: dict[str, Trained]) -> Lines:
    """Return the gradient norm of each layer at the first step."""
    return Lines(
        title="Gradient norm by layer, at the first step",
        caption="layer 1 is nearest to the input",
        series=tuple(
            Series(
                name=kind, x=np.arange(1.0, len(one.norms) + 1), y=np.where(one.norms > 0, one.norms, np.nan)
            )
            for kind, one in found.items()
        ),
        x_label="layer",
        y_label="‖∂L/∂W‖",
        y_scale="log",
    )


def _losses(found: dict[str, Trained]) -> Lines:
    """Return the loss of both stacks."""
    return Lines(
        title="Loss on each batch",
        series=tuple(
            Series(name=kind, x=np.arange(float(len(one.losses))), y=one.losses)
            for kind, one in found.items()
        ),
        x_label="step",
        y_label="loss",
        levels=((float(np.log(10)), "guessing"),),
    )


def _chain(chains: dict[str, np.ndarray]) -> Lines:
    """Return the gradient of the first weight of both chains over their depth."""
    layers = np.arange(1.0, DEEP + 1)
    return Lines(
        title="A chain of sigmoid neurons: ∂z_l/∂w₁ after l layers",
        series=tuple(
            Series(name=kind, x=layers, y=np.where(one > 0, one, np.nan)) for kind, one in chains.items()
        ),
        x_label="layers l",
        y_label="|∂z_l/∂w₁|",
        y_scale="log",
    )


def _factors(w: float) -> Steps:
    """Return the first factors of both chains."""
    steps = []
    for kind in KINDS:
        one = chain(4, w, 0.0, "sigmoid", skip=kind == "residual")
        product = " · ".join(number(float(factor)) for factor in one.factors)
        rule = "σ′·w" if kind == "plain" else "1 + σ′·w"
        steps.append(
            Step(
                formula=f"{kind}: {product} = {number(one.gradient)}",
                note=f"σ′·x₀, then {rule} for each layer",
            )
        )
    return Steps(title="Four layers of the chain, factor by factor", steps=tuple(steps))


def _table(found: dict[str, Trained], chains: dict[str, np.ndarray]) -> Table:
    """Return both kinds in numbers."""
    rows = []
    for kind in KINDS:
        one = found.get(kind)
        rows.append((
            kind,
            float(chains[kind][19]),
            float(chains[kind][49]),
            "" if one is None else number(float(one.norms[0] / one.norms[-1])),
            "" if one is None else number(float(one.losses[-TAIL:].mean())),
        ))
    return Table(
        title="In numbers",
        caption="chain: ∂z_L/∂w₁ at 20 and 50 layers; first/last: gradient norms of the stack's layers",
        columns=("stack", "chain, 20", "chain, 50", "first/last", "last loss"),
        rows=tuple(rows),
    )


@skip_highway.check
def chains_of_the_notes() -> None:
    """Sigmoid, w = 1: 9.14e-14 plain and .2472 residual at L = 20, 3.2e-33 and .2472 at L = 50 (notes 000b)."""
    found = next(iter(skip_highway())).numbers
    for key, known in (("plain_chain_20", 9.139e-14), ("plain_chain_50", 3.2e-33)):
        near(f"{key} over known", float(str(found[key])) / known, 1, 0.02)
    near("residual at 20", found["residual_chain_20"], 0.24723, 2e-5)
    near("residual at 50", found["residual_chain_50"], 0.24723, 2e-5)
    tanh = [chain(depth, 0.5, 0.0, "tanh", skip=True).gradient for depth in (5, 10, 20, 50)]
    near("tanh, w = .5", tanh, (1.4142, 1.4543, 1.4545, 1.4545), 1e-4)


@skip_highway.check
def chain_like_autograd() -> None:
    """The residual chain's gradient against torch.autograd, to 1e-12."""
    import torch

    weights = [torch.tensor(0.7, dtype=torch.float64, requires_grad=True) for _ in range(9)]
    z = torch.tensor(1.0, dtype=torch.float64)
    for weight in weights:
        z = z + torch.sigmoid(weight * z)
    (known,) = torch.autograd.grad(z, weights[:1])
    near("∂z/∂w₁", chain(9, 0.7, 0.0, "sigmoid", skip=True).gradient, known.item(), 1e-12)


@skip_highway.check
def factor_is_one_plus_slope() -> None:
    """The Jacobian of a layer with a skip is I + F′, by autograd, to 1e-12; with F = 0 it gives x bit for bit."""
    from dltui.lab.geometry.deep import jacobian, passed_by_nothing

    for activation in ("sigmoid", "tanh", "relu"):
        whole, slope = jacobian(activation, 3)
        near(f"J of {activation}", whole, np.eye(len(slope)) + slope, 1e-12)
    given, found = passed_by_nothing(1)
    assert np.array_equal(given, found), "F = 0 changes its input"


@skip_highway.check
def skips_keep_the_gradient_and_learn() -> None:
    """20 sigmoid layers: first/last below 1e-10 plain, within 10 with skips (004), and only these learn."""
    frame = skip_highway.last()
    plain, residual = (float(str(frame.numbers[f"{kind}_first_over_last"])) for kind in KINDS)
    assert plain < 1e-10, plain
    assert 0.1 < residual < 10, residual
    plain, residual = (float(str(frame.numbers[f"{kind}_loss"])) for kind in KINDS)
    assert residual < 0.6 * plain, (plain, residual)
