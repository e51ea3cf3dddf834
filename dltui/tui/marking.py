"""Things that were marked, and how they come to stand side by side."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from dltui.tui.catalog import SHELVES, Item
from dltui.tui.screens.base import Room

if TYPE_CHECKING:
    from dltui.tui.app import DltuiApp

COMPARABLE = ("result", "run", "model", "checkpoint", "exhibit", "setting")
MOST = 4  # things side by side


class Marking:
    """Marks things, and opens them side by side.

    Attributes:
        marked: What is marked, in the order of marking.
    """

    def __init__(self, app: DltuiApp) -> None:
        self.marked: list[Item] = []
        self._app = app

    def here(self) -> Item | None:
        """Return what is open or under the cursor, when it can stand beside something."""
        room = self._app.screen_stack[0]
        thing = room.thing if isinstance(room, Room) else None
        return thing if thing is not None and thing.kind in COMPARABLE else None

    def offered(self, action: str) -> bool:
        """Return whether there is something to mark, or to put beside others."""
        room = self._app.screen_stack[0]
        beside = action == "put_beside" and isinstance(room, Room) and room.place.startswith("compare ")
        return beside or self.here() is not None

    def mark(self) -> None:
        """Mark what is here, or take the mark off."""
        thing = self.here()
        if thing is None:
            return
        marked = [item for item in self.marked if item.place != thing.place]
        self.marked = marked if len(marked) < len(self.marked) else [*self.marked, thing][-MOST:]
        names = ", ".join(item.name for item in self.marked) or "nothing"
        self._app.notify(f"{names}\n| puts what is marked side by side", title="Marked", markup=False)

    def put_beside(self) -> None:
        """Put what is marked, or what is here and something that is chosen, side by side."""
        from dltui.tui.screens.compare import CompareScreen

        room, thing = self._app.screen_stack[0], self.here()
        if isinstance(room, CompareScreen):
            self._ask(room.members)
        elif len(self.marked) > 1:
            self.open(self.marked)
        elif thing is not None:
            others = [item for item in self.marked if item.place != thing.place]
            self.open([*others, thing]) if others else self._ask([thing])

    def open(self, members: list[Item]) -> None:
        """Open things side by side; a figure that is looked at stays in sight."""
        from dltui.tui.screens.compare import compared

        item, room = compared(members), self._app.screen_stack[0]
        if isinstance(room, Room) and room.thing in members and (known := room.remember()):
            at = known.get("figure", 0)
            self._app.keeper.memory.keep(item.place, {"at": at, "view": known.get("views", {}).get(str(at))})
        self.marked = []
        self._app.open_item(item)

    def _ask(self, members: list[Item]) -> None:
        """Ask what shall stand beside things that stand already."""
        from dltui.tui.screens.beside import BesideScreen

        if len(members) >= MOST:
            self._app.notify(f"There is room for {MOST} things side by side.", severity="warning")
            return
        title = f"Beside {members[-1].name}"
        self._app.push_screen(BesideScreen(title, self._others(members)), partial(self._add, members))

    def _add(self, members: list[Item], chosen: Item | None) -> None:
        """Open more side by side than before; the tab of before is not kept."""
        if chosen is not None:
            room = self._app.screen_stack[0]
            self.open([*members, chosen])
            if isinstance(room, Room) and room.place.startswith("compare "):
                self._app.call_later(self._app.close_place, room.place)

    def _others(self, members: list[Item]) -> list[Item]:
        """Return what may stand beside: what is open first, then the shelves; things of the same sort before others."""
        shelves = [item for shelf in SHELVES for item in self._app.items.get(shelf.name) or []]
        known = {item.place: item for item in [*self._app.opened(), *shelves] if item.kind in COMPARABLE}
        for member in members:
            known.pop(member.place, None)
        last = members[-1]
        return sorted(known.values(), key=lambda item: (item.kind != last.kind, item.schema != last.schema))
