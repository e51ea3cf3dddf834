"""Pictures as a lens without faults would have taken them: splats are projected by such a lens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dltui.scene.cameras import distorted
from dltui.scene.nerf.views import Capture, View


def straight(capture: Capture) -> Capture:
    """Return the same pictures with straight lines straight, by what is known of their lenses."""
    return replace(
        capture,
        train=[straightened(view) for view in capture.train],
        held_out=[straightened(view) for view in capture.held_out],
    )


def straightened(view: View) -> View:
    """Return a picture as a lens without faults would have taken it; the same one if its lens has none.

    Colours come from between four pixels, those beyond the border from the border.

    Args:
        view: A picture with its camera.

    Returns:
        The picture with a camera that does not distort.
    """
    camera = view.camera
    if not any(camera.distortion):
        return view
    column, row = np.meshgrid(np.arange(camera.width) + 0.5, np.arange(camera.height) + 0.5)
    x, y = distorted((column - camera.cx) / camera.fx, (row - camera.cy) / camera.fy, camera.distortion)
    u = np.clip(camera.cx + camera.fx * x - 0.5, 0, camera.width - 1)
    v = np.clip(camera.cy + camera.fy * y - 0.5, 0, camera.height - 1)

    def moved(picture: np.ndarray | None) -> np.ndarray | None:
        return None if picture is None else _between(picture, u, v)

    rgb = _between(view.rgb, u, v)
    return View(replace(camera, distortion=(0.0, 0.0, 0.0, 0.0)), rgb, moved(view.cover), moved(view.depth))


def _between(picture: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return values of a picture between the middles of its pixels."""
    left = np.minimum(u.astype(int), max(picture.shape[1] - 2, 0))
    top = np.minimum(v.astype(int), max(picture.shape[0] - 2, 0))
    right, low = np.minimum(left + 1, picture.shape[1] - 1), np.minimum(top + 1, picture.shape[0] - 1)
    across, down = u - left, v - top
    if picture.ndim == 3:
        across, down = across[..., None], down[..., None]
    upper = picture[top, left] * (1 - across) + picture[top, right] * across
    lower = picture[low, left] * (1 - across) + picture[low, right] * across
    return np.asarray(upper * (1 - down) + lower * down, np.float32)
