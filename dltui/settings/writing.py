"""From a change to the file: what a person wrote there by hand, comments too, stays as it is."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from dltui.errors import DltuiError
from dltui.files import write_text
from dltui.settings.reading import KEYS

HEAD = "# Settings of dltui; `dltui settings` explains every key.\n"


def change(path: Path, name: str, value: str | int | bool | tuple[str, ...] | None) -> None:
    """Write one setting, or take it out.

    Args:
        path: The file; it is made when missing. A link stays one, what it points to is written.
        name: The setting, or ``keys.`` and the id of an action.
        value: Its value, or None for the default.

    Raises:
        DltuiError: If the file can't be read, is no TOML, or can't be written.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    place = path.resolve()
    try:
        text = place.read_text(encoding="utf-8")
    except FileNotFoundError:
        text = HEAD
    except (OSError, UnicodeDecodeError) as error:
        raise DltuiError(f"can't read {path}: {error}; mend it or move it away") from error
    try:
        document = tomlkit.parse(text)
        _put(document, name, _plain(value))
        new = tomlkit.dumps(document)
    except (TOMLKitError, RecursionError) as error:
        raise DltuiError(f"can't change {path}: it is no TOML ({error}); mend it or move it away") from error
    if new != text:
        write_text(place, new)


def _put(document: MutableMapping[str, Any], name: str, value: object) -> None:
    """Set or remove a setting where it stands."""
    import tomlkit

    if not name.startswith(f"{KEYS}."):
        _set(document, name, value)
        return
    action = name.removeprefix(f"{KEYS}.")
    table = document.get(KEYS)
    if not isinstance(table, MutableMapping):
        if value is None:
            return
        document[KEYS] = table = tomlkit.table()
    _set(*_where(table, action), value)


def _where(table: MutableMapping[str, Any], action: str) -> tuple[MutableMapping[str, Any], str]:
    """Return the table that holds an action already, and what it is called there; the outer one when none does."""
    if action not in table:
        head, dot, tail = action.partition(".")
        if dot and isinstance(table.get(head), MutableMapping):
            inner, word = _where(table[head], tail)
            if word in inner:
                return inner, word
    return table, action


def _set(table: MutableMapping[str, Any], name: str, value: object) -> None:
    if value is not None:
        table[name] = value
    else:
        table.pop(name, None)


def _plain(value: str | int | bool | tuple[str, ...] | None) -> object:
    """Return a value as TOML has it: one key is a word, several are a list."""
    if isinstance(value, tuple):
        return value[0] if len(value) == 1 else list(value)
    return value
