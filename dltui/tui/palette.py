"""What the command palette offers: every action that works now, every verb, every theme."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from dltui.tui.actions import by_id
from dltui.tui.catalog import SHELVES
from dltui.tui.catalog.items import Item
from dltui.tui.fuzzy import Candidate

if TYPE_CHECKING:
    from textual.screen import Screen

    from dltui.tui.app import DltuiApp


def everything(app: DltuiApp) -> list[Candidate]:
    """Return whatever can be looked at: all that stands on the shelves, verbs among them, the shelves, and actions.

    Args:
        app: The application.

    Returns:
        Shelf by shelf, the newest first.
    """
    things = [
        Candidate(item, words=shelf.title) for shelf in SHELVES for item in app.items.get(shelf.name) or []
    ]
    shelves = [Candidate(shelf.item) for shelf in SHELVES]
    return [*things, *shelves, *_actions(app, app.screen)]


def commands(app: DltuiApp) -> list[Candidate]:
    """Return what can be done here.

    Args:
        app: The application.

    Returns:
        Actions with their keys, verbs, themes.
    """
    verbs = map(Candidate, app.items.get("verbs") or [])
    return [*_actions(app, app.screen), *verbs, *_themes(app)]


def _actions(app: DltuiApp, screen: Screen[object]) -> Iterator[Candidate]:
    """Yield the actions that work on a screen, each once."""
    seen: set[str] = set()
    for bound in screen.active_bindings.values():
        name = (bound.binding.id or "").rpartition(".")[0]
        action = by_id(name)
        if action is None or name in seen or not bound.enabled:
            continue
        seen.add(name)
        run = partial(app.run_action, bound.binding.action, bound.node)
        yield Candidate(
            Item("action", action.help.rstrip("."), action.key_names(), name, ""), run, action.label
        )


def _themes(app: DltuiApp) -> Iterator[Candidate]:
    """Yield the themes."""
    for name, theme in app.available_themes.items():
        ground = "dark" if theme.dark else "light"
        yield Candidate(Item("theme", name, ground, name, ""), partial(setattr, app, "theme", name))
