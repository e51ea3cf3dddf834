"""A radiance field that learns a thing from pictures of it, and is looked at from anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dltui.lab import Choice, Frame, Slider, exhibit
from dltui.lab.scene3d.choices import SCENES


@exhibit(
    "nerf-live",
    family="scene3d",
    covers=("002c:nerf", "002c:nerf-training", "002c:nerf-cost", "002c:co3d"),
    kin={
        "dltui nerf train bunny --field mlp": "the same network for longer, on larger pictures, kept in a file",
        "dltui nerf render FILE": "a field that was kept, from all around",
        "dltui lab run gaussian-splats": "blobs instead of a network, raced against this one",
    },
    sources=(
        "Mildenhall et al. 2020, arXiv:2003.08934",
        "Tancik et al. 2020, arXiv:2006.10739",
        "Reizenstein et al. 2021 (CO3D), arXiv:2109.00512",
    ),
)
def nerf_live(
    scene: Annotated[str, Choice(*SCENES, help="what stands on the turntable")] = "bunny",
    views: Annotated[int, Slider(2, 40, help="pictures that are learnt from")] = 20,
    samples: Annotated[int, Slider(4, 64, step=4, help="samples of a ray across the box")] = 32,
    octaves: Annotated[int, Slider(0, 7, help="octaves of the frequency encoding; 0 turns it off")] = 5,
    steps: Annotated[int, Slider(0, 360, step=20, help="steps of Adam, up to 512 rays each")] = 240,
    azimuth: Annotated[
        float, Slider(-180, 180, step=15, help="where the free camera stands, degrees")
    ] = -60.0,
    elevation: Annotated[float, Slider(-20, 85, step=5, help="how high it stands, degrees")] = 30.0,
    level: Annotated[float, Slider(-1, 1, step=0.05, help="height z of the slice through the density")] = 0.0,
    side: Annotated[int, Slider(32, 1600, step=32, help="of the cost: pixels of a picture either way")] = 800,
    queries: Annotated[int, Slider(16, 512, step=16, help="of the cost: samples N of a ray")] = 256,
    seed: Annotated[int, Slider(0, 9999, help="seed of first weights and of rays")] = 0,
) -> Iterator[Frame]:
    """A small network learns a thing on a turntable from pictures, and shows it from where none was taken.

    Try: --octaves 0 turns the frequency encoding off: a blur for ever; --views 3; --samples 6; --azimuth 120 or
    --elevation 80, where no camera stood; --level 0.3 cuts elsewhere; --scene csg-table; --side 100 --queries 64.
    Notice: no mesh is stored, nor voxels: the scene is the weights of a network that is asked for places. Few views
    leave it free to put fog before cameras, and every pixel costs as many calls as its ray has samples.

    A radiance field is a function: place (x, y, z) and direction of sight in, density σ ≥ 0 and colour in 0…1 out. A
    large σ is stone, a small one fog. σ depends on the place alone; the colour may change with the direction.

    A pixel gathers C = Σ Tᵢ·αᵢ·cᵢ along its ray, with αᵢ = 1 − e^(−σᵢδ) and Tᵢ = ∏ (1 − αⱼ) over what lies before. The
    loss is (C − true C)², over random rays of pictures whose cameras are known; its gradient flows to both heads.

    Networks learn smooth functions first, so that places are spelled in waves: γ(p) = (p, sin 2ᵏp, cos 2ᵏp), k < L.

    CO3D has ordinary videos of 19,000 things in 50 categories, taken by walking around each. A turntable with known
    cameras stands for them here. The paper's networks took 1 to 2 days for a scene and tens of seconds for a picture.
    The cost below is worked out for pictures of your choice, with the time of one call as measured here.
    """
    from dltui.lab.scene3d.nerf_work import frames

    yield from frames(
        scene=scene,
        views=views,
        samples=samples,
        octaves=octaves,
        steps=steps,
        azimuth=azimuth,
        elevation=elevation,
        level=level,
        side=side,
        queries=queries,
        seed=seed,
    )


@nerf_live.check
def unseen_views_come_out() -> None:
    """Held-out pictures reach 20 dB and more; without the frequency encoding they stay far behind (notes 002c)."""
    from dltui.lab.scene3d import nerf_work

    nerf_work.unseen_views_come_out()


@nerf_live.check
def density_and_colour_are_possible() -> None:
    """Densities are never below 0 and colours lie in 0…1, at 20,000 places and directions of the trained network."""
    from dltui.lab.scene3d import nerf_work

    nerf_work.density_and_colour_are_possible()


@nerf_live.check
def a_picture_costs_so_many_calls() -> None:
    """800 × 800 × 256 = 163,840,000 (notes 002c), and rays here get as many samples as are asked for."""
    from dltui.lab.scene3d import nerf_work

    nerf_work.a_picture_costs_so_many_calls()


@nerf_live.check
def gradient_reaches_both_heads() -> None:
    """∂loss/∂σ-head and ∂loss/∂colour-head against central differences of the loss, in double precision."""
    from dltui.lab.scene3d import nerf_work

    nerf_work.gradient_reaches_both_heads()
