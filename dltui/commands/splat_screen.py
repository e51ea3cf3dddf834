"""The screen of fitted splats: one held-out picture at a time, and only those splats that are dense enough."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dltui.commands._held_out import HeldOutScreen, flight_actions
from dltui.figures import Array, Figure, Scene, number
from dltui.results.splat_ray import ALONG, changed, ray_figure
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.register import screen

if TYPE_CHECKING:
    from dltui.results.splats import SplatFit

LEAST = (0.0, 0.1, 0.5, 0.9)  # opacities from which splats are shown


@screen("result:splat-fit")
class SplatScreen(HeldOutScreen["SplatFit"]):
    """Splats that were fitted to pictures."""

    BINDINGS = actions.register(
        "These splats",
        Action("splats", "picture", ("v",), "picture", "Show the next held-out picture large, then all again."),
        Action("splats", "opaque", ("o",), "opaque", "Show only splats from an opacity on, then all again."),
        Action("splats", "level", ("z", "Z"), "cut", "Cut through the splats higher up, or farther down.",
               ("1", "-1"), shown=2),
        Action("splats", "along", ("u", "U"), "along ray", "Point at the next splat of the ray, or the one before.",
               ("1", "-1"), shown=2),
        Action("splats", "alpha", ("d", "D", "c"), "opacity",
               "Double α of the splat of the ray, halve it, or take it away.", ("2", "0.5", "0"), shown=3),
        Action("splats", "undo", ("r",), "as it was", "Take all changes of the ray back."),
        *flight_actions("splats"),
    )  # fmt: skip

    FILM = ("splat", "render", "--orbit")
    _least = 0
    _ray: Array | None = None  # as it was changed
    _at = 0  # the splat of the ray that is pointed at

    @property
    def can_film(self) -> bool:
        """Whether the splats are kept whole."""
        return self.kept is not None and self._found is not None and len(self._found.scale) > 0

    def show_result(self, result: SplatFit, figures: list[Figure]) -> None:
        """Show what is known, and point at the splat of the ray that gives most."""
        self._ray = np.asarray(result.ray) if len(result.ray) else None
        self._at = 0 if self._ray is None else int(self._ray[:, 3].argmax())
        super().show_result(result, figures)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the splats of a ray where there is one."""
        if action in {"along", "alpha", "undo"}:
            return self._ray is not None
        return super().check_action(action, parameters)

    def action_along(self, step: int) -> None:
        """Point at another splat of the ray."""
        if self._ray is not None:
            self._at = (self._at + step) % len(self._ray)
            self._show_ray()

    def action_alpha(self, times: float) -> None:
        """Change how opaque that splat is."""
        if self._ray is not None:
            self._ray = changed(self._ray, self._at, times)
            self._show_ray()

    def action_undo(self) -> None:
        """Show the ray as it was kept."""
        if self._found is not None and self._ray is not None:
            self._ray = np.asarray(self._found.ray)
            self._show_ray()

    def _show_ray(self) -> None:
        """Show the ray as it is now."""
        if self._found is None or self._ray is None:
            return
        place = next(i for i, one in enumerate(self._figures) if one.title.startswith(ALONG))
        self.put_figure(place, ray_figure(self._ray, self._found.through, self._found.title, at=self._at))
        depth, alpha, before, weight = self._ray[self._at, :4].tolist()
        self.tell(
            f"splat {self._at + 1} of {len(self._ray)} · depth {number(depth, 3)} · α {number(alpha, 3)} · "
            f"T {number(before, 3)} · w {number(weight, 3)}"
        )

    def action_opaque(self) -> None:
        """Show the splats that are dense enough."""
        if self._found is None:
            return
        self._least = (self._least + 1) % len(LEAST)
        place = next(i for i, one in enumerate(self._figures) if isinstance(one, Scene))
        self.put_figure(place, opaque(self._found, LEAST[self._least]))


def opaque(found: SplatFit, least: float) -> Scene:
    """Return the middles of the splats that have at least an opacity.

    Args:
        found: The splats.
        least: From which opacity on.

    Returns:
        The scene; all splats if none has it.
    """
    whole = next(one for one in found.figures() if isinstance(one, Scene))
    kept = np.asarray(found.opacity) >= least
    if not kept.any():
        return whole
    return replace(
        whole,
        points=found.places[kept],
        point_rgb=found.rgb[kept],
        caption=f"{kept.sum():,} of {kept.size:,} splats, of an opacity from {number(least)} on",
    )
