"""What the settings ask of drawings: colour map, glyphs, pixels."""

from dataclasses import replace

import numpy as np
import pytest

from dltui.draw import Depth, Look, draw
from dltui.draw.colors import ramp
from dltui.draw.glyphs import Glyphs
from dltui.draw.terminals import Pixels, Surroundings
from dltui.draw.wishes import wished, wished_surroundings
from dltui.figures import Heatmap
from dltui.settings import COLORMAPS, Settings

X = np.arange(8.0)
FIELD = Heatmap(values=np.outer(X, X), x=X, y=X)
LOOK = Look(60, 20, Depth.TRUE)


@pytest.mark.parametrize("name", COLORMAPS)
def test_fields_are_drawn_in_the_wished_colours(name: str) -> None:
    look = wished(LOOK, Settings(colormap=name))
    low, high = ((int(c[0]) << 16) | (int(c[1]) << 8) | int(c[2]) for c in ramp(name)[[0, -1]])  # type: ignore[index]
    drawn = draw(FIELD, look).canvas
    colours = set(drawn.back.ravel().tolist()) | set(drawn.front.ravel().tolist())
    assert {low, high} <= colours
    signed = draw(replace(FIELD, colormap="coolwarm"), look).canvas
    assert np.array_equal(signed.back, draw(replace(FIELD, colormap="coolwarm"), LOOK).canvas.back)


def test_glyphs_are_those_wished() -> None:
    assert wished(LOOK, Settings()) == LOOK
    assert wished(LOOK, Settings(glyphs="octant")).glyphs is Glyphs.OCTANT
    assert wished(LOOK, Settings(glyphs="ascii")).ascii
    assert wished(replace(LOOK, ascii=True), Settings(glyphs="half")).ascii


@pytest.mark.parametrize(
    ("pictures", "there", "protocol"),
    [
        ("auto", None, None),
        ("auto", "kitty", "kitty"),
        ("off", "kitty", None),
        ("sixel", None, "sixel"),
        ("sixel", "kitty", "sixel"),
        ("kitty", "kitty", "kitty"),
    ],
)
def test_pixels_come_as_wished(pictures: str, there: str | None, protocol: str | None) -> None:
    pixels = Pixels(there) if there else None  # type: ignore[arg-type]
    around = wished_surroundings(Surroundings(pixels=pixels), Settings(pictures=pictures))
    assert (around.pixels.protocol if around.pixels else None) == protocol
    plain = wished(replace(LOOK, depth=Depth.PALETTE, pixels=pixels), Settings(pictures=pictures))
    assert plain.pixels is None
