"""Names in one line, one of them chosen."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from dltui.tui.widgets.top_bar import shortened

LEAST = 11  # cells that a name keeps before others, farther from the chosen one, are left out
MORE = "…"  # stands where names are left out


class TabLine(Widget):
    """Numbered names; a click, or the screen that owns it, chooses one."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    TabLine { height: 1; padding: 0 1; }
    """

    names: reactive[tuple[str, ...]] = reactive(())
    active: reactive[int] = reactive(0)

    @dataclass(eq=False, repr=False)
    class Chosen(Message):
        """Someone clicked a name."""

        line: TabLine
        index: int

        @property
        def control(self) -> TabLine:
            """The line it was in."""
            return self.line

    def __init__(
        self,
        *names: str,
        first: int = 1,
        briefs: tuple[str, ...] = (),
        id: str | None = None,  # noqa: A002
    ) -> None:
        """Make the line.

        Args:
            names: What stands in it.
            first: Number of the first name; those above 9 have none.
            briefs: The same in fewer letters, for where there is too little room; names are cut when left out.
            id: Name of the widget.
        """
        super().__init__(id=id)
        self._first, self._briefs = first, briefs
        self._spans: list[range] = []
        self.set_reactive(TabLine.names, names)

    def render(self) -> Content:
        """Return the names as wide as there is room for; where there is too little, those around the chosen one."""
        width = self.size.width - 2
        names, numbered, gap = self._settled(width)
        whole = bool(self._briefs) and (not numbered or not gap)
        first, last = (0, len(names)) if whole else _around(names, self.active, width)
        before = f"{MORE} " if first else ""
        parts = [Content.styled(before, "$foreground 70%")]
        self._spans, column = [range(0)] * first, len(before)
        for index in range(first, last):
            key = f"{self._key(index)} " if numbered else ""
            name = f"{names[index]} " if numbered else names[index]
            self._spans.append(range(column, column + cell_len(key + name)))
            column += cell_len(key + name + gap)
            if index == self.active:
                style = "reverse bold" if self.app.no_color else "$text-primary on $primary-muted bold"
                parts += [Content.styled(key + name, style), Content(gap)]
            else:
                digit = Content.styled(key, "$foreground 70%")
                parts += [digit, Content.styled(name, "$foreground 80%"), Content(gap)]
        return Content("").join([
            *parts,
            Content.styled(MORE if last < len(names) else "", "$foreground 70%"),
        ])

    def _key(self, index: int) -> str:
        """Return the number before a name."""
        number = index + self._first
        return f" {number}" if number < 10 else ""

    def _settled(self, width: int) -> tuple[list[str], bool, str]:
        """Return the names, whether their numbers stand there, and what is between them.

        Where there are brief names, what goes first is the rest of the others, then the gaps, then the numbers.
        """
        if not self._briefs:
            return _shortened(self.names, width), True, " "
        keys = sum(len(self._key(index)) for index in range(len(self.names)))
        chosen = [*self._briefs]
        chosen[self.active] = self.names[self.active]
        for names, numbered, gap in (
            (list(self.names), True, " "),
            (chosen, True, " "),
            (chosen, True, ""),
            (chosen, False, " "),
            (list(self._briefs), False, " "),
        ):
            around = 2 if numbered else 0
            taken = sum(cell_len(name) + around + len(gap) for name in names) - len(gap)
            if taken + (keys if numbered else 0) <= width:
                return names, numbered, gap
        return _shortened(self._briefs, width), True, " "

    def on_click(self, event: events.Click) -> None:
        """Choose what is clicked on."""
        offset = event.get_content_offset(self)
        for index, span in enumerate(self._spans):
            if offset is not None and offset.x in span:
                self.post_message(self.Chosen(self, index))


def _shortened(names: tuple[str, ...], width: int) -> list[str]:
    """Return the names cut alike so that all stand in ``width`` cells, or until none should be shorter."""
    longest = max((cell_len(name) for name in names), default=0)
    while longest > LEAST and sum(min(cell_len(name), longest) + 5 for name in names) - 1 > width:
        longest -= 1
    return [shortened(name, longest) for name in names]


def _around(names: list[str], active: int, width: int) -> tuple[int, int]:
    """Return the first name that is shown and the one after the last: as many as fit, the chosen one among them."""
    first, last = min(active, len(names)), min(active + 1, len(names))
    room = width - sum(cell_len(name) + 5 for name in names[first:last]) - 2
    grew = True
    while grew:
        grew = False
        if last < len(names) and cell_len(names[last]) + 5 <= room:
            room -= cell_len(names[last]) + 5
            last, grew = last + 1, True
        if first > 0 and cell_len(names[first - 1]) + 5 <= room:
            room -= cell_len(names[first - 1]) + 5
            first, grew = first - 1, True
    return first, last
