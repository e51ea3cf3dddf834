"""What a name's ending says of the picture in a file, and which packages that kind needs. No numpy."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from dltui.errors import DltuiError
from dltui.files import check_target

KINDS = {
    ".png": "a picture for slides and web, 200 dots an inch",
    ".svg": "a picture that can be enlarged and edited",
    ".pdf": "a plate for paper, one figure a page",
    ".html": "one page to turn and hover over, needs nothing else",
    ".csv": "the numbers as a tidy table",
    ".json": "the whole figure, every part by name",
    ".npz": "the arrays, for numpy",
    ".txt": "what the terminal shows, without colours",
}
MOVING = {
    ".gif": "an animated picture that plays everywhere",
    ".cast": "text for asciinema, small and sharp",
}
EXTRA = {".png": "matplotlib", ".pdf": "matplotlib", ".gif": "Pillow"}  # packages that an ending needs
MODULES = {"Pillow": "PIL"}  # where a package's module bears another name


def missing(ending: str) -> str:
    """Return the package that files of this kind need and this machine lacks, or nothing."""
    package = EXTRA.get(ending.lower(), "")
    return package if package and find_spec(MODULES.get(package, package)) is None else ""


def check_figure(path: Path) -> None:
    """Make sure, before any work is done, that figures can be drawn to a file.

    Args:
        path: Where to.

    Raises:
        UsageError: If nothing is drawn to files of that name.
        DltuiError: If a package is missing, or the folder can't be written.
    """
    check_target(path, KINDS, "draw to")
    _check_package(path, KINDS)


def check_moving(path: Path, kinds: Iterable[str] = MOVING) -> None:
    """Make sure, before any work is done, that a recording can be written to a file.

    Args:
        path: Where to.
        kinds: How its name may end.

    Raises:
        UsageError: If no recording has such a name.
        DltuiError: If a package is missing, or the folder can't be written.
    """
    check_target(path, kinds, "record to")
    _check_package(path, kinds)


def _check_package(path: Path, kinds: Iterable[str]) -> None:
    """Refuse a file that needs what this machine lacks."""
    ending = path.suffix.lower()
    package = missing(ending)
    if package:
        others = [kind for kind in kinds if kind not in EXTRA]
        instead = f"; {', '.join(others)} work{'s' * (len(others) == 1)} without" if others else ""
        raise DltuiError(f"{ending[1:].upper()} needs {package}: pip install 'dltui[figures]'{instead}")
