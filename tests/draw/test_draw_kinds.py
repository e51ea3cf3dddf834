"""What each kind of figure promises to show."""

from itertools import groupby

import networkx as nx
import numpy as np
import pytest

from dltui.draw import Depth, Look, View, draw
from dltui.draw.canvas import NO_COLOUR
from dltui.draw.graph import row_of
from dltui.draw.images import folded, resized, tile
from dltui.draw.layers import layers_of
from dltui.errors import DltuiError
from dltui.figures import (
    Bars,
    Figure,
    Graph,
    Heatmap,
    Histogram,
    Images,
    Lines,
    Points,
    Series,
    Steps,
    Table,
    Tokens,
)


def text_of(figure, view=None, **look):
    """Return a figure drawn as plain text."""
    return "\n".join(draw(figure, Look(**{"width": 80, **look}), view or View()).canvas.plain())


def test_bars_are_as_long_as_their_values():
    lines = text_of(Bars(labels=("a", "b", "c"), values=np.array([8.0, 4.0, 1.0]))).split("\n")
    longest, half, eighth = (line.count("█") for line in lines)
    assert longest == pytest.approx(2 * half, abs=1)
    assert longest == pytest.approx(8 * eighth, abs=8)
    assert [line.split()[-1] for line in lines] == ["8", "4", "1"]


def test_bars_by_powers_and_wild_values():
    text = text_of(Bars(labels=("a", "b", "c", "d"), values=np.array([1.0, 100.0, 0.0, np.nan]), scale="log"))
    _, one, hundred, zero, none = text.split("\n")
    assert 0 < one.count("█") < hundred.count("█")
    assert "█" not in zero + none
    assert none.endswith("nan")


def test_long_labels_are_cut_in_the_middle():
    text = text_of(Bars(labels=("encoder." + "x" * 99 + ".weight",), values=np.ones(1)))
    assert "encoder." in text
    assert ".weight│" in text


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("width", [19, 22, 26, 40])
def test_numbers_of_a_table_that_do_not_fit_are_rounded_and_never_cut(width, ascii_only):
    values = (-0.0003508, 0.07228, 123456.7)
    text = text_of(Table(columns=("mean", "std", "largest"), rows=(values,)), width=width, ascii=ascii_only)
    told = [float(word.replace("−", "-")) for word in text.splitlines()[-1].split()]
    assert told == pytest.approx(values, rel=0.45)


def test_a_shape_is_not_cut_in_its_middle():
    rows = (("encoder.block.attention.weight", "200×300×3000"), ("block 12", "7"))
    text = text_of(Table(columns=("tensor", "shape"), rows=rows), width=20)
    assert "200×" in text
    assert "…00" not in text


def test_words_of_a_table_go_on_below_and_none_is_cut():
    told = "Clouds of points from ten shapes, such as sphere, torus and cube."
    rows = (("integrated-gradients", 0.25, told, "5.516e-14 ± 2.1e-14"), ("lime", 2, "", None))
    figure = Table(columns=("method", "area below the curve", "told", "E δ²"), rows=rows)
    lines = text_of(figure, width=60).splitlines()
    assert "…" not in "".join(lines)
    assert max(map(len, lines)) <= 60
    assert {"integrated-gradients", "5.516e-14", "2.1e-14", *told.split()} <= set(" ".join(lines).split())
    assert len(text_of(figure, width=140).splitlines()) == 4
    assert "…" in text_of(figure, width=60, height=8)  # on a screen each row is one line
    head, number = lines[0], next(line for line in lines if line.startswith("integrated-gradients"))
    assert head.index("area below") + len("area below") == number.index("0.25") + len("0.25"), "not aligned"


def test_a_title_takes_the_lines_that_it_needs():
    title = "Change by tensor · run digits-lenet-31f9, step 0 → run digits-lenet-31f9, step 1125"
    lines = text_of(Bars(title=title, labels=("a",), values=np.ones(1)), width=60).splitlines()
    assert " ".join(lines[:2]) == title
    assert len(lines) == 3
    assert text_of(Bars(title=title, labels=("a",), values=np.ones(1)), width=60, height=9).count("…") == 1


@pytest.mark.parametrize("rows", [3, 5, 10])
def test_no_rows_are_left_empty_below_a_field_that_nobody_asked_a_height_for(rows):
    figure = Heatmap(
        values=np.arange(2.0 * rows).reshape(rows, 2), x=np.arange(2.0), y=np.arange(float(rows)),
        x_label="input", title="Matrix", caption="outputs down",
    )  # fmt: skip
    lines = text_of(figure).splitlines()
    assert all(line.strip() for line in lines)
    assert (lines[-2].strip(), lines[-1]) == ("input", "outputs down")
    assert len(text_of(figure, height=30).split("\n")) == 30


