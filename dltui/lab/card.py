"""What is told of an exhibit: the shelf it stands on, and the card beside it."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from dltui.lab._names import FAMILIES
from dltui.lab.exhibit import EXHIBITS, Exhibit, chosen, load
from dltui.lab.knobs import Knob
from dltui.lab.listing import Listing, in_columns

if TYPE_CHECKING:
    from dltui.results import Result


def shelf(family: str | None = None, search: str = "") -> Listing:
    """List exhibits by family without importing them.

    Args:
        family: Only this family.
        search: Words that must all stand in the name, the family or the summary; case does not count.

    Returns:
        Name, family and one line of each.

    Raises:
        UsageError: If there is no such family; it suggests the nearest.
    """
    words = search.lower().split()
    found = [name for name in chosen(family=family) if all(word in _told(name) for word in words)]
    entries = [(name, EXHIBITS.entry(name)) for name in found]
    plain = [{"name": name, "family": entry.family, "summary": entry.summary} for name, entry in entries]
    if found:
        foot = (
            f"{len(found)} exhibit{'s' if len(found) > 1 else ''}; read one with: dltui lab show {found[0]}"
        )
    else:
        foot = f"no exhibit has {search!r} in its name, family or summary; see all with: dltui lab list"
    return Listing(
        title="Exhibits of the lab",
        columns=("exhibit", "family", "what is seen"),
        rows=tuple((name, entry.family, entry.summary) for name, entry in entries),
        plain={"exhibits": plain, "families": FAMILIES},
        foot=(foot,),
    )


@dataclass(frozen=True)
class Card:
    """All that an exhibit says of itself.

    Attributes:
        exhibit: The exhibit.
    """

    exhibit: Exhibit

    def document(self) -> dict[str, Any]:
        """Return name, family, text, schema of the knobs, rows, checks, kin and sources as JSON."""
        one = self.exhibit
        return {
            "name": one.name,
            "family": one.family,
            "seen": one.story.seen,
            "try": one.story.attempt,
            "notice": one.story.notice,
            "text": list(one.story.body),
            "knobs": one.schema(),
            "covers": list(one.covers),
            "checks": [{"name": check.name, "about": check.about} for check in one.checks],
            "kin": dict(one.kin),
            "sources": list(one.sources),
        }

    def lines(self, width: int) -> list[str]:
        """Return the card in lines of at most ``width`` cells."""
        one = self.exhibit
        lines = [f"{one.name} · {one.family}", ""]
        lines += [line for text in one.story.opening for line in wrap(text, width, subsequent_indent="  ")]
        for text in one.story.body:
            lines += ["", *wrap(text, width)]
        for title, rows in self._tables():
            lines += ["", title, *(f"  {line}" for line in in_columns(rows, width - 2))]
        return lines

    def result(self) -> Result:
        """Return the same as a result: prose and tables."""
        from dltui.figures import Figure, Prose, Table
        from dltui.results.gallery import Gallery

        story = self.exhibit.story
        text = Prose(title=self.exhibit.name, text="\n\n".join((*story.opening, *story.body)))
        shown: list[Figure] = [text]
        for title, rows in self._tables():
            columns = tuple(f"{i + 1}" for i in range(len(rows[0])))
            shown.append(Table(title=title, columns=columns, rows=rows))
        return Gallery(title=self.exhibit.name, shown=tuple(shown), numbers=self.document())

    def _tables(self) -> list[tuple[str, tuple[tuple[str, ...], ...]]]:
        """Return the parts that are written in columns, those that are empty left out."""
        one = self.exhibit
        tables = [
            ("Knobs", tuple(_knob(knob) for knob in one.knobs)),
            ("Checks", tuple((check.name, check.about) for check in one.checks)),
            ("Go on", tuple(one.kin.items())),
            ("Sources", tuple((source,) for source in (*one.sources, f"rows {', '.join(one.covers)}"))),
        ]
        return [(title, rows) for title, rows in tables if rows]


def card(name: str) -> Card:
    """Return the card of an exhibit.

    Args:
        name: The exhibit.

    Returns:
        What it says of itself, as text and as JSON.

    Raises:
        UsageError: If nothing bears that name; it suggests the nearest.
    """
    return Card(load(name))


def _told(name: str) -> str:
    """Return what a search looks at."""
    entry = EXHIBITS.entry(name)
    return f"{name} {entry.family} {entry.summary}".lower()


def _knob(knob: Knob) -> tuple[str, str]:
    """Return a knob as a row: option and default, help and range."""
    return f"{knob.option} {knob.default}", f"{knob.help}; {knob.expects}"
