"""Rows of a run as an event file that TensorBoard shows."""

from __future__ import annotations

import math
import os
import socket
from collections.abc import Iterable
from pathlib import Path

from dltui.files import replacing
from dltui.runs.digest import PLACES, flat, is_number
from dltui.runs.metrics import Row
from dltui.runs.tensorboard.events import first_event, scalar_event
from dltui.runs.tensorboard.records import framed


def write_events(rows: Iterable[Row], folder: Path, began: float) -> Path:
    """Write the numbers of rows to a new event file, whole or not at all.

    Args:
        rows: The rows of a run; those without a step are left out.
        folder: Where the file shall lie.
        began: When the run began, in seconds since 1970.

    Returns:
        The file.

    Raises:
        DltuiError: If it can't be written.
    """
    path = folder / f"events.out.tfevents.{int(began)}.{socket.gethostname()}.{os.getpid()}.0"
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(framed(first_event(began)))
        for row in rows:
            step, seconds, scalars = row.get("step"), row.get("seconds"), _scalars(row)
            if isinstance(step, int) and scalars and row.get("kind") != "start":
                time = began + (float(seconds) if is_number(seconds) else 0.0)
                file.write(framed(scalar_event(time, step, scalars)))
    return path


def _scalars(row: Row) -> dict[str, float]:
    """Return the numbers of a row by name; NaN for those that were not finite."""
    told = row.get("nonfinite_fields")
    found = {
        name: float(value) for name, value in flat(row).items() if name not in PLACES and is_number(value)
    }
    return found | ({str(name): math.nan for name in told} if isinstance(told, list) else {})
