"""A class for every point: parts of furniture and a room, labelled by PointNet, PointNet++ and edge convolutions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

import numpy as np

from dltui.figures import Array, Figure
from dltui.lab import Choice, Frame, Number, Slider, exhibit, near
from dltui.lab.remembered import Remembered
from dltui.lab.scene3d import label_figures as pictures

if TYPE_CHECKING:
    from dltui.lab.scene3d.label_nets import Look

IN_ROOMS = 0.6  # share of the batches that the network for rooms learns from


@exhibit(
    "point-labels",
    family="scene3d",
    covers=(
        "002c:scannet",
        "002c:task-partseg",
        "002c:task-semseg3d",
        "002c:pointnet-seg",
        "002c:pointnetpp",
        "002c:dgcnn",
    ),
    kin={
        "dltui cloud FILE": "a cloud of your own: its neighbours, normals, and fewer points",
        "dltui train --recipe shapes3d-dgcnn": "DGCNN, which tells whole clouds apart",
        "dltui train --recipe shapes3d-pointnet2": "PointNet++, which does so too",
        "dltui lab run pointnet-court": "one answer for the whole cloud",
    },
    sources=(
        "Qi et al. 2017, arXiv:1612.00593",
        "Qi et al. 2017, arXiv:1706.02413",
        "Wang et al. 2019, arXiv:1801.07829",
        "Dai et al. 2017 (ScanNet), arXiv:1702.04405",
    ),
)
def point_labels(
    task: Annotated[
        str, Choice("parts", "room", "roughness", help="what the three networks learn")
    ] = "parts",
    shape: Annotated[
        str, Choice("chair", "armchair", "table", help="which piece is shown, of the task parts")
    ] = "chair",
    net: Annotated[
        str, Choice("PointNet", "PointNet++", "EdgeConv", help="whose labels are drawn")
    ] = "PointNet++",
    k: Annotated[int, Slider(1, 20, help="neighbours k of a point in EdgeConv, itself among them")] = 8,
    radius: Annotated[
        float, Slider(0.05, 1.5, step=0.05, help="radius r of the first balls of PointNet++")
    ] = 0.5,
    levels: Annotated[int, Slider(1, 3, help="levels of PointNet++; each keeps a quarter of the points")] = 2,
    n: Annotated[int, Slider(32, 256, log=True, help="points N of a cloud")] = 128,
    steps: Annotated[int, Slider(0, 150, help="batches of 8 fresh clouds to learn from")] = 100,
    seed: Annotated[int, Slider(0, 99, help="seed of weights and clouds")] = 0,
) -> Iterator[Frame]:
    """A chair and a room, every point labelled by networks that learn it; wrong ones are crossed.

    Try: --task roughness, which only neighbours can tell; --net PointNet; --shape armchair; --radius 0.1, too small
    to see anything; --k 1 leaves EdgeConv no neighbours; --levels 1; --task room.
    Notice: both chairs of the room have one class and two instances; PointNet knows the whole and the point, nothing
    between, and is last where neighbours count; the graph among features is another one than that in space.

    Segmentation is P(class of p | S) for every point p. PointNet puts the features of the whole cloud, a maximum over
    1024 channels, beside those of each point, here 32 (64 in the paper): the head reads 32 + 1024 = 1056 numbers. When
    the points change places, the labels change places with them.

    PointNet++ looks around: farthest point sampling takes centres, each the farthest from all before; a small PointNet
    pools what lies in a ball around each, in coordinates from its centre; the next level does so with the centres.
    Features come back down as the mean of the three nearest centres, by 1/distance². It has no graph.

    EdgeConv (DGCNN) has one: h_i = max over the k nearest j of MLP(x_i, x_j − x_i), and the second layer finds the
    nearest ones anew, among features. Without x_j − x_i it is the shared layer of PointNet.

    IoU of a class is the points that both call so over those that either does; mIoU is its mean over classes. The
    data are made, with the truth known: chairs, tables and rooms of boxes stand in for PartNet and ScanNet.
    """
    yield from _frames(task, shape, net, k, radius, levels, n, steps, seed)


@lru_cache(maxsize=4)
def _frames(
    task: str, shape: str, net: str, k: int, radius: float, levels: int, n: int, steps: int, seed: int
) -> Remembered[Frame]:
    """Return the frames, which are made as they are asked for."""

    def made() -> Iterator[Frame]:
        from dltui.lab.scene3d.label_nets import FRAMES, NAMES, race

        chosen, seen = NAMES.index(net), list["Look"]()
        rooms = iter(race("room", n, k, radius, levels, round(IN_ROOMS * steps), seed, ("EdgeConv",)))
        inside = next(rooms)
        for place, look in enumerate(race(task, n, k, radius, levels, steps, seed)):
            seen.append(look)
            inside = next(rooms, inside) if place else inside
            yield _frame(seen, inside, task, shape, chosen, k, radius, n, seed, min(FRAMES, steps) + 1)

    return Remembered(made)


def _frame(
    seen: list[Look], inside: Look, task: str, shape: str, chosen: int, k: int, radius: float, n: int, seed: int,
    total: int,
) -> Frame:  # fmt: skip
    """Return pictures and numbers at one look."""
    from dltui.lab.scene3d.label_nets import GLOBAL, LOCAL, SCALE, stand
    from dltui.scene.furniture import CLASSES

    look = seen[-1]
    one, cloud = look.nets[chosen], stand(task, shape, n, seed)
    told = one.labels(cloud.places, n)
    around, walker = stand("room", shape, n, seed), inside.nets[0]
    labelled, scale = walker.labels(around.places, n), SCALE["room"]
    centres, gaps = farthest(cloud.places[:n], max(1, n >> 2))
    near_k = graphs(look, cloud.places[:n], k)
    figures: tuple[Figure, ...] = (
        pictures.told(cloud.places, told, cloud.label, cloud.names, f"{one.name} says"),
        pictures.told(cloud.places, cloud.label, cloud.label, cloud.names, "The truth"),
        pictures.learning(seen, task),
        pictures.parts(look, cloud.names),
        pictures.told(scale * around.places, labelled, around.label, CLASSES, "A room, by EdgeConv"),
        pictures.instances(scale * around.places, around.instance, around.label),
        pictures.balls(cloud.places[:n], centres, radius),
        pictures.gaps(gaps),
        *(pictures.graph(cloud.places[:n], at, name) for name, at in near_k.items()),
        pictures.worked(look, told, cloud, n, chosen),
    )
    numbers: dict[str, Number] = {
        "step": look.step,
        **{f"miou_{_key(each.name)}": each.scores[-1] for each in look.nets},
        **{f"parameters_{_key(each.name)}": each.parameters for each in look.nets},
        **{f"iou_{_key(each.name)}": _plain(each.each) for each in look.nets},
        "miou_room": walker.scores[-1],
        "right": float((told == cloud.label).mean()),
        "right_room": float((labelled == around.label).mean()),
        "head_input": LOCAL + GLOBAL,
        "farthest": centres.tolist(),
        "gaps": gaps.tolist(),
        "same_neighbours": _shared(*near_k.values()),
    }
    told_here = ", ".join(f"{each.name} {each.scores[-1]:.2f}" for each in look.nets)
    return Frame(
        figures=figures, numbers=numbers, caption=f"{look.step} batches: mIoU {told_here}", total=total
    )


def _key(name: str) -> str:
    """Return a name as a key of the numbers."""
    return name.lower().replace("++", "2")


def _plain(values: Array) -> list[float | None]:
    """Return numbers, none for a class that no point has."""
    return [None if np.isnan(one) else float(one) for one in values]


def _shared(one: Array, other: Array) -> float:
    """Return the share of neighbours that two graphs have in common."""
    both = sum(len(set(a.tolist()) & set(b.tolist())) for a, b in zip(one, other, strict=True))
    return both / one.size


def farthest(places: Array, count: int) -> tuple[Array, Array]:
    """Return the points that farthest point sampling takes, and how far each was from all before.

    Args:
        places: A cloud, shape (n, 3).
        count: How many to take.

    Returns:
        Their numbers, and distances to the nearest that was taken before; the first has that to the mean.
    """
    import torch

    from dltui.models.pointnet2 import farthest_points

    at = farthest_points(torch.from_numpy(places.astype(np.float32))[None], count)[0].numpy()
    apart = np.linalg.norm(places[at][:, None] - places[at][None], axis=-1)
    first = np.linalg.norm(places[at[0]] - places.mean(axis=0))
    return at, np.array([first, *(apart[i, :i].min() for i in range(1, count))])


def graphs(look: Look, places: Array, k: int) -> dict[str, Array]:
    """Return the k nearest points of each point in space, and among the features of the first EdgeConv, (N, k)."""
    import torch

    from dltui.device import threads
    from dltui.lab.scene3d.label_nets import EdgeLabels
    from dltui.models.dgcnn import nearest

    net = look.nets[-1].net
    assert isinstance(net, EdgeLabels)
    with torch.no_grad(), threads(1):
        x, h, _ = net.features(torch.from_numpy(places.astype(np.float32))[None])
        return {"in space": nearest(x, k)[0].numpy(), "among features": nearest(h, k)[0].numpy()}


def _last(steps: int = 100) -> Look:
    """Return how the race of the default settings ends."""
    from dltui.lab.scene3d.label_nets import race

    return race("parts", 128, 8, 0.5, 2, steps, 0).last()


@point_labels.check
def head_reads_local_and_global() -> None:
    """PointNet's head takes 32 + 1024 numbers a point: its own, then the maximum over all points, the same for each."""
    import torch

    from dltui.lab.scene3d.label_nets import GLOBAL, LOCAL, PointNetLabels, stand

    net = _last(steps=0).nets[0].net
    assert isinstance(net, PointNetLabels)
    first = net.head[0].get_submodule("linear")
    near("inputs of the head", first.in_features, LOCAL + 1024, 0)
    x = torch.from_numpy(stand("parts", "chair", 128, 0).places[:128].astype(np.float32))[None]
    with torch.no_grad():
        joined, wide = net.joined(x)[0].numpy(), net.wide(net.local(x))[0].numpy()
    near("whole", joined[:, LOCAL:], np.tile([max(wide[:, f].tolist()) for f in range(GLOBAL)], (128, 1)), 0)
    near("told", point_labels.last(steps=0).value("head_input"), 1056, 0)
    assert np.ptp(joined[:, :LOCAL], axis=0).max() > 0, "all points have the same features of their own"


