"""Figures kept as they are: what an exhibit showed."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, ClassVar, Self

import numpy as np

import dltui.figures as kinds
from dltui.errors import DltuiError
from dltui.figures import Array, Figure
from dltui.results.base import Made, Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Gallery(Result):
    """A row of figures with the numbers they were made from.

    Attributes:
        shown: The figures, the main one first.
        numbers: Named values for ``--json``.
        knobs: The settings they were made with.
        rows: How many figures stand side by side in each row; empty when each stands alone.
    """

    schema: ClassVar[str] = "figures/1"

    shown: tuple[Figure, ...] = ()
    numbers: dict[str, Any] = field(default_factory=dict)
    knobs: dict[str, Any] = field(default_factory=dict)
    rows: tuple[int, ...] = ()

    def summary(self) -> dict[str, Any]:
        """Return knobs, numbers, and each figure in words."""
        return {
            "knobs": self.knobs,
            "numbers": self.numbers,
            "figures": [{"kind": type(f).__name__, "title": f.title, "words": f.words()} for f in self.shown],
        }

    def figures(self) -> list[Figure]:
        """Return the figures as they were shown."""
        return list(self.shown)

    def parts(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Return arrays by name, and the figures as JSON that points to them by name."""
        arrays: dict[str, Array] = {}
        packed = [_pack(figure, arrays) for figure in self.shown]
        plain = {"title": self.title, "shown": packed, "numbers": self.numbers, "knobs": self.knobs}
        return arrays, plain | ({"rows": list(self.rows)} if self.rows else {})

    @classmethod
    def restore(cls, arrays: dict[str, Array], plain: dict[str, Any], made: Made) -> Self:
        """Build the figures again from ``parts``."""
        shown = tuple(_unpack(figure, arrays) for figure in plain["shown"])
        return cls(
            title=plain["title"],
            shown=shown,
            numbers=plain["numbers"],
            knobs=plain["knobs"],
            rows=tuple(plain.get("rows", ())),
            made=made,
        )


def _pack(value: Any, arrays: dict[str, Array]) -> Any:
    """Return ``value`` as JSON; arrays go to ``arrays`` and leave their name behind."""
    if isinstance(value, np.ndarray):
        name = f"array{len(arrays)}"
        arrays[name] = np.ascontiguousarray(value)
        return {"array": name}
    if is_dataclass(value) and not isinstance(value, type):
        inner = {part.name: _pack(getattr(value, part.name), arrays) for part in fields(value)}
        return {"kind": type(value).__name__, "fields": inner}
    if isinstance(value, tuple | list):
        return [_pack(item, arrays) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def _unpack(value: Any, arrays: dict[str, Array]) -> Any:
    """Return what ``_pack`` was given; lists come back as tuples."""
    if isinstance(value, list):
        return tuple(_unpack(item, arrays) for item in value)
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return arrays[value["array"]]
    if value["kind"] not in kinds.__all__:
        raise DltuiError(
            f"the file holds a figure of the unknown kind {value['kind']!r}; install a newer dltui"
        )
    inner = {name: _unpack(item, arrays) for name, item in value["fields"].items()}
    return getattr(kinds, value["kind"])(**inner)
