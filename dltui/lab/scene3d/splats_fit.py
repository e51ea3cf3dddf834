"""Fits of splats that are shown step by step, and the sums that colour a pixel."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from dltui.figures import Array
from dltui.lab.remembered import Remembered
from dltui.lab.scene3d.rooms import Doubles
from dltui.lab.scene3d.splats import ORDERS
from dltui.lab.scene3d.turntable import TINY, alone, tiny, turntable
from dltui.scene.cameras import Camera
from dltui.scene.nerf.fit import Fit, render
from dltui.scene.nerf.score import psnr
from dltui.scene.splats.blend import Pairs, blend, nearest_first, pairs_of, rows_of, summed
from dltui.scene.splats.fit import Sown
from dltui.scene.splats.gaussians import Gaussians, axes
from dltui.scene.splats.project import BLUR, Flat, project
from dltui.scene.splats.view import view

VIEWS, FINE = 20, 48  # pictures that are learnt from; pixels of the picture that is blended
RATIO = {"network": 4, "voxels": 3}  # steps of the splats in the time of one of the rival
PARTS = 15  # moments of a fit
RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)
BLOB = (0.04, 0.01, 0.09)  # variances of the splat that is worked out
AWAY, FOCAL = 10.0, 100.0  # how far it is; focal length in pixels


@dataclass(frozen=True, eq=False)
class Moment:
    """What is known after some steps of both fits.

    Attributes:
        splats: The splats as they are.
        steps: Steps of the splats and of the rival.
        psnr: Mean over held-out pictures of both, dB.
        seconds: Processor time of the steps of both.
        seen: The first held-out picture as both show it.
        each: Processor time of one picture by both.
    """

    splats: Gaussians
    steps: tuple[int, int]
    psnr: tuple[float, float]
    seconds: tuple[float, float]
    seen: tuple[Array, Array]
    each: tuple[float, float]


def moments(steps: int) -> int:
    """Return how many moments of a fit are shown."""
    return min(PARTS, steps) + 1


@lru_cache(maxsize=6)
def fits_of(scene: str, count: int, steps: int, rival: str, seed: int) -> Remembered[Moment]:
    """Return the moments of both fits."""
    return alone(lambda: _fitted(scene, count, steps, rival, seed))


def _fitted(scene: str, count: int, steps: int, rival: str, seed: int) -> Iterator[Moment]:
    """Make steps of both, so that either had about as much processor time, and tell how near they are."""
    capture = turntable(scene, VIEWS)
    sown = Sown(capture, count=count, degree=0, few=1.0, steps=max(steps, 1), seed=seed)
    network, ratio = rival == "network", RATIO[rival]
    field = Fit(
        capture,
        "mlp" if network else "grid",
        steps=max(steps // ratio, 1),
        seed=seed,
        make=tiny if network else None,
        recipe=TINY if network else None,
    )
    for part in range(moments(steps)):
        while sown.progress.step < round(part * steps / (moments(steps) - 1 or 1)):
            sown.timed_step()
        while field.progress.step < sown.progress.step // ratio:
            field.timed_step()
        seen = []
        spent = [0.0, 0.0]
        for one in capture.held_out:
            began = time.process_time()
            splats = view(sown.splats, one.camera).rgb
            middle = time.process_time()
            fitted = field.fitted
            seen.append((splats, render(fitted.field, fitted.occupied, one)[0]))
            spent[0] += middle - began
            spent[1] += time.process_time() - middle
        scores = [
            [psnr(rgb, one.rgb) for rgb, one in zip(of, capture.held_out, strict=True)]
            for of in zip(*seen, strict=True)
        ]
        yield Moment(
            sown.splats.detached(),
            (sown.progress.step, field.progress.step),
            (float(np.mean(scores[0])), float(np.mean(scores[1]))),
            (sown.progress.seconds, field.progress.seconds),
            (np.clip(seen[0][0], 0, 1), np.clip(seen[0][1], 0, 1)),
            (spent[0] / len(seen), spent[1] / len(seen)),
        )


def covariances(splats: Gaussians) -> Tensor:
    """Return the covariances Σ of splats, in double precision, shape (n, 3, 3)."""
    half = axes(splats.to(torch.double))
    return half @ half.transpose(1, 2)


def ordered(flat: Flat, order: str) -> Tensor:
    """Return the numbers of the splats that may be seen, in one of ``ORDERS``."""
    right = nearest_first(flat)
    if order == ORDERS[1]:
        return right.flip(0)
    return right if order == ORDERS[0] else torch.sort(right).values


def spelled(splats: Gaussians, camera: Camera, order: str, share: float) -> tuple[Flat, Pairs, int]:
    """Return splats on a picture, their pairs with its pixels, and how many were blended."""
    flat = project(splats, camera)
    numbers = ordered(flat, order)
    some = numbers[: round(share * len(numbers))]
    rows = rows_of(flat, some, camera.width, camera.height)
    return flat, pairs_of(flat, rows, camera.width * camera.height), len(some)


@torch.no_grad()
def blended_picture(splats: Gaussians, camera: Camera, order: str, share: float) -> Array:
    """Return what a camera sees when a share of the splats is blended in an order, on white."""
    flat, pairs, _ = spelled(splats, camera, order, share)
    seen = summed(flat.colour, pairs.weight, pairs) + pairs.left[:, None]
    return np.asarray(seen.clamp(0, 1).reshape(camera.height, camera.width, 3).numpy())


def over(front: float, behind: float) -> tuple[Doubles, float]:
    """Return the colour of a red splat over a blue one on black, and what light is left.

    Args:
        front: Opacity of the red one.
        behind: Opacity of the blue one.

    Returns:
        The colour, shape (3,), and T behind both.
    """
    flat = Flat(
        torch.full((2, 2), 0.5, dtype=torch.double),
        torch.tensor([[0.01, 0.0, 0.01]] * 2, dtype=torch.double),
        torch.tensor([front, behind], dtype=torch.double),
        torch.tensor([RED, BLUE], dtype=torch.double),
        torch.tensor([1.0, 2.0], dtype=torch.double),
    )
    dark, bright = (blend(flat, 1, 1, paper)[0].numpy() for paper in (0.0, 1.0))
    return dark, float(bright[1] - dark[1])


def projected(aside: float) -> Doubles:
    """Return the covariance Σ′ on the picture of a splat at (aside, aside / 2, 10) before the camera, shape (2, 2)."""
    camera = Camera(np.eye(4), 100, 100, FOCAL, FOCAL, 50.0, 50.0)
    one = Gaussians(
        torch.tensor([[aside, -aside / 2, -AWAY]], dtype=torch.double),
        torch.tensor([BLOB], dtype=torch.double).log() / 2,
        torch.tensor([[1.0, 0, 0, 0]], dtype=torch.double),
        torch.zeros(1, dtype=torch.double),
        torch.zeros(1, 1, 3, dtype=torch.double),
    )
    a, b, c = project(one, camera).conic[0].tolist()
    found: Doubles = np.linalg.inv(np.array([[a, b], [b, c]])) - BLUR * np.eye(2)
    return found
