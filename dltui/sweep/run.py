"""One sweep from its settings to its table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from dltui.batch.crew import Crew
from dltui.batch.folder import LOG, Row, batches_folder, write_card
from dltui.batch.log import GOOD, Lines, LogWriter, Standings
from dltui.batch.place import Place
from dltui.batch.plan import Limits
from dltui.results.sweep import SweepTable
from dltui.sweep.importance import importances
from dltui.sweep.search import Search, Sweep
from dltui.sweep.space import Parameter

Tell = Callable[[Standings], None]


def sweep_folder(sweep: Sweep) -> Path:
    """Return where a sweep is kept: the same for the same question, however many trials are asked for."""
    name = "".join(letter if letter.isalnum() else "-" for letter in sweep.recipe).strip("-")
    return batches_folder() / f"sweep-{name}-{sweep.key[:4]}"


def run_sweep(
    sweep: Sweep,
    folder: Path,
    place: Place,
    *,
    jobs: int,
    work: Path,
    tell: Tell,
    on: str = "local",
    command: str = "",
) -> SweepTable:
    """Run every trial that is not known yet.

    Args:
        sweep: What to do.
        folder: The folder of the sweep.
        place: Where trials run.
        jobs: How many at once.
        work: The folder that they run in.
        tell: Told how everything stands; may raise ``Cancelled``.
        on: What that place is called.
        command: The command line, for the card.

    Returns:
        What all trials came to.

    Raises:
        KeyboardInterrupt: After Ctrl-C, once every trial has been stopped.
        Cancelled: When somebody asked for the end.
        DltuiError: If the folder can't be written, or somebody else runs the sweep.
    """
    with LogWriter(folder) as log:
        write_card(folder, _card(sweep, jobs) | {"on": on, "command": command})
        source = Search(sweep, folder, log)
        log.write("begin", jobs=sweep.names(), on=on)

        def look() -> None:
            source.watch()
            tell(log.standings)

        source.crew = Crew(folder, work, place=place, source=source, limits=Limits(jobs), log=log, tell=look)
        state = "stopped"
        try:
            source.crew.run()
            state = "done"
        finally:
            log.write("end", state=state, done=log.standings.count(GOOD), of=sweep.trials)
    return table_of(sweep, folder)


def table_of(sweep: Sweep, folder: Path) -> SweepTable:
    """Return what the trials of a sweep came to by now."""
    return table_from(_card(sweep, 1), Lines(folder / LOG).new(), folder)


def table_from(card: Row, rows: Sequence[Row], folder: Path) -> SweepTable:
    """Return what the trials of a sweep came to, by its card and its log.

    Args:
        card: The card.
        rows: The rows of the log; trials of other settings of the sweep are passed over.
        folder: The folder of the sweep.

    Returns:
        The trials in the order of their names.
    """
    told = {row["name"]: row for row in rows if row.get("kind") == "trial" and row.get("key") == card["key"]}
    trials = [_trial(told[job["name"]]) for job in card["jobs"] if job["name"] in told]
    done = [one for one in trials if one["state"] == "done" and one["value"] is not None]
    space = [Parameter(**part) for part in card["parameters"]]
    shares = importances(space, [one["values"] for one in done], [one["value"] for one in done])
    return SweepTable(
        title=card["source"],
        folder=str(folder),
        recipe=card["source"],
        metric=card["metric"],
        lower=card["lower"],
        method=card["method"],
        parameters=card["parameters"],
        trials=trials,
        importance=shares or {},
    )


def _trial(row: Row) -> Row:
    """Return what the table tells of a trial."""
    return {
        name: row.get(name)
        for name in ("name", "state", "values", "value", "step", "seconds", "run", "reason")
    }


def _card(sweep: Sweep, jobs: int) -> Row:
    """Return the card of a sweep."""
    return {
        "kind": "sweep",
        "name": f"sweep of {sweep.recipe}",
        "source": sweep.recipe,
        "jobs": [
            {"name": name, "group": "trial", "words": [], "needs": [], "variables": {}}
            for name in sweep.names()
        ],
        "limits": {"jobs": jobs},
        "collect": [f"metrics.{sweep.metric}"],
        "key": sweep.key,
        "parameters": [one.told() for one in sweep.space],
        "metric": sweep.metric,
        "lower": sweep.lower,
        "method": sweep.method,
        "on": "local",
    }
