"""One function for each kind of figure that puts it on a part of a matplotlib sheet."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from dltui.draw.blending import common_range, pane_of
from dltui.draw.cloud import groups_of
from dltui.draw.colors import QUIET, SERIES, series_color
from dltui.draw.export.boxes import print_graph
from dltui.draw.export.letterpress import print_cells
from dltui.draw.export.spacing import beyond, norm, put_bar_ticks, spaced, unbent
from dltui.draw.export.still import names_of, still
from dltui.draw.fields import bar_of
from dltui.draw.histogram import finite_bins
from dltui.draw.letters import clip_middle
from dltui.draw.look import Look
from dltui.draw.scales import Floats, axis_of
from dltui.draw.scene.drawing import keys_of
from dltui.draw.scene.light import AXES, bar_of_scene
from dltui.figures import (
    Bars,
    Field,
    Figure,
    Graph,
    Heatmap,
    Histogram,
    Images,
    Lines,
    Mark,
    Overlay,
    Path,
    Points,
    Prose,
    Scene,
    Steps,
    Surface,
    Table,
    Tokens,
    number,
)

AZIMUTH, ELEVATION = 35.0 - 90.0, 30.0  # as on the screen; matplotlib counts from the abscissa
TITLE = 72  # letters of a line of a title
NAME = 13  # letters of a name over a picture where eight stand in a row
MOST_COLUMNS = 40  # of a heat map that get their name below
FEW_STEPS = 100  # of a way, each of which has its dot
STAR: Any = {"marker": "*", "ms": 9, "color": "white", "mec": "black", "ls": ""}
TRAILS = ("white", "#ff963c", "#ff6ea0", "#6edcff", "#e63232", "#c8a0ff")


def plate(part: Any, figure: Figure) -> None:
    """Draw a figure on a part of a sheet.

    Args:
        part: A matplotlib subfigure.
        figure: What to draw.
    """
    for kind, put in _PLATES.items():
        if isinstance(figure, kind):
            put(part, figure)
    if (
        not isinstance(figure, Surface | Points | Scene)
        and part.axes
        and not isinstance(figure, Images | Overlay)
        and not getattr(figure, "equal", False)  # narrow, so that a title over it would be cut off
    ):
        part.axes[0].set_title(said("\n".join(title_lines(figure))))
    else:
        part.suptitle(said("\n".join(title_lines(figure))), x=0.01, ha="left", fontsize=11, weight="bold")


def title_lines(figure: Figure) -> list[str]:
    """Return the lines of a title, none of which is wider than the sheet."""
    return textwrap.wrap(figure.title, TITLE, break_on_hyphens=False)


def said(text: str) -> str:
    """Return a text as matplotlib shall write it: nothing in it is a formula, nothing can't be printed."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text).replace("$", r"\$")


def tint(index: int) -> tuple[float, ...]:
    """Return the colour of a series as matplotlib takes it."""
    return tuple(part / 255 for part in series_color(index))


def _lines(part: Any, figure: Lines) -> None:
    axes = part.add_subplot()
    for index, line in figure.tinted():
        style = {"color": tint(index), "label": said(line.name) or None}
        if line.low is not None and line.high is not None:
            axes.fill_between(line.x, line.low, line.high, color=tint(index), alpha=0.2, lw=0)
        joined = {"lw": 1.3, "ls": "-" if index < len(SERIES) else "--"}  # colours come again, dashed
        axes.plot(line.x, line.y, **style, **({"ls": "", "marker": "o", "ms": 3} if line.marks else joined))
    for level, text in figure.levels:
        axes.axhline(level, color="0.5", lw=0.8, ls="--")
        axes.annotate(
            said(text),
            (1, level),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
            color="0.4",
            fontsize=8,
        )
    every = [line.y for line in figure.series]
    spaced(axes, "x", figure.x_scale, [line.x for line in figure.series])
    spaced(axes, "y", figure.y_scale, every)
    axes.set(xlabel=said(figure.x_label), ylabel=said(figure.y_label))
    axes.grid(visible=True, color="0.92", lw=0.6)
    if len(figure.series) > 1:
        axes.legend(fontsize=8)


