"""``dltui batch``: many command lines from one file, so many at a time, what is done not done again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from dltui.commands._cluster import place_of
from dltui.commands._frame import Common, command_line, verb, verb_app
from dltui.commands._show import Failed, Stopped
from dltui.errors import UsageError

if TYPE_CHECKING:
    from dltui.batch.place import Place
    from dltui.batch.plan import Plan
    from dltui.results.batch import BatchTable

MOST_TOLD = 10  # failed jobs whose last lines are shown
LINES = 5  # of each

app = verb_app()


@verb(app, "batch")
def batch(
    file: Annotated[
        Path, typer.Argument(metavar="JOBS.toml", help="A [[job]] table a job; see docs/batch.md.")
    ],
    on: Annotated[Literal["local", "slurm"], typer.Option("--on", help="Where the jobs run.")] = "local",
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="At once; else limits.jobs of the file.")
    ] = None,
    collect: Annotated[
        str,
        typer.Option(
            "--collect", metavar="PATH,PATH", help='Numbers for the table, such as "loss.center,seconds".'
        ),
    ] = "",
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder", metavar="DIR", help="Where everything goes; else one of its own in $DLTUI_HOME."
        ),
    ] = None,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", "-k", help="Begin other jobs after one has failed.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="List the commands, run nothing.")] = False,
    *,
    common: Common,
) -> BatchTable | Any:
    """Run the commands of a file, each once: what is done and unchanged is not done again."""
    from dltui.batch.check import check
    from dltui.batch.folder import folder_of
    from dltui.batch.read import read_plan

    plan = _wished(read_plan(file), jobs, collect)
    check(plan)
    where = (folder or folder_of(plan.source)).resolve()
    if dry_run:
        from dltui.commands._batch_plan import listed

        return listed(plan, where)
    return _run(plan, where, _place(on, plan), on, keep_going, common)


def _wished(plan: Plan, jobs: int | None, collect: str) -> Plan:
    """Return a plan with what the command line says in place of what the file says."""
    if jobs is not None:
        plan = replace(plan, limits=replace(plan.limits, jobs=jobs))
    paths = tuple(path.strip() for path in collect.split(",") if path.strip())
    if collect and not paths:
        raise UsageError(f"--collect {collect!r} names nothing: expected paths such as loss.center,seconds")
    return replace(plan, collect=paths) if paths else plan


def _place(on: str, plan: Plan) -> Place:
    """Return where jobs run."""
    if on == "slurm":
        from dltui.batch.cluster import wish_of

        for job in plan.jobs:
            wish_of(job.slurm)
    return place_of(on)


def _run(
    plan: Plan, where: Path, place: Place, on: str, keep_going: bool, common: Common
) -> BatchTable | Failed | Stopped:
    """Run the plan, telling how it goes, and judge how it ended."""
    from dltui.batch.folder import card_of
    from dltui.batch.log import Standings, read_log
    from dltui.batch.run import run_batch
    from dltui.batch.table import table_of
    from dltui.commands._batch_live import watching

    card = card_of(plan, on)

    def partial(standings: Standings) -> BatchTable:
        return table_of(where, card["name"], card["jobs"], standings.jobs, plan.collect)

    common.note(f"{len(plan.jobs)} job{'s' * (len(plan.jobs) > 1)}; everything goes to {where}")
    try:
        with watching(partial, where, common) as tell:
            found = run_batch(
                plan, where, place, on=on, keep_going=keep_going, tell=tell, command=command_line()
            )
    except KeyboardInterrupt:
        known = partial(read_log(where))
        return Stopped(
            known,
            f"stopped with {known.count('done', 'kept')} of {len(known.jobs)} jobs done; the same command goes on",
        )
    return _judged(found, common)


def _judged(found: BatchTable, common: Common) -> BatchTable | Failed:
    """Return the table, failed when a job isn't done; the last lines of those are told."""
    from dltui.batch.collect import nowhere
    from dltui.batch.folder import document

    done = [document(Path(job["folder"])) for job in found.jobs if job["state"] in {"done", "kept"}]
    for path in found.collect:
        if path != "seconds" and done and all(job["values"][path] is None for job in found.jobs):
            common.note(nowhere(path, done))
    if not found.lacking:
        return found
    failed = [job for job in found.lacking if job["state"] == "failed"]
    _tell_last_lines(failed, common)
    return Failed(found, _sentence(found, failed))


def _tell_last_lines(failed: Sequence[dict[str, Any]], common: Common) -> None:
    """Remark what the failed jobs said last."""
    from dltui.batch.folder import last_lines

    for job in failed[:MOST_TOLD]:
        lines = last_lines(Path(job["folder"]), LINES)
        common.note("\n".join([f"{job['name']} failed: {job['reason']}", *(f"    {line}" for line in lines)]))


def _sentence(found: BatchTable, failed: Sequence[dict[str, Any]]) -> str:
    """Return why a batch is not done."""
    names = ", ".join(job["name"] for job in failed[:4]) + (" …" if len(failed) > 4 else "")
    others = len(found.lacking) - len(failed)
    parts = [f"{len(failed)} of {len(found.jobs)} jobs failed: {names}" if failed else ""]
    parts.append(f"{others} {'was' if others == 1 else 'were'} not done" if others else "")
    return f"{'; '.join(filter(None, parts))}; see {found.folder}, and run the same command to go on"