@point_labels.check
def labels_move_with_the_points() -> None:
    """Points in another order: all three networks give the same scores in that order."""
    import torch

    from dltui.lab.scene3d.label_nets import stand

    places = stand("parts", "chair", 128, 0).places[:128].astype(np.float32)
    order = np.random.default_rng(3).permutation(128)
    for one in _last().nets:
        with torch.no_grad():
            here, there = (one.net(torch.from_numpy(x)[None])[0].numpy() for x in (places, places[order]))
        near(one.name, there, here[order], 1e-4)
        assert np.abs(there - here).max() > 0.1, f"{one.name} gives every point the same"


@point_labels.check
def farthest_points_are_farthest() -> None:
    """Each centre is the point farthest from all before it, found here by comparing all; so gaps never grow."""
    from dltui.lab.scene3d.label_nets import stand

    places = stand("parts", "chair", 128, 0).places[:128].astype(np.float32).astype(float)
    frame = point_labels.last(steps=0)
    taken = np.array(frame.numbers["farthest"])
    assert len(set(taken.tolist())) == 32, "a point is taken twice"
    for i in range(1, 32):
        away = [min(float(np.linalg.norm(p - places[j])) for j in taken[:i]) for p in places]
        near(f"centre {i}", away[taken[i]], max(away), 1e-6)
        near(f"gap {i}", np.array(frame.numbers["gaps"])[i], max(away), 1e-5)


