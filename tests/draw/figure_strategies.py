"""Hypothesis strategies: any figure that the types allow."""

import numpy as np
from figure_samples import WILD_NUMBERS, WILD_WORDS
from hypothesis import strategies as st

from dltui import figures as f

words = st.one_of(st.sampled_from(WILD_WORDS), st.text(max_size=12))
numbers = st.one_of(st.sampled_from(WILD_NUMBERS), st.floats(-100, 100), st.floats(width=32))
scales = st.sampled_from(["linear", "log", "symlog"])
maps = st.sampled_from(["viridis", "cividis", "magma", "coolwarm", "gray"])
heads = {"title": words, "caption": words}


def arrays(size: int) -> st.SearchStrategy[np.ndarray]:
    """Return arrays of one length: wild ones and constant ones."""
    return st.one_of(
        st.lists(numbers, min_size=size, max_size=size).map(lambda values: np.array(values, float)),
        numbers.map(lambda value: np.full(size, value)),
    )


def grids(size: int) -> st.SearchStrategy[np.ndarray]:
    """Return ascending places of a grid: even, by powers, or uneven."""
    return st.sampled_from([
        np.linspace(-1, 1, size),
        np.logspace(-3, 3, size),
        np.arange(size) ** 2.0,
        np.arange(size) * 1e-9,
    ])


@st.composite
def lines(draw: st.DrawFn) -> f.Lines:
    series = []
    for _ in range(draw(st.sampled_from([0, 1, 2, 3, 7]))):
        n = draw(st.sampled_from([0, 1, 2, 5, 40]))
        x = draw(st.one_of(st.just(np.arange(n, dtype=float)), arrays(n)))
        band = draw(st.booleans())
        parts = {"low": draw(arrays(n)), "high": draw(arrays(n))} if band else {}
        series.append(f.Series(name=draw(words), x=x, y=draw(arrays(n)), marks=draw(st.booleans()), **parts))
    return f.Lines(
        series=tuple(series),
        x_label=draw(words),
        y_label=draw(words),
        x_scale=draw(scales),
        y_scale=draw(scales),
        levels=tuple(draw(st.lists(st.tuples(numbers, words), max_size=2))),
        **{key: draw(value) for key, value in heads.items()},
    )


@st.composite
def bars(draw: st.DrawFn) -> f.Bars:
    n = draw(st.integers(0, 5))
    return f.Bars(
        labels=tuple(draw(words) for _ in range(n)),
        values=draw(arrays(n)),
        errors=draw(st.one_of(st.none(), arrays(n))),
        value_label=draw(words),
        scale=draw(scales),
        **{key: draw(value) for key, value in heads.items()},
    )


@st.composite
def histograms(draw: st.DrawFn) -> f.Histogram:
    n = draw(st.sampled_from([0, 1, 3, 300]))
    edges = draw(
        st.sampled_from([np.linspace(-2, 2, n + 1), np.zeros(n + 1), np.linspace(1e9, 1e9 + 1, n + 1)])
    )
    if draw(st.booleans()):
        edges = edges.copy()
        edges[-1] = np.inf
    counts = draw(arrays(n)) if n < 10 else np.arange(n)
    return f.Histogram(
        edges=edges, counts=counts, value_label=draw(words), scale=draw(scales), title=draw(words)
    )


@st.composite
def fields(draw: st.DrawFn) -> f.Field:
    rows, columns = draw(st.sampled_from([(1, 1), (1, 5), (2, 2), (3, 4), (7, 5), (60, 90)]))
    values = draw(arrays(rows * columns)) if rows < 10 else np.resize(draw(arrays(50)), rows * columns)
    n = draw(st.integers(0, 3))
    parts = {
        "values": values.reshape(rows, columns),
        "x": draw(grids(columns)),
        "y": draw(grids(rows)),
        "x_label": draw(words),
        "y_label": draw(words),
        "value_label": draw(words),
        "scale": draw(scales),
        "colormap": draw(maps),
        "marks": tuple(
            f.Mark(name=draw(words), x=draw(numbers), y=draw(numbers)) for _ in range(draw(st.integers(0, 2)))
        ),
        "paths": tuple(
            f.Path(name=draw(words), x=draw(arrays(n)), y=draw(arrays(n)))
            for _ in range(draw(st.integers(0, 2)))
        ),
        **{key: draw(value) for key, value in heads.items()},
    }
    if draw(st.booleans()):
        return f.Surface(**parts)
    flags = {name: draw(st.booleans()) for name in ("contours", "downwards", "fine")}
    return f.Heatmap(**flags, **parts)


@st.composite
def images(draw: st.DrawFn) -> f.Images:
    n, h, w = draw(
        st.sampled_from([(0, 3, 3), (1, 1, 1), (1, 100, 3), (1, 3, 100), (5, 8, 8), (3, 28, 28), (2, 70, 90)])
    )
    shape = (n, h, w, 3) if draw(st.booleans()) else (n, h, w)
    pixels = np.resize(draw(arrays(30)), shape)
    names = tuple(draw(words) for _ in range(n)) if draw(st.booleans()) else ()
    return f.Images(pixels=pixels, names=names, **{key: draw(value) for key, value in heads.items()})


