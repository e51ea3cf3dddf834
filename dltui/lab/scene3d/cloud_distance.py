"""How far two clouds are apart: nearest neighbours both ways, or one partner for everyone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Annotated

import numpy as np

from dltui.figures import Figure, Heatmap, Lines, Mark, Scene, Series, Steps, Table, number
from dltui.lab import Choice, Frame, Slider, Switch, exhibit, near
from dltui.lab.scene3d.cloud_pairs import PAIRS, Doubles, Pair, pair_of
from dltui.lab.written import written

EPSILONS = np.logspace(-2.5, 0.5, 9)
SHOWN = 10  # rows of the table of points
A, B, NEAREST, BACK = (255, 205, 80), (80, 140, 255), (190, 160, 80), (70, 100, 180)


@exhibit(
    "cloud-distance",
    family="scene3d",
    covers=("002c:chamfer", "002c:emd"),
    kin={
        "dltui lab run cloud-scan": "clouds that are laid upon each other",
        "dltui cloud FILE --against FILE": "the same distances between your own clouds",
    },
    sources=(
        "Fan, Su, Guibas 2017, arXiv:1612.00603",
        "Jonker and Volgenant 1987",
        "Cuturi 2013, arXiv:1306.0895",
    ),
)
def cloud_distance(
    pair: Annotated[str, Choice(*PAIRS, help="which two clouds")] = "example",
    n: Annotated[int, Slider(2, 64, help="points of each, where they are drawn by chance")] = 24,
    point: Annotated[int, Slider(0, 63, help="point of A that is moved")] = 1,
    dx: Annotated[float, Slider(-3, 3, step=0.05, help="by how much along x")] = 0.0,
    dy: Annotated[float, Slider(-3, 3, step=0.05, help="by how much along y")] = 0.0,
    squared: Annotated[bool, Switch(help="Chamfer adds up squared distances")] = True,
    mean: Annotated[bool, Switch(help="means instead of sums")] = False,
    epsilon: Annotated[float, Slider(0.003, 3, log=True, help="blur ε of Sinkhorn's plan")] = 0.1,
    seed: Annotated[int, Slider(0, 9999, help="seed of the clouds")] = 0,
) -> Iterator[Frame]:
    """Links to the nearest neighbour both ways beside the best one-to-one matching; a point is moved.

    Try: --dx -1 --dy 2 brings the point home; --pair density-blind; --pair "ring and disc" --n 48; --epsilon 1 blurs
    the plan.
    Notice: three points on one and one on the other, against one and three: every point has a neighbour at 0, so
    Chamfer sees no difference. One-to-one, two points must travel, and the earth mover's distance is 2.

    Chamfer: Σ_x min_y ‖x − y‖² + Σ_y min_x ‖x − y‖². Many points may choose the same neighbour: cheap to compute and
    cheap to satisfy. Some use means or distances without the square: numbers of two papers may not be comparable.

    Earth mover: min over all bijections φ of Σ ‖x − φ(x)‖. Everyone gets a partner of his own, so that density counts.
    The exact answer costs about n³; Sinkhorn's is a blurred plan that approaches it from above as ε → 0.

    Both are 0 only where they should be: earth mover for equal clouds, Chamfer for clouds that cover the same places.
    """
    one, other = pair_of(pair, n, seed)
    moved = min(point, len(one) - 1)
    home = one[moved].copy()
    one[moved, :2] += (dx, dy)
    now = Pair(one, other, squared, mean)
    figures = _figures(now, epsilon)
    caption = f"Chamfer {number(now.chamfer)}, earth mover {number(now.emd)}"
    numbers = {
        "chamfer": now.chamfer,
        "emd": now.emd,
        "sinkhorn": now.blurred(epsilon),
        "nearest": now.links.to.tolist(),
        "nearest_back": now.links.fro.tolist(),
        "matching": now.given.tolist(),
    }
    yield Frame(figures=figures, numbers=numbers, caption=caption, total=2)
    more = (_journey(now, moved, home, (dx, dy)), _blurs(now, epsilon))
    yield Frame(figures=(*figures[:3], *more, *figures[3:]), numbers=numbers, caption=caption, total=2)


def _figures(now: Pair, epsilon: float) -> tuple[Figure, ...]:
    """Return the pictures of this moment."""
    return (
        _map(now, matched=False),
        _map(now, matched=True),
        _space(now),
        _plan(now, epsilon),
        _table(now),
        _worked(now, epsilon),
    )


def _ways(one: Doubles, other: Doubles) -> tuple[Doubles, Doubles]:
    """Return stretches from one to other places as x and y with NaN between them."""
    ends = np.stack([one, other, np.full_like(one, np.nan)], axis=1).reshape(-1, 3)
    return ends[:, 0], ends[:, 1]


def _map(now: Pair, *, matched: bool) -> Lines:
    """Return both clouds from above with the links, or with the matching."""
    if matched:
        x, y = _ways(now.one, now.other[now.given])
        lines = [Series(name="pairs", x=x, y=y, tint=2)]
    else:
        there, back = _ways(now.one, now.other[now.links.to]), _ways(now.other, now.one[now.links.fro])
        lines = [Series(name="A → nearest B", x=there[0], y=there[1], tint=2)]
        lines.append(Series(name="B → nearest A", x=back[0], y=back[1], tint=3))
    clouds = [
        Series(name=name, x=cloud[:, 0], y=cloud[:, 1], marks=True, tint=tint)
        for name, cloud, tint in (("A", now.one, 0), ("B", now.other, 1))
    ]
    sums = "mean" if now.mean else "sum"
    what = f"{sums} of {'squared ' if now.squared else ''}lengths both ways = {number(now.chamfer)}"
    return Lines(
        title="One-to-one: the earth mover" if matched else "To the nearest, both ways: Chamfer",
        caption=f"{sums} of lengths = {number(now.emd)}" if matched else what,
        series=(*lines, *clouds),
        x_label="x",
        y_label="y",
    )


def _space(now: Pair) -> Scene:
    """Return both clouds in space with the matching."""
    ends = np.stack([now.one, now.other[now.given]], axis=1)
    return Scene(
        title="The matching in space",
        caption="A bright, B dark; lines: who is given to whom",
        points=np.concatenate([now.one, now.other]).astype(np.float32),
        point_rgb=np.array([A] * now.count + [B] * now.count, np.uint8),
        segments=ends.astype(np.float32),
        segment_rgb=np.full((now.count, 3), (150, 150, 150), np.uint8),
        size=2,
        relief=False,
        box=True,
    )


def _journey(now: Pair, moved: int, home: Doubles, step: tuple[float, float]) -> Lines:
    """Return both distances while the point is moved along x."""
    x = np.linspace(-3, 3, 25)
    found = []
    for shift in x:
        there = now.with_point(moved, home + np.array([shift, step[1], 0.0]))
        found.append((there.chamfer, there.emd))
    chamfer, emd = np.array(found).T
    here = np.array([step[0]])
    return Lines(
        title=f"Point {moved} of A on its way along x",
        caption=f"marks: now, moved by ({number(step[0])}, {number(step[1])})",
        series=(
            Series(name="Chamfer", x=x, y=chamfer),
            Series(name="earth mover", x=x, y=emd),
            Series(name="Chamfer now", x=here, y=np.array([now.chamfer]), marks=True, tint=0),
            Series(name="earth mover now", x=here, y=np.array([now.emd]), marks=True, tint=1),
        ),
        x_label="moved by dx",
        y_label="distance",
    )


def _blurs(now: Pair, epsilon: float) -> Lines:
    """Return what Sinkhorn's plan costs over ε."""
    return Lines(
        title="Sinkhorn over ε",
        caption=f"at ε = {number(epsilon)}: {number(now.blurred(epsilon))}; exact: {number(now.emd)}",
        series=(
            Series(
                name="cost of the plan", x=EPSILONS, y=np.array([now.blurred(float(one)) for one in EPSILONS])
            ),
            Series(name="ε now", x=np.array([epsilon]), y=np.array([now.blurred(epsilon)]), marks=True),
        ),
        x_label="ε",
        y_label="cost",
        x_scale="log",
        levels=((now.emd, "earth mover"),),
    )


