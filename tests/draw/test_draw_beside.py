"""Figures side by side in the terminal: aligned where there is room, one below another where there is none."""

import numpy as np
import pytest

from dltui.draw import Depth, Look, render
from dltui.draw.beside import ESCAPE, render_rows
from dltui.draw.canvas import text_width
from dltui.figures import Heatmap, Prose

FIGURES = [
    Heatmap(title=f"field {i}", values=np.arange(12.0).reshape(3, 4), x=np.arange(4.0), y=np.arange(3.0))
    for i in range(3)
]


@pytest.mark.parametrize("depth", [Depth.NONE, Depth.TRUE])
def test_a_row_is_as_wide_as_the_terminal_and_its_parts_are_aligned(depth: Depth) -> None:
    lines = render_rows(FIGURES[:2], (2,), Look(width=120, depth=depth))
    plain = [ESCAPE.sub("", line) for line in lines]
    assert max(map(text_width, plain)) <= 120
    assert plain[0].index("field 1") == 61
    alone = [ESCAPE.sub("", line) for line in render(FIGURES[1], Look(width=59, depth=depth))]
    assert [line[61:].rstrip() for line in plain] == [line.rstrip() for line in alone]


def test_narrow_terminals_and_what_is_left_over_get_one_below_another() -> None:
    narrow = render_rows(FIGURES, (2,), Look(width=80))
    assert narrow == [
        line
        for i, figure in enumerate(FIGURES)
        for line in [*([""] if i else []), *(one.rstrip() for one in render(figure, Look(width=80)))]
    ]
    wide = render_rows(FIGURES, (2,), Look(width=120))
    assert next(line for line in wide if "field 2" in line).startswith("field 2")


def test_columns_of_different_heights_are_filled_up() -> None:
    lines = render_rows([Prose(title="short", text="a"), FIGURES[0]], (2,), Look(width=100))
    assert len(lines) == len(render(FIGURES[0], Look(width=49)))
