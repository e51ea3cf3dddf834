"""A family from its first exhibit to its last, in teaching order."""

from __future__ import annotations

from dltui.errors import UsageError, unknown
from dltui.lab.exhibit import EXHIBITS, chosen
from dltui.lab.listing import Listing


def stops(family: str) -> list[str]:
    """Return the exhibits of a family in teaching order.

    Raises:
        UsageError: If there is no such family; it suggests the nearest.
    """
    return chosen(family=family)


def stop_at(family: str, start: str) -> int:
    """Return which stop of a tour is meant, counted from 0.

    Args:
        family: The family.
        start: A number from 1, or the name of an exhibit.

    Returns:
        Its place among ``stops(family)``.

    Raises:
        UsageError: If the family has no such stop.
    """
    names = stops(family)
    if start.isdecimal():
        if not 1 <= int(start) <= len(names):
            raise UsageError(f"the tour of {family} has {len(names)} stops, not {start}; try --at 1")
        return int(start) - 1
    if start not in names:
        raise unknown(f"stop of the tour of {family}", start, names, f"`dltui lab list --family {family}`")
    return names.index(start)


def beside(name: str, step: int) -> str | None:
    """Return the exhibit so many stops further on in the tour of its own family, or None past an end."""
    names = stops(EXHIBITS.entry(name).family)
    place = names.index(name) + step
    return names[place] if 0 <= place < len(names) else None


def stop_told(name: str) -> str:
    """Return the family of an exhibit and which stop of its tour it is; nothing for what stands on no shelf."""
    if name not in EXHIBITS:
        return ""
    family = EXHIBITS.entry(name).family
    names = stops(family)
    return f"{family} {names.index(name) + 1} of {len(names)}"


def plan(family: str) -> Listing:
    """Return the stops of a tour as a listing, importing no exhibit.

    Args:
        family: The family.

    Returns:
        Number, name and one line of each stop.

    Raises:
        UsageError: If there is no such family; it suggests the nearest.
    """
    names = stops(family)
    rows = tuple((place, name, EXHIBITS.entry(name).summary) for place, name in enumerate(names, start=1))
    entries = [{"stop": place, "name": name, "summary": summary} for place, name, summary in rows]
    return Listing(
        title=f"Tour of {family}",
        columns=("", "exhibit", "what is seen"),
        rows=rows,
        plain={"family": family, "stops": entries},
        foot=(f"go through them on a terminal with: dltui lab tour {family}",),
    )
