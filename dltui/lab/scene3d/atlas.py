"""Shapes from networks: a soup of points, an atlas of bent squares, and an atlas from a single picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dltui.lab import Choice, Frame, Slider, exhibit
from dltui.lab.scene3d.choices import HELD, LOSSES


@exhibit(
    "patch-decoder",
    family="scene3d",
    covers=("002c:point-mlp-gen", "002c:atlasnet", "002c:task-singleview"),
    kin={
        "dltui train atlasnet --data shapes3d-copy --loss chamfer": "a whole AtlasNet that copies clouds",
        "dltui cloud FILE --against OTHER": "Chamfer and earth mover's distance of two clouds of your own",
    },
    sources=(
        "Groueix et al. 2018 (AtlasNet), arXiv:1802.05384",
        "Fan, Su and Guibas 2017, arXiv:1612.00603",
        "Tatarchenko et al. 2019, arXiv:1905.03678",
    ),
)
def patch_decoder(
    shape: Annotated[str, Choice("bunny", "knot", "torus", "cube", "teapot", help="the target")] = "bunny",
    patches: Annotated[int, Slider(1, 12, help="bent squares K, a perceptron each")] = 6,
    points: Annotated[int, Slider(32, 512, log=True, help="points N of a step, over all patches")] = 256,
    loss: Annotated[str, Choice(*LOSSES, help="what is minimised on the target")] = "Chamfer",
    patch: Annotated[int, Slider(1, 12, help="the patch that is shown beside its square")] = 1,
    picture: Annotated[int, Slider(0, HELD - 1, help="held-out picture that a shape is made from")] = 1,
    seed: Annotated[int, Slider(0, 9999, help="seed of weights, points and pictures")] = 0,
) -> Iterator[Frame]:
    """Squares bent until they cover a shape, beside a soup of points; and a shape from one picture.

    Try: --patches 1 has to fold and stretch; --patches 12; --shape knot or torus; --points 32; --patch 3 is another
    sheet; --loss "earth mover's" pairs points one to one; --picture 7, 8, 9 are other kinds.
    Notice: the soup is near but has no surface; every patch is a surface that any grid can be cut from, as fine as you
    like. Patches overlap and leave gaps: nothing sews them together.

    A point generator is a perceptron whose last layer gives 3·N numbers: N places and nothing between them.

    AtlasNet gives a perceptron φₖ(z, u, v) a place (u, v) of a square and a code z, and takes what comes out as a place
    in space. As (u, v) runs over the square the place runs over a sheet; K perceptrons with weights of their own make
    K sheets, an atlas. It learns from places drawn anew in every step.

    Both minimise the squared Chamfer distance, CD = mean over x of min over y ‖x − y‖² + the same the other way, or
    give each point its own one (earth mover's).

    From a single picture: a small CNN reads one 24 × 24 picture into z. What the picture hides has to be guessed from
    other shapes; the mark to beat is the mean shape of the kind, the one that is nearest to all others of it.
    """
    from dltui.lab.scene3d.atlas_work import frames

    yield from frames(
        shape=shape, patches=patches, points=points, loss=loss, patch=patch, picture=picture, seed=seed
    )


@patch_decoder.check
def patches_are_surfaces() -> None:
    """Each patch cut from grids of 4 to 20 cells is a disc: V − E + F = 1, no edge in over two triangles."""
    from dltui.lab.scene3d import atlas_work

    atlas_work.patches_are_surfaces()


@patch_decoder.check
def more_patches_come_nearer() -> None:
    """The distance from unseen points falls from 1 patch to 6, and 12 keep it, by the room that compares clouds."""
    from dltui.lab.scene3d import atlas_work

    atlas_work.more_patches_come_nearer()


@patch_decoder.check
def one_picture_beats_the_mean_shape() -> None:
    """Shapes from single held-out pictures are nearer than the mean shapes of their kinds (notes 002c)."""
    from dltui.lab.scene3d import atlas_work

    atlas_work.one_picture_beats_the_mean_shape()


@patch_decoder.check
def one_to_one_is_the_least() -> None:
    """The earth mover's loss of 6 points against all 720 ways to pair them."""
    from dltui.lab.scene3d import atlas_work

    atlas_work.one_to_one_is_the_least()
