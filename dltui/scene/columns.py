"""Tables of numbers as points: columns by their names, or guessed where they have none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltui.errors import DltuiError
from dltui.scene.geometry import Array, Geometry, geometry_of

COLOURS = ("red", "green", "blue"), ("r", "g", "b"), ("diffuse_red", "diffuse_green", "diffuse_blue")
NORMALS = ("nx", "ny", "nz"), ("normal_x", "normal_y", "normal_z")
NAMES = {"//x": "x", "#x": "x", "reflectance": "intensity", "i": "intensity"}
MANY = 16  # columns that a remark names at most
LOOKED_AT = 4096  # rows that a guess rests on
NEARLY = 0.02  # how far from 1 the length of a unit normal may be


def named(columns: dict[str, Array], *, title: str, format: str, remarks: tuple[str, ...] = ()) -> Geometry:  # noqa: A002
    """Return points whose columns have names.

    Args:
        columns: Numbers by name, shape (n,) each; among them x, y and z.
        title: What to call them.
        format: What kind of file it was.
        remarks: What the reader has to say.

    Returns:
        The points; what is neither a place, a colour nor a normal is a channel.

    Raises:
        DltuiError: If there is no x, y or z, or no finite point.
    """
    known: dict[str, Array] = {}
    for name, values in columns.items():
        plain = name.strip().strip("\"'").lower()
        known[NAMES.get(plain, plain)] = values
    if not {"x", "y", "z"} <= known.keys():
        raise DltuiError(f"{title} has no columns x, y and z: it has {', '.join(columns) or 'none'}")
    colours = next((names for names in COLOURS if set(names) <= known.keys()), None)
    normals = next((names for names in NORMALS if set(names) <= known.keys()), None)
    used = {"x", "y", "z", *(colours or ()), *(normals or ())}
    return geometry_of(
        _together(known, ("x", "y", "z")),
        title=title,
        channels={name: values for name, values in known.items() if name not in used},
        rgb=_together(known, colours) if colours else None,
        normals=_together(known, normals) if normals else None,
        format=format,
        remarks=remarks,
    )


def unnamed(
    table: NDArray[np.generic],
    names: tuple[str, ...],
    *,
    title: str,
    format: str,  # noqa: A002
) -> Geometry:
    """Return points from a table whose columns were told, or are guessed with a remark.

    Args:
        table: Numbers, shape (n, columns).
        names: Names of the columns; none to guess them. ``-`` leaves one out.
        title: What to call them.
        format: What kind of file it was.

    Returns:
        The points.

    Raises:
        DltuiError: If there are fewer than three columns, or another number of them than names.
    """
    wide = table.shape[1]
    if names and len(names) != wide:
        told = ",".join(names)
        raise DltuiError(f"{title} has {wide} columns, but --columns names {len(names)}: {told}")
    if wide < 3:
        raise DltuiError(f"{title} has {wide} columns: expected x, y and z at least")
    remarks: tuple[str, ...] = ()
    if not names:
        names = guess(table[:LOOKED_AT])
        if wide > 3:
            remarks = (_guessed(names),)
    columns = {name: table[:, i] for i, name in enumerate(names) if name != "-"}
    return named(columns, title=title, format=format, remarks=remarks)


def _guessed(names: tuple[str, ...]) -> str:
    """Return the remark that columns were guessed."""
    if len(names) <= MANY:
        return f"columns taken for {','.join(names)}; --columns tells otherwise"
    more = f"{','.join(names[:4])} and {len(names) - 4} more"
    return f"columns taken for {more}; a depth map is read with --intrinsics fx,fy,cx,cy"


def guess(table: NDArray[np.generic]) -> tuple[str, ...]:
    """Return names for the columns of a table: triples of bytes are colours, triples of unit length normals."""
    wide, at = table.shape[1], 3
    names = ["x", "y", "z"]
    if (wide - at) % 3 == 1:
        names, at = [*names, "intensity"], 4
    for _ in range((wide - at) // 3):
        kind = _triple(np.asarray(table[:, at : at + 3], np.float64))
        fresh = ("red", "green", "blue") if kind == "colours" else ("nx", "ny", "nz")
        if not kind or fresh[0] in names:
            break
        names, at = [*names, *fresh], at + 3
    return (*names, *(f"column {i + 1}" for i in range(at, wide)))


def _triple(three: NDArray[np.float64]) -> str:
    """Return what three columns look like: ``colours``, ``normals`` or neither."""
    known = three[np.isfinite(three).all(axis=1)]
    if not len(known):
        return ""
    if (np.abs(np.linalg.norm(known, axis=1) - 1) < NEARLY).mean() > 0.9:
        return "normals"
    whole = (known == np.round(known)).all() and known.max() > 1
    share = known.max() <= 1
    return "colours" if known.min() >= 0 and ((whole and known.max() <= 65535) or share) else ""


def _together(columns: dict[str, Array], names: tuple[str, ...]) -> Array:
    """Return columns as one array, shape (n, k)."""
    return np.stack([columns[name] for name in names], axis=1)
