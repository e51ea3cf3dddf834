"""What the exhibit `view-cnn` computes and draws."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.data.shapes3d import clouds
from dltui.data.shapes3d_views import ELEVATION, pictures
from dltui.figures import Array, Bars, Figure, Heatmap, Images, Lines, Scene, Series, number
from dltui.lab import Frame, near
from dltui.lab.remembered import Remembered
from dltui.lab.scene3d.choices import VIEWS
from dltui.lab.scene3d.turntable import alone
from dltui.lab.scene3d.views import CLASSES, view_cnn
from dltui.lab.written import written
from dltui.models.mvcnn import Mvcnn

SIDE, DENSE = 16, 1024  # pixels of a picture; points of a shape
LEARNT, HELD = 240, 60  # shapes
WIDTH, RATE, BATCH, STEPS, EVERY = 6, 5e-3, 12, 160, 20
FEATURES = 48  # that are drawn
LEAST = 16  # points that are left of a shape
STANDS = 1.9  # how far cameras are drawn from the middle


@dataclass(frozen=True, eq=False)
class Rings:
    """Shapes as rings of pictures.

    Attributes:
        clouds: Points of each, shape (n, points, 3), y upwards.
        seen: Pictures, shape (n, views, 1, side, side).
        labels: Classes.
    """

    clouds: Array
    seen: Tensor
    labels: Tensor


def spoilt(cloud: Array, missing: float, noise: float, seed: int) -> Array:
    """Return a cloud as a scanner leaves it: the part with the largest x is missing, and points are off."""
    order = np.argsort(cloud[:, 0], kind="stable")
    kept = cloud[np.sort(order[: max(LEAST, round((1 - missing) * len(cloud)))])]
    found = kept + np.random.default_rng(seed).normal(0, 1, kept.shape) * noise
    return np.asarray(found / max(1.0, float(np.linalg.norm(found, axis=1).max())), np.float32)


@lru_cache(maxsize=2)
def rings(seed: int, held: bool) -> Rings:
    """Return shapes to learn from, or those that are held out."""
    count = HELD if held else LEARNT
    labels = np.arange(count) % len(CLASSES)
    made = clouds(np.random.default_rng([seed, 9, held]), labels, DENSE, noise=0, stretch=0.3, rotation="y")
    seen = np.stack([pictures(cloud, VIEWS, SIDE) for cloud in made])[:, :, None]
    return Rings(made, torch.from_numpy(seen), torch.from_numpy(labels))


@lru_cache(maxsize=16)
def damaged(seed: int, missing: float, noise: float) -> Tensor:
    """Return pictures of the held-out shapes after they are spoilt."""
    known = rings(seed, held=True)
    if not missing and not noise:
        return known.seen
    some = [spoilt(cloud, missing, noise, i) for i, cloud in enumerate(known.clouds)]
    return torch.from_numpy(np.stack([pictures(cloud, VIEWS, SIDE) for cloud in some])[:, :, None])


def fresh() -> Mvcnn:
    """Return an untrained network."""
    return Mvcnn((VIEWS, 1, SIDE, SIDE), len(CLASSES), width=WIDTH, dropout=0.0)


@dataclass(frozen=True, eq=False)
class Learnt:
    """The network after some steps.

    Attributes:
        step: Steps made.
        state: Its weights.
        loss: Cross-entropy at every moment so far.
        right: Share of held-out shapes that are told right, likewise.
    """

    step: int
    state: dict[str, Tensor]
    loss: tuple[float, ...]
    right: tuple[float, ...]

    def network(self) -> Mvcnn:
        """Return the network with these weights, no longer learning."""
        found = fresh()
        found.load_state_dict(self.state)
        return found.eval()


@lru_cache(maxsize=4)
def learning(seed: int) -> Remembered[Learnt]:
    """Return the moments of a training."""
    return alone(lambda: _learning(seed))


def _learning(seed: int) -> Iterator[Learnt]:
    """Train the network on clean shapes, and keep it now and then."""
    known, held = rings(seed % 4, held=False), rings(seed % 4, held=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = fresh()
    draw = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    loss: list[float] = []
    right: list[float] = []
    for step in range(STEPS + 1):
        rows = torch.randint(LEARNT, (BATCH,), generator=draw)
        views = torch.randperm(VIEWS, generator=draw)[
            : 1 + step % VIEWS
        ]  # so that any number of them will do
        wrong = functional.cross_entropy(network(known.seen[rows][:, views]), known.labels[rows])
        if step % EVERY == 0:
            loss.append(float(wrong.detach()))
            right.append(accuracy(network, held.seen, held.labels))
            yield Learnt(
                step,
                {name: part.clone() for name, part in network.state_dict().items()},
                tuple(loss),
                tuple(right),
            )
        for group in optimizer.param_groups:
            group["lr"] = RATE * 0.1 ** (step / STEPS)
        optimizer.zero_grad()
        wrong.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


@torch.no_grad()
def accuracy(network: Mvcnn, seen: Tensor, labels: Tensor) -> float:
    """Return the share of shapes that are told right."""
    learning_ = network.training
    network.eval()
    found = float((network(seen).argmax(1) == labels).float().mean())
    network.train(learning_)
    return found


@torch.no_grad()
def features(network: Mvcnn, seen: Tensor) -> Tensor:
    """Return what the shared layers make of each picture of one shape, shape (views, features)."""
    found: Tensor = network.view(seen)
    return found


def winners(found: Tensor) -> Tensor:
    """Return which view has the largest value of each feature, −1 where all are alike, shape (features,)."""
    return torch.where(found.amax(dim=0) > found.amin(dim=0), found.argmax(dim=0), -1)


def frames(
    *, shape: str, views: int, shuffle: bool, missing: float, noise: float, spoil: bool, seed: int
) -> Iterator[Frame]:
    """Yield what the exhibit shows, its knobs set."""
    known = rings(seed % 4, held=True)
    row = int(np.flatnonzero(known.labels.numpy() == CLASSES.index(shape))[1])
    cloud = spoilt(known.clouds[row], missing, noise, row) if spoil else known.clouds[row]
    whole = damaged(seed % 4, missing, noise)[row] if spoil else known.seen[row]
    chosen = torch.arange(views)
    if shuffle:
        chosen = torch.randperm(views, generator=torch.Generator().manual_seed(seed + 1))
    seen = whole[chosen]
    for moment in learning(seed):
        network = moment.network()
        found = features(network, seen)
        with torch.no_grad():
            shares = torch.softmax(network(seen[None])[0], 0)
        won = winners(found)
        counts = torch.bincount(won[won >= 0], minlength=views)
        told = {
            name: accuracy(network, damaged(seed % 4, cut, blur), known.labels)
            for name, cut, blur in (
                ("clean", 0, 0),
                ("noisy", 0, noise),
                ("cut", missing, 0),
                ("both", missing, noise),
            )
        }
        angles = tuple(f"{30 * int(i)}°" for i in chosen)
        best = int(shares.argmax())
        yield Frame(
            figures=(
                _pictures(seen, angles, counts),
                _ring(cloud, chosen),
                _heat(found, won, angles),
                _names(shares, shape),
                _wins(counts, angles),
                _told(told, missing, noise),
                _curves(moment),
                _pooled(network, found, won, angles),
            ),
            numbers={
                "step": moment.step,
                "shares": shares.tolist(),
                "prediction": CLASSES[best],
                "wins": counts.tolist(),
                "accuracy": list(moment.right),
                "told": list(told.values()),
                "parameters": sum(part.numel() for part in network.parameters()),
            },
            caption=f"step {moment.step} of {STEPS}: {CLASSES[best]} {100 * float(shares[best]):.0f} %",
            total=STEPS // EVERY + 1,
        )


def _pictures(seen: Tensor, angles: tuple[str, ...], counts: Tensor) -> Images:
    """Return the pictures, with how many features each wins."""
    return Images(
        title="What the cameras see",
        caption="near is bright; below each: its azimuth, and the features that it wins",
        pixels=seen[:, 0].numpy(),
        names=tuple(f"{angle}: {int(count)}" for angle, count in zip(angles, counts, strict=True)),
        each_row=6,
    )


def _ring(cloud: Array, chosen: Tensor) -> Scene:
    """Return the shape among its cameras."""
    lines = []
    for number_ in chosen.tolist():
        back = _way(360 / VIEWS * number_)
        right = np.cross([0, 1, 0], back)
        right /= np.linalg.norm(right)
        up = np.cross(back, right)
        tip = STANDS * back
        ends = [
            tip - 0.35 * back + 0.18 * (x * right + y * up) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        ]
        lines += [(tip, end) for end in ends] + [(ends[i], ends[i - 1]) for i in range(4)]
    return Scene(
        title="The shape and the ring of cameras",
        caption=f"{len(chosen)} cameras, 30° above the ground, 30° between two; {len(cloud):,} points",
        points=np.asarray(cloud, np.float32),
        point_values=np.asarray(cloud[:, 1]),
        value_label="y",
        segments=np.array(lines, np.float32),
        up="y",
    )


def _way(azimuth: float) -> Array:
    """Return the direction from the middle to a camera, y upwards."""
    a, e = math.radians(azimuth), math.radians(ELEVATION)
    return np.array([math.sin(a) * math.cos(e), math.sin(e), math.cos(a) * math.cos(e)])


def _heat(found: Tensor, won: Tensor, angles: tuple[str, ...]) -> Heatmap:
    """Return the features of all views, each as a share of its largest; 1 is the winner."""
    spread = (found.amax(dim=0) - found.amin(dim=0)).numpy()
    some = np.sort(np.argsort(-spread, kind="stable")[:FEATURES])
    top = np.maximum(found.amax(dim=0).numpy(), 1e-9)
    live = int((won >= 0).sum())
    return Heatmap(
        title="Which view wins which feature",
        caption=f"{live} of {len(won)} features differ between views; here the {len(some)} that differ most",
        values=(found.numpy() / top)[:, some],
        x=np.arange(len(some)), y=np.arange(len(angles)), x_label="feature", y_label="view",
        row_names=angles, value_label="h over the winner's", downwards=True,
    )  # fmt: skip


def _names(shares: Tensor, shape: str) -> Bars:
    """Return the shares of the classes."""
    return Bars(
        title="What it is taken for",
        labels=tuple(f"{name} ◀" if name == shape else name for name in CLASSES),
        values=shares.numpy().astype(float),
        value_label="probability; ◀ is right",
    )


def _wins(counts: Tensor, angles: tuple[str, ...]) -> Bars:
    """Return how many features each view wins."""
    return Bars(
        title="Features that each view wins", caption="only winners get a gradient from this shape",
        labels=angles, values=counts.numpy().astype(float), value_label="features",
    )  # fmt: skip


def _told(told: dict[str, float], missing: float, noise: float) -> Bars:
    """Return how many held-out shapes are told right when they are spoilt."""
    names = {
        "clean": "clean", "noisy": f"noise σ = {noise:g}", "cut": f"{100 * missing:.0f} % cut away", "both": "both",
    }  # fmt: skip
    return Bars(
        title="Held-out shapes that are told right",
        caption=f"{HELD} shapes; the network learnt from clean ones; guessing gives {number(1 / len(CLASSES), 2)}",
        labels=tuple(names[name] for name in told),
        values=np.array(list(told.values())),
        value_label="accuracy",
    )


def _curves(moment: Learnt) -> Lines:
    """Return loss and accuracy over the steps."""
    x = np.arange(len(moment.loss)) * EVERY
    return Lines(
        title="How it learns",
        series=(
            Series(name="accuracy, held out", x=x, y=np.array(moment.right)),
            Series(name="loss, learnt from", x=x, y=np.array(moment.loss)),
        ),
        x_label="step",
    )


EXAMPLE = ((1.0, 5.0), (3.0, 2.0), (2.0, 4.0))


def pooled(rows: Tensor) -> Tensor:
    """Return what the network's own pooling makes of features, shape (features,).

    Args:
        rows: A row a view, shape (views, features).

    Returns:
        The largest over the views.
    """
    bare = fresh()
    bare.view, bare.whole = nn.Sequential(), nn.Sequential()
    found: Tensor = bare(rows[None])[0]
    return found


def _pooled(network: Mvcnn, found: Tensor, won: Tensor, angles: tuple[str, ...]) -> Figure:
    """Return an example, and one feature of this shape."""
    one = pooled(torch.tensor(EXAMPLE)).tolist()
    j = int((found.amax(dim=0) - found.amin(dim=0)).argmax())
    shown = ", ".join(number(float(value), 3) for value in found[:4, j])
    count = sum(part.numel() for part in network.view.parameters())
    who = angles[int(won[j])] if int(won[j]) >= 0 else "no view: all are alike"
    return written(
        (
            f"max of (1, 5), (3, 2), (2, 4) = ({one[0]:g}, {one[1]:g})",
            "the second view wins first, the first second",
        ),
        ("∂g₁/∂h = (0, 1, 0), ∂g₂/∂h = (1, 0, 0)", "winners only"),
        (
            f"g_{j} = max({shown}{', …' if len(found) > 4 else ''}) = {number(float(found[:, j].max()), 3)}",
            f"won by {who}",
        ),
        (
            f"CNN₁: {count:,} weights, shared by {len(found)} views",
            f"one each would be {count * len(found):,}",
        ),
    )


def order_of_views_is_free() -> None:
    """The same views in other orders give the same answer, and the same angles win."""
    told = view_cnn.last()
    for seed in range(3):
        *_, moment = learning(0)
        seen = rings(0, held=True).seen[:8]
        order = torch.randperm(VIEWS, generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            one, other = moment.network()(seen), moment.network()(seen[:, order])
        near("logits", other.numpy(), one.numpy(), 1e-5)
    other_ = view_cnn.last(shuffle=True)
    near("shares", other_.numbers["shares"], told.numbers["shares"], 1e-5)
    one_, two = (np.array(shown.numbers["wins"]) for shown in (told, other_))
    near("wins, sorted", np.sort(two), np.sort(one_), 0.5)
    assert np.abs(one_ - two).max() > 0, "the order did not change"


def pooling_takes_the_largest() -> None:
    """(1, 5), (3, 2), (2, 4) give (3, 5) (notes 002c); features of a shape against numpy's maximum."""
    near("pooled", pooled(torch.tensor(EXAMPLE)).numpy(), (3, 5), 0)
    *_, moment = learning(0)
    network, known = moment.network(), rings(0, held=True)
    for row in (0, 7):
        found = features(network, known.seen[row])
        best = found.numpy().max(axis=0)
        with torch.no_grad():
            logits = network.whole(torch.from_numpy(best)[None]).numpy()
            near("logits of the largest", network(known.seen[row : row + 1]).numpy(), logits, 1e-5)


