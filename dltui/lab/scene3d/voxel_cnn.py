"""Convolutions over cells: a grid is told apart layer by layer, and others are made of a few numbers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

import numpy as np

from dltui.figures import Bars, Figure
from dltui.lab import Choice, Frame, Number, Slider, exhibit, near
from dltui.lab.remembered import Remembered
from dltui.lab.scene3d import voxel_figures as pictures
from dltui.shapes import infer

if TYPE_CHECKING:
    from torch import Tensor

    from dltui.lab.scene3d.voxel_nets import Floats, Look

PAPER_SORTER = ((48, 6, 2), (160, 5, 2), (512, 4, 1))  # channels, kernel, stride of 3D ShapeNets
PAPER_MAKER = (
    (512, 4, 1, 0),
    (256, 4, 2, 1),
    (128, 4, 2, 1),
    (64, 4, 2, 1),
    (1, 4, 2, 1),
)  # of 3D-GAN, and padding
WAY = (0.0, 0.25, 0.5, 0.75, 1.0)


@exhibit(
    "voxel-cnn",
    family="scene3d",
    covers=("002c:task-shapegen", "002c:conv3d", "002c:shapenets3d", "002c:gan3d"),
    kin={
        "dltui train --recipe shapes3d-voxnet": "VoxNet on clouds put into cells",
        "dltui shapes conv3d --input 1,1,30,30,30 -o 48 -k 6 -s 2": "shapes and weights of any layer over cells",
        "dltui lab run octree-voxels": "why cells cost N³, and what to do about it",
        "dltui lab run pointnet-court": "the same shapes as points",
    },
    sources=(
        "Wu et al. 2015 (3D ShapeNets), arXiv:1406.5670",
        "Wu et al. 2016 (3D-GAN), arXiv:1610.07584",
        "Maturana and Scherer 2015 (VoxNet), doi:10.1109/IROS.2015.7353481",
    ),
)
def voxel_cnn(
    shape: Annotated[
        str, Choice("sphere", "cube", "torus", "cylinder", "cone", help="the held-out grid that is told")
    ] = "cylinder",
    n: Annotated[int, Slider(26, 36, step=2, help="cells N along each side of what is told apart")] = 30,
    kernels: Annotated[str, Choice("6-5-4", "3-3-3", help="kernels k of its three convolutions")] = "6-5-4",
    made: Annotated[str, Choice("sphere", "cube", "torus", help="the class that is made")] = "torus",
    numbers: Annotated[int, Slider(2, 64, log=True, help="numbers of z, of which a grid is made")] = 8,
    t: Annotated[float, Slider(0, 1, step=0.05, help="way from one z to another")] = 0.0,
    steps: Annotated[int, Slider(0, 150, step=10, help="batches of maker and judge")] = 120,
    seed: Annotated[int, Slider(0, 99, help="seed of shapes, weights and z")] = 0,
) -> Iterator[Frame]:
    """A grid of cells walks through 3D convolutions to a class; a class and noise walk back to cells.

    Try: --t from 0 to 1, the made grid morphs; --made cube; --shape cone; --kernels 3-3-3; --steps 30, half made;
    --numbers 2; --seed 1 for another z.
    Notice: each layer halves the side and looks at more of the grid; what is made was never shown, but two z look much
    alike: a maker that is short of time heeds its class most. Losses of maker and judge do not fall together, for each
    is the other's measure. And everything costs N³: 30 cells a side are 27,000.

    A convolution over cells is the one over pixels with a third axis: a kernel of k × k × k numbers, so that 3³ = 27
    stand where 3² = 9 did, and out = ⌊(N + 2p − k) / s⌋ + 1 along each axis. 3D ShapeNets, the first network on cells,
    goes 30 → 13 → 5 → 2 with kernels 6, 5, 4; here with fewer channels and trained by back-propagation alone (the
    paper's was a belief network, trained layer by layer first).

    3D-GAN goes the other way with transposed convolutions, out = (N − 1)·s − 2p + k: z of 200 numbers becomes 4³, 8³,
    16³, 32³ and 64³ cells. A judge learns to tell made grids from true ones, the maker to fool it: min over G, max over
    D of E[log D(x)] + E[log(1 − D(G(z)))]. Given a class too it models P(S | c), so that one may ask for a torus. Here
    it stops at 16³, and is given 40 grids of each class.
    """
    yield from _frames(shape, n, kernels, made, numbers, t, steps, seed)


@lru_cache(maxsize=4)
def _frames(
    shape: str, n: int, kernels: str, made: str, numbers: int, t: float, steps: int, seed: int
) -> Remembered[Frame]:
    """Return the frames, which are made as they are asked for."""

    def make() -> Iterator[Frame]:
        from dltui.lab.scene3d.voxel_nets import FRAMES, training

        for look in training(n, kernels, numbers, steps, seed):
            yield _frame(look, shape, n, kernels, made, numbers, t, seed, min(FRAMES, steps) + 1)

    return Remembered(make)


def _frame(
    look: Look, shape: str, n: int, kernels: str, made: str, numbers: int, t: float, seed: int, total: int
) -> Frame:
    """Return pictures and numbers at one look."""
    from dltui.lab.scene3d.voxel_nets import KERNELS, MADE, SORTS

    grid = _given(shape, n, seed)
    layers, said = _walked(look, grid)
    way = look.made(_between(numbers, (t, *WAY), seed), MADE.index(made))
    best = _nearest(way[0], made, seed)
    sides = [n, *(one.shape[-1] for one in layers)]
    trace, decoder = paper_sorter(), paper_maker()
    figures: tuple[Figure, ...] = (
        pictures.cells(
            way[0] > 0.5, f"Made: a {made}, t = {t:g}", f"it overlaps with the nearest true one to {best:.0%}"
        ),
        pictures.morph(way[1:], WAY),
        pictures.cells(grid[0, 0].numpy() > 0.5, f"Given: a {shape} of {n}³ cells", "it was not learnt from"),
        *(pictures.channels(one[0].numpy(), at + 1) for at, one in enumerate(layers)),
        Bars(
            title="P(c | S) of the given grid",
            labels=SORTS,
            values=said.astype(float),
            value_label="probability",
        ),
        pictures.learning(look.steps, look.held, 1 / len(SORTS)),
        pictures.traces(sides, trace, decoder),
        pictures.worked(n, KERNELS[kernels], sides, decoder),
        *((pictures.duel(look.losses),) if look.losses["maker"] else ()),
    )
    told: dict[str, Number] = {
        "step": look.step,
        "right": look.held[-1],
        "probability": float(said[SORTS.index(shape)]),
        "sides": sides,
        "paper_sides": [side for _, side, _ in trace],
        "decoder_sides": [side for _, side, _ in decoder],
        "weights_3d": infer("conv3d", (1, 1, 9, 9, 9), out_channels=1, kernel_size=3, bias=False).parameters,
        "weights_2d": infer("conv2d", (1, 1, 9, 9), out_channels=1, kernel_size=3, bias=False).parameters,
        "filled": float((way[0] > 0.5).mean()),
        "overlap": best,
        "morph": [float(np.abs(one - way[1]).mean()) for one in way[1:]],
        "loss_maker": look.losses["maker"][-1] if look.losses["maker"] else None,
        "loss_judge": look.losses["judge"][-1] if look.losses["judge"] else None,
    }
    caption = f"{look.step} batches: {look.held[-1]:.0%} told right, overlap of the made grid {best:.2f}"
    return Frame(figures=figures, numbers=told, caption=caption, total=total)


def paper_sorter() -> list[tuple[int, int, int]]:
    """Return channels, side and weights of the input of 3D ShapeNets and of each of its convolutions."""
    found: list[tuple[int, int, int]] = [(1, 30, 0)]
    shape: tuple[int, ...] = (1, 1, 30, 30, 30)
    for channels, kernel, stride in PAPER_SORTER:
        report = infer("conv3d", shape, out_channels=channels, kernel_size=kernel, stride=stride)
        shape = report.output
        found.append((channels, shape[-1], report.parameters))
    return found


def paper_maker() -> list[tuple[int, int, int]]:
    """Return channels, side and weights of z and of each transposed convolution of 3D-GAN."""
    found: list[tuple[int, int, int]] = [(200, 1, 0)]
    shape: tuple[int, ...] = (1, 200, 1, 1, 1)
    for channels, kernel, stride, padding in PAPER_MAKER:
        report = infer(
            "convtranspose3d",
            shape,
            out_channels=channels,
            kernel_size=kernel,
            stride=stride,
            padding=padding,
        )
        shape = report.output
        found.append((channels, shape[-1], report.parameters))
    return found


def _given(shape: str, n: int, seed: int) -> Tensor:
    """Return the first held-out grid of a class, (1, 1, N, N, N)."""
    from dltui.lab.scene3d.voxel_nets import SORTS, cells

    return cells(seed + 1000, SORTS, 1, n)[0][SORTS.index(shape)][None]


def _walked(look: Look, grid: Tensor) -> tuple[list[Tensor], Floats]:
    """Return what each layer of the classifier gives, and the probabilities of the classes."""
    import torch

    from dltui.device import threads

    with torch.no_grad(), threads(1):
        return look.sorter.features(grid), look.sorter(grid)[0].softmax(0).numpy()


def _between(numbers: int, ways: tuple[float, ...], seed: int) -> Tensor:
    """Return z on the way from one draw to another, (B, Z)."""
    import torch

    first, last = torch.randn(2, numbers, generator=torch.Generator().manual_seed(seed + 77))
    return torch.stack([(1 - way) * first + way * last for way in ways])


@lru_cache(maxsize=8)
def _true(seed: int) -> Tensor:
    """Return the grids that the maker's judge saw, (B, D, D, D)."""
    from dltui.lab.scene3d.voxel_nets import MADE, SIDE, TRUE, cells

    return cells(seed + 2000, MADE, TRUE, SIDE)[0][:, 0]


def _nearest(grid: Floats, made: str, seed: int) -> float:
    """Return the largest overlap, cells of both over cells of either, with a true grid of the class."""
    from dltui.lab.scene3d.voxel_nets import MADE

    true = _true(seed)[MADE.index(made) :: len(MADE)].numpy() > 0.5
    full = grid > 0.5
    both, either = (true & full).sum(axis=(1, 2, 3)), (true | full).sum(axis=(1, 2, 3))
    return float((both / np.maximum(either, 1)).max())


@voxel_cnn.check
def sides_of_the_classifier() -> None:
    """30 → 13 → 5 → 2 by the paper's kernels 6, 5, 4, by the calculator, by torch's own layers, and by this network."""
    import torch
    from torch import nn

    frame = voxel_cnn.last(steps=0)
    near("calculator", frame.numbers["paper_sides"], [30, 13, 5, 2], 0)
    near("this network", frame.numbers["sides"], [30, 13, 5, 2], 0)
    x, found = torch.zeros(1, 1, 30, 30, 30, device="meta"), [30]
    counts = []
    for channels, kernel, stride in PAPER_SORTER:
        layer = nn.Conv3d(x.shape[1], channels, kernel, stride, device="meta")
        x = layer(x)
        found.append(x.shape[-1])
        counts.append(sum(one.numel() for one in layer.parameters()))
    near("torch", found, [30, 13, 5, 2], 0)
    near("weights", [count for _, _, count in paper_sorter()][1:], counts, 0)
    for n in (26, 36):
        sides = [n]
        for kernel in (3, 3):
            sides.append((sides[-1] - kernel) // 2 + 1)
        near(
            f"N = {n}",
            voxel_cnn.last(steps=0, n=n, kernels="3-3-3").numbers["sides"],
            [*sides, sides[-1] - 2],
            0,
        )


@voxel_cnn.check
def a_third_axis_makes_27_of_9() -> None:
    """A kernel of 3 has 27 weights over cells and 9 over pixels; one over cells is the sum by hand at each place."""
    import torch

    from dltui.lab.scene3d.voxel_nets import training

    frame = voxel_cnn.last(steps=0)
    near("3D", frame.value("weights_3d"), 27, 0)
    near("2D", frame.value("weights_2d"), 9, 0)
    look, grid = next(iter(training(30, "6-5-4", 8, 0, 0))), _given("cone", 30, 0)
    w, b = (one.detach().numpy().astype(float) for one in look.sorter.cells[0].parameters())
    near("weights of the first layer", w.shape, (8, 1, 6, 6, 6), 0)
    cells = grid[0, 0].numpy().astype(float)
    first = _walked(look, grid)[0][0][0].numpy()
    for x, y, z in ((0, 0, 0), (4, 6, 5), (12, 12, 12)):
        window = cells[2 * x : 2 * x + 6, 2 * y : 2 * y + 6, 2 * z : 2 * z + 6]
        by_hand = [max(0.0, float((window * w[f, 0]).sum() + b[f])) for f in range(8)]
        near(f"at {x}, {y}, {z}", first[:, x, y, z], by_hand, 1e-4)
    pooled = torch.nn.functional.max_pool3d(grid, 2)[0, 0].numpy()
    near("pooling", pooled, cells.reshape(15, 2, 15, 2, 15, 2).max(axis=(1, 3, 5)), 0)
    near("side after pooling", infer("maxpool3d", (1, 1, 30, 30, 30), kernel_size=2).output[-1], 15, 0)


@voxel_cnn.check
def sides_of_the_maker() -> None:
    """The paper's z of 200 → 512·4³ → 256·8³ → 128·16³ → 64·32³ → 64³, by the calculator and by torch's layers."""
    import torch
    from torch import nn

    near("told", voxel_cnn.last(steps=0).numbers["decoder_sides"], [1, 4, 8, 16, 32, 64], 0)
    near("channels", [channels for channels, _, _ in paper_maker()], [200, 512, 256, 128, 64, 1], 0)
    x = torch.zeros(1, 200, 1, 1, 1, device="meta")
    for (channels, kernel, stride, padding), (_, side, count) in zip(
        PAPER_MAKER, paper_maker()[1:], strict=True
    ):
        layer = nn.ConvTranspose3d(x.shape[1], channels, kernel, stride, padding, device="meta")
        x = layer(x)
        near(f"side {side}", x.shape[1:], (channels, side, side, side), 0)
        near(f"weights at side {side}", sum(one.numel() for one in layer.parameters()), count, 0)


@voxel_cnn.check
def it_beats_chance() -> None:
    """Held-out grids told right: a fifth by chance before training, four fifths and more after it."""
    frames = list(voxel_cnn())
    before, after = frames[0].value("right"), frames[-1].value("right")
    assert before < 0.5, f"{before} before it learnt"
    assert after > 0.8, f"{after} after it"
    assert frames[-1].value("probability") > 0.3, frames[-1].numbers["probability"]


@voxel_cnn.check
def made_grids_are_of_their_class() -> None:
    """Made grids overlap a true one of their class by more than half, and are filled as true ones are, to a third."""
    from dltui.lab.scene3d.voxel_nets import MADE, training

    look = training(30, "6-5-4", 8, 120, 0).last()
    for at, name in enumerate(MADE):
        grids = look.made(_between(8, WAY, 0), at)
        true = float(_true(0)[at :: len(MADE)].mean())
        for grid in grids:
            full = grid > 0.5
            rows = [row.numpy() > 0.5 for row in _true(0)[at :: len(MADE)]]
            best = max((full & row).sum() / (full | row).sum() for row in rows)
            assert best > 0.5, f"{name}: overlap {best:.2f}"
        share = float((grids > 0.5).mean())
        assert abs(share - true) < true / 3, f"{name}: {share:.3f} filled, true ones {true:.3f}"
    near("told", voxel_cnn.last().value("overlap"), 0.75, 0.25)
    assert next(iter(voxel_cnn())).value("overlap") < 0.3, "grids were made before it learnt"


@voxel_cnn.check
def the_way_between_is_walked_evenly() -> None:
    """From one z to another the grid moves away step by step; t = 0 and 1 give the grids of both ends."""
    frame = voxel_cnn.last()
    moved = frame.numbers["morph"]
    assert isinstance(moved, list)
    near("start", moved[0], 0, 1e-6)
    assert (np.diff(np.array(moved)) > 0).all(), moved
    near(
        "ends", voxel_cnn.last(t=1.0).value("filled"), voxel_cnn.last(t=1.0, made="torus").value("filled"), 0
    )
    z = _between(8, (0.0, 0.5, 1.0), 0)
    near("half way", z[1], (z[0] + z[2]) / 2, 1e-6)
