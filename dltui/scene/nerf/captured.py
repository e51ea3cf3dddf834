"""Pictures with their cameras, from wherever someone names."""

from __future__ import annotations

from pathlib import Path

from dltui.errors import UsageError
from dltui.progress import Report, silent
from dltui.scene.nerf.folders import Found, read_folder
from dltui.scene.nerf.scenes import OWN, own_scene

SIZE = 64  # pixels either way of our own scenes, where nothing else is said


def captured(scene: str, *, views: int, size: int | None, report: Report = silent) -> Found:
    """Return the pictures of one of our own scenes, or of a folder.

    Args:
        scene: A name of ``OWN``, or a folder with poses.
        views: How many pictures of our own scenes.
        size: Pixels of the longer side; None for what suits.
        report: How far it is.

    Returns:
        The pictures, and the names of those that are not there.

    Raises:
        UsageError: If it is neither.
    """
    if scene in OWN:
        return Found(own_scene(scene, views=views, size=size or SIZE, report=report), ())
    if not scene or not Path(scene).is_dir():
        raise UsageError(
            f"no scene {scene!r}: expected {', '.join(OWN)}, or a folder with transforms.json or a COLMAP model"
        )
    return read_folder(Path(scene), size=size, report=report)