def gradients_go_to_winners() -> None:
    """∂loss/∂h is 0 for all views but the winner of each feature, and a small change of a loser changes nothing."""
    *_, moment = learning(0)
    network, known = moment.network(), rings(0, held=True)
    found = features(network, known.seen[3]).double()
    won = winners(found)
    network.double()
    network.view = nn.Sequential()
    rows = found.clone().requires_grad_()
    functional.cross_entropy(network(rows[None]), known.labels[3:4] * 0 + 1).backward()  # type: ignore[no-untyped-call]
    assert rows.grad is not None
    gradient = rows.grad.numpy()
    for place in np.flatnonzero(won.numpy() >= 0).tolist():
        losers = np.flatnonzero(found[:, place].numpy() < float(found[:, place].max()))
        near(f"gradient of losers, feature {place}", np.abs(gradient[losers, place]).max(), 0, 0)
    assert np.abs(gradient).sum() > 0, "no gradient at all"
    j = int((found.amax(dim=0) - found.amin(dim=0)).argmax())
    with torch.no_grad():
        moved = found.clone()
        moved[int(found[:, j].argmin()), j] += 1e-4
        near("logits after a loser moved", network(moved[None]).numpy(), network(found[None]).numpy(), 0)
        moved = found.clone()
        moved[int(found[:, j].argmax()), j] += 1e-4
        assert not torch.equal(network(moved[None]), network(found[None])), (
            "the winner changed nothing either"
        )


