"""The screens of weights: the tensors in a list, bars by any measure; one opens in every respect, or along its run."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.widgets import OptionList

from dltui.figures import Bars, Figure, Table, number
from dltui.results.tensor import TensorPage
from dltui.results.weights import PROBABILITIES, WeightSurvey
from dltui.results.weights_figures import MEASURES, bars, measured, percent, shape_words
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.register import screen
from dltui.tui.screens.gallery import short_title
from dltui.tui.screens.measured import MeasuredScreen
from dltui.tui.widgets.tab_line import TabLine
from dltui.tui.widgets.tensor_list import TensorList

PAGE = "Tensor · "  # how the title of a tensor's page begins
ONLY_RUNS = (
    "only a run has checkpoints to go along, and these weights are of {model}: train one with `dltui train`, and look "
    "at run:latest"
)


@screen("result:weights")
class WeightsScreen(MeasuredScreen):
    """What the tensors of a checkpoint are like."""

    BINDINGS = actions.register(
        "These weights",
        Action(
            "weights",
            "measure",
            ("m",),
            "measure",
            "Change what the bars show: std, ‖w‖, rms, largest |w|, zeros.",
        ),
        Action("weights", "order", ("o",), "order", "Order the tensors by size, or as the file has them."),
        Action("weights", "log", ("l",), "log", "Space the bars by powers, or evenly."),
        Action(
            "weights", "choose", ("tab",), "tensors", "Go to the list of tensors, and back to the figure."
        ),
        Action("weights", "look", ("x",), "look closer", "Look at the chosen tensor in every respect."),
        Action(
            "weights",
            "along",
            ("A",),
            "along run",
            "Follow the chosen tensor through the checkpoints of its run.",
        ),
        Action(
            "weights", "spectra", ("S",), "spectra", "Decompose every matrix: stable rank and exponent α."
        ),
    )

    _found: WeightSurvey | None = None
    _measure = 0
    _sorted = False
    _log = True

    def show_result(self, result: WeightSurvey, figures: list[Figure]) -> None:
        """Show the figures, the bars as they are wanted."""
        self._found = result
        self._fill()
        super().show_result(result, self._wanted(figures))

    def beside(self) -> ComposeResult:
        """Yield the list of tensors."""
        yield TensorList()

    def _fill(self) -> None:
        """Put the tensors into the list, each with its bar."""
        if self._found is not None:
            self.query_one(TensorList).fill(self._found.names, measured(self._found, self._kind))

    @property
    def _kind(self) -> str:
        """What the bars show."""
        return MEASURES[self._measure % len(MEASURES)]

    @property
    def chosen(self) -> int:
        """The place of the chosen tensor."""
        return self.query_one(TensorList).highlighted or 0

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what is done with bars only where bars are seen."""
        if action in {"order", "log"}:
            return isinstance(self.view.figure, Bars)
        return super().check_action(action, parameters)

    def action_measure(self) -> None:
        """Show the next measure."""
        self._measure += 1
        self._fill()
        self._again()

    def action_order(self) -> None:
        """Change the order of the bars."""
        self._sorted = not self._sorted
        self._again()

    def action_log(self) -> None:
        """Change how the bars are spaced."""
        self._log = not self._log
        self._again()

    def action_choose(self) -> None:
        """Move between the list and the figure."""
        choices = self.query_one(TensorList)
        self.set_focus(self.view if choices.has_focus else choices)

    def action_look(self) -> None:
        """Look at the chosen tensor in every respect, in a job of its own."""
        if self._found is not None and self._found.names:
            self.look_on("weights", tensor=self._found.names[self.chosen], spectra=False)

    def action_along(self) -> None:
        """Follow the chosen tensor through its run in a job of its own."""
        if self._found is None or not self._found.names:
            return
        if self._found.source.startswith("run:"):
            name = self._found.names[self.chosen]
            self.look_on("weights", tensor=name, along_run=True, spectra=False)
        else:
            self.notify(ONLY_RUNS.format(model=self._found.source), severity="warning", markup=False)

    def action_spectra(self) -> None:
        """Decompose every matrix in a job of its own."""
        self.look_on("weights", tensor=None, spectra=True)

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        """Show what is known of the chosen tensor."""
        if self._found is not None and self._figures:
            self._again()

    @on(OptionList.OptionSelected)
    def _entered(self) -> None:
        """Look at the chosen tensor in every respect."""
        self.action_look()

    def _again(self) -> None:
        """Show the figures as they are wanted now."""
        self._figures = self._wanted(self._figures)
        self.query_one(TabLine).names = tuple(short_title(figure) for figure in self._figures)
        self._show(keep=True)

    def _wanted(self, figures: list[Figure]) -> list[Figure]:
        """Return the figures with the bars as they are wanted, and the page of the chosen tensor at the end."""
        found = self._found
        if found is None or not found.names:
            return figures
        wanted = bars(found, self._kind, by_size=self._sorted, log=self._log)
        places = [place for place, one in enumerate(figures) if isinstance(one, Bars)][:1]
        kept = [wanted if place in places else one for place, one in enumerate(figures)]
        return [*(one for one in kept if not one.title.startswith(PAGE)), page(found, self.chosen)]


def page(found: WeightSurvey, place: int) -> Table:
    """Return all that one pass told of a tensor.

    Args:
        found: The statistics.
        place: Which of the tensors.

    Returns:
        A table of names and values.
    """
    kept = found.shared[place]
    rows: list[tuple[str, str]] = [
        ("shape", shape_words(found.shapes[place])),
        ("type", found.dtypes[place]),
        ("numbers", f"{int(found.elements[place]):,}"),
        *([("kept as", kept)] if kept else []),
        *((name, number(float(getattr(found, name)[place]))) for name in ("mean", "std")),
        ("min", number(float(found.low[place]))),
        *(
            (f"{100 * share:g} %", number(float(value)))
            for share, value in zip(PROBABILITIES, found.quantiles[place], strict=True)
        ),
        ("max", number(float(found.high[place]))),
        ("‖w‖", number(float(found.norm[place]))),
        ("zeros", percent(float(found.sparsity[place]))),
        ("NaN, ∞", f"{int(found.nans[place])}, {int(found.infs[place])}"),
    ]
    exact = (
        "quantiles are exact" if found.exact[place] else f"quantiles of {int(found.sampled[place])} numbers"
    )
    return Table(
        title=f"{PAGE}{found.names[place]}",
        caption=f"{exact}; enter looks at all that there is to see of it",
        columns=("what", "value"),
        rows=tuple(rows),
    )


@screen("result:tensor")
class TensorScreen(MeasuredScreen):
    """One tensor in every respect."""

    BINDINGS = actions.register(
        "This tensor",
        Action("tensor", "along", ("A",), "along run", "Follow it through the checkpoints of its run."),
        Action("tensor", "all", ("U",), "all tensors", "Look at all tensors of the same file."),
    )

    _found: TensorPage | None = None

    def show_result(self, result: TensorPage, figures: list[Figure]) -> None:
        """Show the figures."""
        self._found = result
        super().show_result(result, figures)

    def action_along(self) -> None:
        """Follow the tensor through its run in a job of its own."""
        if self._found is None:
            return
        if self._found.source.startswith("run:"):
            self.look_on("weights", tensor=self._found.name, along_run=True)
        else:
            self.notify(ONLY_RUNS.format(model=self._found.source), severity="warning", markup=False)

    def action_all(self) -> None:
        """Look at all tensors in a job of its own."""
        self.look_on("weights", tensor=None)
