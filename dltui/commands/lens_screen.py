"""The screen of the logit lens: what every layer would say, after whichever token is chosen."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.widgets import OptionList

from dltui.figures import Figure
from dltui.results.lens import LogitLens
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.register import screen
from dltui.tui.screens.gallery import short_title
from dltui.tui.screens.measured import MeasuredScreen
from dltui.tui.widgets.tab_line import TabLine
from dltui.tui.widgets.token_list import TokenList


@screen("result:lens")
class LensScreen(MeasuredScreen):
    """The next word, layer by layer."""

    DETAILS_FROM = 160  # words need the room
    BINDINGS = actions.register(
        "This lens",
        Action("lens", "query", ("u", "U"), "token", "Read after the next token, or the one before.",
               ("1", "-1"), shown=2),
        Action("lens", "heads", ("o",), "heads", "Look at the attention of the same model on the same text."),
        Action("lens", "choose", ("tab",), "tokens", "Go to the list of tokens, and back to the figure."),
    )  # fmt: skip

    _found: LogitLens | None = None

    def show_result(self, result: LogitLens, figures: list[Figure]) -> None:
        """Show the figures, and the tokens beside them."""
        self._found = result
        self._fill()
        super().show_result(result, figures)

    def beside(self) -> ComposeResult:
        """Yield the list of tokens."""
        yield TokenList()

    def action_query(self, step: int) -> None:
        """Go on by tokens, around the ends."""
        if self._found is not None:
            self._read_after((self._found.position + step) % len(self._found.tokens))

    def action_heads(self) -> None:
        """Look at the attention in a job of its own."""
        if self._found is not None:
            self.look_on("attention", query=str(self._found.position), layer=None)

    def action_choose(self) -> None:
        """Move between the list and the figure."""
        choices = self.query_one(TokenList)
        self.set_focus(self.view if choices.has_focus else choices)

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Read after the chosen token."""
        if self._found is not None and self._figures and event.option_index != self._found.position:
            self._read_after(event.option_index)

    def _read_after(self, position: int) -> None:
        """Show what every layer would say after another token."""
        if self._found is not None:
            self._found = self._found.at(position)
            self._figures = self._found.figures()
            self._fill()
            self.query_one(TabLine).names = tuple(short_title(figure) for figure in self._figures)
            self._show(keep=True)

    def _fill(self) -> None:
        """Write the tokens, with bars of how sure the model is after each."""
        if (found := self._found) is not None:
            sure = [float(one) for one in found.probabilities[-1, :, 0]]
            self.query_one(TokenList).show_tokens(found.tokens, sure, found.position)
