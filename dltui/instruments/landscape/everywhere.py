"""The same measurement on several devices."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from dltui.instruments.landscape.choose import finite
from dltui.instruments.landscape.measure import Measure
from dltui.instruments.landscape.plane import Plane
from dltui.instruments.landscape.window import Window
from dltui.instruments.planes.statistics import Statistics
from dltui.objective import Objective


def everywhere(
    home: Measure,
    plane: Plane,
    window: Window,
    sets: Sequence[Objective],
    statistics: Statistics | None,
    devices: Sequence[torch.device],
) -> list[Measure]:
    """Return what is measured at each point, once for each device.

    Args:
        home: The measurement on the device of the objective.
        plane: Weights and directions there.
        window: The cells.
        sets: The samples there.
        statistics: Puts running statistics right there, or None.
        devices: Where to measure; nothing for the device of the objective alone.

    Returns:
        One measurement a device; several times the same where a device is named several times.
    """
    known = {plane.objective.device: home}
    for device in devices:
        if device not in known:
            there = plane.objective.on(device)
            settle = statistics.on(device).settle if statistics else None
            moved = Plane(there, there.twin(), [d.to(device) for d in plane.directions], settle)
            known[device] = finite(moved, window, [one.on(device) for one in sets])[2]
    return [known[device] for device in devices] or [home]
