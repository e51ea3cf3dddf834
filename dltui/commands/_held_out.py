"""What the screens of fitted scenes share: held-out pictures, all or one of them large; a flight through the scene."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np

from dltui.draw.endings import MOVING
from dltui.draw.scene.eye import FIELD, place_of, turn
from dltui.draw.view import View
from dltui.errors import DltuiError
from dltui.figures import Array, Figure, Heatmap, Images, Scene
from dltui.files import write_bytes
from dltui.tui.actions import Action
from dltui.tui.catalog import Item
from dltui.tui.screens.export import ExportScreen
from dltui.tui.screens.result import ResultScreen

BETWEEN = 12  # pictures of a film from one kept camera to the next
SIZE = 160  # pixels of a film either way


class Fitted(Protocol):
    """A result whose first figure is of held-out pictures."""

    @property
    def truth(self) -> Array:
        """Those pictures."""

    @property
    def levels(self) -> Array:
        """Where planes cut through its density."""

    def pictures(self, place: int | None = None) -> Images:
        """Return all of them, or one, beside what is shown of them."""

    def cut_at(self, place: int) -> Heatmap:
        """Return its density on one of the planes."""


F = TypeVar("F", bound=Fitted)


def flight_actions(scope: str) -> tuple[Action, Action]:
    """Return the actions of a flight, for the screen of that scope."""
    return (
        Action(scope, "camera", ("a",), "keep camera",
               "Keep the camera that sees the points as they are now, for a film; F flies anywhere."),
        Action(scope, "film", ("A",), "film", "Make a GIF of the flight along the cameras that were kept, as a job."),
    )  # fmt: skip


class HeldOutScreen(ResultScreen, Generic[F]):
    """Figures of what was fitted to pictures."""

    _found: F | None = None
    _level = 0
    _picture: int | None = None  # which held-out picture is large
    FILM = ("nerf", "render", "--frames")  # verb and option that draw a film of so many pictures

    def __init__(self, item: Item) -> None:
        super().__init__(item)
        self._cameras: list[tuple[Array, float]] = []  # poses, and what they see across

    def show_result(self, result: F, figures: list[Figure]) -> None:
        """Show the figures; a picture that is large stays so while a fit goes on."""
        self._found = result
        self._level = len(result.levels) // 2
        if self._picture is not None:
            figures = [result.pictures(self._picture), *figures[1:]]
        super().show_result(result, figures)

    def action_picture(self) -> None:
        """Go on to the next held-out picture."""
        if self._found is not None:
            place = 0 if self._picture is None else self._picture + 1
            self._picture = place if place < len(self._found.truth) else None
            self.put_figure(0, self._found.pictures(self._picture))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to keep a camera where something is flown through, a film of what is kept."""
        if action == "camera":
            return self.can_film and isinstance(self.view.figure, Scene)
        if action == "film":
            return self.can_film and bool(self._cameras)
        if action == "level":
            return self._found is not None and len(self._found.levels) > 0
        return super().check_action(action, parameters)

    def action_level(self, step: int) -> None:
        """Cut at the next level."""
        if self._found is not None:
            self._level = min(max(self._level + step, 0), len(self._found.levels) - 1)
            place = next(i for i, one in enumerate(self._figures) if is_cut(one))
            self.put_figure(place, self._found.cut_at(self._level))

    @property
    def can_film(self) -> bool:
        """Whether what was fitted is kept whole."""
        return self.kept is not None

    def action_camera(self) -> None:
        """Keep the camera of now."""
        figure = self.view.figure
        if isinstance(figure, Scene):
            self._cameras.append(camera_of(figure, self.view.view))
            count = len(self._cameras)
            self.notify(
                f"{count} kept; A makes a film of the flight" if count > 1 else "1 kept; fly on, keep more"
            )
            self.refresh_bindings()

    def action_film(self) -> None:
        """Ask for a name, keep the way beside it, and draw the film in a job of its own."""
        folder = self.dltui.folder

        def answer(name: str | None) -> None:
            if name:
                self._film(folder / Path(name).expanduser())

        self.app.push_screen(
            ExportScreen(f"{self.item.name}-flight.gif", folder, MOVING, "film of the flight"), answer
        )

    def _film(self, target: Path) -> None:
        """Write the way and start the job; what is there is replaced only with a film of that name."""
        from dltui.scene.flight import spelled

        way = target.with_suffix(".json")
        if way.exists() and not target.exists():
            told = f"{way.name} exists, and the poses would go there: choose another name"
            self.notify(told, severity="error", markup=False)
            return
        try:
            write_bytes(way, spelled(*zip(*self._cameras, strict=True)).encode())
        except DltuiError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        count = str(max(2, BETWEEN * (len(self._cameras) - 1) + 1))
        group, verb, frames = self.FILM
        words = [
            group,
            verb,
            str(self.kept),
            "--path",
            str(way),
            frames,
            count,
            "--size",
            str(SIZE),
            "--gif",
            str(target),
        ]
        self.dltui.open_job(self.dltui.run_job(words))


def is_cut(figure: Figure) -> bool:
    """Return whether a figure is a cut through a density."""
    return isinstance(figure, Heatmap) and figure.title.startswith("Density · ")


def camera_of(figure: Scene, view: View) -> tuple[Array, float]:
    """Return the pose of the eye that sees a scene, camera to world, and the angle that it sees across, radians."""
    right, up, away = turn(view.azimuth, view.elevation, figure.up)
    pose = np.eye(4)
    pose[:3, 0], pose[:3, 1], pose[:3, 2], pose[:3, 3] = right, up, -away, place_of(figure, view)
    return pose, 2 * math.atan(math.tan(FIELD / 2) / max(view.zoom, 1e-3))
