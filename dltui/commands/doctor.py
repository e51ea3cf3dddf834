"""``dltui doctor``: versions, devices, the terminal, folders, shipped and fetched files."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._show import Failed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dltui.results.gallery import Gallery

app = verb_app()

LIBRARIES = (
    "torch", "numpy", "textual", "rich", "typer", "plotext", "safetensors", "matplotlib",
)  # fmt: skip

Row = tuple[str, str, str]  # what, finding, "ok" or what is wrong


@verb(app)
def doctor(*, common: Common) -> Gallery | Failed:  # noqa: ARG001
    """Tell what this machine, terminal and installation can do."""
    from dltui.figures import Table
    from dltui.results.gallery import Gallery

    parts = {
        "Versions": list(_versions()),
        "Devices": list(_devices()),
        "Terminal": list(_terminal()),
        "Folders": list(_folders()),
        "Shipped files": list(_assets()),
        "Fetched": list(_fetched()),
    }
    tables = tuple(
        Table(title=name, columns=("", "found", "state"), rows=tuple(rows)) for name, rows in parts.items()
    )
    numbers = {
        name: {row[0]: {"found": row[1], "state": row[2]} for row in rows} for name, rows in parts.items()
    }
    gallery = Gallery(title="doctor", shown=tables, numbers=numbers)
    ill = [row[0] for rows in parts.values() for row in rows if row[2].startswith("broken")]
    return Failed(gallery, f"not well: {', '.join(ill)}; see the table above") if ill else gallery


def _versions() -> Iterator[Row]:
    from importlib.metadata import PackageNotFoundError, version

    from dltui import __version__

    yield "dltui", __version__, "ok"
    yield "python", sys.version.split()[0], "ok"
    for name in LIBRARIES:
        try:
            yield name, version(name), "ok"
        except PackageNotFoundError:
            extra = name == "matplotlib"
            yield (
                name,
                "not installed",
                "pip install 'dltui[figures]' for PNG, SVG, PDF" if extra else "broken: missing",
            )


def _devices() -> Iterator[Row]:
    from dltui.device import describe_devices

    for name, finding in describe_devices():
        yield name, finding, "ok"


def _terminal() -> Iterator[Row]:
    from dltui.draw import look_of
    from dltui.draw.abilities import ask_terminal
    from dltui.draw.look import Depth
    from dltui.draw.terminals import glyphs_of

    look = look_of(sys.stdout)
    size = os.get_terminal_size() if sys.stdout.isatty() else None
    yield (
        "stdout",
        f"terminal, {size.columns} × {size.lines}" if size else "no terminal (a pipe or a file)",
        "ok",
    )
    colours = {Depth.NONE: "none", Depth.TRUE: "16 million"}.get(look.depth, str(int(look.depth)))
    yield (
        "colours",
        f"{colours} (TERM={os.environ.get('TERM', '')}, COLORTERM={os.environ.get('COLORTERM', '')})",
        "ok",
    )
    yield "NO_COLOR", "set" if os.environ.get("NO_COLOR") else "not set", "ok"
    encoding = sys.stdout.encoding or "unknown"
    yield (
        "unicode",
        f"{'no' if look.ascii else 'yes'} ({encoding})",
        "ok" if not look.ascii else "drawn in ASCII",
    )
    able = ask_terminal()
    yield (
        "glyphs for pictures",
        f"{glyphs_of(os.environ, able)} (DLTUI_GLYPHS={os.environ.get('DLTUI_GLYPHS', 'auto')})",
        "ok",
    )
    for name, shows in (("kitty pictures", able.kitty), ("sixel pictures", able.sixel)):
        yield (
            name,
            ("yes" if shows else "no") if able.answered else "unknown (the terminal did not answer)",
            "ok",
        )


def _folders() -> Iterator[Row]:
    from dltui.runs import home, results_folder, runs_folder

    for name, folder in (("home", home()), ("runs", runs_folder()), ("results", results_folder())):
        yield name, str(folder), _writable(folder)


def _writable(folder: Path) -> str:
    """Return "ok" when a file can be made in ``folder``, else what stands in the way."""
    from dltui.errors import DltuiError
    from dltui.files import write_text

    probe = folder / f".probe-{os.getpid()}"
    try:
        write_text(probe, "")
        probe.unlink()
    except (DltuiError, OSError) as error:
        return f"broken: {error}; set DLTUI_HOME to a folder that you may write to"
    return "ok"


def _assets() -> Iterator[Row]:
    from dltui.data.shipped import verify_assets

    for asset in verify_assets():
        yield asset.name, asset.note, "ok" if asset.whole else "broken: install dltui again"


def _fetched() -> Iterator[Row]:
    """Tell what ``dltui data get`` has brought; files are only weighed, ``dltui data verify`` reads them."""
    from dltui.data.fetch.manifest import things
    from dltui.data.fetch.places import fetched_folder, folder_of, is_here
    from dltui.data.fetch.records import records
    from dltui.files import size_in_words

    missing = []
    for name, one in things().items():
        if is_here(name):
            yield name, size_in_words(one.kept), "ok"
        elif folder_of(name).exists():
            yield name, "not whole", f"dltui data get {name}"
        else:
            missing.append(name)
    for record in records():
        yield record.spelled, size_in_words(record.bytes), "ok"
    yield "folder", str(fetched_folder()), "ok"
    if missing:
        yield "not fetched", ", ".join(missing), "dltui data get NAME"
