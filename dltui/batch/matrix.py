"""One job for each combination of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from dltui.batch.placeholders import spelled
from dltui.batch.plan import Scalar
from dltui.errors import UsageError, unknown

INCLUDE, EXCLUDE = "include", "exclude"

Combination = dict[str, Scalar]


def combinations(job: str, table: Mapping[str, Any]) -> list[Combination]:
    """Return every combination that a matrix stands for.

    Args:
        job: Name of the job, for the errors.
        table: Lists of values by variable; ``exclude`` drops the combinations that have all values of one of its
            entries, ``include`` adds whole ones.

    Returns:
        Combinations without doubles, the last variable fastest.

    Raises:
        UsageError: If something in the table can't be meant.
    """
    lists = {
        name: _values(job, name, value) for name, value in table.items() if name not in {INCLUDE, EXCLUDE}
    }
    found = [dict(zip(lists, values, strict=True)) for values in product(*lists.values())] if lists else []
    dropped = [_entry(job, EXCLUDE, one, lists) for one in _entries(job, EXCLUDE, table)]
    added = [_entry(job, INCLUDE, one, lists) for one in _entries(job, INCLUDE, table)]
    kept = [one for one in found if not any(out.items() <= one.items() for out in dropped)]
    for one in added:
        if lists and one.keys() != lists.keys():
            lacking = ", ".join(sorted(lists.keys() - one.keys()))
            raise UsageError(
                f"include of the matrix of {job!r} lacks {lacking}: expected a value for every variable"
            )
        if one not in kept:
            kept.append(one)
    if not kept:
        raise UsageError(
            f"the matrix of {job!r} leaves no combination: take an exclude away, or add an include"
        )
    return kept


def named(group: str, values: Mapping[str, Scalar]) -> str:
    """Return what one job of a matrix is called, such as ``train[lr=0.1,seed=0]``."""
    told = ",".join(f"{name}={spelled(value)}" for name, value in values.items())
    return f"{group}[{told}]" if told else group


def _values(job: str, name: str, value: Any) -> list[Scalar]:
    """Return the values of a variable."""
    if not name.isidentifier():
        raise UsageError(f"{name!r} in the matrix of {job!r} can't be a variable: use letters, digits and _")
    if (
        not isinstance(value, list)
        or not value
        or not all(isinstance(one, str | int | float) for one in value)
    ):
        raise UsageError(
            f"{name} in the matrix of {job!r} must be a list of values such as [0.1, 0.01], not {value!r}"
        )
    return list(dict.fromkeys(value))


def _entries(job: str, kind: str, table: Mapping[str, Any]) -> Sequence[Any]:
    """Return the entries of ``include`` or ``exclude``."""
    entries = table.get(kind, [])
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise UsageError(f"{kind} in the matrix of {job!r} must be a list such as [{{lr = 0.1, seed = 1}}]")
    return entries


def _entry(job: str, kind: str, entry: Mapping[str, Any], lists: Mapping[str, list[Scalar]]) -> Combination:
    """Return one entry of ``include`` or ``exclude``, its names checked."""
    for name, value in entry.items():
        if lists and name not in lists:
            raise unknown(f"variable in {kind} of {job!r}", name, lists)
        if not isinstance(value, str | int | float):
            raise UsageError(f"{name} in {kind} of {job!r} must be one value, not {value!r}")
        if kind == EXCLUDE and value not in lists.get(name, []):
            raise UsageError(
                f"exclude of {job!r} names {name} = {spelled(value)}, which is none of its values: "
                f"{', '.join(map(spelled, lists.get(name, [])))}"
            )
    return dict(entry)
