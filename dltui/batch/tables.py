"""Taking values out of a TOML table: each of the type that is expected, and nothing left over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dltui.errors import UsageError, unknown
from dltui.spelling import seconds_of


class Table:
    """A table of the file, with what it is called in errors.

    Args:
        where: Such as ``job 'train'``.
        values: What the file holds there.
        known: Every key that may stand there.

    Raises:
        UsageError: If it is no table, or a key is unknown; it suggests the nearest.
    """

    def __init__(self, where: str, values: Any, known: Iterable[str]) -> None:
        self.where, self._known = where, list(known)
        if not isinstance(values, dict):
            raise UsageError(f"{where} must be a table of key = value, not {values!r}")
        self.values: dict[str, Any] = values
        for key in values:
            if key not in self._known:
                raise unknown(f"key of {where}", key, self._known)

    def text(self, key: str, default: str = "") -> str:
        """Return a text."""
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, "a text in quotes")
        return value

    def whole(self, key: str, default: int, least: int) -> int:
        """Return a whole number of at least ``least``."""
        value = self.values.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.wrong(key, f"a whole number of at least {least}")
        return value

    def span(self, key: str, default: float | None) -> float | None:
        """Return a length of time in seconds, spelled as a number or as ``1h30m``."""
        value = self.values.get(key, default)
        if value is None:
            return None
        seconds = seconds_of(value)
        if seconds is None:
            raise self.wrong(key, "seconds, or a time such as 90s, 10m or 1h30m")
        return seconds

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; one alone may stand without brackets."""
        value = self.values.get(key, [])
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise self.wrong(key, "a text or a list of texts")
        return tuple(found)

    def codes(self, key: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """Return a list of exit codes; one alone may stand without brackets."""
        value = self.values.get(key, list(default))
        found = [value] if isinstance(value, int) else value
        if (
            not isinstance(found, list)
            or not found
            or not all(type(one) is int and 0 <= one < 256 for one in found)
        ):
            raise self.wrong(key, "exit codes from 0 to 255, such as [0, 1]")
        return tuple(found)

    def pairs(self, key: str) -> dict[str, str]:
        """Return a table of plain values, as texts."""
        value = self.values.get(key, {})
        if not isinstance(value, dict) or not all(
            isinstance(one, str | int | float) for one in value.values()
        ):
            raise self.wrong(key, "a table of name = value")
        return {name: str(one) for name, one in value.items()}

    def wrong(self, key: str, expected: str) -> UsageError:
        """Return the error for a value that is not what is expected."""
        return UsageError(f"{key} of {self.where} can't be {self.values.get(key)!r}: expected {expected}")


def merged(defaults: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table over its defaults; tables within are merged too."""
    both = {
        key: merged(defaults[key], value)
        if isinstance(value, dict) and isinstance(defaults.get(key), dict)
        else value
        for key, value in own.items()
    }
    return {**defaults, **both}
