"""How gradient norms like to be seen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dltui.figures import Array, Bars, Figure, Histogram, Images, Lines, Series, Table, number
from dltui.results.depth import factors, plain
from dltui.results.gradients import GradientNorms


def pictures(found: GradientNorms) -> list[Figure]:
    """Return every picture of gradient norms, the main one first.

    Args:
        found: The norms.

    Returns:
        Bars by layer, a table of them, the way through the depth, and what is known of units and samples.
    """
    return list(_pictures(found))


def _pictures(found: GradientNorms) -> Iterator[Figure]:
    yield layer_bars(found)
    yield layer_table(found)
    if len(found.modules) > 1:
        yield depth_lines(found)
        yield depth_table(found)
    if found.units:
        yield unit_table(found)
    if found.noise is not None:
        yield noise_table(found)
    if found.known_norms is not None:
        yield sample_counts(found, found.known_norms)
        yield clip_curve(found, found.known_norms)
    if found.hardest is not None and len(found.hardest):
        yield hardest(found)


def layer_bars(found: GradientNorms) -> Bars:
    """Return ‖∇L‖ of each tensor as bars."""
    return Bars(
        title=f"Gradient norm by layer · {found.title}",
        caption=(
            f"{found.loss_name} {number(found.loss)} over {found.samples} samples, total norm "
            f"{number(found.total_norm)}; {found.mode} mode"
            + (f"; {found.depth.sentence}" if found.depth else "")
        ),
        labels=tuple(found.names),
        values=found.grad_norms,
        value_label="‖∇L‖",
        scale="log",
    )


def layer_table(found: GradientNorms) -> Table:
    """Return norms, ratios, cosines and noise scales of each tensor."""
    columns = ["layer", "shape", "‖∇L‖", "‖w‖", "‖∇L‖ / ‖w‖"]
    shapes = ["×".join(map(str, shape)) or "1" for shape in found.shapes]
    rows: list[list[str | float]] = [
        [name, shape, float(g), float(w), float(r)]
        for name, shape, g, w, r in zip(
            found.names, shapes, found.grad_norms, found.weight_norms, found.ratios, strict=True
        )
    ]
    told = []
    if found.update_ratios is not None:
        columns.append("‖Δw‖ / ‖w‖")
        told.append(f"Δw: {found.step}")
        for row, ratio in zip(rows, found.update_ratios.tolist(), strict=True):
            row.append(ratio)
    if found.cosines is not None and found.cosine_errors is not None:
        columns += ["cosine", "± error"]
        told.append(
            f"cosine between the gradients of successive batches of {found.batch_size}, mean over {found.batches} "
            f"batches ± standard error; all tensors: {number(found.cosines[-1], 3)} ± "
            f"{number(found.cosine_errors[-1], 2)}"
        )
        for row, cosine, error in zip(
            rows, found.cosines[:-1].tolist(), found.cosine_errors[:-1].tolist(), strict=True
        ):
            row += [cosine, error]
    return Table(
        title=f"In numbers, layer by layer · {found.title}",
        caption="; ".join(told),
        columns=tuple(columns),
        rows=tuple(map(tuple, rows)),
    )


def depth_lines(found: GradientNorms) -> Lines:
    """Return signal and gradient through the depth, each on its way."""
    places = np.arange(1, len(found.modules) + 1, dtype=float)
    curves = [
        Series(name="forward: root mean square of z", x=places, y=_positive(found.signal[1])),
        Series(name="backward: ‖δ‖ of a sample", x=places, y=_positive(found.signal[4])),
    ]
    if np.isfinite(found.signal[3]).any():
        after = Series(name="after the activation", x=places, y=_positive(found.signal[3]))
        curves.insert(1, after)
    return Lines(
        title=f"Depth, forward and back · {found.title}",
        caption=found.depth.sentence if found.depth else "",
        series=tuple(curves),
        x_label="layer",
        y_label="size",
        y_scale="log",
    )


def depth_table(found: GradientNorms) -> Table:
    """Return what each layer does to the signal and to the gradient."""
    rows = zip(found.modules, found.signal.T.tolist(), factors(found.signal[4]).tolist(), strict=True)
    return Table(
        title=f"What each layer does · {found.title}",
        caption="z: what a layer gives; δ = ∂ℓᵢ/∂z; the factor is ‖δ‖ over that of the next layer",
        columns=("layer", "mean z", "rms z", "rms after", "‖δ‖", "rms δ", "factor"),
        rows=tuple(
            (name, *(_or_dash(plain(value)) for value in (v[0], v[1], v[3], v[4], v[5], factor)))
            for name, v, factor in rows
        ),
    )


def unit_table(found: GradientNorms) -> Table:
    """Return dead and saturated units of each activation function."""
    dead = sum(unit["dead"] or 0 for unit in found.units)
    could = sum(unit["units"] for unit in found.units if unit["dead"] is not None)
    told = (
        f"{dead} of {could} units that can die never fire on these {found.samples} samples" if could else ""
    )
    rows = [
        (
            unit["name"],
            unit["units"],
            _or_dash(unit["dead"]),
            _share(unit["dead_share"]),
            _share(unit["fires"]),
            _or_dash(unit["saturated"]),
            _share(unit["saturates"]),
        )
        for unit in found.units
    ]
    note = "saturated: slope below 5 % of the greatest; a unit is, where 95 % of its outputs are"
    return Table(
        title=f"Units dead or saturated · {found.title}",
        caption="; ".join(filter(None, (told, note))),
        columns=("activation", "units", "dead", "share", "fires", "saturated", "outputs saturated"),
        rows=tuple(rows),
    )


def noise_table(found: GradientNorms) -> Table:
    """Return gradient noise of each tensor and of all, with errors."""
    noise, each = found.noise, found.layer_noise
    assert noise is not None
    assert each is not None
    rows = [
        (name, one.trace, one.trace_error, one.square, one.square_error, one.words())
        for name, one in zip(["all tensors", *found.names], [noise, *each], strict=True)
    ]
    law = ""
    if found.batch_square:
        law = (
            f"; ‖g_B‖² of batches of {found.batch_size}: {number(found.batch_square[0], 3)} ± "
            f"{number(found.batch_square[1], 2)} measured, {number(noise.expected(found.batch_size), 3)} expected"
        )
    return Table(
        title=f"Noise of the gradient · {found.title}",
        caption=(
            f"noise scale tr Σ / ‖G‖² with its 95 % interval, a bound where ‖G‖² can't be told from 0; over all "
            f"tensors {number(noise.here, 3)} where these {found.samples} samples are all there are{law}; ± is a "
            "standard error (jackknife)"
        ),
        columns=("tensor", "tr Σ", "±", "‖G‖²", "±", "noise scale"),
        rows=tuple(rows),
    )


def sample_counts(found: GradientNorms, norms: Array) -> Histogram:
    """Return how often which norm occurs."""
    counts, edges = np.histogram(norms, bins=40)
    return Histogram(
        title=f"Samples by gradient norm · {found.title}",
        caption=sample_caption(found, norms),
        edges=edges,
        counts=counts.astype(float),
        value_label="‖∇ℓᵢ‖",
        scale="log",
    )


def sample_caption(found: GradientNorms, norms: Array) -> str:
    """Return what a reader must know of the norms by sample."""
    noise = (
        "" if found.noise_scale is None else f"; gradient noise scale {number(found.noise_scale, 3)} samples"
    )
    assert found.sample_norms is not None
    how = f"by {found.method or 'one backward pass each'}"
    if not found.complete:
        how = f"{len(norms)} of {found.samples} samples so far"
    return (
        f"mean {number(norms.mean())}, median {number(np.median(norms))}, largest {number(norms.max())} at "
        f"sample {int(np.nanargmax(found.sample_norms))}{noise}; {how}"
    )


def clip_curve(found: GradientNorms, norms: Array) -> Lines:
    """Return which share of the samples a threshold would clip."""
    ascending = np.sort(norms[norms > 0])
    above = 1 - np.arange(1, len(ascending) + 1) / len(norms)
    thin = (
        np.unique(np.linspace(0, max(len(ascending) - 1, 0), 400).astype(int))
        if len(ascending)
        else np.zeros(0, int)
    )
    told = f"half of them at C = {number(float(np.median(norms)))}"
    if found.clip is not None:
        told = f"{found.clipped(found.clip):.1%} of the samples at C = {number(found.clip)}; {told}"
    return Lines(
        title=f"Clipped at C · {found.title}",
        caption=f"share of samples whose gradient is longer than C: {told}",
        series=(Series(name="clipped", x=ascending[thin], y=above[thin]),) if len(ascending) else (),
        x_label="C",
        y_label="share clipped",
        x_scale="log",
    )


def hardest(found: GradientNorms) -> Images | Table:
    """Return the samples of the largest norm: as pictures where they are pictures, else as a table."""
    assert found.hardest is not None
    assert found.hardest_norms is not None
    assert found.hardest_losses is not None
    norms, fence = found.known_norms, found.fence
    out = int((norms > fence).sum()) if norms is not None and fence is not None else 0
    share = (norms[norms > fence] ** 2).sum() / max((norms**2).sum(), 1e-300) if norms is not None else 0.0
    told = (
        f"{out} outliers beyond {number(fence or 0.0, 3)} (three interquartile ranges above the third quartile) carry "
        f"{share:.0%} of Σ‖∇ℓᵢ‖²"
    )
    guesses = found.hardest_guesses or [""] * len(found.hardest)
    title = f"Hardest samples · {found.title}"
    if found.hardest_pixels is not None:
        names = [
            f"{answer}{f'→{guess}' if guess and guess != answer else ''} {number(float(norm), 2)}"
            for answer, guess, norm in zip(
                found.hardest_answers, guesses, found.hardest_norms.tolist(), strict=True
            )
        ]
        return Images(
            title=title,
            caption=f"answer→guess, ‖∇ℓᵢ‖; {told}",
            pixels=found.hardest_pixels,
            names=tuple(names),
        )
    rows = zip(
        found.hardest.tolist(),
        found.hardest_norms.tolist(),
        found.hardest_losses.tolist(),
        found.hardest_answers,
        guesses,
        strict=True,
    )
    return Table(
        title=title, caption=told, columns=("row", "‖∇ℓᵢ‖", "loss", "answer", "guess"), rows=tuple(rows)
    )


def _positive(values: Array) -> Array:
    """Return values for a logarithmic axis: NaN where they aren't above 0."""
    return np.where(values > 0, values, np.nan)


def _or_dash(value: float | None) -> float | str:
    return "–" if value is None else value


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
