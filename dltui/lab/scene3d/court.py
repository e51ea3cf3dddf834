"""PointNet in court: which points its answer hangs on, and what a set of points demands of a network."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, cast

import numpy as np

from dltui.figures import Array, Bars, Figure, number
from dltui.lab import Choice, Frame, Number, Slider, Switch, exhibit, near
from dltui.lab.remembered import Remembered
from dltui.lab.scene3d import court_figures as pictures

if TYPE_CHECKING:
    from dltui.lab.scene3d.court_nets import Floats, Look


@exhibit(
    "pointnet-court",
    family="scene3d",
    covers=(
        "002c:task-cls3d",
        "002c:pointnet-problems",
        "002c:symmetric-fn",
        "002c:pointnet-cls",
        "002c:tnet",
        "002c:shared-mlp",
    ),
    kin={
        "dltui critical MODEL": "critical points of a PointNet of your own, and accuracy against loss and noise",
        "dltui train --recipe shapes3d-pointnet": "PointNet on ten shapes",
        "dltui lab run point-labels": "an answer for every point instead of one for the cloud",
        "dltui lab run voxel-cnn": "the same shapes as cells",
    },
    sources=("Qi et al. 2017, arXiv:1612.00593", "Zaheer et al. 2017, arXiv:1703.06114"),
)
def pointnet_court(
    shape: Annotated[
        str, Choice("sphere", "cube", "torus", "cylinder", "cone", help="the cloud on the stand")
    ] = "torus",
    pool: Annotated[
        str, Choice("max", "mean", "sum", help="how PointNet makes one feature of N points")
    ] = "max",
    tnet: Annotated[bool, Switch(help="T-Nets that align points and first features")] = True,
    n: Annotated[int, Slider(16, 256, log=True, help="points N of a cloud")] = 128,
    steps: Annotated[int, Slider(0, 150, help="batches of 30 fresh clouds to learn from")] = 100,
    degrees: Annotated[float, Slider(-180, 180, step=15, help="angle by which the cloud is turned")] = 90.0,
    drop: Annotated[float, Slider(0, 0.95, step=0.05, help="share of the points that is dropped")] = 0.5,
    seed: Annotated[int, Slider(0, 99, help="seed of weights, clouds and trials")] = 0,
) -> Iterator[Frame]:
    """A PointNet learns five shapes, the points that win its maximum lit; rivals stand the same trials.

    Try: --pool mean or sum, which every point takes part in; --no-tnet; --shape cone; --degrees 180; --n 16.
    Notice: another order of the points changes nothing at all for PointNet; the perceptron that reads N × 3 numbers in
    a row would have to learn every order, and learns next to nothing. Points without a cross may go, and no number
    changes. A turn about x, or a shift, both never seen while learning, break it all the same: that motion counts for
    nothing is learnt, that order does is built in.

    A cloud is a set: {P₁, P₂, P₃} = {P₃, P₁, P₂}, of any size, and the same object when it is moved. So every point
    goes through the same small network h, and a function that is blind to order makes one vector of all:
    max{h(P₁), h(P₂), h(P₃)} = max{h(P₃), h(P₁), h(P₂)}. Feature by feature one point wins: those are the critical
    points, at most as many as features. What wins nothing can be dropped, and any point of the upper-bound shape can be
    added, without a change of the answer.

    The same matrix for every point is a convolution with a kernel of one. A T-Net is a small PointNet that gives a
    matrix A by which the points are multiplied, the identity at first; ‖I − A·Aᵀ‖² tells how far A is from a rotation.
    Here it is only shown; the paper adds it, for the features, to the loss. The paper's network is eight times as wide
    as this one (64, 128, 1024 features).

    Classification is P(c | S). Of the networks beside it DGCNN sees who is near whom (it learns from 48 points of each
    cloud here, for the work), a voxel CNN is told which cells of a 12³ grid hold a point. MVCNN looks at pictures of a
    shape instead.
    """
    yield from _frames(shape, pool, tnet, n, steps, degrees, drop, seed)


@lru_cache(maxsize=4)
def _frames(
    shape: str, pool: str, tnet: bool, n: int, steps: int, degrees: float, drop: float, seed: int
) -> Remembered[Frame]:
    """Return the frames, which are made as they are asked for."""

    def made() -> Iterator[Frame]:
        from dltui.lab.scene3d.court_nets import FRAMES, race

        seen: list[Look] = []
        for look in race(pool, tnet, n, steps, seed):
            seen.append(look)
            yield _frame(seen, shape, pool, n, degrees, drop, seed, min(FRAMES, steps) + 1)

    return Remembered(made)


def _frame(
    seen: list[Look], shape: str, pool: str, n: int, degrees: float, drop: float, seed: int,
    total: int,
) -> Frame:  # fmt: skip
    """Return pictures and numbers at one look."""
    from dltui.lab.scene3d import court_nets as nets

    look, cloud = seen[-1], nets.stand(shape, seed)[:n]
    counts, upper = _winners(look, cloud)
    done = nets.trials(shape, n, degrees, drop, seed)
    moved = {name: [nets.change(one, *pair) for one in look.nets] for name, pair in done.items()}
    pools = _pools(look, cloud, seed)
    said = cast("Floats", look.nets[0].likely(cloud))
    right = float(said[nets.CLASSES.index(shape)])
    matrix = nets.alignment(look.net, cloud)
    gap, alone = _shared(look, cloud), _alone(look, cloud, counts)
    figures: tuple[Figure, ...] = (
        pictures.lit(cloud, counts, pool),
        pictures.changes(moved, look),
        pictures.learning(seen),
        pictures.dropping(look, cloud, counts, shape, seed),
        *(pictures.aligned(cloud, matrix) if matrix is not None else ()),
        *(pictures.upper(upper, cloud, counts) if pool == "max" else ()),
        Bars(
            title=f"P(c | S) of the {shape}", labels=nets.CLASSES, values=said.astype(float),
            value_label="probability",
        ),
        pictures.trials(moved, look),
        pictures.compared(look, moved),
        pictures.symmetric(pools),
        pictures.worked(look, cloud, pool, gap, seed),
    )  # fmt: skip
    numbers: dict[str, Number] = {
        "step": look.step,
        **{f"right_{_key(one.name)}": one.held[-1] for one in look.nets},
        **{f"parameters_{_key(one.name)}": one.parameters for one in look.nets},
        "probability": right,
        "critical": int((counts > 0).sum()),
        "critical_alone_change": alone,
        "upper_bound_points": len(upper),
        **{f"order_change_{name}": float(value) for name, value in pools.items()},
        **{f"change_{_key(one.name)}": [row[i] for row in moved.values()] for i, one in enumerate(look.nets)},
        "shared_layer_gap": gap[0],
        "shared_layer_parameters": list(gap[1:]),
    }
    if matrix is not None:
        numbers |= {
            "tnet": matrix.astype(float).tolist(),
            "tnet_determinant": float(np.linalg.det(matrix.astype(float))),
            "tnet_penalty": pictures.penalty(matrix.astype(float)),
        }
    caption = f"{look.step} batches: {number(look.nets[0].held[-1], 3)} of the held-out clouds told right"
    return Frame(figures=figures, numbers=numbers, caption=caption, total=total)


def _key(name: str) -> str:
    """Return a name as a key of the numbers."""
    return name.lower().replace("-", "_").replace(" ", "_")


def _winners(look: Look, cloud: Floats) -> tuple[Array, Array]:
    """Return how many features each point wins, and the upper-bound shape; nothing where the pool is no maximum."""
    import torch

    from dltui.device import threads
    from dltui.instruments.critical import pooled, upper_bound

    x = torch.from_numpy(cloud)[None]
    with torch.no_grad(), threads(1):
        seen = pooled(look.net, x)
        if not seen.inputs:
            return np.zeros(len(cloud), np.int64), np.zeros((0, 3), np.float32)
        return seen.taken()[0].numpy(), upper_bound(look.net, x).numpy()


def _alone(look: Look, cloud: Floats, counts: Array) -> float | None:
    """Return the change of the answer when the critical points alone are left, or None where there are none."""
    from dltui.lab.scene3d.court_nets import change

    return change(look.nets[0], cloud, cloud[counts > 0]) if counts.any() else None


def _shared(look: Look, cloud: Floats) -> tuple[float, int, int]:
    """Return how far the shared layer is from a 1×1 convolution with its weights, and how many weights each has."""
    from dltui.lab.scene3d.court_nets import convolved

    one, other, count, convs = convolved(look.net, cloud)
    return float((one - other).abs().max()), count, convs


def _pools(look: Look, cloud: Floats, seed: int) -> dict[str, float]:
    """Return the largest change of max, mean and sum of the same features over other orders, over their size."""
    from dltui.lab.scene3d.court_nets import POOLS, features, over_points

    h, draw = features(look.net, cloud)[None], np.random.default_rng([seed, 11])
    orders = [draw.permutation(len(cloud)) for _ in range(pictures.ORDERS)]
    found = {}
    for kind in POOLS:
        whole = over_points(h, kind)
        most = max(float((over_points(h[:, order], kind) - whole).abs().max()) for order in orders)
        found[kind] = most / max(1.0, float(whole.abs().max()))
    return found


@pointnet_court.check
def order_counts_for_nothing() -> None:
    """Another order: features and answer of PointNet bit for bit the same, mean and sum to 1e-6; the MLP not."""
    from dltui.lab.scene3d.court_nets import features, over_points, race, stand, trials

    look, frame = race("max", True, 128, 100, 0).last(), pointnet_court.last()
    before, after = trials("torus", 128, 90.0, 0.5, 0)["other order"]
    assert sorted(map(tuple, before.tolist())) == sorted(map(tuple, after.tolist())), "these are other points"
    assert (before != after).any(), "this is the same order"
    one, other = (np.asarray(look.nets[0].likely(cloud)) for cloud in (before, after))
    assert (one == other).all(), f"the answer changes by {np.abs(one - other).max()}"
    h, mixed = (features(look.net, cloud)[None] for cloud in (before, after))
    assert (over_points(h, "max") == over_points(mixed, "max")).all(), "the features change"
    near("max by numpy", over_points(h, "max")[0], h[0].numpy().max(axis=0), 0)
    near("change by max", frame.value("order_change_max"), 0, 0)
    for kind in ("mean", "sum"):
        assert 0 < frame.value(f"order_change_{kind}") < 1e-6, f"{kind}: {frame.numbers}"
        twin = pointnet_court.last(pool=kind, steps=0).numbers["change_pointnet"]
        near(f"PointNet with {kind}", cast("list[float]", twin)[0], 0, 1e-6)
    assert cast("list[float]", frame.numbers["change_flatten_mlp"])[0] > 1e-3, (
        "order changes nothing for the MLP"
    )
    assert stand("torus", 0).shape == (2048, 3)


@pointnet_court.check
def points_that_win_nothing_may_go() -> None:
    """The critical points alone give the same scores; without the point that wins most, features change."""
    import torch

    from dltui.instruments.critical import pooled
    from dltui.lab.scene3d.court_nets import race, stand

    near("critical alone", pointnet_court.last().value("critical_alone_change"), 0, 1e-6)
    look, x = race("max", True, 128, 100, 0).last(), torch.from_numpy(stand("torus", 0)[:128])[None]
    with torch.no_grad():
        seen = pooled(look.net, x)
        wins = np.zeros(128, int)
        for part in seen.inputs:  # counted here point by point
            table = part[0].numpy()
            for column in table.T:
                wins[int(column.argmax())] += int(column.max() > column.min())
        kept = torch.from_numpy(np.flatnonzero(wins))
        near("scores of the critical ones", look.net(x[:, kept])[0], seen.output[0], 1e-5)
        rest = torch.from_numpy(np.flatnonzero(np.arange(128) != wins.argmax()))
        moved = max(
            float((a - b).abs().max())
            for a, b in zip(pooled(look.net, x[:, rest]).maxima, seen.maxima, strict=True)
        )
    assert moved > 1e-3, f"without the point that wins most features change by {moved} only"
    near("critical points", pointnet_court.last().value("critical"), (wins > 0).sum(), 0)


@pointnet_court.check
def upper_bound_adds_nothing() -> None:
    """Points of the upper-bound shape, added to the cloud, leave the scores; a point far off does not."""
    import torch

    from dltui.lab.scene3d.court_nets import race, stand

    look, cloud = race("max", True, 128, 100, 0).last(), stand("torus", 0)[:128]
    upper = _winners(look, cloud)[1]
    near("places", pointnet_court.last().value("upper_bound_points"), len(upper), 0)
    with torch.no_grad():
        alone, more, off = (
            look.net(torch.from_numpy(np.concatenate([cloud, extra]).astype(np.float32))[None])[0]
            for extra in (cloud[:0], upper, np.array([[0.0, 1.5, 0.0]]))
        )
    near("scores", more, alone, 1e-5)
    assert float((off - alone).abs().max()) > 0.01, "a point far off changes nothing"


@pointnet_court.check
def shared_layer_is_a_1x1_convolution() -> None:
    """Linear on each point = Conv1d(k=1), as many weights, and both are W·p + b of one point at a time by numpy."""
    from dltui.lab.scene3d.court_nets import convolved, race, stand

    frame = pointnet_court.last()
    near("apart", frame.value("shared_layer_gap"), 0, 1e-6)
    near("weights", frame.numbers["shared_layer_parameters"], [3 * 8 + 8] * 2, 0)
    look, cloud = race("max", True, 128, 100, 0).last(), stand("torus", 0)[:128]
    w, b = (
        getattr(look.net.first.linear, name).detach().numpy().astype(float) for name in ("weight", "bias")
    )
    by_hand = [[sum(w[f, i] * float(p[i]) for i in range(3)) + b[f] for f in range(8)] for p in cloud]
    near("by hand", convolved(look.net, cloud)[1], by_hand, 1e-5)


@pointnet_court.check
def any_number_of_points() -> None:
    """The same weights take 2, 256 and 2048 points, also each point twice; the flatten-MLP takes only its own N."""
    from dltui.lab.scene3d.court_nets import change, race, stand

    look, whole = race("max", True, 128, 100, 0).last(), stand("torus", 0)
    for count in (2, 256, 2048):
        said = look.nets[0].likely(whole[:count])
        assert said is not None, f"{count} points are refused"
        near("probabilities", said.sum(), 1, 1e-5)
    near("each twice", change(look.nets[0], whole[:128], np.repeat(whole[:128], 2, axis=0)), 0, 1e-6)
    assert look.nets[1].likely(whole[:256]) is None, "the MLP takes 256 points"
    assert cast("list[float]", pointnet_court.last().numbers["change_flatten_mlp"])[-1] is None


@pointnet_court.check
def tnet_starts_as_the_identity() -> None:
    """A = I when its head is 0: output = input; nearly so when fresh; ‖I − A·Aᵀ‖² is 0 for a rotation, 9·3 for 2·I."""
    import torch

    from dltui.lab.scene3d.court_nets import race, stand
    from dltui.models.pointnet import TNet
    from dltui.results.critical import rotation

    look, cloud = next(iter(race("max", True, 128, 100, 0))), stand("torus", 0)[:128]
    turn = look.net.turn
    assert isinstance(turn, TNet)
    x = torch.from_numpy(cloud)[None]
    with torch.no_grad():
        near("fresh A", turn.matrix(x)[0], np.eye(3), 0.1)
        near("A·P", turn(x)[0], cloud.astype(float) @ turn.matrix(x)[0].numpy().astype(float), 1e-5)
        turn.head.weight.zero_()
        assert (turn(x) == x).all(), "a T-Net whose head is 0 changes points"
    near("penalty of a rotation", pictures.penalty(rotation("x", 37.0)), 0, 1e-12)
    near("penalty of 2·I", pictures.penalty(2 * np.eye(3)), 27, 1e-12)
    shown = pointnet_court.last()
    near("penalty", shown.value("tnet_penalty"), pictures.penalty(np.array(shown.numbers["tnet"])), 1e-9)


@pointnet_court.check
def it_learns() -> None:
    """PointNet tells three quarters of held-out clouds right, guessing a fifth; the MLP half as many at most."""
    frame = pointnet_court.last()
    right, mlp = frame.value("right_pointnet"), frame.value("right_flatten_mlp")
    assert right > 0.75, f"{right} right"
    assert mlp < right / 2, f"the MLP: {mlp}"
    assert next(iter(pointnet_court())).value("right_pointnet") < 0.5
