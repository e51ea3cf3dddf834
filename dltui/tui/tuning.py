"""The settings at work: theme, keys and motion of the running application, changed while it runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual.app import App

from dltui import settings as room
from dltui.errors import DltuiError
from dltui.settings import Loaded, Settings
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.motion import reduced
from dltui.tui.news import News
from dltui.tui.themes import THEMES, other_ground

if TYPE_CHECKING:
    from dltui.tui.app import DltuiApp


class Tuning:
    """Reads the settings for an application, and applies them.

    Attributes:
        loaded: The settings that hold, with their origins.
        news: Tells that settings have changed.
    """

    def __init__(self, app: DltuiApp) -> None:
        self.loaded: Loaded = room.load()
        self.news: News[Settings] = News(app, "settings-news")
        self._app = app
        self._known = 0
        for theme in THEMES:
            app.register_theme(theme)
        # Not set as usual: the application is not styled yet, and every style sheet would be read once more for it.
        app.set_reactive(App.theme, self.settings.theme)

    def start(self) -> None:
        """Let keys and motion hold, once the application runs; tell what was wrong with the settings."""
        self._apply_keys()
        self._apply_motion()
        for trouble in self.loaded.troubles:
            self._app.notify(trouble, title="Settings", severity="warning", markup=False, timeout=10)

    @property
    def settings(self) -> Settings:
        """The settings that hold."""
        return self.loaded.settings

    def change(self, name: str, value: str | int | bool | tuple[str, ...] | None) -> None:
        """Write a setting to the file and let it hold at once.

        Args:
            name: The setting, or ``keys.`` and the id of an action.
            value: Its value, or None for the default.

        Raises:
            DltuiError: If the file can't be changed.
        """
        room.change(self.loaded.path, name, value)
        self.read_again(name)

    def wish(self, name: str, value: str | int | bool | tuple[str, ...] | None) -> bool:
        """Do what ``change`` does; what can't be done is told in a sentence.

        Args:
            name: The setting, or ``keys.`` and the id of an action.
            value: Its value, or None for the default.

        Returns:
            Whether it holds now.
        """
        try:
            self.change(name, value)
        except DltuiError as error:
            self._app.notify(str(error), title="Not changed", severity="error", markup=False)
            return False
        return True

    def read_again(self, name: str = "") -> None:
        """Let what the file says by now hold; ``name`` is the setting that someone changed."""
        before = self.settings
        self.loaded = room.load()
        if self.settings.theme != before.theme or name == "theme":
            self._app.theme = self.settings.theme
        if (self.settings.keys, self.settings.keymap) != (before.keys, before.keymap):
            self._apply_keys()
        self._apply_motion()
        self.news.publish(self.settings)

    def turn_ground(self) -> None:
        """Change between the dark and the light theme of the family."""
        self._app.theme = other_ground(self._app.theme)

    def screens_came(self) -> None:
        """Give the actions of screens that were imported since their keys."""
        if len(actions.known()) != self._known:
            self._apply_keys()

    def _apply_keys(self) -> None:
        """Let bindings, help, palette and footer have the user's own keys."""
        self._known = len(actions.known())
        if not self.settings.keys and self.settings.keymap == Settings().keymap:
            actions.remake(None)
            self._app.set_keymap({})
            return
        from dltui.tui.keymap import remade, textual_keymap

        actions.remake(partial(_kept, {}, partial(remade, settings=self.settings)))
        self._app.set_keymap(textual_keymap(self.settings))

    def _apply_motion(self) -> None:
        self._app.animation_level = "none" if reduced() or self.settings.motion == "reduced" else "full"


def _kept(kept: dict[int, Action], make: Callable[[Action], Action], action: Action) -> Action:
    """Return what ``make`` makes of an action, made once: footer and help ask for it at every turn."""
    if id(action) not in kept:  # actions live as long as the program
        kept[id(action)] = make(action)
    return kept[id(action)]
