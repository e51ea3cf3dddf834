"""How a run goes, in a line of words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dltui.figures import number

if TYPE_CHECKING:
    from dltui.watching.follow import Followed

GIB = 1 << 30


def headline(one: Followed) -> list[str]:
    """Return the parts of the line that tells how a run goes, the most important first."""
    course = one.course
    parts = ["paused" if one.paused else one.state, _progress(one)]
    loss = course.steps.get("loss") or course.evals.get("train_loss")
    parts += [f"loss {number(loss.last, 3)}"] if loss is not None and len(loss) else []
    goes = one.state == "running"
    if goes and math.isfinite(course.left):
        parts.append(f"{duration(course.left)} left")
    right = course.evals.get("test_accuracy")
    if right is not None and math.isfinite(right.last):
        parts.append(f"test {100 * right.last:.1f} % right")
    if goes:
        rate = course.steps.get("rate")
        if rate is not None and math.isfinite(rate.last):
            parts.append(f"{number(rate.last, 3)} samples/s")
        elif course.pace > 0:
            parts.append(f"{number(1 / course.pace, 3)} steps/s")
        parts += device_line(one)
    parts.append(f"{duration(course.seconds)} so far" if goes else f"took {duration(course.seconds)}")
    if math.isfinite(share := share_done(one)):
        parts.append(f"{100 * share:.0f} %")
    return [part for part in parts if part]


def device_line(one: Followed) -> list[str]:
    """Return what the accelerator was doing last, in at most one part."""
    told = {key: track.last for key, track in one.course.device.items() if len(track)}
    parts = []
    if math.isfinite(told.get("utilisation", math.nan)):
        parts.append(f"{100 * told['utilisation']:.0f} %")
    if math.isfinite(told.get("memory_used", math.nan)):
        total = told.get("memory_total", math.nan)
        of = f" of {total / GIB:.0f}" if math.isfinite(total) else ""
        parts.append(f"{told['memory_used'] / GIB:.1f}{of} GiB")
    if math.isfinite(told.get("power", math.nan)):
        parts.append(f"{told['power']:.0f} W")
    if math.isfinite(told.get("temperature", math.nan)):
        parts.append(f"{told['temperature']:.0f} °C")
    return [f"GPU {' '.join(parts)}"] if parts else []


def share_done(one: Followed) -> float:
    """Return how much of the run is done, NaN where nobody told how long it is."""
    course = one.course
    return min(1.0, course.step / course.total) if course.total else math.nan


def duration(seconds: float) -> str:
    """Return a time as people write it: 8 s, 2 min 05 s, 3 h 20 min."""
    if not math.isfinite(seconds):
        return "–"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{whole} s"


def _progress(one: Followed) -> str:
    course = one.course
    return f"step {course.step:,}/{course.total:,}" if course.total else f"step {course.step:,}"
