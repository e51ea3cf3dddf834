"""Ways of a camera through a scene: a few poses that were kept, and smooth ways between them.

A file of a way is one of Blender's ``transforms.json``: ``camera_angle_x``, and ``frames`` with a ``transform_matrix``
each, camera to world in the convention of ``dltui.scene.cameras``. A frame may have a ``camera_angle_x`` of its own:
the camera zooms.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltui.errors import UsageError
from dltui.scene.cameras import Camera

Doubles = NDArray[np.float64]
NEARLY = 0.9995  # cosine between quaternions from which the way between them is straight
SQUARE = 1e-3  # how far a turn may be from an orthogonal matrix
NARROWEST = 1e-6  # radians that a camera sees across at least; its focal length is a million pictures then

EXPECTED = (
    "expected JSON with frames, a transform_matrix of 4×4 numbers each, and camera_angle_x in radians; a and A on the "
    "screen of a field or of splats write such a file"
)


@dataclass(frozen=True, eq=False)
class Flight:
    """Poses that a camera goes through.

    Attributes:
        poses: Camera to world, shape (k, 4, 4).
        angles: What it sees across at each of them, radians, shape (k,).
    """

    poses: Doubles
    angles: Doubles

    def cameras(self, count: int, size: int) -> list[Camera]:
        """Return cameras on the way, the first and the last where the way begins and ends.

        Between two poses the picture grows or shrinks evenly, as a zoom does.

        Args:
            count: How many.
            size: Pixels across and down.

        Returns:
            The cameras.
        """
        middle = size / 2
        zooms = -np.log(np.tan(self.angles / 2))
        at = np.linspace(0, len(self.poses) - 1, count).tolist()
        focals = [middle * math.exp(float(_on_spline(zooms, t))) for t in at]
        return [
            Camera(self._pose(t), size, size, focal, focal, middle, middle)
            for t, focal in zip(at, focals, strict=True)
        ]

    def _pose(self, t: float) -> Doubles:
        """Return the pose at a time: places on a spline, turns by the shortest way between two."""
        first, after, u = _between_knots(len(self.poses), t)
        found = np.eye(4)
        found[:3, :3] = matrix_of(
            between(quaternion_of(self.poses[first]), quaternion_of(self.poses[after]), u)
        )
        found[:3, 3] = _on_spline(self.poses[:, :3, 3], t)
        return found


def _between_knots(count: int, t: float) -> tuple[int, int, float]:
    """Return the knots before and after a time, and the share of the way between them."""
    first = min(int(t), max(count - 2, 0))
    return first, min(first + 1, count - 1), t - first


def _on_spline(knots: Doubles, t: float) -> Doubles:
    """Return where a Catmull-Rom spline through the rows of knots is at a time."""
    first, _, u = _between_knots(len(knots), t)
    a, b, c, d = (knots[min(max(i, 0), len(knots) - 1)] for i in range(first - 1, first + 3))
    return np.asarray(
        b + u * ((c - a) / 2 + u * (a - 2.5 * b + 2 * c - d / 2 + u * (1.5 * (b - c) + (d - a) / 2)))
    )


def read_flight(path: Path) -> Flight:
    """Read a way.

    Args:
        path: The file.

    Returns:
        The way; a frame without an angle of its own has that of the file.

    Raises:
        UsageError: If there is none, or it holds no poses.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"can't open the camera path {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"can't read the camera path {path}: it is no JSON; {EXPECTED}") from error
    frames = told.get("frames") if isinstance(told, dict) else None
    if not isinstance(frames, list) or not all(isinstance(frame, dict) for frame in frames):
        raise UsageError(f"can't read the camera path {path}: it has no list of frames; {EXPECTED}")
    if not frames:
        raise UsageError(f"can't read the camera path {path}: it needs at least one frame; {EXPECTED}")
    poses = [_pose_in(frame, f"frame {i} of the camera path {path}") for i, frame in enumerate(frames)]
    angles = [
        _angle_in({**told, **frame}, f"frame {i} of the camera path {path}") for i, frame in enumerate(frames)
    ]
    return Flight(np.stack(poses), np.array(angles))


def _pose_in(frame: dict[str, Any], name: str) -> Doubles:
    """Return the pose of a frame.

    Raises:
        UsageError: If it has none, or one that scales or mirrors.
    """
    try:
        pose = np.array(frame["transform_matrix"], np.float64)
    except (KeyError, TypeError, ValueError, OverflowError):
        pose = np.zeros(0)
    if pose.shape != (4, 4) or not np.isfinite(pose).all():
        raise UsageError(f"can't read {name}: it has no transform_matrix of 4×4 finite numbers; {EXPECTED}")
    turn = pose[:3, :3]
    if np.abs(turn).max() > 2 or np.abs(turn @ turn.T - np.eye(3)).max() > SQUARE or np.linalg.det(turn) < 0:
        raise UsageError(
            f"{name} has a pose that is no turn: expected a rotation without scale or mirror in the upper left 3×3 of "
            "its transform_matrix; divide it by its scale"
        )
    return pose


def _angle_in(told: dict[str, Any], name: str) -> float:
    """Return what a frame sees across, radians.

    Raises:
        UsageError: If that is not told, or no angle.
    """
    angle = told.get("camera_angle_x")
    if isinstance(angle, bool) or not isinstance(angle, int | float):
        raise UsageError(f"can't read {name}: neither it nor the file has a camera_angle_x; {EXPECTED}")
    if not NARROWEST <= angle < math.pi:
        raise UsageError(
            f"{name} has the angle {angle!s:.9}: expected camera_angle_x between {NARROWEST:g} and π, in radians; "
            "divide degrees by 57.3"
        )
    return float(angle)


def spelled(poses: Sequence[Doubles], angles: Sequence[float]) -> str:
    """Return the text of a file of a way; where the angles differ, each frame tells its own beside its pose."""
    own = [{"camera_angle_x": angle} if len(set(angles)) > 1 else {} for angle in angles]
    frames = [{**angle, "transform_matrix": pose.tolist()} for angle, pose in zip(own, poses, strict=True)]
    return json.dumps({"camera_angle_x": angles[0], "frames": frames}, indent=1)


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
