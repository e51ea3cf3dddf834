"""One table for every benchmark: what was measured, beside whom, what was set out to be reached, and whether it is."""

from __future__ import annotations

from typing import NamedTuple

WIDTHS = (4, 46, 38, 24, 9, 9)


class Goal(NamedTuple):
    """What a figure is to reach."""

    must: float
    aim: float
    less: bool = False  # whether small figures are good ones

    def met(self, value: float) -> str:
        """Say how far a figure gets."""
        reached = [value <= bar if self.less else value >= bar for bar in (self.must, self.aim)]
        return "aim" if reached[1] else "must" if reached[0] else "MISSED"


def head(title: str) -> None:
    """Print what the rows are about, and the names of the columns."""
    print(f"\n{title}")
    print(_line("row", "quantity", "peer", "figure", "must", "aim") + "met")


def row(number: str, quantity: str, peer: str, figure: str, goal: Goal | None, value: float) -> None:
    """Print one row.

    Args:
        number: Which of the rows that were set out.
        quantity: What was measured.
        peer: Beside whom.
        figure: The figure in words, with its unit.
        goal: What it is to reach, or None where nothing was set out.
        value: The figure as a number.
    """
    sign = "" if goal is None else "≤ " if goal.less else "≥ "
    bars = ("", "") if goal is None else (f"{sign}{goal.must:g}", f"{sign}{goal.aim:g}")
    verdict = "" if goal is None else goal.met(value)
    print(_line(number, quantity, peer, figure, *bars) + verdict, flush=True)


def times(value: float) -> str:
    """Say how many times faster something is."""
    return f"{value:.3g} × faster"


def _line(*cells: str) -> str:
    return " ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)) + " "
