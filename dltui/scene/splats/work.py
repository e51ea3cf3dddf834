"""From a scene to fitted splats and what is told of them; from a file of splats to pictures."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dltui.errors import UsageError
from dltui.progress import Report, silent
from dltui.results import load
from dltui.results.splats import SplatFit, SplatViews
from dltui.scene.cameras import Camera, looking
from dltui.scene.flight import Flight
from dltui.scene.nerf.score import psnr, ssim
from dltui.scene.nerf.views import Capture
from dltui.scene.splats.file import read_splats
from dltui.scene.splats.fit import Progress, Sown, fit_splats
from dltui.scene.splats.gaussians import Y0, Gaussians
from dltui.scene.splats.inside import along, cuts, distances
from dltui.scene.splats.view import view

PARTS = 1000  # in which progress is told
SHOWN = 4  # held-out pictures that are kept
LENS = 1.1  # focal length of the camera, in sides of its picture
NEARLY_ALL, MOST = 0.995, 0.9  # shares of the splats by which a camera is placed
STRAY = 1.8  # radii that most lie in: what is farther out counts as a stray, and need not be seen


def train(
    capture: Capture,
    *,
    count: int,
    degree: int,
    seconds: float | None,
    steps: int | None,
    seed: int,
    device: torch.device,
    report: Report = silent,
) -> tuple[Gaussians, SplatFit]:
    """Fit splats to pictures, telling on the way what is known.

    Args:
        capture: Pictures with their cameras.
        count: How many splats at most.
        degree: Of the spherical harmonics.
        seconds: Time that steps may take, or None.
        steps: Steps that may be made, or None.
        seed: Of all draws.
        device: Where it is fitted.
        report: How far it is, with a result of what is known.

    Returns:
        The splats, and how near they come.
    """
    fit = Sown(
        capture, count=count, degree=degree, seconds=seconds, steps=steps, seed=seed, device=device,
        beat=partial(report, 0, PARTS),
    )  # fmt: skip

    def told(progress: Progress, splats: Gaussians) -> None:
        one = fit.capture.held_out[0]
        seen = view(splats, one.camera, paper=capture.paper)
        progress.psnr.append((progress.step, progress.seconds, psnr(seen.rgb, one.rgb)))
        report(round(PARTS * fit.done), PARTS)
        known = described(splats.detached(), fit.capture, progress, shown=1)
        report(round(PARTS * fit.done), PARTS, known)

    splats, progress = fit_splats(fit, told, lambda done: report(round(PARTS * done), PARTS))
    return splats, described(splats, fit.capture, progress, beat=partial(report, PARTS, PARTS))


def described(
    splats: Gaussians,
    capture: Capture,
    progress: Progress,
    *,
    shown: int | None = None,
    beat: Callable[[], None] | None = None,
) -> SplatFit:
    """Return how near splats come to held-out pictures.

    Args:
        splats: The splats.
        capture: Pictures with their cameras.
        progress: How the fit went.
        shown: How many held-out pictures are looked at; all if None.
        beat: Called after every picture; may raise to stop.

    Returns:
        The result.
    """
    judged, kept = capture.held_out[:shown], len(splats) if shown is None else 0
    began = time.perf_counter()
    seen, far, wrong = [], np.zeros((0, 0), np.float32), []
    for one in judged:
        found = view(splats, one.camera, paper=capture.paper)
        seen.append(np.clip(found.rgb, 0, 1))
        if kept:
            away = distances(found, one.camera)
            far = far if far.size else away
            wrong += [] if one.depth is None else [_mean_error(away, one.depth)]
        if beat is not None:
            beat()
    each = (time.perf_counter() - began) / len(judged)
    inside = _inside(splats, judged[0].camera, beat) if kept else {}
    pairs = list(zip(seen, judged, strict=True))
    colour = (0.5 + Y0 * splats.harmonics[:, 0]).clamp(0, 1).mul(255).round().to(torch.uint8)
    return SplatFit(
        title=f"{len(splats):,} splats · {capture.title}",
        scene=capture.title,
        psnr=float(np.mean([psnr(rgb, one.rgb) for rgb, one in pairs])),
        ssim=float(np.mean([ssim(rgb, one.rgb) for rgb, one in pairs])),
        train_seconds=progress.seconds,
        steps=progress.step,
        train=len(capture.train),
        held_out=len(judged),
        moved=progress.moved,
        cloned=progress.grown.cloned,
        split=progress.grown.split,
        pruned=progress.grown.pruned,
        counts=np.array(progress.counts, np.float64).reshape(-1, 2),
        scale=splats.log_scale.exp()[:kept].cpu().numpy(),
        turn=splats.turn[:kept].cpu().numpy(),
        harmonics=splats.harmonics[:kept].cpu().numpy(),
        degree=splats.degree,
        view_seconds=each,
        history=np.array(progress.psnr, np.float64).reshape(-1, 3),
        truth=np.stack([one.rgb for one in judged[:SHOWN]]).astype(np.float32),
        seen=np.stack(seen[:SHOWN]).astype(np.float32),
        places=splats.place.cpu().numpy(),
        rgb=colour.cpu().numpy(),
        opacity=torch.sigmoid(splats.logit).cpu().numpy(),
        depth=far,
        depth_error=float(np.nanmean(wrong)) if np.isfinite(wrong).any() else None,
        **inside,
    )


def _mean_error(away: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean error of distances where both are known; NaN where they nowhere are."""
    known = np.isfinite(away) & np.isfinite(truth)
    return float(np.abs(away - truth)[known].mean()) if known.any() else float("nan")


