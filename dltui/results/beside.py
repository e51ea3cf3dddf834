"""What a landscape shows beside its loss: held-out and regularised losses, accuracies, and how sure they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dltui.figures import Array, Heatmap, Series
from dltui.results.lattice import spread
from dltui.results.refined import filled, spans_decades

if TYPE_CHECKING:
    from dltui.results.landscape import Landscape


def maps(found: Landscape) -> list[Heatmap]:
    """Return a plane's other quantities from above: those that were measured."""
    assert found.betas is not None
    wanted = {
        "Regularised loss": found.regularised,
        "Held-out loss": found.test_loss,
        "Accuracy": found.accuracy,
        "Held-out accuracy": found.test_accuracy,
    }
    return [
        Heatmap(
            title=f"{name} from above · {found.title}",
            caption=_caption(found, name),
            values=seen(values, found),
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


def curves(found: Landscape) -> list[Series]:
    """Return the other losses of a line."""
    wanted = {
        "held-out loss": (found.test_loss, found.test_error),
        "regularised loss": (found.regularised, None),
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


def _caption(found: Landscape, name: str) -> str:
    """Return which samples and weights a map is of."""
    samples = f"{found.test_samples} held-out samples" if "eld-out" in name else f"{found.samples} samples"
    penalty = f", plus {found.weight_decay:g}/2 · ‖θ‖²" if name == "Regularised loss" else ""
    part = "" if found.known is None else f"{int(found.known.sum())} of {found.known.size} cells computed; "
    return f"{part}over {samples}{penalty}; {found.mode} mode"
