"""How sharp a minimum is, in several measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dltui.figures import Table, number

WARNING = (
    "λ_max, Keskar's measure and the rise of SAM change when layers are scaled up and down without a change of the "
    "function; the curvature along filter-normalised directions and the rise of ASAM do not (Dinh et al. 2017, Li et "
    "al. 2018)"
)


@dataclass(frozen=True)
class Measure:
    """One measure of sharpness.

    Attributes:
        name: What it is called.
        value: The number; None where it was not found.
        error: Its standard error, or None where it is no mean.
        sure: What kind of number it is: exact, estimate, lower bound, or what was not found.
        definition: What it is, in one line.
        settings: What it depends on, by name.
    """

    name: str
    value: float | None
    error: float | None
    sure: str
    definition: str
    settings: dict[str, Any] = field(default_factory=dict)


def table(measures: Sequence[dict[str, Any]], title: str) -> Table:
    """Return measures as a table.

    Args:
        measures: ``Measure`` as dictionaries.
        title: What is looked at.

    Returns:
        One row a measure.
    """
    rows = [
        (
            one["name"],
            None if one["value"] is None else float(one["value"]),
            "" if one["error"] is None else f"± {number(one['error'], 2)}",
            one["sure"],
        )
        for one in measures
    ]
    alike: dict[str, list[str]] = {}
    for one in measures:
        alike.setdefault(one["definition"], []).append(one["name"])
    told = "; ".join(f"{', '.join(names)}: {definition}" for definition, names in alike.items())
    return Table(
        title=f"Sharpness · {title}",
        caption=f"at θ*, eval mode. {told}. {WARNING}",
        columns=("measure", "value", "error", "kind"),
        rows=tuple(rows),
    )