@st.composite
def overlays(draw: st.DrawFn) -> f.Overlay:
    h, w = draw(st.sampled_from([(1, 1), (100, 3), (3, 100), (28, 28), (70, 90)]))
    n, rows, columns = draw(
        st.sampled_from([(0, 2, 2), (1, 1, 1), (1, 8, 8), (3, 7, 5), (11, 14, 14), (2, 90, 70)])
    )
    shape = (h, w, 3) if draw(st.booleans()) else (h, w)
    own = draw(st.booleans())
    return f.Overlay(
        picture=np.resize(draw(arrays(30)), shape),
        values=np.resize(draw(arrays(30)), (n, rows, columns)),
        names=tuple(draw(words) for _ in range(n)) if draw(st.booleans()) else (),
        value_label=draw(words),
        limits=tuple((draw(numbers), draw(numbers)) for _ in range(n)) if own else (),
        colormap=draw(maps),
        opacity=draw(numbers),
        bare=draw(st.booleans()),
        marks=tuple(
            f.Mark(name=draw(words), x=draw(numbers), y=draw(numbers)) for _ in range(draw(st.integers(0, 2)))
        ),
        **{key: draw(value) for key, value in heads.items()},
    )


@st.composite
def points(draw: st.DrawFn) -> f.Points:
    n, dims = draw(st.sampled_from([0, 1, 2, 50, 500])), draw(st.sampled_from([2, 3]))
    colour = draw(st.sampled_from(["none", "value", "rgb", "group"]))
    return f.Points(
        position=np.resize(draw(arrays(60)), (n, dims)),
        value=np.resize(draw(arrays(20)), n) if colour == "value" else None,
        rgb=np.resize(draw(arrays(20)), (n, 3)) if colour == "rgb" else None,
        group=np.arange(n) % 11 if colour == "group" else None,
        group_names=tuple(draw(words) for _ in range(3)),
        axes=tuple(draw(words) for _ in range(dims)),
        equal=draw(st.booleans()),
        **{key: draw(value) for key, value in heads.items()},
    )


@st.composite
def scenes(draw: st.DrawFn) -> f.Scene:
    n, v, s = (
        draw(st.sampled_from([0, 1, 300])),
        draw(st.sampled_from([0, 1, 3, 40])),
        draw(st.integers(0, 2)),
    )
    colour = draw(st.sampled_from(["none", "value", "rgb"]))
    chance = np.random.default_rng(draw(st.integers(0, 99)))
    return f.Scene(
        points=np.resize(draw(arrays(60)), (n, 3)),
        point_values=np.resize(draw(arrays(20)), n) if colour == "value" else None,
        point_rgb=np.resize(draw(arrays(20)), (n, 3)) if colour == "rgb" else None,
        vertices=np.resize(draw(arrays(60)), (v, 3)),
        faces=chance.integers(0, max(v, 1), (v, 3)) if v else np.zeros((0, 3), np.int32),
        vertex_values=np.resize(draw(arrays(20)), v) if colour == "value" else None,
        segments=np.resize(draw(arrays(20)), (s, 2, 3)),
        shade=draw(st.sampled_from(["flat", "smooth", "wire", "normal", "depth", "plain"])),
        projection=draw(st.sampled_from(["perspective", "orthographic"])),
        up=draw(st.sampled_from(["z", "y"])),
        box=draw(st.booleans()),
        size=draw(st.integers(0, 3)),
        **{key: draw(value) for key, value in heads.items()},
    )


@st.composite
def written(draw: st.DrawFn) -> f.Figure:
    title = {key: draw(value) for key, value in heads.items()}
    kind = draw(st.sampled_from(["graph", "tokens", "table", "steps", "prose"]))
    n = draw(st.integers(0, 6))
    several = tuple(draw(words) for _ in range(n))
    if kind == "graph":
        pair = st.tuples(st.integers(0, 7), st.integers(0, 7))
        notes = tuple(draw(words) for _ in range(n)) if draw(st.booleans()) else ()
        return f.Graph(nodes=several, edges=tuple(draw(st.lists(pair, max_size=12))), notes=notes, **title)
    if kind == "tokens":
        return f.Tokens(tokens=several, weights=draw(arrays(n)), value_label=draw(words), **title)
    if kind == "table":
        cell = st.one_of(words, numbers, st.integers(), st.booleans(), st.none())
        rows = tuple(tuple(draw(cell) for _ in range(n)) for _ in range(draw(st.integers(0, 4))))
        spare = several[1:] if draw(st.booleans()) else ()
        return f.Table(columns=several, rows=rows, spare=spare, **title)
    if kind == "steps":
        return f.Steps(steps=tuple(f.Step(formula=word, note=draw(words)) for word in several), **title)
    return f.Prose(text="\n\n".join(several), **title)


figures = st.one_of(
    lines(), bars(), histograms(), fields(), images(), overlays(), points(), scenes(), written()
)
