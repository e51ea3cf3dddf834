"""The screen of one input on its way through a network: the calls in a tree, what each makes of it beside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.widgets import OptionList

from dltui.figures import Figure, Histogram, Overlay, Tokens
from dltui.results.features import Features
from dltui.results.features_figures import histogram, input_figure
from dltui.results.features_outputs import PAGE, Order, Wish, laid_over, output_figure, pages, units
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.register import screen
from dltui.tui.screens.gallery import short_title
from dltui.tui.screens.measured import MeasuredScreen
from dltui.tui.widgets.call_tree import CallTree
from dltui.tui.widgets.tab_line import TabLine

OVER = 2  # where a map laid over the picture stands among the figures


@screen("result:features")
class FeaturesScreen(MeasuredScreen):
    """Outputs of layers; the one that is chosen in the tree is shown."""

    BINDINGS = actions.register(
        "These layers",
        Action("features", "choose", ("tab",), "layers", "Go to the tree of layers, and back to the figure."),
        Action(
            "features",
            "leaf",
            ("greater_than_sign", "less_than_sign"),
            "page",
            "Show the next page of maps, or the one before; the next unit where one is shown large.",
            ("1", "-1"),
            shown=2,
        ),
        Action("features", "large", ("z",), "large", "Show one unit large, with numbers, or a page of them."),
        Action("features", "order", ("o",), "order", "Order the units by strength, or by their numbers."),
        Action("features", "alike", ("s",), "one scale", "Draw all maps on one scale, or each on its own."),
        Action(
            "features",
            "unfold",
            ("u", "U"),
            "unfold",
            "Open another level of blocks, or close one.",
            ("1", "-1"),
            shown=2,
        ),
        Action("features", "similar", ("C",), "CKA", "Compare all layers of this model over samples."),
        Action("features", "heeded", ("R",), "field", "Look at which pixels each layer of this model heeds."),
        Action("features", "graph", ("D",), "graph", "Draw this model as a graph."),
    )

    _found: Features | None = None
    _wish = Wish()

    def show_result(self, result: Features, figures: list[Figure]) -> None:
        """Show the figures, with the chosen call of the result chosen in the tree."""
        self._found, self._wish = result, Wish(result.page, unit=result.unit)
        super().show_result(result, figures)
        self.query_one(CallTree).grow(result.nodes, result.edges, result.place(result.chosen))

    def beside(self) -> ComposeResult:
        """Yield the tree of layers."""
        yield CallTree()

    @property
    def layer(self) -> str:
        """The call that is looked at."""
        if self._found is None:
            return ""
        place = self.query_one(CallTree).place
        return self._found.chosen if place is None else self._found.nodes[place].name

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what is done with maps only where they are seen."""
        if action in {"leaf", "order", "alike", "large"}:
            found = self._found
            if found is None or self._shown or found.output(self.layer) is None:
                return False
            if action == "leaf":
                return self._count() > 1
            return action == "order" or units(found, self.layer) > 0
        return super().check_action(action, parameters)

    # keys

    def action_choose(self) -> None:
        """Move between the tree and the figure."""
        tree = self.query_one(CallTree)
        self.set_focus(self.view if tree.has_focus else tree)

    def action_leaf(self, change: int) -> None:
        """Show another page of maps, or another unit."""
        wish, count = self._wish, self._count()
        if wish.unit >= 0:
            self._look(replace(wish, unit=(wish.unit + change) % count))
        else:
            self._look(replace(wish, page=(wish.page - 1 + change) % count + 1))

    def _count(self) -> int:
        """Return how many pages, or units, can be turned."""
        if self._found is None:
            return 1
        return (
            max(1, units(self._found, self.layer)) if self._wish.unit >= 0 else pages(self._found, self.layer)
        )

    def action_large(self) -> None:
        """Show one unit large, the first of the page, or the page that it is on."""
        wish = self._wish
        first = (wish.page - 1) * PAGE
        self._look(
            replace(wish, unit=-1, page=wish.unit // PAGE + 1)
            if wish.unit >= 0
            else replace(wish, unit=first)
        )

    def action_order(self) -> None:
        """Change the order of the units."""
        order: Order = "strength" if self._wish.order == "number" else "number"
        self._look(replace(self._wish, order=order, page=1, unit=min(self._wish.unit, 0)))

    def action_alike(self) -> None:
        """Change how maps are scaled."""
        self._look(replace(self._wish, alike=not self._wish.alike))

    def action_unfold(self, change: int) -> None:
        """Open or close a level of blocks."""
        self.query_one(CallTree).unfold(change)

    def action_similar(self) -> None:
        """Compare all layers in a job of its own."""
        self.look_on("features", cka=True, input=None, layer=None, page=1)

    def action_heeded(self) -> None:
        """Look at effective receptive fields in a job of its own."""
        self.look_on("features", receptive_field=True, layer=None, page=1)

    def action_graph(self) -> None:
        """Draw the model as a graph in a job of its own."""
        self.look_on("graph")

    # the tree

    @on(OptionList.OptionHighlighted)
    def _chosen(self) -> None:
        """Show the output of the call that was chosen."""
        if self._found is not None and self._figures:
            self._look(replace(self._wish, page=1, unit=min(self._wish.unit, 0)))

    @on(OptionList.OptionSelected)
    def _entered(self) -> None:
        """Open or close a block; show the output of a layer, which is kept first where it wasn't."""
        tree, found = self.query_one(CallTree), self._found
        if tree.place is None or found is None:
            return
        if found.nodes[tree.place].block:
            tree.turn(tree.place)
            return
        if found.output(self.layer) is not None:
            self.action_figure(1)
        elif self.layer != "output":
            purpose = (f"keeping {self.layer}", found.title)
            self.ask("features", purpose, self._keep, layer=[self.layer], page=1, samples=None)

    def _keep(self, found: Any, *, first: bool) -> None:  # noqa: ARG002
        """Take over the outputs that a job kept."""
        if self._found is not None and isinstance(found, Features):
            self._found = replace(
                self._found, kept=self._found.kept | found.kept, same=self._found.same | found.same
            )
            self._look(self._wish)

    def _look(self, wish: Wish) -> None:
        """Show the output of the chosen call as it is wished."""
        found = self._found
        if found is None or self.layer == "output":
            return
        self._wish = wish
        kept = [one for one in self._figures if not isinstance(one, Overlay)]
        figures = [self._again(found, place, one) for place, one in enumerate(kept)]
        over = laid_over(found, self.layer, wish)
        if over is not None:
            figures.insert(OVER, over)
        if self._shown >= OVER:  # what is looked at stays, though its number changes
            self._shown += len(figures) - len(self._figures)
        self._figures = figures
        self.query_one(TabLine).names = tuple(short_title(figure) for figure in self._figures)
        self._show()
        self.refresh_bindings()

    def _again(self, found: Features, place: int, figure: Figure) -> Figure:
        """Return a figure as it is of the chosen call; those of the whole network stay."""
        if not place:
            return output_figure(found, self.layer, self._wish)
        if isinstance(figure, Histogram):
            return histogram(found, self.layer)
        return input_figure(found, self.layer) or figure if isinstance(figure, Tokens) else figure
