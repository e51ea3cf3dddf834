"""The screen of a Hessian spectrum: density, eigenvalues to choose from, where each eigenvector lives, slices."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from dltui.draw.view import View
from dltui.figures import Array, Bars, Figure, Lines, number
from dltui.results.smoothing import LEAST, MOST, SMOOTHING
from dltui.results.spectrum import Spectrum
from dltui.results.verdict import eigenvalue_name
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.register import screen
from dltui.tui.scale import Scale
from dltui.tui.screens.measured import MeasuredScreen
from dltui.tui.widgets.choices import Choices
from dltui.tui.widgets.slider import Slider

ONLY_AT_THE_MODEL = (
    "only eigenvectors at θ* can be scanned along, and this spectrum was taken elsewhere: "
    "run `dltui hessian` without --at, and slice from there"
)


OF_ONE = "Eigenvector of "  # how the title of the figure of the chosen one begins
STEP = 1.25  # by how much a key makes the density smoother
WIDTHS = Scale(LEAST, MOST, log=True)


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """One eigenvalue with what is known of its eigenvector.

    Attributes:
        place: 1 for the largest, 2 for the next …; −1 for the smallest, −2 for the next.
        name: As the list calls it, such as ``λ₁``.
        value: λ.
        residual: ‖Hv − λv‖.
        sure: Whether it has converged; the number is only a bound otherwise.
        mass: Share of the eigenvector's squared norm in each parameter tensor, shape (t,); may be empty.
    """

    place: int
    name: str
    value: float
    residual: float
    sure: bool
    mass: Array


class PairList(Choices, inherit_bindings=False):
    """The eigenvalues, largest first; keys come from the table of actions."""

    BINDINGS = actions.bindings("list")
    DEFAULT_CSS = """
    PairList {
        width: 1fr; height: 1fr; border: none; padding: 0;
        background: transparent; text-wrap: nowrap;
    }
    PairList:focus { border: none; background: transparent; }
    PairList > .option-list--option { padding: 0 1; }
    PairList > .option-list--option-highlighted { background: $foreground 8%; color: $foreground; text-style: none; }
    PairList:focus > .option-list--option-highlighted {
        background: $primary-muted; color: $foreground; text-style: none;
    }
    """


@screen("result:spectrum")
class SpectrumScreen(MeasuredScreen):
    """Density and eigenvectors; the one that is chosen in the list is marked in the density."""

    DEFAULT_CSS = """
    SpectrumScreen #pairs { width: 24; height: 1fr; border-right: solid $foreground 15%; }
    SpectrumScreen #width-label { height: 1; padding: 0 1; color: $foreground 70%; }
    SpectrumScreen Slider { margin: 0 1; }
    """
    BINDINGS = actions.register(
        "This spectrum",
        Action(
            "spectrum",
            "choose",
            ("tab",),
            "eigenvalues",
            "Go to the list of eigenvalues, and back to the figure.",
        ),
        Action("spectrum", "slice", ("s",), "slice", "Scan the loss along the chosen eigenvector."),
        Action(
            "spectrum",
            "plane",
            ("P",),
            "plane",
            "Scan the loss over the plane of the first two eigenvectors.",
        ),
        Action(
            "spectrum",
            "landscape",
            ("L",),
            "landscape",
            "Scan the loss over a random plane of the same model.",
        ),
        Action(
            "spectrum",
            "smoother",
            ("b", "B"),
            "bandwidth",
            "Draw the density smoother, or sharper.",
            ("1", "-1"),
            shown=2,
        ),
    )

    _spectrum: Spectrum | None = None
    _pairs: tuple[Pair, ...] = ()

    @property
    def pair(self) -> Pair | None:
        """The eigenvalue that is chosen in the list."""
        chosen = self.query_one(PairList).highlighted
        return self._pairs[chosen] if chosen is not None and chosen < len(self._pairs) else None

    def beside(self) -> ComposeResult:
        """Yield the list of eigenvalues, and the bandwidth of the density below."""
        with Vertical(id="pairs"):
            yield PairList()
            yield Static("bandwidth, of λ", id="width-label", markup=False)
            yield Slider(WIDTHS, f"{SMOOTHING:g}")

    def show_result(self, result: Spectrum, figures: list[Figure]) -> None:
        """Show the figures, and fill the list."""
        self._spectrum = result
        self._pairs = pairs_of(result)
        choices = self.query_one(PairList)
        choices.clear_options()
        choices.add_options([Option(_told(pair)) for pair in self._pairs])
        self.query_one("#pairs").display = bool(self._pairs)
        for part in self.query("#width-label, Slider"):
            part.display = bool(result.nodes.size)
        if self._pairs:
            choices.highlighted = 0
        super().show_result(result, self._with_layers(figures))

    def view_of(self, place: int) -> View | None:
        """Return the view of a figure as it was left; in the density the chosen eigenvalue is under the cursor."""
        view = super().view_of(place)
        if self.pair is None or not isinstance(self._figures[place], Lines):
            return view
        return replace(view or View(), cursor=on_the_curve(self._figures[place], self.pair.value))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer slices only along what is known."""
        if action in {"choose", "slice"}:
            return bool(self._pairs)
        if action == "smoother":
            return self._spectrum is not None and bool(self._spectrum.nodes.size)
        if action in {"plane", "landscape"}:
            return self._spectrum is not None
        return super().check_action(action, parameters)

    def action_smoother(self, way: str) -> None:
        """Make the density smoother or sharper by a step."""
        if self._spectrum is not None:
            wanted = min(MOST, max(LEAST, self._spectrum.smoothing * STEP ** int(way)))
            self.query_one(Slider).text = f"{wanted:.3g}"
            self._smooth(wanted)

    @on(Slider.Changed)
    def _slid(self, event: Slider.Changed) -> None:
        """Draw the density with the bandwidth of the slider."""
        width = event.slider.value
        if width is not None and LEAST <= width <= MOST:
            self._smooth(width)

    def _smooth(self, width: float) -> None:
        """Draw the density in another width."""
        if self._spectrum is None or not self._spectrum.nodes.size:
            return
        self._spectrum = self._spectrum.smoothed(width)
        self._figures = self._with_layers(self._spectrum.figures())
        self._show()

    @on(OptionList.OptionHighlighted)
    def _chosen(self) -> None:
        """Show the eigenvector of the chosen eigenvalue, and where that is in the density."""
        if self.pair is None or not self._figures:
            return
        self._figures = self._with_layers(self._figures)
        self._show()

    @on(OptionList.OptionSelected)
    def _entered(self) -> None:
        self.action_slice()

    def action_choose(self) -> None:
        """Move between the list and the figure."""
        choices = self.query_one(PairList)
        self.set_focus(self.view if choices.has_focus else choices)

    def action_slice(self) -> None:
        """Scan the loss along the chosen eigenvector in a job of its own."""
        if self.pair is not None:
            self._scan(f"eigen:{self.pair.place}", dimensions=1, steps=51)

    def action_plane(self) -> None:
        """Scan the plane of the two eigenvectors of largest curvature in a job of its own."""
        self._scan("eigen:1,eigen:2")

    def action_landscape(self) -> None:
        """Scan a random plane in a job of its own."""
        self.look_on("landscape")

    def _scan(self, along: str, **changes: object) -> None:
        """Scan along eigenvectors, whose steps are lengths; the scaling of random directions means nothing there."""
        if self._spectrum is not None and self._spectrum.at:
            self.notify(ONLY_AT_THE_MODEL, severity="warning", markup=False)
        else:
            self.look_on("landscape", along=along, normalize=None, **changes)

    def _with_layers(self, figures: list[Figure]) -> list[Figure]:
        """Return the figures with the chosen eigenvector by layer as the last one."""
        others = [figure for figure in figures if not figure.title.startswith(OF_ONE)]
        if self._spectrum is None or self.pair is None or not self.pair.mass.size:
            return others
        return [*others, by_layer(self._spectrum, self.pair)]


