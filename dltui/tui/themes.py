"""The themes: three families, each dark and light, with the colours of figures that go with them."""

from __future__ import annotations

from typing import NamedTuple

from textual.theme import Theme

Rgb = tuple[int, int, int]


class Ink(NamedTuple):
    """The colours in which figures are drawn on the ground of a theme.

    Attributes:
        ground: What they are drawn on.
        series: Colours of curves, bars and classes, in their order.
        quiet: Axes, ticks and captions.
        signal: The cursor, and what went wrong.
        lighter: Every other bar of a histogram.
    """

    ground: Rgb
    series: tuple[Rgb, ...]
    quiet: Rgb
    signal: Rgb
    lighter: Rgb


def _theme(
    name: str, *, ground: str, text: str, marked: str, accent: str, primary: str, raised: str
) -> Theme:
    """Return a theme; ``marked`` is behind what is chosen, ``raised`` behind what lies above the ground."""
    dark = name.endswith("dark")
    return Theme(
        name=name,
        dark=dark,
        primary=primary,
        secondary=primary,
        accent=accent,
        warning=accent,
        error="#ff7a90" if dark else "#a3002e",
        success="#5fd38a" if dark else "#0d5c2b",
        background=ground,
        surface=raised,
        panel=raised,
        foreground=text,
        variables={
            "primary-muted": marked,
            "text-primary": primary if name.startswith("contrast") else text,
            "text-accent": accent,
            "text-warning": accent,
            "text-error": "#ff7a90" if dark else "#a3002e",
            "text-success": "#5fd38a" if dark else "#0d5c2b",
            "block-cursor-foreground": ground,
            "block-cursor-background": primary,
            "block-cursor-blurred-foreground": text,
            "block-cursor-blurred-background": marked,
        },
    )


THEMES = (
    _theme("dark", ground="#121214", text="#e8e8e8", marked="#0b3a63", accent="#ffb454", primary="#5aa9e6",
           raised="#1f2228"),
    _theme("light", ground="#fbfbfa", text="#17181a", marked="#cfe3f5", accent="#8a4b00", primary="#00508a",
           raised="#ecedef"),
    _theme("contrast-dark", ground="#000000", text="#ffffff", marked="#00396b", accent="#ffd75e", primary="#8fd0ff",
           raised="#101010"),
    _theme("contrast-light", ground="#ffffff", text="#000000", marked="#d6ebff", accent="#6b2f00", primary="#003a75",
           raised="#f4f4f4"),
    _theme("safe-dark", ground="#121214", text="#e8e8e8", marked="#123a5c", accent="#f0e442", primary="#7ab5d7",
           raised="#1f2228"),
    _theme("safe-light", ground="#fbfbfa", text="#17181a", marked="#d3e4f2", accent="#7d3b00", primary="#003b5c",
           raised="#ecedef"),
)  # fmt: skip
# The safe families follow Okabe and Ito (2008); their lightness, and that of the contrast ones, was searched for the
# largest least distance (CIE L*a*b*) of any two as seen with normal, protan and deutan eyes (Machado et al. 2009).
INKS = {
    "dark": Ink(
        (18, 18, 20),
        ((77, 166, 232), (240, 124, 46), (45, 190, 148), (222, 132, 184), (214, 168, 50), (156, 150, 240),
         (66, 190, 208), (190, 150, 115), (160, 214, 84), (236, 236, 226)),
        quiet=(150, 152, 158), signal=(255, 98, 98), lighter=(130, 196, 245),
    ),
    "light": Ink(
        (251, 251, 250),
        ((17, 105, 168), (190, 76, 0), (0, 120, 86), (168, 66, 125), (140, 100, 0), (92, 84, 186), (0, 112, 128),
         (122, 86, 56), (96, 122, 0), (44, 46, 52)),
        quiet=(98, 100, 106), signal=(190, 20, 40), lighter=(72, 140, 196),
    ),
    "contrast-dark": Ink(
        (0, 0, 0),
        ((5, 165, 255), (227, 153, 95), (0, 230, 167), (241, 218, 231), (230, 159, 0), (153, 153, 153),
         (129, 199, 239), (246, 238, 137), (254, 255, 20), (199, 135, 110)),
        quiet=(190, 190, 190), signal=(255, 140, 140), lighter=(129, 199, 239),
    ),
    "contrast-light": Ink(
        (255, 255, 255),
        ((0, 69, 107), (104, 78, 18), (11, 65, 50), (44, 17, 32), (84, 84, 84), (52, 28, 9), (21, 53, 71),
         (57, 53, 4), (1, 2, 250), (104, 28, 177)),
        quiet=(76, 76, 76), signal=(140, 0, 24), lighter=(84, 84, 84),
    ),
    "safe-dark": Ink(
        (18, 18, 20),
        ((20, 171, 255), (184, 81, 0), (0, 199, 145), (151, 79, 119), (230, 159, 0), (230, 230, 230),
         (122, 181, 215), (220, 213, 117), (59, 69, 255), (157, 75, 62)),
        quiet=(150, 152, 158), signal=(255, 110, 180), lighter=(122, 181, 215),
    ),
    "safe-light": Ink(
        (251, 251, 250),
        ((0, 59, 92), (156, 84, 28), (0, 107, 78), (185, 121, 156), (184, 127, 0), (38, 38, 38), (25, 130, 190),
         (49, 46, 12), (0, 1, 250), (96, 1, 169)),
        quiet=(98, 100, 106), signal=(150, 0, 90), lighter=(25, 130, 190),
    ),
}  # fmt: skip


def other_ground(name: str) -> str:
    """Return the theme of the same family on the other ground; the first family for themes of other makers."""
    family, _, ground = name.rpartition("-")
    if name not in INKS:
        return "light" if name.endswith("dark") else "dark"
    turned = "light" if ground == "dark" else "dark"
    return f"{family}-{turned}" if family else turned
