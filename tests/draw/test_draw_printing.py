"""Finished lines for the command line: plotext where it draws, our raster elsewhere, words for those who listen."""

import re
import sys

import numpy as np
import pytest
from figure_samples import tame
from wcwidth import wcswidth

from dltui.draw import Depth, Look, draw, render, render_words
from dltui.draw.plotext_adapter import chart_lines
from dltui.figures import Bars, Histogram, Lines, Points, Series

SGR = re.compile(r"\x1b\[[0-9;]*m")
CURVE = Lines(
    title="Loss",
    caption="seed 0",
    series=(Series(name="loss", x=np.arange(5000.0) + 1, y=np.exp(-np.arange(5000.0) / 900)),),
    x_label="step",
    y_label="loss",
    y_scale="log",
)


@pytest.mark.parametrize("figure", [*tame(), CURVE], ids=lambda figure: type(figure).__name__)
@pytest.mark.parametrize("width", [60, 100, 240])
@pytest.mark.parametrize("depth", list(Depth))
@pytest.mark.parametrize("plain", [False, True])
def test_lines_fit(figure, width, depth, plain):
    for line in render(figure, Look(width=width, depth=depth, ascii=plain)):
        bare = SGR.sub("", line)
        assert wcswidth(bare) <= width
        assert depth is not Depth.NONE or "\x1b" not in line
        assert not plain or line.isascii()


@pytest.mark.parametrize("columns", ["40", "300"])
def test_plotext_does_not_look_at_the_terminal(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("LINES", "10")
    lines = chart_lines(CURVE, Look(width=120, height=40))
    assert lines is not None
    assert len(lines) == 40
    assert max(map(len, lines)) in range(110, 121)


def test_plotext_is_left_as_it_was_found():
    once = chart_lines(CURVE, Look(width=80))
    chart_lines(
        Points(position=np.random.default_rng(0).normal(size=(50, 2))), Look(width=100, depth=Depth.TRUE)
    )
    assert chart_lines(CURVE, Look(width=80)) == once
    import plotext

    plotext.limit_size(False, False)
    plotext.plot_size(60, 12)
    assert not any("⠀" < letter <= "⣿" for letter in plotext.build())
    plotext.clear_figure()


def test_plotext_draws_powers_and_gaps():
    gap = np.where((CURVE.series[0].x > 2000) & (CURVE.series[0].x < 3000), np.nan, CURVE.series[0].y)
    figure = Lines(series=(Series(name="loss", x=CURVE.series[0].x, y=gap),), y_scale="log")
    lines = chart_lines(figure, Look(width=100, height=30))
    assert lines is not None
    text = "\n".join(lines)
    assert "0.1┤" in text
    dots = np.array([[("⠀" < letter <= "⣿") for letter in line.ljust(100)] for line in lines])
    empty = ~dots[:, 6:].any(axis=0)
    assert 12 <= empty[30:70].sum() <= 28


@pytest.mark.parametrize(
    "figure",
    [
        tame()[0],  # bands, levels and markers
        Bars(labels=("a",), values=np.ones(1)),
        Lines(series=(), y_label="y"),
        Lines(series=(Series(name="a", x=np.zeros(3), y=np.full(3, np.nan)),)),
        Histogram(edges=np.zeros(2), counts=np.zeros(1)),
        Points(position=np.zeros((0, 2))),
        Points(position=np.zeros((9, 3))),
    ],
    ids=["banded", "bars", "no series", "nan", "empty bins", "no points", "space"],
)
def test_what_plotext_lacks_is_ours(figure):
    assert chart_lines(figure, Look(width=80)) is None
    assert render(figure, Look(width=80)) == draw(figure, Look(width=80)).canvas.lines(Depth.NONE)


def test_two_series_without_colour_can_be_told_apart():
    steps = np.arange(50.0)
    pair = Lines(series=(Series(name="up", x=steps, y=steps), Series(name="down", x=steps, y=-steps)))
    text = "\n".join(render(pair, Look(width=80)))
    assert text.count("●") >= 3
    assert text.count("■") >= 3
    plain = "\n".join(render(pair, Look(width=80, ascii=True)))
    assert plain.count("*") > 20
    assert plain.count("+") > 20


@pytest.mark.parametrize("figure", tame(), ids=lambda figure: type(figure).__name__)
@pytest.mark.parametrize("plain", [False, True])
def test_words_are_wrapped(figure, plain):
    lines = render_words(figure, Look(width=60, ascii=plain))
    assert lines[0] == figure.title
    assert all(wcswidth(line) <= 60 for line in lines)
    assert not plain or all(line.isascii() for line in lines)


def test_drawing_imports_neither_plotext_nor_matplotlib():
    import subprocess

    code = (
        "import sys, dltui.draw, numpy; from dltui.figures import *; "
        "dltui.draw.draw(Prose(text='a'), dltui.draw.Look()); "
        "print([n for n in ('plotext', 'matplotlib', 'torch', 'textual', 'rich') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