def _plan(now: Pair, epsilon: float) -> Heatmap:
    """Return what goes from whom to whom, with the exact matching marked."""
    count = np.arange(now.count, dtype=float)
    few = now.count <= 8
    marks = [Mark(name=f"{i} → {j}", x=float(j), y=float(i)) for i, j in enumerate(now.given.tolist())]
    return Heatmap(
        title=f"Sinkhorn's plan at ε = {number(epsilon)}",
        caption="share of each point of A (row) that goes to each of B (column)"
        + ("; marks: the exact matching" if few else ""),
        values=now.plan(epsilon) * now.count,
        x=count,
        y=count,
        x_label="point of B",
        y_label="point of A",
        value_label="share",
        colormap="magma",
        limits=(0.0, 1.0),
        downwards=True,
        marks=tuple(marks) if few else (),
    )


def _table(now: Pair) -> Table:
    """Return for the first points whom they are nearest to, and whom they are given."""
    rows = []
    for i in range(min(now.count, SHOWN)):
        j, k, m = int(now.links.to[i]), int(now.links.fro[i]), int(now.given[i])
        rows.append((
            i,
            f"{j}: {number(float(now.links.there[i]), 3)}",
            f"{k}: {number(float(now.links.back[i]), 3)}",
            f"{m}: {number(float(now.cost[i, m]), 3)}",
        ))
    more = f"; {now.count - SHOWN} more" if now.count > SHOWN else ""
    return Table(
        title="Whom each point is nearest to, and whom it is given",
        caption=f"number of the other point: distance{more}",
        columns=("i", "Aᵢ → B", "Bᵢ → A", "Aᵢ is given"),
        rows=tuple(rows),
    )


