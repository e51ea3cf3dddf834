"""Pictures of splats: outlines, the race, a pixel, the numbers put in, what it costs."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from dltui.figures import Array, Cell, Figure, Images, Lines, Scene, Series, Table, number
from dltui.lab.scene3d.splats_fit import AWAY, BLOB, BLUE, FOCAL, RED, Moment, over, projected, spelled
from dltui.lab.scene3d.turntable import camera_at
from dltui.lab.written import written
from dltui.scene.cameras import Camera
from dltui.scene.nerf.score import psnr
from dltui.scene.splats.gaussians import Gaussians, axes
from dltui.scene.splats.project import BLUR, project
from dltui.scene.splats.view import view

RINGS, CORNERS = 250, 12  # splats whose outlines are drawn; corners of one
LISTED = 8  # splats of a pixel that are listed
MILLION = 1_000_000
FIELDS = (
    ("position μ", 3),
    ("scale, logarithms", 3),
    ("rotation, a quaternion", 4),
    ("opacity α before the sigmoid", 1),
    ("colour r, g, b", 3),
)


def pictures(
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
def outlines(splats: Gaussians) -> Scene:
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


def race(before: list[Moment], rival: str) -> Lines:
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
def pixel_of(splats: Gaussians, camera: Camera, order: str) -> Table:
    """Return what the middle pixel gathers, splat by splat."""
    flat, pairs, _ = spelled(splats, camera, order, 1.0)
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


def over_steps(front: float) -> Figure:
    """Return two splats over each other, and the same two swapped."""
    found, left = over(front, 0.5)
    other = 0.5 * np.array(BLUE) + 0.5 * front * np.array(RED)
    return written(
        (f"C = {front:g}·(1,0,0) + (1 − {front:g})·0.5·(0,0,1) = {_row(found)}", "red in front"),
        (f"T = (1 − {front:g})·(1 − 0.5) = {number(left)}", "what is left for what is behind"),
        (f"C = 0.5·(0,0,1) + (1 − 0.5)·{front:g}·(1,0,0) = {_row(other)}", "blue in front: another colour"),
        title="Two splats, worked out",
    )


def projected_steps(aside: float) -> Figure:
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


def costs(moment: Moment, rival: str) -> Table:
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
