"""How a job goes, in a line or three."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from dltui.tui.catalog.jobs import MARKS, job_title, share, standing, told
from dltui.tui.widgets.top_bar import shortened

if TYPE_CHECKING:
    from dltui.jobs import Job

BAR = 24  # cells of the bar in a line
COLOURS = {"done": "$text-success", "failed": "$text-error", "cancelled": "$text-warning"}


def bar(part: float | None, width: int) -> Content:
    """Return a bar that is full up to a part; None is a bar of which nothing is known."""
    full = 0 if part is None else round(part * 2 * width)
    line = "━" * (full // 2) + ("╸" if full % 2 else "")
    return Content.assemble((line, "$text-accent"), ("─" * (width - len(line)), "$foreground 70%"))


def mark(job: Job) -> Content:
    """Return the sign of its state."""
    return Content.styled(MARKS[job.state], f"{COLOURS.get(job.state, '$text-accent')} bold")


def job_line(job: Job, width: int, note: str = "") -> Content:
    """Return a job in two lines: what it is and how it goes, then what it has to say.

    Args:
        job: The job.
        width: Cells of a line.
        note: Said in place of its newest remark.

    Returns:
        Sign, title, bar and state, then what it has to say.
    """
    said = note or told(job) or job.line
    return Content.assemble(_first(job, width), "\n", (shortened(f"  {said}", width), "$foreground 70%"))


def _first(job: Job, width: int) -> Content:
    """Return its sign, title, bar and state."""
    stands = standing(job)
    wide = min(BAR, max(6, width // 4))
    room = width - wide - cell_len(stands) - 6
    title = shortened(job_title(job), max(8, room))
    gap = " " * max(1, room - cell_len(title))
    return Content.assemble(mark(job), " ", (title, "bold"), gap, bar(share(job), wide), "  ", stands)


class JobHead(Widget):
    """The lines above the picture of a job."""

    DEFAULT_CSS = """
    JobHead { height: 3; padding: 0 1; margin: 1 0 0 0; text-wrap: nowrap; text-overflow: ellipsis; }
    .-low JobHead { margin: 0; }
    """

    def __init__(self, job: Job | None) -> None:
        """Make it.

        Args:
            job: The job, or None when it is no longer known.
        """
        super().__init__()
        self.job = job
        self.note = self.keys = ""

    def render(self) -> Content:
        """Return the lines as things stand now."""
        if self.job is None:
            return Content("This job belongs to an earlier session; its result is on the shelf Results.")
        wide = self.size.width
        line = (shortened(f"  $ {self.job.line}", wide), "$text-accent")
        said = shortened(f"  {self.note or told(self.job)}", max(0, wide - cell_len(self.keys) - 2))
        gap = " " * max(0, wide - cell_len(said) - cell_len(self.keys))
        last = Content.assemble((said, "$foreground 70%"), gap, (self.keys, "$text-accent"))
        return Content.assemble(_first(self.job, wide), "\n", line, "\n", last)
