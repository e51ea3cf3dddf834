"""How long drawings take, beside plotext 5.3 and beside the bars that the design sets; all in one process.

Run: python tests/benchmarks/bench_draw.py
"""

import time
from collections.abc import Callable
from statistics import median

import numpy as np
import plotext

from dltui.draw import Canvas, Depth, Glyphs, Look, View, draw
from dltui.draw.kitty import placed, sent
from dltui.draw.mosaic import put_mosaic
from dltui.draw.raster import rasterise
from dltui.draw.sixel import as_sixel
from dltui.draw.terminals import Pixels
from dltui.figures import Heatmap, Images, Lines, Points, Series, Surface
from dltui.tui.widgets.escape import rows

LOOK = Look(width=120, height=40, depth=Depth.TRUE)
LARGE = Look(width=160, height=50, depth=Depth.TRUE, glyphs=Glyphs.OCTANT)
ROUNDS = 15

# What one call may cost on a quiet core, in milliseconds of processor time.
BARS = {
    "encode 160 × 50, all colours new": 4.0,
    "encode 160 × 50, smooth": 4.0,
    "encode 160 × 50, 256 colours": 4.0,
    "encode 160 × 50, 16 colours": 4.0,
    "octants 160 × 50 from pixels": 7.0,
    "octants 160 × 50 with holes": 7.0,
    "cloud of 100 000, drawn and encoded": 40.0,
    "line of 1 000 000 points": 30.0,
    "heat map 100 × 100, ours": 3.0,
}


def milliseconds(work: Callable[[], object]) -> float:
    """Return the processor time of one call."""
    started = time.process_time()
    work()
    return 1000 * (time.process_time() - started)


def plotext_line(x: np.ndarray, y: np.ndarray) -> str:
    """Return a line drawn by plotext."""
    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.plot_size(120, 40)
    plotext.plot(x.tolist(), y.tolist(), marker="braille")
    return plotext.build()


def plotext_heatmap(values: np.ndarray) -> str:
    """Return a heat map drawn by plotext."""
    grey = (255 * (values - values.min()) / np.ptp(values)).astype(int)
    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.plot_size(120, 40)
    plotext.matrix_plot([[(v, v, v) for v in row] for row in grey.tolist()])
    return plotext.build()


def figures() -> dict[str, Callable[[], object]]:
    """Return the drawings."""
    numbers = np.random.default_rng(0)
    x, many = np.arange(10_000.0), np.arange(1_000_000.0)
    y, long = np.cumsum(numbers.normal(size=10_000)), np.cumsum(numbers.normal(size=1_000_000))
    grid, few = np.linspace(-1, 1, 100), np.linspace(-1, 1, 41)
    bowl = np.log1p(grid[:, None] ** 2 + 5 * grid[None, :] ** 2)
    land = Surface(values=np.log1p(few[:, None] ** 2 + 5 * few[None, :] ** 2), x=few, y=few)
    cloud = Points(position=numbers.normal(size=(100_000, 3)), value=numbers.random(100_000))
    line, endless = (Lines(series=(Series(name="walk", x=a, y=b),)) for a, b in ((x, y), (many, long)))
    heat = Heatmap(values=bowl, x=grid, y=grid)
    photo = Images(pixels=numbers.random((1, 256, 256, 3)))
    eye = iter(range(1 << 30))
    sharp = Look(width=160, height=50, depth=Depth.TRUE, pixels=Pixels("kitty", (10, 20)))
    settled = draw(land, sharp).canvas

    def turned() -> list[str]:
        canvas = draw(cloud, LARGE, View(azimuth=float(next(eye)))).canvas
        return rows(canvas, Depth.TRUE, 0xE0E0E0, 0x121212)

    return {
        "line of 10 000 points, ours": lambda: draw(line, LOOK),
        "line of 10 000 points, plotext": lambda: plotext_line(x, y),
        "line of 1 000 000 points": lambda: draw(endless, LOOK),
        "heat map 100 × 100, ours": lambda: draw(heat, LOOK),
        "heat map 100 × 100, plotext": lambda: plotext_heatmap(bowl),
        "landscape 41 × 41, octants": lambda: draw(land, LARGE),
        "picture 256 × 256, octants": lambda: draw(photo, LARGE),
        "cloud of 100 000, drawn and encoded": turned,
        "landscape in pixels, drawn": lambda: draw(land, sharp),
        "landscape in pixels, for kitty": lambda: (placed(settled, [1]), sent(settled, [1])),
        "landscape in pixels, as sixel": lambda: as_sixel(settled, settled.patches[0], (10, 20)),
        "frame of a GIF, 160 × 50": lambda: rasterise(settled),
    }


def cells() -> dict[str, Callable[[], object]]:
    """Return the ways of cells to the screen."""
    numbers = np.random.default_rng(0)
    row, column = np.mgrid[:50, :160]
    smooth = Canvas(160, 50)
    smooth.glyph[:] = ord("▀")
    smooth.front[:] = (column * 255 // 160) << 16 | (row * 255 // 50) << 8 | (row + column)
    smooth.back[:] = smooth.front + 1
    wild = Canvas(160, 50)
    wild.glyph[:] = numbers.choice(np.array(Glyphs.OCTANT.table, np.uint32), (50, 160))
    wild.front[:], wild.back[:] = numbers.integers(0, 1 << 24, (2, 50, 160))
    pixels = numbers.integers(0, 256, (200, 320, 3)).astype(np.uint8)
    seen = numbers.random((200, 320)) < 0.9
    target = Canvas(160, 50)
    ground = 0xE0E0E0, 0x121212
    return {
        "encode 160 × 50, all colours new": lambda: rows(wild, Depth.TRUE, *ground),
        "encode 160 × 50, smooth": lambda: rows(smooth, Depth.TRUE, *ground),
        "encode 160 × 50, 256 colours": lambda: rows(wild, Depth.PALETTE, *ground),
        "encode 160 × 50, 16 colours": lambda: rows(wild, Depth.BASIC, *ground),
        "encode 160 × 50, row by row": lambda: wild.lines(Depth.TRUE),
        "octants 160 × 50 from pixels": lambda: put_mosaic(target, 0, 0, pixels, None, Glyphs.OCTANT),
        "octants 160 × 50 with holes": lambda: put_mosaic(target, 0, 0, pixels, seen, Glyphs.OCTANT),
    }


def main() -> None:
    """Print the medians of interleaved rounds, the share of each bar, and the ratios."""
    works = cells() | figures()
    for work in works.values():
        work()
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            taken[name].append(milliseconds(work))
    middle = {name: median(times) for name, times in taken.items()}
    for name, value in middle.items():
        bar = f"   {value / BARS[name]:4.2f} of the bar of {BARS[name]:g} ms" if name in BARS else ""
        print(f"{name:36} {value:8.2f} ms{bar}")
    for name in ("line of 10 000 points", "heat map 100 × 100"):
        print(
            f"{name:36} plotext takes {middle[f'{name}, plotext'] / middle[f'{name}, ours']:.0f} times as long"
        )


if __name__ == "__main__":
    main()
