"""Figures of every kind, tame and wild, for the tests of drawing."""

import numpy as np

from dltui.figures import (
    Bars,
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
    Series,
    Step,
    Steps,
    Surface,
    Table,
    Tokens,
)

NAN, INF = float("nan"), float("inf")
WILD_WORDS = [
    "",
    "loss",
    "θ*",
    "漢字の名",
    "a\tb\nc\x1b[31m",
    "👩‍💻 ok",
    "e\u0301" * 3,
    "x" * 300,
    "∂L/∂w ≤ ∞",
    "\u202eabc",
]
WILD_NUMBERS = [0.0, 1.0, -1.0, NAN, INF, -INF, 1e300, -1e300, 1e-300, 5e-324, 1e-9, 12345.678]


def field(rows: int = 21, columns: int = 31) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return Rosenbrock's valley over −1…1, with its grid: x, y, values."""
    x, y = np.linspace(-1, 1, columns), np.linspace(-1, 1, rows)
    across, up = np.meshgrid(x, y)
    return x, y, (1 - across) ** 2 + 5 * (up - across**2) ** 2 + 0.1


def tame() -> list[Figure]:
    """Return one ordinary figure of every kind, two of the cloud."""
    draw = np.random.default_rng(0)
    x, y, values = field()
    steps = np.arange(400.0)
    counts, edges = np.histogram(draw.normal(size=500), 20)
    return [
        Lines(
            title="Training",
            caption="seed 0",
            series=(
                Series(name="train", x=steps, y=np.exp(-steps / 90) + 0.02),
                Series(
                    name="val",
                    x=steps,
                    y=np.exp(-steps / 99) + 0.1,
                    low=np.exp(-steps / 99),
                    high=np.exp(-steps / 99) + 0.2,
                ),
                Series(name="best", x=steps[::40], y=np.exp(-steps[::40] / 50) + 0.3, marks=True),
            ),
            x_label="step",
            y_label="loss",
            y_scale="log",
            levels=((0.5, "target"),),
        ),
        Bars(
            title="Sizes",
            labels=("conv1", "fc", "bias"),
            values=np.array([1200.0, 84, -30]),
            errors=np.array([50, 4, 3.0]),
        ),
        Histogram(title="Weights", edges=edges, counts=counts, value_label="weight"),
        Heatmap(
            title="From above",
            values=values,
            x=x,
            y=y,
            x_label="α",
            y_label="β",
            value_label="loss",
            scale="log",
            contours=True,
            marks=(Mark(name="θ*", x=0.0, y=0.0),),
            paths=(Path(name="SGD", x=np.linspace(-1, 0, 9), y=np.linspace(1, 0, 9)),),
        ),
        Surface(
            title="Landscape",
            values=values,
            x=x,
            y=y,
            x_label="α",
            y_label="β",
            value_label="loss",
            marks=(Mark(name="θ*", x=0.0, y=0.0),),
            paths=(Path(name="SGD", x=np.linspace(-1, 0, 9), y=np.linspace(1, 0, 9)),),
        ),
        Images(title="Pictures", pixels=draw.random((3, 9, 9)), names=("one", "two", "three")),
        Images(title="Colours", pixels=draw.random((1, 40, 60, 3))),
        Overlay(
            title="Why",
            picture=draw.random((40, 60, 3)),
            values=draw.normal(size=(2, 4, 6)),
            names=("saliency", "occlusion"),
            value_label="attribution",
            colormap="coolwarm",
            limits=((-3.0, 3.0), (-1.0, 1.0)),
        ),
        Points(
            title="Plane",
            position=draw.normal(size=(80, 2)),
            group=draw.integers(0, 3, 80),
            group_names=("a", "b", "c"),
            equal=True,
        ),
        Scene(
            title="Scene",
            points=draw.normal(size=(300, 3)).astype(np.float32),
            point_values=draw.random(300),
            vertices=np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]]),
            faces=np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]]),
            segments=np.array([[[0, 0, 0], [2, 2, 2.0]]]),
            value_label="height",
            box=True,
        ),
        Points(title="Space", position=draw.normal(size=(80, 3)), value=draw.random(80)),
        Graph(
            title="Net",
            nodes=("in", "conv", "relu", "add", "out"),
            edges=((0, 1), (1, 2), (2, 3), (0, 3), (3, 4)),
        ),
        Tokens(
            title="Text",
            tokens=("The", " cat", " sat"),
            weights=np.array([0.1, 0.9, -0.4]),
            value_label="weight",
        ),
        Table(
            title="Layers", columns=("name", "size", "ok"), rows=(("conv1", 1200, True), ("fc", 84.5, None))
        ),
        Steps(title="By hand", steps=(Step(formula="y = 2·3", note="put in"), Step(formula="= 6"))),
        Prose(title="Why", text="One paragraph of several words.\n\nAnother one."),
    ]
