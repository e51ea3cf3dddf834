"""What trimesh reads: glTF, GLB, 3MF, Collada and others; it is imported for such a file alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dltui.errors import DltuiError
from dltui.scene.geometry import Geometry, geometry_of
from dltui.scene.hints import Hints

UPRIGHT = {".glb", ".gltf", ".dae"}  # formats whose y points up


def read_foreign(path: Path, hints: Hints) -> Geometry:  # noqa: ARG001 - every reader takes them
    """Read a mesh or points by trimesh.

    Args:
        path: Where it is.
        hints: Not needed.

    Returns:
        All meshes of the scene as one, each where its node puts it; points where there are no meshes.

    Raises:
        DltuiError: If trimesh or what it needs is missing, or can't read it.
    """
    try:
        import trimesh
    except ImportError as error:
        raise DltuiError(
            f"can't read {path.name} without trimesh: pip install 'dltui[mesh]', or convert it to .ply or .obj"
        ) from error
    try:
        scene = trimesh.load_scene(path, process=False)
        parts = scene.dump()
    except Exception as error:
        told = str(error).strip().partition("\n")[0] or type(error).__name__
        raise DltuiError(f"trimesh can't read {path.name}: {told}") from error
    meshes = [part for part in parts if isinstance(part, trimesh.Trimesh) and len(part.faces)]
    if meshes:
        return _meshes(meshes, path)
    points = [part for part in parts if isinstance(part, trimesh.PointCloud) and len(part.vertices)]
    if not points:
        raise DltuiError(f"{path.name} has neither triangles nor points")
    colours = [
        np.asarray(part.colors)[:, :3]
        for part in points
        if len(np.asarray(part.colors)) == len(part.vertices)
    ]
    return geometry_of(
        np.concatenate([part.vertices for part in points]), title=path.name, up=_up(path), format=_kind(path),
        rgb=np.concatenate(colours) if len(colours) == len(points) else None,
    )  # fmt: skip


def _meshes(meshes: Sequence[object], path: Path) -> Geometry:
    """Return meshes as one, with their colours where any of them has some."""
    places, faces, colours, count = [], [], [], 0
    coloured = False
    for mesh in meshes:
        vertices = np.asarray(mesh.vertices)  # type: ignore[attr-defined]
        places.append(vertices)
        faces.append(np.asarray(mesh.faces) + count)  # type: ignore[attr-defined]
        count += len(vertices)
        own = _colours(mesh, len(vertices))
        coloured |= own is not None
        colours.append(np.full((len(vertices), 3), 200, np.uint8) if own is None else own)
    return geometry_of(
        np.concatenate(places), title=path.name, faces=np.concatenate(faces), up=_up(path), format=_kind(path),
        rgb=np.concatenate(colours) if coloured else None,
    )  # fmt: skip


def _colours(mesh: object, count: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]] | None:
    """Return the colours of the vertices of a mesh, also those that its material and its pictures give."""
    visual = mesh.visual  # type: ignore[attr-defined]
    if not visual.defined:
        return None
    try:
        found = np.asarray((visual.to_color() if visual.kind == "texture" else visual).vertex_colors)
    except Exception:  # noqa: BLE001 - a picture that is missing takes its colours away, not the mesh
        return None
    return np.ascontiguousarray(found[:, :3], np.uint8) if found.shape[:1] == (count,) else None


def _up(path: Path) -> str:
    return "y" if path.suffix.lower() in UPRIGHT else "z"


def _kind(path: Path) -> str:
    return f"{path.suffix.lower().lstrip('.')}, read by trimesh"
