"""What the exhibit `view-cnn` computes and draws."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from dltui.data.shapes3d_views import pictures
from dltui.lab import Frame, near
from dltui.lab.scene3d.choices import VIEWS
from dltui.lab.scene3d.views import CLASSES, view_cnn
from dltui.lab.scene3d.views_figures import (
    curves,
    heat,
    names_of,
    pooled_of,
    ring_of,
    told_of,
    view_pictures,
    way,
    wins,
)
from dltui.lab.scene3d.views_nets import (
    EVERY,
    EXAMPLE,
    SIDE,
    STEPS,
    WIDTH,
    accuracy,
    damaged,
    features,
    learning,
    pooled,
    rings,
    spoilt,
    winners,
)
from dltui.models.mvcnn import Mvcnn


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
                view_pictures(seen, angles, counts),
                ring_of(cloud, chosen),
                heat(found, won, angles),
                names_of(shares, shape),
                wins(counts, angles),
                told_of(told, missing, noise),
                curves(moment),
                pooled_of(network, found, won, angles),
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
        back = way(30 * k) @ turn.T
        near(f"camera {k} as drawn", back, way(0), 1e-9)


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
