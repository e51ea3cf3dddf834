"""The screen of clouds and meshes: turned, coloured, lit."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from textual import events

from dltui.draw.scene.picking import picked
from dltui.draw.view import View
from dltui.figures import Scene, number
from dltui.results.cloud import Cloud, ruled
from dltui.results.mesh import Mesh
from dltui.scene.read import SHIPPED
from dltui.scene.solids import SHAPES as SHAPES_MADE
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.register import screen
from dltui.tui.screens.result import ResultScreen
from dltui.tui.widgets.figure_view import LEFT

LIGHTS = ("flat", "smooth", "wire", "normal", "depth", "plain")
SHAPES = {
    ".ply": "points or triangles with colours, normals and all channels",
    ".obj": "places, colours and triangles as text",
    ".stl": "triangles alone, for printers",
}
SIZES = (0, 1, 2, 3, 5)  # pixels of a point; 0 is what suits their number
_FAR = (*(f"shift+{way}" for way in ("left", "right", "up", "down")), *"HLKJ")


@screen("result:cloud", "result:mesh", "result:remade", "shape")
class SpaceScreen(ResultScreen):
    """One cloud or mesh."""

    BINDINGS = actions.register(
        "This shape",
        Action(
            "space",
            "colour",
            ("c",),
            "colour",
            "Colour it by something else: its own colours, height, a channel.",
        ),
        Action(
            "space",
            "light",
            ("v",),
            "light",
            "Light it otherwise: flat, smooth, as wire, by normal, by depth.",
        ),
        Action("space", "size", ("z",), "size", "Draw points larger, then small again."),
        Action("space", "parallel", ("o",), "parallel", "See it in perspective, or in parallel projection."),
        Action(
            "space",
            "measure",
            ("m",),
            "measure",
            "Put an end of a ruler where the middle of the picture is; a click puts it anywhere.",
        ),
        Action("space", "write", ("E",), "", "Write the shape itself to a file: PLY, OBJ or STL.", shown=0),
        Action("space", "box", ("b",), "box", "Draw the box around it with its axes, or leave it out."),
        Action(
            "space",
            "eye_dome",
            ("d",),
            "eye dome",
            "Darken points beside nearer ones (eye-dome lighting), or not.",
        ),
        Action(
            "space", "pan", _FAR, "", "Move the picture.", ("-1, 0", "1, 0", "0, 1", "0, -1") * 2, shown=0
        ),
    )
    result: Cloud | Mesh | None = None
    _end: NDArray[np.float64] | None = None  # the first end of a ruler
    _held: View | None = None  # from where it was looked at when the mouse was pressed

    @property
    def shelf_title(self) -> str:
        """Scenes for what lies in files, results for what was kept."""
        return "Scenes" if self.item.kind == "shape" else super().shelf_title

    @property
    def command_line(self) -> str:
        """The command that shows a shape as it is shown now."""
        if self.result is not None and self.item.kind == "shape":
            return self.result.made.command
        return super().command_line

    @property
    def kept(self) -> Path | None:
        """The file of a saved result."""
        return None if self.item.kind == "shape" else super().kept

    def read(self) -> None:
        """Read the shape or the result in a thread."""
        if self.item.kind == "shape":
            self.read_by(partial(described, self.item.key))
        else:
            super().read()

    def show_result(self, result: Any, figures: list[Any]) -> None:
        """Show a shape."""
        self.result = result
        super().show_result(result, figures)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer a light for triangles, a size for points."""
        if action == "light":
            return isinstance(self.result, Mesh)
        if action in {"size", "eye_dome"}:
            return isinstance(self.result, Cloud)
        if action == "measure":
            return isinstance(self.view.figure, Scene)
        return super().check_action(action, parameters)

    @property
    def colours(self) -> tuple[str, ...]:
        """What it may be coloured by."""
        if self.result is None:
            return ()
        known = [*(["rgb"] if self.result.rgb is not None else []), *self.result.channels, "height"]
        if isinstance(self.result, Cloud):
            known += ["depth", *(["normal"] if self.result.normals is not None else [])]
        return (*known, "none")

    def _change(self, **parts: Any) -> None:
        """Show the same shape otherwise."""
        if self.result is not None:
            changed = replace(self.result, **parts)
            if self.item.kind == "shape":
                changed = replace(
                    changed, made=replace(changed.made, command=command_of(changed, self.item.key))
                )
            self.show_result(changed, changed.figures())
            told = {True: "shown", False: "left out"}
            words = (
                f"{name.replace('_', ' ')} {told[value] if isinstance(value, bool) else value or 'to suit'}"
                for name, value in parts.items()
            )
            self.notify(", ".join(words), timeout=2)

    def action_colour(self) -> None:
        """Colour it by the next thing."""
        if self.result is not None:
            self._change(colour=_after(self.result.colour, self.colours))

    def action_light(self) -> None:
        """Light it in the next way."""
        if isinstance(self.result, Mesh):
            self._change(shade=_after(self.result.shade, LIGHTS))

    def action_size(self) -> None:
        """Draw points in the next size."""
        if isinstance(self.result, Cloud):
            self._change(size=_after(self.result.size, SIZES))

    def action_parallel(self) -> None:
        """Change the projection."""
        if self.result is not None:
            self._change(projection=_after(self.result.projection, ("perspective", "orthographic")))

    def action_box(self) -> None:
        """Draw the box, or leave it out."""
        if self.result is not None:
            self._change(box=not self.result.box)

    def action_eye_dome(self) -> None:
        """Darken points beside nearer ones, or not."""
        if isinstance(self.result, Cloud):
            self._change(eye_dome=not self.result.eye_dome)

    def action_write(self) -> None:
        """Ask for a name, then write points or triangles to it."""
        result = self.result
        if result is not None:
            kinds = {
                ending: told
                for ending, told in SHAPES.items()
                if ending != ".stl" or isinstance(result, Mesh)
            }
            self.view.keeping.ask_for("shape", ".ply", kinds, partial(written, result))

    def action_measure(self) -> None:
        """Put an end of a ruler on what is in the middle."""
        self._pick(None)

    def on_mouse_down(self) -> None:
        """Note from where it is looked at, to tell a click from a pull."""
        self._held = self.view.view

    def on_click(self, event: events.Click) -> None:
        """Put an end of a ruler where the mouse points."""
        if event.button == LEFT and event.widget is self.view and self._held == self.view.view:
            self._pick((event.x, event.y))

    def _pick(self, cell: tuple[int, int] | None) -> None:
        """Put an end of a ruler under a cell; the second one tells the distance."""
        figure, result = self.view.figure, self.result
        if result is None or not isinstance(figure, Scene):
            return
        place = picked(figure, self.view.plain_look(), self.view.view, cell)
        if place is None:
            if cell is None:
                self.notify("nothing is in the middle: move the picture, or click", timeout=3)
            return
        first, self._end = self._end, place if self._end is None else None
        ends = np.stack([place if first is None else first, place])
        changed = replace(result, rulers=ends[None].astype(np.float32))
        self.show_result(changed, changed.figures())
        where = ", ".join(number(float(part), 5) for part in place + np.array(result.origin))
        self.notify(f"from {where} to …" if first is None else ruled(ends), timeout=6)

    def action_pan(self, right: int, up: int) -> None:
        """Move the picture."""
        self.view.action_pan(right, up)


