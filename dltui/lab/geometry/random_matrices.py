"""Random Hessians: why a level point among many directions is hardly ever a minimum."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated

import numpy as np

from dltui.figures import Histogram, Lines, Series, Table
from dltui.lab import Frame, Number, Slider, exhibit, near
from dltui.lab.geometry.jets import Array

CHUNK = 20_000  # matrices at once
KNOWN = {1: 1 / 2, 2: (2 - math.sqrt(2)) / 4, 3: (math.pi - 2 * math.sqrt(2)) / (4 * math.pi)}
NOTES = (0.498, 0.149, 0.025, 0.0026, 0.0002)  # shares of n = 1 … 5 in the notes, from 10⁵ samples


@lru_cache(maxsize=64)
def eigenvalues(size: int, samples: int, seed: int) -> Array:
    """Return the eigenvalues of random symmetric matrices (A + Aᵀ)/2 with A of independent N(0, 1) entries.

    Args:
        size: n.
        samples: How many matrices.
        seed: Seed of the draw.

    Returns:
        Ascending, shape (samples, n).
    """
    draw = np.random.default_rng((seed, size))
    found = []
    for first in range(0, samples, CHUNK):
        a = draw.standard_normal((min(CHUNK, samples - first), size, size))
        found.append(np.linalg.eigvalsh((a + a.transpose(0, 2, 1)) / 2))
    return np.concatenate(found)


def share(values: Array, shift: float = 0.0) -> float:
    """Return the share of matrices all of whose eigenvalues are above 0 once moved up by ``shift``."""
    return float((values[:, 0] + shift > 0).mean())


def half_width(size: int) -> float:
    """Return the half width √(2n) of the semicircle that the eigenvalues of such matrices fill as n grows."""
    return math.sqrt(2 * size)


@exhibit(
    "saddle-count",
    family="geometry",
    covers=("000a:saddle-dominance",),
    kin={
        "dltui lab run critical-points": "minimum or saddle, by the signs of the eigenvalues",
        "dltui lab run hidden-curvature": "negative eigenvalues of a trained network",
        "dltui hessian MODEL": "the share of negative eigenvalues of your own",
    },
    sources=(
        "Dauphin et al. 2014, arXiv:1406.2572",
        "Bray and Dean 2007, arXiv:cond-mat/0611023",
        "Dean and Majumdar 2006, arXiv:cond-mat/0609651",
    ),
)
def saddle_count(
    largest: Annotated[int, Slider(1, 8, help="largest n: matrices of 1 × 1 to n × n")] = 6,
    samples: Annotated[int, Slider(1000, 100_000, log=True, help="matrices of each size")] = 50_000,
    shift: Annotated[
        float, Slider(0, 1.5, step=0.05, help="move eigenvalues up by this many half widths √(2n)")
    ] = 0.0,
    seed: Annotated[int, Slider(0, 9999, help="seed of the draw")] = 0,
) -> Iterator[Frame]:
    """The share of random symmetric matrices whose eigenvalues are all positive, against their size.

    Try: --largest 8 asks for minima that no sample finds; --shift 1 moves the eigenvalues up, as a low loss does.
    Notice: the share falls faster than any power: with n directions all n must bend up. Of six-by-six matrices one in
    two hundred thousand does, and a network has a million directions.

    H = (A + Aᵀ)/2, the entries of A drawn from N(0, 1). By symmetry as many are negative definite as positive. Exact:
    ½ for n = 1, (2 − √2)/4 for n = 2, (π − 2√2)/(4π) for n = 3; for large n it falls as exp(−n²·ln 3/4).

    What it can't say: the Hessian of a network is no random matrix. Where the loss is low its eigenvalues lie further
    up (Bray and Dean; the knob shift), and level points there are minima more often; the saddles stand higher.
    """
    sizes = range(1, largest + 1)
    found: list[float] = []
    for size in sizes:
        values = eigenvalues(size, samples, seed)
        found.append(share(values, shift * half_width(size)))
        yield Frame(
            figures=(
                _curve(found, samples, shift),
                _spectrum(values, size, shift),
                _table(found, samples, shift),
            ),
            numbers=_numbers(found, samples),
            caption=f"n = {size}: {found[-1]:.3g} of {samples:,} are positive definite",
            total=largest,
        )


def error(found: float, samples: int) -> float:
    """Return the standard error of a share; of 0 hits the share that would be missed with a chance of ⅓."""
    return math.sqrt(found * (1 - found) / samples) if 0 < found < 1 else 1 / samples


def _numbers(found: list[float], samples: int) -> dict[str, Number]:
    """Return what ``--json`` tells."""
    return {
        "sizes": list(range(1, len(found) + 1)),
        "share": list(found),
        "stderr": [error(one, samples) for one in found],
    }


def _curve(found: list[float], samples: int, shift: float) -> Lines:
    """Return the share over the size, with the exact values where they are known."""
    n = np.arange(1.0, len(found) + 1)
    values = np.array(found)
    spread = np.array([error(one, samples) for one in found])
    seen = values > 0
    lines = [
        Series(
            name="share found",
            x=n[seen],
            y=values[seen],
            low=np.maximum(values - 2 * spread, 0.1 / samples)[seen],
            high=(values + 2 * spread)[seen],
        )
    ]
    if not shift:
        known = [(size, exact) for size, exact in KNOWN.items() if size <= len(found)]
        lines.append(
            Series(
                name="exact",
                x=np.array([k for k, _ in known], float),
                y=np.array([v for _, v in known]),
                marks=True,
            )
        )
    none = [str(size) for size, one in enumerate(found, 1) if not one]
    told = f"none at all for n = {', '.join(none)}; " if none else ""
    return Lines(
        title="Share of positive definite matrices",
        caption=f"{told}band: two standard errors of {samples:,} samples",
        series=tuple(line for line in lines if line.x.size)
        or (Series(name="none found", x=n, y=n * 0 + 1 / samples),),
        x_label="n",
        y_label="share",
        y_scale="log",
    )


def _spectrum(values: Array, size: int, shift: float) -> Histogram:
    """Return where the eigenvalues lie: in a semicircle around 0, half of them below."""
    moved = values + shift * half_width(size)
    counts, edges = np.histogram(moved, bins=41)
    below = float((moved < 0).mean())
    return Histogram(
        title=f"Eigenvalues of the {size} × {size} matrices",
        caption=f"{below:.1%} lie below 0; a minimum needs all {size} above",
        edges=edges,
        counts=counts,
        value_label="λ",
    )


def _table(found: list[float], samples: int, shift: float) -> Table:
    """Return the shares beside what is known."""
    rows = [
        (
            size,
            one,
            error(one, samples),
            KNOWN.get(size) if not shift else None,
            NOTES[size - 1] if not shift and size <= len(NOTES) else None,
        )
        for size, one in enumerate(found, 1)
    ]
    return Table(title="In numbers", columns=("n", "share", "±", "exact", "notes"), rows=tuple(rows))


def _shares(**knobs: float) -> Array:
    """Return the shares of a run."""
    frame = saddle_count.last(**knobs)
    return np.array(frame.numbers["share"])


@saddle_count.check
def shares_of_the_notes() -> None:
    """.498, .149, .025, .0026, .0002 for n = 1 … 5 (notes 000a, 10⁵ samples), within four standard errors of both."""
    found = _shares(largest=5, samples=100_000)
    for n, (one, known) in enumerate(zip(found, NOTES, strict=True), 1):
        allowed = 4 * math.sqrt(2) * error(known, 100_000) + 5e-5
        near(f"share of n = {n}", one, known, allowed)


@saddle_count.check
def shares_that_are_exact() -> None:
    """½, (2 − √2)/4 and (π − 2√2)/(4π) for n = 1, 2, 3, within four standard errors."""
    found = _shares(largest=3, samples=100_000, seed=1)
    for n, known in KNOWN.items():
        near(f"share of n = {n}", found[n - 1], known, 4 * error(known, 100_000))


@saddle_count.check
def half_are_below() -> None:
    """As many eigenvalues lie below 0 as above, and with 20 rows nearly all within the semicircle of √(2n)."""
    values = eigenvalues(20, 2000, 0)
    near("share below 0", (values < 0).mean(), 0.5, 0.01)
    near("share within the semicircle", (np.abs(values) < half_width(20)).mean(), 1, 0.02)
    near("mean square", (values**2).mean(), half_width(20) ** 2 / 4, 0.05)


@saddle_count.check
def shifted_up_they_are_minima() -> None:
    """Moved up by its half width the semicircle lies above 0: most matrices are positive definite then."""
    plain, moved = _shares(largest=6, samples=5000), _shares(largest=6, samples=5000, shift=1.0)
    assert plain[-1] < 0.001, f"{plain[-1]} are minima"
    assert moved[-1] > 0.8, f"{moved[-1]} are minima after the shift"
