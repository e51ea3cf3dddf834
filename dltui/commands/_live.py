"""Playing an exhibit on a terminal: every moment over the last one."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from dltui.commands._frame import Common
from dltui.commands._output import write_lines
from dltui.commands._record import Recorder
from dltui.lab import Exhibit
from dltui.lab.run import live
from dltui.results.gallery import Gallery

PAUSE = 0.08  # seconds between moments
CLEAR, HOME, WIPE = "\x1b[2J", "\x1b[H", "\x1b[K"


def play(
    exhibit: Exhibit, settings: Mapping[str, object], common: Common, record: Path | None = None
) -> Gallery:
    """Show the main figure of every moment on a terminal, or one line a moment elsewhere.

    Args:
        exhibit: What is run.
        settings: Where every knob stands.
        common: The common options; with ``--json`` nothing is shown on the way.
        record: Where the moments are recorded as well, as ``.gif`` or ``.cast``.

    Returns:
        The last moment, with the numbers of all in ``numbers["moments"]``.

    Raises:
        UsageError: If a recording can't have that name.
    """
    recorder = Recorder(record) if record else None
    moments: list[dict[str, object]] = []
    shown = None
    for shown in live(exhibit, settings):
        moments.append({"caption": shown.title, **shown.numbers})
        if recorder:
            recorder(shown.shown[1], len(moments) * PAUSE)
        if not common.json:
            _moment(shown, common, first=len(moments) == 1)
    if recorder:
        recorder.save(common)
    assert shown is not None, f"exhibit {exhibit.name!r} yields no frame"
    return replace(shown, numbers=shown.numbers | {"moments": moments})


def _moment(shown: Gallery, common: Common, *, first: bool) -> None:
    """Draw one moment."""
    if not sys.stdout.isatty() or common.plain:
        write_lines([shown.title])
        return
    from dltui.commands._show import chosen_look
    from dltui.draw import render

    height = shutil.get_terminal_size((80, 24)).lines
    look = replace(chosen_look(common), height=height - 2, pixels=None)
    picture = render(shown.shown[1], look)[: height - 2]
    sys.stdout.write((CLEAR if first else "") + HOME)
    write_lines(f"{line}{WIPE}" for line in [shown.title, *picture])
    sys.stdout.flush()
    time.sleep(PAUSE)
