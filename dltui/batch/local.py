"""Jobs as processes of this machine, each leading a group of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress

from dltui.batch.leash import PARENT
from dltui.batch.place import Task
from dltui.errors import DltuiError


class Process:
    """One process with all that it starts."""

    def __init__(self, task: Task) -> None:
        env = os.environ | {PARENT: str(os.getpid())} | dict(task.env)
        with (
            (task.folder / "stdout.json").open("wb") as out,
            (task.folder / "stderr.txt").open("ab" if task.again else "wb") as err,
        ):
            self._process = subprocess.Popen(
                [sys.executable, "-m", "dltui.batch.leash", *task.words],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=task.work,
                env=env,
                start_new_session=True,
            )
        self.label = f"pid {self._process.pid}"

    def poll(self) -> int | None:
        """Return the exit code, below 0 for a signal, or None while it runs; what it left behind is ended."""
        if self._process.returncode is None:
            if os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return None
            self.signal(signal.SIGKILL)  # before its number can be given to another process
        return self._process.poll()

    def signal(self, number: int) -> None:
        """Send a signal to the whole group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


class Local:
    """This machine."""

    def start(self, task: Task) -> Process:
        """Start a command line.

        Raises:
            DltuiError: If no process can be made.
        """
        try:
            return Process(task)
        except OSError as error:
            raise DltuiError(
                f"no process could be started for job {task.name!r}: {error.strerror or error}"
            ) from error
