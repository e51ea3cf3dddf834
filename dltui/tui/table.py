"""Write the table of screens, shelves and glimpses anew, after one was added: ``python -m dltui.tui.table``."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path

import dltui.tui
from dltui.files import write_text
from dltui.tui import register
from dltui.tui.catalog.items import Shelf

HEAD = '''"""Which module holds which screen, shelf and glimpse; written by ``python -m dltui.tui.table``."""

'''
PLACE = Path(dltui.tui.__file__).with_name("_names.py")
BESIDE_COMMANDS = "_screen"  # how the file of a screen ends that stands beside its command


def modules() -> list[str]:
    """Return the modules that may register something, by name."""
    own = [f"{room}.{name}" for room in ("dltui.tui.catalog", "dltui.tui.screens") for name in _within(room)]
    beside = [
        f"dltui.commands.{name}" for name in _within("dltui.commands") if name.endswith(BESIDE_COMMANDS)
    ]
    return sorted(own + beside)


def table() -> str:
    """Return the text of the table, read off the decorators.

    Returns:
        Python source: ``SCREENS`` and ``GLIMPSES`` (kind to ``module:name``) and ``SHELVES`` in their order.
    """
    for module in modules():
        import_module(module)
    screens = {kind: _place(cls) for kind, cls in sorted(register.SCREEN_OF.items())}
    glimpses = {kind: _place(tell) for kind, tell in sorted(register.GLIMPSE_OF.items())}
    shelves = sorted(register.SHELF_OF.values(), key=lambda one: (one.place, one.name))
    return (
        HEAD
        + "\n\n".join([_mapping("SCREENS", screens), _mapping("GLIMPSES", glimpses), _shelves(shelves)])
        + "\n"
    )


def _within(package: str) -> list[str]:
    """Return the modules directly below a package."""
    return [found.name for found in pkgutil.iter_modules(import_module(package).__path__) if not found.ispkg]


def _place(thing: object) -> str:
    """Return where a class or function is written."""
    return f"{thing.__module__}:{thing.__name__}"  # type: ignore[attr-defined]


def _mapping(name: str, pairs: dict[str, str]) -> str:
    """Return a dictionary as source."""
    return "\n".join([f"{name} = {{", *(f"    {_quoted(k)}: {_quoted(v)}," for k, v in pairs.items()), "}"])


def _shelves(shelves: list[Shelf]) -> str:
    """Return the shelves as source: rows for ``Shelf``, without importing it."""
    lines = ["SHELVES: tuple[tuple[str, str, int, str, tuple[str, ...], str], ...] = ("]
    for one in shelves:
        texts = (_quoted(one.name), _quoted(one.title), str(one.place), _quoted(one.nothing))
        lines += ["    (", *(f"        {text}," for text in texts), *_tries(one.tries)]
        lines += [f"        {_quoted(one.reader)},", "    ),"]
    return "\n".join([*lines, ")"])


def _tries(commands: tuple[str, ...]) -> list[str]:
    """Return the commands of a shelf as the formatter would break them."""
    if len(commands) < 2:
        return [f"        ({_quoted(commands[0])},)," if commands else "        (),"]
    return ["        (", *(f"            {_quoted(command)}," for command in commands), "        ),"]


def _quoted(text: str) -> str:
    """Return ``text`` as a literal in double quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


if __name__ == "__main__":
    write_text(PLACE, table())
