"""The command palette: every action that works now, and everything on the shelves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from dltui.tui.actions import by_id
from dltui.tui.catalog import SHELVES

if TYPE_CHECKING:
    from dltui.tui.app import DltuiApp

WORTH = 0.5  # part of the best score below which a hit is left out


@dataclass(frozen=True)
class Command:
    """One line of the palette."""

    name: str
    help: str
    run: Callable[[], Any]


class Everything(Provider):
    """Finds actions by what they do, and things by name or note."""

    async def discover(self) -> Hits:
        """Yield what is offered before anything is typed: the actions, then the things."""
        for command in self._commands():
            yield DiscoveryHit(command.name, command.run, help=command.help)

    async def search(self, query: str) -> Hits:
        """Yield what fits the letters typed.

        Args:
            query: What was typed.
        """
        matcher = self.matcher(query)
        scored = [(max(matcher.match(c.name), 0.6 * matcher.match(c.help)), c) for c in self._commands()]
        least = WORTH * max((score for score, _ in scored), default=0.0)
        for score, command in scored:
            if score > 0 and score >= least:
                yield Hit(
                    score, matcher.highlight(command.name), command.run, text=command.name, help=command.help
                )

    def _commands(self) -> Iterator[Command]:
        yield from self._actions()
        yield from self._things()

    def _actions(self) -> Iterator[Command]:
        """Yield the actions that work on the screen below, each once."""
        seen: set[str] = set()
        for bound in self.screen.active_bindings.values():
            name = (bound.binding.id or "").rpartition(".")[0]
            action = by_id(name)
            if action is None or action.arguments or name in seen or not bound.enabled:
                continue
            seen.add(name)
            run = partial(self.app.run_action, bound.binding.action, bound.node)
            yield Command(action.help.rstrip("."), f"key {action.key_names()}", run)

    def _things(self) -> Iterator[Command]:
        """Yield everything that stands on the shelves."""
        app = cast("DltuiApp", self.app)
        for shelf in SHELVES:
            for item in app.items.get(shelf.name) or []:
                yield Command(f"{shelf.title} › {item.name}", item.note, partial(app.open_item, item))
