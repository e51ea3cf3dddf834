"""``dltui splat``: Gaussian splats, fitted to pictures and drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._frame import Common, group_app, verb
from dltui.commands._pictures import CameraPath, Pictures, Size, pictures_of
from dltui.commands._targets import gif_file, splat_file

if TYPE_CHECKING:
    from dltui.commands._show import Stopped
    from dltui.progress import Report
    from dltui.results.splats import SplatFit, SplatViews

app = group_app("Gaussian splats: fit them to pictures of a scene, or draw a file of them.")


@verb(app)
def train(
    scene: Pictures,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds",
            min=0.1,
            help="Seconds of one core for the steps, on a GPU of the clock on the wall; 30 if nothing is said.",
        ),
    ] = None,
    steps: Annotated[int | None, typer.Option("--steps", min=1, help="Steps at most.")] = None,
    splats: Annotated[
        int, typer.Option("--splats", min=1, help="How many splats at most; fewer at first.")
    ] = 3000,
    degree: Annotated[
        int, typer.Option("--degree", min=0, max=3, help="Of the spherical harmonics; 0 for one colour each.")
    ] = 2,
    views: Annotated[
        int, typer.Option("--views", min=2, help="Pictures of our own scenes; one of eleven is held out.")
    ] = 110,
    size: Size = None,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export", metavar="FILE.ply", callback=splat_file, help="Write the splats for any viewer."
        ),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Draw held-out pictures on the terminal as they come.")
    ] = False,
    *,
    common: Common,
) -> SplatFit | Stopped:
    """Fit Gaussian splats to pictures of a scene and judge them by pictures that were held out."""
    from dltui.commands._alive import alive
    from dltui.commands._unfinished import stoppable
    from dltui.device import pick_device
    from dltui.scene.splats.file import write_splats
    from dltui.scene.splats.work import train as fit

    if seconds is None and steps is None:
        seconds = 30.0
    device = pick_device(common.device)
    capture = pictures_of(scene, views, size, common).capture
    told = alive(common, wanted=live)

    def work(report: Report) -> SplatFit:
        found, result = fit(
            capture, count=splats, degree=degree, seconds=seconds, steps=steps, seed=common.seed, device=device,
            report=report,
        )  # fmt: skip
        if export is not None:
            write_splats(found, export)
            common.note(
                f"wrote {len(found):,} splats to {export}; draw them with: dltui splat render {export}"
            )
        return replace(result, made=replace(result.made, device=str(device)))

    return stoppable(work, told)


@verb(app)
def render(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A .ply of splats, as 3DGS writes them, or what `dltui splat train --save` kept.",
        ),
    ],
    size: Annotated[
        int, typer.Option("--size", min=8, max=1024, help="Pixels of a picture, across and down.")
    ] = 128,
    azimuth: Annotated[float, typer.Option("--azimuth", help="Degrees around.")] = 35.0,
    elevation: Annotated[
        float, typer.Option("--elevation", min=-89, max=89, help="Degrees above the ground.")
    ] = 30.0,
    zoom: Annotated[float, typer.Option("--zoom", min=0.05, max=50, help="How many times nearer.")] = 1.0,
    up: Annotated[
        Literal["z", "y", "-y"],
        typer.Option("--up", help="The axis that points up; -y in what photogrammetry made."),
    ] = "z",
    orbit: Annotated[
        int,
        typer.Option("--orbit", min=1, max=360, help="How many pictures, evenly around, or along --path."),
    ] = 1,
    path: CameraPath = None,
    paper: Annotated[
        float, typer.Option("--paper", min=0, max=1, help="Brightness of what is behind everything.")
    ] = 1.0,
    gif: Annotated[
        Path | None,
        typer.Option(
            "--gif", metavar="FILE.gif", callback=gif_file, help="Write the pictures of --orbit as a GIF."
        ),
    ] = None,
    *,
    common: Common,
) -> SplatViews:
    """Draw a file of Gaussian splats from one side, from all sides, or on a way of your own."""
    from dltui.device import pick_device
    from dltui.scene.flight import read_flight
    from dltui.scene.nerf.film import write_gif
    from dltui.scene.splats.work import render as draw

    found = draw(
        file.expanduser(), size=size, azimuth=azimuth, elevation=elevation, zoom=zoom, up=up, orbit=orbit,
        paper=paper, device=pick_device(common.device), flight=None if path is None else read_flight(path),
        report=common.report,
    )  # fmt: skip
    if gif is not None:
        write_gif(found.seen, gif)
        common.note(f"wrote {len(found.seen)} pictures to {gif}")
    if found.dropped:
        common.note(f"{file.name}: left out {found.dropped:,} splats whose numbers are not finite")
    return found
