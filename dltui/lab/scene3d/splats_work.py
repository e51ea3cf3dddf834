"""What the exhibit `gaussian-splats` computes and draws."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch

from dltui.lab import Frame, near
from dltui.lab.remembered import Remembered
from dltui.lab.scene3d.splats import ORDERS, gaussian_splats
from dltui.lab.scene3d.splats_figures import (
    costs,
    outlines,
    over_steps,
    pictures,
    pixel_of,
    projected_steps,
    race,
)
from dltui.lab.scene3d.splats_fit import (
    AWAY,
    BLOB,
    FINE,
    FOCAL,
    Moment,
    blended_picture,
    covariances,
    fits_of,
    moments,
    over,
    projected,
)
from dltui.lab.scene3d.turntable import LOW, camera_at, picture
from dltui.scene.nerf.score import psnr
from dltui.scene.splats.project import project
from dltui.scene.splats.view import view


def frames(
    *,
    scene: str,
    count: int,
    steps: int,
    rival: str,
    order: str,
    share: float,
    azimuth: float,
    front: float,
    aside: float,
    seed: int,
) -> Iterator[Frame]:
    """Yield what the exhibit shows, its knobs set."""
    shown = picture(scene, azimuth, LOW, FINE)
    before: list[Moment] = []
    still = (over_steps(front), projected_steps(aside))
    for moment in fits_of(scene, count, steps, rival, seed):
        before.append(moment)
        blended = blended_picture(moment.splats, shown.camera, order, share)
        yield Frame(
            figures=(
                pictures(shown.rgb, moment, shown.camera, blended, order, share),
                outlines(moment.splats),
                race(before, rival),
                pixel_of(moment.splats, shown.camera, order),
                *still,
                costs(moment, rival),
            ),
            numbers={
                "steps": list(moment.steps),
                "psnr_splats": [one.psnr[0] for one in before],
                "psnr_rival": [one.psnr[1] for one in before],
                "psnr_blended": psnr(blended, shown.rgb),
                "least_variance": float(torch.linalg.eigvalsh(covariances(moment.splats)).min()),
                "over": over(front, 0.5)[0].tolist(),
                "projected": projected(aside).tolist(),
            },
            caption=f"step {moment.steps[0]} of {steps}: {moment.psnr[0]:.1f} dB, the {rival} {moment.psnr[1]:.1f} dB",
            total=moments(steps),
        )


def order_makes_the_colour() -> None:
    """.6 red over .5 blue is (.6, 0, .2) with T = .2 left, swapped (.3, 0, .5) (notes 002c)."""
    near("red over blue", gaussian_splats.last(steps=0, front=0.6).numbers["over"], (0.6, 0.0, 0.2))
    near("left", over(0.6, 0.5)[1], 0.2)
    swapped = over(0.5, 0.6)[0]
    near("blue over red", swapped[[2, 1, 0]], (0.3, 0.0, 0.5))  # the roles of red and blue exchanged


def projection_of_a_blob() -> None:
    """Σ = diag(.04, .01, .09) at z = 10, f = 100 becomes diag(4, 1), at (2, 1) [[4.36, .18], [.18, 1.09]] (notes)."""
    near("on the axis", gaussian_splats.last(steps=0, aside=0).numbers["projected"], [[4, 0], [0, 1]])
    near(
        "aside",
        gaussian_splats.last(steps=0, aside=2).numbers["projected"],
        [[4.36, 0.18], [0.18, 1.09]],
    )
    # samples of the Gaussian through the pinhole itself: the slope is only its first order
    draw = np.random.default_rng(0).normal(0, 1, (200_000, 3)) * np.sqrt(BLOB) * 0.1
    x, y, z = (draw + np.array([3, 1.5, AWAY])).T
    sampled = np.cov(FOCAL * np.stack([x / z, y / z])) / 0.1**2
    near("sampled", projected(3), sampled, 0.02)


def covariance_stays_possible() -> None:
    """After any number of steps all covariances are symmetric with eigenvalues above 0, the squares of the scales."""
    for knobs in ({}, {"count": 50, "steps": 60, "scene": "teapot"}):
        found = gaussian_splats.last(**knobs)
        assert found.value("least_variance") > 0, f"a variance of {found.value('least_variance')}"
    *_, moment = fits_of("bunny", 400, 240, "network", 0)
    sigma = covariances(moment.splats).numpy()
    near("Σᵀ", sigma, sigma.transpose(0, 2, 1), 1e-15)
    known = np.sort(np.exp(2 * moment.splats.log_scale.double().numpy()), axis=1)
    near("eigenvalues", np.linalg.eigvalsh(sigma), known, 1e-9)


def fit_learns() -> None:
    """Held-out pictures get better, more splats do better than few, and the fitted ones need the right order."""
    told = gaussian_splats.last(order=ORDERS[0])
    scores = told.numbers["psnr_splats"]
    near("all, in order", told.value("psnr_blended"), _free(fits_of("bunny", 400, 240, "network", 0)), 1e-6)
    assert isinstance(scores, list)
    assert scores[-1] > scores[0] + 10 > 25, f"from {scores[0]:.3g} to {scores[-1]:.3g} dB"
    few = gaussian_splats.last(count=30, rival="voxels", steps=120).numbers["psnr_splats"]
    assert isinstance(few, list)
    assert few[-1] < scores[-1] - 3, f"30 splats reach {few[-1]:.3g} dB, 400 {scores[-1]:.3g} dB"
    for order, worse in zip(ORDERS[1:], (4, 1), strict=True):
        wrong = gaussian_splats.last(order=order).value("psnr_blended")
        assert wrong < told.value("psnr_blended") - worse, f"{order}: {wrong:.3g} dB"


def _free(fits: Remembered[Moment]) -> float:
    """Return how near a picture by the room is that draws splats, from the free camera."""
    *_, moment = fits
    shown = picture("bunny", -60.0, LOW, FINE)
    return psnr(view(moment.splats, shown.camera).rgb, shown.rgb)


def blending_is_the_formula() -> None:
    """Some pixels against a loop over all splats in numpy, Σ Tᵢαᵢcᵢ with T multiplied up, in three orders."""
    *_, moment = fits_of("bunny", 400, 240, "network", 0)
    camera = camera_at(-60.0, LOW, FINE)
    with torch.no_grad():
        flat = project(moment.splats, camera)
    conic, middle = flat.conic.double().numpy(), flat.middle.double().numpy()
    opacity, colour, depth = flat.opacity.double().numpy(), flat.colour.numpy(), flat.depth.numpy()
    ways = {
        ORDERS[0]: np.argsort(depth, kind="stable"),
        ORDERS[1]: np.argsort(depth, kind="stable")[::-1],
        ORDERS[2]: np.arange(len(depth)),
    }
    for order, way in ways.items():
        seen = blended_picture(moment.splats, camera, order, 1.0)
        for row, column in ((24, 24), (20, 30), (34, 18), (12, 22)):
            light, total = 1.0, np.zeros(3)
            for one in way:
                dx, dy = np.array([column + 0.5, row + 0.5]) - middle[one]
                a, b, c = conic[one]
                alpha = min(
                    opacity[one] * math.exp(-0.5 * (a * dx * dx + 2 * b * dx * dy + c * dy * dy)), 0.99
                )
                if alpha >= 1 / 255:
                    total, light = total + light * alpha * colour[one], light * (1 - alpha)
            near(f"{order}, pixel {column}, {row}", seen[row, column], np.clip(total + light, 0, 1), 1e-4)
