"""Hunting for eigenvalues by products alone: power iteration beside Lanczos."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

import numpy as np

from dltui.figures import Lines, Series, Steps, Table, number
from dltui.lab import Choice, Frame, Number, Slider, exhibit, near
from dltui.lab.geometry.jets import Array
from dltui.lab.written import written

if TYPE_CHECKING:
    import torch

    from dltui.instruments.curvature import Operator
    from dltui.objective import Objective

SADDLE = ((0.0, -2.0), (-2.0, 0.0))  # H of (1 − w₁w₂)² at the origin
PREY = ("saddle of two weights", "network of 35 weights", "network of 1,210 weights")
STARTS = ("first axis", "random")


class Products:
    """v → Hv of a network's loss by double backward: ∇(∇L · v), without H.

    The graph of ∇L is built once; each product is one more backward pass through it.
    """

    def __init__(self, objective: Objective) -> None:
        import torch

        twin = objective.twin()
        self._twin = twin
        loss = sum(share * objective.loss(twin, x, y) for x, y, share in objective.blocks)
        self._gradient = torch.cat(
            [part.reshape(-1) for part in torch.autograd.grad(loss, twin.parameters, create_graph=True)]  # type: ignore[arg-type]
        )
        self.size = len(self._gradient)
        self.like = self._gradient.detach()

    def __call__(self, vector: torch.Tensor) -> torch.Tensor:
        """Return Hv, shape (n,)."""
        import torch

        parts = torch.autograd.grad(
            self._gradient @ vector, self._twin.parameters, retain_graph=True, materialize_grads=True
        )
        return torch.cat([part.reshape(-1) for part in parts])


@lru_cache(maxsize=8)
def prey(name: str, seed: int) -> Operator:
    """Return what is hunted in: a matrix, or the Hessian of a trained network, known by products alone."""
    import torch

    from dltui.instruments.curvature import Matrix

    if name == PREY[0]:
        return Matrix(torch.tensor(SADDLE, dtype=torch.float64))
    return Products(objective_of(name, seed))


@lru_cache(maxsize=8)
def objective_of(name: str, seed: int) -> Objective:
    """Return the loss of a trained network in float64."""
    from functools import partial

    from dltui.lab.geometry.compass import bend_of
    from dltui.lab.geometry.nets import bound, digits, perceptron, trained
    from dltui.training import Optimizer, Recipe

    if name == PREY[1]:
        return bend_of(10, seed).objective
    rule = Optimizer(name="sgd", lr=0.05)
    net = trained(
        partial(perceptron, 16, 10), digits(300), Recipe(epochs=8, batch_size=50, optimizer=rule), seed
    )
    return bound(net, digits(300), title=name).doubled()


@dataclass(frozen=True)
class Hunt:
    """What both ways have found after some products.

    Attributes:
        rayleigh: vᵀHv of power iteration after 0, 1, 2 … products.
        residual: ‖Hv − (vᵀHv)v‖ after each.
        low: Lowest Ritz value of Lanczos after 1, 2 … products.
        high: Its highest one.
        vector: Where power iteration stands.
    """

    rayleigh: Array
    residual: Array
    low: Array
    high: Array
    vector: Array


def hunt(name: str, shift: float, start: str, steps: int, seed: int) -> Hunt:
    """Run power iteration on H − cI, and Lanczos on H, from the same start.

    Args:
        name: One of ``PREY``.
        shift: c.
        start: One of ``STARTS``.
        steps: Products with H that each may spend.
        seed: Seed of the network and of a random start.

    Returns:
        What each has found after every product.
    """
    import torch

    from dltui.instruments.curvature.lanczos import Ritz, lanczos

    operator = prey(name, seed)
    v = torch.zeros(operator.size, dtype=torch.float64)
    v[0] = 1.0
    if start == "random":
        v = torch.randn(operator.size, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        v /= v.norm()
    ritz: list[Ritz] = []
    lanczos(operator, v, steps, look=lambda now: ritz.append(now()))
    rayleigh, residual = [], []
    for _ in range(steps + 1):
        product = operator(v)
        bent = float(v @ product)
        rayleigh.append(bent)
        residual.append(float((product - bent * v).norm()))
        ahead = product - shift * v
        if float(ahead.norm()) < 1e-12:
            break
        v = ahead / ahead.norm()
    return Hunt(
        rayleigh=np.array(rayleigh),
        residual=np.array(residual),
        low=np.array([one.values[0] for one in ritz]),
        high=np.array([one.values[-1] for one in ritz]),
        vector=v.numpy(),
    )


@lru_cache(maxsize=8)
def ends_of(name: str, seed: int) -> tuple[float, float]:
    """Return the lowest and the highest eigenvalue, from the matrix itself."""
    if name == PREY[0]:
        low, high = np.linalg.eigvalsh(np.array(SADDLE))[[0, -1]]
        return float(low), float(high)
    from dltui.instruments.curvature.pairs import eigenpairs

    values = eigenpairs(objective_of(name, seed), (-1, 1)).values
    return float(values[0]), float(values[1])


def cost(name: str, seed: int) -> tuple[int, int, int]:
    """Return the multiplications in matrix products of one gradient, of one Hv, and of one Hv from nothing.

    Args:
        name: A network of ``PREY``.
        seed: Its seed.

    Returns:
        Floating-point operations as ``torch.utils.flop_counter`` counts them.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    objective = objective_of(name, seed)
    twin = objective.twin()
    with FlopCounterMode(display=False) as gradient:
        objective.gradient(twin)
    with FlopCounterMode(display=False) as whole:
        products = Products(objective)
        with FlopCounterMode(display=False) as product:
            products(torch.ones(products.size, dtype=torch.float64))
    return gradient.get_total_flops(), product.get_total_flops(), whole.get_total_flops()


