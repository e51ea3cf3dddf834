"""From the file and the environment to settings; whatever is wrong is told and leaves the default."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dltui.errors import DltuiError
from dltui.settings.rules import RULES, Rule, Value, rule_of
from dltui.settings.tree import Settings

DEFAULT = "default"
FILE = "file"
KEYS = "keys"  # the table of the file that holds keys by action


class Loaded(NamedTuple):
    """Settings, and how they came about.

    Attributes:
        settings: What holds.
        origins: By name: ``default``, ``file``, or the environment variable that it comes from.
        troubles: A sentence for each thing in the file or the environment that does not count.
        path: The file; it may not be there.
    """

    settings: Settings
    origins: Mapping[str, str]
    troubles: tuple[str, ...]
    path: Path


def settings_path(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where the settings are: ``$DLTUI_CONFIG``, else ``dltui/settings.toml`` in the XDG folder."""
    chosen = environ.get("DLTUI_CONFIG")
    if chosen:
        return Path(chosen).expanduser()
    shared = environ.get("XDG_CONFIG_HOME")
    return (Path(shared) if shared else Path.home() / ".config") / "dltui" / "settings.toml"


def load(environ: Mapping[str, str] = os.environ) -> Loaded:
    """Return the settings that hold; never fails.

    Args:
        environ: Environment variables.

    Returns:
        Settings with their origins, and what was wrong, in sentences.
    """
    path = settings_path(environ)
    troubles: list[str] = []
    table = _table(path, troubles)
    found: dict[str, Value] = {}
    origins = dict.fromkeys((rule.name for rule in RULES), DEFAULT)
    for name, value in table.items():
        if name == KEYS:
            continue
        try:
            found[name] = rule_of(name).fit(value)
            origins[name] = FILE
        except DltuiError as error:
            troubles.append(f"{path.name}: {error}")
    for rule in RULES:
        if wanted := _from_environment(rule, environ, troubles):
            found[rule.name] = wanted
            origins[rule.name] = rule.variable
    keys = dict(_keys(table.get(KEYS, {}), f"{path.name}: {KEYS}", troubles))
    told = tuple(" ".join(one.split()) for one in troubles)  # a name in the file may hold a line end
    return Loaded(Settings(**found, keys=keys), origins, told, path)  # type: ignore[arg-type]


def _table(path: Path, troubles: list[str]) -> dict[str, Any]:
    """Return what the file holds; nothing where there is none or it can't be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is no UTF-8 text"
        troubles.append(f"can't read {path}: {reason}; every setting has its default")
        return {}
    import tomllib

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        troubles.append(f"{path} is no TOML: {error or 'too deep'}; every setting has its default")
        return {}


def _from_environment(rule: Rule, environ: Mapping[str, str], troubles: list[str]) -> Value | None:
    """Return what the environment says of a setting, or None when it says nothing that counts."""
    word = environ.get(rule.variable, "").strip().lower() if rule.variable else ""
    if rule.name == "motion":
        return "reduced" if word and word not in {"0", "false", "no"} else None
    if not word:
        return None
    if (
        rule.name == "glyphs" and word == "pixels"
    ):  # asks for pictures of real pixels; the glyphs are left open
        return "auto"
    try:
        return rule.fit(word)
    except DltuiError as error:
        troubles.append(f"{rule.variable}: {error}")
        return None


def _keys(table: object, where: str, troubles: list[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield action and keys; tables within the table are parts of an action's id."""
    if not isinstance(table, dict):
        troubles.append(f"{where} can't be a {type(table).__name__}: expected a table of action = key")
        return
    for name, value in table.items():
        if isinstance(value, dict):
            inner = _keys(value, f"{where}.{name}", troubles)
            yield from ((f"{name}.{action}", keys) for action, keys in inner)
            continue
        try:
            yield name, spelled_keys(value)
        except ValueError:
            troubles.append(f"{where}.{name} can't be {value!r}: expected a key such as 'ctrl+e', or several")


def spelled_keys(value: object) -> tuple[str, ...]:
    """Return keys that are written as one word, as words with commas or spaces between, or as a list.

    Args:
        value: What the file or a command line says.

    Returns:
        The keys, at least one.

    Raises:
        ValueError: If it holds no key.
    """
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError("no key")
    keys = tuple(key for word in words for key in _parts(word))
    if not keys or not all(key.isprintable() for key in keys):
        raise ValueError("no key")
    return tuple(dict.fromkeys(keys))


def _parts(word: str) -> list[str]:
    """Return the keys of a word; a comma alone is the key of that name."""
    return ["comma"] if word.strip() == "," else word.replace(",", " ").split()
