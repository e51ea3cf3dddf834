"""Names and values in two columns."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len, chop_cells
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

GAP = 2
LEAST = 8  # cells that a value gets at least


class Facts(Widget):
    """Quiet names on the left, values on the right; long values go on below themselves."""

    DEFAULT_CSS = """
    Facts { height: auto; }
    """

    facts: reactive[tuple[tuple[str, str], ...]] = reactive((), layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines there are at a width."""
        del container, viewport
        return sum(1 for _ in self._lines(width))

    def render(self) -> Content:
        """Return the lines."""
        return Content("\n").join(list(self._lines(self.size.width)))

    def _lines(self, width: int) -> Iterator[Content]:
        wide = max((cell_len(name) for name, _ in self.facts), default=0) + GAP
        for name, value in self.facts:
            for place, part in enumerate(_wrapped(value, max(LEAST, width - wide))):
                head = name if place == 0 else ""
                yield Content.assemble((f"{head}{' ' * (wide - cell_len(head))}", "$foreground 70%"), part)


def _wrapped(value: str, width: int) -> list[str]:
    """Return a value in lines, broken between words, and within those that are too long."""
    lines = [""]
    for word in value.split():
        joined = f"{lines[-1]} {word}".strip()
        if cell_len(joined) <= width:
            lines[-1] = joined
        else:
            lines += chop_cells(word, width)
    return [line for line in lines if line] or [""]