def test_a_histogram_has_the_right_heights():
    drawing = draw(Histogram(edges=np.arange(5.0), counts=np.array([1, 2, 4, 0])), Look(width=80, height=24))
    frame = drawing.frame
    area = drawing.canvas.glyph[frame.top : frame.top + frame.height, frame.left : frame.left + frame.width]
    eighths = np.where(area == ord(" "), 0, np.where(area >= 0x2581, area - 0x2580, 0)).sum(axis=0)
    heights = [eighths[int(frame.width * (i + 0.5) / 4)] for i in range(4)]
    assert heights == [
        pytest.approx(h, abs=1) for h in (2 * frame.height, 4 * frame.height, 8 * frame.height, 0)
    ]


def test_pictures_shrink_to_means_and_grow_to_squares():
    picture = np.random.default_rng(0).random((12, 18, 3))
    np.testing.assert_allclose(resized(picture, 4, 6), picture.reshape(4, 3, 6, 3, 3).mean(axis=(1, 3)))
    np.testing.assert_array_equal(resized(picture, 24, 36), picture.repeat(2, axis=0).repeat(2, axis=1))


def test_a_few_small_pictures_use_a_large_screen_and_all_are_seen():
    assert tile(9, 1, 8, 145, 24) == (16, 8)
    columns, _ = tile(9, 1, 8, 145, 50)
    assert columns > 16
    assert columns % 8 == 0  # each pixel is as wide as the others
    figure = Images(
        pixels=np.random.default_rng(0).random((9, 8, 8)), names=tuple("abcdefghi"), caption="x " * 200
    )
    text = text_of(figure, width=145, height=50)
    assert all(any(line.split().count(name) for line in text.splitlines()) for name in figure.names)


@pytest.mark.parametrize(
    ("count", "aspect", "native"), [(1, 1.5, 640), (9, 1.0, 28), (64, 1.0, 8), (3, 0.5, 100)]
)
def test_pictures_keep_their_form(count, aspect, native):
    columns, rows = tile(count, aspect, native, 80, 24)
    assert 1 <= columns <= 80
    assert columns / (2 * rows) == pytest.approx(aspect, rel=0.2)


@pytest.mark.parametrize(("width", "each_row"), [(80, 4), (60, 4), (200, 4), (80, 3), (30, 2)])
def test_pictures_of_one_kind_stand_in_one_row(width, each_row):
    pixels = np.ones((3 * each_row, 40, 40)) * np.repeat([0.2, 0.5, 0.8], each_row)[:, None, None]
    canvas = draw(
        Images(pixels=pixels, each_row=each_row), Look(width=width, height=20, depth=Depth.TRUE)
    ).canvas
    kinds = [set(row) - {NO_COLOUR} for row in canvas.back.tolist()]
    assert [kind for kind, _ in groupby(filter(None, kinds))] == [{0x333333}, {0x808080}, {0xCCCCCC}]


def test_the_mean_of_many_half_precise_pixels_is_finite():
    pixels = np.full((36, 96, 96, 3), 0.25, np.float16)  # their sum is beyond float16
    assert "Mean brightness 0.25." in Images(pixels=pixels).words()


def test_a_picture_shows_its_pixels():
    pixels = np.zeros((1, 2, 2, 3))
    pixels[0, 0, 1] = [1, 0, 0]
    canvas = draw(Images(pixels=pixels), Look(width=20, height=10, depth=Depth.TRUE)).canvas
    assert (canvas.back[0, 10:20] == 0xFF0000).all()
    assert (canvas.back[0, :10] == 0).all()


def test_layers_are_the_longest_ways():
    draw_number = np.random.default_rng(3)
    edges = [(a, b) for a in range(12) for b in range(a + 1, 12) if draw_number.random() < 0.25]
    layers = layers_of(12, edges)
    graph = nx.DiGraph(edges)
    graph.add_nodes_from(range(12))
    truth = [sorted(layer) for layer in nx.topological_generations(graph)]
    assert [sorted(n for n in row if n < 12) for row in layers.rows] == truth
    place = {node: i for i, row in enumerate(layers.rows) for node in row}
    assert all(place[b] == place[a] + 1 for a, b in layers.edges)


@pytest.mark.parametrize("width", [20, 40, 100])
@pytest.mark.parametrize("edges", [((0, 1), (1, 2), (2, 0)), ((0, 2), (1, 2), (2, 3)), ()])
def test_the_rows_of_a_graph_are_known_before_it_is_drawn(edges, width):
    graph = Graph(
        nodes=("a", "b", "sum", "end"), edges=edges, notes=("1", "2", "", "x"), caption="few words " * 5
    )
    drawn = draw(graph, Look(width=width)).canvas
    for node, name in enumerate(graph.nodes):
        row, rows = row_of(graph, node, width)
        assert rows == drawn.height
        assert any(name in line for line in drawn.plain()[row : row + 2])


