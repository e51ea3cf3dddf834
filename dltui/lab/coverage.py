"""How much of the catalogue the exhibits show."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from dltui.errors import DltuiError, unknown
from dltui.lab.exhibit import EXHIBITS, Exhibit, load
from dltui.lab.listing import Listing

DEFAULT = Path("../shared/catalogue.csv")
COLUMNS = ("key", "name", "family", "exhibit", "kind")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the catalogue that must be shown.

    Attributes:
        key: ``document:id``.
        family: The shelf it belongs to.
        exhibit: The exhibit that the catalogue gives it to.
    """

    key: str
    family: str
    exhibit: str


@dataclass(frozen=True, slots=True)
class Count:
    """What is there of one family, or of all.

    Attributes:
        family: Its name.
        rows: Core rows of the catalogue.
        covered: Those that an exhibit shows.
        exhibits: Exhibits there are.
        checks: Their checks.
    """

    family: str
    rows: int
    covered: int
    exhibits: int
    checks: int


def coverage(catalogue: Path | None = None, family: str | None = None) -> Listing:
    """Count core rows, covered rows, exhibits and checks of every family.

    Args:
        catalogue: A CSV file with the columns key, name, family, exhibit, kind; by default
            ``../shared/catalogue.csv``, seen from the current folder.
        family: One family; the rows that nothing shows yet are named then.

    Returns:
        A listing whose document has ``families``, ``total`` and ``unknown`` (covers that are no row of the catalogue).

    Raises:
        UsageError: If the catalogue has no such family; it suggests the nearest.
        DltuiError: If there is no such file, it is no CSV file, or it has other columns.
    """
    rows = core_rows(catalogue or DEFAULT)
    mentioned = mentions(catalogue or DEFAULT)
    exhibits = [load(name) for name in EXHIBITS]
    counts, total, beyond = count(rows, exhibits)
    stray = [key for key in beyond if key not in mentioned]
    missing = list[Row]()
    if family is not None:
        counts = [one for one in counts if one.family == family] or _no_family(family, counts)
        total, missing = replace(counts[0], family="total"), _missing(rows, exhibits, family)
    foot = [
        f"{total.covered} of {total.rows} rows covered by {total.exhibits} exhibits with {total.checks} checks"
    ]
    foot += [f"not shown yet: {row.key} ({row.exhibit})" for row in missing]
    if stray:
        foot.append(f"no row of the catalogue: {', '.join(stray)}")
    plain = {"families": [_plain(one) for one in counts], "total": _plain(total), "unknown": stray}
    plain |= {"missing": [row.key for row in missing]} if family is not None else {}
    return Listing(
        title="Coverage of the catalogue",
        columns=("family", "rows", "covered", "exhibits", "checks"),
        rows=tuple((one.family, one.rows, one.covered, one.exhibits, one.checks) for one in (*counts, total)),
        plain=plain,
        foot=tuple(foot),
    )


def _no_family(family: str, counts: list[Count]) -> list[Count]:
    """Refuse a family that the catalogue does not have."""
    raise unknown("family", family, [one.family for one in counts])


def _missing(rows: list[Row], exhibits: list[Exhibit], family: str) -> list[Row]:
    """Return the rows of a family that no exhibit shows."""
    shown = {key for one in exhibits for key in one.covers}
    return [row for row in rows if row.family == family and row.key not in shown]


def mentions(catalogue: Path) -> frozenset[str]:
    """Return the keys of the rows that need not be shown, and may be."""
    return frozenset(row["key"] for row in _read(catalogue) if row["kind"] != "core")


def core_rows(catalogue: Path) -> list[Row]:
    """Return the rows of the catalogue of kind ``core``.

    Args:
        catalogue: The CSV file.

    Returns:
        The rows in the order of the file.

    Raises:
        DltuiError: If there is no such file, it is no CSV file, or it has other columns.
    """
    return [
        Row(row["key"], row["family"], row["exhibit"]) for row in _read(catalogue) if row["kind"] == "core"
    ]


def _read(catalogue: Path) -> list[dict[str, str]]:
    """Return all rows of a catalogue."""
    if not catalogue.is_file():
        raise DltuiError(f"no catalogue at {catalogue}; name one with --catalogue FILE.csv")
    try:
        reader = csv.DictReader(catalogue.read_text(encoding="utf-8").splitlines())
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        found = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DltuiError(f"can't read {catalogue}: {error}; a catalogue is a CSV file in UTF-8") from error
    if missing:
        raise DltuiError(f"{catalogue} lacks the column {missing[0]!r}; a catalogue has {', '.join(COLUMNS)}")
    return found


def count(rows: Iterable[Row], exhibits: Iterable[Exhibit]) -> tuple[list[Count], Count, list[str]]:
    """Count by family, in all, and what the exhibits claim beyond the catalogue.

    Args:
        rows: Core rows of the catalogue.
        exhibits: The exhibits there are.

    Returns:
        One count a family in the order of the catalogue, the sum, and covers that are no core row.
    """
    rows, exhibits = list(rows), list(exhibits)
    shown = {key for one in exhibits for key in one.covers}
    families = dict.fromkeys([*(row.family for row in rows), *(one.family for one in exhibits)])
    counts = [_count(family, rows, exhibits, shown) for family in families]
    total = Count(
        "total",
        sum(one.rows for one in counts),
        sum(one.covered for one in counts),
        sum(one.exhibits for one in counts),
        sum(one.checks for one in counts),
    )
    return counts, total, sorted(shown - {row.key for row in rows})


def _count(family: str, rows: list[Row], exhibits: list[Exhibit], shown: set[str]) -> Count:
    """Return the count of one family."""
    keys = [row.key for row in rows if row.family == family]
    standing = [one for one in exhibits if one.family == family]
    checks = sum(len(one.checks) for one in standing)
    return Count(family, len(keys), sum(key in shown for key in keys), len(standing), checks)


def _plain(one: Count) -> dict[str, str | int]:
    """Return a count as JSON."""
    return {
        "family": one.family,
        "rows": one.rows,
        "covered": one.covered,
        "exhibits": one.exhibits,
        "checks": one.checks,
    }
