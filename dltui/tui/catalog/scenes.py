"""Clouds and meshes: those in files of the current folder, those that are shipped, and those that are made."""

from __future__ import annotations

import shlex
from pathlib import Path

from dltui.files import size_in_words
from dltui.scene.read import READERS, SHIPPED, read_geometry
from dltui.scene.solids import SHAPES
from dltui.tui import register
from dltui.tui.catalog.files import MOST, files_under, newest_first
from dltui.tui.catalog.items import Glimpse, Item

HERE, FORMED = "files here", "made by a formula"
LARGEST = 64 << 20  # bytes of a file that is shown before it is opened
VERBS = {"lidar": "cloud", "motorcycle": "cloud"}  # mesh for the rest
# Endings of what is mostly no shape.
COMMON = {".npz", ".npy", ".csv", ".txt", ".bin", ".png", ".tif", ".tiff", ".pgm"}


@register.shelf("scenes", "Scenes", place=42, nothing="No clouds or meshes.", tries=("dltui mesh bunny",))
def read(folder: Path) -> list[Item]:
    """Return the files of points and triangles under ``folder``, then what is shipped, then what a formula makes.

    Args:
        folder: Where the user is; files are looked for three folders deep.

    Returns:
        One entry a shape.
    """
    known = [
        Item("shape", name, said, name, f"dltui {VERBS.get(name, 'mesh')} {name}")
        for name, said in SHIPPED.items()
    ]
    formed = [
        Item("shape", name, (make.__doc__ or "").partition("\n")[0], name, f"dltui mesh {name}", group=FORMED)
        for name, make in SHAPES.items()
    ]
    endings = {".ply", *READERS} - COMMON
    files = [path for path in files_under(folder) if path.suffix.lower() in endings][:MOST]
    return [_file(path, folder) for path in newest_first(files)] + known + formed


@register.glimpse("shape")
def glimpse(item: Item) -> Glimpse:
    """Return the picture of a shape.

    Args:
        item: A shape.

    Returns:
        What home shows beside the list; of a large file its name alone.

    Raises:
        DltuiError: If it can't be read.
    """
    path = Path(item.key)
    if item.group == HERE and path.stat().st_size > LARGEST:
        size = size_in_words(path.stat().st_size)
        return Glimpse(title=item.name, words=f"{size}: press enter to open it.")
    from dltui.scene.describe import cloud_of, mesh_of

    geometry = read_geometry(item.key)
    picture = (mesh_of(geometry) if geometry.is_mesh else cloud_of(geometry)).scene()
    return Glimpse(title=item.name, figure=picture, words=picture.words())


def _file(path: Path, folder: Path) -> Item:
    """Return the list entry of a file."""
    known, name = path.stat(), str(path.relative_to(folder))
    return Item(
        "shape",
        name,
        size_in_words(known.st_size),
        str(path),
        f"dltui cloud {shlex.quote(name)}",
        when=known.st_mtime,
        group=HERE,
    )
