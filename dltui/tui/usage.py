"""How often things were opened, kept between sessions so that search knows what is wanted."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from dltui.errors import DltuiError
from dltui.files import write_text

FILE = "usage.json"
MOST = 500  # things that are remembered


@dataclass(frozen=True, slots=True)
class Use:
    """How a thing was used.

    Attributes:
        count: How often it was opened.
        last: When last, in seconds since 1970.
    """

    count: int
    last: float


class Usage:
    """Counts of the things that were opened; what can't be read or written is no trouble."""

    def __init__(self) -> None:
        self._uses: dict[str, Use] | None = None

    @property
    def path(self) -> Path:
        """Where the counts are kept."""
        from dltui.runs import home  # loads numpy with its room, so not before the first picture

        return home() / FILE

    @property
    def uses(self) -> dict[str, Use]:
        """What is known, by the place of each thing; read when it is first asked for."""
        if self._uses is None:
            self._uses = _read(self.path)
        return self._uses

    def count(self, place: str) -> None:
        """Note that a thing was opened now."""
        before = self.uses.get(place, Use(0, 0.0))
        self.uses[place] = Use(before.count + 1, time.time())

    def keep(self) -> None:
        """Write it down, the things that were used last; called in a thread."""
        import json  # not before the first picture

        newest = sorted(self.uses.items(), key=lambda pair: -pair[1].last)[:MOST]
        try:
            write_text(self.path, json.dumps({place: [use.count, use.last] for place, use in newest}))
        except DltuiError:
            return  # a home that can't be written; search does without


def _read(path: Path) -> dict[str, Use]:
    """Return what a file tells; nothing when it is missing or damaged."""
    import json

    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return {str(place): Use(int(count), float(last)) for place, (count, last) in stored.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