def pairs_of(found: Spectrum) -> tuple[Pair, ...]:
    """Return the eigenvalues of both ends, the largest first and the smallest last."""
    top, bottom = found.sure("top"), found.sure("bottom")
    highest = [
        Pair(
            i + 1,
            eigenvalue_name(i + 1),
            float(value),
            float(residual),
            bool(top[i]),
            _row(found.top_masses, i),
        )
        for i, (value, residual) in enumerate(zip(found.top_eigenvalues, found.top_residuals, strict=True))
    ]
    lowest = [
        Pair(
            -i - 1,
            eigenvalue_name(found.parameters - i),
            float(value),
            float(residual),
            bool(bottom[i]),
            _row(found.bottom_masses, i),
        )
        for i, (value, residual) in enumerate(
            zip(found.bottom_eigenvalues, found.bottom_residuals, strict=True)
        )
    ]
    return (*highest, *reversed(lowest))


def by_layer(found: Spectrum, pair: Pair) -> Bars:
    """Return where an eigenvector lives: its mass in each parameter tensor."""
    widest = int(np.argmax(pair.mass))
    return Bars(
        title=f"{OF_ONE}{pair.name} by layer · {found.title}",
        caption=(
            f"λ {number(pair.value)}, residual {number(pair.residual, 2)}; share of ‖v‖² in each tensor, "
            f"most of it in {found.layers[widest]} ({pair.mass[widest]:.0%})"
        ),
        labels=tuple(found.layers),
        values=pair.mass,
        value_label="share of ‖v‖²",
    )


def on_the_curve(chart: Figure, value: float) -> tuple[float, float]:
    """Return the point of the density that is nearest to an eigenvalue."""
    assert isinstance(chart, Lines), "a density is a chart of lines"
    curve = chart.series[0]
    place = int(np.argmin(np.abs(curve.x - value)))
    return float(curve.x[place]), float(curve.y[place])


def _told(pair: Pair) -> Content:
    """Return a line of the list; of an eigenvalue that has not converged only a bound is known."""
    bound = "" if pair.sure else ("≥ " if pair.place > 0 else "≤ ")
    mark = ("  ", "") if pair.sure else (" ?", "$text-warning")
    value = f"{bound}{number(pair.value, 4)}"
    return Content.assemble((f"{pair.name:>6} ", "$foreground 70%"), (f"{value:>10}", ""), mark)


def _row(masses: Array, place: int) -> Array:
    """Return a row, or nothing where an old file has none."""
    return masses[place] if place < len(masses) else np.empty(0)
