"""Themes: what is read can be read on its ground (WCAG 2.2), and colours that tell series apart do."""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from textual.color import Color
from textual.theme import Theme

import dltui.tui
from dltui.draw import Depth, Look, draw
from dltui.draw.canvas import NO_COLOUR, Canvas
from dltui.draw.colors import QUIET, SERIES, packed_of
from dltui.figures import Lines, Points, Scene, Series
from dltui.settings import THEMES as NAMES
from dltui.tui.themes import INKS, THEMES, Rgb, other_ground
from dltui.tui.widgets.dyeing import dye

# What normal, protan and deutan eyes see of linear light: Machado, Oliveira and Fernandes (2009), severity 1.
EYES = {
    "normal": np.eye(3),
    "protan": np.array([
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]),
    "deutan": np.array([
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour: Rgb) -> np.ndarray:
    share = np.asarray(colour, float) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def contrast(one: Rgb, other: Rgb) -> float:
    """The contrast ratio of WCAG 2.2."""
    low, high = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(light: np.ndarray) -> np.ndarray:
    ratio = TO_XYZ @ np.clip(light, 0, 1) / np.array([0.9505, 1, 1.089])
    bent = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * bent[1] - 16, 500 * (bent[0] - bent[1]), 200 * (bent[1] - bent[2])])


def rgb(text: str) -> Rgb:
    return Color.parse(text).rgb


def least(theme: Theme) -> float:
    return 7.0 if theme.name.startswith("contrast") else 4.5


def of_theme(theme: Theme) -> dict[str, str]:
    return theme.to_color_system().generate() | theme.variables


each_theme = pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)


def test_the_settings_name_the_themes() -> None:
    assert tuple(theme.name for theme in THEMES) == NAMES
    assert set(INKS) == set(NAMES)


def faded() -> list[int]:
    """The shares of the foreground that texts of the application are written in."""
    sources = [path.read_text() for path in Path(dltui.tui.__file__).parent.rglob("*.py")]
    sources += [path.read_text() for path in Path(dltui.tui.__file__).parent.rglob("*.tcss")]
    texts = re.findall(r"(?:(?<![a-z-])|subtitle-)(?:color: |\")\$foreground (\d+)%", "\n".join(sources))
    return sorted({int(text) for text in texts})


@each_theme
@pytest.mark.parametrize("ground", ["background", "surface", "panel"])
def test_texts_can_be_read(theme: Theme, ground: str) -> None:
    colours = of_theme(theme)
    below = Color.parse(colours[ground])
    assert faded()
    for share in faded():
        text = below.blend(Color.parse(colours["foreground"]), share / 100)
        assert contrast(text.rgb, below.rgb) >= least(theme), f"{share} % of the foreground; 70 % can be read"
    for name in ("foreground", "text-accent", "text-primary", "text-error", "text-warning", "text-success"):
        assert contrast(rgb(colours[name]), below.rgb) >= least(theme), name


@each_theme
def test_what_is_chosen_can_be_read(theme: Theme) -> None:
    colours = of_theme(theme)
    marked = Color.parse(colours["primary-muted"])
    assert contrast(rgb(colours["foreground"]), marked.rgb) >= least(theme)
    assert contrast(rgb(colours["text-primary"]), marked.rgb) >= least(theme)
    note = marked.blend(Color.parse(colours["foreground"]), 0.6)
    assert contrast(note.rgb, marked.rgb) >= 3.0  # the quieter line of a list below its bold name
    assert contrast(marked.rgb, rgb(colours["background"])) >= 1.2  # and is seen to be chosen


@each_theme
def test_figures_can_be_read(theme: Theme) -> None:
    ink, ground = INKS[theme.name], rgb(theme.background or "")
    high = theme.name.startswith("contrast")
    for colour in (*ink.series, ink.lighter):
        assert contrast(colour, ground) >= (7.0 if high else 3.0), colour
    for colour in (ink.quiet, ink.signal):
        assert contrast(colour, ground) >= least(theme), colour


@pytest.mark.parametrize(("family", "apart"), [("safe", 20.0), ("contrast", 10.0)])
@pytest.mark.parametrize("ground", ["dark", "light"])
@pytest.mark.parametrize("eye", EYES)
def test_series_are_told_apart_by_colour_blind_eyes(family: str, apart: float, ground: str, eye: str) -> None:
    seen = [lab(EYES[eye] @ linear(colour)) for colour in INKS[f"{family}-{ground}"].series]
    assert min(float(np.linalg.norm(one - other)) for one, other in combinations(seen, 2)) >= apart


