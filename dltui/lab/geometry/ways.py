"""Ways between networks: when the straight one has no barrier."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

from dltui.lab import Frame, Number, Slider, Switch, exhibit, near
from dltui.results.connection import Connection
from dltui.training import Optimizer, Recipe, Schedule

if TYPE_CHECKING:
    from torch import nn

SAMPLES, WIDTH, BATCH = 600, 32, 30
STEM = Recipe(
    epochs=1, batch_size=BATCH, optimizer=Optimizer(name="sgd", lr=0.1), schedule=Schedule(name="constant")
)
REST = Recipe(epochs=6, batch_size=BATCH, optimizer=Optimizer(name="sgd", lr=0.1))


def _fresh() -> nn.Module:
    from dltui.lab.geometry.nets import perceptron

    return perceptron(WIDTH, 10)


@lru_cache(maxsize=16)
def _grown(stem_epochs: int, stem_seed: int, seed: int) -> nn.Module:
    """Return a network that shares its first epochs with its siblings and goes on with its own order of batches."""
    from dltui.lab.geometry.nets import digits, trained

    data = digits(SAMPLES)
    start = trained(_fresh, data, STEM.changed({"epochs": max(1, stem_epochs)}), stem_seed)
    if stem_epochs == 0:  # nothing shared but the first weights
        return trained(_fresh, data, REST, seed)
    return trained(lambda: copy.deepcopy(start), data, REST, seed)


@exhibit(
    "mode-connectivity",
    family="geometry",
    covers=("000a:non-convex",),
    kin={
        "dltui lab run restart-spread": "where descents from many starts end",
        "dltui landscape A --to B": "the way between two checkpoints of your own, with its barrier",
    },
    sources=("Frankle et al. 2020, arXiv:1912.05671", "Ainsworth et al. 2022, arXiv:2209.04836"),
)
def mode_connectivity(
    shared: Annotated[int, Slider(0, 8, help="epochs before two siblings part; 0 for strangers")] = 2,
    align: Annotated[
        bool, Switch(help="also bring the units of the other one into order (git re-basin)")
    ] = True,
    seed: Annotated[int, Slider(0, 99, help="seed of the weights and batches")] = 0,
) -> Iterator[Frame]:
    """The loss on the straight way between two trained networks, siblings beside strangers.

    Try: --shared 0 makes the siblings strangers; --shared 8 leaves no barrier at all.
    Notice: siblings that part after an epoch or two end in one valley, strangers behind a hill; bringing the units of a
    stranger into the order of the other's lowers the hill, though it computes the same as before.

    A is trained, B goes on from A's early weights with another order of batches, C from weights of its own. The barrier
    is the largest rise of the loss over the chord between both ends.
    """
    from dltui.instruments.connectivity.connect import Wishes, connect
    from dltui.lab.geometry.nets import bound, digits

    data = digits(SAMPLES)
    a = _grown(shared, seed, 1000 + 2 * seed)
    others = {  # each is trained when it is its turn
        "sibling": (shared, seed, 1001 + 2 * seed),
        "stranger": (max(1, shared), seed + 500, 5000 + seed),
    }
    wishes = Wishes(steps=13, beyond=0, align=align, seed=seed)
    found: list[Connection] = []
    for name, grown in others.items():
        objective = bound(a, data, title=f"way to a {name}")
        found.append(connect(objective, _grown(*grown), title=name, wishes=wishes))
        numbers: dict[str, Number] = {"shared_epochs": shared}
        for one, who in zip(found, others, strict=False):
            numbers |= {f"{who}_{path}": one.barrier(place) for place, path in enumerate(one.paths)}
            numbers[f"{who}_error"] = one.barrier_error(0)
            numbers[f"{who}_distance"] = float(one.lengths[0])
        told = ", ".join(f"{one.barrier(0):.3g} to a {one.ends[1]}" for one in found)
        figures = [
            replace(figure, title=f"To a {one.ends[1]}: {figure.title.split(' · ')[0]}")
            for one in reversed(found)
            for figure in one.figures()
        ]
        yield Frame(figures=tuple(figures), numbers=numbers, caption=f"barrier {told}", total=2)


@mode_connectivity.check
def siblings_have_no_barrier_and_strangers_do() -> None:
    """Frankle et al. 2020: children of an early checkpoint are linearly connected, independent runs are not."""
    for seed in (0, 1):
        frame = mode_connectivity.last(seed=seed, align=False)
        near, far = (float(frame.numbers[f"{who}_straight"]) for who in ("sibling", "stranger"))  # type: ignore[arg-type]
        assert near < far / 10, f"seed {seed}: {near} to a sibling, {far} to a stranger"
        assert far > 0.1, f"seed {seed}: {far}"


@mode_connectivity.check
def alignment_lowers_the_barrier() -> None:
    """Ainsworth et al. 2022: weight matching lowers the barrier between strangers."""
    frame = mode_connectivity.last()
    straight, aligned = (float(frame.numbers[f"stranger_{way}"]) for way in ("straight", "aligned"))  # type: ignore[arg-type]
    assert aligned < straight, f"{aligned} aligned, {straight} straight"


@mode_connectivity.check
def no_way_to_itself() -> None:
    """A network on the way to itself: no distance, no barrier."""
    from dltui.instruments.connectivity.connect import Wishes, connect
    from dltui.lab.geometry.nets import bound, digits

    net = _grown(1, 0, 1000)
    found = connect(bound(net, digits(SAMPLES)), net, wishes=Wishes(steps=5))
    near("barrier and distance", (found.barrier(0), float(found.lengths[0])), (0, 0), 1e-12)
