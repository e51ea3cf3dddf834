"""What can be set, with types and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

THEMES = ("dark", "light", "contrast-dark", "contrast-light", "safe-dark", "safe-light")
COLORMAPS = ("viridis", "cividis", "magma", "gray")
GLYPHS = ("auto", "half", "quadrant", "sextant", "octant", "ascii")
PICTURES = ("auto", "kitty", "sixel", "off")
MOTIONS = ("full", "reduced")
KEYMAPS = ("arrows+vim", "arrows")

Auto = Literal["auto"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How dltui looks and behaves for one person.

    Attributes:
        theme: Colours of the application and of its figures.
        colormap: Colours of fields that don't ask for others.
        glyphs: Into what pictures divide a cell.
        pictures: Whether pictures may be made of real pixels, and how.
        motion: Whether anything may move by itself.
        frame_rate: Frames a second at most.
        keymap: Which keys there are from the start.
        remember: Whether what was open is opened again.
        jobs: Jobs that run at a time.
        threads: Threads inside one operation of torch, in jobs.
        keys: Keys of single actions, by the action's id.
    """

    theme: str = "dark"
    colormap: str = "viridis"
    glyphs: str = "auto"
    pictures: str = "auto"
    motion: str = "full"
    frame_rate: Auto | int = "auto"
    keymap: str = "arrows+vim"
    remember: bool = True
    jobs: int = 2
    threads: Auto | int = "auto"
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