def test_the_other_ground_keeps_the_family() -> None:
    assert [other_ground(name) for name in NAMES] == [
        "light", "dark", "contrast-light", "contrast-dark", "safe-light", "safe-dark",
    ]  # fmt: skip
    assert other_ground("textual-dark") == "light"
    assert other_ground("nord") == "dark"


@each_theme
def test_dyeing_leaves_no_colour_for_any_ground_behind(theme: Theme) -> None:
    x = np.linspace(0, 1, 40)
    curves = tuple(Series(name=f"curve {i}", x=x, y=x * i) for i in range(len(SERIES)))
    drawn = draw(
        Lines(title="ten", series=curves, x_label="x", y_label="y"), Look(100, 30, Depth.TRUE)
    ).canvas
    ink = INKS[theme.name]
    dye(drawn, ink)
    used = set(np.unique(drawn.front).tolist()) - {NO_COLOUR}
    assert used == {packed_of(colour) for colour in (*ink.series, ink.quiet)}


@each_theme
def test_points_of_any_value_are_seen(theme: Theme) -> None:
    value = np.linspace(0, 1, 60)
    cloud = Points(position=np.stack([value, value**2, np.sin(9 * value)], axis=1), value=value)
    drawn = draw(cloud, Look(80, 24, Depth.TRUE)).canvas
    ink = INKS[theme.name]
    assert ink.ground == rgb(theme.background or "")
    before = drawn.front.copy()
    dye(drawn, ink)
    points = np.isin(drawn.glyph, [ord("●")]) & (drawn.front != NO_COLOUR)
    assert points.sum() > 20
    colours = [(c >> 16, (c >> 8) & 255, c & 255) for c in drawn.front[points].tolist()]
    assert min(contrast(colour, ink.ground) for colour in colours) >= 1.9
    assert (drawn.front[points] == before[points]).mean() > 0.5  # what is seen anyway keeps its colour


@each_theme
def test_legend_of_classes_in_space_has_the_hues_of_what_is_lit(theme: Theme) -> None:
    names = tuple(f"part {i}" for i in range(len(SERIES)))
    corners = np.array([(0, 0), (0.9, 0), (0.9, 0.9), (0, 0.9)])
    places = np.concatenate([
        np.column_stack([corners + np.array([i, 0]), 0.3 * corners[:, 0]]) for i in range(len(names))
    ])
    faces = np.concatenate([
        [(4 * i, 4 * i + 1, 4 * i + 2), (4 * i, 4 * i + 2, 4 * i + 3)] for i in range(len(names))
    ])
    scene = Scene(
        title="parts",
        vertices=places.astype(np.float32),
        faces=faces.astype(np.int32),
        vertex_values=np.repeat(np.arange(float(len(names))), 4),
        value_names=names,
    )
    drawn = draw(scene, Look(100, 40, Depth.TRUE)).canvas
    dye(drawn, INKS[theme.name])
    legend = drawn.glyph == ord("■")
    seen = np.unique(np.concatenate([drawn.front[~legend], drawn.back[~legend]]))
    hues = np.array(
        [((packed >> 16) & 255, (packed >> 8) & 255, packed & 255) for packed in seen.tolist()], float
    )
    hues /= np.linalg.norm(hues, axis=1, keepdims=True) + 1e-9
    assert legend.sum() == len(names)
    for packed in drawn.front[legend].tolist():
        told = np.array([(packed >> 16) & 255, (packed >> 8) & 255, packed & 255], float)
        assert (hues @ told).max() / np.linalg.norm(told) > 0.999, hex(packed)


def test_dyeing_leaves_the_colours_of_fields_alone() -> None:
    canvas = Canvas(3, 1)
    canvas.front[:] = packed_of(SERIES[0])
    canvas.back[0, 1] = packed_of(QUIET)
    dye(canvas, INKS["light"])
    changed = packed_of(INKS["light"].series[0])
    assert canvas.front[0].tolist() == [changed, packed_of(SERIES[0]), changed]
    assert canvas.back[0, 1] == packed_of(QUIET)
