"""The screen of an explanation: methods and answers in a list, and maps that lie more or less over the picture."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from dltui.draw.letters import clip_middle
from dltui.figures import Figure, Overlay, number
from dltui.results.explanation import Explanation
from dltui.results.explanation_figures import alone
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.register import screen
from dltui.tui.screens.measured import MeasuredScreen
from dltui.tui.widgets.choices import Choices

NAME = 20  # cells of a name in the list
STEP = 0.1  # of opacity a key
EVERY = "all methods"
HEADS = ("methods", "answers, ⏎ explains")


class WayList(Choices, inherit_bindings=False):
    """The methods, then the answers; keys come from the table of actions."""

    BINDINGS = actions.bindings("list")
    DEFAULT_CSS = """
    WayList {
        width: 32; height: 1fr; border: none; border-right: solid $foreground 15%; padding: 0;
        background: transparent; text-wrap: nowrap;
    }
    WayList:focus { border: none; border-right: solid $foreground 15%; background: transparent; }
    WayList > .option-list--option { padding: 0 1; }
    WayList > .option-list--option-disabled { color: $foreground 70%; }
    WayList > .option-list--option-highlighted { background: $foreground 8%; color: $foreground; text-style: none; }
    WayList:focus > .option-list--option-highlighted {
        background: $primary-muted; color: $foreground; text-style: none;
    }
    """


@screen("result:explanation")
class ExplanationScreen(MeasuredScreen):
    """Why a model gave its answer; another method or answer is a key away."""

    BINDINGS = actions.register(
        "This explanation",
        Action(
            "explanation",
            "method",
            ("m",),
            "method",
            "Show the next method alone; after the last one all of them again.",
        ),
        Action(
            "explanation",
            "opacity",
            ("o", "O"),
            "opacity",
            "Let less of the picture through the maps, or more.",
            ("1", "-1"),
            shown=2,
        ),
        Action("explanation", "answer", ("c",), "class", "Explain the next likely answer of the same model."),
        Action("explanation", "every", ("A",), "all methods", "Run every method on the same input."),
        Action(
            "explanation",
            "forget",
            ("F",),
            "forget",
            "Forget layer after layer of the model, to see whether the maps depend on what was learnt.",
        ),
        Action(
            "explanation", "choose", ("tab",), "methods", "Go to the list of methods, and back to the figure."
        ),
    )

    _found: Explanation | None = None
    _method = ""  # the one that is shown alone; empty for all
    _opacity: float | None = None

    def beside(self) -> ComposeResult:
        """Yield the list of methods and answers."""
        yield WayList()

    def show_result(self, result: Explanation, figures: list[Figure]) -> None:
        """Show the figures of all methods, or of the one that was chosen."""
        self._found = result
        if self._method not in result.methods:
            self._method = ""
        self._fill(result)
        super().show_result(result, self._dressed(figures if not self._method else self._wanted()))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what means something: opacity over pictures, another method where there are several."""
        if action == "opacity":
            return bool(self._figures) and isinstance(self._figures[self._shown], Overlay)
        if action == "method":
            return self._found is not None and len(self._found.methods) > 1
        if action in {"answer", "every", "forget", "choose"}:
            return self._found is not None
        return super().check_action(action, parameters)

    def action_method(self) -> None:
        """Show the next method alone, or all of them again."""
        if self._found is None:
            return
        known = ["", *self._found.methods]
        self._turn_to(known[(known.index(self._method) + 1) % len(known)])

    def action_opacity(self, way: str) -> None:
        """Let less of the picture through, or more."""
        shown = self._figures[self._shown]
        if isinstance(shown, Overlay):
            wanted = (shown.opacity if self._opacity is None else self._opacity) + STEP * int(way)
            self._opacity = min(1.0, max(0.0, round(wanted, 2)))
            self._again()

    def action_answer(self) -> None:
        """Explain the next likely answer."""
        if self._found is None:
            return
        known = [int(one["number"]) for one in self._found.answers]
        self._explain(known[(known.index(self._found.target) + 1) % len(known)])

    def action_every(self) -> None:
        """Run every method on the same input, and show the answer here."""
        self._ask("running every method", method="all", layer=None)

    def action_forget(self) -> None:
        """Run the same methods again as layers are forgotten, and show the answer here."""
        self._ask("forgetting layers", sanity=True)

    def action_choose(self) -> None:
        """Move between the list and the figure."""
        choices = self.query_one(WayList)
        self.set_focus(self.view if choices.has_focus else choices)

    @on(OptionList.OptionHighlighted)
    def _pointed(self, event: OptionList.OptionHighlighted) -> None:
        """Show the method that is pointed at."""
        kind, _, name = (event.option.id or "").partition(":")
        if kind == "method" and name != self._method:
            self._method = name
            self._again()

    @on(OptionList.OptionSelected)
    def _entered(self, event: OptionList.OptionSelected) -> None:
        """Explain the answer that is chosen, or go to the maps of the method."""
        kind, _, name = (event.option.id or "").partition(":")
        if kind == "answer":
            self._explain(int(name))
        else:
            self.action_choose()

    def _explain(self, target: int) -> None:
        """Explain another answer, and show it here."""
        assert self._found is not None
        name = next((one["name"] for one in self._found.answers if one["number"] == target), str(target))
        self._ask(f"explaining {name}", target=str(target))

    def _ask(self, purpose: str, **changes: object) -> None:
        """Ask for another explanation of the same input, which takes the place of this one."""
        if self._found is not None:
            kept: dict[str, object] = {"target": str(self._found.target)}
            self.ask("explain", (purpose, "explained"), self._told, **kept | changes)

    def _told(self, found: Any, *, first: bool) -> None:
        """Show what a job knows by now."""
        del first
        if isinstance(found, Explanation):
            self.show_result(found, found.figures())

    def _turn_to(self, method: str) -> None:
        """Show a method alone, or all of them, and point at it in the list."""
        self._method = method
        choices = self.query_one(WayList)
        choices.highlighted = choices.get_option_index(f"method:{method}")
        self._again()

    def _again(self) -> None:
        """Show the figures as they are wanted now."""
        self._figures = self._dressed(self._wanted())
        self._shown = min(self._shown, len(self._figures) - 1)
        self._show(keep=True)
        self.refresh_bindings()

    def _wanted(self) -> list[Figure]:
        """Return the figures of all methods, or of one."""
        assert self._found is not None
        return (alone(self._found, self._method) if self._method else self._found).figures()

    def _dressed(self, figures: list[Figure]) -> list[Figure]:
        """Return the figures with the opacity that was chosen."""
        if self._opacity is None:
            return figures
        return [
            replace(figure, opacity=self._opacity) if isinstance(figure, Overlay) else figure
            for figure in figures
        ]

    def _fill(self, found: Explanation) -> None:
        """Put methods and answers into the list."""
        choices = self.query_one(WayList)
        with self.prevent(OptionList.OptionHighlighted):
            choices.clear_options()
            choices.add_options(options(found))
            choices.highlighted = choices.get_option_index(f"method:{self._method}")


def options(found: Explanation) -> list[Option]:
    """Return a line for each method and each answer, with headings."""
    head = f"{HEADS[0]}, deletion ↓" if found.shares.size else HEADS[0]
    lines = [Option(head, disabled=True), Option(f"{EVERY} ({len(found.methods)})", id="method:")]
    for method in found.methods:
        area = found.area("deletion", method)
        told = "" if area is None else number(area, 2)
        lines.append(Option(_line(method, told), id=f"method:{method}"))
    lines += [Option("", disabled=True), Option(HEADS[1], disabled=True)]
    for one in found.answers:
        sure = number(one["output"], 3) if one["probability"] is None else f"{one['probability']:.1%}"
        mark = "◂ " if one["number"] == found.target else ""
        lines.append(Option(_line(f"{mark}{one['name']}", sure), id=f"answer:{one['number']}"))
    return lines


def _line(name: str, told: str) -> Content:
    """Return a name and a number beside each other."""
    return Content.assemble(
        (f"{clip_middle(name, NAME):<{NAME}}", "$foreground"), (f"{told:>6}", "$foreground 70%")
    )
