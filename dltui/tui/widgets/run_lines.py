"""A line for each run that is watched: how it goes, how far it is; and what is ill in it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from dltui.tui.widgets.rows import STATES
from dltui.tui.widgets.top_bar import shortened
from dltui.watching.finding import ORDER, Finding
from dltui.watching.follow import Followed

BAR = 16  # cells of the bar that tells how much is done
DONE, OPEN = "━", "─"
COLOURS = {"good": "$text-success", "bad": "$text-error", "odd": "$text-warning", "quiet": "$foreground 70%"}
MARKS = {"error": ("✗", "$text-error"), "warning": ("▲", "$text-warning"), "hint": ("·", "$text-accent")}
HEALTHY = "nothing found that is ill"


class RunLines(Widget):
    """How some runs stand."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    RunLines { height: auto; max-height: 8; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._runs: Sequence[Followed] = ()
        self._lead = 0

    def show(self, runs: Sequence[Followed], lead: int) -> None:
        """Show how runs stand by now.

        Args:
            runs: What is watched.
            lead: Number of the run that keys ask.
        """
        again = len(runs) != len(self._runs)
        self._runs, self._lead = runs, lead
        self.refresh(layout=again)

    def get_content_height(self, *_: object) -> int:
        """Return one line a run."""
        return max(1, len(self._runs))

    def render(self) -> Content:
        """Return the lines."""
        names = max((cell_len(one.source.name) for one in self._runs), default=0)
        return Content("\n").join([
            self._line(one, min(names, 28), leads=len(self._runs) > 1 and place == self._lead)
            for place, one in enumerate(self._runs)
        ])

    def _line(self, one: Followed, names: int, *, leads: bool) -> Content:
        """Return one line; what is least important gives way where there is no room."""
        glyph, part = STATES.get(one.state, ("○", "odd"))
        name = shortened(one.source.name, names).ljust(names)
        share = one.share
        wide = BAR if self.size.width >= 100 else BAR // 2 if len(self._runs) == 1 else 0
        bar = bar_of(share, wide) if math.isfinite(share) else ""
        head = f"{glyph} {name}  " + (f"{bar}  " if bar else "")
        room, told = self.size.width - 2 - cell_len(head), ""
        for word in one.headline:
            longer = f"{told} · {word}" if told else word
            if cell_len(longer) > room:
                break
            told = longer
        return Content.assemble(
            (f"{glyph} ", f"{COLOURS[part]} bold"),
            (f"{name}  ", "bold underline" if leads else "bold"),
            (f"{bar}  " if bar else "", "$text-accent"),
            (told, "$foreground 90%"),
        )


def bar_of(share: float, width: int) -> str:
    """Return a bar of ``width`` cells, filled by a share."""
    full = round(share * width)
    return DONE * full + OPEN * (width - full)


def finding_lines(runs: Sequence[Followed], most: int | None, width: int) -> Content:
    """Return what is ill, the worst first.

    Args:
        runs: What is watched.
        most: Findings at most, a line each; None for all of them with their advice.
        width: Cells of a line.

    Returns:
        The lines.
    """
    found = [(one.source.name, finding) for one in runs for finding in one.findings]
    found.sort(key=lambda pair: ORDER.index(pair[1].severity))
    if not found:
        return Content.styled(f"✓ {HEALTHY}", "$foreground 70%")
    several = len(runs) > 1
    shown = found if most is None else found[:most]
    lines = [_finding(name if several else "", finding, width, whole=most is None) for name, finding in shown]
    left = len(found) - len(shown)
    if left:
        lines[-1] = Content.assemble(lines[-1][: max(0, width - 12)], (f" +{left} more: d", "$text-accent"))
    return Content("\n" if most is not None else "\n\n").join(lines)


def _finding(name: str, finding: Finding, width: int, *, whole: bool) -> Content:
    mark, colour = MARKS[finding.severity]
    who = f"{name}: " if name else ""
    if whole:
        return Content.assemble(
            (f"{mark} {who}{finding.rule}\n", f"{colour} bold"),
            f"{finding.sentence}\n",
            (f"{finding.advice}  ", "$text-accent"),
            (f"(notes {finding.note})", "$foreground 70%"),
        )
    text = f"{who}{finding.sentence} {finding.advice}"
    return Content.assemble((f"{mark} ", f"{colour} bold"), shortened(text, width - 2))
