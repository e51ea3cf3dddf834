"""The user's own keys: from the settings to Textual's keymap, and to what help and footer say."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from textual.keys import Keys, _character_to_key

from dltui.errors import unknown
from dltui.settings import Settings
from dltui.tui.actions import NO_KEY, Action, key_name, known

VIM = frozenset({*"hjklHJKLgG", "ctrl+d", "ctrl+u"})  # what moves beside the arrows
MODIFIERS = frozenset({"alt", "ctrl", "hyper", "meta", "shift", "super"})
FIGURES = ("turn", "plane", "read")  # scopes of one widget, of which only one holds at a time
WITHOUT_FIGURES = frozenset({
    "settings",
    "bench",
    "form",
    "jobs",
    "pick",
    "slider",
    "type",
})  # scopes of screens that show none
WITH_LISTS = frozenset({
    "home",
    "settings",
    "jobs",
    "spectrum",
    "data",
    "features",
    "field",
    "graph",
})  # scopes of screens that show one
EVERYWHERE = "app"


@dataclass(frozen=True, slots=True)
class Stroke:
    """What one or several keys do that all do the same.

    Attributes:
        id: Its name in the settings: the action's id, and a number where an action goes several ways.
        action: The action.
        argument: What the action is called with; "" for nothing.
        places: Which keys of the action they are.
        keys: The keys.
    """

    id: str
    action: Action
    argument: str
    places: tuple[int, ...]
    keys: tuple[str, ...]

    @property
    def help(self) -> str:
        """What it does, with the key that it is known by where the sentence is about several."""
        if not self.argument:
            return self.action.help
        return f"{self.action.help.rstrip('.')}: {key_name(self.action.keys[self.places[0]])}."


Own = Mapping[str, tuple[str, ...]]


def strokes(action: Action) -> list[Stroke]:
    """Return what the keys of an action do, as the table has them."""
    arguments = action.arguments or ("",) * len(action.keys)
    ways = list(dict.fromkeys(arguments))
    found = []
    for number, way in enumerate(ways):
        places = tuple(place for place, argument in enumerate(arguments) if argument == way)
        name = f"{action.id}.{number}" if len(ways) > 1 else action.id
        found.append(Stroke(name, action, way, places, tuple(action.keys[place] for place in places)))
    return found


def arranged(action: Action, settings: Settings) -> list[Stroke]:
    """Return what the keys of an action do for this person."""
    return [replace(stroke, keys=_keys(stroke, settings)) for stroke in strokes(action)]


def remade(action: Action, settings: Settings) -> Action:
    """Return an action with the keys that it has for this person, for help, palette and footer."""
    mine = arranged(action, settings)
    if [stroke.keys for stroke in mine] == [stroke.keys for stroke in strokes(action)]:
        return action
    longest = max(len(stroke.keys) for stroke in mine)
    pairs = [
        (stroke.keys[row], stroke.argument)
        for row in range(longest)
        for stroke in mine
        if row < len(stroke.keys)
    ]
    arguments = tuple(argument for _, argument in pairs) if action.arguments else ()
    return action._replace(keys=tuple(key for key, _ in pairs), arguments=arguments)


def textual_keymap(settings: Settings) -> dict[str, str]:
    """Return the keys of every binding that differs, as ``App.set_keymap`` takes them.

    Textual drops all bindings of a key when one of them moves; those that share a widget are therefore named too.
    """
    all_strokes = [stroke for action in known() for stroke in arranged(action, settings)]
    table = {stroke.id: stroke.keys for action in known() for stroke in strokes(action)}
    moved = {stroke.action.scope for stroke in all_strokes if stroke.keys != table[stroke.id]}
    if moved & set(FIGURES):
        moved |= set(FIGURES)
    keymap: dict[str, str] = {}
    for stroke in all_strokes:
        if stroke.action.scope in moved:
            keymap |= _bound(stroke)
    return keymap


def problems(settings: Settings, only: Iterable[str] | None = None) -> list[str]:
    """Return a sentence for each key of the settings that can't do what was wished.

    Args:
        settings: The settings.
        only: Ids to look at; all when None.

    Returns:
        Unknown actions (among the screens imported by now), unknown keys, and keys that already do something else.
    """
    wanted = {name: keys for name, keys in settings.keys.items() if only is None or name in set(only)}
    mine = {stroke.id: stroke for action in known() for stroke in arranged(action, settings)}
    found = []
    for name, keys in wanted.items():
        if name not in mine:
            found.append(str(unknown("action", name, mine)))
            continue
        found += [
            f"{name}: {key!r} is no key; write it as 'e', 'ctrl+e' or 'f5'" for key in keys if not is_key(key)
        ]
        found += [
            _told(mine[name], key, other) for key in keys for other in _taken(mine[name], key, mine.values())
        ]
    return found


def is_key(name: str) -> bool:
    """Return whether a keyboard may send this."""
    *modifiers, key = name.split("+") if name != "+" else ["+"]
    if not set(modifiers) <= MODIFIERS or not key:
        return False
    if len(key) == 1 or key in {one.value for one in Keys}:
        return True
    try:
        unicodedata.lookup(key.replace("_", " ").upper())
    except KeyError:
        return False
    return True


def _keys(stroke: Stroke, settings: Settings) -> tuple[str, ...]:
    """Return the keys of a stroke: the user's own, or those of the preset."""
    own = settings.keys.get(stroke.id)
    if own is not None and all(map(is_key, own)):
        return own
    if settings.keymap != "arrows":
        return stroke.keys
    return tuple(key for key in stroke.keys if key not in VIM) or stroke.keys


def _bound(stroke: Stroke) -> dict[str, str]:
    """Return keys by binding; what has more keys than bindings gives the rest to the last one."""
    last, bound = len(stroke.places) - 1, {}
    for row, place in enumerate(stroke.places):
        keys = stroke.keys[row:] if row == last else stroke.keys[row : row + 1]
        bound[f"{stroke.action.id}.{place}"] = ",".join(keys) or f"{NO_KEY}-{stroke.id}-{place}"
    return bound


def _taken(stroke: Stroke, key: str, others: Iterable[Stroke]) -> Iterator[Stroke]:
    """Yield what else a key does where the stroke holds."""
    for other in others:
        if other.id != stroke.id and _long(key) in map(_long, other.keys) and _together(stroke, other):
            table = next(one for one in strokes(stroke.action) if one.id == stroke.id)
            theirs = next(one for one in strokes(other.action) if one.id == other.id)
            if key not in table.keys or key not in theirs.keys:  # what the table itself does is meant
                yield other


def _together(one: Stroke, other: Stroke) -> bool:
    """Return whether two strokes may be asked for at the same time."""
    scopes = {one.action.scope, other.action.scope}
    if len(scopes) == 1 or EVERYWHERE in scopes:
        return True
    figures, rest = scopes & set(FIGURES), scopes - set(FIGURES)
    if "list" in rest:
        return bool(rest & WITH_LISTS)
    return len(figures) == 1 and not rest & WITHOUT_FIGURES


def _told(stroke: Stroke, key: str, other: Stroke) -> str:
    return f"{key_name(key)} for {stroke.id} already means: {other.help.rstrip('.')} ({other.id})"


def _long(key: str) -> str:
    """Return a key by its long name, so that ? is question_mark."""
    return _character_to_key(key) if len(key) == 1 else key


def known_everywhere() -> None:
    """Import every screen, so that all actions are known."""
    from importlib import import_module

    from dltui.tui import _names

    for place in {*_names.SCREENS.values()}:
        import_module(place.partition(":")[0])
