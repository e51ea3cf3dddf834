"""Values out of each job's JSON by dotted paths, such as ``loss.center`` and ``top_eigenvalues.0``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from dltui.batch.placeholders import spelled

REDUCTIONS = ("min", "max", "mean", "first", "last", "center")


def dotted(document: Any, path: str) -> Any:
    """Return what stands at a path, or None where nothing does.

    Args:
        document: What a job printed.
        path: Keys with dots between; numbers count the entries of a list from 0, from its end below 0. ``min``,
            ``max``, ``mean``, ``first``, ``last`` and ``center`` say one number of a list, or of a list of lists.

    Returns:
        The value; a key that has dots itself is found too.
    """
    if not path:
        return document
    if isinstance(document, list):
        head, _, rest = path.partition(".")
        if head in REDUCTIONS and not rest:
            return _reduced(document, head)
        try:
            return dotted(document[int(head)], rest)
        except (ValueError, IndexError):
            return None
    if not isinstance(document, dict):
        return None
    parts = path.split(".")
    for length in range(1, len(parts) + 1):
        key = ".".join(parts[:length])
        if key in document:
            found = dotted(document[key], ".".join(parts[length:]))
            if found is not None:
                return found
    return None


def _reduced(values: list[Any], how: str) -> Any:
    """Return one number of a list, or of a list of lists; None where it holds none."""
    if how == "center":
        found: Any = values
        while isinstance(found, list):
            found = found[len(found) // 2] if found else None
        return found
    numbers = list(_numbers(values))
    if not numbers:
        return None
    if how == "mean":
        return sum(numbers) / len(numbers)
    return {"min": min(numbers), "max": max(numbers), "first": numbers[0], "last": numbers[-1]}[how]


def _numbers(value: Any) -> Iterator[float]:
    """Yield the numbers of a list of lists, in order; what is no number is passed over."""
    if isinstance(value, list):
        for one in value:
            yield from _numbers(one)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def paths(document: Any, before: str = "") -> Iterator[str]:
    """Yield the paths of all plain values of a document; of lists the first entry alone."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield from paths(value, f"{before}.{key}" if before else str(key))
    elif isinstance(document, list):
        if document:
            yield from paths(document[0], f"{before}.0")
    else:
        yield before


def nowhere(path: str, documents: Sequence[Any]) -> str:
    """Return the sentence about a path that no job's JSON has, with the nearest ones that there are."""
    known = list(dict.fromkeys(one for document in documents for one in paths(document)))
    near = get_close_matches(path, known, n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(near)}?" if near else "see the stdout.json of a job for what there is"
    return f"no job's JSON has {path!r}: {hint}"


def spell(value: Any) -> str:
    """Return a value as it stands in a command line."""
    return spelled(value) if isinstance(value, str | int | float) else str(value)
