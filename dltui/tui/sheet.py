"""The stylesheet of the application, which reads each style sheet once."""

from __future__ import annotations

from textual.cache import LRUCache
from textual.css.styles import RenderStyles
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode

MOST = 1024  # style sheets whose rules are kept; Textual keeps 64, and then reads all of them again each time


class Parts(dict[str, RenderStyles]):
    """The styles of the parts of a widget, each of them found when it is asked for."""

    def __init__(self, sheet: Sheet, node: DOMNode) -> None:
        super().__init__()
        self._sheet, self._node = sheet, node
        self._names = node._get_component_classes()

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __missing__(self, name: str) -> RenderStyles:
        """Find the styles of a part."""
        part = DOMNode(classes=name)
        part._attach(self._node)
        self._sheet.apply(part, animate=False)
        self[name] = part.styles
        return part.styles


class Sheet(Stylesheet):
    """Keeps the rules it has read, and styles parts of widgets when these are drawn.

    Textual reads all of its style sheets four times until the first picture stands: it sets the variables of the
    theme that it has already, and starts from nothing for the style sheet of a screen. That is a tenth of a start.
    It styles each of the sixteen parts of a list whenever the list is styled, three times until then.
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

    def _process_component_classes(self, node: DOMNode) -> None:
        """Find the styles of those parts that have been asked for, and draw the node again if they changed.

        Args:
            node: What was styled.
        """
        before = node._component_styles
        if not before and not node._get_component_classes():
            return
        node._component_styles = now = Parts(self, node)
        if any(now[name] != styles for name, styles in before.items() if name in now):
            node.refresh()
