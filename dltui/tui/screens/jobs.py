"""The jobs of this session, laid over whatever screen one is on."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from dltui.jobs import Job
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.catalog.jobs import in_order
from dltui.tui.widgets.choices import Choices
from dltui.tui.widgets.job_line import job_line
from dltui.tui.widgets.key_bar import KeyBar

if TYPE_CHECKING:
    from dltui.tui.app import DltuiApp

EVERY = 0.5  # seconds between looks at the clock


class JobsPane(ModalScreen[Job | None]):
    """Every job with its progress; enter opens one, c cancels it."""

    BINDINGS = actions.register(
        "The jobs pane",
        Action("jobs", "cancel", ("c",), "cancel", "Stop the chosen job; what it knows by now is kept."),
        Action(
            "jobs", "cursor", ("j", "k"), "", "Go to the next job, or the one before.", ("1", "-1"), shown=0
        ),
        Action("jobs", "leave", ("escape", "J", "q"), "close", "Close the pane."),
    )
    DEFAULT_CSS = """
    JobsPane { align: right bottom; }
    JobsPane > Vertical {
        width: 90; max-width: 100%; height: auto; max-height: 70%; background: $surface; border: round $primary;
        border-title-color: $text-primary; padding: 0 1;
    }
    JobsPane OptionList {
        height: auto; max-height: 100%; border: none; background: transparent; padding: 0;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    JobsPane OptionList:focus { border: none; background-tint: $foreground 0%; }
    JobsPane OptionList > .option-list--option-highlighted { background: $foreground 8%; color: $foreground; }
    JobsPane OptionList:focus > .option-list--option-highlighted {
        background: $primary-muted; color: $foreground; text-style: none;
    }
    JobsPane #none { display: none; height: auto; color: $foreground 70%; }
    JobsPane.-none #none { display: block; }
    JobsPane.-none OptionList { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._jobs: list[Job] = []

    @property
    def dltui(self) -> DltuiApp:
        """The application, by its own type."""
        return cast("DltuiApp", self.app)

    @property
    def chosen(self) -> Job | None:
        """The job under the cursor."""
        place = self.query_one(OptionList).highlighted
        return self._jobs[place] if place is not None and place < len(self._jobs) else None

    def compose(self) -> ComposeResult:
        """Lay out one list."""
        with Vertical() as box:
            box.border_title = "Jobs"
            yield Choices()
            yield Static("Nothing runs, and nothing ran since dltui was opened.", id="none")
        yield KeyBar()

    def on_mount(self) -> None:
        """Follow the jobs."""
        self.dltui.job_news.subscribe(self, lambda _: self._write())
        self.set_interval(EVERY, self._write)
        self.call_after_refresh(self._write)

    def _write(self) -> None:
        """Write every job as it stands; the cursor stays on the same one."""
        chosen, lines = self.chosen, self.query_one(OptionList)
        jobs = in_order(self.dltui.jobs)
        self.set_class(not jobs, "-none")
        width = max(30, lines.size.width - 2)
        if jobs != self._jobs:
            self._jobs = jobs
            lines.clear_options()
            lines.add_options([Option(job_line(job, width)) for job in jobs])
            if jobs:
                lines.highlighted = jobs.index(chosen) if chosen in jobs else 0
        else:
            for place, job in enumerate(jobs):
                lines.replace_option_prompt_at_index(place, job_line(job, width))
        offers = (
            "enter opens" if jobs else "",
            "c cancels" if self.check_action("cancel", ()) else "",
            "esc closes",
        )
        self.query_one(Vertical).border_subtitle = " · ".join(filter(None, offers))
        self.refresh_bindings()

    @on(OptionList.OptionSelected)
    def _open(self) -> None:
        self.dismiss(self.chosen)

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer a cancel only for what still moves."""
        if action == "cancel":
            return self.chosen is not None and not self.chosen.over
        return super().check_action(action, parameters)

    def action_cancel(self) -> None:
        """Stop the chosen job."""
        assert self.chosen is not None, "offered only then"
        self.chosen.cancel()
        self._write()

    def action_cursor(self, step: int) -> None:
        """Go to another job."""
        lines = self.query_one(OptionList)
        if step > 0:
            lines.action_cursor_down()
        else:
            lines.action_cursor_up()

    def action_leave(self) -> None:
        """Close the pane."""
        self.dismiss(None)
