"""Every key of the application, in one table that keys, footer, help and palette are read from.

What belongs to one screen alone stands beside that screen, which adds it with ``register``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from textual.binding import Binding, BindingType

DISPLAY = {
    "left": "←", "right": "→", "up": "↑", "down": "↓",
    "shift+left": "⇧←", "shift+right": "⇧→", "shift+up": "⇧↑", "shift+down": "⇧↓",
    "question_mark": "?", "plus": "+", "equals_sign": "=", "minus": "-", "slash": "/", "colon": ":",
    "alt+left": "alt+←", "alt+right": "alt+→", "ctrl+f": "^f", "ctrl+w": "^w",
    "escape": "esc", "enter": "enter", "backspace": "⌫", "ctrl+p": "^p", "ctrl+c": "^c", "ctrl+q": "^q",
    "pageup": "pgup", "pagedown": "pgdn", "greater_than_sign": ">", "less_than_sign": "<",
    "left_square_bracket": "[", "right_square_bracket": "]", "tab": "tab",
    "ctrl+r": "^r", "ctrl+y": "^y", "ctrl+s": "^s", "ctrl+n": "^n", "ctrl+enter": "^enter",
    "delete": "del", "space": "space", "full_stop": ".",
    "comma": ",", "vertical_line": "|", "asterisk": "*",
}  # fmt: skip

NO_KEY = "no-key"  # how the keys begin of what the user has taken all keys from; no keyboard sends them

SCOPES = {  # in the order in which the help screen lists them
    "turn": "This figure",
    "plane": "This figure",
    "read": "This figure",
    "figure": "Every figure",
    "list": "The list",
    "home": "Home",
    "gallery": "This screen",
    "app": "Everywhere",
}


class Action(NamedTuple):
    """Something a person can do with a key, a click, or the palette.

    Attributes:
        scope: Where it works: ``app``, the name of a screen, or a manner of looking at figures.
        name: The method ``action_NAME`` of the widget that has this scope.
        keys: Keys that do it, as Textual calls them; arrows first, then vim's.
        label: One or two words for the footer.
        help: One sentence for the help screen and the palette.
        arguments: What the method is called with, one entry a key; empty when it takes nothing.
        shown: How many of the keys stand in the footer; 0 keeps the action out of it.
    """

    scope: str
    name: str
    keys: tuple[str, ...]
    label: str
    help: str
    arguments: tuple[str, ...] = ()
    shown: int = 1

    @property
    def id(self) -> str:
        """The name under which a keymap may change its keys."""
        return f"{self.scope}.{self.name}"

    def calls(self) -> list[tuple[str, str]]:
        """Return each key with the call it makes."""
        if not self.arguments:
            return [(key, self.name) for key in self.keys]
        return [(key, f"{self.name}({with_})") for key, with_ in zip(self.keys, self.arguments, strict=True)]

    def key_names(self) -> str:
        """Return the keys as a person reads them; arrows stand together, digits in a row are folded."""
        if len(self.keys) > 3 and all(key.isdigit() for key in self.keys):
            return f"{self.keys[0]}…{self.keys[-1]}"
        if len(self.keys) == 2 * len(_DIRECTIONS):
            arrows = "".join(DISPLAY[way] for way in _DIRECTIONS)
            shift = "⇧" if self.keys[0].startswith("shift+") else ""
            return f"{shift}{arrows} {''.join(self.keys[len(_DIRECTIONS) :])}"
        return " ".join(key_name(key) for key in self.keys)


_DIRECTIONS = ("left", "right", "up", "down")
_ARROWS = (*_DIRECTIONS, *"hlkj")
_TOWARDS = ("-1, 0", "1, 0", "0, 1", "0, -1") * 2
_FAR = (*(f"shift+{way}" for way in _DIRECTIONS), *"HLKJ")
_DIGITS = tuple("123456789")

ACTIONS: tuple[Action, ...] = (
    # lists
    Action("list", "select", ("enter",), "open", "Open what is chosen in the list."),
    Action("list", "cursor_down", ("down", "j"), "", "Go to the next one.", shown=0),
    Action("list", "cursor_up", ("up", "k"), "", "Go to the one before.", shown=0),
    Action("list", "page_down", ("pagedown", "ctrl+d"), "", "Go down by a page.", shown=0),
    Action("list", "page_up", ("pageup", "ctrl+u"), "", "Go up by a page.", shown=0),
    Action("list", "first", ("home", "g"), "", "Go to the first.", shown=0),
    Action("list", "last", ("end", "G"), "", "Go to the last.", shown=0),
    # home
    Action("home", "shelf", ("left", "right", "h", "l"), "shelf", "Go to the list or shelf on the left or right.",
           ("-1", "1", "-1", "1"), shown=2),
    Action("home", "shelf_number", (*"0123456789",), "", "Go to a shelf by its number; 0 is the overview.",
           (*"0123456789",), shown=0),
    Action("home", "filter", ("f",), "filter", "List only what fits some letters."),
    Action("home", "fetch", ("D",), "fetch", "Fetch a real model or real data, beside everything else."),
    Action("home", "look", ("tab",), "look closer", "Go from the list into the picture beside it, and back."),
    Action("home", "deeds", ("a",), "act", "Choose what to do with it: train, landscape, Hessian, gradients."),
    Action("home", "mark", ("space",), "mark", "Mark a run, to look at several together."),
    Action("home", "overlay", ("o",), "overlay", "Lay the curves of the marked runs over each other."),
    Action("home", "discard", ("d", "delete"), "delete", "Move a result or a run to the trash, after a question."),
    Action("home", "restore", ("u",), "bring back", "Bring back what was moved to the trash last."),
    Action("home", "sort", ("s",), "sort", "Sort by time, by name, or by state."),
    Action("home", "copy_command", ("y",), "copy command", "Copy the command that made or shows what is chosen."),
    Action("home", "reload", ("r", "f5"), "reload", "Read the folders again."),
    Action("home", "overview", ("escape",), "overview", "Take a filter away, or go back to the overview."),
    # what shows figures: results, runs, cards
    Action("gallery", "next_figure", ("n",), "next", "Show the next figure."),
    Action("gallery", "previous_figure", ("p",), "", "Show the previous figure.", shown=0),
    Action("gallery", "figure", _DIGITS, "", "Show a figure by its number.", _DIGITS, shown=0),
    Action("gallery", "words", ("w",), "words", "Say in words what the figure shows, and back."),
    Action("gallery", "details", ("i",), "details", "Show or hide how it was made."),
    Action("gallery", "export", ("e",), "save", "Write the figure to a file."),
    Action("gallery", "by_hand", ("B",), "by hand", "Step through the lines that were worked by hand."),
    Action("gallery", "copy_command", ("y",), "copy command", "Copy the command line that makes or shows this."),
    # figures that are turned: surfaces, clouds in space
    Action("turn", "turn", _ARROWS, "turn", "Turn the figure around, tip it up or down.", _TOWARDS, shown=4),
    Action("turn", "dolly", ("plus", "minus", "equals_sign"), "zoom", "Come closer, go back.",
           ("1", "-1", "1"), shown=2),
    Action("turn", "spin", ("s",), "spin", "Let the figure turn by itself, or stop it."),
    Action("turn", "fly", ("F",), "fly", "Fly freely: arrows look about, with shift they go; F again goes around it."),
    Action("turn", "go", _FAR, "", "Fly ahead, back, to the left or right.", _TOWARDS, shown=0),
    Action("turn", "rise", ("pageup", "pagedown"), "", "Fly upwards, or down.", ("1", "-1"), shown=0),
    Action("turn", "front", ("0",), "reset", "Look at the figure as at first."),
    # figures in a plane: heat maps, curves, histograms, flat clouds
    Action("plane", "cursor", _ARROWS, "read", "Move the cursor and read the values under it.", _TOWARDS, shown=4),
    Action("plane", "pan", _FAR, "", "Move the part that is shown, once zoomed in.", _TOWARDS, shown=0),
    Action("plane", "zoom", ("plus", "minus", "equals_sign"), "zoom", "Zoom in on the cursor, or out.",
           ("1", "-1", "1"), shown=2),
    Action("plane", "whole", ("0",), "reset", "Show the whole figure again, without a cursor."),
    # figures that are read: tables, steps, prose, bars, pictures, graphs
    Action("read", "scroll", ("up", "down", "k", "j"), "scroll", "Scroll by a line.", ("-1", "1", "-1", "1"), shown=2),
    Action("read", "page", ("pageup", "pagedown"), "", "Scroll by a page.", ("-1", "1"), shown=0),
    Action("read", "edge", ("home", "end", "g", "G"), "", "Go to the first or the last line.",
           ("0", "1", "0", "1"), shown=0),
    # every figure, wherever it is shown
    Action("figure", "save", ("e",), "save", "Write the figure to a file: as a picture, as numbers, as text."),
    Action("figure", "copy_text", ("X",), "", "Copy the figure as text.", shown=0),
    Action("figure", "record", ("V",), "", "Record the figure as it moves, or stop and save a GIF.", shown=0),
    Action("figure", "glyphs", ("M",), "", "Draw pictures in finer glyphs, then coarse ones again.", shown=0),
    # everywhere
    Action("app", "back", ("escape", "backspace", "alt+left"), "back", "Go back to where you came from."),
    Action("app", "forward", ("alt+right", "ctrl+f"), "", "Go forward again.", shown=0),
    Action("app", "beside", ("right_square_bracket", "left_square_bracket"), "",
           "Go to the next open thing, or the one before.", ("1", "-1"), shown=0),
    Action("app", "close", ("x", "ctrl+w"), "", "Close this thing's tab.", shown=0),
    Action("app", "search", ("slash",), "find", "Find results, runs, models, data, exhibits, verbs and actions."),
    Action("app", "command_palette", ("colon", "ctrl+p"), "do",
           "Choose among everything that can be done here."),
    Action("app", "jobs", ("J", "f3"), "", "Show the jobs: how far they are, what they found.", shown=0),
    Action("app", "help", ("question_mark", "f1"), "help", "Show every key that works here."),
    Action("app", "next_theme", ("t",), "theme", "Switch between dark and light.", shown=0),
    Action("app", "change_theme", ("T",), "", "Choose among all themes.", shown=0),
    Action("app", "mark", ("space",), "", "Mark what is chosen, to put it beside others.", shown=0),
    Action("app", "put_beside", ("vertical_line",), "", "Put what is chosen or marked side by side with others.",
           shown=0),
    Action("app", "settings", ("comma",), "", "Show and change settings and keys.", shown=0),
    Action("app", "quit", ("q", "ctrl+q"), "quit", "Leave dltui."),
)  # fmt: skip


_ADDED: dict[str, tuple[str, tuple[Action, ...]]] = {}  # scope -> heading, actions
_REMAKE: list[Callable[[Action], Action]] = []  # gives actions the user's own keys; none or one


def register(heading: str, *actions: Action) -> list[BindingType]:
    """Add the actions of one screen, and return the key bindings for its ``BINDINGS``.

    Args:
        heading: What the help screen writes above them.
        *actions: Actions of one scope.

    Returns:
        One binding a key.
    """
    scope = actions[0].scope
    _ADDED[scope] = (heading, actions)
    return bindings(scope)


def known() -> list[Action]:
    """Return every action as it was written: the table's, and those of the screens imported by now."""
    return [*ACTIONS, *(action for _, actions in _ADDED.values() for action in actions)]


