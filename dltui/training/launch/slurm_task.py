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
from dltui.training.launch.slurm import EXIT, state_of

REQUEUE = 75


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
    again = int(os.environ.get("SLURM_RESTART_COUNT", "0") or 0) > 0
    words = task["again"] if again and task["again"] else task["words"]
    command = [sys.executable, "-m", "dltui", *words]
    env = os.environ | task["env"]
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


def _ignore(number: int, frame: object) -> None:
    """Let a signal pass; a handler, unlike SIG_IGN, is not handed on to the command."""


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
