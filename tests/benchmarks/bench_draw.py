"""How much faster our raster is than plotext 5.3, both in one process.

Run: python tests/benchmarks/bench_draw.py
"""

import time
from collections.abc import Callable
from statistics import median

import numpy as np
import plotext

from dltui.draw import Depth, Look, draw
from dltui.figures import Heatmap, Lines, Points, Series, Surface

LOOK = Look(width=120, height=40, depth=Depth.TRUE)
ROUNDS = 7


def milliseconds(work: Callable[[], object]) -> float:
    """Return how long one call takes."""
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)


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


def main() -> None:
    """Print the medians and their ratios."""
    numbers = np.random.default_rng(0)
    x = np.arange(10_000.0)
    y = np.cumsum(numbers.normal(size=10_000))
    grid = np.linspace(-1, 1, 100)
    bowl = np.log1p(grid[:, None] ** 2 + 5 * grid[None, :] ** 2)
    few = np.linspace(-1, 1, 41)
    land = Surface(values=np.log1p(few[:, None] ** 2 + 5 * few[None, :] ** 2), x=few, y=few)
    cloud = Points(position=numbers.normal(size=(100_000, 3)), value=numbers.random(100_000))
    line = Lines(series=(Series(name="walk", x=x, y=y),))
    heat = Heatmap(values=bowl, x=grid, y=grid)
    works: dict[str, Callable[[], object]] = {
        "line of 10 000 points, ours": lambda: draw(line, LOOK),
        "line of 10 000 points, plotext": lambda: plotext_line(x, y),
        "heat map 100 × 100, ours": lambda: draw(heat, LOOK),
        "heat map 100 × 100, plotext": lambda: plotext_heatmap(bowl),
        "landscape 41 × 41, ours": lambda: draw(land, LOOK),
        "cloud of 100 000 points, ours": lambda: draw(cloud, LOOK),
    }
    for work in works.values():
        work()
    taken = {name: [milliseconds(work) for _ in range(ROUNDS)] for name, work in works.items()}
    middle = {name: median(times) for name, times in taken.items()}
    for name, value in middle.items():
        print(f"{name:34} {value:9.2f} ms")
    for name in ("line of 10 000 points", "heat map 100 × 100"):
        print(
            f"{name:34} plotext takes {middle[f'{name}, plotext'] / middle[f'{name}, ours']:.0f} times as long"
        )


if __name__ == "__main__":
    main()
