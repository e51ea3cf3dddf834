"""Write the table of names anew, after an exhibit was added or retold: ``python -m dltui.lab.table``."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path

import dltui.lab
from dltui.files import write_text
from dltui.lab.exhibit import Exhibit
from dltui.lab.order import in_order

HEAD = '''"""Every exhibit with its module and one line of help; written by ``python -m dltui.lab.table``."""

from dltui.registry import Entry

'''
PLACE = Path(dltui.lab.__file__).with_name("_names.py")


def table() -> str:
    """Return the text of the table, read off the exhibits themselves.

    Returns:
        Python source: ``FAMILIES`` (name of a folder, first line of its docstring) and ``NAMES``, each family in
        teaching order.
    """
    families = {name: _first_line(f"dltui.lab.{name}") for name in _modules("dltui.lab", packages=True)}
    lines = [
        "FAMILIES = {",
        *(f"    {_quoted(k)}: {_quoted(v)}," for k, v in families.items()),
        "}",
        "",
        "NAMES = {",
    ]
    for family in families:
        modules = _modules(f"dltui.lab.{family}", packages=False)
        known = {one.name: one for module in modules for one in _exhibits(f"dltui.lab.{family}.{module}")}
        for name in in_order(family, known):
            texts = (known[name].make.__module__, known[name].story.seen, family)
            lines += [
                f"    {_quoted(name)}: Entry(",
                *(f"        {_quoted(text)}," for text in texts),
                "    ),",
            ]
    return HEAD + "\n".join([*lines, "}"]) + "\n"


def _modules(package: str, *, packages: bool) -> list[str]:
    """Return the packages or the plain modules directly below a package, by name."""
    paths = import_module(package).__path__
    return sorted(found.name for found in pkgutil.iter_modules(paths) if found.ispkg is packages)


def _exhibits(module: str) -> list[Exhibit]:
    """Return the exhibits of a module in the order of the file."""
    return [thing for thing in vars(import_module(module)).values() if _is_of(thing, module)]


def _is_of(thing: object, module: str) -> bool:
    """Return whether ``thing`` is an exhibit that was made in ``module``."""
    return isinstance(thing, Exhibit) and thing.make.__module__ == module


def _first_line(module: str) -> str:
    """Return the first line of a module's docstring."""
    return (import_module(module).__doc__ or "").strip().splitlines()[0]


def _quoted(text: str) -> str:
    """Return ``text`` as a literal in double quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


if __name__ == "__main__":
    write_text(PLACE, table())
