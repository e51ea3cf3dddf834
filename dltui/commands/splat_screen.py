"""The screen of fitted splats: one held-out picture at a time, and only those splats that are dense enough."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dltui.commands._held_out import HeldOutScreen, flight_actions
from dltui.figures import Scene, number
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
        *flight_actions("splats"),
    )  # fmt: skip

    FILM = ("splat", "render", "--orbit")
    _least = 0

    @property
    def can_film(self) -> bool:
        """Whether the splats are kept whole."""
        return self.kept is not None and self._found is not None and len(self._found.scale) > 0

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
