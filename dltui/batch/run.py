"""One batch from its plan to its table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dltui.batch.crew import Crew
from dltui.batch.folder import TABLE, card_of, write_card
from dltui.batch.graph import Graph
from dltui.batch.log import GOOD, OVER, LogWriter, Standings
from dltui.batch.place import Place
from dltui.batch.plan import Plan
from dltui.batch.table import table_of
from dltui.results.batch import BatchTable

Tell = Callable[[Standings], None]


def run_batch(
    plan: Plan, batch: Path, place: Place, *, on: str, keep_going: bool, tell: Tell, command: str = ""
) -> BatchTable:
    """Run every job of a plan that is not done yet.

    Args:
        plan: The jobs.
        batch: The folder of the batch; what an earlier run did there is not done again.
        place: Where jobs run.
        on: What that place is called.
        keep_going: Whether other jobs still begin after one has failed.
        tell: Told how everything stands, some fifty times a second; may raise ``Cancelled``.
        command: The command line, for the card.

    Returns:
        How every job stands in the end.

    Raises:
        KeyboardInterrupt: After Ctrl-C, once every job has been stopped.
        Cancelled: When somebody asked for the end.
        DltuiError: If the folder can't be written, or somebody else runs the batch.
    """
    with LogWriter(batch) as log:
        card = card_of(plan, on, command)
        write_card(batch, card)
        log.write("begin", jobs=[job.name for job in plan.jobs], on=on)
        source = Graph(plan, batch, log, keep_going=keep_going)
        crew = Crew(
            batch,
            plan.folder,
            place=place,
            source=source,
            limits=plan.limits,
            log=log,
            tell=lambda: tell(log.standings),
        )
        state = "stopped"
        try:
            crew.run()
            jobs = log.standings.jobs.values()
            state = "done" if all(job.state in GOOD for job in jobs) else "failed"
        finally:
            log.write("end", state=state, done=log.standings.count(GOOD), of=len(plan.jobs))
            table = table_of(batch, card["name"], card["jobs"], log.standings.jobs, plan.collect)
            _write_csv(table, batch)
    return table


def kept(plan: Plan, batch: Path) -> dict[str, str]:
    """Return the commands of the jobs that are done already, by name; nothing is run or written.

    Args:
        plan: The jobs.
        batch: The folder of the batch.
    """
    log = _Unwritten(plan)
    Graph(plan, batch, log, keep_going=True).next(lambda _: False)
    return {job.name: job.command for job in log.standings.jobs.values() if job.state in OVER & GOOD}


class _Unwritten:
    """Takes rows like a log, and writes them nowhere."""

    def __init__(self, plan: Plan) -> None:
        self.standings = Standings()
        self.write("begin", jobs=[job.name for job in plan.jobs])

    def write(self, kind: str, **told: object) -> None:
        """Take note of a row."""
        self.standings.take({"kind": kind, "time": 0.0, **told})


def _write_csv(table: BatchTable, batch: Path) -> None:
    """Write the table for spreadsheets."""
    from dltui.draw import save

    save([table.table()], batch / TABLE)
