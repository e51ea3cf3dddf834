"""What a landscape shows beside its loss: held-out and regularised losses, accuracies, and how sure they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dltui.figures import Array, Heatmap, Series, number
from dltui.results.lattice import spread
from dltui.results.missed import missed
from dltui.results.refined import filled, spans_decades

if TYPE_CHECKING:
    from dltui.results.landscape import Landscape

REGULARISED = "Regularised loss"
HELD_OUT = "Held-out regularised loss"


def maps(found: Landscape) -> list[Heatmap]:
    """Return a plane's other quantities from above: those that were measured."""
    assert found.betas is not None
    wanted = {
        REGULARISED: found.regularised,
        "Held-out loss": found.test_loss,
        HELD_OUT: found.test_regularised,
        "Accuracy": found.accuracy,
        "Held-out accuracy": found.test_accuracy,
    }
    return [
        Heatmap(
            title=f"{name} from above · {found.title}",
            caption=_caption(found, name, values),
            values=found.whole + found.penalty
            if name == REGULARISED and found.penalty is not None and found.complete
            else seen(values, found),
            x=found.alphas,
            y=found.betas,
            x_label="α",
            y_label="β",
            value_label=name.lower(),
            scale="log" if spans_decades(values) and "loss" in name else "linear",
            contours=True,
        )
        for name, values in wanted.items()
        if values is not None
    ]


def interpolation_errors(found: Landscape) -> dict[str, float] | None:
    """Return how far interpolated cells of each other quantity may be off, as a share of its range, or None."""
    if found.known is None or found.bound is None:
        return None
    wanted = {"accuracy": found.accuracy, "test_loss": found.test_loss, "test_accuracy": found.test_accuracy}
    return {name: missed(values, found.known) for name, values in wanted.items() if values is not None}


def curves(found: Landscape) -> list[Series]:
    """Return the other losses of a line."""
    wanted = {
        "held-out loss": (found.test_loss, found.test_error),
        "regularised loss": (found.regularised, None),
        "held-out regularised loss": (found.test_regularised, None),
    }
    return [
        banded(name, found.alphas, seen(values, found)[0], None if error is None else seen(error, found)[0])
        for name, (values, error) in wanted.items()
        if values is not None
    ]


def banded(name: str, x: Array, y: Array, error: Array | None) -> Series:
    """Return a curve, with a band of one standard error to either side where that is known."""
    if error is None or not np.isfinite(error).any():
        return Series(name=name, x=x, y=y)
    low = np.where(y - error > 0, y - error, np.nan) if np.nanmin(y) > 0 else y - error
    return Series(name=name, x=x, y=y, low=low, high=y + error)


def seen(values: Array, found: Landscape) -> Array:
    """Return an array as it is drawn: without holes where it was not computed."""
    known = found.known
    if known is None:
        return values
    if found.bound is None or not np.isfinite(values[known]).any():
        return spread(values, known)
    return filled(values, known)


def _caption(found: Landscape, name: str, values: Array) -> str:
    """Return which samples and weights a map is of, and how far what was not computed may be off."""
    samples = f"{found.test_samples} held-out samples" if "eld-out" in name else f"{found.samples} samples"
    penalty = f", plus {found.weight_decay:g}/2 · ‖θ‖²" if name in {REGULARISED, HELD_OUT} else ""
    part = "" if found.known is None else f"{int(found.known.sum())} of {found.known.size} cells computed; "
    if found.known is not None and found.bound is not None:
        off = found.bound if name == REGULARISED else missed(values, found.known)
        what = "of the range of the loss" if name == REGULARISED else "of its range where it could be tried"
        part = f"{part[:-2]}, the others interpolated, off by at most {number(100 * off, 2)} % {what}; "
    return f"{part}over {samples}{penalty}; {found.mode} mode"