def test_circles_are_told_below_the_graph():
    assert layers_of(3, [(0, 1), (1, 2), (2, 0)]).returns == ((2, 0),)
    text = text_of(Graph(nodes=("a", "b", "c"), edges=((0, 1), (1, 2), (2, 0))))
    assert "↺ c → a" in text


@pytest.mark.parametrize("count", [1, 7, 60])
def test_every_node_is_shown(count):
    nodes = tuple(f"n{i}" for i in range(count))
    text = text_of(Graph(nodes=nodes, edges=tuple((0, i) for i in range(1, count))))
    assert all(node in text for node in nodes)


def test_a_chain_is_drawn_to_the_right_when_it_fits():
    lines = text_of(Graph(nodes=("in", "mid", "out"), edges=((0, 1), (1, 2)))).split("\n")
    assert len(lines) == 3
    assert lines[1].index("in") < lines[1].index("mid") < lines[1].index("out")
    assert lines[1].count("▶") == 2


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("integrated-gradients 0.14", ["integrated-", "gradients", "0.14"]),
        ("saliency 0.24", ["saliency", "0.24"]),
        ("features.0.conv.1", ["features.0.", "conv.1"]),
        ("blocks.attention", ["blocks.", "attention"]),
    ],
)
def test_names_are_broken_between_words_and_never_within_a_number(name: str, lines: list[str]) -> None:
    assert folded(name, 11) == lines


def test_names_below_pictures_go_on_below_where_they_are_too_long():
    names = tuple(f"stage{stage}.{block}.conv1 · {stage + block}.0" for stage in (1, 2) for block in range(8))
    figure = Images(pixels=np.zeros((16, 28, 28)), names=names, caption="end")
    lines = text_of(figure, ascii=True).splitlines()
    assert "…" not in "".join(lines)
    assert any(
        line.split() == ["stage1.0.", "stage1.1.", "stage1.2.", "stage1.3.", "stage1.4."] for line in lines
    )
    assert sum(line.count("conv1 ") for line in lines) == 16
    assert lines[-1] == "end"
    assert "stage1.0." in text_of(figure, ascii=True, height=24)


def test_tokens_without_colour_tell_the_heaviest():
    figure = Tokens(
        tokens=("The", " cat", " sat", " on", " mats"), weights=np.array([0.1, 0.8, 0.1, 0.0, -0.2])
    )
    assert "The cat(0.8) sat on mats" in text_of(figure)


def test_tables_align_numbers_and_scroll():
    rows = tuple((f"layer{i}", i * 10, i % 2 == 0) for i in range(40))
    figure = Table(columns=("name", "size", "even"), rows=rows)
    lines = text_of(figure, View(offset=5), height=12).split("\n")
    assert lines[2].startswith("layer5 ")
    assert "6–15 of 40" in lines[1]
    ends = {line.index(str(rows[5 + i][1])) + len(str(rows[5 + i][1])) for i, line in enumerate(lines[2:])}
    assert len(ends) == 1


@pytest.mark.parametrize("dims", [2, 3])
def test_groups_have_a_legend_and_markers(dims):
    position = np.random.default_rng(0).normal(size=(60, dims))
    text = text_of(Points(position=position, group=np.arange(60) % 2, group_names=("cat", "dog")))
    assert "● cat" in text
    assert "■ dog" in text
    assert text.count("■") > 5


def test_the_cursor_reads_curves():
    steps = np.arange(10.0)
    figure = Lines(series=(Series(name="loss", x=steps, y=steps**2),), x_label="step")
    assert "loss 49" in text_of(figure, View(cursor=(7.2, 0)))


def test_zoom_shows_a_part():
    steps = np.arange(100.0)
    figure = Lines(series=(Series(name="loss", x=steps, y=steps),))
    frame = draw(figure, Look(width=80, height=20), View(x_range=(10, 20), y_range=(0, 50))).frame
    assert (frame.x_range, frame.y_range) == ((10, 20), (0, 50))


def test_an_unknown_figure_is_refused():
    class Odd(Figure):
        def words(self):
            return ""

    with pytest.raises(DltuiError, match="can't draw a Odd: expected one of"):
        draw(Odd(), Look())


def test_an_empty_computation_is_only_its_title():
    assert text_of(Steps(title="Nothing", steps=())).strip() == "Nothing"


def test_text_breaks_where_it_says_and_stays_readable_when_long():
    tokens = tuple("To be,\nor not\n" * 40)
    text = text_of(Tokens(tokens=tokens, weights=np.arange(len(tokens), dtype=float)), depth=Depth.NONE)
    lines = text.split("\n")
    assert lines[:2] == ["To be,⏎", "or not⏎"]
    assert text.count("(") == 24  # of the 560 pieces, those with the largest numbers