def cameras_stand_thirty_degrees_apart() -> None:
    """Picture k is picture 0 of the shape turned back by 30·k degrees about y, by a rotation written out here."""
    cloud = rings(0, held=True).clouds[5]
    ring = pictures(cloud, VIEWS, SIDE)
    for k in range(VIEWS):
        a = math.radians(30 * k)
        turn = np.array([[math.cos(a), 0, -math.sin(a)], [0, 1, 0], [math.sin(a), 0, math.cos(a)]])
        alone = pictures(cloud @ turn.T, 1, SIDE)[0]
        differ = float((np.abs(alone - ring[k]) > 0.02).mean())
        assert differ < 0.03, f"camera {k}: {100 * differ:.2g} % of the pixels differ"
        back = _way(30 * k) @ turn.T
        near(f"camera {k} as drawn", back, _way(0), 1e-9)


def spoilt_shapes_are_harder() -> None:
    """Three in four clean held-out shapes or more are told right; of noisy halves far fewer (notes 002c)."""
    clean, noisy, cut, both = np.asarray(view_cnn.last().numbers["told"], float).tolist()
    assert clean > 0.75, f"clean {clean:.3g}"
    assert both < clean - 0.15, f"clean {clean:.3g}, noisy halves {both:.3g}"
    assert max(noisy, cut) <= clean, f"{noisy:.3g} with noise, {cut:.3g} cut"
    counts = {
        sum(part.numel() for part in Mvcnn((n, 1, SIDE, SIDE), 6, width=WIDTH, dropout=0).parameters())
        for n in (1, 12)
    }
    assert counts == {view_cnn.last().numbers["parameters"]}, "views have weights of their own"