@exhibit(
    "eigen-hunt",
    family="geometry",
    covers=("000a:hessian-free", "000a:power-iteration"),
    kin={
        "dltui lab run hessian-spectrum": "the whole spectrum by the same products",
        "dltui lab run curvature-compass": "what an eigenvalue says of a direction",
        "dltui hessian MODEL": "both ends of your own model's spectrum, with error bounds",
    },
    sources=("Pearlmutter 1994, doi:10.1162/neco.1994.6.1.147", "Lanczos 1950, doi:10.6028/jres.045.026"),
)
def eigen_hunt(
    matrix: Annotated[str, Choice(*PREY, help="whose eigenvalues are hunted")] = "saddle of two weights",
    shift: Annotated[float, Slider(-5, 5, step=0.25, help="c: power iteration runs on H − cI")] = 0.0,
    start: Annotated[str, Choice(*STARTS, help="where both begin")] = "first axis",
    steps: Annotated[int, Slider(1, 60, help="products with H that each may spend")] = 20,
    seed: Annotated[int, Slider(0, 99, help="seed of the network and of a random start")] = 0,
) -> Iterator[Frame]:
    """Power iteration and Lanczos look for eigenvalues of a Hessian that they can only multiply with.

    Try: --shift 2 on the saddle finds −2 in one step; --matrix "network of 1,210 weights" --start random, then
    --shift 5 to find the lowest.
    Notice: plain power iteration swings for ever where −λ is an eigenvalue with λ; it goes to the eigenvalue farthest
    from c, not to the smallest. Lanczos has both ends after as few products.

    v ← (H − cI)v/‖(H − cI)v‖ grows the part of v whose |λ − c| is largest. To find the most negative λ take c at λmax
    or above. H itself is never written: Hv = ∇(∇L·v) is a second backward pass, at the price of about two gradients.

    What is right where notes differ: without a shift power iteration finds the eigenvalue largest in size, which is the
    lowest one only by luck. On [[0, −2], [−2, 0]] from (1, 0) it finds none: v swings between the two axes, vᵀHv = 0.
    """
    found = hunt(matrix, shift, start, steps, seed)
    ends = ends_of(matrix, seed)
    spent = None if matrix == PREY[0] else cost(matrix, seed)
    total = len(found.rayleigh)
    for done in range(total):
        figures = [
            _curves(found, done, ends, shift),
            _residuals(found, done),
            _worked(found, done, matrix, shift),
        ]
        if spent:
            figures.append(_cost(spent, matrix))
        yield Frame(
            figures=tuple(figures),
            numbers=_numbers(found, done, ends, spent),
            caption=_said(found, done),
            total=total,
        )


def _said(found: Hunt, done: int) -> str:
    """Return what is known after some products."""
    low, high = found.low[:done], found.high[:done]
    other = f"; Lanczos {number(float(low[-1]))} … {number(float(high[-1]))}" if done else ""
    return f"{done} products: power iteration {number(_tidy(found.rayleigh[done]))}{other}"


def _tidy(value: float) -> float:
    """Return a number without its rounding."""
    return 0.0 if abs(value) < 1e-12 else float(value)


def _numbers(
    found: Hunt, done: int, ends: tuple[float, float], spent: tuple[int, int, int] | None
) -> dict[str, Number]:
    """Return what ``--json`` tells."""
    told: dict[str, Number] = {
        "products": done,
        "rayleigh": [_tidy(one) for one in found.rayleigh[: done + 1]],
        "residual": float(found.residual[done]),
        "ritz_low": found.low[:done].tolist(),
        "ritz_high": found.high[:done].tolist(),
        "lambda_min": ends[0],
        "lambda_max": ends[1],
    }
    if spent:
        told |= {
            "flops_gradient": spent[0],
            "flops_product": spent[1],
            "gradients_a_product": spent[1] / spent[0],
        }
    return told


def _curves(found: Hunt, done: int, ends: tuple[float, float], shift: float) -> Lines:
    """Return what both ways take for an eigenvalue, over the products spent."""
    step = np.arange(float(done + 1))
    lines = [
        Series(
            name=f"power iteration on H − {number(shift)}·I" if shift else "power iteration",
            x=step,
            y=found.rayleigh[: done + 1],
        )
    ]
    low, high = found.low[:done], found.high[:done]
    if done:
        at = np.arange(1.0, len(low) + 1)
        lines += [Series(name="Lanczos, lowest", x=at, y=low), Series(name="Lanczos, highest", x=at, y=high)]
    return Lines(
        title="Eigenvalues by products alone",
        series=tuple(lines),
        x_label="products with H",
        y_label="λ",
        levels=((ends[1], "λmax"), (ends[0], "λmin")),
    )


