"""The stylesheet of the application, which reads each style sheet once."""

from __future__ import annotations

from textual.cache import LRUCache
from textual.css.stylesheet import Stylesheet

MOST = 1024  # style sheets whose rules are kept; Textual keeps 64, and then reads all of them again each time


class Sheet(Stylesheet):
    """Keeps the rules it has read.

    Textual reads all of its style sheets four times until the first picture stands: it sets the variables of the
    theme that it has already, and starts from nothing for the style sheet of a screen. That is a tenth of a start.
    """

    def __init__(self, *, variables: dict[str, str]) -> None:
        super().__init__(variables=variables)
        self._parse_cache = LRUCache(MOST)

    def set_variables(self, variables: dict[str, str]) -> None:
        """Set the variables of a theme; the rules that were read hold as long as these stay the same.

        Args:
            variables: Value by name.
        """
        if variables != self._variables:
            super().set_variables(variables)

    def reparse(self) -> None:
        """Put the rules together again, reading only what is new.

        Raises:
            StylesheetError: If a style sheet can't be read; the rules stay as they were.
        """
        self.parse()
