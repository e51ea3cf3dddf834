"""The line at the top that tells where one is."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

ARROW = " › "
GAP = "   "


class TopBar(Widget):
    """The way from home to here, a remark, and what runs; a click on the way or on the jobs leads there."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    TopBar { dock: top; height: 1; padding: 0 1; background: $panel; }
    """

    crumbs: reactive[tuple[str, ...]] = reactive(())
    remark: reactive[str] = reactive("")
    jobs: reactive[str] = reactive("")

    @dataclass(eq=False, repr=False)
    class Chosen(Message):
        """Someone clicked a part of the way.

        Attributes:
            step: Its number; 0 is home.
        """

        step: int

    def render(self) -> Content:
        """Return the line; a long remark gives way first."""
        way = ARROW.join(("dltui", *self.crumbs))
        jobs = f"{GAP if self.remark else ''}{self.jobs}" if self.jobs else ""
        room = self.size.width - cell_len(way) - cell_len(jobs) - 2
        remark = shortened(self.remark, room, whole=True) if room > 8 else ""
        gap = " " * max(0, self.size.width - cell_len(way) - cell_len(remark) - cell_len(jobs))
        last = self.crumbs[-1] if self.crumbs else ""
        return Content.assemble(
            ("dltui", "$text-accent bold"),
            *((f"{ARROW}{crumb}", "$foreground 70%") for crumb in self.crumbs[:-1]),
            (ARROW if last else "", "$foreground 70%"),
            (last, "bold"),
            gap,
            (remark, "$foreground 70%"),
            (jobs, "$text-accent"),
        )

    async def on_click(self, event: events.Click) -> None:
        """Go where the way was clicked, or show the jobs when it is they that are clicked on."""
        if self.jobs and event.x >= self.size.width - cell_len(self.jobs):
            await self.run_action("app.jobs")
            return
        offset, column = event.get_content_offset(self), 0
        for step, name in enumerate(("dltui", *self.crumbs)):
            wide = cell_len(name)
            if offset is not None and column <= offset.x < column + wide:
                self.post_message(self.Chosen(step))
            column += wide + cell_len(ARROW)


def shortened(text: str, width: int, *, whole: bool = False) -> str:
    """Return a text cut to a width, with an ellipsis where something is missing.

    Args:
        text: The text.
        width: Cells that there are.
        whole: Leave out whole words, where the first one has room: a part of a number would be another number.

    Returns:
        At most so many cells.
    """
    if cell_len(text) <= width:
        return text
    kept = set_cell_size(text, max(0, width - 1))
    if whole and " " in kept and not text[len(kept) : len(kept) + 1].isspace():
        kept = kept.rpartition(" ")[0].rstrip(",;:")
    return kept.rstrip() + "…" if width > 0 else ""
