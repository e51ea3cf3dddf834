"""COLMAP's sparse models, text and binary: cameras and images, without their points."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from dltui.errors import DltuiError
from dltui.scene.cameras import Camera

PLACES = ("", "sparse/0", "sparse", "colmap/sparse/0")
# number in binary files: name, how many parameters
MODELS = {
    0: ("SIMPLE_PINHOLE", 3),
    1: ("PINHOLE", 4),
    2: ("SIMPLE_RADIAL", 4),
    3: ("RADIAL", 5),
    4: ("OPENCV", 8),
}
FLIP = np.diag([1.0, -1.0, -1.0])  # COLMAP's y looks down and its z forward

Lens = tuple[str, int, int, tuple[float, ...]]


def colmap_model(folder: Path) -> Path | None:
    """Return where a COLMAP model lies in a folder, or None."""
    for place in PLACES:
        for ending in (".bin", ".txt"):
            if all((folder / place / f"{name}{ending}").is_file() for name in ("cameras", "images")):
                return folder / place
    return None


def read_colmap(model: Path) -> list[Camera]:
    """Return the cameras of a COLMAP model, each with the name of its picture, by name.

    Args:
        model: A folder with cameras and images, ``.bin`` or ``.txt``.

    Returns:
        The cameras.

    Raises:
        DltuiError: If the files are broken or a lens is of an unknown kind.
    """
    binary = (model / "cameras.bin").is_file()
    try:
        lenses = _lenses_binary(model / "cameras.bin") if binary else _lenses_text(model / "cameras.txt")
        shots = _images_binary(model / "images.bin") if binary else _images_text(model / "images.txt")
        found = [_camera(lenses[lens], pose, name) for lens, pose, name in shots]
    except (struct.error, ValueError, KeyError, IndexError) as error:
        raise DltuiError(f"can't read the COLMAP model {model}: it is cut off or broken ({error})") from error
    return sorted(found, key=lambda camera: camera.name)


def _camera(lens: Lens, pose: list[float], name: str) -> Camera:
    """Return one camera from a lens and a pose: quaternion and shift from world to camera."""
    kind, width, height, numbers = lens
    if kind in {"SIMPLE_PINHOLE", "SIMPLE_RADIAL", "RADIAL"}:
        fx, cx, cy, *rest = numbers
        fy = fx
    else:
        fx, fy, cx, cy, *rest = numbers
    k1, k2, p1, p2 = (*rest, 0.0, 0.0, 0.0, 0.0)[:4]
    w, x, y, z = np.asarray(pose[:4]) / np.linalg.norm(pose[:4])
    turn = np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ])
    matrix = np.eye(4)
    matrix[:3, :3] = turn.T @ FLIP
    matrix[:3, 3] = -turn.T @ np.asarray(pose[4:])
    return Camera(matrix, width, height, fx, fy, cx, cy, (k1, k2, p1, p2), name)


def _known(kind: str, numbers: int) -> str:
    """Return the kind of a lens that is known and has as many parameters as it should."""
    if (kind, numbers) not in MODELS.values():
        names = ", ".join(name for name, _ in MODELS.values())
        raise DltuiError(
            f"can't read a COLMAP camera of the model {kind} with {numbers} numbers; known: {names}"
        )
    return kind


def _lenses_text(path: Path) -> dict[int, Lens]:
    """Return the lenses of ``cameras.txt`` by number."""
    found: dict[int, Lens] = {}
    for line in _lines(path):
        number, kind, width, height, *rest = line.split()
        found[int(number)] = (
            _known(kind, len(rest)), int(width), int(height), tuple(float(part) for part in rest),
        )  # fmt: skip
    return found


def _images_text(path: Path) -> Iterator[tuple[int, list[float], str]]:
    """Yield lens, pose and name of the pictures of ``images.txt``, whose every second line holds points."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    for line in lines[::2]:
        if line.strip():
            _, *pose, lens, name = line.split(maxsplit=9)
            yield int(lens), [float(part) for part in pose], name.strip()


def _lines(path: Path) -> Iterator[str]:
    """Yield lines that say anything."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line


def _reader(data: bytes) -> Callable[[str], tuple[float, ...]]:
    """Return a function that takes the next numbers of a format."""
    place = 0

    def take(spelled: str) -> tuple[float, ...]:
        nonlocal place
        found = struct.unpack_from(f"<{spelled}", data, place)
        place += struct.calcsize(f"<{spelled}")
        return found

    return take


def _lenses_binary(path: Path) -> dict[int, Lens]:
    """Return the lenses of ``cameras.bin`` by number."""
    take, found = _reader(path.read_bytes()), {}
    for _ in range(int(take("Q")[0])):
        number, kind, width, height = (int(part) for part in take("iiQQ"))
        if kind not in MODELS:
            _known(f"number {kind}", 0)
        name, count = MODELS[kind]
        found[number] = (name, width, height, take(f"{count}d"))
    return found


def _images_binary(path: Path) -> Iterator[tuple[int, list[float], str]]:
    """Yield lens, pose and name of the pictures of ``images.bin``."""
    data = path.read_bytes()
    (count,), place = struct.unpack_from("<Q", data, 0), 8
    for _ in range(count):
        pose = list(struct.unpack_from("<7d", data, place + 4))
        (lens,) = struct.unpack_from("<i", data, place + 60)
        end = data.index(b"\0", place + 64)
        name = data[place + 64 : end].decode("utf-8")
        (points,) = struct.unpack_from("<Q", data, end + 1)
        place = end + 9 + 24 * points
        yield lens, pose, name
