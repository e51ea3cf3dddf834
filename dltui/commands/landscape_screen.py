"""The screen of a landscape: walk over it, read it, look closer where you are, ask there for curvature and slopes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dltui.draw.view import View
from dltui.figures import Figure, Lines, Surface, number
from dltui.results.landscape import SLICES, Landscape
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.register import screen
from dltui.tui.screens.measured import MeasuredScreen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dltui.jobs import Job

CLOSER = (
    0.25  # half-width of the part that is scanned anew, as a share of the whole, when nothing is zoomed in
)
LEAST_STEPS = 25  # points along each direction of a finer scan
_FAR = (*(f"shift+{way}" for way in ("left", "right", "up", "down")), *"HLKJ")
_TOWARDS = ("-1, 0", "1, 0", "0, 1", "0, -1") * 2


CLOSE = ("looking closer", "finer · Z goes back")
EXACT = ("computing every cell", "every cell · Z goes back")
ONLY_RANDOM = (
    "only planes of random directions can be looked into away from θ*, and this one was spanned otherwise; put the "
    "cursor on θ*, or scan a random plane"
)


@screen("result:landscape")
class LandscapeScreen(MeasuredScreen):
    """Surface, map and slices of one landscape; the cursor is the same in all three."""

    BINDINGS = actions.register(
        "This landscape",
        Action(
            "landscape",
            "walk",
            _FAR,
            "walk",
            "Walk over the surface and read the loss there.",
            _TOWARDS,
            shown=4,
        ),
        Action(
            "landscape",
            "refine",
            ("z",),
            "refine",
            "Scan the part around the cursor, or the part shown, anew.",
        ),
        Action("landscape", "widen", ("Z",), "wider", "Go back to the wider scan."),
        Action("landscape", "exact", ("I",), "every cell", "Compute the cells that were interpolated."),
        Action(
            "landscape", "curvature", ("C",), "hessian here", "Estimate the Hessian spectrum at the cursor."
        ),
        Action("landscape", "slopes", ("D",), "gradients here", "Measure the gradient norms at the cursor."),
    )

    _levels: tuple[Landscape, ...] = ()
    _made_by: tuple[Job | None, ...] = ()  # the jobs of the finer scans
    _spot: tuple[float, float] | None = None

    @property
    def landscape(self) -> Landscape:
        """The scan that is shown, the finest one."""
        return self._levels[-1]

    @property
    def command_line(self) -> str:
        """The command that makes what is shown, be it a finer scan."""
        return (self._levels[-1].made.command if self._levels else "") or super().command_line

    @property
    def kept(self) -> Path | None:
        """The file of the scan that is shown, be it a finer one."""
        if len(self._levels) < 2:
            return super().kept
        job = self._made_by[-1]
        return None if job is None else job.path

    @property
    def spot(self) -> tuple[float, float]:
        """α and β of the cursor; the middle of the scan while there is none."""
        return self._spot or middle(self.landscape)

    def show_result(self, result: Landscape, figures: list[Figure]) -> None:
        """Show a landscape that was read, or what a finer scan knows by now."""
        self._levels = (*self._levels[:-1], result) if self._levels else (result,)
        super().show_result(result, with_slices(result, figures, self._spot))

    def view_of(self, place: int) -> View | None:
        """Return the view of a figure as it was left, with the cursor where it is by now."""
        view = super().view_of(place)
        if self._spot is None or self._is_slices(self._figures[place]):
            return view
        return replace(view or View(), cursor=self._spot)

    def read_out(self, text: str) -> str:
        """Return α, β, loss and accuracy under the cursor, and lead the slices through it."""
        cursor = self.view.view.cursor
        if (
            cursor is None
            or not self._levels
            or self.view.figure is None
            or self._is_slices(self.view.figure)
        ):
            return text
        self._spot = cursor if self.landscape.betas is not None else (cursor[0], 0.0)
        self._figures = with_slices(self.landscape, self._figures, self._spot)
        return tell(self.landscape, self._spot)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to walk only on a surface, and the way out only within a finer scan."""
        if action == "walk":
            return isinstance(self.view.figure, Surface)
        if action == "widen":
            return len(self._levels) > 1
        if action == "exact":
            return bool(self._levels) and self.landscape.known is not None
        if action in {"refine", "curvature", "slopes"}:
            return bool(self._levels)
        return super().check_action(action, parameters)

    # keys

    def action_walk(self, right: int, up: int) -> None:
        """Move the cursor over the surface by a cell, in the direction in which it is seen."""
        view = self.view.view
        across, along = ground_step(view.azimuth, right, up)
        self.view.look(replace(view, cursor=neighbour(self.landscape, self._spot, across, along)))

    def action_refine(self) -> None:
        """Scan a part of the plane anew: the part that is shown when zoomed in, else the part around the cursor."""
        centre, reach = window(self.landscape, self.view.view)
        spelled = spell(centre, plane=self.landscape.betas is not None)
        steps = max(LEAST_STEPS, len(self.landscape.alphas))
        beside = {"sharpness": False, "curvature": False}  # told already, and as costly as the scan
        self.ask("landscape", CLOSE, self._finer, center=spelled, distance=reach, steps=steps, **beside)

    def action_exact(self) -> None:
        """Scan what is shown anew, interpolating nothing."""
        found, changes = self.landscape, dict[str, object]()
        if len(self._levels) > 1:
            spelled = spell(middle(found), plane=found.betas is not None)
            changes = {
                "center": spelled,
                "distance": float(np.ptp(found.alphas)) / 2,
                "steps": len(found.alphas),
            }
        self.ask("landscape", EXACT, self._finer, exact=True, **changes)

    def action_widen(self) -> None:
        """Leave the finer scan."""
        self.stop_asking()
        self._levels, self._made_by = self._levels[:-1], self._made_by[:-1]
        self._show_level()

    def action_curvature(self) -> None:
        """Open the Hessian spectrum at the cursor."""
        self._look_here("hessian")

    def action_slopes(self) -> None:
        """Open the gradient norms at the cursor."""
        self._look_here("gradients")

    def _look_here(self, verb: str) -> None:
        """Ask a verb at the cursor; θ* itself needs no plane."""
        if self.spot == (0.0, 0.0):
            self.look_on(verb)
        elif self.landscape.along or self.landscape.vectors:
            self.notify(ONLY_RANDOM, severity="warning", markup=False)
        else:
            self.look_on(verb, at=spell(self.spot, plane=self.landscape.betas is not None))

    def _finer(self, found: Landscape, *, first: bool) -> None:
        """Show what a finer scan knows by now."""
        if first:
            self._levels, self._made_by = (*self._levels, found), (*self._made_by, self._asked)
        self._levels = (*self._levels[:-1], found)
        self._show_level(keep=not first)

    def _show_level(self, *, keep: bool = False) -> None:
        """Show the finest scan, all of it unless ``keep``."""
        if not keep:
            self.view.look(replace(self.view.view, x_range=None, y_range=None))
        self.show_result(self.landscape, self.landscape.figures())

    def _is_slices(self, figure: Figure) -> bool:
        """Return whether a figure's abscissa may be α or β, so that a cursor on it is no spot of the plane."""
        return isinstance(figure, Lines) and self.landscape.betas is not None


