"""The screen of one ray: sample by sample, and what becomes of the pixel when a density is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dltui.figures import Figure, number
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.register import screen
from dltui.tui.screens.result import ResultScreen

if TYPE_CHECKING:
    from dltui.results.nerf_info import RadianceInfo


@screen("result:nerf-info")
class RayScreen(ResultScreen):
    """What a field or a scene holds, with one ray that can be edited."""

    BINDINGS = actions.register(
        "This ray",
        Action("ray", "sample", ("u", "U"), "sample", "Point at the next sample, or the one before.",
               ("1", "-1"), shown=2),
        Action("ray", "density", ("d", "D", "c"), "density",
               "Double the density of the sample, halve it, or take it away.", ("2", "0.5", "0"), shown=3),
        Action("ray", "undo", ("o",), "as it was", "Take all changes of densities back."),
    )  # fmt: skip

    _kept: RadianceInfo | None = None
    _found: RadianceInfo | None = None

    def show_result(self, result: RadianceInfo, figures: list[Figure]) -> None:
        """Show what is known, and point at the sample that gives most."""
        self._kept = self._found = result
        if len(result.ray):
            self._found = result.changed(int(result.ray[:, 4].argmax()), 1.0)
            figures = self._found.figures()
        super().show_result(result, figures)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer samples where there is a ray."""
        if action in {"sample", "density", "undo"}:
            return self._found is not None and len(self._found.ray) > 0
        return super().check_action(action, parameters)

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
        self._figures = found.figures()
        self._show(keep=True)
        t, sigma, alpha, through, weight = found.ray[found.sample, :5]
        self.tell(
            f"t {number(float(t), 3)} · σ {number(float(sigma), 3)} · α {number(float(alpha), 3)} · "
            f"T {number(float(through), 3)} · w {number(float(weight), 3)}"
        )
