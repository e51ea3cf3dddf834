"""Textual's list of options, with paging that needs no lines which were drawn before."""

from __future__ import annotations

from textual.widgets import OptionList


class Choices(OptionList):
    """An ``OptionList`` that may be paged while it is hidden or has not been drawn."""

    def action_page_down(self) -> None:
        """Go down by as many options as are seen at once."""
        self._go_on(1)

    def action_page_up(self) -> None:
        """Go up by as many options as are seen at once."""
        self._go_on(-1)

    def _go_on(self, pages: int) -> None:
        """Move the highlight by pages, counted in options."""
        if self.option_count:
            step = pages * max(1, self.size.height)
            self.highlighted = max(0, min(self.option_count - 1, (self.highlighted or 0) + step))
