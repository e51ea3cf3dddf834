"""``dltui nerf``: radiance fields, fitted to pictures with known cameras."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._frame import Common, group_app, verb
from dltui.commands._pictures import CameraPath, Pictures, Size, Views, pictures_of, scenes
from dltui.commands._targets import gif_file
from dltui.errors import UsageError

if TYPE_CHECKING:
    from dltui.commands._show import Stopped
    from dltui.results.nerf import Radiance, RadiancePath
    from dltui.results.nerf_info import RadianceInfo
    from dltui.results.nerf_race import Race

app = group_app("Fit a radiance field to pictures, show it from all around, and look into it.")


@verb(app)
def train(
    scene: Pictures,
    field: Annotated[
        Literal["grid", "hash", "mlp"],
        typer.Option("--field", help="A grid of voxels, hashed grids (Instant NGP), or the classic network."),
    ] = "grid",
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds",
            min=0.1,
            help="Seconds of one core for the steps, on a GPU of the clock on the wall; 15 if nothing is said.",
        ),
    ] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, help="Steps instead: the same every time.")
    ] = None,
    size: Size = None,
    views: Views = 110,
    live: Annotated[
        bool, typer.Option("--live", help="Draw what it sees on the terminal as it learns.")
    ] = False,
    *,
    full_size: Annotated[
        bool,
        typer.Option(
            "--full-size",
            help="The network of mlp as large as in the paper: 8 layers of 256; for a GPU, or hours.",
        ),
    ] = False,
    common: Common,
) -> Radiance | Stopped:
    """Fit a radiance field, and judge it by pictures that it has not seen."""
    from dltui.commands._alive import alive
    from dltui.commands._unfinished import stoppable
    from dltui.device import pick_device
    from dltui.scene.nerf.work import Effort
    from dltui.scene.nerf.work import train as fitted

    if full_size and field != "mlp":
        raise UsageError(f"--full-size is for --field mlp, not for {field}: leave it out")
    capture = pictures_of(scene, views, size, common).capture
    limit = 15.0 if seconds is None and steps is None else seconds
    effort = Effort(field, limit, steps, common.seed, pick_device(common.device), full_size)
    common = alive(common, wanted=live)
    return stoppable(lambda report: fitted(capture, effort, report), common)


@verb(app)
def race(
    scene: Pictures,
    field: Annotated[
        Literal["grid", "hash", "mlp"], typer.Option("--field", help="The field that races the splats.")
    ] = "grid",
    splats: Annotated[int, typer.Option("--splats", min=1, help="How many splats at most.")] = 3000,
    seconds: Annotated[
        float,
        typer.Option(
            "--seconds", min=0.1, help="Seconds of one core for each, on a GPU of the clock on the wall."
        ),
    ] = 15.0,
    size: Size = None,
    views: Views = 110,
    live: Annotated[bool, typer.Option("--live", help="Draw both on the terminal as they learn.")] = False,
    *,
    common: Common,
) -> Race | Stopped:
    """Let a radiance field and Gaussian splats learn from the same pictures, and judge both by the same others."""
    from dltui.commands._alive import alive
    from dltui.commands._unfinished import stoppable
    from dltui.device import pick_device
    from dltui.scene.race import race as run

    capture = pictures_of(scene, views, size, common).capture
    device = pick_device(common.device)
    common = alive(common, wanted=live)
    return stoppable(
        lambda report: run(
            capture,
            kind=field,
            count=splats,
            seconds=seconds,
            seed=common.seed,
            device=device,
            report=report,
        ),
        common,
    )


@verb(app)
def render(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="What `dltui nerf train --save` kept, or a checkpoint of nerf-pytorch (.tar).",
        ),
    ],
    frames: Annotated[
        int, typer.Option("--frames", min=1, help="Pictures, once around, or along --path.")
    ] = 12,
    path: CameraPath = None,
    elevation: Annotated[
        float, typer.Option("--elevation", min=-89, max=89, help="Degrees above the ground.")
    ] = 30.0,
    size: Annotated[int, typer.Option("--size", min=8, help="Pixels across and down.")] = 96,
    gif: Annotated[
        Path | None,
        typer.Option("--gif", metavar="FILE.gif", callback=gif_file, help="Write the way around as a GIF."),
    ] = None,
    *,
    common: Common,
) -> RadiancePath:
    """Show a field to cameras once around it, or on a way of your own."""
    from dltui.device import pick_device
    from dltui.scene.flight import read_flight
    from dltui.scene.nerf.film import write_gif
    from dltui.scene.nerf.stored import opened
    from dltui.scene.nerf.work import around_field, travel

    flight = None if path is None else read_flight(path)
    known = opened(file, pick_device(common.device))
    if flight is None:
        cameras = around_field(known.fitted, known.camera, frames=frames, elevation=elevation, size=size)
    else:
        cameras = flight.cameras(frames, size)
    found = travel(
        known.fitted,
        cameras,
        title=known.title,
        way="around" if path is None else path.stem,
        paper=known.paper,
        report=common.report,
    )
    if gif is not None:
        write_gif(found.pictures, gif)
        common.note(f"wrote {frames} pictures to {gif}")
    return found


@verb(app)
def info(
    scene: Annotated[
        str,
        typer.Argument(
            metavar="SCENE|FILE", help="A scene, or a field that was kept.", autocompletion=scenes
        ),
    ],
    ray: Annotated[
        str | None,
        typer.Option(
            "--ray",
            metavar="COLUMN,ROW",
            help="Follow the ray through this pixel of the first held-out picture.",
        ),
    ] = None,
    times: Annotated[
        float, typer.Option("--density-times", min=0, help="Take every density so many times as great.")
    ] = 1.0,
    size: Size = None,
    views: Views = 110,
    *,
    common: Common,
) -> RadianceInfo:
    """Tell what a scene or a field holds: cameras, pictures, numbers; σ, α, T and w along a ray."""
    from dltui.scene.nerf.work import info_of_field, info_of_pictures

    path = Path(scene)
    if path.is_file() or (path.suffix and not path.is_dir()):
        from dltui.device import pick_device
        from dltui.scene.nerf.stored import opened

        known = opened(path, pick_device(common.device))
        return info_of_field(
            known.fitted,
            known.camera,
            title=known.title,
            numbers=known.numbers,
            ray=_pixel(ray),
            times=times,
            paper=known.paper,
            report=common.report,
        )
    if ray is not None:
        raise UsageError("--ray goes through a field: expected a file that `dltui nerf train --save` kept")
    return info_of_pictures(pictures_of(scene, views, size, common))


def _pixel(text: str | None) -> tuple[float, float] | None:
    """Return two numbers, or None."""
    if text is None:
        return None
    try:
        column, row = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError(f"can't read --ray {text!r}: expected a column and a row such as 32,20") from error
    return column + 0.5, row + 0.5
