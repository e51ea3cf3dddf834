"""Names that lead to code without importing it.

A decorator registers a thing beside its code; a table that is written by ``python -m dltui.registry`` tells the
name, the module and one line of help, so that ``--help``, completion and the palette import nothing heavy. A test
holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Generic, TypeVar

from dltui.errors import unknown

T = TypeVar("T", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a registered thing before its module is imported.

    Attributes:
        module: Dotted name of the module whose import registers it.
        summary: One line of help, the first of its docstring.
        family: The shelf it stands on; empty where there are none.
        suits: What it goes with when nothing is said: data for a network, a network for data; empty for the usual.
    """

    module: str
    summary: str
    family: str = ""
    suits: str = ""


class Registry(Generic[T]):
    """Things of one kind by name, imported when they are asked for."""

    def __init__(self, kind: str, table: Mapping[str, Entry], listed: str = "--help") -> None:
        self.kind, self._listed = kind, listed
        self._table = table
        self._found: dict[str, T] = {}

    def register(self, name: str, thing: T) -> T:
        """Put ``thing`` under ``name`` and return it, for use in decorators.

        Raises:
            ValueError: If two things claim one name.
        """
        if name in self._found and self._found[name] is not thing:
            raise ValueError(f"two {self.kind}s are named {name!r}")
        self._found[name] = thing
        return thing

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __contains__(self, name: object) -> bool:
        return name in self._table

    def __len__(self) -> int:
        return len(self._table)

    def entry(self, name: str) -> Entry:
        """Return what the table says of ``name``, importing nothing.

        Raises:
            UsageError: If nothing bears that name; it suggests the nearest.
        """
        if name not in self._table:
            raise unknown(self.kind, name, self._table, self._listed)
        return self._table[name]

    def load(self, name: str) -> T:
        """Import the module of ``name`` and return the thing itself.

        Raises:
            UsageError: If nothing bears that name; it suggests the nearest.
        """
        import_module(self.entry(name).module)
        return self._found[name]
