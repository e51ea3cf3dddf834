"""Which exhibits may answer from a thread of the application: those whose code never reaches torch.

Read off the sources, so that nothing is imported to find out. What is imported only to check a number, or only for
type checkers, does not count. Where this says too much an exhibit merely gets a process of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from dltui.spelling import parsed

HOUSE = "dltui"
ROOT = Path(__file__).parents[1]  # where its modules lie
HEAVY = "torch"


@cache
def needs_torch(module: str) -> bool:
    """Return whether a module of dltui, or one that it imports, imports torch when it is used.

    Args:
        module: Dotted name of the module.

    Returns:
        True when an import of torch can be reached.
    """
    seen: set[str] = set()
    left = [module]
    while left:
        name = left.pop()
        if name.partition(".")[0] == HEAVY:
            return True
        if name.partition(".")[0] == HOUSE and name not in seen:
            seen.add(name)
            left += _imports(name)
    return False


@cache
def _imports(module: str) -> tuple[str, ...]:
    """Return the modules that a module's source imports; none for a name that is no module."""
    source = _source(module)
    if source is None:
        return ()
    tree = parsed(source.read_text(encoding="utf-8"))
    above = (
        [module.rpartition(".")[0]] if "." in module else []
    )  # the package that it lies in is imported first
    return tuple(dict.fromkeys([*above, *(name for node in _used(tree) for name in _names(node))]))


def _source(module: str) -> Path | None:
    """Return the file of a module of dltui, found without importing the packages that it lies in."""
    place = ROOT.joinpath(*module.split(".")[1:])
    files = (place.with_suffix(".py"), place / "__init__.py")
    return next((one for one in files if one.is_file()), None)


def _used(node: ast.AST) -> Iterator[ast.AST]:
    """Yield every node but those of checks and those that only type checkers see."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef) and any(_is_check(one) for one in child.decorator_list):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _used(child)


def _is_check(decorator: ast.expr) -> bool:
    """Return whether a decorator makes a function a check of an exhibit."""
    return isinstance(decorator, ast.Attribute) and decorator.attr == "check"


def _names(node: ast.AST) -> Iterator[str]:
    """Yield what an import statement names: the module, and what is taken from it in case that is a module too."""
    if isinstance(node, ast.Import):
        yield from (one.name for one in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{one.name}" for one in node.names)
