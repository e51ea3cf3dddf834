"""Command lines as jobs of a SLURM cluster, through submitit; imports neither torch nor submitit by itself.

submitit writes the script and hands it to ``sbatch``; what runs on the nodes is ``slurm_task``, which reads a JSON
file, so that nothing is pickled. The folder must be seen from the nodes.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dltui.errors import DltuiError, UsageError
from dltui.files import write_text

TASK, JOB, EXIT = "slurm_task.json", "slurm_job.json", "slurm_exit.json"
NOTICE = 90  # seconds before the end of its time at which a job is told to save
SHARE = 3  # of a short time the notice is at most this part
LOOK_EVERY = 1.0  # seconds between two questions to the cluster
LOST_AFTER = 20.0  # seconds that a job may be unknown to the cluster before it counts as lost
UNREACHABLE = ("UNREACHABLE", "")
GOING = frozenset({"PENDING", "RUNNING", "CONFIGURING", "COMPLETING", "REQUEUED", "SUSPENDED"})
DONE = {"CANCELLED": 143, "TIMEOUT": 124, "OUT_OF_MEMORY": 137, "NODE_FAIL": 1, "PREEMPTED": 143, "FAILED": 1}


@dataclass(frozen=True)
class Wish:
    """What a job asks of the cluster.

    Attributes:
        partition: Where it waits; the cluster's own choice when empty.
        nodes: Machines.
        gpus: GPUs on each.
        tasks: Processes on each; they find each other by what SLURM tells them.
        cpus: Cores for each process, or None for the cluster's own choice.
        memory: Gigabytes on each machine, or None.
        minutes: The longest that it may take; before that it is told to save, and queued again when it did.
        account: Who pays, or empty.
        qos: Quality of service, or empty.
    """

    partition: str = ""
    nodes: int = 1
    gpus: int = 0
    tasks: int = 1
    cpus: int | None = None
    memory: float | None = None
    minutes: int = 60
    account: str = ""
    qos: str = ""

    def __post_init__(self) -> None:
        """Refuse what no cluster can give.

        Raises:
            UsageError: If a number is too small.
        """
        for name, least in (("nodes", 1), ("gpus", 0), ("tasks", 1), ("minutes", 1)):
            if getattr(self, name) < least:
                raise UsageError(f"{name} of a SLURM job must be at least {least}, not {getattr(self, name)}")


@dataclass(frozen=True)
class Command:
    """What runs on the nodes.

    Attributes:
        words: What follows ``dltui``.
        folder: Takes ``stdout.json`` and ``stderr.txt`` of the first process, and how it ended.
        work: The folder that it runs in.
        again: What follows ``dltui`` after it was queued again; empty for the same.
        env: Environment variables besides those of whoever submits.
        append: Whether ``stderr.txt`` is gone on with.
        run: Folder of the run that its processes train together, whose card is written by whoever submits; empty for
            anything else.
    """

    words: tuple[str, ...]
    folder: str
    work: str
    again: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    append: bool = False
    run: str = ""


def reason_against() -> str:
    """Return why nothing can be submitted from here, or an empty text."""
    if shutil.which("sbatch") is None or shutil.which("srun") is None:
        return "there is no SLURM here (no sbatch on PATH): run this on a login node, or leave out --on slurm"
    try:
        import submitit  # noqa: F401
    except ImportError:
        return "--on slurm needs submitit: pip install 'dltui[slurm]'"
    return ""


def submit(name: str, command: Command, wish: Wish) -> SlurmJob:
    """Hand a command line to the cluster.

    Args:
        name: What the job is called there.
        command: What to run.
        wish: What it asks for.

    Returns:
        The job; it waits or runs.

    Raises:
        DltuiError: If there is no cluster here, or it refuses the job; the sentence says why.
    """
    if why := reason_against():
        raise DltuiError(why)
    from submitit import SlurmExecutor
    from submitit.core.utils import FailedJobError, FailedSubmissionError

    folder = Path(command.folder)
    (folder / EXIT).unlink(missing_ok=True)
    (folder / "slurm").mkdir(parents=True, exist_ok=True)  # submitit writes into it
    write_text(folder / TASK, json.dumps(asdict(command), indent=2) + "\n")
    executor = SlurmExecutor(folder / "slurm")
    executor.update_parameters(**_parameters(name, command, wish))
    line = shlex.join([sys.executable, "-u", "-m", "dltui.training.launch.slurm_task", str(folder / TASK)])
    try:
        job = executor._submit_command(line)
    except (FailedJobError, FailedSubmissionError, subprocess.CalledProcessError, OSError) as error:
        raise DltuiError(f"SLURM refuses the job {name!r}: {_last_words(error)}") from error
    write_text(folder / JOB, json.dumps({"job": str(job.job_id), "words": command.words}) + "\n")
    return SlurmJob(str(job.job_id), folder)


def submitted_before(command: Command) -> SlurmJob | None:
    """Return the job that waits, runs, or was done for the same command in the same folder, or None.

    Whoever submitted it may have been killed meanwhile; the job goes on without.
    """
    folder = Path(command.folder)
    try:
        known = json.loads((folder / JOB).read_text(encoding="utf-8"))
        if tuple(known["words"]) != command.words:
            return None
        job = SlurmJob(str(known["job"]), folder)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    code = job.poll()
    return job if code == 0 or (code is None and state_of(job.id) in GOING) else None


def _parameters(name: str, command: Command, wish: Wish) -> dict[str, Any]:
    """Return what submitit writes into the script."""
    notice = min(NOTICE, wish.minutes * 60 // SHARE)
    wanted: dict[str, Any] = {
        "job_name": name,
        "time": wish.minutes,
        "nodes": wish.nodes,
        "ntasks_per_node": wish.tasks,
        "gpus_per_node": wish.gpus or None,
        "cpus_per_task": wish.cpus,
        "mem": f"{round(wish.memory * 1024)}MB" if wish.memory else None,
        "partition": wish.partition or None,
        "account": wish.account or None,
        "qos": wish.qos or None,
        "srun_args": ["--kill-on-bad-exit=1"] if wish.nodes * wish.tasks > 1 else None,
        "additional_parameters": {"signal": f"TERM@{notice}", "chdir": command.work, "requeue": True},
    }
    return {key: value for key, value in wanted.items() if value is not None}


def _last_words(error: BaseException) -> str:
    """Return the last line that ``sbatch`` wrote, without its own name."""
    text = str(error) or str(error.__cause__ or "")
    lines = [line for line in text.splitlines() if "sbatch:" in line or "error" in line.lower()] or [text]
    return lines[-1].strip().removeprefix("sbatch: ").removeprefix("error: ")


class SlurmJob:
    """A job of the cluster, asked after by its number.

    Attributes:
        id: Its number.
        folder: Where it tells how it ended.
    """

    def __init__(self, number: str, folder: Path) -> None:
        self.id, self.folder = number, folder
        self._asked = self._unknown_since = 0.0
        self._state, self._reason = "PENDING", ""

    @property
    def label(self) -> str:
        """What it is called in a list: its number, and until it runs its state, with why it waits in SLURM's word."""
        if self._state == "RUNNING":
            return f"slurm {self.id}"
        return f"slurm {self.id} {self._state.lower()}{f' ({self._reason})' if self._reason else ''}"

    @property
    def standing(self) -> str:
        """What it does, in a sentence; empty when that isn't known yet."""
        if self._state == "RUNNING":
            return f"SLURM job {self.id} runs on {self._reason}"
        if self._state == "PENDING":
            return f"SLURM job {self.id} waits: {self._reason}" if self._reason else ""
        return f"SLURM job {self.id} is {self._state.lower()}"

    def poll(self) -> int | None:
        """Return the exit code of its command, or None while it waits or runs.

        A job that the cluster ended, or no longer knows, has the code that a shell would tell of that.
        """
        if (code := self._told()) is not None:
            return code
        now = time.monotonic()
        if now - self._asked < LOOK_EVERY:
            return None
        self._asked = now
        found = seen(self.id)
        if found is None:
            return self._lost(now)
        state = self._state = found[0]
        self._reason = "" if found[1] == "None" else found[1]
        if state in DONE:
            return DONE[state]
        if state == "COMPLETED":  # and the file isn't seen from here yet
            return self._lost(now)
        self._unknown_since = 0.0
        return None

    def signal(self, number: int) -> None:
        """End it: SLURM sends SIGTERM, and SIGKILL when its time for that is over."""
        del number
        with suppress(OSError, subprocess.SubprocessError):
            subprocess.run(["scancel", self.id], check=False, capture_output=True, timeout=30)

    def _told(self) -> int | None:
        """Return the exit code that the job wrote down, or None."""
        try:
            found = json.loads((self.folder / EXIT).read_text(encoding="utf-8"))
            return int(found["code"]) if str(found["job"]) == self.id else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _lost(self, now: float) -> int | None:
        """Return 1 once the cluster hasn't known the job for a while and it has told nothing."""
        self._unknown_since = self._unknown_since or now
        return 1 if now - self._unknown_since > LOST_AFTER else None


def state_of(number: str) -> str | None:
    """Return the state of a job as SLURM names it, such as ``PENDING``; None where it knows none of that number."""
    found = seen(number)
    return None if found is None else found[0]


def seen(number: str) -> tuple[str, str] | None:
    """Return the state of a job, and why it waits or on which nodes it runs, as SLURM names them.

    Args:
        number: The job.

    Returns:
        Such as ``("PENDING", "Resources")`` or ``("RUNNING", "node[1-2]")``; None where it knows none of that number.
    """
    try:
        found = subprocess.run(
            ["squeue", "-h", "-t", "all", "-j", number, "-o", "%T|%R"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return UNREACHABLE
    if found.returncode and "Invalid job id" not in found.stderr:
        return UNREACHABLE  # the controller is being restarted; the job isn't lost for that
    lines = found.stdout.splitlines()
    if not lines:
        return None
    state, _, reason = lines[0].strip().partition("|")
    return state, reason.strip("()")