def _worked(now: Pair, epsilon: float) -> Steps:
    """Return the sums with their numbers."""
    power = "²" if now.squared else ""
    parts = [part**2 if now.squared else part for part in (now.links.there, now.links.back)]
    over = f" / {now.count}" if now.mean else ""
    exact = now.cost[np.arange(now.count), now.given]
    return written(
        (f"Σ_x min_y ‖x − y‖{power}{over} = {_sum(parts[0])}{over}", "A to B"),
        (f"Σ_y min_x ‖x − y‖{power}{over} = {_sum(parts[1])}{over}", "B to A"),
        (f"Chamfer = {number(now.chamfer, 8)}", "both"),
        (f"Σ ‖x − φ(x)‖{over} = {_sum(exact)}{over}", "one partner for everyone"),
        (f"earth mover = {number(now.emd, 8)}", "the least of all bijections"),
        (f"Sinkhorn at ε = {number(epsilon)}: {number(now.blurred(epsilon), 8)}", "never less"),
    )


def _sum(parts: Doubles) -> str:
    """Return a sum with its first terms and its value."""
    terms = " + ".join(number(float(part), 3) for part in parts[:4])
    return f"{terms}{' + …' if len(parts) > 4 else ''} = {number(float(parts.sum()))}"


@cloud_distance.check
def example_of_the_notes() -> None:
    """{(0,0,0), (1,0,0)} and {(0,0,0), (0,2,0)}: Chamfer 5 (sums, squared), earth mover √5 = 2.2360680 (notes 002c)."""
    shown = next(iter(cloud_distance(pair="example"))).numbers
    near("Chamfer", shown["chamfer"], 5.0, 1e-12)
    near("earth mover", shown["emd"], 2.2360680, 1e-7)


@cloud_distance.check
def chamfer_does_not_see_density() -> None:
    """Three and one point against one and three: Chamfer 0 with sums and means, earth mover 2 (notes 002c)."""
    for mean in (False, True):
        shown = next(iter(cloud_distance(pair="density-blind", mean=mean))).numbers
        near("Chamfer", shown["chamfer"], 0.0, 1e-12)
        near("earth mover", shown["emd"], 0.5 if mean else 2.0, 1e-12)


@cloud_distance.check
def like_all_pairs() -> None:
    """Chamfer against torch.cdist and minima, sums and means, squared or not, for two clouds in space."""
    import torch

    one, other = (torch.from_numpy(cloud) for cloud in pair_of("ball and cube", 40, 3))
    for squared in (True, False):
        for mean in (True, False):
            given = {"pair": "ball and cube", "n": 40, "seed": 3, "squared": squared, "mean": mean}
            gaps = torch.cdist(one, other) ** (2 if squared else 1)
            known = [(part.mean() if mean else part.sum()).item() for part in (gaps.amin(1), gaps.amin(0))]
            near(f"Chamfer {given}", next(iter(cloud_distance(**given))).numbers["chamfer"], sum(known), 1e-6)


@cloud_distance.check
def best_of_all_matchings() -> None:
    """The matching of seven points against the least of all 5040 bijections, for five seeds."""
    for seed in range(5):
        shown = next(iter(cloud_distance(pair="ball and cube", n=7, seed=seed)))
        one, other = pair_of("ball and cube", 7, seed)
        gaps = np.array([[np.linalg.norm(a - b) for b in other] for a in one])
        known = min(sum(gaps[i, j] for i, j in enumerate(order)) for order in permutations(range(7)))
        near(f"earth mover, seed {seed}", shown.numbers["emd"], known, 1e-12)
        matched = np.asarray(shown.numbers["matching"])
        assert len(np.unique(matched)) == 7, "not one partner for everyone"


@cloud_distance.check
def sinkhorn_comes_from_above() -> None:
    """Never below the exact cost, within 1 % of it at ε = .003, and at ε = 1 as by scaling exp(−C/ε) in turns."""
    for name in ("ring and disc", "ball and cube"):
        one, other = pair_of(name, 20, 0)
        now = Pair(one, other, squared=True, mean=False)
        costs = [now.blurred(epsilon) for epsilon in (0.003, 0.1, 1.0)]
        assert now.emd - 1e-12 <= costs[0] <= costs[1] <= costs[2], f"{name}: {costs}, exact {now.emd}"
        near(f"{name} at ε = .003", costs[0] / now.emd, 1.0, 0.01)
        kernel, u, v = np.exp(-now.cost), np.ones(20), np.ones(20)
        for _ in range(500):
            u = 1 / 20 / (kernel @ v)
            v = 1 / 20 / (kernel.T @ u)
        near(f"plan of {name}", now.plan(1.0), u[:, None] * kernel * v, 1e-9)


@cloud_distance.check
def moved_point() -> None:
    """Moved by d along x, the example has Chamfer (1 + d)² + 4 and earth mover √((1 + d)² + 4)."""
    for d in (-1.0, -0.5, 0.7):
        shown = next(iter(cloud_distance(pair="example", dx=d))).numbers
        near(f"Chamfer at {d}", shown["chamfer"], (1 + d) ** 2 + 4, 1e-12)
        near(f"earth mover at {d}", shown["emd"], np.hypot(1 + d, 2), 1e-12)
