"""What the user's settings ask of drawings."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, cast

from dltui.draw.glyphs import Glyphs
from dltui.draw.look import DEFAULT_MAP, Depth, Look
from dltui.draw.terminals import Pixels, Surroundings

if TYPE_CHECKING:
    from dltui.figures import ColorMap
    from dltui.settings import Settings


def wished(look: Look, settings: Settings) -> Look:
    """Return a look as the user wants it.

    Args:
        look: What the terminal can show.
        settings: The user's settings.

    Returns:
        The same with the user's colour map and glyphs; pixels only where colours and glyphs allow them.
    """
    around = wished_surroundings(Surroundings(look.glyphs, look.pixels), settings)
    in_ascii = look.ascii or settings.glyphs == "ascii"
    return replace(
        look,
        ascii=in_ascii,
        glyphs=around.glyphs,
        pixels=around.pixels if look.depth is Depth.TRUE and not in_ascii else None,
        colormap=None if settings.colormap == DEFAULT_MAP else cast("ColorMap", settings.colormap),
    )


def wished_surroundings(around: Surroundings, settings: Settings) -> Surroundings:
    """Return what the terminal is good for, less what the user does not want, with what the user insists on."""
    glyphs = Glyphs(settings.glyphs) if settings.glyphs in set(Glyphs) else around.glyphs
    pixels = around.pixels
    if settings.pictures == "off" or settings.glyphs == "ascii":
        pixels = None
    elif settings.pictures != "auto" and (pixels is None or pixels.protocol != settings.pictures):
        protocol = cast("Literal['kitty', 'sixel']", settings.pictures)
        pixels = Pixels(protocol, rows=shutil.get_terminal_size((80, 24)).lines)
    return Surroundings(glyphs, pixels)
