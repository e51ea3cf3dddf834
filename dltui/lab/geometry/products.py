"""How long a vector gets through two matrices in turn, and which numbers bound that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from dltui.figures import Lines, Points, Series, Steps, Table, number
from dltui.lab import Choice, Frame, Slider, exhibit, near
from dltui.lab.written import written

Array = NDArray[np.float64]

LAYERS, ANGLES, FLOOR = 24, 181, 1e-30
PAIRS = {
    "nilpotent": (((0.0, 1.0), (0.0, 0.0)), ((0.0, 0.0), (1.0, 0.0))),
    "rotations": (((0.6, -0.8), (0.8, 0.6)), ((0.8, 0.6), (-0.6, 0.8))),
    "symmetric": (((1.2, 0.3), (0.3, 0.7)), ((0.9, -0.2), (-0.2, 1.1))),
    "sheared": (((0.9, 2.0), (0.0, 0.9)), ((0.9, 0.0), (1.0, 0.5))),
}


def radius(matrix: Array) -> float:
    """Return ρ, the largest absolute eigenvalue."""
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def norm(matrix: Array) -> float:
    """Return ‖·‖₂, the largest singular value: the most that a vector is stretched."""
    return float(np.linalg.svd(matrix, compute_uv=False)[0])


def lengths(first: Array, second: Array, start: Array, layers: int) -> Array:
    """Return the length of a vector through W₁, W₂, W₁, W₂ …, the start included, shape (layers + 1,)."""
    found, v = [float(np.linalg.norm(start))], start
    for layer in range(layers):
        v = (first if layer % 2 == 0 else second) @ v
        found.append(float(np.linalg.norm(v)))
    return np.array(found)


@exhibit(
    "product-bound",
    family="geometry",
    covers=("001:eig-product-bound",),
    kin={
        "dltui lab run chain-product": "the same with one number a layer",
        "dltui weights MODEL": "singular values of your own layers",
    },
    sources=("Horn and Johnson 2013, ch. 5.6", "Pascanu, Mikolov, Bengio 2013, arXiv:1211.5063"),
)
def product_bound(
    pair: Annotated[str, Choice(*PAIRS, "own", help="which two matrices; own: the knobs below")] = "sheared",
    a11: Annotated[float, Slider(-3, 3, step=0.1, help="W₁, row 1, column 1 (pair own)")] = 1.0,
    a12: Annotated[float, Slider(-3, 3, step=0.1, help="W₁, row 1, column 2")] = 0.5,
    a21: Annotated[float, Slider(-3, 3, step=0.1, help="W₁, row 2, column 1")] = 0.0,
    a22: Annotated[float, Slider(-3, 3, step=0.1, help="W₁, row 2, column 2")] = 1.0,
    b11: Annotated[float, Slider(-3, 3, step=0.1, help="W₂, row 1, column 1")] = 0.5,
    b12: Annotated[float, Slider(-3, 3, step=0.1, help="W₂, row 1, column 2")] = 0.0,
    b21: Annotated[float, Slider(-3, 3, step=0.1, help="W₂, row 2, column 1")] = 0.5,
    b22: Annotated[float, Slider(-3, 3, step=0.1, help="W₂, row 2, column 2")] = 0.8,
    seed: Annotated[int, Slider(0, 9999, help="seed of the vector")] = 0,
) -> Iterator[Frame]:
    """A random vector through W₁ and W₂ in turn: its length beside what eigenvalues and norms allow.

    Try: --pair nilpotent: both have only eigenvalues 0, and the product has 1; --pair rotations keeps the length;
    --pair own --a11 2.
    Notice: the norms bound every step; the product of the two largest eigenvalues bounds nothing, and lies below what
    happens wherever the matrices don't share their eigenvectors.

    After 2k layers ‖v‖ ≤ (‖W₂‖·‖W₁‖)ᵏ·‖v₀‖ always, for ρ(W₂W₁) ≤ ‖W₂W₁‖ ≤ ‖W₂‖·‖W₁‖; in the long run it grows like
    ρ(W₂W₁)ᵏ. ρ: largest |λ|; ‖·‖: largest singular value σ_max.

    What is right where notes differ: one gives "a bound on the largest eigenvalue of W₂W₁" without its formula. It is
    ρ(AB) ≤ ‖A‖‖B‖. ρ(AB) ≤ ρ(A)ρ(B) is false in general; it holds where both are symmetric, for there ρ is the norm.
    """
    own = (((a11, a12), (a21, a22)), ((b11, b12), (b21, b22)))
    first, second = (np.array(one) for one in (own if pair == "own" else PAIRS[pair]))
    start = np.random.default_rng(seed).standard_normal(2)
    start /= np.linalg.norm(start)
    numbers = _numbers(first, second)
    found = lengths(first, second, start, LAYERS)
    yield Frame(
        figures=(
            _growth(found, numbers),
            _circle(first, second),
            _worked(numbers),
            _matrices(first, second),
            _table(numbers),
        ),
        numbers={**numbers, "last_length": float(found[-1])},
        caption=f"ρ(W₂W₁) = {number(numbers['rho'])} ≤ ‖W₂‖‖W₁‖ = {number(numbers['norms'])}, "
        f"{'but > ' if _fails(numbers) else '≤ '}ρ(W₂)ρ(W₁) = {number(numbers['rhos'])}",
        total=1,
    )


def _worked(told: dict[str, float]) -> Steps:
    """Return the chain of bounds with the numbers put in."""
    one, two, at = (number(told[key]) for key in ("norm_first", "norm_second", "norms"))
    low, high, both = (number(told[key]) for key in ("rho_first", "rho_second", "rhos"))
    rho, sign = number(told["rho"]), "<" if _fails(told) else "≥"
    return written(
        (f"ρ(W₂W₁) = {rho} ≤ ‖W₂W₁‖ = {number(told['norm'])}", "always"),
        (f"‖W₂W₁‖ ≤ ‖W₂‖·‖W₁‖ = {two}·{one} = {at}", "always"),
        (
            f"ρ(W₂)·ρ(W₁) = {high}·{low} = {both} {sign} {rho}",
            "no bound" if _fails(told) else "it holds here",
        ),
    )


def _fails(told: dict[str, float]) -> bool:
    """Return whether the product of the radii is less than the radius of the product."""
    return told["rho"] > told["rhos"] + 1e-9


def _numbers(first: Array, second: Array) -> dict[str, float]:
    """Return radii and norms."""
    product = second @ first
    return {
        "rho": radius(product),
        "norm": norm(product),
        "norms": norm(first) * norm(second),
        "rhos": radius(first) * radius(second),
        "rho_first": radius(first),
        "rho_second": radius(second),
        "norm_first": norm(first),
        "norm_second": norm(second),
    }


def _growth(found: Array, told: dict[str, float]) -> Lines:
    """Return the length of the vector and three powers, one a pair of layers."""
    layers = np.arange(float(len(found)))
    pairs = layers[::2] / 2
    curves = [Series(name="‖v‖", x=layers, y=np.where(found > FLOOR, found, np.nan))]
    for name, key in (("(‖W₂‖‖W₁‖)ᵏ", "norms"), ("ρ(W₂W₁)ᵏ", "rho"), ("(ρ(W₂)ρ(W₁))ᵏ", "rhos")):
        if told[key] > FLOOR:
            curves.append(Series(name=name, x=layers[::2], y=np.maximum(told[key] ** pairs, FLOOR)))
    gone = ", ".join(name for name, key in (("ρ(W₂W₁)", "rho"), ("ρ(W₂)ρ(W₁)", "rhos")) if told[key] <= FLOOR)
    return Lines(
        title=f"Length of a random vector through {LAYERS} layers",
        caption=f"{gone} = 0 can't be drawn on this scale" if gone else "k: pairs of layers",
        series=tuple(curves),
        x_label="layers",
        y_label="length",
        y_scale="log",
    )


def _circle(first: Array, second: Array) -> Points:
    """Return the unit circle and what one pair of layers makes of it."""
    angles = np.linspace(0, 2 * np.pi, ANGLES)
    round_ = np.stack((np.cos(angles), np.sin(angles)), -1)
    after = round_ @ (second @ first).T
    return Points(
        title="The unit circle, and after both layers",
        caption=f"longest half axis ‖W₂W₁‖ = {number(norm(second @ first))}",
        position=np.concatenate((round_, after)),
        group=np.repeat((0, 1), ANGLES),
        group_names=("before", "after"),
        axes=("v₁", "v₂"),
        equal=True,
    )


def _matrices(first: Array, second: Array) -> Table:
    """Return both matrices and their product, with their singular values and the largest eigenvalue."""
    rows: list[tuple[str | float, ...]] = []
    for name, matrix in (("W₁", first), ("W₂", second), ("W₂W₁", second @ first)):
        high, low = np.linalg.svd(matrix, compute_uv=False)
        written = [" ".join(number(float(one)) for one in row) for row in matrix]
        rows.append((name, *written, float(high), float(low), radius(matrix)))
    return Table(
        title="The matrices",
        columns=("matrix", "row 1", "row 2", "σ_max", "σ_min", "ρ"),
        rows=tuple(rows),
    )


def _table(told: dict[str, float]) -> Table:
    """Return the three candidates for a bound."""
    rho = told["rho"]
    return Table(
        title="Which is a bound on ρ(W₂W₁)?",
        columns=("number", "value", "at least ρ(W₂W₁)"),
        rows=(
            ("ρ(W₂W₁)", rho, ""),
            ("‖W₂W₁‖", told["norm"], "always"),
            ("‖W₂‖·‖W₁‖", told["norms"], "always"),
            ("ρ(W₂)·ρ(W₁)", told["rhos"], "not here" if _fails(told) else "here, not always"),
        ),
    )


@product_bound.check
def nilpotent_breaks_it() -> None:
    """A = [[0, 1], [0, 0]], B = [[0, 0], [1, 0]]: ρ(A) = ρ(B) = 0 and ρ(AB) = 1 (notes 001)."""
    found = product_bound.last(pair="nilpotent").numbers
    for key, known in (("rho_first", 0), ("rho_second", 0), ("rhos", 0), ("rho", 1), ("norms", 1)):
        near(key, found[key], known, 1e-12)


@product_bound.check
def norms_always_bound() -> None:
    """For 300 random pairs ρ(AB) ≤ ‖AB‖ ≤ ‖A‖‖B‖, and the length of the vector never exceeds it; ρ(A)ρ(B) fails."""
    draw = np.random.default_rng(0)
    broken = 0
    for _ in range(300):
        first, second = draw.standard_normal((2, 2, 2))
        told = _numbers(first, second)
        assert told["rho"] <= told["norm"] + 1e-12, told
        assert told["norm"] <= told["norms"] + 1e-12, told
        found = lengths(first, second, np.array([0.6, 0.8]), 10)[::2]
        assert (found <= told["norms"] ** np.arange(6) * (1 + 1e-9)).all(), told
        broken += _fails(told)
    assert 50 < broken < 250, f"ρ(A)ρ(B) fails {broken} of 300 times"


@product_bound.check
def grows_like_rho() -> None:
    """In the long run a pair of layers multiplies the length by ρ(W₂W₁); rotations keep it (closed form)."""
    first, second = (np.array(one) for one in PAIRS["sheared"])
    found = lengths(first, second, np.array([1.0, 0.0]), 40)
    near("growth", found[40] / found[38], product_bound.last(pair="sheared").numbers["rho"], 1e-9)
    near("rotations", product_bound.last(pair="rotations").numbers["last_length"], 1, 1e-12)
    near(
        "ρ by the quadratic formula",
        product_bound.last(pair="sheared").numbers["rho"],
        0.5 * (3.26 + np.sqrt(3.26**2 - 4 * 0.3645)),
        1e-9,
    )


@product_bound.check
def norm_like_torch() -> None:
    """Each ‖W‖ and ρ against torch.linalg, to 1e-12."""
    import torch

    for pair, matrices in PAIRS.items():
        for matrix, which in zip(matrices, ("first", "second"), strict=True):
            one = torch.tensor(matrix, dtype=torch.float64)
            near(
                f"‖W‖ of {pair}",
                product_bound.last(pair=pair).numbers[f"norm_{which}"],
                torch.linalg.matrix_norm(one, 2).item(),
                1e-12,
            )
            known = torch.linalg.eigvals(one).abs().max().item()
            near(f"ρ of {pair}", product_bound.last(pair=pair).numbers[f"rho_{which}"], known, 1e-12)
