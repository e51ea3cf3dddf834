"""The screen of a comparison: what changed in a list, the most changed first; one opens in every respect."""

from __future__ import annotations

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.widgets import OptionList

from dltui.figures import Array, Figure, Lines, Series, Table, number
from dltui.results.weights_diff import WeightsDiff
from dltui.results.weights_figures import percent, shape_words
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.register import screen
from dltui.tui.screens.measured import MeasuredScreen
from dltui.tui.widgets.tensor_list import TensorList

PAGE, SPECTRUM = "Tensor · ", "Spectrum of Δ · "  # how the titles of a tensor's figures begin
SIGNS = {"removed": "− ", "added": "+ ", "reshaped": "# ", "retyped": "~ ", "changed": ""}
ONLY_BOTH = "only a tensor that both have in one shape has a difference, and {name} is {status}"


@screen("result:weights-diff")
class DiffScreen(MeasuredScreen):
    """What changed between two checkpoints."""

    BINDINGS = actions.register(
        "This comparison",
        Action("diff", "choose", ("tab",), "tensors", "Go to the list of tensors, and back to the figure."),
        Action(
            "diff",
            "look",
            ("x",),
            "look closer",
            "Look at the difference of the chosen tensor in every respect.",
        ),
    )

    _found: WeightsDiff | None = None

    def show_result(self, result: WeightsDiff, figures: list[Figure]) -> None:
        """Show the figures, and those of the chosen tensor behind them."""
        self._found = result
        places = listed(result)
        names = [result.names[place] for place in places]
        signs = [SIGNS[result.statuses[place]] for place in places]
        self.query_one(TensorList).fill(names, result.relative[places], signs)
        super().show_result(result, self._wanted(figures))

    def beside(self) -> ComposeResult:
        """Yield the list of tensors."""
        yield TensorList()

    @property
    def chosen(self) -> int | None:
        """The place of the chosen tensor, or None where nothing changed."""
        places = [] if self._found is None else listed(self._found)
        return places[self.query_one(TensorList).highlighted or 0] if places else None

    def action_choose(self) -> None:
        """Move between the list and the figure."""
        choices = self.query_one(TensorList)
        self.set_focus(self.view if choices.has_focus else choices)

    def action_look(self) -> None:
        """Look at the difference of the chosen tensor in every respect, in a job of its own."""
        place = self.chosen
        if self._found is None or place is None:
            return
        name, status = self._found.names[place], self._found.statuses[place]
        if status in {"changed", "retyped"}:
            self.look_on("diff", tensor=name)
        else:
            self.notify(ONLY_BOTH.format(name=name, status=status), severity="warning", markup=False)

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        """Show what is known of the chosen tensor."""
        if self._found is not None and self._figures:
            before = self._shown
            super().show_result(self._found, self._wanted(self._figures))
            self.action_figure(
                min(before, len(self._figures) - 1) + 1
            )  # another tensor may have fewer figures

    @on(OptionList.OptionSelected)
    def _entered(self) -> None:
        """Look at the chosen tensor in every respect."""
        self.action_look()

    def _wanted(self, figures: list[Figure]) -> list[Figure]:
        """Return the figures with those of the chosen tensor at the end."""
        kept = [one for one in figures if not one.title.startswith((PAGE, SPECTRUM))]
        place = self.chosen
        return kept if self._found is None or place is None else [*kept, *pages(self._found, place)]


def listed(found: WeightsDiff) -> list[int]:
    """Return the places of the tensors that are not the same in both."""
    pairs = zip(found.statuses, found.known, strict=True)
    return [place for place, (status, known) in enumerate(pairs) if known and status != "same"]


def pages(found: WeightsDiff, place: int) -> list[Figure]:
    """Return what is known of one tensor: a table, and the spectrum of its difference where that is a matrix.

    Args:
        found: The comparison.
        place: Which of the tensors.

    Returns:
        One or two figures.
    """
    sigma = found.singular_values[place]
    sigma = sigma[np.isfinite(sigma)]
    spectra = [spectrum(found, place, sigma)] if sigma.size > 1 and sigma[0] > 0 else []
    return [page(found, place), *spectra]


def page(found: WeightsDiff, place: int) -> Table:
    """Return what changed of one tensor as names and values."""
    one, other = ("–" if shape is None else shape_words(shape) for shape in found.shapes[place])
    old, new = (kind or "–" for kind in found.dtypes[place])
    rows: list[tuple[str, str, str]] = [
        ("status", found.statuses[place], ""),
        ("shape", one, other),
        ("type", old, new),
    ]
    if np.isfinite(found.relative[place]):
        rows += [
            ("‖Δ‖ / ‖A‖", number(float(found.relative[place])), ""),
            ("cosine", f"{found.cosine[place]:.6f}", ""),
            ("‖Δ‖", number(float(found.norm[place])), ""),
            ("max |Δ|", number(float(found.largest[place])), ""),
            ("numbers that differ", percent(float(found.touched[place])), ""),
            ("not finite in one", str(int(found.unmatched[place])), ""),
        ]
    if found.rank_words(place):
        rows.append(("rank of Δ", found.rank_words(place), "low" if found.low_rank(place) else ""))
    return Table(title=f"{PAGE}{found.names[place]}", columns=("what", "A", "B"), rows=tuple(rows))


def spectrum(found: WeightsDiff, place: int, sigma: Array) -> Lines:
    """Return the singular values of a difference, and where those of rounding would end."""
    edge = float(found.edges[place])
    return Lines(
        title=f"{SPECTRUM}{found.names[place]}",
        caption=f"rank {found.rank_words(place)}; what lies below {number(edge, 2)} is rounding",
        series=(
            Series(
                name="σ",
                x=np.arange(1.0, sigma.size + 1),
                y=np.where(sigma > sigma[0] * 1e-9, sigma, np.nan),
            ),
        ),
        x_label="index",
        y_label="σ of Δ",
        y_scale="log",
        levels=((edge, "rounding"),) if edge > 0 else (),
    )
