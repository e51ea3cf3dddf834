"""Exhibits as they are played for a look: their first picture, or the end of one setting. Called in a thread."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dltui.errors import Cancelled, DltuiError
from dltui.tui.catalog.items import Item

if TYPE_CHECKING:
    from dltui.figures import Figure
    from dltui.results.gallery import Gallery

WAIT = 0.1  # seconds between two looks at whether it is still wanted
KIND = "setting"


def setting_item(name: str, values: Mapping[str, object], told: str, command: str) -> Item:
    """Return a setting of an exhibit as a thing that can stand beside others.

    Args:
        name: The exhibit.
        values: Where the knobs stand that were turned.
        told: What a pane calls it.
        command: The command line that shows the same.
    """
    return Item(KIND, told, name, json.dumps([name, dict(values)]), command)


def setting_figures(item: Item) -> list[Figure]:
    """Return the pictures of an exhibit, or of one setting of it, in the end.

    Args:
        item: An exhibit, or what ``setting_item`` returned.

    Raises:
        DltuiError: If the setting can't be played.
    """
    name, values = json.loads(item.key) if item.kind == KIND else (item.key, {})
    shown = played(name, values, settled=True).shown
    return [figure for figure in shown[1:] if figure.title != "Go on"]


def played(
    name: str,
    values: Mapping[str, Any] | None = None,
    *,
    settled: bool = False,
    wanted: Callable[[], bool] = lambda: True,
) -> Gallery:
    """Play an exhibit where its screen would: in a thread if it is quick, else in a process of its own.

    Args:
        name: The exhibit.
        values: Where the knobs stand that were turned.
        settled: Wait for the end instead of the first moment.
        wanted: Whether someone still waits for it; when not, it is given up.

    Returns:
        What it shows.

    Raises:
        DltuiError: If the setting can't be played.
        Cancelled: If nobody wants it any more.
    """
    from dltui.jobs import LiveExhibit

    live = LiveExhibit(name)
    try:
        setting = live.set(**(values or {}))
        while not live.wait(setting, WAIT, settled=settled):
            if not wanted():
                raise Cancelled(f"nobody looks at {name} any more")
        if live.failure is not None or live.moment is None:
            raise DltuiError(live.failure.sentence if live.failure else f"{name} shows nothing")
        return live.moment.shown
    finally:
        live.close()


def keep_setting(name: str, line: str, shown: Gallery) -> Path:
    """Save what an exhibit shows among the results.

    Args:
        name: The exhibit.
        line: The command line that shows the same.
        shown: What is shown.

    Returns:
        The file.

    Raises:
        DltuiError: If the folder of the results can't be written.
    """
    from secrets import token_hex

    from dltui.jobs.keep import keep, scratch_folder
    from dltui.jobs.order import Order
    from dltui.runs import results_folder

    order = Order(token_hex(3), ("lab", "run", name), results_folder(), scratch_folder())
    return keep(shown.signed(command=line), order)
