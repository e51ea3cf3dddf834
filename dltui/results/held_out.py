"""Held-out pictures: as they are, as something that was fitted shows them, and what is wrong."""

from __future__ import annotations

import numpy as np

from dltui.figures import Array, Figure, Heatmap, Images, Lines, Series, number

CLOSER = 4  # errors are drawn so many times as bright


def over(count: int) -> str:
    """Return over how many pictures a mean is."""
    return f"over {count:,} pictures" if count > 1 else "over one picture"


def errors(truth: Array, seen: Array) -> Array:
    """Return how far pictures are from the truth, as brightness."""
    wrong = np.abs(np.asarray(seen, np.float32) - np.asarray(truth, np.float32))
    return np.asarray(np.minimum(CLOSER * wrong, 1))


def beside(
    truth: Array, seen: Array, *, who: str, title: str, caption: str, place: int | None = None
) -> Images:
    """Return the truth above what is shown of it above the error; or one picture of each, side by side.

    Args:
        truth: Pictures, 0…1, shape (k, height, width, 3).
        seen: The same as they are shown.
        who: By what.
        title: What was fitted.
        caption: How near it comes.
        place: The one picture; None for all.

    Returns:
        Pictures, those of one kind in a row.
    """
    part = slice(None) if place is None else slice(place, place + 1)
    own, others = np.asarray(truth[part], np.float32), np.asarray(seen[part], np.float32)
    count = len(own)
    names = ("truth", who, f"error × {CLOSER}")
    return Images(
        title=f"Held out · {title}" if place is None else f"Held out {place + 1} of {len(truth)} · {title}",
        caption=caption,
        pixels=np.concatenate([own, others, errors(own, others)]),
        names=tuple(name for name in names for _ in range(count)),
        each_row=count if place is None else len(names),
    )


def depth_map(depth: Array, title: str, label: str = "distance") -> Heatmap:
    """Return distances, or depths along the optical axis, as a picture, row 0 on top."""
    height, width = depth.shape
    return Heatmap(
        title=f"{label.capitalize()}s · {title}",
        values=depth,
        x=np.arange(width),
        y=np.arange(height),
        x_label="column",
        y_label="row",
        value_label=label,
        downwards=True,
        equal=True,
    )


def density_cut(
    cut: Array, ways: tuple[Array, Array, Array], place: int, *, title: str, label: str, told: str = ""
) -> Heatmap:
    """Return densities on one of several planes across the z axis, on one scale for all of them.

    Args:
        cut: Densities, shape (k, h, w).
        ways: Places along and up the planes, and where these are.
        place: Which plane.
        title: What was fitted.
        label: What the numbers are called.
        told: What they are, in words.

    Returns:
        The cut.
    """
    across, upward, levels = ways
    return Heatmap(
        title=f"Density · z = {number(float(levels[place]), 3)} · {title}",
        caption=f"cut {place + 1} of {len(levels)}" + (f"; {told}" if told else ""),
        values=np.asarray(cut[place], np.float32),
        x=across,
        y=upward,
        value_label=label,
        colormap="magma",
        limits=(0.0, float(np.asarray(cut, np.float32).max()) or 1.0),
        equal=True,
    )


def climb(history: Array, *, who: str, title: str) -> list[Figure]:
    """Return the way up, where there is one.

    Args:
        history: Steps, seconds and dB of one held-out picture, shape (n, 3).
        who: What was fitted.
        title: What it was fitted to, too.

    Returns:
        A chart; none of fewer than two judgements.
    """
    if len(history) < 2:
        return []
    return [
        Lines(
            title=f"PSNR on the way · {title}",
            caption="of one held-out picture",
            series=(Series(name=who, x=history[:, 1], y=history[:, 2]),),
            x_label="seconds of steps",
            y_label="PSNR (dB)",
        )
    ]
