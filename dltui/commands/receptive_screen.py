"""The screen of receptive fields: the layers in a list with their sizes, the field of the chosen one beside."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from dltui.draw.letters import clip_middle
from dltui.figures import Figure
from dltui.results.receptive import ReceptiveField
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.register import screen
from dltui.tui.screens.gallery import short_title
from dltui.tui.screens.measured import MeasuredScreen
from dltui.tui.widgets.choices import Choices
from dltui.tui.widgets.tab_line import TabLine

NAME = 19  # cells of a name
MAP = 1  # which of the figures is that of one layer


class FieldList(Choices, inherit_bindings=False):
    """The layers, each with its effective size; keys come from the table of actions."""

    BINDINGS = actions.bindings("list")
    DEFAULT_CSS = """
    FieldList {
        width: 28; height: 1fr; border: none; border-right: solid $foreground 15%; padding: 0;
        background: transparent; text-wrap: nowrap;
    }
    FieldList:focus { border: none; border-right: solid $foreground 15%; background: transparent; }
    FieldList > .option-list--option { padding: 0 1; }
    FieldList > .option-list--option-highlighted { background: $foreground 8%; color: $foreground; text-style: none; }
    FieldList:focus > .option-list--option-highlighted {
        background: $primary-muted; color: $foreground; text-style: none;
    }
    """


@screen("result:receptive-field")
class ReceptiveScreen(MeasuredScreen):
    """Which pixels each layer heeds."""

    BINDINGS = actions.register(
        "These receptive fields",
        Action("field", "choose", ("tab",), "layers", "Go to the list of layers, and back to the figure."),
        Action("field", "similar", ("C",), "CKA", "Compare all layers of this model over samples."),
        Action("field", "graph", ("D",), "graph", "Draw this model as a graph."),
    )

    _found: ReceptiveField | None = None

    def show_result(self, result: ReceptiveField, figures: list[Figure]) -> None:
        """Show the figures, and the layers in the list; the last one is chosen at first."""
        self._found = result
        choices = self.query_one(FieldList)
        chosen = choices.highlighted
        with self.prevent(OptionList.OptionHighlighted):
            choices.clear_options()
            choices.add_options([Option(line) for line in layer_lines(result)])
            last = len(result.layers) - 1
            choices.highlighted = last if chosen is None else min(chosen, last)
        super().show_result(result, figures)

    def beside(self) -> ComposeResult:
        """Yield the list of layers."""
        yield FieldList()

    def action_choose(self) -> None:
        """Move between the list and the figure."""
        choices = self.query_one(FieldList)
        self.set_focus(self.view if choices.has_focus else choices)

    def action_similar(self) -> None:
        """Compare all layers in a job of its own."""
        self.look_on("features", receptive_field=False, cka=True, input=None, layer=None)

    def action_graph(self) -> None:
        """Draw the model as a graph in a job of its own."""
        self.look_on("graph")

    @on(OptionList.OptionHighlighted)
    def _chosen(self) -> None:
        """Show the field of the chosen layer."""
        place = self.query_one(FieldList).highlighted
        if self._found is None or place is None or len(self._figures) <= MAP:
            return
        self._figures = [
            self._found.map(place) if i == MAP else figure for i, figure in enumerate(self._figures)
        ]
        self.query_one(TabLine).names = tuple(short_title(figure) for figure in self._figures)
        self.action_figure(MAP + 1)
        self._show(keep=True)


def layer_lines(found: ReceptiveField) -> list[Content]:
    """Return one line a layer: its name and its effective size."""
    return [
        Content.assemble((f"{clip_middle(name, NAME):<{NAME}} ", "$foreground"), (f"{size:5.1f}", "$primary"))
        for name, size in zip(found.layers, found.sizes.tolist(), strict=True)
    ]
