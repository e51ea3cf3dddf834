"""The screen of linear probes: layers with their accuracy in a list, what is confused at the chosen one beside."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dltui.commands._layer_screen import LayerLine, LayerScreen
from dltui.figures import Figure, Heatmap
from dltui.results.probing import Probing
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.register import screen

SOLVERS = ("logistic", "ridge")
CONFUSION = 1  # its place among the figures


@screen("result:probe")
class ProbeScreen(LayerScreen):
    """Accuracy by depth; the chosen layer's confusion."""

    BINDINGS = actions.register(
        "These probes",
        *LayerScreen.keys("probe"),
        Action(
            "probe",
            "solver",
            ("s",),
            "solver",
            "Fit the probes by ridge regression, or by logistic regression.",
        ),
        Action("probe", "map", ("m",), "map", "Map the chosen layer into the plane."),
    )

    _result: Probing | None = None

    def layer_lines(self) -> Sequence[LayerLine]:
        """Return every layer with the accuracy of its probe."""
        found = self._result
        if found is None:
            return ()
        shares = found.accuracy.tolist()
        return [
            LayerLine(name, share, f"{share:.1%}" if np.isfinite(share) else "")
            for name, share in zip(found.layers, shares, strict=True)
        ]

    def at_first(self) -> int:
        """Return the layer that the classes are read off best."""
        return 0 if self._result is None else self._result.best

    def pictures(self) -> list[Figure]:
        """Return the figures, with the confusion at the chosen layer."""
        found = self._result
        if found is None:
            return []
        return [found.confused(self.at) if isinstance(one, Heatmap) else one for one in found.figures()]

    def chosen_now(self, place: int) -> None:  # noqa: ARG002 - the list knows it
        """Show what is confused at a layer, where that is seen."""
        self.hang_again()

    def entered(self, place: int) -> None:  # noqa: ARG002 - the list knows it
        """Turn to what is confused at a layer."""
        self.hang_again(CONFUSION)

    def action_solver(self) -> None:
        """Fit the probes the other way, and show them here."""
        found = self._result
        if found is not None:
            other = SOLVERS[1 - SOLVERS.index(found.solver)]
            self.ask("probe", (f"{other} probes", f"{other} probes"), self.take, solver=other)

    def action_map(self) -> None:
        """Map the chosen layer in a job of its own."""
        if self._result is not None:
            self.look_on("map", layer=self._result.layers[self.at])
