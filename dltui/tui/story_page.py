"""What an exhibit says of itself, of its numbers and of its checks, as text for the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textual.content import Content

from dltui.tui.catalog.jobs import standing, told

if TYPE_CHECKING:
    from dltui.jobs import Job
    from dltui.lab import Exhibit

LONGEST = 4  # numbers of a row that are written out


def story_page(exhibit: Exhibit) -> Content:
    """Return its story: what is seen, what to try, what to notice, the formulas, checks, sources, where to go on."""
    story = exhibit.story
    parts = [
        Content.styled(story.seen, "bold"),
        _headed("Try", story.attempt),
        _headed("Notice", story.notice),
        *(Content(paragraph) for paragraph in story.body),
        _headed("Checked against", "\n".join(f"· {check.about}" for check in exhibit.checks)),
    ]
    if exhibit.kin:
        parts.append(_headed("Go on", "\n".join(f"{line}\n  {what}" for line, what in exhibit.kin.items())))
    if exhibit.sources:
        parts.append(_headed("Sources", "; ".join(exhibit.sources)))
    return Content("\n\n").join(parts)


def number_rows(numbers: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return named values as people read them; of long rows the ends, and nothing of what is empty."""
    return tuple((name.replace("_", " "), _number(value)) for name, value in numbers.items() if value != "")


def verdict_page(job: Job) -> Content:
    """Return how a job that runs checks stands, and once it has ended a line a check."""
    if not job.over:
        return Content.styled(f"checks: {standing(job)}", "$foreground 70%")
    found = job.result or job.partial
    checks = getattr(found, "numbers", {}).get("checks", []) if found is not None else []
    lines = [_verdict(check) for check in checks]
    return Content("\n").join(lines) if lines else Content(told(job))


def _verdict(check: Mapping[str, Any]) -> Content:
    """Return one check with its sign."""
    sign = ("✓ ", "$text-success bold") if check["holds"] else ("✗ ", "$text-error bold")
    message = "" if check["holds"] else f": {check['message']}"
    return Content.assemble(sign, f"{check['about']}{message}")


def _headed(heading: str, text: str) -> Content:
    return Content.assemble((f"{heading}\n", "$foreground 70%"), text)


def _number(value: Any) -> str:
    """Return a value in a few characters."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        parts = [_number(one) for one in value]
        if len(parts) > LONGEST:
            parts = [*parts[: LONGEST - 1], "…", parts[-1]]
        return f"({', '.join(parts)})"
    return "–" if value is None else str(value)
