"""Points, or points joined by triangles, as they come out of a file or a formula."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dltui.errors import DltuiError

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Array = NDArray[np.generic]
FAR_OUT = 16.0  # an origin this many times farther away than the shape is large costs digits in float32


@dataclass(frozen=True, eq=False, kw_only=True)
class Geometry:
    """A shape in space.

    Attributes:
        title: What to call it.
        vertices: Places, shape (n, 3), float32, after the origin was taken off; all finite.
        faces: Corners of triangles, counter-clockwise seen from outside, shape (f, 3); none of a cloud.
        channels: Numbers by name for every vertex, shape (n,) each, in the order of the file.
        rgb: Colours in 0…255, shape (n, 3), or None.
        normals: Normals of the vertices, shape (n, 3), or None.
        origin: What was taken off all places, float64, shape (3,), so that float32 keeps their digits.
        up: The axis that points up.
        dropped: Vertices left out because a coordinate was NaN or infinite.
        remarks: What a reader guessed or left out, in sentences.
        format: What kind of file it was, such as ``ply, binary``; empty for what was made.
    """

    title: str
    vertices: Floats
    faces: Ints = field(default_factory=lambda: np.zeros((0, 3), np.int32))
    channels: dict[str, Array] = field(default_factory=dict)
    rgb: NDArray[np.uint8] | None = None
    normals: Floats | None = None
    origin: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    up: str = "z"
    dropped: int = 0
    remarks: tuple[str, ...] = ()
    format: str = ""

    @cached_property
    def bounds(self) -> NDArray[np.float64]:
        """Least and greatest coordinates, the origin put back, shape (2, 3)."""
        if not len(self.vertices):
            return np.zeros((2, 3))
        return (
            np.stack([self.vertices.min(axis=0), self.vertices.max(axis=0)]).astype(np.float64) + self.origin
        )

    @property
    def is_mesh(self) -> bool:
        """Whether there are triangles."""
        return len(self.faces) > 0

    @property
    def is_splats(self) -> bool:
        """Whether the vertices are Gaussians of a splatted scene."""
        return {"opacity", "scale_0", "rot_0", "f_dc_0"} <= self.channels.keys()

    def chosen(self, which: NDArray[np.integer] | NDArray[np.bool_]) -> Geometry:
        """Return some of the points, without triangles."""
        return replace(
            self,
            vertices=np.ascontiguousarray(self.vertices[which]),
            faces=np.zeros((0, 3), np.int32),
            channels={name: values[which] for name, values in self.channels.items()},
            rgb=None if self.rgb is None else self.rgb[which],
            normals=None if self.normals is None else self.normals[which],
        )


def geometry_of(
    places: NDArray[np.generic],
    *,
    title: str,
    faces: NDArray[np.integer] | None = None,
    channels: Mapping[str, Array] | None = None,
    rgb: NDArray[np.generic] | None = None,
    normals: NDArray[np.generic] | None = None,
    up: str = "z",
    remarks: tuple[str, ...] = (),
    format: str = "",  # noqa: A002 - as the field is called
) -> Geometry:
    """Return a geometry from what a file holds: what is not finite is left out, a far origin taken off.

    Args:
        places: Coordinates, shape (n, 3), any numbers.
        title: What to call it.
        faces: Corners of triangles, shape (f, 3).
        channels: Numbers by name, shape (n,) each.
        rgb: Colours: whole numbers in 0…255 or 0…65535, or broken ones in 0…1, shape (n, 3).
        normals: Normals, shape (n, 3).
        up: The axis that points up.
        remarks: What the reader has to say.
        format: What kind of file it was.

    Returns:
        The geometry.

    Raises:
        DltuiError: If there are no finite points, or a face names a vertex that is not there.
    """
    if places.ndim != 2 or places.shape[1] != 3:
        raise DltuiError(
            f"{title} holds an array of shape {places.shape}: expected x, y and z for every point"
        )
    count = len(places)
    if faces is not None and len(faces) and (faces.min() < 0 or faces.max() >= count):
        worst = int(faces.max() if faces.max() >= count else faces.min())
        raise DltuiError(f"{title} has a face with vertex {worst}, but its vertices are 0 … {count - 1}")
    finite = np.isfinite(places).all(axis=1)
    kept, dropped = np.flatnonzero(finite), int(count - finite.sum())
    if not kept.size:
        raise DltuiError(f"{title} has no point with finite coordinates: expected at least one")
    if dropped:
        places = places[kept]
        faces = None if faces is None else _renamed(faces, finite, kept)
        channels = {name: values[kept] for name, values in (channels or {}).items()}
        rgb, normals = (None if part is None else part[kept] for part in (rgb, normals))
    low, high = places.min(axis=0).astype(np.float64), places.max(axis=0).astype(np.float64)
    middle = (low + high) / 2
    far = np.abs(middle).max() > FAR_OUT * max(float((high - low).max()), 1e-300)
    origin = np.round(middle) if far else np.zeros(3)
    return Geometry(
        title=title,
        vertices=np.ascontiguousarray(np.asarray(places, np.float64) - origin if far else places, np.float32),
        faces=np.zeros((0, 3), np.int32) if faces is None else np.ascontiguousarray(faces, np.int32),
        channels=dict(channels or {}),
        rgb=None if rgb is None else _bytes(rgb),
        normals=None if normals is None else np.ascontiguousarray(normals, np.float32),
        origin=origin,
        up=up,
        dropped=dropped,
        remarks=remarks,
        format=format,
    )


def _renamed(
    faces: NDArray[np.integer], finite: NDArray[np.bool_], kept: NDArray[np.integer]
) -> NDArray[np.integer]:
    """Return the faces whose corners are all finite, by their new numbers."""
    number = np.full(len(finite), -1, np.int64)
    number[kept] = np.arange(len(kept))
    renamed: NDArray[np.int64] = number[faces]
    whole: NDArray[np.int64] = renamed[(renamed >= 0).all(axis=1)]
    return whole


def _bytes(rgb: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Return colours as bytes."""
    if rgb.dtype == np.uint8:
        return np.ascontiguousarray(rgb)
    numbers = np.nan_to_num(np.asarray(rgb, np.float64))
    top = numbers.max(initial=0)
    scale = (
        255.0 if np.issubdtype(rgb.dtype, np.floating) and top <= 1 else 1.0 if top <= 255 else 255 / 65535
    )
    return np.clip(numbers * scale + 0.5, 0, 255).astype(np.uint8)
