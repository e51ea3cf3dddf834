"""One visitor: a process of the application, and the socket to the browser that shows it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from textual_serve.app_service import AppService

PATIENCE = 2.0  # seconds that the application has to leave by itself
MOST_CELLS = (1000, 500)  # columns and rows that a browser may ask for


class Visit(AppService):
    """Starts the application for one browser, and ends it with everything that it has started."""

    opened: Path | None = None

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        """Start the application without a shell, in a session of its own: a Ctrl-C is the server's alone."""
        arguments = ["-m", "dltui.serving.visitor", *([str(self.opened)] if self.opened else [])]
        environment = self._build_environment(*_sane(width, height))
        environment.pop("DLTUI_TOKEN", None)
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=environment,
            start_new_session=True,
        )
        self._stdin = process.stdin
        return process

    async def set_terminal_size(self, width: int, height: int) -> None:
        """Tell the application the size of the browser's window, in cells."""
        await super().set_terminal_size(*_sane(width, height))

    async def stop(self) -> None:
        """Ask the application to leave; after a while take it away, and what it left running."""
        task, process = self._task, self._process
        if task is None or process is None:
            return
        self._task = None
        await self._download_manager.cancel_app_downloads(app_service_id=self.app_service_id)
        await self.send_meta({"type": "quit"})
        await _within(PATIENCE, process.wait())
        _end(process.pid, signal.SIGTERM)
        if process.returncode is None and not await _within(PATIENCE, process.wait()):
            _end(process.pid, signal.SIGKILL)
            await process.wait()
        _end(process.pid, signal.SIGKILL)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _within(seconds: float, coming: Coroutine[Any, Any, int]) -> bool:
    """Return whether a process ended in time."""
    try:
        await asyncio.wait_for(coming, seconds)
    except TimeoutError:
        return False
    return True


def _end(leader: int, how: signal.Signals) -> None:
    """End every process of a session, also when the first of them has gone."""
    try:
        os.killpg(leader, how)
    except (ProcessLookupError, PermissionError):
        return


def _sane(width: int, height: int) -> tuple[int, int]:
    """Return a size that can be drawn, whatever the browser says."""
    return max(1, min(MOST_CELLS[0], int(width))), max(1, min(MOST_CELLS[1], int(height)))