def command_of(result: Cloud | Mesh, key: str) -> str:
    """Return the command that shows a shape as it is shown now.

    Args:
        result: The points or triangles.
        key: Name of the shape, or its file.

    Returns:
        The command, with those options that aren't what they are if left out.
    """
    name = key if key in (*SHIPPED, *SHAPES_MADE) else Path(key).name
    words = ["dltui", "cloud" if isinstance(result, Cloud) else "mesh", name]
    if result.colour != ("rgb" if result.rgb is not None else "none"):
        words += ["--colour", result.colour]
    if result.projection != "perspective":
        words += ["--projection", result.projection]
    if isinstance(result, Mesh):
        words += ["--shade", result.shade] if result.shade != "flat" else []
    else:
        words += ["--size", str(result.size)] if result.size else []
        words += [] if result.eye_dome else ["--no-eye-dome"]
    return shlex.join([*words, *(["--box"] if result.box else [])])


def described(key: str) -> tuple[Cloud | Mesh, list[Any]]:
    """Return the result of a file or shipped shape, and its figures."""
    from dltui.results.base import Made
    from dltui.scene.describe import cloud_of, mesh_of
    from dltui.scene.read import read_geometry

    geometry = read_geometry(key)
    found = mesh_of(geometry) if geometry.is_mesh else cloud_of(geometry)
    found = replace(found, made=Made(command=command_of(found, key)))
    return found, found.figures()


def written(result: Cloud | Mesh, path: Path) -> None:
    """Write a shape to a file whose ending says which kind."""
    from dltui.scene.describe import shape_of
    from dltui.scene.write import write_geometry

    write_geometry(shape_of(result), path)


def _after(now: Any, ways: Sequence[Any]) -> Any:
    """Return what comes after something in a row, round about."""
    return ways[(ways.index(now) + 1) % len(ways)] if now in ways else ways[0]