def _inside(splats: Gaussians, camera: Camera, beat: Callable[[], None] | None) -> dict[str, Any]:
    """Return cuts through splats, and those that the middle of a picture sees."""
    across, upward, levels, cut = cuts(splats, beat)
    through = [camera.width // 2, camera.height // 2]
    ray = along(splats, camera, *through)
    return {"across": across, "upward": upward, "levels": levels, "cut": cut, "ray": ray, "through": through}


def splats_in(path: Path) -> tuple[Gaussians, int]:
    """Return the splats of a file, and how many were left out because a number was not finite.

    Args:
        path: A PLY file, or what ``dltui splat train --save`` kept.

    Returns:
        Both.

    Raises:
        DltuiError: If it holds none.
        UsageError: If it is a result of another kind, or of a fit that was stopped.
    """
    if path.suffix != ".safetensors":
        return read_splats(path)
    found = load(path)
    if not isinstance(found, SplatFit) or not len(found.scale):
        raise UsageError(
            f"{path} holds no splats: expected a .ply, or what `dltui splat train SCENE --save FILE` kept to the end"
        )
    parts = found.places, np.log(found.scale), found.turn, found.opacity, found.harmonics
    place, log_scale, turn, opacity, harmonics = (
        torch.from_numpy(np.array(part, np.float32)) for part in parts
    )
    return Gaussians(place, log_scale, turn, torch.logit(opacity, eps=1e-6), harmonics), 0


def render(
    path: Path,
    *,
    size: int,
    azimuth: float,
    elevation: float,
    zoom: float,
    up: str,
    orbit: int,
    paper: float,
    device: torch.device,
    flight: Flight | None = None,
    report: Report = silent,
) -> SplatViews:
    """Return what cameras around a file of splats see, or on a way through them.

    Args:
        path: The file.
        size: Pixels across and down.
        azimuth: Degrees around, of the first camera.
        elevation: Degrees above the ground.
        zoom: How many times nearer than what shows nearly all.
        up: The axis that points up: z, y, or -y as photogrammetry leaves it.
        orbit: How many cameras, evenly around, or on the way.
        paper: Brightness of what is behind everything.
        device: Where it is drawn.
        flight: The way, or None to go around.
        report: How far it is.

    Returns:
        The pictures.

    Raises:
        DltuiError: If the file can't be read.
        UsageError: If the axis is none.
    """
    splats, dropped = splats_in(path)
    splats = splats.to(device)
    began = time.perf_counter()
    if flight is None:
        turns = [azimuth + 360 * i / orbit for i in range(orbit)]
        cameras = [standing(splats, size, turn, elevation, zoom, up) for turn in turns]
    else:
        cameras = flight.cameras(orbit, size)
    seen = []
    for i, camera in enumerate(cameras):
        seen.append(view(splats, camera, paper=paper))
        report(i + 1, orbit)
    each = (time.perf_counter() - began) / orbit
    colour = (0.5 + Y0 * splats.harmonics[:, 0]).clamp(0, 1).mul(255).round().to(torch.uint8)
    return SplatViews(
        title=path.name,
        seen=np.clip(np.stack([one.rgb for one in seen]), 0, 1).astype(np.float32),
        depth=seen[0].depth.astype(np.float32),
        places=splats.place.cpu().numpy(),
        rgb=colour.cpu().numpy(),
        degree=splats.degree,
        dropped=dropped,
        drawn=seen[0].drawn,
        pairs=seen[0].pairs,
        view_seconds=each,
        up="z" if up == "z" else "y",
    )


def standing(splats: Gaussians, size: int, azimuth: float, elevation: float, zoom: float, up: str) -> Camera:
    """Return a camera that has most splats in view.

    Args:
        splats: The splats.
        size: Pixels across and down.
        azimuth: Degrees around.
        elevation: Degrees above the ground.
        zoom: How many times nearer it stands.
        up: The axis that points up: z, y or -y.

    Returns:
        The camera.

    Raises:
        UsageError: If the axis is none of those.
    """
    frames = {
        "z": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
        "y": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
        "-y": ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
    }
    if up not in frames:
        raise UsageError(f"--up {up!r} is no axis: expected z, y or -y")
    right, front, above = (np.array(axis, np.float64) for axis in frames[up])
    places = splats.place.cpu().numpy().astype(np.float64)
    middle = np.median(places, axis=0)
    most, nearly_all = np.quantile(np.linalg.norm(places - middle, axis=1), [MOST, NEARLY_ALL])
    radius = float(min(nearly_all, STRAY * most)) or 1.0
    away = radius * math.hypot(0.5, LENS) / 0.5  # a ball of that radius just touches the borders
    around, tilt = math.radians(azimuth), math.radians(elevation)
    way = math.cos(tilt) * (math.cos(around) * right + math.sin(around) * front) + math.sin(tilt) * above
    pose = looking(middle + way * away / zoom, middle, above)
    return Camera(pose, size, size, LENS * size, LENS * size, size / 2, size / 2)
