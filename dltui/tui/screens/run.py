"""One run: its curves as they grow, its checkpoints, and its settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

from textual import on
from textual.app import ComposeResult

from dltui.files import size_in_words
from dltui.runs import Run
from dltui.runs.curves import Across, Sight
from dltui.runs.folder import step_of
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.catalog import Item
from dltui.tui.catalog.deeds import at_step
from dltui.tui.catalog.models import checkpoint_item
from dltui.tui.catalog.runs import Follower, RunStory
from dltui.tui.register import screen
from dltui.tui.screens.gallery import GalleryScreen
from dltui.tui.widgets.item_list import ItemList
from dltui.tui.widgets.rows import Heading, Row

EVERY = 0.5  # seconds between looks at the run's files
ASK_AGAIN = 10  # looks after which an unchanged run is read again
SMOOTH = (0.0, 0.6, 0.9, 0.98)  # weights of the moving average, one after the other
SIGHTS: tuple[Across, ...] = get_args(Across)

Stamp = tuple[tuple[int, int], ...]


class SightScreen(GalleryScreen):
    """Curves of runs, looked at over steps, epochs or time, smoothed or not; subclasses draw them again."""

    BINDINGS = actions.register(
        "These curves",
        Action("curves", "smooth", ("s",), "smooth", "Smooth the curves more, or not at all again."),
        Action("curves", "log", ("b",), "log", "Space losses by their logarithm, or evenly."),
        Action("curves", "across", ("O",), "over", "Draw over steps, over epochs, or over time."),
    )
    shelf_title = "Runs"

    def __init__(self, item: Item) -> None:
        super().__init__(item)
        self.sight = Sight()

    @property
    def options(self) -> str:
        """The options of the command line that draws the same."""
        parts = [f"--x {self.sight.across}"] if self.sight.across != "step" else []
        parts += [f"--smooth {self.sight.smooth:g}"] if self.sight.smooth else []
        return " ".join([*parts, *([] if self.sight.log else ["--linear"])])

    @property
    def holds(self) -> bool:
        """Whether they are looked at in a way of their own."""
        return self.sight != Sight()

    def redraw(self) -> None:
        """Draw what is known for another sight."""
        raise NotImplementedError

    def _look_by(self, sight: Sight) -> None:
        """Look otherwise, at the whole of each curve again."""
        self.sight = sight
        self.view.action_whole()
        self.redraw()
        self.notify(self.told_sight(), timeout=2)

    def told_sight(self) -> str:
        """Return how the curves are looked at, in words."""
        smooth = f"smoothed by {self.sight.smooth:g}" if self.sight.smooth else "not smoothed"
        return f"over {self.sight.across}, {smooth}, {'logarithmic' if self.sight.log else 'linear'} losses"

    def action_smooth(self) -> None:
        """Smooth more, after the most not at all."""
        at = SMOOTH.index(self.sight.smooth)
        self._look_by(replace(self.sight, smooth=SMOOTH[(at + 1) % len(SMOOTH)]))

    def action_log(self) -> None:
        """Change between logarithm and even spacing."""
        self._look_by(replace(self.sight, log=not self.sight.log))

    def action_across(self) -> None:
        """Draw over something else."""
        at = SIGHTS.index(self.sight.across)
        self._look_by(replace(self.sight, across=SIGHTS[(at + 1) % len(SIGHTS)]))


@screen("run")
class RunScreen(SightScreen):
    """The charts of a run, drawn again whenever its files have grown, and its checkpoints."""

    BINDINGS = actions.register(
        "This run",
        Action(
            "run", "checkpoints", ("tab",), "checkpoints", "Go to the checkpoints, and back to the curves."
        ),
        Action(
            "run", "deeds", ("a",), "act", "Choose what to do with the run, or with the chosen checkpoint."
        ),
        Action("run", "watch", ("d",), "dashboard", "Watch it: all curves at once, layers, what is ill."),
    )

    def __init__(self, item: Item) -> None:
        super().__init__(item)
        self._stamp: Stamp | None = None
        self._looks = 0
        self._follower = Follower(item.path)
        self._reading = False
        self._story: RunStory | None = None

    @property
    def command_line(self) -> str:
        """The command that shows the same curves."""
        return f"dltui runs show {self.item.path.name} {self.options}".rstrip()

    def compose_details(self) -> ComposeResult:
        """Put the checkpoints below the facts."""
        yield from super().compose_details()
        yield ItemList(id="checkpoints")

    def on_mount(self) -> None:
        """Begin to follow the files."""
        super().on_mount()
        self.set_interval(EVERY, self.read)

    def read(self) -> None:
        """Read what is new in a thread, unless nothing has changed since the last time."""
        # A killed run leaves its files as they are: only asking for its state tells, and that less often.
        self._looks += 1
        stamp = (*stamp_of(self.item.path), (self._looks // ASK_AGAIN, 0))
        if (stamp != self._stamp or self._follower.behind) and not self._reading:
            self._stamp, self._reading = stamp, True
            self.read_by(self._follower.look)

    def received(self, found: RunStory) -> None:
        """Show the charts as they are by now."""
        self._reading = False
        self._story = found
        self.redraw()
        self.query_one("#checkpoints", ItemList).fill(list(_checkpoints(found)))

    def fail(self, error: BaseException | None) -> None:
        """Tell why it can't be read."""
        self._reading = False
        super().fail(error)

    def redraw(self) -> None:
        """Draw what is known by now."""
        if self._story is not None:
            self.hang(self._story.figures(self.sight), self._story.facts, self._story.state)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer checkpoints when there are some, and ways to look at curves when there are some."""
        if action == "checkpoints":
            return self.is_mounted and bool(len(self.query_one("#checkpoints", ItemList)))
        if action in {"smooth", "log", "across"}:
            return self._story is not None and bool(self._story.curves)
        return super().check_action(action, parameters)

    def action_checkpoints(self) -> None:
        """Go to the checkpoints, and back to the curves."""
        found = self.query_one("#checkpoints", ItemList)
        if found.has_focus:
            self.set_focus(self.view)
        else:
            self.add_class("-details")
            self.set_focus(found)

    @on(ItemList.Opened)
    def _opened(self, event: ItemList.Opened) -> None:
        self.dltui.open_item(event.item)

    def action_watch(self) -> None:
        """Open the dashboard."""
        from dltui.commands.watch_screen import watch_item
        from dltui.watching.board import USUAL

        self.dltui.open_item(
            watch_item([str(self.item.path)], self.sight if self.sight != Sight() else USUAL)
        )

    def action_deeds(self) -> None:
        """Ask what to do with the chosen checkpoint, or with the run."""
        found = self.query_one("#checkpoints", ItemList)
        if self._story is None:
            return
        data = self._story.run.data
        if found.has_focus and found.chosen is not None:
            step = step_of(found.chosen.path)
            self.choose_deed(at_step(self._story.run.name, step, data), f"{self.item.name} at step {step}")
        else:
            self.ask_deed(self.item, data=data)


def _checkpoints(told: RunStory) -> Iterator[Row]:
    """Yield the checkpoints of a run, the newest first, with what was measured there."""
    run: Run = told.run
    steps = sorted(run.steps(), reverse=True)
    if steps:
        yield Heading("Checkpoints", str(len(steps)))
    for step in steps:
        try:
            path = run.checkpoint(step)
            size = size_in_words(path.stat().st_size)
            yield checkpoint_item(path, f"step {step}", told.judged.get(step, size))
        except OSError:  # deleted while we look
            continue


def stamp_of(folder: Path) -> Stamp:
    """Return sizes and times of a run's files, to see whether they have changed."""
    stamps = []
    for name in ("run.json", "metrics.jsonl"):
        try:
            known = (folder / name).stat()
        except OSError:
            stamps.append((0, 0))
        else:
            stamps.append((known.st_size, known.st_mtime_ns))
    return tuple(stamps)
