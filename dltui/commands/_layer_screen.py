"""What the screens that go through the layers of a network share: the list of layers, and answers shown in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from dltui.draw.letters import clip_middle
from dltui.figures import Figure
from dltui.results import Result
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.catalog.results import facts
from dltui.tui.screens.gallery import short_title
from dltui.tui.screens.measured import MeasuredScreen
from dltui.tui.widgets.choices import Choices
from dltui.tui.widgets.tab_line import TabLine

NAME, BAR = 15, 6  # cells of a name and of a bar in the list
EIGHTHS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True)
class LayerLine:
    """One layer in the list.

    Attributes:
        name: As the list calls it.
        share: Length of its bar, 0 … 1; NaN for none.
        told: What the bar says.
        here: Whether it is at hand, without another job.
    """

    name: str
    share: float = float("nan")
    told: str = ""
    here: bool = True


class LayerLines(Choices, inherit_bindings=False):
    """The layers from the input to the output; keys come from the table of actions."""

    BINDINGS = actions.bindings("list")
    DEFAULT_CSS = """
    LayerLines {
        width: 32; height: 1fr; border: none; border-right: solid $foreground 15%; padding: 0;
        background: transparent; text-wrap: nowrap;
    }
    LayerLines:focus { border: none; border-right: solid $foreground 15%; background: transparent; }
    LayerLines > .option-list--option { padding: 0 1; }
    LayerLines > .option-list--option-highlighted { background: $foreground 8%; color: $foreground; text-style: none; }
    LayerLines:focus > .option-list--option-highlighted {
        background: $primary-muted; color: $foreground; text-style: none;
    }
    """


class LayerScreen(MeasuredScreen):
    """A result with a list of layers; another one is asked for, and shown here as it comes."""

    _result: Any = None  # what is shown: that of the file, or what was asked for from here
    _filling = False

    @staticmethod
    def keys(scope: str) -> tuple[Action, ...]:
        """Return the actions that all such screens have.

        Args:
            scope: The scope of the screen.

        Returns:
            Going to the list, and from layer to layer.
        """
        return (
            Action(scope, "choose", ("tab",), "layers", "Go to the list of layers, and back to the figure."),
            Action(
                scope,
                "layer",
                ("greater_than_sign", "less_than_sign"),
                "layer",
                "Go on to the next layer, or back to the one before.",
                ("1", "-1"),
                shown=2,
            ),
        )

    # what a screen says of its result

    def layer_lines(self) -> Sequence[LayerLine]:
        """Return what stands in the list."""
        return ()

    def at_first(self) -> int:
        """Return which layer is chosen at first."""
        return 0

    def pictures(self) -> list[Figure]:
        """Return the figures as they are wanted now."""
        figures: list[Figure] = self._result.figures()
        return figures

    def chosen_now(self, place: int) -> None:
        """Show what is known of a layer that was chosen in the list."""

    def entered(self, place: int) -> None:
        """Show a layer that was opened in the list, or ask for it."""

    # the frame

    @property
    def command_line(self) -> str:
        """The command that makes what is shown."""
        return (self._result.made.command if self._result is not None else "") or super().command_line

    @property
    def kept(self) -> Path | None:
        """The file of what is shown, be it an answer to a question from here."""
        job = self._asked
        if job is not None and self._result is not None and self._result is (job.result or job.partial):
            return job.path
        return super().kept

    @property
    def at(self) -> int:
        """Which layer is chosen."""
        return self.query_one(LayerLines).highlighted or 0

    def beside(self) -> ComposeResult:
        """Yield the list of layers."""
        yield LayerLines()

    def show_result(self, result: Any, figures: list[Figure]) -> None:
        """Show a result, and fill the list."""
        self._result = result
        self.fill(self.at_first())
        super().show_result(result, self.pictures() or figures)

    def fill(self, chosen: int) -> None:
        """Put the layers into the list, one of them chosen."""
        choices, lines = self.query_one(LayerLines), self.layer_lines()
        self._filling = True
        choices.clear_options()
        choices.add_options([Option(_line(line)) for line in lines])
        choices.highlighted = min(chosen, len(lines) - 1) if lines else None
        choices.display = bool(lines)
        self._filling = False

    def take(self, found: Any, *, first: bool) -> None:
        """Show what a job that was asked from here knows by now."""
        if not isinstance(found, Result) or found.schema != self._result.schema:
            return
        self.put(found, None if first else self.at)

    def put(self, found: Any, chosen: int | None) -> None:
        """Show another result in place of the one that is seen.

        Args:
            found: Of the same kind.
            chosen: Which layer is chosen then; its own first one when None.
        """
        self._result = found
        self.fill(self.at_first() if chosen is None else chosen)
        self.hang(self.pictures(), facts(found, self.kept), found.title)

    def hang_again(self, figure: int | None = None) -> None:
        """Show the figures anew, from the same view, or another one of them.

        Args:
            figure: Which one, from 0; the one that is seen when None.
        """
        figures = self.pictures()
        same = len(figures) == len(self._figures)
        self._figures = figures
        if not same:
            self._views = {}
        self._shown = min(self._shown if figure is None else figure, len(figures) - 1)
        self.query_one(TabLine).names = tuple(short_title(one) for one in figures)
        self._show(keep=same and figure is None)
        self.refresh_bindings()

    # keys and lists

    def action_choose(self) -> None:
        """Move between the list and the figure."""
        choices = self.query_one(LayerLines)
        self.set_focus(self.view if choices.has_focus else choices)

    def action_layer(self, change: int) -> None:
        """Choose the next layer, or the one before, and open it."""
        choices = self.query_one(LayerLines)
        if choices.option_count:
            choices.highlighted = (self.at + change) % choices.option_count
            self.entered(self.at)

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if self._result is not None and self._figures and not self._filling:
            self.chosen_now(event.option_index)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        if self._result is not None:
            self.entered(event.option_index)


def _line(line: LayerLine) -> Content:
    """Return a line of the list: name, bar, number."""
    style = "$foreground" if line.here else "$foreground 70%"
    return Content.assemble(
        (f"{clip_middle(line.name, NAME):<{NAME}} ", style),
        (_bar(line.share), "$primary"),
        (f" {line.told}", style),
    )


def _bar(share: float) -> str:
    """Return a bar of block characters; blank where there is nothing to tell."""
    if not np.isfinite(share):
        return " " * BAR
    whole, rest = divmod(round(min(1.0, max(0.0, share)) * BAR * 8), 8)
    return f"{EIGHTHS[8] * whole}{EIGHTHS[rest] if rest else ''}"[:BAR].ljust(BAR)
