"""The line at the bottom that names the keys."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.keys import REPLACED_KEYS, key_to_character
from textual.screen import Screen
from textual.widget import Widget

from dltui.tui.actions import NO_KEY, key_name, scopes

GAP = 2
SHIFT = "⇧"
AT_HAND = ("list", "turn", "plane", "read", "slider", "pick", "type")  # scopes of what has the focus
FIRST = 2  # of those before the keys of the screen; a narrow terminal has no room for all
LASTING = "app"  # actions of this scope stand at the right and are never left out


@dataclass(eq=False, repr=False)
class Hint:
    """Keys, what they do, and which key a click presses."""

    scope: str
    label: str
    press: str
    keys: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The keys as they are written; a shift that all of them need is written once."""
        if len(self.keys) > 1 and all(key.startswith(SHIFT) for key in self.keys):
            return SHIFT + "".join(key.removeprefix(SHIFT) for key in self.keys)
        return "".join(self.keys)

    @property
    def width(self) -> int:
        """Cells that it takes, with the gap after it."""
        return cell_len(self.text) + 1 + cell_len(self.label) + GAP


class KeyBar(Widget):
    """Names the keys that work now; leaves out the later ones where there is no room for all."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; padding: 0 1; background: $panel; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._spans: list[tuple[range, str]] = []
        self._hints: list[Hint] = []
        self._asked = False

    def on_mount(self) -> None:
        """Follow what the focus makes possible."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)
        self._changed(self.screen)

    def _changed(self, screen: Screen[object]) -> None:
        """Ask what works now, once the picture stands: every binding is asked, which takes a while."""
        del screen
        if not self._asked:
            self._asked = True
            self.call_after_refresh(self._take)

    def _take(self) -> None:
        self._asked = False
        if self.is_attached:
            self._hints = self.hints()
            self.refresh()

    def hints(self) -> list[Hint]:
        """Return the actions that the table wants in the footer: the first at hand, the screen's, the rest."""
        found: dict[str, Hint] = {}
        for _node, binding, enabled, _tip in self.screen.active_bindings.values():
            if binding.show and binding.id and enabled and not binding.key.startswith(NO_KEY):
                if self._is_typed(binding.key):
                    continue
                name = binding.id.rpartition(".")[0]
                scope = name.partition(".")[0]
                hint = found.setdefault(name, Hint(scope, binding.description, binding.key))
                hint.keys.append(key_name(binding.key))
        order = list(scopes())
        at_hand = [hint for hint in found.values() if hint.scope in AT_HAND]
        others = sorted(
            (hint for hint in found.values() if hint.scope not in AT_HAND),
            key=lambda one: order.index(one.scope),
        )
        return at_hand[:FIRST] + others + at_hand[FIRST:]

    def _is_typed(self, key: str) -> bool:
        """Return whether a key is a character for what has the focus; Textual knows that of most, not of a slash."""
        focused = self.screen.focused
        character = key_to_character(REPLACED_KEYS.get(key, key))
        return focused is not None and focused.check_consume_key(key, character)

    def render(self) -> Content:
        """Return the line, and remember where each hint stands."""
        hints = self._hints
        right = [hint for hint in hints if hint.scope == LASTING]
        room = self.size.width - sum(hint.width for hint in right)
        left: list[Hint] = []
        for hint in hints:
            if hint.scope != LASTING and hint.width <= room:
                left.append(hint)
                room -= hint.width
        self._spans = []
        return Content.assemble(
            *self._written(left, 0),
            " " * max(0, room + GAP),
            *self._written(right, sum(hint.width for hint in left) + max(0, room + GAP)),
        )

    def _written(self, hints: list[Hint], column: int) -> list[Content]:
        """Return the hints from ``column`` on."""
        parts = []
        for hint in hints:
            self._spans.append((range(column, column + hint.width - GAP), hint.press))
            parts += [
                Content.styled(hint.text, "$text-accent bold"),
                Content.styled(f" {hint.label}", "$foreground 75%"),
                Content(" " * GAP),
            ]
            column += hint.width
        return parts

    def on_click(self, event: events.Click) -> None:
        """Press the key that is clicked on."""
        offset = event.get_content_offset(self)
        for span, press in self._spans:
            if offset is not None and offset.x in span:
                self.app.simulate_key(press)
