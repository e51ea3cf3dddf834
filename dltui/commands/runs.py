"""``dltui runs``: what training left behind, read without torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._frame import Common, command_line, group_app, verb
from dltui.commands._show import Listed

if TYPE_CHECKING:
    from dltui.results.gallery import Gallery
    from dltui.runs import Run

app = group_app("List the runs that training left, look at them, and keep them in order.")

AcrossOption = Annotated[
    Literal["step", "epoch", "time"], typer.Option("--x", help="What the curves are drawn over.")
]
SmoothOption = Annotated[
    float, typer.Option("--smooth", min=0, max=0.9999, help="Weight of a moving average, such as 0.9.")
]
LinearOption = Annotated[bool, typer.Option("--linear", help="No logarithms for losses.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="latest, a name, or how one name begins.")]
NamesArgument = Annotated[str, typer.Argument(metavar="NAME,NAME...", help="Spelled as for show.")]


@verb(app, "list")
def list_runs(
    status: Annotated[
        str, typer.Option("--status", help="Only those that are running, done, stopped, failed or died.")
    ] = "",
    tag: Annotated[str, typer.Option("--tag", help="Only those that have this tag.")] = "",
    model: Annotated[str, typer.Option("--model", help="Only those of models that begin so.")] = "",
    sort: Annotated[
        str, typer.Option("--sort", help="started, name, status, steps, or a metric such as test_loss.")
    ] = "started",
    *,
    common: Common,  # noqa: ARG001
) -> Listed:
    """List the runs, the newest first."""
    from dltui.runs.overview import Wanted, overview_all

    found = overview_all(Wanted(status, tag, model, sort))
    return Listed(found, found.numbers["runs"])


@verb(app, "show")
def show_run(
    name: NameArgument = "latest",
    across: AcrossOption = "step",
    smooth: SmoothOption = 0.0,
    linear: LinearOption = False,
    *,
    common: Common,  # noqa: ARG001
) -> Gallery:
    """Show settings, curves and checkpoints of a run, and what is ill in it, also while it goes on."""
    from dltui.runs.curves import Sight
    from dltui.runs.overview import overview
    from dltui.watching.page import with_diagnosis

    run = _run(name)
    return with_diagnosis(overview(run, Sight(across, smooth, not linear)), run)


@verb(app, "compare")
def compare_runs(
    names: Annotated[
        str, typer.Argument(metavar="NAME,NAME...", help="Spelled as for show; the first is the measure.")
    ],
    across: AcrossOption = "step",
    smooth: SmoothOption = 0.0,
    linear: LinearOption = False,
    *,
    common: Common,  # noqa: ARG001
) -> Gallery:
    """Show several runs in one chart each, and what their settings differ in."""
    from dltui.runs.compare import comparison
    from dltui.runs.curves import Sight

    return comparison(_runs(names), Sight(across, smooth, not linear))


@verb(app, "rename")
def rename_run(
    name: NameArgument,
    new: Annotated[str, typer.Argument(metavar="NEW", help="What to call it from now on.")],
    *,
    common: Common,
) -> Gallery:
    """Call a run otherwise; run:OLD is then found by its id alone."""
    from dltui.runs.tidy import rename, told

    run = rename(_run(name), new)
    common.note(f"it is run:{run.name} now")
    return told([run])


@verb(app, "tag")
def tag_run(
    names: NamesArgument,
    tags: Annotated[str, typer.Argument(metavar="TAG,TAG...", help="Words to find it by.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take them away instead.")] = False,
    *,
    common: Common,  # noqa: ARG001
) -> Gallery:
    """Give runs tags, or take them away."""
    from dltui.runs.tidy import tag, told

    words = [word for word in tags.split(",") if word]
    return told([tag(run, words, remove=remove) for run in _runs(names)])


@verb(app, "export")
def export_run(
    name: NameArgument,
    target: Annotated[
        Path, typer.Argument(metavar="TARGET", help="FILE.csv, FILE.jsonl, or a folder for TensorBoard.")
    ],
    *,
    common: Common,
) -> Gallery:
    """Write a run's metrics for other programs."""
    from dltui.runs.exports import export
    from dltui.runs.tidy import written

    run = _run(name)
    path = export(run, target)
    common.note(f"wrote {path}")
    return written(run, path)


@verb(app, "import")
def import_run(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE", help="A folder of TensorBoard, FILE.csv, FILE.jsonl, or a run's folder."
        ),
    ],
    name: Annotated[str, typer.Option("--name", help="What to call the run.")] = "",
    model: Annotated[str, typer.Option("--model", help="What was trained.")] = "",
    data: Annotated[str, typer.Option("--data", "-d", help="What it was trained on.")] = "",
    *,
    common: Common,
) -> Gallery:
    """Make a run of the metrics of another program."""
    from dltui.runs.imports import adopt
    from dltui.runs.tidy import told

    run = adopt(source, name=name, model=model, data=data, command=command_line())
    common.note(f"kept as run:{run.name}; look at it with: dltui runs show {run.name}")
    return told([run])


@verb(app, "rm")
def remove_runs(names: NamesArgument, yes: YesOption = False, *, common: Common) -> Gallery:
    """Move runs to the trash folder."""
    from dltui.commands._asking import agreed
    from dltui.runs import discard
    from dltui.runs.tidy import check_ended, moved

    runs = _runs(names)
    check_ended(runs)
    told = ", ".join(run.name for run in runs)
    agreed(f"Move the run{'s' if len(runs) > 1 else ''} {told} to the trash?", yes=yes)
    gone = [discard(run.folder) for run in runs]
    for one in gone:
        common.note(f"moved to {one.path}; bring it back with: mv '{one.path}' '{one.origin}'")
    return moved(runs, gone)


@verb(app, "gc")
def collect_garbage(
    names: Annotated[
        str, typer.Argument(metavar="[NAME,NAME...]", help="Spelled as for show; all runs when left out.")
    ] = "",
    yes: YesOption = False,
    *,
    common: Common,
) -> Gallery:
    """Delete checkpoints that nobody needs, and what killed trainings left.

    The first, the last and the best weights stay, those of --keep-every, and the last one to go on from.
    Runs that go on keep all.
    """
    from dltui.commands._asking import agreed
    from dltui.files import size_in_words
    from dltui.runs import list_runs as every_run
    from dltui.runs.tidy import wasted
    from dltui.runs.waste import clear, waste

    found = [waste(run) for run in (_runs(names) if names else every_run())]
    found = [one for one in found if one.size or one.left]
    size = size_in_words(sum(one.size for one in found))
    if found:
        count = sum(len(one.steps) for one in found)
        left = sum(len(one.left) for one in found)
        what = f"{count} checkpoints and {left} leftovers of {len(found)} runs"
        for one in found:
            common.note(f"{one.run.name}: {size_in_words(one.size)}")
        agreed(f"Delete {what}, {size} in all?", yes=yes)
        for one in found:
            clear(one)
    common.note(f"{size} are free again" if found else "there is nothing to delete")
    return wasted(found)


def _run(name: str) -> Run:
    """Return the run of a name, with or without ``run:``."""
    from dltui.runs import find_run

    return find_run(name.removeprefix("run:"))


def _runs(names: str) -> list[Run]:
    """Return the runs of several names, each once."""
    return list({run.id: run for run in map(_run, filter(None, names.split(",")))}.values())
