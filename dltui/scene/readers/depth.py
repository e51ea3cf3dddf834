"""Depth maps: every pixel as a point before a pinhole camera."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dltui.errors import DltuiError
from dltui.scene.geometry import Array, Geometry, geometry_of
from dltui.scene.hints import Hints

NEEDS = "a depth map needs the camera: --intrinsics fx,fy,cx,cy in pixels"


def read_depth(path: Path, hints: Hints) -> Geometry:
    """Read a depth map: PFM, or a picture of 8, 16 or 32 bits by Pillow.

    Args:
        path: Where it is.
        hints: The camera, and by what its numbers are divided.

    Returns:
        One point a pixel; pixels whose depth is 0 or not finite are left out.

    Raises:
        DltuiError: If it can't be read, has colours, or no intrinsics were told.
    """
    if not hints.intrinsics:
        raise DltuiError(f"{path.name} is a picture: {NEEDS}")
    depth = _pfm(path) if path.suffix.lower() == ".pfm" else _picture(path)
    return depth_points(depth, hints, title=path.name, format=f"depth map, {path.suffix.lower().lstrip('.')}")


def depth_points(
    depth: Array,
    hints: Hints,
    *,
    title: str,
    format: str,  # noqa: A002 - as the field is called
    camera: Array | None = None,
    colours: Array | None = None,
) -> Geometry:
    """Return the points that the pixels of a depth map show.

    (x, y, z) = ((u − cx)·d / fx, (cy − v)·d / fy, −d): the camera looks along −z, y points up.

    Args:
        depth: Distance along the axis of the camera, shape (height, width).
        hints: The camera, and by what depths are divided; it wins over ``camera``.
        title: What to call them.
        format: What kind of file it was.
        camera: A matrix of intrinsics, shape (3, 3), or fx, fy, cx, cy.
        colours: Colour of each pixel, shape (height, width, 3), or None.

    Returns:
        The points.

    Raises:
        DltuiError: If it is no map, or nothing in it is above 0.
    """
    if depth.ndim == 3 and depth.shape[-1] == 1:
        depth = depth[..., 0]
    if depth.ndim != 2 or depth.dtype.kind not in "fiub":
        raise DltuiError(
            f"{title} holds an array of shape {depth.shape}: expected a depth map of rows and columns"
        )
    rows, columns = depth.shape
    fx, fy, cx, cy = _camera(hints.intrinsics, camera, (rows, columns), title)
    far = np.asarray(depth, np.float64) / hints.depth_scale
    v, u = np.nonzero(np.isfinite(far) & (far > 0))
    if not v.size:
        raise DltuiError(f"{title} has no pixel with a depth above 0")
    d = far[v, u]
    places = np.stack([(u - cx) * d / fx, (cy - v) * d / fy, -d], axis=1)
    fits = colours is not None and colours.shape[:2] == (rows, columns)
    rgb = None
    if fits and colours is not None:
        rgb = np.repeat(colours[v, u][:, None], 3, 1) if colours.ndim == 2 else colours[v, u][:, :3]
    missing = rows * columns - v.size
    remarks = (f"{missing:,} of {rows * columns:,} pixels have no depth",) if missing else ()
    return geometry_of(
        places, title=title, channels={"distance": d}, rgb=rgb, up="y", format=format, remarks=remarks
    )


def _camera(
    told: tuple[float, ...], held: Array | None, shape: tuple[int, int], title: str
) -> tuple[float, float, float, float]:
    """Return fx, fy, cx and cy; the middle of the picture where they are not told."""
    known = list(told)
    if not known and held is not None:
        flat = np.asarray(held, np.float64)
        known = [*flat[[0, 1], [0, 1]], *flat[:2, 2]] if flat.shape == (3, 3) else flat.ravel()[:4].tolist()
    if len(known) == 2:
        known += [(shape[1] - 1) / 2, (shape[0] - 1) / 2]
    if len(known) != 4 or not all(np.isfinite(known)) or known[0] <= 0 or known[1] <= 0:
        raise DltuiError(f"{title} has no fx, fy, cx and cy that make sense: {NEEDS}")
    fx, fy, cx, cy = (float(number) for number in known)
    return fx, fy, cx, cy


def _pfm(path: Path) -> NDArray[np.float32]:
    """Return the numbers of a PFM file, top row first."""
    body = path.read_bytes()
    words = body.split(maxsplit=4)[:4]
    try:
        kind, wide, high, scale = words[0], int(words[1]), int(words[2]), float(words[3])
    except (IndexError, ValueError):
        kind, wide, high, scale = b"", 0, 0, 0.0
    if kind != b"Pf" or wide <= 0 or high <= 0 or scale == 0:
        raise DltuiError(f"{path} is no grey PFM file: expected it to begin with Pf, its size and its scale")
    start, size = len(body) - 4 * wide * high, 4 * wide * high
    if start <= 0 or body[:start].split() != words:
        raise DltuiError(f"{path} ends before its {wide} × {high} pixels do: it was cut short")
    numbers = np.frombuffer(body, "<f4" if scale < 0 else ">f4", size // 4, start)
    return numbers.reshape(high, wide)[::-1].astype(np.float32)


def _picture(path: Path) -> Array:
    """Return the numbers of a grey picture."""
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise DltuiError(f"can't read {path.name} without Pillow: pip install 'dltui[figures]'") from error
    try:
        with Image.open(path) as picture:
            array: Array = np.asarray(picture)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise DltuiError(f"can't read {path}: it is no picture, or was cut short") from error
    if array.ndim != 2:
        raise DltuiError(f"{path} has colours: expected a depth map with one number a pixel")
    return array
