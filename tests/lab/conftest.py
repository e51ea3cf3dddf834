"""Exhibits that only tests know, in a module of their own and in the table of names."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dltui.lab import EXHIBITS
from dltui.lab._names import NAMES
from dltui.registry import Entry


@pytest.fixture
def exhibits_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str, str, str], None]]:
    """Write a source to a module and put an exhibit of it into the table: ``put(source, name, module)``."""
    monkeypatch.syspath_prepend(str(tmp_path))
    put_in: list[tuple[str, str]] = []

    def put(source: str, name: str, module: str) -> None:
        (tmp_path / f"{module}.py").write_text(source, encoding="utf-8")
        monkeypatch.setitem(NAMES, name, Entry(module, "An exhibit for tests.", "testing"))
        put_in.append((name, module))

    yield put
    for name, module in put_in:
        sys.modules.pop(module, None)
        EXHIBITS._found.pop(name, None)
