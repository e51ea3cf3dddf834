"""The screen of an implicit surface: cut elsewhere, asked about the place under the cursor, its mesh written."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dltui.commands.cloud_screen import SHAPES
from dltui.errors import DltuiError
from dltui.figures import Figure, Heatmap
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.register import screen
from dltui.tui.screens.result import ResultScreen

if TYPE_CHECKING:
    from dltui.results.implicit import Implicit
    from dltui.scene.sdf.nodes import Node

STEPS = 16  # from one side of the cube to the other


@screen("result:implicit")
class SdfScreen(ResultScreen):
    """The surface on which a function of space is 0."""

    BINDINGS = actions.register(
        "This surface",
        Action("implicit", "level", ("z", "Z"), "cut", "Cut farther up the axis that the cut stands on, or down.",
               ("1", "-1"), shown=2),
        Action("implicit", "axis", ("a",), "axis", "Let the cut stand on the next axis."),
        Action("implicit", "write", ("E",), "", "Write the mesh to a file: PLY, OBJ or STL.", shown=0),
    )  # fmt: skip

    _found: Implicit | None = None
    _node: Node | None = None  # None for a function of the user's own, which runs in no process of ours

    def show_result(self, result: Implicit, figures: list[Figure]) -> None:
        """Show the surface, and be ready to work it out elsewhere."""
        self._found, self._node = result, _node_of(result)
        super().show_result(result, figures)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer other cuts where the formula is known, a file where there is a mesh."""
        if action in {"level", "axis"}:
            return self._node is not None
        if action == "write":
            return self._found is not None and len(self._found.faces) > 0
        return super().check_action(action, parameters)

    def action_level(self, step: int) -> None:
        """Cut at another level."""
        if self._found is not None:
            reach = self._found.reach
            level = round(self._found.level / reach * STEPS / 2) + step
            self._cut(self._found.axis, max(-STEPS // 2, min(STEPS // 2, level)) * 2 * reach / STEPS)

    def action_axis(self) -> None:
        """Cut across the next axis."""
        if self._found is not None:
            self._cut("xyz"["zxy".index(self._found.axis)], self._found.level)

    def action_write(self) -> None:
        """Ask for a name, then write the mesh to it."""
        if self._found is not None:
            self.view.keeping.ask_for("shape", ".ply", SHAPES, partial(_written, self._found))

    def read_out(self, text: str) -> str:
        """Tell f, its slope and the side at the place under the cursor of the cut."""
        figure, cursor, found = self.view.figure, self.view.view.cursor, self._found
        if found is None or self._node is None or cursor is None or not isinstance(figure, Heatmap):
            return text
        from dltui.results.implicit import told
        from dltui.scene.surface import probe

        at = dict(zip((name for name in "xyz" if name != found.axis), cursor, strict=True))
        at[found.axis] = found.level
        return told(probe(self._node, (at["x"], at["y"], at["z"])))

    def _cut(self, axis: str, level: float) -> None:
        """Show another cut."""
        if self._found is None or self._node is None:
            return
        from dltui.scene.surface import cut

        side, values = cut(self._node, self._found.reach, axis, level)
        self._found = replace(self._found, axis=axis, level=level, across=side, upward=side, cut=values)
        place = next(i for i, one in enumerate(self._figures) if isinstance(one, Heatmap))
        self.put_figure(place, self._found.cut_figure())


def _node_of(found: Implicit) -> Node | None:
    """Return the function of a formula; None for one of the user's own."""
    from dltui.scene.sdf.parse import parse

    try:
        return parse(found.expression)
    except DltuiError:
        return None


def _written(found: Implicit, path: Path) -> None:
    """Write the mesh to a file whose ending says which kind."""
    from dltui.scene.geometry import geometry_of
    from dltui.scene.write import write_geometry

    write_geometry(geometry_of(found.vertices, title=found.title, faces=found.faces), path)
