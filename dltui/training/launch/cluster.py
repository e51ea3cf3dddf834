"""Training on a SLURM cluster: the run is begun here, submitted, and followed until it has ended."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from dltui.errors import Cancelled, DltuiError, ExitCode, Requeue, UsageError
from dltui.progress import Report
from dltui.results.training import TrainingHistory
from dltui.runs.folder import Run, open_run
from dltui.runs.history import history
from dltui.runs.metrics import MetricsReader
from dltui.runs.new import finish
from dltui.training.launch.options import Options
from dltui.training.launch.ranks import rank_line
from dltui.training.launch.slurm import Command, SlurmJob, Wish, reason_against, submit
from dltui.training.launch.supervisor import begun, continued
from dltui.training.recipe import Recipe

LOOK = 0.2  # seconds between two looks

Tell = Callable[[str], None]


def train_on_cluster(
    work: Recipe | str,
    assignments: Sequence[str],
    options: Options,
    wish: Wish,
    *,
    tell: Tell,
    report: Report,
) -> TrainingHistory:
    """Train as a job of the cluster, in as many processes as it asks for.

    A job that is told to make room, or whose time ends, saves its state and is queued again; it goes on by itself.

    Args:
        work: A recipe for a new run, or ``run:NAME`` of one to go on with.
        assignments: Fields of the recipe to change.
        options: Where, on the nodes.
        wish: What the job asks of the cluster.
        tell: Told in a sentence why the job waits, and where it runs.
        report: Called as training goes; raises ``Cancelled`` to stop.

    Returns:
        Loss and accuracy by evaluation.

    Raises:
        UsageError: If something is spelled wrongly.
        Cancelled: If it was stopped; the state is kept.
        DltuiError: If there is no cluster here, it refuses the job, or the training fails.
    """
    if why := reason_against():
        raise DltuiError(why)
    world = wish.nodes * wish.tasks
    if options.strategy == "single" and world > 1:
        raise UsageError(f"--strategy single trains in one process, not {world}: try ddp or fsdp")
    run = (
        continued(work, assignments, world)
        if isinstance(work, str)
        else begun(work.set(*assignments), options, world)
    )
    folder = run.folder / "slurm"
    folder.mkdir(exist_ok=True)
    words = tuple(rank_line(run, options)[3:])  # without the interpreter and its -m dltui
    env = {"OMP_NUM_THREADS": str(options.cpu_threads or 1)}
    try:
        job = submit(
            f"dltui-{run.id}",
            Command(words, str(folder), str(Path.cwd()), env=env, run=str(run.folder)),
            wish,
        )
    except DltuiError as error:
        finish(run, "failed", str(error))
        raise
    code = _followed(run, job, tell, report)
    return _outcome(run, job, code)


def _followed(run: Run, job: SlurmJob, tell: Tell, report: Report) -> int:
    """Wait until a job has ended, and report how far its run is; a stop is handed on, and waited for."""
    reader, steps, stopped, told = MetricsReader(run, run.metrics.stat().st_size), 0, False, ""
    while (code := job.poll()) is None:
        try:
            if job.standing not in {"", told}:
                told = job.standing
                tell(told)
            for row in reader.new_rows():
                steps = int(row["steps"]) if row.get("kind") == "start" else steps
                if steps and isinstance(row.get("step"), int):
                    report(row["step"], steps)
            time.sleep(LOOK)
        except (KeyboardInterrupt, Cancelled):
            if stopped:
                raise
            stopped = True
            job.signal(signal.SIGTERM)
    return ExitCode.CANCELLED if stopped else code


def _outcome(run: Run, job: SlurmJob, code: int) -> TrainingHistory:
    """Return what was trained, or raise how it ended."""
    now = open_run(run.folder)
    if code == ExitCode.DONE:
        return history(now)
    step = max(now.resumable(), default=0)
    kept = f"the state of step {step} is kept: go on with dltui train --resume run:{now.name}"
    if code in {ExitCode.CANCELLED, 128 + signal.SIGTERM}:
        if now.state == "running":
            finish(now, "stopped", "taken back from the queue")
        raise Cancelled(f"SLURM job {job.id} was stopped; {kept}")
    if code == ExitCode.REQUEUE:
        raise Requeue(f"SLURM job {job.id} made room; {kept}")
    said = now.reason or _last_words(run.folder / "slurm") or f"exit code {code}"
    if now.state == "running":
        finish(now, "failed", said)
    raise DltuiError(f"SLURM job {job.id} failed: {said}; its logs are in {run.folder / 'slurm'}")


def _last_words(folder: Path) -> str:
    """Return the last line that the first process wrote."""
    try:
        lines = (folder / "stderr.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1].removeprefix("error: ") if lines else ""
