"""Scans as bare floats, as KITTI (x, y, z, reflectance) and nuScenes (… and ring) keep them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dltui.errors import DltuiError
from dltui.scene.columns import named
from dltui.scene.geometry import Geometry
from dltui.scene.hints import Hints

KNOWN = {
    4: ("x", "y", "z", "intensity"),
    5: ("x", "y", "z", "intensity", "ring"),
    3: ("x", "y", "z"),
    6: ("x", "y", "z", "intensity", "ring", "time"),
}
RINGS = 256  # lasers of a scanner at most


def read_bin(path: Path, hints: Hints) -> Geometry:
    """Read a scan of 32-bit floats without a header.

    Args:
        path: Where it is.
        hints: Names of its columns; guessed with a remark where they are not told.

    Returns:
        The points.

    Raises:
        DltuiError: If its length fits no number of columns.
    """
    size = path.stat().st_size
    if not size:
        raise DltuiError(f"{path} is empty: expected floats x, y, z, intensity for every point")
    if size % 4:
        raise DltuiError(f"{path} has {size:,} bytes: 32-bit floats take four each, it was cut short")
    numbers = np.memmap(path, "<f4", "r")
    if hints.columns:
        names = hints.columns
        if numbers.size % len(names):
            raise DltuiError(
                f"{path} has {numbers.size:,} floats, which is no multiple of {len(names)} columns"
            )
        remarks: tuple[str, ...] = ()
    else:
        names = KNOWN[_columns(numbers, path)]
        remarks = (f"columns taken for {','.join(names)}; --columns tells otherwise",)
    table = numbers.reshape(-1, len(names))
    columns = {name: table[:, i] for i, name in enumerate(names) if name != "-"}
    return named(columns, title=path.name, format="bin, 32-bit floats", remarks=remarks)


def _columns(numbers: np.memmap[tuple[int], np.dtype[np.float32]], path: Path) -> int:
    """Return how many columns there probably are: those divide the size, and make sense."""
    fits = [count for count in KNOWN if numbers.size % count == 0]
    if not fits:
        raise DltuiError(
            f"{path} has {numbers.size:,} floats, which fit no rows of 3 to 6 columns: was it cut short?"
        )
    return next((count for count in fits if _sensible(numbers[: 60 * 256].reshape(-1), count)), fits[0])


def _sensible(some: np.ndarray[tuple[int], np.dtype[np.float32]], count: int) -> bool:
    """Return whether rows of so many columns have an intensity in 0…255 and a ring that is a whole number."""
    table = some[: some.size // count * count].reshape(-1, count)
    if count == 3:
        return bool(np.isfinite(table).all())
    if not np.isfinite(table).all() or table[:, 3].min() < 0 or table[:, 3].max() > 255:
        return False
    ring = table[:, 4] if count > 4 else np.zeros(1)
    return bool((ring == np.round(ring)).all() and ring.min() >= 0 and ring.max() < RINGS)
