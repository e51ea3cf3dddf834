"""What of a figure can be taken away: a file, its text, a recording."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.worker import Worker, WorkerState

from dltui.draw import draw
from dltui.draw.canvas import Canvas
from dltui.draw.endings import KINDS, MOVING
from dltui.draw.look import Depth
from dltui.draw.recording import MOST, Recording
from dltui.draw.scene.eye import seen_from
from dltui.tui.screens.export import ExportScreen
from dltui.tui.trouble import sentence

if TYPE_CHECKING:
    from dltui.tui.widgets.figure_view import FigureView

GROUP = "keep"


class Keeping:
    """Saves, copies and records what a view shows.

    Attributes:
        stem: What files are called at first, without an ending; the figure's title when empty.
    """

    def __init__(self, view: FigureView) -> None:
        self._view = view
        self._recording: Recording | None = None
        self.stem = ""

    @property
    def recording(self) -> bool:
        """Whether frames are being kept."""
        return self._recording is not None

    def ask(self) -> None:
        """Ask for a name, then write the figure to it."""
        view, figure = self._view, self._view.figure
        if figure is None:
            return
        look, seen = replace(view.plain_look(), width=max(100, view.size.width), height=None), view.view

        def write(path: Path) -> None:
            from dltui.draw import save

            save([seen_from(figure, seen)], path, look)

        self.ask_for("figure", ".png", KINDS, write)

    def copy(self) -> None:
        """Put the figure on the clipboard as text, as it is shown but without colours."""
        view = self._view
        if view.figure is None:
            return
        look = replace(view.plain_look(), depth=Depth.NONE, pixels=None)
        lines = draw(view.figure, look, view.view).canvas.plain()
        while lines and not lines[-1]:
            lines.pop()
        view.app.copy_to_clipboard("\n".join(lines))
        view.notify(f"{len(lines)} lines of text", title="Copied")

    def toggle(self) -> None:
        """Begin to record, or end and ask for a name."""
        if self._recording is None:
            front, back = self._view.ground()
            self._recording = Recording(paper=back, ink=front)
            self.frame(self._view.canvas)
            self._view.notify("Every frame is kept until you press V again.", title="Recording")
            return
        recording, self._recording = self._recording, None
        if recording.every > 1:
            self._view.notify(
                f"It was long: one frame in {recording.every} was kept, {MOST} are the most.",
                title="Recording",
            )
        self.ask_for(f"recording of {recording.seconds:.1f} s", ".gif", MOVING, recording.save)

    def frame(self, canvas: Canvas) -> None:
        """Keep a frame if a recording runs."""
        if self._recording is not None and canvas.width:
            self._recording.add(canvas, time.monotonic())

    def stop(self) -> None:
        """Throw a recording away."""
        self._recording = None

    def ask_for(self, what: str, ending: str, kinds: dict[str, str], write: Callable[[Path], None]) -> None:
        """Ask for a name, then write in a thread.

        Args:
            what: What is written, for the question.
            ending: That of the name that is proposed.
            kinds: The endings that there are, and what each writes.
            write: Writes to a path.
        """
        view = self._view
        title = view.figure.title if view.figure is not None else ""
        folder: Path = getattr(view.app, "folder", Path.cwd())

        def answer(name: str | None) -> None:
            if name:
                path = folder / Path(name).expanduser()
                if kinds is MOVING:
                    view.notify(path.name, title="Writing", markup=False)
                view.run_worker(
                    partial(write, path), thread=True, group=GROUP, name=str(path), exit_on_error=False
                )

        screen = ExportScreen((self.stem or named(title)) + ending, folder, kinds, what)
        view.app.push_screen(screen, answer)

    def written(self, event: Worker.StateChanged) -> None:
        """Tell how writing a file ended."""
        name, view = event.worker.name, self._view
        if event.state is WorkerState.SUCCESS:
            view.notify(name, title="Written", markup=False)
        elif event.state is WorkerState.ERROR:
            view.notify(sentence(event.worker.error), title="Not written", severity="error", markup=False)


def named(title: str) -> str:
    """Return the name of a file for a title: its first words in small letters."""
    words = re.findall(r"[a-z0-9]+", title.lower())
    return "-".join(words[:5]) or "figure"
