"""The screen of gradient norms: by layer, ordered as the model or by size, as norms or against the weights."""

from __future__ import annotations

import numpy as np

from dltui.figures import Array, Bars, Figure, number
from dltui.results.gradients import GradientNorms
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.register import screen
from dltui.tui.screens.measured import MeasuredScreen

MEASURES = ("‖∇L‖", "‖∇L‖ / ‖w‖", "‖w‖", "‖∇L‖ a number")


@screen("result:gradients")
class GradientsScreen(MeasuredScreen):
    """Which layers learn and which starve."""

    BINDINGS = actions.register(
        "These gradients",
        Action("gradients", "measure", ("m",), "measure", "Change what the bars show: ‖∇L‖, that against ‖w‖, ‖w‖ alone, ‖∇L‖ a number."),
        Action("gradients", "order", ("o",), "order", "Order the layers by size, or as the model has them."),
        Action("gradients", "log", ("l",), "log", "Space the bars by powers, or evenly."),
        Action("gradients", "landscape", ("L",), "landscape", "Scan the loss around the same weights."),
        Action("gradients", "curvature", ("C",), "hessian", "Estimate the Hessian spectrum at the same weights."),
    )

    _found: GradientNorms | None = None
    _measure = 0
    _sorted = False
    _log = True

    def show_result(self, result: GradientNorms, figures: list[Figure]) -> None:
        """Show the figures, the bars as they are wanted."""
        self._found = result
        super().show_result(result, self._with_bars(figures))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what is done with bars only where bars are seen."""
        if action in {"measure", "order", "log"}:
            return isinstance(self.view.figure, Bars)
        return super().check_action(action, parameters)

    def action_measure(self) -> None:
        """Show the next measure."""
        self._measure = (self._measure + 1) % len(MEASURES)
        self._again()

    def action_order(self) -> None:
        """Change the order of the layers."""
        self._sorted = not self._sorted
        self._again()

    def action_log(self) -> None:
        """Change how the bars are spaced."""
        self._log = not self._log
        self._again()

    def action_landscape(self) -> None:
        """Scan the loss around the same weights in a job of its own."""
        self.look_on("landscape")

    def action_curvature(self) -> None:
        """Estimate the Hessian spectrum at the same weights in a job of its own."""
        self.look_on("hessian")

    def _again(self) -> None:
        """Show the bars as they are wanted now."""
        self._figures = self._with_bars(self._figures)
        self._show(keep=True)

    def _with_bars(self, figures: list[Figure]) -> list[Figure]:
        """Return the figures with the bars as they are wanted."""
        if self._found is None:
            return figures
        wanted = bars(self._found, MEASURES[self._measure], by_size=self._sorted, log=self._log)
        return [wanted if isinstance(one, Bars) else one for one in figures]


def bars(found: GradientNorms, measure: str, *, by_size: bool, log: bool) -> Bars:
    """Return the bars by layer.

    Args:
        found: The norms.
        measure: One of ``MEASURES``.
        by_size: The largest first, instead of the order of the model.
        log: Spaced by powers.

    Returns:
        One bar a parameter tensor.
    """
    values = measured(found, measure)
    order = np.argsort(-np.nan_to_num(values), kind="stable") if by_size else np.arange(len(values))
    known = values[np.isfinite(values) & (values > 0)]
    spread = f"largest {number(known.max() / known.min(), 3)} × the smallest" if known.size else "all are 0"
    return Bars(
        title=f"{measure} by layer · {found.title}",
        caption=(
            f"{found.loss_name} {number(found.loss)} over {found.samples} samples, total norm "
            f"{number(found.total_norm)}; {spread}; {found.mode} mode"
        ),
        labels=tuple(found.names[place] for place in order.tolist()),
        values=values[order],
        value_label=measure,
        scale="log" if log and known.size else "linear",
    )


def measured(found: GradientNorms, measure: str) -> Array:
    """Return a measure of each parameter tensor, shape (t,)."""
    sizes = np.array([max(1, int(np.prod(shape))) for shape in found.shapes], dtype=float)
    named: dict[str, Array] = {
        "‖∇L‖": found.grad_norms,
        "‖∇L‖ / ‖w‖": found.ratios,
        "‖w‖": found.weight_norms,
        "‖∇L‖ a number": found.grad_norms / np.sqrt(sizes),
    }
    return named[measure]
