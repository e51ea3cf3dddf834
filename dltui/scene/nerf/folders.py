"""Folders of pictures with their cameras: Blender's ``transforms.json`` and COLMAP's models."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dltui.errors import DltuiError, UsageError
from dltui.progress import Report, silent
from dltui.scene.cameras import Camera
from dltui.scene.nerf.colmap import colmap_model, read_colmap
from dltui.scene.nerf.composite import Box
from dltui.scene.nerf.views import Capture, View

EVERY = 8  # of so many pictures one is held out, where the folder does not say which
ENDINGS = ("", ".png", ".jpg", ".jpeg")
REACH = 1.5  # half the side of the cube of a Blender scene; of others, in half distances of the cameras


@dataclass(frozen=True)
class Found:
    """Pictures of a folder, and what had to be left out.

    Attributes:
        capture: The pictures.
        missing: Names of pictures that are not there.
    """

    capture: Capture
    missing: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Shot:
    """A camera with its file."""

    camera: Camera
    path: Path


def read_folder(folder: Path, *, size: int | None = None, report: Report = silent) -> Found:
    """Return the pictures of a folder.

    Args:
        folder: With ``transforms.json``, ``transforms_train.json`` and the like, or a COLMAP model.
        size: Pixels of the longer side; as they are when None.
        report: How far it is.

    Returns:
        Those that are there, and the names of those that are not.

    Raises:
        UsageError: If there are no poses or no pictures.
    """
    if not folder.is_dir():
        raise UsageError(f"no folder {str(folder)!r}: expected one with transforms.json or a COLMAP model")
    parts, is_blender = _poses(folder)
    held_out = parts.pop("held_out", [])
    train = parts["train"]
    missing = tuple(shot.camera.name for shot in train + held_out if not shot.path.is_file())
    train, held_out = ([s for s in shots if s.path.is_file()] for shots in (train, held_out))
    if not held_out:
        held_out, train = train[::EVERY], [s for i, s in enumerate(train) if i % EVERY]
    if not train or not held_out:
        raise UsageError(
            f"{folder} names {len(train) + len(held_out) + len(missing)} pictures, and {len(missing)} of them are "
            f"not there: expected at least 2 that are"
        )
    total, views = len(train) + len(held_out), []
    for place, shot in enumerate(train + held_out):
        views.append(_view(shot, size))
        report(place + 1, total)
    box = _box([view.camera for view in views], blender=is_blender)
    name = folder.resolve().name
    return Found(Capture(name, views[: len(train)], views[len(train) :], box), missing)


def _poses(folder: Path) -> tuple[dict[str, list[_Shot]], bool]:
    """Return cameras of what to learn from and of what is held out, and whether they are Blender's."""
    plain, train = folder / "transforms.json", folder / "transforms_train.json"
    if plain.is_file():
        return {"train": _transforms(plain)}, False
    if train.is_file():
        other = next(
            (folder / f"transforms_{name}.json" for name in ("test", "val")
             if (folder / f"transforms_{name}.json").is_file()),
            None,
        )  # fmt: skip
        return {"train": _transforms(train), "held_out": _transforms(other) if other else []}, True
    model = colmap_model(folder)
    if model is None:
        raise UsageError(
            f"no poses in {folder}: expected transforms.json, transforms_train.json, or a COLMAP model "
            "(cameras and images, .txt or .bin, also under sparse/0)"
        )
    pictures = next((folder / name for name in ("images", "input") if (folder / name).is_dir()), folder)
    return {"train": [_Shot(camera, pictures / camera.name) for camera in read_colmap(model)]}, False


def _transforms(path: Path) -> list[_Shot]:
    """Return the cameras of a ``transforms.json``."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        frames = told["frames"]
        return [_frame(told | frame, path.parent) for frame in frames]
    except (ValueError, TypeError, KeyError) as error:
        raise DltuiError(
            f"can't read {path}: {error!s:.80}; expected frames, each with file_path and a transform_matrix of 4×4, "
            "and camera_angle_x or fl_x"
        ) from error


def _frame(told: dict[str, Any], folder: Path) -> _Shot:
    """Return one camera; what the whole file says holds for frames that say nothing of their own."""
    name = str(told["file_path"])
    path = next(
        (folder / f"{name}{ending}" for ending in ENDINGS if (folder / f"{name}{ending}").is_file()),
        folder / name,
    )
    pose = np.asarray(told["transform_matrix"], np.float64)
    if pose.shape != (4, 4) or not np.isfinite(pose).all():
        raise ValueError(f"the transform_matrix of {name} is no 4×4 matrix of numbers")
    width, height = int(told.get("w", 0)), int(told.get("h", 0))
    if not width or not height:
        width, height = _size(path)
    if "fl_x" in told:
        fx = float(told["fl_x"])
    else:
        fx = width / 2 / math.tan(float(told["camera_angle_x"]) / 2)
    k1, k2, p1, p2 = (float(told.get(part, 0)) for part in ("k1", "k2", "p1", "p2"))
    return _Shot(
        Camera(
            pose, width, height, fx, float(told.get("fl_y", fx)), float(told.get("cx", width / 2)),
            float(told.get("cy", height / 2)), (k1, k2, p1, p2), name,
        ),
        path,
    )  # fmt: skip


def _size(path: Path) -> tuple[int, int]:
    """Return width and height of a picture; 1 × 1 of one that is not there."""
    if not path.is_file():
        return 1, 1
    with _opened(path) as picture:
        width, height = picture.size
    return width, height


def _opened(path: Path) -> Any:
    """Open a picture.

    Raises:
        DltuiError: If Pillow is missing, or it is none.
    """
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise DltuiError("pictures need Pillow: try pip install 'dltui[figures]'") from error
    try:
        return Image.open(path)
    except (UnidentifiedImageError, OSError) as error:
        raise DltuiError(f"can't read the picture {path}: it is broken or of an unknown kind") from error


def _view(shot: _Shot, size: int | None) -> View:
    """Return a picture with its camera, on white where it is clear."""
    with _opened(shot.path) as picture:
        camera = shot.camera.scaled(picture.size[0] / shot.camera.width)
        if size is not None and size < max(picture.size):
            camera = camera.scaled(size / max(picture.size))
        clear = picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info
        try:
            small = picture.convert("RGBA").resize(
                (camera.width, camera.height), 4
            )  # the mean of what falls together
        except OSError as error:
            raise DltuiError(f"can't read the picture {shot.path}: it is cut off") from error
    rgba = np.asarray(small, np.float32) / 255
    cover = rgba[..., 3]
    rgb = rgba[..., :3] * cover[..., None] + 1 - cover[..., None]
    return View(camera, rgb, cover if clear else None)


def _box(cameras: list[Camera], *, blender: bool) -> Box:
    """Return what cameras look at: around the place that all of them look at most nearly."""
    if blender:
        return Box((-REACH,) * 3, (REACH,) * 3)
    places = np.stack([camera.place for camera in cameras])
    ways = -np.stack([camera.pose[:3, 2] for camera in cameras])
    across = np.eye(3) - ways[:, :, None] * ways[:, None, :]
    middle = np.linalg.lstsq(across.sum(axis=0), (across @ places[:, :, None]).sum(axis=0)[:, 0], rcond=None)[
        0
    ]
    half = max(REACH / 2 * float(np.median(np.linalg.norm(places - middle, axis=1))), 1e-3)
    x, y, z = middle.tolist()
    return Box((x - half, y - half, z - half), (x + half, y + half, z + half))
