"""What splats are fitted to: pictures of a scene, some held out to judge by."""

from __future__ import annotations

from dltui.errors import UsageError
from dltui.progress import Report, silent
from dltui.scene.cameras import around
from dltui.scene.nerf.composite import cube
from dltui.scene.nerf.views import Capture, View
from dltui.scene.tracer import csg_table, shoot_all

DISTANCE, HALF = 3.2, 1.2
EVERY = 11  # of so many pictures one is held out
OWN = {"csg-table": csg_table}


def captured(scene: str, *, views: int, size: int, report: Report = silent) -> Capture:
    """Return pictures of a scene.

    Args:
        scene: Its name.
        views: How many pictures; one of eleven is held out.
        size: Pixels across and down.
        report: How far it is.

    Returns:
        The pictures with their cameras.

    Raises:
        UsageError: If there is no such scene.
    """
    if scene not in OWN:
        raise UsageError(f"no scene {scene!r}: expected {', '.join(OWN)}")
    cameras = around(views, distance=DISTANCE, size=size)
    shots = shoot_all(OWN[scene](), cameras, report=report)
    found = [
        View(camera, shot.over(), shot.rgba[..., 3], shot.depth)
        for camera, shot in zip(cameras, shots, strict=True)
    ]
    middle = min(EVERY // 2, views - 1)
    train = [one for place, one in enumerate(found) if place % EVERY != middle]
    return Capture(scene, train, found[middle::EVERY], cube(HALF))
