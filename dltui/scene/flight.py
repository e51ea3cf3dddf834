"""Ways of a camera through a scene: a few poses that were kept, and smooth ways between them.

A file of a way is one of Blender's ``transforms.json``: ``camera_angle_x``, and ``frames`` with a ``transform_matrix``
each, camera to world in the convention of ``dltui.scene.cameras``.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dltui.errors import UsageError
from dltui.scene.cameras import Camera

Doubles = NDArray[np.float64]
NEARLY = 0.9995  # cosine between quaternions from which the way between them is straight
SQUARE = 1e-3  # how far a turn may be from an orthogonal matrix


@dataclass(frozen=True, eq=False)
class Flight:
    """Poses that a camera goes through.

    Attributes:
        poses: Camera to world, shape (k, 4, 4).
        angle: What it sees across, radians.
    """

    poses: Doubles
    angle: float

    def cameras(self, count: int, size: int) -> list[Camera]:
        """Return cameras on the way, the first and the last where the way begins and ends.

        Args:
            count: How many.
            size: Pixels across and down.

        Returns:
            The cameras.
        """
        focal = size / 2 / math.tan(self.angle / 2)
        at = np.linspace(0, len(self.poses) - 1, count)
        return [Camera(self._pose(t), size, size, focal, focal, size / 2, size / 2) for t in at.tolist()]

    def _pose(self, t: float) -> Doubles:
        """Return the pose at a time: places on a Catmull-Rom spline, turns by the shortest way between two."""
        last = len(self.poses) - 1
        first = min(int(t), max(last - 1, 0))
        u, after = t - first, min(first + 1, last)
        a, b, c, d = (self.poses[min(max(i, 0), last), :3, 3] for i in range(first - 1, first + 3))
        place = b + u * ((c - a) / 2 + u * (a - 2.5 * b + 2 * c - d / 2 + u * (1.5 * (b - c) + (d - a) / 2)))
        found = np.eye(4)
        found[:3, :3] = matrix_of(
            between(quaternion_of(self.poses[first]), quaternion_of(self.poses[after]), u)
        )
        found[:3, 3] = place
        return found


def read_flight(path: Path) -> Flight:
    """Read a way.

    Args:
        path: The file.

    Returns:
        The way.

    Raises:
        UsageError: If there is none, or it holds no poses.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        poses = np.array([frame["transform_matrix"] for frame in told["frames"]], np.float64)
        angle = float(told["camera_angle_x"])
    except OSError as error:
        raise UsageError(f"can't open the camera path {path}: {error.strerror}") from error
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError(
            f"can't read the camera path {path}: {error!s:.60}; expected camera_angle_x, and frames with a 4×4 "
            "transform_matrix each"
        ) from error
    if (
        poses.ndim != 3
        or poses.shape[1:] != (4, 4)
        or not np.isfinite(poses).all()
        or not 0 < angle < math.pi
    ):
        raise UsageError(
            f"the camera path {path} holds poses of shape {poses.shape} and the angle {angle:g}: expected finite 4×4 "
            "matrices, at least one, and an angle between 0 and π"
        )
    turns = poses[:, :3, :3]
    if (
        np.abs(turns @ turns.transpose(0, 2, 1) - np.eye(3)).max() > SQUARE
        or (np.linalg.det(turns) < 0).any()
    ):
        raise UsageError(
            f"the camera path {path} has a pose that is no turn: expected rotations without scale or mirror"
        )
    return Flight(poses, angle)


def spelled(poses: list[Doubles], angle: float) -> str:
    """Return the text of a file of a way."""
    frames = [{"transform_matrix": pose.tolist()} for pose in poses]
    return json.dumps({"camera_angle_x": angle, "frames": frames}, indent=1)


def quaternion_of(pose: Doubles) -> Doubles:
    """Return w, x, y, z of the turn of a pose, of length 1."""
    m = pose[:3, :3]
    rows = np.array([
        [m[0, 0] + m[1, 1] + m[2, 2], m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]],
        [m[2, 1] - m[1, 2], m[0, 0] - m[1, 1] - m[2, 2], m[0, 1] + m[1, 0], m[0, 2] + m[2, 0]],
        [m[0, 2] - m[2, 0], m[0, 1] + m[1, 0], m[1, 1] - m[0, 0] - m[2, 2], m[1, 2] + m[2, 1]],
        [m[1, 0] - m[0, 1], m[0, 2] + m[2, 0], m[1, 2] + m[2, 1], m[2, 2] - m[0, 0] - m[1, 1]],
    ])  # Bar-Itzhack 2000: the eigenvector of its greatest eigenvalue
    return np.asarray(np.linalg.eigh(rows)[1][:, -1])


def matrix_of(quaternion: Doubles) -> Doubles:
    """Return the turn of w, x, y, z of length 1, shape (3, 3)."""
    w, x, y, z = quaternion
    return np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ])


def between(a: Doubles, b: Doubles, t: float) -> Doubles:
    """Return the turn on the shortest way from one to another (Shoemake 1985), of length 1."""
    cosine = float(a @ b)
    b, cosine = (b, cosine) if cosine >= 0 else (-b, -cosine)
    if cosine > NEARLY:
        found = (1 - t) * a + t * b
    else:
        angle = math.acos(cosine)
        found = (math.sin((1 - t) * angle) * a + math.sin(t * angle) * b) / math.sin(angle)
    return np.asarray(found / np.linalg.norm(found))
