"""The tensors of a file as a tree that is walked; only the lines that are seen are ever written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.message_pump import MessagePump
from textual.scroll_view import ScrollView
from textual.strip import Strip

from dltui.contents.outline import Line, Outline
from dltui.contents.page import shape_text, size
from dltui.draw.letters import clip_middle
from dltui.tui import actions

OPEN, SHUT, LEAF = "▾ ", "▸ ", "  "


class TensorTree(ScrollView, can_focus=True, inherit_bindings=False):
    """Modules that open and close, and their tensors; keys come from the table of actions."""

    ALLOW_SELECT = False
    BINDINGS = actions.bindings("list")
    COMPONENT_CLASSES = {  # noqa: RUF012 - as Textual declares it
        f"tensor-tree--{part}"
        for part in ("cursor", "module", "quiet", "mark", "added", "removed", "changed")
    }
    DEFAULT_CSS = """
    TensorTree { height: 1fr; overflow-x: hidden; background: transparent; }
    TensorTree > .tensor-tree--module { text-style: bold; }
    TensorTree > .tensor-tree--quiet { color: $foreground 70%; }
    TensorTree > .tensor-tree--mark { color: $primary; }
    TensorTree > .tensor-tree--added { color: $text-success; }
    TensorTree > .tensor-tree--removed { color: $text-error; }
    TensorTree > .tensor-tree--changed { color: $text-warning; }
    TensorTree > .tensor-tree--cursor { background: $foreground 8%; }
    TensorTree:focus > .tensor-tree--cursor { background: $primary-muted; }
    TensorTree:nocolor > .tensor-tree--cursor { text-style: underline; }
    """

    @dataclass(eq=False, repr=False)
    class Moved(Message):
        """Something else is under the cursor."""

        tree: TensorTree
        line: Line | None

        def can_replace(self, message: MessagePump | Message) -> bool:
            """Return whether an older message of the queue may be dropped for this one."""
            return isinstance(message, TensorTree.Moved)

    @dataclass(eq=False, repr=False)
    class Opened(Message):
        """Someone wants to look closer at a tensor."""

        tree: TensorTree
        line: Line

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.outline: Outline | None = None
        self.remarks: Mapping[str, tuple[str, str]] = {}  # what stands beside a tensor, and in which colour
        self._cursor = 0
        self._colours: dict[tuple[bool, bool, str], Style] = {}

    def plant(self, outline: Outline, remarks: Mapping[str, tuple[str, str]] | None = None) -> None:
        """Show other tensors; what was under the cursor stays there if it can.

        Args:
            outline: The tensors; grown elsewhere, since that takes a while where there are many.
            remarks: What stands beside some of them instead of their shapes, and ``added``, ``removed`` or ``changed``.
        """
        before = self.line
        self.remarks = remarks or {}
        self.outline = outline
        self._cursor = 0
        if before is None or not self.go_to(before.path):
            self._shown_anew()

    @property
    def line(self) -> Line | None:
        """What is under the cursor."""
        lines = self.outline.lines if self.outline else []
        return lines[self._cursor] if self._cursor < len(lines) else None

    def go_to(self, name: str) -> bool:
        """Put the cursor on a tensor or a module, opening the way to it.

        Args:
            name: Its whole name.

        Returns:
            Whether it is there.
        """
        found = self.outline.find(name) if self.outline else None
        if found is not None:
            self._cursor = found
        self._shown_anew()
        return found is not None

    def filter(self, text: str) -> None:
        """List only tensors whose names hold all words of a text; the whole tree when it is empty."""
        if self.outline is None:
            return
        before = self.line
        self.outline.wanted = tuple(text.lower().split())
        self.outline.lay_out()
        self._cursor = 0
        if not text and before is not None:
            self.go_to(before.path)
        else:
            self._shown_anew()

    def _shown_anew(self) -> None:
        """Measure, paint and tell after the lines have changed."""
        lines = self.outline.lines if self.outline else []
        self._cursor = max(0, min(self._cursor, len(lines) - 1))
        self.virtual_size = Size(self.scrollable_content_region.width, len(lines))
        self.refresh()
        self.call_after_refresh(self._show_cursor)
        self.post_message(self.Moved(self, self.line))

    def _show_cursor(self) -> None:
        self.scroll_to_region(Region(0, self._cursor, 1, 1), animate=False, force=True, immediate=True)

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        lines = self.outline.lines if self.outline else []
        self.virtual_size = Size(self.scrollable_content_region.width, len(lines))
        self._show_cursor()

    def notify_style_update(self) -> None:
        """Write anew in other colours."""
        super().notify_style_update()
        self._colours.clear()

    # lines

    def render_line(self, y: int) -> Strip:
        """Return one line of what is seen."""
        width = self.scrollable_content_region.width
        at = y + self.scroll_offset.y
        lines = self.outline.lines if self.outline else []
        if not 0 <= at < len(lines):
            return Strip.blank(width, self.rich_style)
        return self._strip(lines[at], width, at == self._cursor)

    def _strip(self, line: Line, width: int, cursor: bool) -> Strip:
        """Return a line: where it stands, its name, and its shape or size on the right."""
        assert self.outline is not None
        mark = LEAF if not line.mark else OPEN if line.mark in self.outline.opened else SHUT
        told, tint = self._beside(line)
        before = " " + "  " * min(line.depth, 12)
        times = f" ×{len(line.alike)}" if len(line.alike) > 1 else ""
        room = width - cell_len(before) - 2 - len(told) - 2
        name = clip_middle(line.label, max(6, room - len(times))) + times
        gap = max(1, width - cell_len(before) - 2 - cell_len(name) - len(told) - 1)
        kind = "module" if line.mark else ""
        parts = (
            (before, ""),
            (mark, "mark"),
            (name, tint if tint and not line.mark else kind),
            (" " * gap, ""),
            (told, tint or "quiet"),
        )
        segments = [Segment(text, self._colour(cursor, part)) for text, part in parts if text]
        return Strip(segments).adjust_cell_length(width, self._colour(cursor, ""))

    def _beside(self, line: Line) -> tuple[str, str]:
        """Return what stands on the right of a line, and in which colour."""
        if line.entry is None:
            return size(line.nbytes), ""
        if line.entry.name in self.remarks:
            return self.remarks[line.entry.name]
        return shape_text(line.entry.shape) if line.entry.shape else "1", ""

    def _colour(self, cursor: bool, part: str) -> Style:
        """Return the colours of a part of a line."""
        key = (self.has_focus, cursor, part)
        if key not in self._colours:
            names = [f"tensor-tree--{name}" for name in ("cursor" if cursor else "", part) if name]
            self._colours[key] = self.get_visual_style(*names).rich_style if names else self.rich_style
        return self._colours[key]

    # keys

    def _go(self, at: int) -> None:
        """Put the cursor on a line."""
        lines = self.outline.lines if self.outline else []
        at = max(0, min(len(lines) - 1, at))
        if at != self._cursor:
            self._cursor = at
            self.post_message(self.Moved(self, self.line))
            self.refresh()
        self._show_cursor()

    def action_cursor_down(self) -> None:
        """Go to the next one."""
        self._go(self._cursor + 1)

    def action_cursor_up(self) -> None:
        """Go to the one before."""
        self._go(self._cursor - 1)

    def action_page_down(self) -> None:
        """Go down by as many lines as are seen at once."""
        self._go(self._cursor + max(1, self.size.height))

    def action_page_up(self) -> None:
        """Go up by as many lines as are seen at once."""
        self._go(self._cursor - max(1, self.size.height))

    def action_first(self) -> None:
        """Go to the first."""
        self._go(0)

    def action_last(self) -> None:
        """Go to the last."""
        self._go(len(self.outline.lines) if self.outline else 0)

    def action_select(self) -> None:
        """Open or close a module; look closer at a tensor."""
        line = self.line
        if line is None or self.outline is None:
            return
        if line.mark:
            self.outline.turn(line)
            self._shown_anew()
        else:
            self.post_message(self.Opened(self, line))

    def turn(self, *, opened: bool) -> None:
        """Open the module under the cursor; or close it, or go to the module that holds what is there.

        Args:
            opened: Whether it shall be open.
        """
        line = self.line
        if line is None or self.outline is None:
            return
        if line.mark and (line.mark in self.outline.opened) is not opened:
            self.outline.turn(line)
            self._shown_anew()
        elif not opened:
            lines = self.outline.lines
            self._go(next((at for at in range(self._cursor, -1, -1) if lines[at].depth < line.depth), 0))

    def on_click(self, event: events.Click) -> None:
        """Choose what is clicked on; a click on the mark of a module, or a double click, opens it."""
        at = event.y + self.scroll_offset.y
        lines = self.outline.lines if self.outline else []
        if 0 <= at < len(lines):
            self._go(at)
            indent = 1 + 2 * min(lines[at].depth, 12)
            if event.chain == 2 or (lines[at].mark and indent <= event.x < indent + 2):
                self.action_select()
