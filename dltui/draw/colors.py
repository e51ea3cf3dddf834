"""Colours: perceptual maps for fields, a palette for series, and what can be read on top of them."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from dltui.draw.canvas import NO_COLOUR, Rgb
from dltui.figures import ColorMap

# 33 colours evenly spaced along each map. viridis and magma: S. van der Walt and N. Smith, 2015 (CC0);
# cividis: Nuñez, Anderton and Renslow, PLoS ONE 13(7), 2018; coolwarm: K. Moreland, ISVC 2009.
_ANCHORS: dict[ColorMap, str] = {
    "viridis": (
        "440154 470d60 48186a 482374 472d7b 453781 424086 3e4989 3b528b 375b8d 33638d 2f6b8e 2c728e 297a8e 26828e "
        "23898e 21918c 1f988b 1fa088 22a785 28ae80 32b67a 3fbc73 4ec36b 5ec962 70cf57 84d44b 98d83e addc30 c2df23 "
        "d8e219 ece51b fde725"
    ),
    "cividis": (
        "00224e 00285b 002e6a 053371 1a386f 273e6e 32436d 3b496c 434e6c 4b546c 535a6d 5a5f6e 61656f 686a71 6f7073 "
        "767676 7d7c78 848279 8c8878 938e78 9b9476 a39a74 aba072 b4a76f bcae6c c4b468 cdbb63 d5c25e dec958 e7d150 "
        "f0d846 f9e03a fee838"
    ),
    "magma": (
        "000004 030312 0a0822 130d34 1d1147 29115a 36106b 440f76 51127c 5d177f 6a1c81 762181 832681 902a81 9c2e7f "
        "aa337d b73779 c43c75 d0416f dc4869 e75263 ef5d5e f56b5c f9795d fc8961 fd9869 fea772 feb67c fec488 fed395 "
        "fde2a3 fcf0b2 fcfdbf"
    ),
    "coolwarm": (
        "3b4cc0 445acc 4e68d8 5875e1 6282ea 6c8ff1 779af7 82a6fb 8db0fe 98b9ff a3c2fe aec9fc b9d0f9 c3d5f4 ccd9ed "
        "d5dbe5 dddcdc e5d8d1 ecd3c5 f1ccb8 f5c4ac f7ba9f f7b093 f6a586 f4987a f08b6e eb7d62 e46e56 dd5f4b d44e41 "
        "ca3b37 be242e b40426"
    ),
    "gray": "000000 ffffff",
}

# Ten, as many as there are digits. Hues of the first eight near those of Okabe and Ito (2008), their lightness chosen
# by a search so that any two of them stay apart (≥ 0.09 in OKLab; all ten ≥ 0.08) for normal sight, protanopia and
# deuteranopia (Machado et al. 2009), within a contrast of at least 3 on black and on white, since a terminal does not
# tell its ground.
SERIES: tuple[Rgb, ...] = (
    (38, 139, 210),
    (240, 85, 15),
    (100, 150, 95),
    (145, 60, 165),
    (150, 80, 0),
    (85, 85, 230),
    (60, 135, 140),
    (65, 105, 95),
    (231, 59, 185),
    (213, 95, 252),
)
QUIET: Rgb = (128, 128, 128)  # axes, ticks, captions: readable on both grounds
SIGNAL: Rgb = (220, 60, 60)  # the cursor, and what went wrong


@cache
def ramp(name: ColorMap) -> NDArray[np.uint8]:
    """Return a colour map as 256 colours, shape (256, 3), from its low to its high end."""
    words = _ANCHORS[name].split()
    anchors = np.array([[int(word[i : i + 2], 16) for i in (0, 2, 4)] for word in words], float)
    places = np.linspace(0, len(words) - 1, 256)
    known = np.arange(len(words))
    return (
        np.stack([np.interp(places, known, anchors[:, i]) for i in range(3)], axis=1).round().astype(np.uint8)
    )


def paint(name: ColorMap, shares: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return the colours of shares 0…1, shape (…, 3); shares outside take the end's colour, NaN the low one."""
    steps = np.fmax(np.fmin(shares * 255 + 0.5, 255), 0)
    picked: NDArray[np.uint8] = ramp(name)[steps.astype(np.uint8)]
    return picked


def series_color(index: int) -> Rgb:
    """Return the colour of the series with this number."""
    return SERIES[index % len(SERIES)]


def contrast(packed: int) -> Rgb:
    """Return black or white, whichever is readable on a packed colour; the quiet grey on no colour."""
    if packed == NO_COLOUR:
        return QUIET
    luma = 0.299 * (packed >> 16) + 0.587 * ((packed >> 8) & 255) + 0.114 * (packed & 255)
    return (0, 0, 0) if luma > 128 else (255, 255, 255)


def packed_of(colour: Rgb) -> int:
    """Return a colour as 0xRRGGBB."""
    return (colour[0] << 16) | (colour[1] << 8) | colour[2]
