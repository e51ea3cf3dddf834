"""The dashboard: runs as they go on, in as many pictures as there is room for."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from dltui.errors import DltuiError
from dltui.runs.control import Ask as Wanted
from dltui.runs.curves import Across, Sight
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.catalog import Item
from dltui.tui.register import screen
from dltui.tui.screens.ask import Ask
from dltui.tui.screens.base import Room
from dltui.tui.trouble import sentence
from dltui.tui.widgets.figure_view import FigureView
from dltui.tui.widgets.pace import waiting
from dltui.tui.widgets.pane_grid import PaneGrid
from dltui.tui.widgets.run_lines import RunLines, finding_lines
from dltui.tui.widgets.tab_line import TabLine
from dltui.watching.board import USUAL, Board, Seen, Wish
from dltui.watching.panes import called, diagnosis
from dltui.watching.source import find_sources

EVERY = 0.05  # seconds between looks at the files
REST = 4.0  # a picture that took this long is followed by so many times as long a rest: a fifth of a core at most
SMOOTH = (0.9, 0.98, 0.0, 0.6)  # weights of the moving average, one after the other
SIGHTS: tuple[Across, ...] = get_args(Across)


def watch_item(folders: Sequence[str], sight: Sight = USUAL) -> Item:
    """Return what opens the dashboard of some runs.

    Args:
        folders: Where the runs are.
        sight: How to look at their curves at first.

    Returns:
        An item whose key holds all of it, so that it can be opened again after a restart.
    """
    names = [Path(folder).name for folder in folders]
    shown = names[0] if len(names) == 1 else f"{len(names)} runs"
    key = json.dumps([*folders] if sight == USUAL else [*folders, asdict(sight)])
    return Item("watch", f"watch {shown}", "as it goes on", key, shlex.join(["dltui", "watch", *names]))


def _unpacked(key: str) -> tuple[list[str], Sight]:
    """Return folders and sight of a key; none when ``watch_item`` did not make it."""
    try:
        parts = json.loads(key)
        told = [part for part in parts if isinstance(part, dict)]
        return [str(part) for part in parts if isinstance(part, str)], Sight(**told[0]) if told else USUAL
    except (ValueError, TypeError):
        return [], USUAL


@screen("watch")
class WatchScreen(Room):
    """Runs as they go on; nothing is drawn again but what has changed."""

    DEFAULT_CSS = """
    WatchScreen {
        RunLines { margin: 1 0 0 0; }
        #ill { height: auto; padding: 0 1; }
        #names { margin: 1 0 0 0; }
        #panes { margin: 1 0 0 0; }
        #diagnosis { display: none; height: 1fr; margin: 1 0 0 0; padding: 0 1; }
        #diagnosis Static { height: auto; }

        &.-low RunLines, &.-low #names, &.-low #panes { margin: 0; }
        &.-low #panes { grid-gutter: 0 1; }
        &.-ill #panes, &.-ill #names, &.-ill #ill { display: none; }
        &.-ill #diagnosis { display: block; }
    }
    """
    BINDINGS = actions.register(
        "The watched runs",
        Action("watch", "pause", ("space",), "pause", "Let the run pause after its step, or go on."),
        Action("watch", "stop", ("S",), "stop", "Let the run end after its step; one can go on from there."),
        Action("watch", "checkpoint", ("C",), "checkpoint", "Let the run keep a checkpoint now."),
        Action("watch", "pane", ("n", "p"), "next", "Go to the next picture, or the one before.", ("1", "-1")),
        Action("watch", "number", (*"123456789",), "", "Go to a picture by its number.", (*"123456789",), shown=0),
        Action("watch", "alone", ("z", "enter"), "enlarge", "Show one picture alone, or several again."),
        Action("watch", "neighbour", ("tab", "shift+tab"), "", "Go to the picture beside, or the one before.",
               ("1", "-1"), shown=0),
        Action("watch", "diagnosis", ("d",), "diagnosis", "Show everything that is ill, and what to try."),
        Action("watch", "smooth", ("s",), "smooth", "Smooth the curves more, or not at all again."),
        Action("watch", "log", ("b",), "log", "Space losses by their logarithm, or evenly."),
        Action("watch", "across", ("O",), "over", "Draw over steps, over epochs, or over time."),
        Action("watch", "lead", ("r",), "run", "Show the layers of the next run, and let keys ask that one."),
        Action("watch", "copy_command", ("y",), "copy command", "Copy the command that shows the same."),
    )  # fmt: skip
    AUTO_FOCUS = "ComparedView"

    def __init__(self, item: Item) -> None:
        super().__init__(item)
        self._folders, sight = _unpacked(item.key)
        self._wish = Wish(sight=sight)
        self._busy = self._again = False
        self._board: Board | None = None
        self._seen: Seen | None = None
        self._free_at = 0.0

    # what the frame asks

    @property
    def crumbs(self) -> tuple[str, ...]:
        """The shelf, the runs, and that they are watched."""
        return ("Runs", self.item.name.removeprefix("watch "), "watch")

    @property
    def command_line(self) -> str:
        """The command that shows the same."""
        sight = self._wish.sight
        words = [] if sight.across == "step" else ["--x", sight.across]
        words += [] if sight.smooth == USUAL.smooth else ["--smooth", f"{sight.smooth:g}"]
        words += [] if sight.log else ["--linear"]
        return shlex.join([*shlex.split(self.item.command), *words])

    @property
    def about(self) -> str:
        """What is ill, and every picture in words."""
        if self._seen is None:
            return ""
        told = [diagnosis(self._seen.runs), *self._seen.figures]
        return "\n\n".join(f"{figure.title}: {figure.words()}" for figure in told)

    @property
    def holds(self) -> bool:
        """Nothing: what it shows is read from the disk."""
        return False

    def remember(self) -> dict[str, Any]:
        """Return what is looked at, and how."""
        wish = self._wish
        return {
            "active": wish.active,
            "alone": self.grid.alone,
            "lead": wish.lead,
            "sight": asdict(wish.sight),
        }

    def recall(self, known: dict[str, Any]) -> None:
        """Look at the same in the same way."""
        try:
            sight = Sight(**known["sight"])
            active, lead = int(known["active"]), int(known["lead"])
        except (KeyError, TypeError, ValueError, DltuiError):
            return
        self._wish = replace(self._wish, sight=sight, active=max(0, active), lead=max(0, lead))
        self.grid.alone = known.get("alone") is True

    def furnish(self) -> ComposeResult:
        """Lay out how the runs stand, what is ill, and the pictures."""
        yield RunLines()
        yield Static(id="ill", markup=False)
        yield TabLine(id="names")
        yield PaneGrid(id="panes")
        with VerticalScroll(id="diagnosis"):
            yield Static(id="all", markup=False)

    @property
    def grid(self) -> PaneGrid:
        """The pictures."""
        return self.query_one(PaneGrid)

    # following

    def on_mount(self) -> None:
        """Begin to read, and look at the files again and again."""
        self.tell("reading …")
        self.set_interval(EVERY, self._tick)

    def on_resize(self) -> None:
        """Show as many pictures as there is room for now."""
        self._read(soon=True)

    def _tick(self) -> None:
        """Look whether there is something new, where somebody sees it and the terminal has taken the last picture."""
        if self.app.screen_stack[0] is not self or time.monotonic() < self._free_at or waiting(self.app):
            return
        if self._board is None or self._board.changed:
            self._read()

    def _read(self, *, soon: bool = False) -> None:
        """Read what is new, in a thread; once more after it where something else is wished meanwhile."""
        if self._busy:
            self._again |= soon
            return
        self._busy = True
        self._wish = replace(self._wish, count=self.grid.room)
        work = partial(_look, self._board, self._folders, self._wish)
        self.run_worker(work, thread=True, exclusive=True, group="read", exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show what was read, or tell why it can't be."""
        event.stop()
        if event.worker.group != "read" or event.state not in {WorkerState.SUCCESS, WorkerState.ERROR}:
            return
        self._busy = False
        if event.state is WorkerState.ERROR:
            self.tell("can't be read")
            self.query_one("#ill", Static).update(Content.styled(sentence(event.worker.error), "$text-error"))
            self._free_at = time.monotonic() + 2
            return
        self._board, seen, took = event.worker.result  # type: ignore[misc]
        began = time.monotonic()
        self._show(seen)
        self._free_at = time.monotonic() + REST * (took + time.monotonic() - began)
        if self._again:
            self._again = False
            self._read()

    # showing

    def _show(self, seen: Seen) -> None:
        """Show what there is to see by now."""
        first, self._seen = self._seen is None, seen
        self._wish = replace(self._wish, active=min(self._wish.active, len(seen.names) - 1))
        lines = self.query_one(RunLines)
        lines.show(seen.runs, min(self._wish.lead, len(seen.runs) - 1))
        self._tell_ill(seen)
        names = self.query_one("#names", TabLine)
        names.names, names.active = tuple(map(called, seen.names)), self._wish.active
        self.grid.hang(seen.shown, seen.figures)
        if first:
            self._focus()
        self.tell(self._remark())
        self.refresh_bindings()

    def _tell_ill(self, seen: Seen) -> None:
        """Write the worst of what is ill below the runs, and all of it where it was asked for."""
        room = 1 if self.size.height < 34 else 3
        self.query_one("#ill", Static).update(finding_lines(seen.runs, room, self.size.width - 2))
        if self.has_class("-ill"):
            self.query_one("#all", Static).update(finding_lines(seen.runs, None, self.size.width - 4))

    def _remark(self) -> str:
        sight = self._wish.sight
        smooth = f"smoothed by {sight.smooth:g}" if sight.smooth else "not smoothed"
        return f"over {sight.across} · {smooth} · {'log' if sight.log else 'linear'}"

    def _focus(self) -> None:
        """Give the keys to the chosen picture."""
        if self._seen is not None:
            self.grid.give_keys(self._wish.active - self._seen.first)

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what means something for what is shown."""
        seen = self._seen
        if action in {"pause", "stop", "checkpoint"}:
            return (
                seen is not None
                and self._led(seen).state == "running"
                and self._led(seen).source.run is not None
            )
        if action == "lead":
            return seen is not None and len(seen.runs) > 1
        if action in {"pane", "number", "alone", "neighbour"}:
            return seen is not None and len(seen.names) > 1 and not self.has_class("-ill")
        if action in {"smooth", "log", "across", "diagnosis"}:
            return seen is not None
        return super().check_action(action, parameters)

    def _led(self, seen: Seen) -> Any:
        """Return the run that keys ask."""
        return seen.runs[min(self._wish.lead, len(seen.runs) - 1)]

    def action_pause(self) -> None:
        """Let the run pause, or go on."""
        assert self._seen is not None, "offered only then"
        self._ask("go-on" if self._led(self._seen).paused else "pause")

    def action_checkpoint(self) -> None:
        """Let the run keep a checkpoint."""
        self._ask("checkpoint")

    def action_stop(self) -> None:
        """Let the run end, after a question."""
        assert self._seen is not None, "offered only then"
        name = self._led(self._seen).source.name
        question = f"Let {name} end after the step that it is at?"
        self.app.push_screen(Ask(question, yes="Stop it", no="Let it go on"), self._stop)

    def _stop(self, sure: bool | None) -> None:
        if sure:
            self._ask("stop")

    def _ask(self, what: Wanted) -> None:
        """Ask the run for something, and tell that it was asked."""
        assert self._seen is not None, "offered only then"
        one = self._led(self._seen)
        try:
            one.ask(what)
        except DltuiError as error:
            self.notify(str(error), severity="error", markup=False)
        else:
            self.notify(f"asked {one.source.name}: {what}", timeout=2, markup=False)

    def action_pane(self, step: int) -> None:
        """Go to another picture."""
        assert self._seen is not None, "offered only then"
        self._choose((self._wish.active + step) % len(self._seen.names))

    def action_number(self, number: int) -> None:
        """Go to a picture by its number."""
        if self._seen is not None and number <= len(self._seen.names):
            self._choose(number - 1)

    def action_neighbour(self, step: int) -> None:
        """Go to a picture beside this one."""
        self.action_pane(step)

    def _choose(self, active: int) -> None:
        """Choose a picture; those of its page are read where another one is shown."""
        seen = self._seen
        assert seen is not None, "offered only then"
        self._wish = replace(self._wish, active=active)
        self.query_one("#names", TabLine).active = active
        if seen.first <= active < seen.first + len(seen.figures):
            self._focus()
        else:
            self._read(soon=True)
            self.call_after_refresh(self._focus)

    @on(TabLine.Chosen)
    def _clicked(self, event: TabLine.Chosen) -> None:
        self._choose(event.index)

    def action_alone(self) -> None:
        """Show one picture alone, or several."""
        self.grid.alone = not self.grid.alone
        self._read(soon=True)

    def action_diagnosis(self) -> None:
        """Show everything that is ill in place of the pictures, and back."""
        self.toggle_class("-ill")
        if self._seen is not None:
            self._tell_ill(self._seen)
        if self.has_class("-ill"):
            self.set_focus(self.query_one("#diagnosis"))
        else:
            self._focus()
        self.refresh_bindings()

    def action_smooth(self) -> None:
        """Smooth more, after the most not at all."""
        now = self._wish.sight.smooth
        self._look_by(smooth=SMOOTH[(SMOOTH.index(now) + 1) % len(SMOOTH)] if now in SMOOTH else SMOOTH[0])

    def action_log(self) -> None:
        """Change between logarithm and even spacing."""
        self._look_by(log=not self._wish.sight.log)

    def action_across(self) -> None:
        """Draw over something else."""
        at = SIGHTS.index(self._wish.sight.across)
        self._look_by(across=SIGHTS[(at + 1) % len(SIGHTS)])

    def _look_by(self, **parts: Any) -> None:
        self._wish = replace(self._wish, sight=replace(self._wish.sight, **parts))
        self.tell(self._remark())
        self._read(soon=True)

    def action_lead(self) -> None:
        """Show the layers of another run."""
        assert self._seen is not None, "offered only then"
        self._wish = replace(self._wish, lead=(self._wish.lead + 1) % len(self._seen.runs))
        self._read(soon=True)

    def action_copy_command(self) -> None:
        """Copy the command line."""
        self.copy(self.command_line)

    @on(FigureView.Readout)
    def _read_out(self, event: FigureView.Readout) -> None:
        event.stop()


def _look(board: Board | None, folders: list[str], wish: Wish) -> tuple[Board, Seen, float]:
    """Return what there is to see by now, with the processor time that it took; called in a thread."""
    began = time.thread_time()
    followed = board or Board(find_sources(folders))
    seen = followed.look(wish)
    return followed, seen, time.thread_time() - began
