"""How a spectrum likes to be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dltui.figures import Array, Bars, Figure, Heatmap, Lines, Series, Table, number
from dltui.figures.base import listing
from dltui.results.smoothing import smooth
from dltui.results.verdict import FLAT, Gap, eigenvalue_name

if TYPE_CHECKING:
    from dltui.results.spectrum import Spectrum

CURVES = 6  # densities of diagonal blocks in one chart


def figures(found: Spectrum) -> list[Figure]:
    """Return every figure of a spectrum, the density first."""
    shown: list[Figure] = [density(found)] if found.density.size else []
    shown.append(extremes(found))
    if found.nodes.size:
        shown.append(answers(found))
    if found.layers and len(found.top_masses) + len(found.bottom_masses):
        shown.append(by_layer(found))
    return shown + blocks(found)


def density(found: Spectrum) -> Lines:
    """Return the density on a log scale over a symlog axis."""
    floor = float(found.density.max(initial=0.0)) * 1e-6 or 1e-12
    how = (
        f"Lanczos quadrature, {found.probes} probes, seed {found.seed}"
        if found.sampled
        else "exact, every eigenvalue"
    )
    if not found.complete:
        how = "a first guess, not finished"
    width = (
        f"; bandwidth {_percent(found.smoothing)} of λ, at least {number(found.bandwidth, 2)}"
        if found.bandwidth
        else ""
    )
    return Lines(
        title=f"{found.name} spectral density · {found.title}",
        caption=(
            f"{how}{width}; {found.samples} samples, {found.precision}, {found.mode} mode; "
            f"trace {estimate(found.trace, found.trace_stderr, exact=not found.sampled)}; "
            f"{_share(found, found.flat_share, found.flat_stderr)} of {found.parameters} eigenvalues are flat "
            f"(|λ| ≤ 0.1 % of the largest), {_share(found, found.negative_share, found.negative_stderr)} negative; "
            f"{found.products} products"
        ),
        series=(Series(name="density", x=found.eigenvalues, y=np.maximum(found.density, floor)),),
        x_label="eigenvalue λ",
        y_label="density",
        x_scale="symlog",
        y_scale="log",
    )


def extremes(found: Spectrum) -> Table:
    """Return both ends; what has not converged is told as a bound."""
    last = found.parameters
    rows = [
        _row(eigenvalue_name(i + 1), value, residual, good, "≥")
        for i, (value, residual, good) in enumerate(
            zip(found.top_eigenvalues, found.top_residuals, found.sure("top"), strict=True)
        )
    ]
    bottom = list(zip(found.bottom_eigenvalues, found.bottom_residuals, found.sure("bottom"), strict=True))
    rows += [
        _row(eigenvalue_name(last - i), value, residual, good, "≤")
        for i, (value, residual, good) in reversed(list(enumerate(bottom)))
    ]
    state = "converged" if found.converged else "NOT converged: raise the number of Lanczos steps"
    if not (found.complete or found.converged):
        state = f"so far, after {found.products} products"
    return Table(
        title=f"Extreme eigenvalues · {found.title}",
        caption=f"{state}; some eigenvalue lies within ‖Hv − λv‖ of each λ",
        columns=("", "λ", "‖Hv − λv‖", "state"),
        rows=tuple(rows),
    )


def answers(found: Spectrum) -> Table:
    """Return what the spectrum says of the point, with definitions and tolerances."""
    stands, gap = found.standing(), found.gap()
    value, why = found.condition()
    wanted = f"{found.classes} classes − 1 = {found.classes - 1}" if found.classes else "no classes"
    few = bool(found.classes) and found.sampled and found.sure("top").sum() < found.classes + 2
    outliers = "not known" if gap is None or few else f"{gap.outliers}"
    gapped = f"ask for --top {found.classes + 2}" if few else _gapped(gap)
    exact = not found.sampled
    told = (
        ("kind of point", stands.word, stands.why),
        ("outliers", outliers, f"{gapped}; {wanted}"),
        (
            "effective rank",
            estimate(found.effective_rank, found.effective_rank_stderr, exact=exact),
            f"exp of the entropy of |λ| / Σ|λ|, of {found.parameters}",
        ),
        ("condition number", value, why),
        ("tr H", estimate(found.trace, found.trace_stderr, exact=exact), _method(found)),
        ("tr H²", estimate(found.square, found.square_stderr, exact=exact), ""),
        (
            "flat",
            _share(found, found.flat_share, found.flat_stderr),
            f"|λ| ≤ {number(FLAT)} of the largest |λ|",
        ),
        ("negative", _share(found, found.negative_share, found.negative_stderr), "below that"),
        ("loss", number(found.loss), ""),
        ("‖∇L‖", number(found.gradient_norm), ""),
    )
    meanings = "; ".join(f"{question}: {meaning}" for question, _, meaning in told if meaning)
    return Table(
        title=f"What the {found.name} says · {found.title}",
        caption=f"± one standard error; {found.mode} mode, {found.samples} samples, {found.precision}. {meanings}",
        columns=("question", "answer"),
        rows=tuple((question, answer) for question, answer, _ in told),
    )


def _gapped(gap: Gap | None) -> str:
    """Return where the largest eigenvalues break off."""
    if gap is None:
        return "fewer than three eigenvalues above 0"
    last, following = eigenvalue_name(gap.outliers), eigenvalue_name(gap.outliers + 1)
    return f"{last} is {number(gap.ratio, 3)} times {following}, the widest gap"


def by_layer(found: Spectrum) -> Heatmap:
    """Return in which parameter tensors the eigenvectors move the weights: one row each, as in the table."""
    rows = np.concatenate([found.top_masses, found.bottom_masses[::-1]])
    bottom = range(found.parameters - len(found.bottom_masses), found.parameters)
    names = [eigenvalue_name(i + 1) for i in (*range(len(found.top_masses)), *bottom)]
    steepest = ", ".join(
        f"{name} mostly in {found.layers[row.argmax()]} ({_percent(row.max())})"
        for name, row in ((names[0], rows[0]), (names[-1], rows[-1]))
    )
    tensors = listing([f"{i} {name}" for i, name in enumerate(found.layers, 1)], most=12)
    return Heatmap(
        title=f"Eigenvector by layer · {found.title}",
        caption=f"share of its squared norm; {steepest}; row 1 is {names[0]}, the last {names[-1]}; {tensors}",
        values=rows,
        x=np.arange(1.0, rows.shape[1] + 1),
        y=np.arange(1.0, len(rows) + 1),
        x_label="parameter tensor",
        y_label="eigenvector",
        value_label="share",
        downwards=True,
    )


def blocks(found: Spectrum) -> list[Figure]:
    """Return the diagonal blocks: largest eigenvalue and trace as bars, densities as curves."""
    if not found.blocks:
        return []
    names = tuple(str(block["name"]) for block in found.blocks)
    tops = [_first(block) for block in found.blocks]
    traces = [(block["trace"], block["trace_stderr"]) for block in found.blocks]
    loose = [name for name, top in zip(names, tops, strict=True) if not np.isfinite(top)]
    unsure = f"; not converged: {listing(loose)}" if loose else ""
    return [
        Bars(
            title=f"Largest eigenvalue by {found.by} · {found.title}",
            caption=f"λ₁ of each diagonal block of the {found.name}, all other weights held fixed{unsure}",
            labels=names,
            values=np.array(tops),
            errors=np.array([
                block["residuals"][0] if block["residuals"] else np.nan for block in found.blocks
            ]),
            value_label="λ₁",
        ),
        Bars(
            title=f"Trace by {found.by} · {found.title}",
            caption=f"tr of each diagonal block ± one standard error; they add up to tr H = {number(found.trace)}",
            labels=names,
            values=np.array([value for value, _ in traces]),
            errors=np.array([error for _, error in traces], float),
            value_label="trace",
        ),
        _densities(found),
    ]


def _densities(found: Spectrum) -> Lines:
    """Return the densities of the blocks of largest trace."""
    order = sorted(found.blocks, key=lambda block: -abs(block["trace"]))
    shown = [block for block in found.blocks if block in order[:CURVES]]
    curves = []
    for block in shown:
        grid, curve, _ = smooth(np.array(block["nodes"]), np.array(block["weights"]), found.smoothing)
        curves.append(Series(name=str(block["name"]), x=grid, y=np.maximum(curve, curve.max() * 1e-6)))
    more = f"; the {CURVES} of largest trace" if len(found.blocks) > len(shown) else ""
    return Lines(
        title=f"Density by {found.by} · {found.title}",
        caption=f"each integrates to 1; bandwidth {_percent(found.smoothing)} of λ{more}",
        series=tuple(curves),
        x_label="eigenvalue λ",
        y_label="density",
        x_scale="symlog",
        y_scale="log",
    )


def estimate(value: float, error: float, *, exact: bool) -> str:
    """Return a number with its error, and words where it has none."""
    if exact:
        return number(value)
    if not np.isfinite(value):
        return "not known"
    if not np.isfinite(error):
        return f"{number(value)} ± ? (one probe tells no error)"
    return f"{number(value)} ± {number(error, 2)}"


def _first(block: dict[str, Array]) -> float:
    """Return the largest eigenvalue of a block, NaN where it has not converged."""
    return float(block["top"][0]) if len(block["top"]) and block["converged"][0] else float("nan")


def _row(
    name: str, value: float, residual: float, good: bool, bound: str
) -> tuple[str, float | str, float, str]:
    if good:
        return name, float(value), float(residual), "converged"
    return name, f"{bound} {number(float(value))}", float(residual), "not converged"


def _method(found: Spectrum) -> str:
    return found.trace_method if found.sampled else "sum over all eigenvalues"


def _share(found: Spectrum, share: float, error: float) -> str:
    """Return a share in percent, with its error where it is an estimate."""
    if not found.sampled or not np.isfinite(error):
        return _percent(share)
    return f"{number(100 * share, 2)} ± {number(100 * error, 2)} %"


def _percent(share: float) -> str:
    """Return a share in percent."""
    return f"{number(100 * share, 2)} %"