def everything() -> list[Action]:
    """Return every action that is known, with the keys that the user gave it."""
    remake = _REMAKE[0] if _REMAKE else None
    return [remake(action) for action in known()] if remake else known()


def remake(by: Callable[[Action], Action] | None) -> None:
    """Let help, palette and footer tell other keys than those of the table.

    Args:
        by: Returns an action with the user's own keys; None for those of the table.
    """
    _REMAKE[:] = [by] if by else []


def scopes() -> dict[str, str]:
    """Return scopes with their headings, in the order in which the help screen lists them."""
    added = {scope: heading for scope, (heading, _) in _ADDED.items()}
    return added | SCOPES


def of_scope(scope: str) -> list[Action]:
    """Return the actions that work in ``scope``, in the order of the table."""
    return [action for action in everything() if action.scope == scope]


def by_id(name: str) -> Action | None:
    """Return the action whose ``id`` is ``name``, or None."""
    return next((action for action in everything() if action.id == name), None)


def key_name(key: str) -> str:
    """Return a key as it is written on a keyboard."""
    return DISPLAY.get(key, key)


def bindings(*of: str) -> list[BindingType]:
    """Return the key bindings of the widget that has these scopes.

    Args:
        *of: Scopes of the table; where two bind one key, ``check_action`` of the widget decides.

    Returns:
        One binding a key, for a class's ``BINDINGS``.
    """
    return [
        binding for scope in of for action in known() if action.scope == scope for binding in _bind(action)
    ]


def _bind(action: Action) -> Iterable[Binding]:
    """Yield the bindings of one action; several keys in the footer stand together under one label."""
    group = Binding.Group(action.label, compact=True) if action.shown > 1 else None
    for place, (key, call) in enumerate(action.calls()):
        yield Binding(
            key,
            call,
            action.label or action.help,
            show=place < action.shown,
            key_display=key_name(key),
            tooltip=action.help,
            id=f"{action.id}.{place}",
            group=group,
        )
