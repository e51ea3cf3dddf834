"""One deliberate change an exhibit: what is broken, how, and which of its checks must notice.

The tables are ``BREAKS`` in ``tests/lab/broken_FAMILY.py``, a line or more an exhibit, for ``test_lab_family.py``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dltui.lab import EXHIBITS, load

HERE = Path(__file__).parent
Wrong = Callable[[Any], Any]  # takes what is right, returns what is not


class Break(NamedTuple):
    """A change that a check must notice.

    Attributes:
        exhibit: Name of the exhibit.
        place: ``family.module:name`` below ``dltui.lab``, or ``dltui.….module:name``; where the exhibit *uses* it. A
            name may have dots (``Counter.last``) or an index (``EVALUATE[sum]``).
        wrong: Takes what stands there and returns what shall stand there instead.
        noticed: The check that must fail; it alone is run.
    """

    exhibit: str
    place: str
    wrong: Wrong
    noticed: str


def times(factor: float) -> Wrong:
    """Return what makes a function return as many times what it returns."""
    return lambda right: lambda *given, **more: factor * right(*given, **more)


def returning(value: Any) -> Wrong:
    """Return what makes a function return always the same."""
    return lambda right: lambda *given, **more: value


def tables() -> dict[str, tuple[Break, ...]]:
    """Return the tables by family."""
    names = sorted(file.stem for file in HERE.glob("broken_*.py"))
    return {name.removeprefix("broken_"): import_module(f"tests.lab.{name}").BREAKS for name in names}


@contextmanager
def broken(one: Break) -> Iterator[None]:
    """Break it for a while; nothing that was computed before or meanwhile is remembered."""
    module, _, name = one.place.partition(":")
    module = module if module.startswith("dltui.") else f"dltui.lab.{module}"
    load(one.exhibit)
    with pytest.MonkeyPatch.context() as patch:
        _set(patch, import_module(module), name, one.wrong)
        _forget(one)
        yield
    _forget(one)


def must_notice(one: Break) -> None:
    """Assert that the check holds for what is right no longer when it is broken."""
    check = next((check for check in load(one.exhibit).checks if check.name == one.noticed), None)
    assert check, f"{one.exhibit} has no check {one.noticed!r}"
    with broken(one), pytest.raises(AssertionError):
        check.function()


def _set(patch: pytest.MonkeyPatch, owner: Any, name: str, wrong: Wrong) -> None:
    """Put what is wrong in its place."""
    *ways, last = name.split(".")
    for way in ways:
        owner = getattr(owner, way)
    last, _, index = last.partition("[")
    if index:
        kept = getattr(owner, last)
        patch.setitem(kept, index.rstrip("]"), wrong(kept[index.rstrip("]")]))
    else:
        right = owner.__dict__[last]
        patch.setattr(owner, last, wrong(right))


def _forget(one: Break) -> None:
    """Empty every cache of the family."""
    family = f"dltui.lab.{EXHIBITS.entry(one.exhibit).family}."
    for name, module in list(sys.modules.items()):
        if name.startswith(family):
            for thing in list(vars(module).values()):
                if callable(clear := getattr(thing, "cache_clear", None)):
                    clear()
