"""Threads that import side by side must never wait for each other: no part before its package.

A thread that imports ``dltui.runs.home`` holds the lock of that part while it waits for ``dltui.runs``; another one
that is just importing ``dltui.runs`` waits for the part, as the package loads it. The interpreter finds the deadlock
and refuses one of the two imports, and with it everything that waited for it.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from dltui.tui import _names

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    ".".join((path.parent if path.stem == "__init__" else path.with_suffix("")).relative_to(ROOT).parts): path
    for path in (ROOT / "dltui").rglob("*.py")
}


def modules_of(node: ast.stmt) -> Iterator[str]:
    """Yield the modules of dltui that a statement imports, in order."""
    if isinstance(node, ast.ImportFrom) and node.module in FILES:
        yield node.module
        yield from (part for one in node.names if (part := f"{node.module}.{one.name}") in FILES)
    elif isinstance(node, ast.Import):
        yield from (one.name for one in node.names if one.name in FILES)


@cache
def imports(module: str, *, deep: bool) -> tuple[tuple[int, str], ...]:
    """Return line and module of each import: those at the top, or those within functions as well."""
    tree = ast.parse(FILES[module].read_text(encoding="utf-8"))
    nodes = ast.walk(tree) if deep else tree.body
    found = [(node.lineno, one) for node in nodes if isinstance(node, ast.stmt) for one in modules_of(node)]
    return tuple(sorted(found, key=lambda pair: pair[0]))


def loaded_by(modules: set[str]) -> set[str]:
    """Return everything that is loaded with some modules, with the packages above."""
    found: set[str] = set()
    ahead = list(modules)
    while ahead:
        module = ahead.pop()
        if module in found or module not in FILES:
            continue
        found.add(module)
        ahead += [one for _, one in imports(module, deep=False)]
        ahead.append(module.rpartition(".")[0])
    return found


@cache
def parts_loaded_by(package: str) -> frozenset[str]:
    """Return the parts of a package that it loads itself."""
    ahead, found = [package], set()
    while ahead:
        for _, one in imports(ahead.pop(), deep=False):
            if one not in found:
                found.add(one)
                ahead.append(one)
    return frozenset(one for one in found if one.startswith(f"{package}."))


def early_parts(module: str, known: set[str]) -> Iterator[str]:
    """Yield the parts that a module imports before their package, where the package loads them."""
    before = set(known)
    for line, part in imports(module, deep=True):
        package = part.rpartition(".")[0]
        while package:
            outside = not f"{module}.".startswith(f"{package}.")
            if outside and package not in before and part in parts_loaded_by(package):
                yield f"{module}, line {line}: {part} before {package}"
            package = package.rpartition(".")[0]
        before.add(part)


def test_no_part_is_imported_before_its_package() -> None:
    at_start = loaded_by({"dltui.tui.app"})  # in one thread, before there are others
    readers = {row[-1].partition(":")[0] for row in _names.SHELVES}
    glimpses = {place.partition(":")[0] for place in _names.GLIMPSES.values()}
    beside = loaded_by(readers | glimpses) | {one for one in at_start if one.startswith("dltui.tui")}
    assert {"dltui.runs.history", "dltui.models.spelled"} <= beside
    assert not [one for module in sorted(beside) for one in early_parts(module, at_start)]


SIDE_BY_SIDE = """
import sys
from importlib import import_module
from importlib.machinery import PathFinder, SourceFileLoader
from threading import Event, Thread
import dltui.tui.catalog

asked = Event()

class Slow(SourceFileLoader):  # another thread finds out that the package is not there yet, and waits for it
    def create_module(self, spec):
        asked.set()
        threads[1].join(1.5)

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != sys.argv[1]:
            return None
        spec = PathFinder.find_spec(name, path)
        spec.loader = Slow(name, spec.loader.path)
        return spec

def late():
    assert asked.wait(60)
    import_module(sys.argv[3])

sys.meta_path.insert(0, Finder)
threads = [Thread(target=import_module, args=sys.argv[2:3]), Thread(target=late)]
for one in threads:
    one.start()
for one in threads:
    one.join()
"""


@pytest.mark.parametrize(
    ("package", "first", "second"),
    [
        ("dltui.runs", "dltui.tui.catalog.results", "dltui.models.spelled"),
        ("dltui.data", "dltui.tui.catalog.models", "dltui.tui.catalog.data"),
    ],
)
def test_modules_load_side_by_side_when_the_disk_is_slow(package: str, first: str, second: str) -> None:
    words = [sys.executable, "-c", SIDE_BY_SIDE, package, first, second]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr == ""
