"""The splats along one ray: what each lets through, and what becomes of the pixel when one is made denser."""

from __future__ import annotations

import numpy as np

from dltui.figures import Array, Lines, Series, number

ALONG = "Splats along a ray"
FULL = 0.99  # opacity of a pixel by one splat at most, as they are drawn


def changed(ray: Array, at: int, times: float) -> Array:
    """Return a ray with one splat so many times as opaque, and all that follows from it.

    Args:
        ray: Depth, α, T, w, red, green and blue of the splats, nearest first, shape (m, 7).
        at: Which splat.
        times: By what its α is multiplied; 0 takes it away.

    Returns:
        The same with new α, T and w.
    """
    found = np.array(ray, np.float64)
    found[at, 1] = min(found[at, 1] * times, FULL)
    found[:, 2] = np.concatenate([[1.0], np.cumprod(1 - found[:, 1])[:-1]])
    found[:, 3] = found[:, 1] * found[:, 2]
    return found


def ray_figure(ray: Array, through: list[int], title: str, *, at: int = -1) -> Lines:
    """Return what a ray goes through, splat by splat.

    Args:
        ray: The splats, as ``changed`` takes them.
        through: Column and row of the pixel.
        title: Whose splats they are.
        at: The splat that is pointed at; below 0 for none.

    Returns:
        α, T and w over depth.
    """
    depth, alpha, before, weight = np.asarray(ray, np.float64).T[:4]
    colour = (weight[:, None] * np.asarray(ray, np.float64)[:, 4:]).sum(axis=0)
    seen = ", ".join(number(float(part), 3) for part in colour)
    parts = (("α", alpha), ("T", before), ("w = Tα", weight))
    series = tuple(Series(name=name, x=depth, y=values, marks=name != "T") for name, values in parts)
    if at >= 0:
        series += (Series(name="splat", x=depth[[at]], y=weight[[at]], marks=True),)
    return Lines(
        title=f"{ALONG} · column {through[0]}, row {through[1]} · {title}",
        caption=f"{len(depth):,} splats; Σw = {number(float(weight.sum()), 4)}, Σwc = ({seen}) before the ground",
        series=series,
        x_label="depth",
    )
