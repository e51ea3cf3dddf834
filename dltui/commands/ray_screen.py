"""The screen of one ray: sample by sample, and what becomes of the pixel when a density is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult

from dltui.draw.view import View
from dltui.figures import Figure, number
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.register import screen
from dltui.tui.screens.result import ResultScreen
from dltui.tui.widgets.figure_view import FigureView

if TYPE_CHECKING:
    from dltui.results.nerf_info import RadianceInfo


@screen("result:nerf-info")
class RayScreen(ResultScreen):
    """What a field or a scene holds, with one ray that can be edited."""

    AUTO_FOCUS = "#stage FigureView"
    DEFAULT_CSS = """
    RayScreen {
        #map { width: 1fr; max-width: 40%; margin: 1 0 0 1; display: none; }
        &.-low #map { margin: 0 0 0 1; }
        &.-mapped #map { display: block; }
    }
    """
    BINDINGS = actions.register(
        "This ray",
        Action("ray", "choose", ("m",), "another ray",
               "Go to the picture; arrows or the mouse choose the pixel whose ray is followed, m leads back."),
        Action("ray", "sample", ("u", "U"), "sample", "Point at the next sample, or the one before.",
               ("1", "-1"), shown=2),
        Action("ray", "density", ("d", "D", "c"), "density",
               "Double the density of the sample, halve it, or take it away.", ("2", "0.5", "0"), shown=3),
        Action("ray", "undo", ("o",), "as it was", "Take all changes of densities back."),
    )  # fmt: skip

    _kept: RadianceInfo | None = None
    _found: RadianceInfo | None = None

    @property
    def view(self) -> FigureView:
        """The widget that shows the chosen figure, not the picture beside it."""
        return self.query_one("#stage FigureView", FigureView)

    def beside(self) -> ComposeResult:
        """Yield the picture from which a ray is chosen."""
        mapped = FigureView()
        mapped.id = "map"
        yield mapped

    def show_result(self, result: RadianceInfo, figures: list[Figure]) -> None:
        """Show what is known, and point at the sample that gives most."""
        self._kept = self._found = result
        self.set_class(bool(result.picture.size), "-mapped")
        if result.picture.size:
            self.query_one("#map", FigureView).show_figure(result.map(), View(cursor=result.spot()))
        if len(result.ray):
            self._found = result.changed(int(result.ray[:, 4].argmax()), 1.0)
            figures = self._found.figures()
        super().show_result(result, figures)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer samples where there is a ray."""
        if action in {"sample", "density", "undo"}:
            return self._found is not None and len(self._found.ray) > 0
        if action == "choose":
            return self.has_class("-mapped")
        return super().check_action(action, parameters)

    def action_choose(self) -> None:
        """Go to the picture, or back to the curves."""
        mapped = self.query_one("#map", FigureView)
        self.set_focus(self.view if mapped.has_focus else mapped)

    @on(FigureView.Looked, "#map")
    def _pointed(self, event: FigureView.Looked) -> None:
        """Follow the ray through the pixel under the cursor."""
        cursor, result = event.view.view.cursor, self._kept
        if cursor is None or result is None:
            return
        height, width = result.picture.shape[:2]
        column, row = (
            min(max(round(part), 0), most - 1) for part, most in zip(cursor, (width, height), strict=True)
        )
        self._kept = result.at(column, row)
        self._take(self._kept)

    def action_sample(self, step: int) -> None:
        """Point at another sample."""
        if self._found is not None:
            self._take(self._found.changed((self._found.sample + step) % len(self._found.ray), 1.0))

    def action_density(self, times: float) -> None:
        """Change the density of the sample."""
        if self._found is not None:
            self._take(self._found.changed(self._found.sample, times))

    def action_undo(self) -> None:
        """Show the ray as it was kept."""
        if self._kept is not None and self._found is not None:
            self._take(self._kept.changed(self._found.sample, 1.0))

    def _take(self, found: RadianceInfo) -> None:
        """Show the ray as it is now."""
        self._found = found
        figures = found.figures()
        if not len(found.ray):
            self.tell("this ray goes past everything")
            return
        self._figures = figures
        self._show(keep=True)
        t, sigma, alpha, through, weight = found.ray[found.sample, :5]
        self.tell(
            f"t {number(float(t), 3)} · σ {number(float(sigma), 3)} · α {number(float(alpha), 3)} · "
            f"T {number(float(through), 3)} · w {number(float(weight), 3)}"
        )