@point_labels.check
def neighbours_are_nearest() -> None:
    """The graphs against all distances sorted: in space and among features; balls hold what lies within r."""
    import torch

    from dltui.lab.scene3d.label_nets import EdgeLabels, stand
    from dltui.models.pointnet2 import ball_query

    look, places = _last(), stand("parts", "chair", 128, 0).places[:128]
    net = look.nets[-1].net
    assert isinstance(net, EdgeLabels)
    x = torch.from_numpy(places.astype(np.float32))[None]
    with torch.no_grad():
        rows = [h[0].numpy().astype(float) for h in net.features(x)[:2]]
    for (name, found), h in zip(graphs(look, places, 8).items(), rows, strict=True):
        apart = np.array([[float(((a - b) ** 2).sum()) for b in h] for a in h])
        here = np.sort(np.take_along_axis(apart, found, axis=1), axis=1)
        near(name, here, np.sort(apart, axis=1)[:, :8], 1e-4)
    at = ball_query(x, x[:, :5], 0.5, 12)[0].numpy()
    for centre in range(5):
        away = np.linalg.norm(places - places[centre], axis=1)
        within = set(np.argsort(away)[:12][np.sort(away)[:12] <= 0.5].tolist())
        assert set(at[centre].tolist()) == within, f"the ball around point {centre} holds {at[centre]}"


