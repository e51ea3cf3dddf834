"""Which numbers of points are labels of classes, and what the classes are called."""

from __future__ import annotations

import numpy as np

from dltui.figures import Array

MOST = 24  # classes that are told apart by their colours
LABELS = ("label", "class", "categor", "segment", "semantic", "instance", "cluster", "part")
# Of LAS, as the ASPRS counts them.
GROUND = (
    "never classified", "unclassified", "ground", "low vegetation", "medium vegetation", "high vegetation", "building",
    "low noise", "model key", "water", "rail", "road surface", "overlap", "wire guard", "wire conductor", "tower",
    "wire connector", "bridge deck", "high noise",
)  # fmt: skip


def classes_of(name: str, values: Array, file: str = "") -> tuple[Array, tuple[str, ...]]:
    """Return labels as the numbers of their classes, and the classes' names; other numbers as they are, without names.

    Args:
        name: What the numbers are called.
        values: One for each point, shape (n,).
        file: What kind of file they came from: the classes of LAS have names.

    Returns:
        Numbers, shape (n,), and names; none where these are no labels of a few classes.
    """
    held = np.asarray(values)
    if not any(part in name.lower() for part in LABELS) or not held.size or not np.isfinite(held).all():
        return held, ()
    found, which = np.unique(held, return_inverse=True)
    if len(found) > MOST or (found != np.round(found)).any():
        return held, ()
    surveyed = file.startswith("las") and name == "classification"
    return which.reshape(held.shape), tuple(_told(int(one), surveyed) for one in found)


def _told(value: int, surveyed: bool) -> str:
    """Return what a class is called."""
    return f"{value} {GROUND[value]}" if surveyed and 0 <= value < len(GROUND) else str(value)
