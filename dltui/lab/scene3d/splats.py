"""Gaussian splats: soft ellipsoids fitted to pictures, thrown onto a picture and blended from front to back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dltui.lab import Choice, Frame, Slider, exhibit
from dltui.lab.scene3d.choices import SCENES

ORDERS = ("front to back", "back to front", "as they are stored")


@exhibit(
    "gaussian-splats",
    family="scene3d",
    covers=("002c:gs3d", "002c:splat-render", "002c:gs-vs-nerf"),
    kin={
        "dltui splat train bunny": "the same fit with thousands of splats, written to a file",
        "dltui splat render FILE": "a file of splats of your own, from all around",
        "dltui lab run nerf-live": "the rival: a network that is asked along rays",
        "dltui nerf race csg-table": "the race for as long as you like, on larger pictures",
    },
    sources=(
        "Kerbl, Kopanas, Leimkühler and Drettakis 2023, arXiv:2308.04079",
        "Zwicker, Pfister, van Baar and Gross 2001, doi:10.1109/VISUAL.2001.964490",
        "Kheradmand et al. 2024, arXiv:2404.09591",
    ),
)
def gaussian_splats(
    scene: Annotated[str, Choice(*SCENES, help="what stands on the turntable")] = "bunny",
    count: Annotated[int, Slider(20, 1500, log=True, help="Gaussians N")] = 400,
    steps: Annotated[int, Slider(0, 450, step=30, help="steps of the splats, a picture each")] = 240,
    rival: Annotated[str, Choice("network", "voxels", help="the radiance field they race")] = "network",
    order: Annotated[
        str, Choice(*ORDERS, help="in which order they are blended, in the right picture")
    ] = "back to front",
    share: Annotated[float, Slider(0, 1, step=0.05, help="share of them that is blended so far")] = 1.0,
    azimuth: Annotated[
        float, Slider(-180, 180, step=15, help="where the free camera stands, degrees")
    ] = -60.0,
    front: Annotated[float, Slider(0, 0.95, step=0.05, help="opacity α of the red splat in front")] = 0.6,
    aside: Annotated[
        float, Slider(-3, 3, step=0.5, help="x of the projected splat; its y is half of it")
    ] = 0.0,
    seed: Annotated[int, Slider(0, 9999, help="seed of places and order of pictures")] = 0,
) -> Iterator[Frame]:
    """Gaussian blobs fitted to pictures, their outlines in space, and blending one after the other.

    Try: --count 20, then 1500; --order "back to front" against "front to back"; --share 0.3 stops the blending early;
    --azimuth 60 is a view from where no picture was taken; --rival voxels is a harder race; --aside 2.
    Notice: the scene is a list of blobs, nothing is asked of a network, and blobs grow flat along the surface. In the
    wrong order the same blobs show what is behind: the order is part of the formula.

    A splat is a Gaussian in space: a place μ, a covariance Σ = R·S·Sᵀ·Rᵀ, which no step can make anything but
    positive semi-definite since S and a quaternion for R are what is learnt, an opacity and a colour.

    It is projected, not traced: with W the axes of the camera and J the slope of the perspective at μ, its outline is
    Σ′ = J·W·Σ·Wᵀ·Jᵀ. Nearest first, C = Σ Tᵢαᵢcᵢ with αᵢ = o·e^(−q/2) and Tᵢ = ∏_{j<i} (1 − αⱼ); all of it has a
    gradient, so that Adam moves, turns, stretches and colours the splats until pictures agree.

    The paper says of it: better pictures than NeRF, 10 to 100 times faster to train (tens of minutes), over 100
    pictures a second. The race here gives both about the same processor time; its seconds are those of this machine,
    where splats are spelled out by torch on one core, and no claim about a GPU.
    """
    from dltui.lab.scene3d.splats_work import frames

    yield from frames(
        scene=scene,
        count=count,
        steps=steps,
        rival=rival,
        order=order,
        share=share,
        azimuth=azimuth,
        front=front,
        aside=aside,
        seed=seed,
    )


@gaussian_splats.check
def order_makes_the_colour() -> None:
    """.6 red over .5 blue is (.6, 0, .2) with T = .2 left, swapped (.3, 0, .5) (notes 002c)."""
    from dltui.lab.scene3d import splats_work

    splats_work.order_makes_the_colour()


@gaussian_splats.check
def projection_of_a_blob() -> None:
    """Σ = diag(.04, .01, .09) at z = 10, f = 100 becomes diag(4, 1), at (2, 1) [[4.36, .18], [.18, 1.09]] (notes)."""
    from dltui.lab.scene3d import splats_work

    splats_work.projection_of_a_blob()


@gaussian_splats.check
def covariance_stays_possible() -> None:
    """After any number of steps all covariances are symmetric with eigenvalues above 0, the squares of the scales."""
    from dltui.lab.scene3d import splats_work

    splats_work.covariance_stays_possible()


@gaussian_splats.check
def fit_learns() -> None:
    """Held-out pictures get better, more splats do better than few, and the fitted ones need the right order."""
    from dltui.lab.scene3d import splats_work

    splats_work.fit_learns()


@gaussian_splats.check
def blending_is_the_formula() -> None:
    """Some pixels against a loop over all splats in numpy, Σ Tᵢαᵢcᵢ with T multiplied up, in three orders."""
    from dltui.lab.scene3d import splats_work

    splats_work.blending_is_the_formula()
