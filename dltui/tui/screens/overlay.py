"""Several runs in one chart each, and what their settings differ in."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from textual import on
from textual.app import ComposeResult

from dltui.errors import DltuiError
from dltui.runs import Follower, Run, find_run, open_run, runs_folder
from dltui.runs.compare import differences, overlay, tints
from dltui.runs.curves import Curve, Sight, curves_of
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.catalog import Item
from dltui.tui.register import screen
from dltui.tui.screens.run import EVERY, SightScreen, Stamp, stamp_of
from dltui.tui.widgets.legend import Legend, entries_of
from dltui.watching.source import MOST


@dataclass(frozen=True)
class Told:
    """What several runs tell.

    Attributes:
        runs: Their cards, by name.
        curves: Their curves, by name.
        lost: Names of those that can't be read any more.
    """

    runs: dict[str, Run]
    curves: dict[str, tuple[Curve, ...]]
    lost: tuple[str, ...] = ()


@screen("overlay")
class OverlayScreen(SightScreen):
    """Runs laid over each other, each in its own colour; followed while they go on."""

    BINDINGS = actions.register(
        "These runs",
        Action("overlay", "legend", ("tab",), "legend", "Go to the legend, and back to the curves."),
        Action(
            "overlay",
            "pin",
            ("P", "asterisk"),
            "pin",
            "Compare the others with the run of the legend, or none.",
        ),
        Action(
            "overlay", "watch", ("d",), "dashboard", "Watch them: all curves at once, layers, what is ill."
        ),
    )

    def __init__(self, item: Item) -> None:
        super().__init__(item)
        self._hidden: set[str] = set()
        self._pinned = ""
        self._told: Told | None = None
        self._stamps: tuple[Stamp, ...] | None = None
        self._reading = False
        self._followers: dict[str, Follower] = {}

    @property
    def holds(self) -> bool:
        """Whether runs were hidden or pinned."""
        return super().holds or bool(self._hidden or self._pinned)

    @property
    def names(self) -> list[str]:
        """The runs, the one that the others are compared with first."""
        return sorted(self.item.key.split(","), key=lambda name: name != self._pinned)

    @property
    def command_line(self) -> str:
        """The command that shows the same."""
        shown = ",".join(name for name in self.names if name not in self._hidden)
        return f"dltui runs compare {shown} {self.options}".rstrip()

    def compose_details(self) -> ComposeResult:
        """Put the legend above the facts."""
        yield Legend()
        yield from super().compose_details()

    def on_mount(self) -> None:
        """Begin to follow the files."""
        super().on_mount()
        self.add_class("-details")
        self.set_interval(EVERY, self.read)

    def read(self) -> None:
        """Read the runs in a thread, unless nothing has changed since the last time."""
        stamps = tuple(stamp_of(_folder(name)) for name in self.names)
        if stamps != self._stamps and not self._reading:
            self._stamps, self._reading = stamps, True
            names = self.item.key.split(",")
            self.read_by(lambda: _told(names, self._followers))

    def received(self, found: Told) -> None:
        """Show the curves as they are by now."""
        self._reading, self._told = False, found
        self.redraw()

    def fail(self, error: BaseException | None) -> None:
        """Tell why they can't be read."""
        self._reading = False
        super().fail(error)

    def redraw(self) -> None:
        """Draw the runs that aren't hidden."""
        told = self._told
        if told is None:
            return
        known = [name for name in self.names if name in told.runs]
        shown = [name for name in known if name not in self._hidden]
        colours = tints(list(told.runs.values()))
        figures = overlay({name: told.curves[name] for name in shown}, colours, self.sight)
        table = differences([told.runs[name] for name in shown])
        facts = [("compared", f"{len(shown)} of {len(known)} runs"), ("seen", self.told_sight())]
        facts += [("lost", name) for name in told.lost]
        self.query_one(Legend).entries = entries_of(known, colours, self._hidden, self._pinned)
        self.hang([*figures, table], tuple(facts), f"{len(known)} runs")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Pin from within the legend."""
        if action == "pin":
            return isinstance(self.focused, Legend)
        return super().check_action(action, parameters)

    def action_legend(self) -> None:
        """Go to the legend, and back to the curves."""
        legend = self.query_one(Legend)
        self.add_class("-details")
        self.set_focus(self.view if legend.has_focus else legend)

    def action_watch(self) -> None:
        """Open the dashboard of the runs that are shown."""
        from dltui.commands.watch_screen import watch_item
        from dltui.watching.board import USUAL

        names = [name for name in self.names if name not in self._hidden][:MOST]
        self.dltui.open_item(
            watch_item(
                [str(runs_folder() / name) for name in names], self.sight if self.sight != Sight() else USUAL
            )
        )

    def action_pin(self) -> None:
        """Compare the others with the chosen run, or with none any more."""
        chosen = self.query_one(Legend).chosen
        self._pinned = "" if chosen == self._pinned else chosen
        self._hidden.discard(chosen)
        self.query_one(Legend).cursor = 0
        self.redraw()

    @on(Legend.Toggled)
    def _toggled(self, event: Legend.Toggled) -> None:
        others = set(self.names) - self._hidden - {event.name}
        if event.name in self._hidden or others:  # the last one stays
            self._hidden ^= {event.name}
            self.redraw()


def _told(names: list[str], followers: dict[str, Follower]) -> Told:
    """Return what runs tell; those that are gone are named.

    Raises:
        DltuiError: If none can be read.
    """
    runs: dict[str, Run] = {}
    lost = []
    for name in names:
        try:
            runs[name] = open_run(_folder(name))
        except DltuiError:
            lost.append(name)
            continue
        if name not in followers:
            followers[name] = Follower(runs[name])
    if not runs:
        find_run(names[0])  # raises the sentence that says what is wrong
    return Told(runs, {name: tuple(curves_of(followers[name].look())) for name in runs}, tuple(lost))


def _folder(name: str) -> Path:
    """Return the folder of a run that is called so, or that was until it went away."""
    folder = runs_folder() / name
    if not folder.exists():
        with suppress(DltuiError):
            return find_run(name).folder
    return folder
