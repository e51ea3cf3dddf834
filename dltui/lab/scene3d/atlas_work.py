"""What the exhibit `patch-decoder` computes and draws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from dltui.figures import Array, Bars, Figure, Images, Lines, Points, Scene, Series, number
from dltui.lab import Frame, near
from dltui.lab.scene3d.atlas import patch_decoder
from dltui.lab.scene3d.choices import HELD
from dltui.lab.scene3d.sheets import (
    KINDS,
    LEARNT,
    PARTS,
    SHAPES,
    SHEETS,
    STEPS,
    Atlas,
    FromPicture,
    Made,
    code_of,
    distances,
    grid,
    laid,
    making,
    matched,
    mean_shapes,
    reading,
    shown,
    spaced,
    target,
)
from dltui.lab.written import written
from dltui.scene.mesh import edge_counts, measure
from dltui.scene.points.distances import apart

CELLS = 12  # of the grid on a square, either way
GREY = (150, 150, 150)
NAMED = 8  # patches that the legend names
SEEN = 8  # pictures that are shown
BESIDE = 2.3  # from the true shape to the one that was made


def frames(
    *, shape: str, patches: int, points: int, loss: str, patch: int, picture: int, seed: int
) -> Iterator[Frame]:
    """Yield what the exhibit shows, its knobs set."""
    true = target(shape, 600, 7)
    before: list[Made] = []
    known = shown(seed % 4)
    for moment, reader in zip(making(shape, patches, points, loss, seed), reading(seed), strict=True):
        before.append(moment)
        seen = laid(reader, known.seen[SHAPES:], spaced(LEARNT // SHEETS)).flatten(1, 2)
        kinds = torch.from_numpy(known.labels[SHAPES:])
        own = distances(seen, known.points[SHAPES:])
        mean = distances(mean_shapes(seed % 4)[kinds], known.points[SHAPES:])
        soup, one, many = moment.away[-1]
        yield Frame(
            figures=(
                _sheets(moment.networks[2], seed, true, min(patch, patches)),
                _square(min(patch, patches)),
                _sheet(moment.networks[2], seed, min(patch, patches)),
                _soup(moment, seed),
                _curves(before, patches),
                _pictures(seed, picture),
                _made(reader, seed, picture),
                _judged(own, mean, kinds),
                _formulas(moment, patches, points, own, mean),
            ),
            numbers={
                "step": moment.step,
                "soup": soup,
                "one_patch": one,
                "patches": many,
                "curve": [away[2] for away in moment.away],
                "from_pictures": float(own.mean()),
                "mean_shapes": float(mean.mean()),
                "this_picture": float(own[picture]),
                "parameters": [sum(part.numel() for part in net.parameters()) for net in moment.networks],
            },
            caption=f"step {moment.step} of {STEPS}: CD {one:.2g} by 1 patch, {many:.2g} by {patches}, soup {soup:.2g}",
            total=PARTS + 1,
        )


def meshed(atlas: Atlas, code: torch.Tensor, cells: int = CELLS) -> tuple[Array, Array]:
    """Return every patch cut from a grid.

    Args:
        atlas: The patches.
        code: What they are told, shape (1, c).
        cells: Of the grid, either way.

    Returns:
        Corners, shape (K, (cells + 1)², 3), and the triangles of one of them.
    """
    uv, faces = grid(cells)
    return laid(atlas, code, uv)[0].numpy(), faces


def _sheets(atlas: Atlas, seed: int, true: torch.Tensor, patch: int) -> Scene:
    """Return all patches over the points of the target."""
    corners, faces = meshed(atlas, code_of(seed))
    count, each = corners.shape[:2]
    return Scene(
        title=f"{count} bent square{'s' if count > 1 else ''} over the target",
        caption=f"grey: {true.shape[1]} points of the target; patch {patch} has pictures of its own",
        points=true[0].numpy(),
        point_rgb=np.tile(np.array(GREY, np.uint8), (true.shape[1], 1)),
        vertices=corners.reshape(-1, 3),
        faces=np.concatenate([faces + each * i for i in range(count)]).astype(np.int32),
        vertex_values=np.repeat(np.arange(count), each),
        value_names=tuple(f"patch {i + 1}" for i in range(min(count, NAMED))) + ("…",) * (count > NAMED),
    )


def _square(patch: int) -> Points:
    """Return the grid on the square."""
    uv = grid(CELLS)[0][0].numpy()
    return Points(
        title=f"The square of patch {patch}", caption="each point (u, v) goes to a place in space: colours are u",
        position=uv, value=uv[:, 0], axes=("u", "v"), equal=True,
    )  # fmt: skip


def _sheet(atlas: Atlas, seed: int, patch: int) -> Scene:
    """Return the same grid in space."""
    corners, faces = meshed(atlas, code_of(seed))
    uv = grid(CELLS)[0][0].numpy()
    area = measure(corners[patch - 1], faces.astype(np.int32)).area
    return Scene(
        title=f"Patch {patch}: the square after it is bent",
        caption=f"{len(uv)} corners, {len(faces)} triangles, area {number(area, 3)} of the 1 of the square",
        vertices=corners[patch - 1],
        faces=faces.astype(np.int32),
        vertex_values=uv[:, 0],
        value_label="u",
        shade="wire",
    )


def _soup(moment: Made, seed: int) -> Scene:
    """Return the points of the soup."""
    found = laid(moment.networks[0], code_of(seed), spaced(1))[0, 0].numpy()
    return Scene(
        title="The soup: loose points",
        caption=f"{len(found)} points; what lies between them is not said",
        points=found,
        point_values=found[:, 2],
        value_label="z",
    )


def _curves(before: list[Made], patches: int) -> Lines:
    """Return the distances over the steps."""
    x = np.array([one.step for one in before])
    away = np.array(before[-1].away)
    name = f"{patches} patches" if patches > 1 else "1 patch, other weights"
    return Lines(
        title="Distance from points that were never learnt from",
        series=tuple(
            Series(name=told, x=x, y=away[:, i]) for i, told in enumerate(("soup", "1 patch", name))
        ),
        x_label="step",
        y_label="squared Chamfer distance",
        y_scale="log",
    )


def _pictures(seed: int, picture: int) -> Images:
    """Return some of the held-out pictures."""
    known = shown(seed % 4)
    some = [(picture + i) % HELD for i in range(SEEN)]
    names = tuple(KINDS[known.labels[SHAPES + i]] + (" ◀" if i == picture else "") for i in some)
    return Images(
        title="Held-out pictures",
        caption="near is bright; the first one is made into a shape, in the next figure",
        pixels=known.seen[SHAPES:][some, 0].numpy(),
        names=names,
    )


def _made(reader: FromPicture, seed: int, picture: int) -> Scene:
    """Return the shape made from a picture, beside the true one."""
    known = shown(seed % 4)
    uv, faces = grid(CELLS)
    corners = laid(reader, known.seen[SHAPES + picture][None], uv)[0].numpy()
    each = corners.shape[1]
    true = known.points[SHAPES + picture].numpy() - np.array([BESIDE, 0, 0], np.float32)
    return Scene(
        title="A shape from that one picture",
        caption="left: points of the true shape, which the network never saw; right: what it makes of the picture",
        points=true,
        point_rgb=np.tile(np.array(GREY, np.uint8), (len(true), 1)),
        vertices=corners.reshape(-1, 3),
        faces=np.concatenate([faces + each * i for i in range(len(corners))]).astype(np.int32),
        vertex_values=np.repeat(np.arange(len(corners)), each),
        value_names=tuple(f"patch {i + 1}" for i in range(len(corners))),
        up="y",
    )


def _judged(own: torch.Tensor, mean: torch.Tensor, kinds: torch.Tensor) -> Bars:
    """Return the distances by kind, of the network and of the mean shape."""
    labels, values = [], []
    for place, name in enumerate(KINDS):
        for told, part in (("network", own), ("mean shape", mean)):
            labels.append(f"{name}, {told}")
            values.append(float(part[kinds == place].mean()))
    return Bars(
        title="From one picture, against the mean shape",
        caption=f"{len(kinds)} held-out shapes: {number(float(own.mean()), 3)} against {number(float(mean.mean()), 3)}",
        labels=tuple(labels),
        values=np.array(values),
        value_label="squared Chamfer distance",
    )


def _formulas(moment: Made, patches: int, points: int, own: torch.Tensor, mean: torch.Tensor) -> Figure:
    """Return what is learnt, with the numbers of the moment."""
    soup, one, many = (sum(part.numel() for part in net.parameters()) for net in moment.networks)
    away = moment.away[-1]
    return written(
        (f"soup: z → 3·{points} = {3 * points} numbers", f"{soup:,} weights; CD = {number(away[0], 3)}"),
        (f"patch: (z, u, v) → (x, y, z), {one:,} weights", f"one alone: CD = {number(away[1], 3)}"),
        (
            f"atlas: {patches} of them, {many:,} weights, {-(-points // patches)} places each a step",
            f"CD = {number(away[2], 3)}",
        ),
        (
            f"picture → CNN → z → {SHEETS} patches: CD = {number(float(own.mean()), 3)}",
            f"the mean shape of the kind: {number(float(mean.mean()), 3)}",
        ),
    )


def patches_are_surfaces() -> None:
    """Each patch cut from grids of 4 to 20 cells is a disc: V − E + F = 1, no edge in over two triangles."""
    *_, moment = making("bunny", 6, 256, "Chamfer", 0)
    for cells in (4, 12, 20):
        corners, faces = meshed(moment.networks[2], code_of(0), cells)
        near("shape", corners.shape, (6, (cells + 1) ** 2, 3), 0)
        edges = {tuple(sorted(pair)) for a, b, c in faces.tolist() for pair in ((a, b), (b, c), (c, a))}
        near("V − E + F", len(corners[0]) - len(edges) + len(faces), 1, 0)
        counts, consistent = edge_counts(faces, len(corners[0]))
        assert consistent, "triangles are turned both ways"
        assert counts.max() == 2, f"an edge in {counts.max()} triangles"
        near("edges on the border", int((counts == 1).sum()), 4 * cells, 0)
        for sheet in corners:
            assert np.abs(sheet).max() <= 1, "tanh is left out"
            assert measure(sheet, faces.astype(np.int32)).area > 0.01, "a patch has no area"
    weights = [
        torch.cat([part.detach().flatten() for part in one.parameters()])
        for one in moment.networks[2].patches
    ]
    least = min(float((a - b).abs().max()) for i, a in enumerate(weights) for b in weights[:i])
    assert least > 0.1, "two patches share their weights"


def more_patches_come_nearer() -> None:
    """The distance from unseen points falls from 1 patch to 6, and 12 keep it, by the room that compares clouds."""
    found = []
    for count in (6, 12):
        *_, moment = making("bunny", count, 256, "Chamfer", 0)
        found.append(moment.away[-1][2])
        cloud = laid(moment.networks[2], code_of(0), spaced(600 // count))[0].reshape(-1, 3).numpy()
        known = apart(cloud, target("bunny", 600, 1000)[0].numpy()).chamfer_squared
        near(f"CD of {count} patches", found[-1], known, 1e-5)
    one = patch_decoder.last().value("one_patch")
    assert one > 1.2 * max(found), f"1 patch {one:.3g}, 6 patches {found[0]:.3g}, 12 patches {found[1]:.3g}"
    assert found[1] < 1.1 * found[0], f"6 patches {found[0]:.3g}, 12 patches {found[1]:.3g}"
    curve = patch_decoder.last().numbers["curve"]
    assert isinstance(curve, list)
    assert curve[-1] < 0.1 * curve[0], f"from {curve[0]:.3g} to {curve[-1]:.3g}"


def one_picture_beats_the_mean_shape() -> None:
    """Shapes from single held-out pictures are nearer than the mean shapes of their kinds (notes 002c)."""
    told = patch_decoder.last()
    known = shown(0)
    kinds = known.labels[SHAPES:]
    squares = []
    for kind, cloud in zip(kinds, known.points[SHAPES:].numpy().astype(float), strict=True):
        mean = mean_shapes(0)[kind].numpy().astype(float)
        gaps = ((mean[:, None] - cloud[None]) ** 2).sum(axis=2)
        squares.append(gaps.min(axis=0).mean() + gaps.min(axis=1).mean())
    near("mean shapes", told.value("mean_shapes"), np.mean(squares), 1e-5)
    assert told.value("from_pictures") < 0.9 * told.value("mean_shapes"), (
        f"{told.value('from_pictures'):.3g} from pictures, {told.value('mean_shapes'):.3g} without"
    )


def one_to_one_is_the_least() -> None:
    """The earth mover's loss of 6 points against all 720 ways to pair them."""
    from itertools import permutations

    draw = torch.Generator().manual_seed(0)
    one, other = torch.rand(6, 3, generator=draw), torch.rand(6, 3, generator=draw)
    away = ((one[:, None] - other[None]) ** 2).sum(2).double().sqrt()
    best = min(permutations(range(6)), key=lambda way: float(away[range(6), way].sum()))
    near(
        "mean square of the best pairs",
        float(matched(one, other)),
        float((away[range(6), best] ** 2).mean()),
        1e-5,
    )
