"""The conveyor belt: one box a layer, with what comes out of it; the one that is worked on stays in sight."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from dltui.tui.widgets.top_bar import shortened

WIDE = 22  # cells of a box
GAP = 2  # cells between boxes


@dataclass(frozen=True, slots=True)
class Box:
    """One layer on the belt.

    Attributes:
        name: What it is.
        setting: Its arguments in short.
        output: The shape that comes out.
        cost: Parameters and operations, in short.
        state: ``fits``, ``refused``, or ``unreached`` behind a refused one.
    """

    name: str
    setting: str
    output: str
    cost: str
    state: str = "fits"


class Belt(Widget):
    """Boxes in a row; a click chooses one, the wheel moves along."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Belt { height: 6; padding: 0 1; text-wrap: nowrap; text-overflow: clip; }
    """

    boxes: reactive[tuple[Box, ...]] = reactive(())
    chosen: reactive[int] = reactive(0)

    @dataclass
    class Chosen(Message):
        """Someone chose a layer with the mouse."""

        index: int

    def render(self) -> Content:
        """Return the boxes around the chosen one."""
        first, count = self._shown()
        shown = range(first, min(first + count, len(self.boxes)))
        columns = [self._box(index) for index in shown]
        lines = []
        for row in range(6):
            parts: list[Content] = []
            for place, column in zip(shown, columns, strict=True):
                parts += [column[row], Content(self._between(place, row))]
            lines.append(Content("").join(parts))
        return Content("\n").join(lines)

    def on_click(self, event: events.Click) -> None:
        """Choose the box that is clicked on."""
        offset = event.get_content_offset(self)
        if offset is not None:
            index = self._shown()[0] + offset.x // (WIDE + GAP)
            if index < len(self.boxes):
                self.post_message(self.Chosen(index))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Go to the layer before."""
        event.stop()
        self.post_message(self.Chosen(max(0, self.chosen - 1)))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Go to the next layer."""
        event.stop()
        self.post_message(self.Chosen(min(len(self.boxes) - 1, self.chosen + 1)))

    def _shown(self) -> tuple[int, int]:
        """Return the first box that is seen, and how many fit."""
        count = max(1, (self.size.width + GAP) // (WIDE + GAP))
        first = min(max(0, self.chosen - count // 2), max(0, len(self.boxes) - count))
        return first, count

    def _between(self, place: int, row: int) -> str:
        """Return what stands between a box and the next one."""
        if row == 2 and place + 1 < len(self.boxes):
            return (
                "─▶"
                if self.boxes[place + 1].state == "fits"
                else "─✗"
                if self.boxes[place + 1].state == "refused"
                else "  "
            )
        return " " * GAP

    def _box(self, index: int) -> list[Content]:
        """Return the six lines of a box."""
        box = self.boxes[index]
        here = index == self.chosen
        edge = "$error" if box.state == "refused" else "$text-accent bold" if here else "$foreground 70%"
        text = (
            "$text-error" if box.state == "refused" else "$foreground 70%" if box.state == "unreached" else ""
        )
        corners, flat, up = ("╔╗╚╝", "═", "║") if here else ("╭╮╰╯", "─", "│")
        title = shortened(f"{index + 1} {box.name}", WIDE - 4)
        head = f"{corners[0]}{flat} {title} {flat * (WIDE - 5 - cell_len(title))}{corners[1]}"
        inner = [
            Content.assemble((up, edge), (_padded(line), text), (up, edge))
            for line in (box.setting, box.output, box.cost)
        ]
        foot = Content.styled(f"{corners[2]}{flat * (WIDE - 2)}{corners[3]}", edge)
        return [Content.styled(head, edge), *inner, foot, Content(" " * WIDE)]


def _padded(text: str) -> str:
    """Return a line as wide as the inside of a box."""
    cut = shortened(text, WIDE - 4)
    return f" {cut}{' ' * (WIDE - 3 - cell_len(cut))}"
