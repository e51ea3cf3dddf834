"""Several processes of one training on this machine, and what happens when one of them dies.

Restarting one rank in place leaves the others hanging in a collective that will never end, so an attempt ends as a
whole: the others get SIGTERM, ten seconds, and SIGKILL, and all of them are started afresh from the newest checkpoint.
Nothing here needs torch, so that the processes start while this one would still be importing it.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dltui.errors import Cancelled, DltuiError, ExitCode, Requeue, UsageError
from dltui.progress import Report
from dltui.ranks import Ranks, free_port, rank_environment
from dltui.ranks.group import GRACE, LOOK
from dltui.results.training import TrainingHistory
from dltui.runs.checkpoint import sweep
from dltui.runs.find import find_run
from dltui.runs.folder import Run, open_run
from dltui.runs.history import history
from dltui.runs.metrics import MetricsReader
from dltui.runs.new import begin_again, change, finish, new_run
from dltui.training.launch.options import Options
from dltui.training.launch.ranks import SUPERVISED, rank_line
from dltui.training.recipe import Recipe, recipe_of
from dltui.training.signals import Signals

UNWIND = 1.0  # seconds that the other processes get to say why, before the first that ended is blamed
BACK_OFF = 0.25, 30.0  # seconds before the first new attempt, and at most; doubled every time


def supervise(
    work: Recipe | str, assignments: Sequence[str], options: Options, world: int, *, report: Report
) -> TrainingHistory:
    """Train in several processes on this machine.

    Args:
        work: A recipe for a new run, or ``run:NAME`` of one to go on with.
        assignments: Fields of a run's recipe to change.
        options: Where.
        world: How many processes.
        report: Called as training goes; raises ``Cancelled`` to stop.

    Returns:
        Loss and accuracy by evaluation.

    Raises:
        UsageError: If something is spelled wrongly.
        Cancelled: If it was stopped; the state is kept.
        DltuiError: If training fails, or a process died more often than is allowed.
    """
    if options.strategy == "single":
        raise UsageError(f"--strategy single trains in one process, not {world}: try ddp or fsdp")
    run = continued(work, assignments, world) if isinstance(work, str) else begun(work, options, world)
    pause = BACK_OFF[0]
    for left in range(options.restarts, -1, -1):
        died = _Attempt(run, options, world, report).run()
        if not died:
            return history(open_run(run.folder))
        if not left:
            break
        time.sleep(pause)
        pause = min(2 * pause, BACK_OFF[1])
        run = change(run, attempt=run.attempt + 1, state="running", reason="", pid=os.getpid())
        sweep(run)
    reason = f"{died} {options.restarts + 1} times"
    finish(run, "failed", reason)
    raise DltuiError(
        f"{reason}; the state of step {max(run.resumable(), default=0)} is kept: go on with "
        f"dltui train --resume run:{run.name}"
    )


class _Attempt:
    """One try at training a run with several processes."""

    def __init__(self, run: Run, options: Options, world: int, report: Report) -> None:
        self._run, self._options, self._world, self._report = run, options, world, report
        self._reader = MetricsReader(run, run.metrics.stat().st_size if run.metrics.exists() else 0)
        self._steps = 0
        self._ranks = Ranks()

    def run(self) -> str:
        """Start the processes and wait for all.

        Returns:
            Empty when the training is done, else which process died and how.

        Raises:
            Cancelled: If it was stopped.
            Requeue: If the machine wanted room.
            DltuiError: If the training failed for a reason that another attempt would meet again.
        """
        with Signals() as signals:
            try:
                self._start()
                self._attend(signals)
            except BaseException:
                self._ranks.end()
                raise
        codes = self._ranks.codes()
        self._ranks.end()
        return self._outcome(codes, signals)

    def _start(self) -> None:
        """Start every process."""
        port = free_port()
        defaults = {"OMP_NUM_THREADS": str(self._options.cpu_threads or 1), "GLOO_SOCKET_IFNAME": "lo"}
        defaults = {name: value for name, value in defaults.items() if name not in os.environ}
        for rank in range(self._world):
            told = rank_environment(rank, self._world, local=rank, here=self._world, port=port)
            log = self._run.folder / f"log-{rank}.txt"
            self._ranks.start(rank_line(self._run, self._options), defaults | told | {SUPERVISED: "1"}, log)

    def _attend(self, signals: Signals) -> None:
        """Wait until all processes have ended well, or one has not; pass on what is asked of this one."""
        passed_on: set[str] = set()
        well = {None, ExitCode.DONE, ExitCode.REQUEUE, ExitCode.CANCELLED}
        while self._ranks.alive:
            if not well.issuperset(self._ranks.codes()):
                self._ranks.wait(UNWIND)
                return
            if signals.stop and "stop" not in passed_on:
                passed_on.add("stop")
                self._ranks.send(signal.SIGINT)
            if signals.requeue and "requeue" not in passed_on:
                passed_on.add("requeue")
                self._ranks.send(signal.SIGTERM)
            try:
                self._tell()
            except Cancelled:
                self._ranks.send(signal.SIGINT)
                self._ranks.wait(GRACE)
                raise
            time.sleep(LOOK)
        self._tell()

    def _tell(self) -> None:
        """Report how far the training is."""
        done = None
        for row in self._reader.new_rows():
            if row.get("kind") == "start":
                self._steps = int(row["steps"])
            done = row.get("step", done)
        if done is not None and self._steps:
            self._report(int(done), self._steps)

    def _outcome(self, codes: list[int | None], signals: Signals) -> str:
        """Return which process died, or raise how the training ended."""
        killed = [(rank, code) for rank, code in enumerate(codes) if code is not None and code < 0]
        if killed:
            rank, code = killed[0]
            return f"process {rank} of {self._world} was ended by {signal.Signals(-code).name}"
        reason = open_run(self._run.folder).reason
        if ExitCode.REQUEUE in codes or signals.requeue:
            raise Requeue(reason or "stopped to make room")
        if ExitCode.CANCELLED in codes:
            raise Cancelled(reason or "stopped")
        bad = [(rank, code) for rank, code in enumerate(codes) if code != ExitCode.DONE]
        if not bad:
            return ""
        first, why = bad[0]
        said = (
            reason
            or self._ranks.last_words(first)
            or f"process {first} of {self._world} failed and said nothing"
        )
        if why == ExitCode.USAGE:
            if not self._run.metrics.stat().st_size:
                shutil.rmtree(self._run.folder, ignore_errors=True)  # nothing was begun
            raise UsageError(said)
        raise DltuiError(said)


def begun(recipe: Recipe, options: Options, world: int) -> Run:
    """Write the card of a new run, and where it starts from given weights, those as its first checkpoint.

    Args:
        recipe: What is trained, and how.
        options: Where.
        world: How many processes will train it.

    Returns:
        The run, in state ``running``.

    Raises:
        UsageError: If the recipe names no model or no data.
    """
    from dltui.models.spelled import told_apart

    if not recipe.model or not recipe.data:
        raise UsageError("a recipe names a model and data: add --set model=lenet --set data=digits")
    fresh = told_apart(recipe.model) in {"name", "function"} and options.weights is None
    dataset: Any = None
    opened: Any = None
    if not fresh:
        from dltui.training.session import opened_for

        dataset, opened = opened_for(recipe, options.weights)
        recipe = replace(recipe, model=opened.title)
    told = {
        "weights": f"random weights, seed {recipe.seed}" if fresh else opened.weights_note,
        "device": options.device,
        "processes": world,
        "cpu_threads": options.cpu_threads or 1,
    }
    run = new_run(
        model=recipe.model,
        data=recipe.data,
        settings=recipe.flat() | told,
        seed=recipe.seed,
        command=options.command,
        name=options.name,
        recipe=recipe.plain(),
        world=world,
    )
    if not fresh:
        from dltui.training.session import keep_first

        keep_first(run, opened, dataset)
    return run


def continued(spec: str, assignments: Sequence[str], world: int) -> Run:
    """Write on the card of a run that it goes on.

    Args:
        spec: ``run:NAME``.
        assignments: Fields of its recipe to change.
        world: How many processes will train it.

    Returns:
        The run, in state ``running``.
    """
    from dltui.training.assignments import changed_recipe

    run = find_run(spec.removeprefix("run:"))
    recipe = changed_recipe(run, assignments)
    run = begin_again(run, world=world)
    sweep(run)
    if recipe_of(run.recipe) != recipe:
        run = change(run, recipe=recipe.plain(), settings=run.settings | recipe.flat())
    return run
