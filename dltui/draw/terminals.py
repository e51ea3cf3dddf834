"""Which terminal it is, and what it is known to draw well: glyphs and pixels.

``DLTUI_GLYPHS`` overrules the table: ``half``, ``quadrant``, ``sextant`` or ``octant``; ``pixels`` asks for real
pixels wherever the terminal takes them; ``auto`` is the table.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from typing import Literal, NamedTuple

from dltui.draw.abilities import Abilities, ask_terminal
from dltui.draw.glyphs import Glyphs
from dltui.errors import UsageError

Protocol = Literal["kitty", "sixel"]
Version = tuple[int, ...]

VARIABLE = "DLTUI_GLYPHS"
CHOICES = ("auto", *Glyphs, "pixels")
CELL = (10, 20)  # pixels of a cell where nobody says
MOST_PIXELS = 400_000  # in one picture; larger ones are drawn coarser and stretched
# The finest glyphs that a terminal draws itself, without gaps, from a version on; the first row that fits counts.
TABLE: tuple[tuple[str, Version, Glyphs], ...] = (
    ("kitty", (0, 40), Glyphs.OCTANT),
    ("kitty", (), Glyphs.SEXTANT),
    ("ghostty", (1, 2), Glyphs.OCTANT),
    ("ghostty", (), Glyphs.SEXTANT),
    ("foot", (1, 20), Glyphs.OCTANT),
    ("foot", (), Glyphs.SEXTANT),
    ("vte", (7800,), Glyphs.OCTANT),
    ("vte", (6200,), Glyphs.SEXTANT),
    ("wezterm", (), Glyphs.SEXTANT),
    ("contour", (), Glyphs.SEXTANT),
    ("apple_terminal", (), Glyphs.HALF),
    ("linux", (), Glyphs.HALF),
)
ELSEWHERE = Glyphs.QUADRANT
PLACEHOLDERS = frozenset({"kitty", "ghostty"})  # show pictures where placeholder characters stand
MULTIPLEXERS = frozenset({"tmux", "screen"})
POOR = frozenset({"ansi", "cygwin", "linux", "vt100", "vt102", "vt220"})  # no font for more than halves


class Pixels(NamedTuple):
    """How a terminal takes pictures made of real pixels.

    Attributes:
        protocol: Kitty's, where pictures stand in place of characters, or sixel.
        cell: Pixels of a cell, across and down.
        rows: Rows of the screen; a taller drawing can't be painted over by sixel once it has been printed.
        wrapped: Hand the pictures through tmux, which would swallow them otherwise.
    """

    protocol: Protocol
    cell: tuple[int, int] = CELL
    rows: int = 24
    wrapped: bool = False

    def grain(self, columns: int, rows: int) -> tuple[int, int]:
        """Return the pixels across and down a cell for a picture of so many cells: fewer where it is large."""
        across, down = self.cell
        shrink = 1
        while columns * rows * -(-across // shrink) * -(-down // shrink) > MOST_PIXELS and shrink < across:
            shrink += 1
        return -(-across // shrink), -(-down // shrink)


class Surroundings(NamedTuple):
    """What the terminal of an application is good for.

    Attributes:
        glyphs: The glyphs for pictures that move.
        pixels: How pictures that stand still become real pixels, or None where they don't.
    """

    glyphs: Glyphs = ELSEWHERE
    pixels: Pixels | None = None


def worth_asking(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether the answer of the terminal would count.

    Args:
        environ: Environment variables.

    Returns:
        False where glyphs are chosen, colours are unwanted, or another program stands between.

    Raises:
        UsageError: If ``DLTUI_GLYPHS`` is none of the choices.
    """
    wanted = choice(environ)
    if wanted in set(Glyphs) or environ.get("NO_COLOR"):
        return False
    return wanted == "pixels" or not inside_another(environ)


