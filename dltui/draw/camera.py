"""The eye: from a box in space to places on the screen, in parallel projection."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dltui.draw.scales import Floats
from dltui.draw.view import View

CORNER = math.sqrt(2)  # from the middle of the ground to its corner; the ground is −1…1 either way
STRETCH = 1.45  # how much wider than tall a unit may become where the screen is wide


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the eye stands and how large it sees.

    Attributes:
        turn: Cosine and sine of the azimuth; at 0° the abscissa grows to the right and the ordinate into the screen.
        tilt: Cosine and sine of the elevation.
        middle: Column and row that the middle of the box is seen at, in cells.
        scale: Cells across and rows down that one unit takes.
    """

    turn: tuple[float, float]
    tilt: tuple[float, float]
    middle: tuple[float, float]
    scale: tuple[float, float]

    def see(self, x: Floats, y: Floats, z: Floats) -> tuple[Floats, Floats, Floats]:
        """Return column, row (both in cells, broken) and distance of places in the box; smaller is nearer."""
        (cos_turn, sin_turn), (cos_tilt, sin_tilt) = self.turn, self.tilt
        right = x * cos_turn + y * sin_turn
        away = y * cos_turn - x * sin_turn
        up = away * sin_tilt + z * cos_tilt
        return (
            self.middle[0] + right * self.scale[0],
            self.middle[1] - up * self.scale[1],
            away * cos_tilt - z * sin_tilt,
        )


def camera_of(view: View, width: int, height: int, half_height: float, margin: tuple[int, int]) -> Camera:
    """Return the camera that shows the whole box, whichever way it is turned.

    Args:
        view: Azimuth, elevation and zoom.
        width: Columns of the screen.
        height: Rows of the screen.
        half_height: Half the height of the box; its ground is −1…1 either way.
        margin: Columns and rows kept free at each border, for labels.

    Returns:
        The camera.
    """
    azimuth, elevation = math.radians(view.azimuth % 360), math.radians(max(-90.0, min(90.0, view.elevation)))
    cos_tilt, sin_tilt = math.cos(elevation), math.sin(elevation)
    tall = 2 * (CORNER * abs(sin_tilt) + half_height * cos_tilt)
    down = max(height - 2 * margin[1], 1) / tall
    across = min(max(width - 2 * margin[0], 1) / (2 * CORNER), 2 * STRETCH * down)
    down = min(down, 0.6 * across)
    zoom = max(view.zoom, 0.01)
    return Camera(
        turn=(math.cos(azimuth), math.sin(azimuth)),
        tilt=(cos_tilt, sin_tilt),
        middle=(width / 2, height / 2),
        scale=(across * zoom, down * zoom),
    )