def with_slices(
    found: Landscape, figures: Sequence[Figure], cursor: tuple[float, float] | None
) -> list[Figure]:
    """Return the figures of a plane with its slices led through the cursor instead of the middle."""
    if found.betas is None or cursor is None:
        return list(figures)
    return [found.slices(*cursor) if one.title.startswith(SLICES) else one for one in figures]


def tell(found: Landscape, cursor: tuple[float, float]) -> str:
    """Return what is known of the cell nearest to the cursor."""
    column = nearest(found.alphas, cursor[0])
    row = 0 if found.betas is None else nearest(found.betas, cursor[1])
    parts = [f"α {number(float(found.alphas[column]), 4)}"]
    if found.betas is not None:
        parts.append(f"β {number(float(found.betas[row]), 4)}")
    loss, computed = float(found.whole[row, column]), found.known is None or bool(found.known[row, column])
    told = f"{found.loss_name} {'' if computed else '≈ '}{number(loss, 6 if computed else 3)}"
    parts.append(told if math.isfinite(loss) else "not known yet, or not finite")
    if math.isfinite(loss) and found.center_loss:
        parts.append(f"{loss / found.center_loss:.3g} × the middle")
    if found.accuracy is not None and math.isfinite(float(found.accuracy[row, column])):
        parts.append(f"accuracy {float(found.accuracy[row, column]):.2%}")
    return "   ".join(parts)


def neighbour(
    found: Landscape, cursor: tuple[float, float] | None, across: int, along: int
) -> tuple[float, float]:
    """Return the cell beside the one under the cursor; the middle when there is no cursor yet."""
    if cursor is None:
        return middle(found)
    betas = found.betas if found.betas is not None else np.zeros(1)
    column = int(np.clip(nearest(found.alphas, cursor[0]) + across, 0, len(found.alphas) - 1))
    row = int(np.clip(nearest(betas, cursor[1]) + along, 0, len(betas) - 1))
    return float(found.alphas[column]), float(betas[row])


def ground_step(azimuth: float, right: int, up: int) -> tuple[int, int]:
    """Return which step over the ground (along α, along β) looks most like a step over the screen.

    Args:
        azimuth: Turn of the picture, degrees; at 0 α grows to the right and β into the screen.
        right: Steps to the right on the screen.
        up: Steps away from the eye.

    Returns:
        Steps along α and β.
    """
    cos, sin = math.cos(math.radians(azimuth)), math.sin(math.radians(azimuth))
    if abs(cos) >= abs(sin):
        turn = 1 if cos > 0 else -1
        return turn * right, turn * up
    turn = 1 if sin > 0 else -1
    return -turn * up, turn * right


def window(found: Landscape, view: View) -> tuple[tuple[float, float], float]:
    """Return the middle and half-width of the part that is to be scanned anew."""
    whole = float(np.ptp(found.alphas)) / 2
    if view.x_range is not None:
        low, high = sorted(view.x_range)
        bottom, top = (
            sorted(view.y_range) if view.y_range is not None and found.betas is not None else (0.0, 0.0)
        )
        return ((low + high) / 2, (bottom + top) / 2), max(high - low, top - bottom) / 2
    spot = view.cursor or middle(found)
    return (spot if found.betas is not None else (spot[0], 0.0)), whole * CLOSER


def middle(found: Landscape) -> tuple[float, float]:
    """Return α and β of the middle of a scan."""
    alpha, beta = (*found.center, 0.0)[:2]
    return alpha, beta


def spell(spot: tuple[float, float], *, plane: bool) -> str:
    """Return a spot as the command line takes it, short but exact enough to come back to the same cell."""
    return ",".join(f"{value:.6g}" for value in (spot if plane else spot[:1]))


def nearest(values: np.ndarray, value: float) -> int:
    """Return the index of the entry nearest to ``value``."""
    return int(np.argmin(np.abs(values - value)))
