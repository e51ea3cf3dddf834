"""What runs on the nodes of a cluster: one command line, queued again when it was told to save and did."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from dltui.files import write_text
from dltui.ranks import rank_environment
from dltui.runs.checkpoint import sweep
from dltui.runs.folder import open_run
from dltui.runs.new import change
from dltui.training.launch.again import gone_on_with
from dltui.training.launch.ranks import SUPERVISED
from dltui.training.launch.slurm import EXIT, state_of

REQUEUE = 75
TOLD = {"PROCID": "0", "NTASKS": "1", "LOCALID": "0", "JOB_NUM_NODES": "1", "JOB_ID": "0"}
FIRST_PORT, PORTS = (
    20_000,
    20_000,
)  # where the processes of a job meet; jobs that share a node have other ports


def main(path: Path) -> int:
    """Run the command of a file.

    Args:
        path: The JSON file that ``submit`` wrote.

    Returns:
        The exit code of the command.
    """
    task = json.loads(path.read_text(encoding="utf-8"))
    first = os.environ.get("SLURM_PROCID", "0") == "0"
    for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCONT):
        signal.signal(number, _ignore)  # SLURM sends them to the command itself as well
    code = _run(task, first=first)
    job = os.environ.get("SLURM_JOB_ID", "")
    if not first:
        return code
    if code == REQUEUE and state_of(job) == "RUNNING":
        print(f"dltui: was told to save; job {job} is queued again", file=sys.stderr, flush=True)  # noqa: T201
        subprocess.run(["scontrol", "requeue", job], check=True)
        time.sleep(60)  # SLURM ends this process
        return code
    told = {
        "job": job,
        "code": code if code >= 0 else 128 - code,
        "host": socket.gethostname(),
        "time": time.time(),
    }
    write_text(Path(task["folder"]) / EXIT, json.dumps(told) + "\n")
    return code


def _run(task: dict[str, Any], *, first: bool) -> int:
    """Run the command line and return its exit code; what processes after the first print goes to their own logs."""
    restarts = int(os.environ.get("SLURM_RESTART_COUNT", "0") or 0)
    again = restarts > 0
    words = task["again"] if again and task["again"] else task["words"]
    if again and not task["run"]:
        words = gone_on_with(words)
    command = [sys.executable, "-m", "dltui", *words]
    env = os.environ | task["env"] | (_ranks() if task["run"] else {})
    if task["run"] and first:
        _take_over(Path(task["run"]), restarts)
    if not first:
        return subprocess.run(
            command, cwd=task["work"], env=env, stdin=subprocess.DEVNULL, check=False
        ).returncode
    folder = Path(task["folder"])
    mode = "ab" if again or task["append"] else "wb"
    with (folder / "stdout.json").open("wb") as out, (folder / "stderr.txt").open(mode) as err:
        return subprocess.run(
            command, cwd=task["work"], env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err, check=False
        ).returncode


def _ranks() -> dict[str, str]:
    """Return what the processes of a training must be told to find each other, by what SLURM told this one."""
    told = {name: int(os.environ.get(f"SLURM_{name}", default)) for name, default in TOLD.items()}
    if told["NTASKS"] == 1:
        return {SUPERVISED: "1"}
    found = rank_environment(
        told["PROCID"],
        told["NTASKS"],
        local=told["LOCALID"],
        here=told["NTASKS"] // max(1, told["JOB_NUM_NODES"]),
        address=_address(os.environ["SLURM_JOB_NODELIST"]),
        port=FIRST_PORT + told["JOB_ID"] % PORTS,
    )
    return found | {SUPERVISED: "1"}


def _address(nodes: str) -> str:
    """Return where the first of some nodes is reached; the name that SLURM gives it need not be one of a host."""
    first = _said("scontrol", "show", "hostnames", nodes).split()[0]
    try:
        words = _said("scontrol", "-o", "show", "node", first).split()
    except (
        subprocess.CalledProcessError
    ):  # the controller is being restarted, and most names are those of hosts
        return first
    told = dict(word.partition("=")[::2] for word in words)
    return told.get("NodeAddr") or first


def _said(*words: str) -> str:
    """Return what a command prints."""
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def _take_over(folder: Path, restarts: int) -> None:
    """Write on the card of a run that it goes on here."""
    run = open_run(folder)
    sweep(run)
    change(
        run,
        state="running",
        reason="",
        attempt=run.attempt + bool(restarts),
        host=socket.gethostname(),
        pid=os.getpid(),
    )


def _ignore(number: int, frame: object) -> None:
    """Let a signal pass; a handler, unlike SIG_IGN, is not handed on to the command."""


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