@point_labels.check
def edges_without_the_way_are_a_shared_layer() -> None:
    """EdgeConv whose weights on x_j − x_i are 0 gives what its other half gives point by point, for any k."""
    import torch

    from dltui.lab.scene3d.label_nets import EdgeLabels, stand
    from dltui.models.dgcnn import EdgeConv

    net = _last().nets[-1].net
    assert isinstance(net, EdgeLabels)
    first = net.edges[0]
    assert isinstance(first, EdgeConv)
    x = torch.from_numpy(stand("parts", "chair", 128, 0).places[:128].astype(np.float32))[None]
    w = first.edge.linear.weight.clone()
    norm = first.edge.norm
    try:
        with torch.no_grad():
            whole = first(x)
            first.edge.linear.weight[:, :3] = 0
            h = norm(x[0] @ w[:, 3:].T)
            near("point by point", first(x)[0], torch.nn.functional.leaky_relu(h, 0.2), 1e-5)
            assert float((first(x) - whole).abs().max()) > 0.01, "the way to a neighbour counts for nothing"
    finally:
        with torch.no_grad():
            first.edge.linear.weight.copy_(w)


@point_labels.check
def a_room_has_classes_and_instances() -> None:
    """Both chairs are of class chair and of different instances; floor and walls of none; every point has one class."""
    from dltui.lab.scene3d.label_nets import stand

    found = stand("room", "chair", 128, 0)
    classes = {i: set(found.label[found.instance == i].tolist()) for i in range(4)}
    assert classes == {0: {0, 1}, 1: {2}, 2: {2}, 3: {3}}, classes
    one, two = (found.places[found.instance == i] for i in (1, 2))
    assert np.linalg.norm(one.mean(axis=0) - two.mean(axis=0)) > 0.5, "both chairs stand in one place"
    floor = 2 * found.places[found.label == 0]
    near("floor", np.abs(floor[:, 2]).max(), 0, 1e-9)


@point_labels.check
def they_learn() -> None:
    """Mean IoU on held-out parts above 0.6 for each network, 0.7 for the room; as counted here point by point."""
    from dltui.lab.scene3d.label_nets import unions

    frame = point_labels.last()
    for name in ("pointnet", "pointnet2", "edgeconv"):
        assert frame.value(f"miou_{name}") > 0.6, f"{name}: {frame.numbers[f'miou_{name}']}"
    assert frame.value("miou_room") > 0.7, frame.numbers["miou_room"]
    told, right = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 2, 2, 0])
    sets = [({*np.flatnonzero(told == c)}, {*np.flatnonzero(right == c)}) for c in range(3)]
    near("IoU", unions(told, right, 4)[:3], [len(a & b) / len(a | b) for a, b in sets], 1e-12)
    assert np.isnan(unions(told, right, 4)[3]), "a class that no point has has an IoU"


@point_labels.check
def neighbours_tell_roughness() -> None:
    """Wavy or rough, which a point's own place does not tell: EdgeConv and PointNet++ above PointNet."""
    frame = point_labels.last(task="roughness", radius=0.4)
    alone, balls, edges = (frame.value(f"miou_{name}") for name in ("pointnet", "pointnet2", "edgeconv"))
    assert edges > alone + 0.08, f"EdgeConv {edges}, PointNet {alone}"
    assert balls > alone, f"PointNet++ {balls}, PointNet {alone}"