def _residuals(found: Hunt, done: int) -> Lines:
    """Return how far v is from being an eigenvector."""
    return Lines(
        title="‖Hv − (vᵀHv)v‖ of power iteration",
        caption="0 for an eigenvector; some eigenvalue lies within this of vᵀHv.",
        series=(
            Series(
                name="residual", x=np.arange(float(done + 1)), y=np.maximum(found.residual[: done + 1], 1e-16)
            ),
        ),
        x_label="products with H",
        y_label="residual",
        y_scale="log",
    )


def _worked(found: Hunt, done: int, matrix: str, shift: float) -> Steps:
    """Return one step of power iteration in symbols, with the numbers where there are two."""
    lines = [
        ("v ← (H − cI)v / ‖(H − cI)v‖", f"c = {number(shift)}"),
        (f"vᵀHv = {number(_tidy(found.rayleigh[done]))}", f"after {done} products"),
        (f"‖Hv − (vᵀHv)v‖ = {number(_tidy(found.residual[done]))}", "0 for an eigenvector"),
    ]
    if matrix == PREY[0]:
        lines.insert(
            0, (f"H − cI = [[{number(-shift)}, −2], [−2, {number(-shift)}]]", "at the origin of (1 − w₁w₂)²")
        )
    ended = done and done == len(found.rayleigh) - 1
    if ended and np.ptp(found.rayleigh[-2:]) < 1e-12 and found.residual[-1] > 1e-6:
        lines.append(("the last two vectors are no eigenvectors", "it swings for ever"))
    return written(*lines)


def _cost(spent: tuple[int, int, int], matrix: str) -> Table:
    """Return what a product costs beside a gradient."""
    gradient, product, whole = spent
    rows = (
        ("a gradient ∇L", gradient / 1e6, 1.0),
        ("Hv through the graph of ∇L that is kept", product / 1e6, product / gradient),
        ("Hv with its graph built anew", whole / 1e6, whole / gradient),
    )
    return Table(
        title=f"What a product costs: {matrix}",
        caption="operations in matrix products, counted by torch",
        columns=("", "million operations", "gradients"),
        rows=rows,
    )


@eigen_hunt.check
def swings_for_ever_without_a_shift() -> None:
    """[[0, −2], [−2, 0]] from (1, 0): Rayleigh quotient 0 at every step, residual 2 (notes 000a)."""
    frame = eigen_hunt.last(steps=30)
    near("vᵀHv", frame.numbers["rayleigh"], np.zeros(31), 1e-12)
    near("residual", frame.numbers["residual"], 2.0, 1e-12)


@eigen_hunt.check
def one_step_with_the_shift() -> None:
    """With H − 2I the same start gives −2 in one step; with H + 2I it gives +2 (notes 000a)."""
    for shift, known in ((2.0, -2.0), (-2.0, 2.0)):
        frame = eigen_hunt.last(shift=shift, steps=1)
        near(f"vᵀHv with the shift {shift}", frame.numbers["rayleigh"], (0.0, known), 1e-12)
        near("residual", frame.numbers["residual"], 0.0, 1e-12)


@eigen_hunt.check
def lanczos_is_eigvalsh() -> None:
    """After as many products as there are weights Lanczos has both ends of the 35 × 35 matrix by numpy's eigvalsh."""
    from dltui.lab.geometry.compass import bend_of

    frame = eigen_hunt.last(matrix=PREY[1], start="random", steps=35)
    values = np.linalg.eigvalsh(bend_of(10, 0).matrix)
    for end, known in (("ritz_low", values[0]), ("ritz_high", values[-1])):
        near(end, np.array(frame.numbers[end])[-1], known, 1e-9)
    shifted = eigen_hunt.last(matrix=PREY[1], start="random", steps=60, shift=float(values[-1]))
    lowest = np.array(shifted.numbers["rayleigh"])[-1]
    near("power iteration, shifted by λmax", lowest, values[0], 0.05 * np.ptp(values))


@eigen_hunt.check
def products_are_those_of_the_matrix() -> None:
    """Hv by double backward equals explicit H·v of the small network, for twenty v, to 1e-10 (notes 000a)."""
    import torch

    from dltui.lab.geometry.compass import bend_of

    products, matrix = Products(objective_of(PREY[1], 0)), bend_of(10, 0).matrix
    for v in np.random.default_rng(0).standard_normal((20, len(matrix))):
        near("Hv", products(torch.from_numpy(v)).numpy(), matrix @ v, 1e-10)


@eigen_hunt.check
def a_product_costs_two_gradients() -> None:
    """One Hv takes between one and two and a half times the operations of a gradient (Pearlmutter 1994)."""
    gradient, product, _ = cost(PREY[2], 0)
    assert 1 <= product / gradient <= 2.5, f"{product / gradient:.2f} gradients"
