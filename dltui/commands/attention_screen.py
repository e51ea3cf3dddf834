"""The screen of attention: every head small, one large, what a token takes from the others, and where it comes from."""

from __future__ import annotations

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.widgets import OptionList

from dltui.figures import Figure
from dltui.results import attention_figures as drawn
from dltui.results.attention import AttentionMaps
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.register import screen
from dltui.tui.screens.gallery import short_title
from dltui.tui.screens.measured import MeasuredScreen
from dltui.tui.widgets.tab_line import TabLine
from dltui.tui.widgets.token_list import TokenList

HEADS, LARGE, TAKEN = 0, 1, 2  # places of the figures that are changed by keys


@screen("result:attention")
class AttentionScreen(MeasuredScreen):
    """Which token looks at which, head by head."""

    BINDINGS = actions.register(
        "This attention",
        Action("attention", "layer", ("a", "A"), "layer", "Go to the next layer, or the one before.",
               ("1", "-1"), shown=2),
        Action("attention", "head", ("d", "D"), "head", "Go to the next head, or the one before.",
               ("1", "-1"), shown=2),
        Action("attention", "query", ("u", "U"), "query", "Look from the next token, or the one before.",
               ("1", "-1"), shown=2),
        Action("attention", "pick", ("enter",), "pick", "Show the head, or look from the token, under the cursor."),
        Action("attention", "rollout", ("r",), "rollout", "Show what reaches a token through all layers, and back."),
        Action("attention", "measure", ("m",), "measure", "Show the next measure of every head."),
        Action("attention", "lens", ("o",), "lens", "Read what every layer of the same model would say."),
        Action("attention", "choose", ("tab",), "tokens", "Go to the list of tokens, and back to the figure."),
    )  # fmt: skip

    DETAILS_FROM = 160  # all heads need the room
    _found: AttentionMaps | None = None
    _before = HEADS  # the figure that was seen before the rollout

    def show_result(self, result: AttentionMaps, figures: list[Figure]) -> None:
        """Show the figures, and the tokens beside them."""
        self._found = result
        self._fill()
        super().show_result(result, figures)

    def beside(self) -> ComposeResult:
        """Yield the list of tokens."""
        yield TokenList()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to pick only what is under a cursor, and a rollout only where there is one."""
        if action == "pick":
            return self._under_cursor() is not None
        if action == "rollout":
            return self._found is not None and bool(len(self._found.rollout))
        if action == "lens":
            return self._found is not None and self._found.kind == "tokens"
        if action in {"layer", "head", "query", "measure"}:
            return self._found is not None
        return super().check_action(action, parameters)

    def read_out(self, text: str) -> str:
        """Return the measures of the head under the cursor, where all heads are seen."""
        found, cursor = self._found, self.view.view.cursor
        self.refresh_bindings()
        if found is None or cursor is None or self._shown != HEADS:
            return text
        layer, head = _nearest(cursor, found)
        return f"{drawn.named(layer, head)}   {found.head_in_words(layer, head)}"

    # keys

    def action_layer(self, step: int) -> None:
        """Go on by layers, around the ends."""
        self._turn(0, step)

    def action_head(self, step: int) -> None:
        """Go on by heads, around the ends."""
        self._turn(1, step)

    def action_query(self, step: int) -> None:
        """Go on by queries, around the ends."""
        self._turn(2, step)

    def action_pick(self) -> None:
        """Show what is under the cursor."""
        chosen = self._under_cursor()
        if chosen is None:
            return
        goal = TAKEN if self._shown == LARGE else LARGE
        self._choose(chosen)
        self.action_figure(goal + 1)

    def action_rollout(self) -> None:
        """Turn to the rollout, or back from it."""
        rolled = TAKEN + 1
        if self._shown == rolled:
            self.action_figure(self._before + 1)
        else:
            self._before = self._shown
            self.action_figure(rolled + 1)

    def action_measure(self) -> None:
        """Show the next measure of every head."""
        found = self._found
        if found is None:
            return
        known = found.known
        found = self._found = found.mapping(known[(known.index(found.mapped) + 1) % len(known)])
        self._redraw()
        self.action_figure(self._map + 1)

    def action_lens(self) -> None:
        """Read the layers as words in a job of its own."""
        if self._found is not None:
            place = str(self._found.chosen[2])
            self.look_on("explain", method="logit-lens", position=place, layer=None)

    def action_choose(self) -> None:
        """Move between the list and the figure."""
        choices = self.query_one(TokenList)
        self.set_focus(self.view if choices.has_focus else choices)

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Look from the chosen token."""
        if self._found is not None and self._figures and event.option_index != self._found.chosen[2]:
            self._choose((*self._found.chosen[:2], event.option_index))

    @on(OptionList.OptionSelected)
    def _entered(self) -> None:
        """Turn to what the chosen token takes."""
        self.action_figure(TAKEN + 1)

    # what is shown

    @property
    def _map(self) -> int:
        """The place of the map of a measure."""
        return len(self._figures) - 2

    def _turn(self, which: int, step: int) -> None:
        """Go on by layers, heads or queries, around the ends."""
        if self._found is None:
            return
        sizes = (self._found.depth, self._found.heads, len(self._found.queries))
        chosen = list(self._found.chosen)
        chosen[which] = (chosen[which] + step) % sizes[which]
        self._choose((chosen[0], chosen[1], chosen[2]))
        if which < 2 and self._shown not in {LARGE, TAKEN, TAKEN + 1}:
            self.action_figure(LARGE + 1)

    def _choose(self, chosen: tuple[int, ...]) -> None:
        """Show another head and query."""
        if self._found is not None:
            self._found = self._found.looking_at(*chosen)
            self._redraw()

    def _redraw(self) -> None:
        """Draw everything as it is chosen now."""
        if self._found is not None:
            self._figures = self._found.figures()
            self._fill()
            self.query_one(TabLine).names = tuple(short_title(figure) for figure in self._figures)
            self._show(keep=True)
            self.refresh_bindings()

    def _fill(self) -> None:
        """Write the tokens with the bars of the chosen one."""
        if (found := self._found) is not None:
            self.query_one(TokenList).show_tokens(found.queries, bars(found), found.chosen[2])

    def _under_cursor(self) -> tuple[int, int, int] | None:
        """Return layer, head and query under the cursor, or None where there is no cursor to pick with."""
        found, cursor = self._found, self.view.view.cursor
        if found is None or cursor is None or not self._figures:
            return None
        layer, head, query = found.chosen
        if self._shown in {HEADS, self._map}:
            return (*_nearest(cursor, found), query)
        if self._shown == LARGE:
            return layer, head, int(np.clip(round(cursor[1]), 0, len(found.queries) - 1))
        return None


def _nearest(cursor: tuple[float, float], found: AttentionMaps) -> tuple[int, int]:
    """Return layer and head under a cursor over all heads."""
    layer, head = round(cursor[1]), round(cursor[0])
    return int(np.clip(layer, 0, found.depth - 1)), int(np.clip(head, 0, found.heads - 1))


def bars(found: AttentionMaps) -> list[float]:
    """Return what the chosen query takes from each token, as shares of the most; nothing where keys are others."""
    layer, head, query = found.chosen
    row = found.attention[layer, head, query]
    if len(row) != len(found.queries):
        return []
    return [float(one) for one in row / max(float(row.max()), 1e-30)]
