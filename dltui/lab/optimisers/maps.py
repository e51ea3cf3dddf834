"""Pictures that the exhibits of this family share: walks on a map, and their losses and slopes step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from dltui.descent.rule import Vector
from dltui.descent.surface import Surface
from dltui.descent.walk import Walk
from dltui.figures import Figure, Heatmap, Lines, Mark, Path, Scale, Series, number

CELLS = 61
FLOOR = 1e-16  # a loss below is drawn there: a logarithm needs something


def moments(steps: int, most: int = 25) -> list[int]:
    """Return after which steps a picture is shown: all of a short walk, of a longer one some, the last among them."""
    return sorted({round(place) for place in np.linspace(0, steps, min(steps, most) + 1)})


def weights(surface: Surface) -> tuple[str, ...]:
    """Return what the weights are called in the formula of a surface: x and y, or w₁ and w₂."""
    if surface.dims == 1:
        return ("w",) if "w" in surface.formula else ("x",)
    return ("w₁", "w₂") if "w₁" in surface.formula else ("x", "y")


def ground(
    surface: Surface,
    walks: Mapping[str, Walk],
    *,
    now: int | None = None,
    title: str = "",
    caption: str = "",
    scale: Scale | None = None,
    extra: Sequence[Path] = (),
) -> Figure:
    """Return the walks on their surface: from above, or as a curve where there is one weight.

    Args:
        surface: What was walked on; its map grows until it holds every start.
        walks: The walks by name.
        now: Steps that are shown; all by default.
        title: What is seen; the formula by default.
        caption: What must be known beside it.
        scale: How heights are spaced in colour; by powers by default, or linear where some lie below 0.
        extra: More strokes on the map, such as arrows.

    Returns:
        The figure.
    """
    if surface.dims == 1:
        return _curve(surface, walks, now, title or f"L = {surface.formula}", caption)
    title, (across, up) = title or f"From above: L = {surface.formula}", weights(surface)
    low, high = _window(surface, walks)
    x, y = (np.linspace(a, b, CELLS) for a, b in zip(low, high, strict=True))
    paths, marks = [], []
    for name, one in walks.items():
        way = one.points[: None if now is None else now + 1]
        seen = np.where(((way >= low) & (way <= high)).all(-1, keepdims=True), way, np.nan)
        paths.append(Path(name=name, x=seen[:, 0], y=seen[:, 1]))
    starts = {tuple(one.points[0].tolist()) for one in walks.values()}
    marks += [Mark(name="start", x=at[0], y=at[1]) for at in sorted(starts)]
    for place, at in enumerate(surface.minima, start=1):
        name = f"minimum {place}" if len(surface.minima) > 1 else "minimum"
        marks.append(Mark(name=name, x=at[0], y=at[1]))
    values = surface.value(np.stack(np.meshgrid(x, y), -1))
    return Heatmap(
        title=title,
        caption=caption,
        values=values,
        x=x,
        y=y,
        x_label=across,
        y_label=up,
        value_label="L",
        scale=scale or ("linear" if (values < 0).any() else "symlog"),
        contours=True,
        paths=(*paths, *extra),
        marks=tuple(marks),
    )


def arrows(name: str, tails: Vector, moves: Vector) -> Path:
    """Return arrows as one stroke: a shaft and a head each.

    Args:
        name: What the legend calls them.
        tails: Where they begin, shape (n, 2).
        moves: How far they go, shape (n, 2).

    Returns:
        The stroke, broken between one and the next.
    """
    heads = tails + moves
    back, side = -0.3 * moves, 0.15 * np.stack((-moves[:, 1], moves[:, 0]), -1)
    gap = np.full_like(tails, np.nan)
    parts = np.stack((tails, heads, heads + back + side, heads, heads + back - side, gap), 1).reshape(-1, 2)
    return Path(name=name, x=parts[:, 0], y=parts[:, 1], ends=False)


def losses(
    walks: Mapping[str, Walk], *, now: int | None = None, title: str = "Loss, step by step", caption: str = ""
) -> Lines:
    """Return the loss of every walk over its steps, on a log scale where no loss lies below 0."""
    return _over(walks, {name: one.values for name, one in walks.items()}, now, title, "L", caption)


def slopes(
    walks: Mapping[str, Walk],
    *,
    now: int | None = None,
    title: str = "Slope, step by step",
    caption: str = "",
) -> Lines:
    """Return the length of the gradient at every step."""
    return _over(walks, {name: one.norms for name, one in walks.items()}, now, title, "‖g‖", caption)


def pair(vector: ArrayLike) -> str:
    """Return a point for a line of text, such as ``(0.8, −1)``."""
    told = ", ".join(number(float(part)) for part in np.atleast_1d(vector))
    return f"({told})" if np.size(vector) > 1 else told


def signed(value: float) -> str:
    """Return a factor in a product, in parentheses where it is negative."""
    return f"({number(value)})" if value < 0 else number(value)


def _over(
    walks: Mapping[str, Walk],
    values: dict[str, Vector],
    now: int | None,
    title: str,
    label: str,
    caption: str,
) -> Lines:
    """Return one curve a walk."""
    cut = {name: one[: None if now is None else now + 1] for name, one in values.items()}
    below = any((one < 0).any() for one in cut.values())
    return Lines(
        title=title,
        caption=caption or " ".join(f"{name}: {one.ended}." for name, one in walks.items() if one.ended),
        series=tuple(
            Series(name=name, x=np.arange(float(len(one))), y=one if below else np.maximum(one, FLOOR))
            for name, one in cut.items()
        ),
        x_label="step",
        y_label=label,
        y_scale="linear" if below else "log",
    )


def _window(surface: Surface, walks: Mapping[str, Walk]) -> tuple[Vector, Vector]:
    """Return the corners of a map that holds the surface's own and every start."""
    low, high = np.array(surface.low, dtype=float), np.array(surface.high, dtype=float)
    room = 0.05 * (high - low)
    for one in walks.values():
        start = one.points[0]
        low = np.where(start < low, start - room, low)
        high = np.where(start > high, start + room, high)
    return low, high


def _curve(surface: Surface, walks: Mapping[str, Walk], now: int | None, title: str, caption: str) -> Lines:
    """Return a function of one weight, with the points of the walks on it."""
    (low,), (high,) = _window(surface, walks)
    x = np.linspace(low, high, 241)
    lines = [Series(name="L", x=x, y=surface.value(x[:, None]))]
    for name, one in walks.items():
        way = one.points[: None if now is None else now + 1, 0]
        way = way[(way >= low) & (way <= high)]
        lines.append(Series(name=name, x=way, y=surface.value(way[:, None]), marks=True))
    return Lines(title=title, caption=caption, series=tuple(lines), x_label=weights(surface)[0], y_label="L")
