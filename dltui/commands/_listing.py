"""A register of things as a table, made without importing any of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dltui.registry import Entry
    from dltui.results.gallery import Gallery


def listing(title: str, table: Mapping[str, Entry], hint: str) -> Gallery:
    """Return the names with their family and line of help.

    Args:
        title: What is listed.
        table: The register's table.
        hint: What to do with a name.

    Returns:
        A table, and the same as numbers for ``--json``.
    """
    from dltui.figures import Table
    from dltui.results.gallery import Gallery

    rows = tuple((name, entry.family, entry.summary) for name, entry in table.items())
    told = [{"name": name, "family": family, "summary": summary} for name, family, summary in rows]
    shown = Table(title=title, caption=hint, columns=("name", "family", "what it is"), rows=rows)
    return Gallery(title=title, shown=(shown,), numbers={title: told})
