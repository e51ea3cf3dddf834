"""What the exhibit `gaussian-splats` computes and draws."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from dltui.figures import Array, Cell, Figure, Images, Lines, Scene, Series, Table, number
from dltui.lab import Frame, near
from dltui.lab.remembered import Remembered
from dltui.lab.scene3d.rooms import Doubles
from dltui.lab.scene3d.splats import ORDERS, gaussian_splats
from dltui.lab.scene3d.turntable import LOW, TINY, alone, camera_at, picture, tiny, turntable
from dltui.lab.written import written
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
RINGS, CORNERS = 250, 12  # splats whose outlines are drawn; corners of one
LISTED = 8  # splats of a pixel that are listed
RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)
BLOB = (0.04, 0.01, 0.09)  # variances of the splat that is worked out
AWAY, FOCAL = 10.0, 100.0  # how far it is; focal length in pixels
MILLION = 1_000_000
FIELDS = (
    ("position μ", 3),
    ("scale, logarithms", 3),
    ("rotation, a quaternion", 4),
    ("opacity α before the sigmoid", 1),
    ("colour r, g, b", 3),
)


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
    still = (_over_steps(front), _projected_steps(aside))
    for moment in _fits(scene, count, steps, rival, seed):
        before.append(moment)
        blended = _blended(moment.splats, shown.camera, order, share)
        yield Frame(
            figures=(
                _pictures(shown.rgb, moment, shown.camera, blended, order, share),
                _outlines(moment.splats),
                _race(before, rival),
                _pixel(moment.splats, shown.camera, order),
                *still,
                _costs(moment, rival),
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
            total=_moments(steps),
        )


def _moments(steps: int) -> int:
    """Return how many moments of a fit are shown."""
    return min(PARTS, steps) + 1


@lru_cache(maxsize=6)
def _fits(scene: str, count: int, steps: int, rival: str, seed: int) -> Remembered[Moment]:
    """Return the moments of both fits."""
    return alone(lambda: _fitted(scene, count, steps, rival, seed))


def _fitted(scene: str, count: int, steps: int, rival: str, seed: int) -> Iterator[Moment]:
    """Make steps of both, so that either had about as much processor time, and tell how near they are."""
    capture = turntable(scene, VIEWS)
    sown = Sown(capture, count=count, degree=0, steps=max(steps, 1), seed=seed)
    network, ratio = rival == "network", RATIO[rival]
    field = Fit(
        capture,
        "mlp" if network else "grid",
        steps=max(steps // ratio, 1),
        seed=seed,
        make=tiny if network else None,
        recipe=TINY if network else None,
    )
    for part in range(_moments(steps)):
        while sown.progress.step < round(part * steps / (_moments(steps) - 1 or 1)):
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


def _spelled(splats: Gaussians, camera: Camera, order: str, share: float) -> tuple[Flat, Pairs, int]:
    """Return splats on a picture, their pairs with its pixels, and how many were blended."""
    flat = project(splats, camera)
    numbers = ordered(flat, order)
    some = numbers[: round(share * len(numbers))]
    rows = rows_of(flat, some, camera.width, camera.height)
    return flat, pairs_of(flat, rows, camera.width * camera.height), len(some)


@torch.no_grad()
def _blended(splats: Gaussians, camera: Camera, order: str, share: float) -> Array:
    """Return what a camera sees when a share of the splats is blended in an order, on white."""
    flat, pairs, _ = _spelled(splats, camera, order, share)
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


def _pictures(
    truth: Array, moment: Moment, camera: Camera, blended: Array, order: str, share: float
) -> Images:
    """Return the free view: the truth, the splats, and their blending by the knobs."""
    whole = np.clip(view(moment.splats, camera).rgb, 0, 1)
    count = len(moment.splats)
    return Images(
        title="A view from where no picture was taken",
        caption=f"{count:,} splats; right: the first {number(100 * share, 3)} % of them, {order}",
        pixels=np.stack([truth, whole, blended]).astype(np.float32),
        names=("truth", f"splats {number(psnr(whole, truth), 3)} dB", f"so far {number(psnr(blended, truth), 3)} dB"),
    )  # fmt: skip


@torch.no_grad()
def _outlines(splats: Gaussians) -> Scene:
    """Return the middles of all splats and outlines of the largest ones."""
    half = axes(splats).numpy()
    size = np.linalg.norm(half, axis=1)  # half axes are columns
    opacity = torch.sigmoid(splats.logit).numpy()
    area = np.sort(size, axis=1)[:, 1:].prod(axis=1)
    chosen = np.argsort(-opacity * area, kind="stable")[:RINGS]
    rank = np.argsort(-size, axis=1)
    wide, narrow = (half[chosen, :, rank[chosen, i]] for i in range(2))
    turn = np.linspace(0, 2 * math.pi, CORNERS + 1)
    ring = splats.place.numpy()[chosen][:, None] + (
        np.cos(turn)[None, :, None] * wide[:, None] + np.sin(turn)[None, :, None] * narrow[:, None]
    )
    rgb = (_colours(splats) * 255).round().astype(np.uint8)
    return Scene(
        title="The splats as ellipses",
        caption=f"all {len(splats):,} middles; outlines, one standard deviation, of the {len(chosen)} that weigh most",
        points=splats.place.numpy(),
        point_rgb=rgb,
        segments=np.stack([ring[:, :-1], ring[:, 1:]], axis=2).reshape(-1, 2, 3).astype(np.float32),
        segment_rgb=np.repeat(rgb[chosen], CORNERS, axis=0),
    )


def _colours(splats: Gaussians) -> Array:
    """Return the colours of splats of degree 0, in 0…1."""
    flat = project(splats, camera_at(0.0))
    return np.asarray(flat.colour.clamp(0, 1).numpy())


def _race(before: list[Moment], rival: str) -> Lines:
    """Return both scores over the processor time of the steps."""
    return Lines(
        title="The race: held-out pictures over processor time",
        caption=f"{before[-1].steps[0]} steps of splats, {before[-1].steps[1]} of the {rival}; seconds of this machine",
        series=tuple(
            Series(
                name=name,
                x=np.array([one.seconds[at] for one in before]),
                y=np.array([one.psnr[at] for one in before]),
            )
            for at, name in enumerate(("splats", rival))
        ),
        x_label="seconds",
        y_label="PSNR, dB",
    )


@torch.no_grad()
def _pixel(splats: Gaussians, camera: Camera, order: str) -> Table:
    """Return what the middle pixel gathers, splat by splat."""
    flat, pairs, _ = _spelled(splats, camera, order, 1.0)
    pixel = camera.width * (camera.height // 2) + camera.width // 2
    first, last = int(pairs.first[pixel]), int(pairs.first[pixel + 1])
    who = pairs.splat[first:last]
    alpha = pairs.alpha[pairs.by_pixel[first:last]]
    weight, before = pairs.weight[first:last], pairs.before[first:last]
    colour = flat.colour[who]
    total = (weight[:, None] * colour).cumsum(0)
    rows: list[tuple[Cell, ...]] = [
        (
            i + 1,
            number(float(flat.depth[who[i]]), 3),
            number(float(alpha[i]), 2),
            number(float(before[i]), 2),
            number(float(weight[i]), 2),
            _triple(colour[i]),
            _triple(total[i]),
        )
        for i in range(min(LISTED, len(who)))
    ]
    left = float(pairs.left[pixel])
    seen = (total[-1] if len(who) else torch.zeros(3)) + left
    return Table(
        title="The middle pixel, splat by splat",
        caption=f"{order}: {len(who)} splats, T = {number(left, 2)} is left, which is paper: C = {_triple(seen)}",
        columns=("i", "depth", "α", "T", "T·α", "colour c", "Σ T·α·c"),
        rows=tuple(rows) or (("none", "", "", "1", "", "", "0 0 0"),),
    )


def _triple(colour: Tensor) -> str:
    """Return a colour as three numbers."""
    return " ".join(f"{float(part):.2f}" for part in colour)


def _over_steps(front: float) -> Figure:
    """Return two splats over each other, and the same two swapped."""
    found, left = over(front, 0.5)
    other = 0.5 * np.array(BLUE) + 0.5 * front * np.array(RED)
    return written(
        (f"C = {front:g}·(1,0,0) + (1 − {front:g})·0.5·(0,0,1) = {_row(found)}", "red in front"),
        (f"T = (1 − {front:g})·(1 − 0.5) = {number(left)}", "what is left for what is behind"),
        (f"C = 0.5·(0,0,1) + (1 − 0.5)·{front:g}·(1,0,0) = {_row(other)}", "blue in front: another colour"),
        title="Two splats, worked out",
    )


def _projected_steps(aside: float) -> Figure:
    """Return a splat that is projected, with the numbers put in."""
    x, y, found = aside, aside / 2, projected(aside)
    fx, fy, gx, gy = (number(FOCAL * part) for part in (1 / AWAY, 1 / AWAY, -x / AWAY**2, -y / AWAY**2))
    return written(
        (f"Σ = diag({', '.join(f'{part:g}' for part in BLOB)}) at ({x:g}, {y:g}, {AWAY:g}), f = {FOCAL:g}", ""),
        (
            f"J = f·(1/z, 0, −x/z²; 0, 1/z, −y/z²) = ({fx}, 0, {gx}; 0, {fy}, {gy})",
            "the slope of the perspective",
        ),
        (f"Σ′ = J·Σ·Jᵀ = ({_row(found[0])}; {_row(found[1])})", "an ellipse on the picture, in pixels²"),
        (
            f"half axes √λ = {_row(np.sqrt(np.linalg.eigvalsh(found))[::-1])} pixels",
            f"{BLUR:g} is added to both variances, so that none slips between pixels",
        ),
        title="A splat is projected",
    )  # fmt: skip


def _row(values: Array) -> str:
    """Return numbers in a bracket."""
    return f"({', '.join(number(float(part), 4) for part in values)})"


def _costs(moment: Moment, rival: str) -> Table:
    """Return what a splat is made of, and what a picture costs."""
    each = sum(size for _, size in FIELDS)
    rows: list[tuple[Cell, ...]] = [
        (name, f"{size} number{'s' if size > 1 else ''}") for name, size in FIELDS
    ]
    rows += [
        ("one splat", f"{each} numbers; 59 with harmonics of degree 3"),
        ("all of them here", f"{each * len(moment.splats):,} numbers"),
        ("a million of them", f"{each * 4 * MILLION / 1e6:g} MB, with harmonics {59 * 4 * MILLION / 1e6:g} MB"),
        ("a picture by splats", _pace(moment.each[0])),
        (f"by the {rival}", _pace(moment.each[1])),
        ("the paper, on a GPU", "over 100 pictures a second, fitted in < 1 hour"),
    ]  # fmt: skip
    return Table(
        title="What a splat is, and what pictures cost here", columns=("of it", "what there is"),
        rows=tuple(rows),
    )  # fmt: skip


def _pace(seconds: float) -> str:
    """Return what a picture costs, and how many there are in a second."""
    return f"{number(1e3 * seconds, 2)} ms, {number(1 / max(seconds, 1e-9), 2)} a second"


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
    *_, moment = _fits("bunny", 400, 240, "network", 0)
    sigma = covariances(moment.splats).numpy()
    near("Σᵀ", sigma, sigma.transpose(0, 2, 1), 1e-15)
    known = np.sort(np.exp(2 * moment.splats.log_scale.double().numpy()), axis=1)
    near("eigenvalues", np.linalg.eigvalsh(sigma), known, 1e-9)


def fit_learns() -> None:
    """Held-out pictures get better, more splats do better than few, and the fitted ones need the right order."""
    told = gaussian_splats.last(order=ORDERS[0])
    scores = told.numbers["psnr_splats"]
    near("all, in order", told.value("psnr_blended"), _free(_fits("bunny", 400, 240, "network", 0)), 1e-6)
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
    *_, moment = _fits("bunny", 400, 240, "network", 0)
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
        seen = _blended(moment.splats, camera, order, 1.0)
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
