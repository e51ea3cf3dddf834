"""Screens of tabs that nobody has looked at for long: taken apart, and made again when one goes there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from dltui.tui.screens.base import Room

if TYPE_CHECKING:
    from dltui.tui.catalog import Item
    from dltui.tui.walking import WalkingApp

AWAKE = 10  # tabs whose screens stand besides home, so that many tabs take little memory


class Rest:
    """Knows in which order tabs were looked at, and takes screens apart from the one that was left longest ago."""

    def __init__(self, app: WalkingApp) -> None:
        self._app = app
        self._seen: list[str] = []  # places, the one that was looked at last at the end

    def arrived(self, place: str) -> None:
        """Note that a place is looked at, and see later whether others may rest."""
        self._seen = [*(one for one in self._seen if one != place), place]
        if len(self._seen) > AWAKE:
            self._app.call_later(self._tidy)

    async def _tidy(self) -> None:
        """Take screens apart that hold nothing which making them again would not bring back."""
        standing = {item.place: item for item in self._app.opened() if self._screens(item.place)}
        self._seen = [place for place in self._seen if place in standing]
        for place in list(self._seen):
            if len(self._seen) > AWAKE and place != self._app.trail.here and self._may_rest(place):
                await self._put_to_rest(standing[place])

    def _may_rest(self, place: str) -> bool:
        screens = self._screens(place)
        return len(screens) == 1 and isinstance(screens[0], Room) and not screens[0].holds

    def _screens(self, place: str) -> list[object]:
        """Return the screens of a place that stand; none before one went there."""
        try:
            return list(self._app.get_screen_stack(place))
        except KeyError:
            return []

    async def _put_to_rest(self, item: Item) -> None:
        """Leave the tab, without its screen; how it was looked at is remembered."""
        self._seen.remove(item.place)
        gone = self._app.remove_mode(item.place)
        self._app.add_mode(item.place, partial(self._app.room, item))  # before anyone can go there
        await gone
        self._app.forget_soon()