def _bars(part: Any, figure: Bars) -> None:
    axes = part.add_subplot()
    values = np.nan_to_num(np.asarray(figure.values, float), posinf=0, neginf=0)
    places = np.arange(len(values))
    axes.barh(places, values, xerr=figure.errors, color=tint(0), error_kw={"lw": 0.8, "capsize": 2})
    axes.set_yticks(places, [said(clip_middle(label, 36)) for label in figure.labels])
    axes.invert_yaxis()
    axes.set_xlabel(said(figure.value_label))
    spaced(axes, "x", figure.scale, [figure.values])


def _histogram(part: Any, figure: Histogram) -> None:
    axes = part.add_subplot()
    edges, counts = finite_bins(figure)
    if counts.size:
        ground = 0.5 if figure.scale == "log" else 0  # counts have a height, also a single one
        axes.stairs(np.maximum(counts, ground), edges, fill=True, color=tint(0), baseline=ground)
    spaced(axes, "y", figure.scale, [counts])
    axes.set(xlabel=said(figure.value_label), ylabel="count")


def _heatmap(part: Any, figure: Heatmap) -> None:
    axes = part.add_subplot()
    bar = bar_of(figure, figure.colormap)
    shown = np.ma.masked_invalid(np.asarray(figure.values, float))
    shown = np.ma.masked_less_equal(shown, 0) if bar.axis.scale == "log" else shown
    if not figure.fine:
        axes.patch.set(facecolor="0.9", hatch="////", edgecolor="0.7")
    mesh = axes.pcolormesh(
        figure.x,
        figure.y,
        shown,
        cmap=figure.colormap,
        norm=norm(bar.axis),
        shading="nearest",
        rasterized=True,
    )
    if figure.contours and min(figure.values.shape) > 1:
        levels = bar.axis.values(np.linspace(0, 1, 10)[1:-1])
        axes.contour(
            figure.x, figure.y, shown, levels=np.unique(levels), colors="black", linewidths=0.5, alpha=0.5
        )
    _ways_and_marks(axes, figure)
    if figure.downwards:
        axes.invert_yaxis()
    if figure.equal:
        axes.set_aspect("equal", adjustable="box")
    axes.set(xlabel=said(figure.x_label), ylabel=said(figure.y_label))
    if figure.row_names:
        axes.set_yticks(range(len(figure.row_names)), [said(name) for name in figure.row_names], fontsize=6)
    if figure.column_names:
        told = range(0, len(figure.column_names), -(-len(figure.column_names) // MOST_COLUMNS))
        names = [said(figure.column_names[place]) for place in told]
        axes.set_xticks(told, names, fontsize=6, rotation=90)
    if figure.paths or len(figure.marks) == 1:
        axes.legend(fontsize=8, frameon=True, facecolor="0.6", labelcolor="black")
    label = said(figure.value_label)
    # Axes that are narrower than the page stand on its left, below their title, and the bar beside them.
    axes.set_anchor("W")
    beside = {"cax": axes.inset_axes((1.03, 0, 0.05, 1))} if figure.equal else {"ax": axes, "pad": 0.02}
    drawn = part.colorbar(mesh, label=label, extend=beyond(figure), **beside)
    put_bar_ticks(drawn, bar.axis)


def _ways_and_marks(axes: Any, figure: Heatmap) -> None:
    for index, path in enumerate(figure.paths):
        axes.plot(
            path.x, path.y, color=TRAILS[index % len(TRAILS)], label=said(path.name) or None, **_stroke(path)
        )
    several = len(figure.marks) > 1  # stars alike in a legend would not tell which is which
    for mark in figure.marks:
        if several:
            _star(axes, mark)
        else:
            axes.plot(mark.x, mark.y, **STAR, label=said(mark.name) or None)


def _star(axes: Any, mark: Mark) -> None:
    """Put a mark with its name beside it."""
    from matplotlib.patheffects import withStroke

    rim = [withStroke(linewidth=2, foreground="black")]
    axes.plot(mark.x, mark.y, **STAR)
    axes.annotate(
        said(mark.name),
        (mark.x, mark.y),
        xytext=(5, 4),
        textcoords="offset points",
        color="white",
        path_effects=rim,
    )


def _stroke(path: Path) -> dict[str, Any]:
    """Return how a path is drawn: a way with a dot a step, a long one thin, lest its zigzags be one block."""
    if path.ends and len(path.x) > FEW_STEPS:
        return {"lw": 0.5}
    return {"lw": 1.2, "marker": "o" if path.ends else "", "ms": 2}


def _surface(part: Any, figure: Surface) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.ticker import FuncFormatter

    axes = part.add_subplot(projection="3d")
    bar = bar_of(figure, figure.colormap)
    heights = bar.axis.bent(np.asarray(figure.values, float))
    heights = np.where(np.isfinite(heights), heights, np.nan)
    colours = ScalarMappable(norm(bar.axis), figure.colormap)
    x, y = np.meshgrid(figure.x, figure.y)
    if min(heights.shape) > 1 and np.isfinite(heights).any():
        tones = colours.to_rgba(np.nan_to_num(np.asarray(figure.values, float), nan=bar.axis.low))
        counts = {"rcount": min(len(figure.y), 120), "ccount": min(len(figure.x), 120)}
        axes.plot_surface(
            x, y, heights, facecolors=tones, linewidth=0.15, edgecolor=(0, 0, 0, 0.25), **counts
        )
    for index, path in enumerate(figure.paths):
        axes.plot(
            path.x, path.y, _heights(figure, heights, path.x, path.y), color=tint(index + 1), lw=1.5, zorder=9
        )
    for mark in figure.marks:
        spot = _heights(figure, heights, np.array([mark.x]), np.array([mark.y]))
        if np.isfinite(spot).all():
            axes.scatter([mark.x], [mark.y], spot, marker="*", s=50, color="red", depthshade=False, zorder=10)
            axes.text(mark.x, mark.y, float(spot[0]), "  " + said(mark.name), zorder=11)
    axes.view_init(ELEVATION, AZIMUTH)
    if bar.axis.scale != "linear":
        axes.zaxis.set_major_formatter(FuncFormatter(lambda bent, _: number(unbent(bar.axis, bent), 2)))
    axes.set(xlabel=said(figure.x_label), ylabel=said(figure.y_label))
    part.colorbar(colours, ax=axes, label=said(figure.value_label), shrink=0.6, pad=0.08)


def _heights(figure: Field, heights: Floats, x: Any, y: Any) -> Floats:
    """Return the heights of the grid cells nearest to these places."""
    rows = np.abs(np.subtract.outer(np.asarray(y, float), figure.y)).argmin(axis=1)
    columns = np.abs(np.subtract.outer(np.asarray(x, float), figure.x)).argmin(axis=1)
    found: Floats = heights[rows, columns]
    return found


def each_row_of(figure: Images) -> int:
    """Return how many pictures stand side by side."""
    return min(len(figure.pixels), figure.each_row or 8) or 1


def _images(part: Any, figure: Images) -> None:
    count, each_row = len(figure.pixels), each_row_of(figure)
    grid = part.subplots(max(1, -(-count // each_row)), each_row, squeeze=False)
    for place, axes in enumerate(grid.ravel()):
        axes.axis("off")
        if place < count and figure.pixels[place].size:
            pixels = np.clip(np.nan_to_num(np.asarray(figure.pixels[place], float)), 0, 1)
            axes.imshow(pixels, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            if place < len(figure.names):
                name = clip_middle(figure.names[place], NAME * 8 // each_row)
                axes.set_title(said(name), fontsize=7, weight="normal", loc="center")


def panes_of(figure: Overlay) -> tuple[int, int]:
    """Return how many panes stand side by side, and how many rows of them there are."""
    count = len(figure.values) + figure.bare
    across = min(count, 4) or 1
    return across, max(1, -(-count // across))


def _overlay(part: Any, figure: Overlay) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    across, down = panes_of(figure)
    grid = part.subplots(down, across, squeeze=False)
    places = [*([-1] if figure.bare else []), *range(len(figure.values))]
    for place, axes in enumerate(grid.ravel()):
        axes.axis("off")
        pane = places[place] if place < len(places) else None
        if pane is None or not (figure.picture.size and figure.values.size):
            continue
        shown = np.clip(pane_of(figure, pane), 0, 1)
        axes.imshow(shown, interpolation="nearest")
        _spots(axes, figure, shown.shape)
        if pane >= 0 and figure.veiled:
            axes.set_title(said(figure.name_of(pane)), fontsize=7, weight="normal", loc="center")
    if figure.values.size and figure.veiled:
        axis, label = common_range(figure)
        colours = ScalarMappable(Normalize(axis.low, axis.high), figure.colormap)
        part.colorbar(colours, ax=list(grid.ravel()), label=said(label), pad=0.02, aspect=30)


def _spots(axes: Any, figure: Overlay, shape: tuple[int, ...]) -> None:
    """Put the marks, which are counted in cells of the maps, on a pane of so many rows and columns."""
    rows, columns = figure.values.shape[1:]
    for mark in figure.marks:
        spot = (mark.x + 0.5) * shape[1] / columns - 0.5, (mark.y + 0.5) * shape[0] / rows - 0.5
        _star(axes, replace(mark, x=spot[0], y=spot[1]))


def _points(part: Any, figure: Points) -> None:
    space = figure.position.shape[1] >= 3
    axes = part.add_subplot(projection="3d") if space else part.add_subplot()
    places = [figure.position[:, i] for i in range(3 if space else 2)]
    size = float(np.clip(4000 / max(len(figure.position), 1), 1, 14))
    style = {"s": size, "linewidths": 0, "rasterized": len(figure.position) > 5000}
    if figure.rgb is not None:
        axes.scatter(*places, c=np.clip(np.nan_to_num(figure.rgb) / 255, 0, 1), **style)
    elif figure.group is not None:
        groups = groups_of(figure)
        for group in np.unique(groups).tolist():
            name = figure.group_names[group] if 0 <= group < len(figure.group_names) else str(group)
            chosen = groups == group
            axes.scatter(
                *(place[chosen] for place in places), color=[tint(group)], label=said(name) or None, **style
            )
        axes.legend(fontsize=8, markerscale=2)
    elif figure.value is not None and len(figure.value):
        part.colorbar(
            axes.scatter(*places, c=figure.value, norm=norm(axis_of(figure.value)), **style),
            ax=axes,
            pad=0.08,
        )
    else:
        axes.scatter(*places, color=[tint(0)], **style)
    names = [*figure.axes, "", "", ""]
    axes.set(xlabel=said(names[0]), ylabel=said(names[1]))
    if figure.equal and not space:
        axes.set_aspect("equal", adjustable="box")
    if space:
        axes.set_zlabel(said(names[2]))
        axes.view_init(ELEVATION, AZIMUTH)


def _scene(part: Any, figure: Scene) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.patches import Patch

    axes = part.add_subplot()
    axes.imshow(still(figure))
    axes.set_axis_off()
    bar = bar_of_scene(figure, Look())
    if bar is not None:
        colours = ScalarMappable(norm(bar.axis), bar.colormap)
        put_bar_ticks(part.colorbar(colours, ax=axes, label=said(bar.label), shrink=0.8), bar.axis)
    if figure.box:
        for name, colour, place in zip("xyz", AXES, names_of(figure), strict=True):
            if np.isfinite(place).all():
                axes.text(*place, name, color=_inked(colour), weight="bold", ha="center", va="center")
    keys = [Patch(color=_inked(key.colour or QUIET), label=said(key.text)) for key in keys_of(figure)]
    if keys:
        axes.legend(handles=keys, fontsize=8, loc="upper right", bbox_to_anchor=(0, 1), frameon=False)


def _inked(colour: tuple[int, int, int]) -> tuple[float, float, float]:
    """Return a colour as matplotlib spells it."""
    red, green, blue = (channel / 255 for channel in colour)
    return red, green, blue


_PLATES: dict[type[Figure], Callable[[Any, Any], None]] = {
    Lines: _lines,
    Bars: _bars,
    Histogram: _histogram,
    Heatmap: _heatmap,
    Surface: _surface,
    Images: _images,
    Overlay: _overlay,
    Points: _points,
    Scene: _scene,
    Graph: print_graph,
    Tokens: print_cells,
    Table: print_cells,
    Steps: print_cells,
    Prose: print_cells,
}
