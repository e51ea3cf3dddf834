"""What ``dltui nerf`` does: train, render, look into."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch

from dltui.errors import UsageError
from dltui.progress import Report, silent
from dltui.results.nerf import SHOWN, Radiance, RadiancePath
from dltui.results.nerf_info import BOX, HELD, TRAIN, RadianceInfo
from dltui.scene.cameras import Camera, looking
from dltui.scene.nerf.classic import full_size
from dltui.scene.nerf.composite import Box
from dltui.scene.nerf.fit import PUBLISHED, Fit, Fitted, Kind, judged, render
from dltui.scene.nerf.folders import Found
from dltui.scene.nerf.keep import arrays_of, field_of
from dltui.scene.nerf.rays import along, bundle, cut
from dltui.scene.nerf.score import psnr, ssim
from dltui.scene.nerf.views import Capture, View

THIN = 0.5  # opacity below which a distance says nothing
CUTS = 15  # across the z axis that are kept
MAPPED = {"grid": 64, "hash": 64, "mlp": 24}  # pixels either way, of whose rays the samples are kept
PARTS = 1000  # in which progress is told
DIGITS = 9  # of degrees, so that those that were asked for come back
EDGES = ((0, 1), (1, 3), (3, 2), (2, 0), (4, 5), (5, 7), (7, 6), (6, 4), (0, 4), (1, 5), (2, 6), (3, 7))


@dataclass(frozen=True)
class Effort:
    """How long and how a field is fitted.

    Attributes:
        kind: Of field.
        seconds: Time that steps may take, or None.
        steps: Steps that may be made, or None.
        seed: Of every draw.
        device: Where.
        full_size: Whether a classic network is as large as in the paper.
    """

    kind: Kind = "grid"
    seconds: float | None = 15.0
    steps: int | None = None
    seed: int = 0
    device: torch.device | None = None
    full_size: bool = False


def train(capture: Capture, effort: Effort, report: Report = silent) -> Radiance:
    """Fit a field to pictures.

    Args:
        capture: The pictures.
        effort: How.
        report: Told how far it is, with the field as it is by then.

    Returns:
        How near it comes, and the field.
    """
    fit = Fit(
        capture,
        effort.kind,
        seconds=effort.seconds,
        steps=effort.steps,
        seed=effort.seed,
        device=effort.device,
        make=full_size if effort.full_size else None,
        recipe=PUBLISHED if effort.full_size else None,
        beat=partial(report, 0, PARTS),
    )

    def told(fitted: Fitted, done: float) -> None:
        view, progress = capture.held_out[0], fitted.progress
        beat = partial(report, round(PARTS * done), PARTS)
        shown = render(fitted.field, fitted.occupied, view, paper=capture.paper, beat=beat)
        progress.psnr.append((progress.step, progress.seconds, psnr(shown[0], view.rgb)))
        report(round(PARTS * done), PARTS, _result(fitted, capture, [shown], whole=False))

    fitted = fit.run(told, lambda done: report(round(PARTS * done), PARTS))
    last = partial(report, PARTS, PARTS)
    shown = [
        render(fitted.field, fitted.occupied, view, paper=capture.paper, beat=last)
        for view in capture.held_out
    ]
    return _result(fitted, capture, shown, whole=True)


def _result(fitted: Fitted, capture: Capture, shown: list[Any], *, whole: bool) -> Radiance:
    """Return what is known of a field; of one that is still being fitted, without its tensors."""
    views, progress, field = capture.held_out[: len(shown)], fitted.progress, fitted.field
    scores = [ssim(one[0], view.rgb) for one, view in zip(shown, views, strict=True)]
    same = [i for i, view in enumerate(views) if view.rgb.shape == views[0].rgb.shape][:SHOWN]
    errors = [
        np.abs(_distances(one) - view.depth)[np.isfinite(view.depth) & (one[1] > THIN)].mean()
        for one, view in zip(shown, views, strict=True)
        if view.depth is not None and (np.isfinite(view.depth) & (one[1] > THIN)).any()
    ]
    levels = np.linspace(field.box.low[2], field.box.high[2], CUTS + 2)[1:-1] if whole else np.zeros(0)
    cuts = [cut(fitted, "z", float(level)) for level in levels]
    across, upward = cuts[0][:2] if cuts else (np.zeros(0), np.zeros(0))
    tensors, plain = arrays_of(fitted) if whole else ({}, {})
    points, rgb = _ends(shown, views) if whole else (np.zeros((0, 3), np.float32), np.zeros((0, 3), np.uint8))
    return Radiance(
        title=f"{field.kind} on {capture.title}",
        scene=capture.title,
        kind=field.kind,
        psnr=float(np.mean([psnr(one[0], view.rgb) for one, view in zip(shown, views, strict=True)])),
        ssim=None if np.isnan(scores).any() else float(np.mean(scores)),
        depth_error=float(np.mean(errors)) if errors else None,
        train_seconds=progress.seconds,
        steps=progress.step,
        again=progress.again,
        views=len(capture.train),
        held_out=len(shown),
        parameters=sum(part.numel() for part in field.parameters()),
        history=np.array(progress.psnr, np.float64).reshape(-1, 3),
        truth=np.stack([views[i].rgb for i in same]).astype(np.float16),
        seen=np.stack([np.clip(shown[i][0], 0, 1) for i in same]).astype(np.float16),
        depth=_distances(shown[0]),
        cut=np.array([one[2] for one in cuts], np.float32),  # σ of hashed grids goes beyond float16
        across=across,
        upward=upward,
        levels=levels,
        paper=capture.paper,
        camera=_spelled(views[0].camera),
        plain=plain,
        tensors=tensors,
        points=points,
        point_rgb=rgb,
    )


def _ends(shown: list[Any], views: list[View]) -> tuple[np.ndarray, np.ndarray]:
    """Return where the rays of pictures end, and in which colours, 0…255; not those that end nowhere."""
    places, colours = [], []
    for one, view in zip(shown, views, strict=True):
        origin, way = view.camera.rays()
        far = _distances(one).ravel()
        solid = np.isfinite(far)
        places.append((origin + far * way).T[solid])
        colours.append(one[0].reshape(-1, 3)[solid])
    rgb = np.round(np.clip(np.concatenate(colours), 0, 1) * 255).astype(np.uint8)
    return np.concatenate(places).astype(np.float32), rgb


def _distances(shown: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
    """Return mean distances where light is stopped, else NaN."""
    _, opacity, depth = shown
    return np.where(opacity > THIN, depth / np.maximum(opacity, THIN), np.nan).astype(np.float32)


def _spelled(camera: Camera) -> dict[str, Any]:
    """Return a camera as plain values."""
    return {
        "pose": camera.pose.tolist(), "width": camera.width, "height": camera.height, "fx": camera.fx,
        "fy": camera.fy, "cx": camera.cx, "cy": camera.cy, "distortion": list(camera.distortion),
    }  # fmt: skip


def camera_of(plain: dict[str, Any]) -> Camera:
    """Return a camera from plain values."""
    lens = plain["distortion"]
    rest = {name: plain[name] for name in ("width", "height", "fx", "fy", "cx", "cy")}
    return Camera(np.asarray(plain["pose"]), **rest, distortion=(lens[0], lens[1], lens[2], lens[3]))


def fitted_of(found: Radiance, device: torch.device) -> Fitted:
    """Return the field that a result keeps."""
    return field_of(found.kind, found.tensors, found.plain, device)


def around_field(fitted: Fitted, camera: Camera, *, frames: int, elevation: float, size: int) -> list[Camera]:
    """Return cameras once around a field.

    Args:
        fitted: The field.
        camera: Whose distance and angle the others have.
        frames: How many.
        elevation: Degrees above the ground.
        size: Pixels across and down.

    Returns:
        The cameras, evenly around.
    """
    box = fitted.field.box
    middle = (np.array(box.low) + np.array(box.high)) / 2
    far = float(np.linalg.norm(camera.place - middle))
    focal, tall = camera.fx * size / camera.width, np.radians(elevation)
    found = []
    for turn in np.radians(np.arange(frames) * 360 / frames):
        flat = np.array([np.cos(turn) * np.cos(tall), np.sin(turn) * np.cos(tall), np.sin(tall)])
        pose = looking(middle + far * flat, middle)
        found.append(Camera(pose, size, size, focal, focal, size / 2, size / 2))
    return found


def travel(
    fitted: Fitted,
    cameras: list[Camera],
    *,
    title: str,
    way: str = "around",
    paper: float = 1.0,
    report: Report = silent,
) -> RadiancePath:
    """Return what a field shows to cameras on a way.

    Args:
        fitted: The field.
        cameras: Who looks, one after the other.
        title: What it is called.
        way: ``around``, or the name of the way.
        paper: Brightness of the ground.
        report: How far it is.

    Returns:
        The pictures with their distances.
    """
    box = fitted.field.box
    middle = (np.array(box.low) + np.array(box.high)) / 2
    pictures, depths, began = [], [], time.perf_counter()
    for place, own in enumerate(cameras):
        blank = View(own, np.zeros((own.height, own.width, 3)))
        beat = partial(report, place, len(cameras))
        shown = render(fitted.field, fitted.occupied, blank, paper=paper, beat=beat)
        pictures.append(np.clip(shown[0], 0, 1).astype(np.float16))
        depths.append(_distances(shown))
        report(place + 1, len(cameras))
    x, y, z = np.stack([camera.place - middle for camera in cameras]).T
    return RadiancePath(
        title=title,
        kind=fitted.field.kind,
        pictures=np.stack(pictures),
        depths=np.stack(depths),
        azimuth=np.round(np.degrees(np.arctan2(y, x)), DIGITS) % 360,
        elevation=round(math.degrees(math.atan2(z[0], math.hypot(x[0], y[0]))), DIGITS),
        seconds_each=(time.perf_counter() - began) / len(cameras),
        way=way,
    )


def info_of_field(
    fitted: Fitted,
    camera: Camera,
    *,
    title: str,
    numbers: dict[str, Any],
    ray: tuple[float, float] | None = None,
    times: float = 1.0,
    paper: float = 1.0,
    report: Report = silent,
) -> RadianceInfo:
    """Return what a field holds, and what happens along one ray, with all others of its picture to choose from.

    Args:
        fitted: The field.
        camera: Through whose picture the ray goes.
        title: What the field is called.
        numbers: What else is known.
        ray: Pixels from the left border and from the top, or None.
        times: Every density is so many times as great.
        paper: Brightness of what is behind everything.
        report: How far it is.

    Returns:
        Numbers, and the samples along the ray.

    Raises:
        UsageError: If the ray goes past the picture.
    """
    field = fitted.field
    if ray is not None and not (0 <= ray[0] <= camera.width and 0 <= ray[1] <= camera.height):
        raise UsageError(
            f"the ray goes past the picture of {camera.width} × {camera.height} pixels: expected a column from 0 to "
            f"{camera.width - 1} and a row from 0 to {camera.height - 1}"
        )
    known = {
        "parameters": sum(part.numel() for part in field.parameters()),
        "box": list(field.box.sides),
        "occupied": float(fitted.occupied.cells.float().mean()),
        **numbers,
    }
    edges, colours = _edges(field.box, [camera], [])
    told = RadianceInfo(
        title=title, what=field.kind, numbers=known, segments=edges, colours=colours,
        pictures=np.zeros((0, 1, 1, 3), np.float32), ray=np.zeros((0, 8), np.float32), times=times,
    )  # fmt: skip
    if ray is None:
        return told
    found = along(fitted, camera, ray[0], ray[1], times=times)
    parts = [found.t, found.sigma, found.alpha, found.through, found.weight]
    most = MAPPED[field.kind]
    small = camera.scaled(min(1.0, most / max(camera.width, camera.height)))
    others = bundle(fitted, small, paper=paper, beat=partial(report, 0, 1))
    return replace(
        told,
        ray=np.concatenate([np.stack(parts, 1), found.rgb], 1),
        colour=(found.weight[:, None] * found.rgb).sum(axis=0).tolist(),
        through=list(ray),
        size=[camera.width, camera.height],
        picture=others.rgb,
        distance=others.distance,
        bundle=others.samples,
        firsts=others.firsts,
        combs=others.combs,
    )


def info_of_pictures(found: Found) -> RadianceInfo:
    """Return what a scene holds: cameras, pictures, what is missing."""
    capture = found.capture
    first = capture.train[0]
    far = [float(np.linalg.norm(view.camera.place)) for view in capture.train]
    numbers = {
        "train": len(capture.train),
        "held_out": len(capture.held_out),
        "size": [first.camera.width, first.camera.height],
        "focal_length": first.camera.fx,
        "distorted": any(any(view.camera.distortion) for view in capture.train),
        "nearest_camera": min(far),
        "farthest_camera": max(far),
        "box": list(capture.box.sides),
        "masks": all(view.cover is not None for view in capture.train),
    }
    cameras = [view.camera for view in capture.train], [view.camera for view in capture.held_out]
    edges, colours = _edges(capture.box, *cameras)
    same = [view.rgb for view in capture.train if view.rgb.shape == first.rgb.shape]
    shown = np.stack(same[:: max(1, len(same) // 8)][:8]).astype(np.float16)
    return RadianceInfo(
        title=capture.title, what="pictures", numbers=numbers, missing=list(found.missing), segments=edges,
        colours=colours, pictures=shown, ray=np.zeros((0, 8), np.float32),
    )  # fmt: skip


def _edges(box: Box, train: list[Camera], held_out: list[Camera]) -> tuple[np.ndarray, np.ndarray]:
    """Return the edges of a box and of the pyramids that cameras see, and their colours."""
    corners = np.array([
        [(box.low, box.high)[bit >> 2 & 1][0], (box.low, box.high)[bit >> 1 & 1][1], (box.low, box.high)[bit & 1][2]]
        for bit in range(8)
    ])  # fmt: skip
    parts, colours = [corners[np.array(EDGES)]], [np.tile(BOX, (len(EDGES), 1))]
    long = 0.12 * max(box.sides)
    for cameras, rgb in ((train, TRAIN), (held_out, HELD)):
        for camera in cameras:
            _, ways = camera.rays_through(
                np.array([0.0, camera.width, camera.width, 0]),
                np.array([0.0, 0, camera.height, camera.height]),
            )
            ends = camera.place + long * ways.T
            tip = np.stack([np.tile(camera.place, (4, 1)), ends], 1)
            parts.append(np.concatenate([tip, np.stack([ends, np.roll(ends, -1, axis=0)], 1)]))
            colours.append(np.tile(rgb, (8, 1)))
    return np.concatenate(parts).astype(np.float32), np.concatenate(colours).astype(np.uint8)


def mean_psnr(found: Radiance, capture: Capture, device: torch.device) -> float:
    """Return how near a kept field comes to the held-out pictures of a scene, in dB."""
    return judged(fitted_of(found, device), capture, capture.held_out)