def surroundings(environ: Mapping[str, str] = os.environ, answer: Abilities | None = None) -> Surroundings:
    """Return what the terminal is good for.

    Args:
        environ: Environment variables.
        answer: What the terminal said, if it has answered.

    Returns:
        Its glyphs, and pixels if it takes them and nothing speaks against it.

    Raises:
        UsageError: If ``DLTUI_GLYPHS`` is none of the choices.
    """
    if answer is None or not answer.answered:
        return Surroundings(glyphs_of(environ))
    return Surroundings(glyphs_of(environ, answer), pixels_of(environ, answer))


def identity(environ: Mapping[str, str], answer: Abilities | None = None) -> tuple[str, Version]:
    """Return name and version of a terminal, from its answer or else from the environment; "" when unknown."""
    if answer is not None and answer.name:
        found = re.match(r"([A-Za-z_-]+)[ (/]*v?([0-9.]*)", answer.name)
        if found and found[1].lower() not in MULTIPLEXERS:
            return found[1].lower(), _version(found[2])
    program = environ.get("TERM_PROGRAM", "").lower()
    if program and program not in MULTIPLEXERS:
        return program, _version(environ.get("TERM_PROGRAM_VERSION", ""))
    if environ.get("VTE_VERSION"):
        return "vte", _version(environ["VTE_VERSION"])
    term = environ.get("TERM", "")
    if term in POOR:
        return "linux", ()
    for name in ("kitty", "ghostty", "foot", "wezterm", "contour"):
        if name in term:
            return name, ()
    return "", ()


def _version(text: str) -> Version:
    """Return the numbers of a version."""
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def inside_another(environ: Mapping[str, str]) -> bool:
    """Return whether tmux or screen stands between us and the terminal."""
    return bool(environ.get("TMUX") or environ.get("STY")) or environ.get("TERM", "").startswith((
        "tmux",
        "screen",
    ))


def choice(environ: Mapping[str, str] = os.environ) -> str:
    """Return what the user wants by ``DLTUI_GLYPHS``, ``auto`` when nothing.

    Raises:
        UsageError: If it is none of the choices.
    """
    wanted = environ.get(VARIABLE, "").strip().lower() or "auto"
    if wanted not in CHOICES:
        raise UsageError(f"{VARIABLE}={wanted!r} is no set of glyphs; expected one of {', '.join(CHOICES)}")
    return wanted


def glyphs_of(environ: Mapping[str, str] = os.environ, answer: Abilities | None = None) -> Glyphs:
    """Return the glyphs for pictures: the user's choice, or the finest that the terminal is known to draw well.

    Args:
        environ: Environment variables.
        answer: What the terminal said, if it was asked.

    Returns:
        Halves inside tmux and screen, which don't say what terminal shows them.

    Raises:
        UsageError: If ``DLTUI_GLYPHS`` is none of the choices.
    """
    wanted = choice(environ)
    if wanted in set(Glyphs):
        return Glyphs(wanted)
    if inside_another(environ):
        return Glyphs.HALF
    name, version = identity(environ, answer)
    for known, since, glyphs in TABLE:
        if known == name and version >= since:
            return glyphs
    return ELSEWHERE


def pixels_of(environ: Mapping[str, str], answer: Abilities) -> Pixels | None:
    """Return how a terminal that answered takes pixels.

    Args:
        environ: Environment variables.
        answer: What it said.

    Returns:
        None where it takes none; inside tmux or screen only where ``DLTUI_GLYPHS=pixels`` insists.
    """
    inside = inside_another(environ)
    if inside and choice(environ) != "pixels":
        return None
    cell, rows = answer.cell or CELL, shutil.get_terminal_size((80, 24)).lines
    if answer.kitty and (inside or identity(environ, answer)[0] in PLACEHOLDERS):
        return Pixels("kitty", cell, rows, wrapped=inside)
    # Sixel is not fitted to cells by the terminal: without their size it would lie anywhere.
    return Pixels("sixel", cell, rows) if answer.sixel and answer.cell else None


def chosen_pixels(environ: Mapping[str, str] = os.environ) -> Pixels | None:
    """Ask the terminal how it takes pixels, if ``DLTUI_GLYPHS=pixels`` wants them; None otherwise."""
    if choice(environ) != "pixels":
        return None
    return pixels_of(environ, ask_terminal(through_tmux=inside_another(environ)))
