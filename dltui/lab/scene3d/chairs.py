"""Chairs as graphs of parts, and a small variational autoencoder whose encoder passes messages along what touches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.lab.remembered import Remembered
from dltui.lab.scene3d.learner import Learner
from dltui.lab.scene3d.turntable import alone
from dltui.scene.parts import Part, attached, contacts

KINDS = ("seat", "back", "armrest", "leg")  # of a part in a graph
SLOTS = ("seat", "back", "arm1", "arm2", "leg1", "leg2", "leg3", "leg4")
KIND_OF = (0, 1, 2, 2, 3, 3, 3, 3)
THICK, ROD, WHEEL, ROLL = (
    0.08,
    0.05,
    0.1,
    0.08,
)  # of seat and back; radii of legs and wheels; height of a wheel
CHAIRS, FOUR = 512, 0.95  # to learn from; share of them that has four legs
LATENT, WIDE, FACES = 4, 64, 10  # numbers of z; units; numbers of a node
STEPS, BATCH, RATE, PRICE, EVERY = 480, 64, 4e-3, 0.01, 60
BOXES = 40.0  # weight of the boxes in the loss


def chair(
    width: float = 1.0,
    depth: float = 0.9,
    leg: float = 0.5,
    back: float = 0.8,
    *,
    arms: bool = True,
    wheels: bool = True,
) -> list[Part]:
    """Return a chair.

    Args:
        width: Of the seat, along x.
        depth: Of the seat, along y.
        leg: Length of a leg.
        back: Height of the back.
        arms: Whether it has armrests.
        wheels: Whether its legs end in wheels.

    Returns:
        Its parts, the seat first.
    """  # fmt: skip
    seat = Part("seat", "box", (width / 2, depth / 2, THICK / 2))
    rest = Part("back", "box", (width / 2, THICK / 2, back / 2))
    found = [seat, attached(rest, seat, 0.0, depth / 2 - THICK / 2, "above")]
    if arms:
        arm = Part("arm", "box", (THICK / 2, depth / 3, THICK / 2))
        for number, x in enumerate((-1.0, 1.0), 1):
            put = attached(arm, found[1], x * (width / 2 - THICK / 2), min(0.3, back / 2) - back / 2, "front")
            found.append(replace(put, name=f"arm{number}"))
    rod = Part("leg", "cylinder", (ROD, ROD, leg / 2))
    corners = [(x * (width / 2 - WHEEL), y * (depth / 2 - WHEEL)) for y in (-1.0, 1.0) for x in (-1.0, 1.0)]
    for number, (x, y) in enumerate(corners, 1):
        found.append(replace(attached(rod, seat, x, y), name=f"leg{number}"))
        if wheels:
            disc = Part(f"wheel{number}", "cylinder", (WHEEL, WHEEL, ROLL / 2))
            found.append(attached(disc, found[-1]))
    return found


def leaf_of(name: str) -> str:
    """Return which leaf of the tree a part belongs to."""
    plain = name.rstrip("0123456789")
    return {"arm": "armrest", "leg": "strut"}.get(plain, plain)


@dataclass(frozen=True, eq=False)
class Graphs:
    """Chairs as tensors, a slot for each part that may be there.

    Attributes:
        there: Which parts are there, shape (n, slots).
        boxes: Middle and half sides of each, shape (n, slots, 6).
        edges: Which parts touch, symmetric, shape (n, slots, slots).
    """

    there: Tensor
    boxes: Tensor
    edges: Tensor

    @property
    def nodes(self) -> Tensor:
        """What is known of each node: its kind and its box, 0 where there is none, shape (n, slots, 10)."""
        kinds = functional.one_hot(torch.tensor(KIND_OF), len(KINDS)).float().expand(len(self.there), -1, -1)
        return torch.cat([kinds, self.boxes], dim=2) * self.there[:, :, None]


@lru_cache(maxsize=4)
def graphs(seed: int) -> Graphs:
    """Return many chairs of random sizes, some without armrests, a few with three legs."""
    draw = np.random.default_rng([seed, 7])
    there = np.zeros((CHAIRS, len(SLOTS)), np.float32)
    boxes = np.zeros((CHAIRS, len(SLOTS), 6), np.float32)
    edges = np.zeros((CHAIRS, len(SLOTS), len(SLOTS)), np.float32)
    for row in range(CHAIRS):
        width, depth, leg, back = draw.uniform((0.7, 0.7, 0.3, 0.5), (1.3, 1.1, 0.8, 1.1))
        parts = chair(width, depth, leg, back, arms=bool(draw.random() < 0.5), wheels=False)
        if draw.random() > FOUR:
            parts.pop()
        slots = [SLOTS.index(part.name) for part in parts]
        there[row, slots] = 1
        boxes[row, slots] = [(*part.middle, *part.half) for part in parts]
        for i, j in contacts(parts):
            edges[row, slots[i], slots[j]] = edges[row, slots[j], slots[i]] = 1
    return Graphs(torch.from_numpy(there), torch.from_numpy(boxes), torch.from_numpy(edges))


class GraphVae(nn.Module):
    """Reads a graph of parts by messages between those that touch, and draws one from a code."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Linear(FACES, WIDE)
        self.own = nn.ModuleList(nn.Linear(WIDE, WIDE) for _ in range(2))
        self.told = nn.ModuleList(nn.Linear(WIDE, WIDE, bias=False) for _ in range(2))
        self.code = nn.Linear(WIDE, 2 * LATENT)
        self.draw = nn.Sequential(nn.Linear(LATENT, WIDE), nn.ReLU(), nn.Linear(WIDE, WIDE), nn.ReLU())
        self.node = nn.Linear(WIDE, len(SLOTS) * (1 + len(KINDS) + 6))
        self.ends = nn.Linear(WIDE, len(SLOTS) * 12)

    def encode(self, nodes: Tensor, edges: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and logarithm of the variance of the codes, each of shape (n, latent)."""
        hidden = torch.relu(self.enter(nodes)) * there[:, :, None]
        for own, told in zip(self.own, self.told, strict=True):
            hidden = torch.relu(own(hidden) + told(edges @ hidden)) * there[:, :, None]
        mean, spread = self.code(hidden.sum(dim=1)).chunk(2, dim=1)
        return mean, spread

    def decode(self, code: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return logits of being there, of kinds, boxes, and logits of edges."""
        hidden = self.draw(code)
        parts = self.node(hidden).unflatten(1, (len(SLOTS), -1))
        ends = self.ends(hidden).unflatten(1, (len(SLOTS), -1))
        one, other = ends.chunk(2, dim=2)
        touch = one @ other.transpose(1, 2)
        touch = touch + touch.transpose(1, 2) - 1
        return parts[:, :, 0], parts[:, :, 1 : 1 + len(KINDS)], parts[:, :, 1 + len(KINDS) :], touch

    def loss(self, some: Graphs, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return how badly graphs come back, and the Kullback-Leibler divergence of the codes."""
        mean, spread = self.encode(some.nodes, some.edges, some.there)
        there, kinds, boxes, edges = self.decode(mean + noise * (spread / 2).exp())
        both = some.there[:, :, None] * some.there[:, None] * (1 - torch.eye(len(SLOTS)))
        back = functional.binary_cross_entropy_with_logits(there, some.there)
        labels = torch.tensor(KIND_OF).expand(len(mean), -1)
        wrong = functional.cross_entropy(kinds.flatten(0, 1), labels.flatten(), reduction="none")
        back = back + (wrong * some.there.flatten()).mean()
        back = back + BOXES * (((boxes - some.boxes) ** 2).mean(dim=2) * some.there).mean()
        touch = functional.binary_cross_entropy_with_logits(edges, some.edges, reduction="none")
        back = back + (touch * both).mean()
        divergence = 0.5 * (spread.exp() + mean**2 - 1 - spread).sum(dim=1).mean()
        return back, divergence

    @torch.no_grad()
    def chairs(self, code: Tensor) -> list[tuple[list[Part], list[tuple[int, int]]]]:
        """Return the parts and edges that codes stand for."""
        there, kinds, boxes, edges = self.decode(code)
        found = []
        for row in range(len(code)):
            slots = [slot for slot in range(len(SLOTS)) if there[row, slot] > 0]
            parts = []
            for slot in slots:
                kind = KINDS[int(kinds[row, slot].argmax())]
                x, y, z, a, b, c = boxes[row, slot].tolist()
                half = (max(a, 0.01), max(b, 0.01), max(c, 0.01))
                if kind == "leg":
                    half = (max((a + b) / 2, 0.01),) * 2 + (half[2],)
                parts.append(Part(f"{kind}{slot}", "cylinder" if kind == "leg" else "box", half, (x, y, z)))
            joined = [
                (i, j)
                for i in range(len(slots))
                for j in range(i + 1, len(slots))
                if edges[row, slots[i], slots[j]] > 0
            ]
            found.append((parts, joined))
        return found


@dataclass(frozen=True, eq=False)
class Learnt:
    """The network after some steps.

    Attributes:
        step: Steps made.
        back: How badly graphs come back, at every moment so far.
        divergence: Of the codes, likewise.
        state: Weights.
    """

    step: int
    back: tuple[float, ...]
    divergence: tuple[float, ...]
    state: dict[str, Tensor]

    def network(self) -> GraphVae:
        """Return the network with these weights."""
        found = GraphVae()
        found.load_state_dict(self.state)
        return found


@lru_cache(maxsize=4)
def learnt(seed: int) -> Remembered[Learnt]:
    """Return the moments of a training."""
    return alone(lambda: _learning(seed))


def _learning(seed: int) -> Iterator[Learnt]:
    """Train the network, and keep it now and then."""
    whole = graphs(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = GraphVae()
    draw = torch.Generator().manual_seed(seed)
    learner = Learner(network, RATE)
    back: list[float] = []
    divergence: list[float] = []
    for step in range(STEPS + 1):
        rows = torch.randint(CHAIRS, (BATCH,), generator=draw)
        some = Graphs(whole.there[rows], whole.boxes[rows], whole.edges[rows])
        wrong, apart = network.loss(some, torch.randn(BATCH, LATENT, generator=draw))
        if step % EVERY == 0:
            back.append(float(wrong.detach()))
            divergence.append(float(apart.detach()))
            state = {name: part.detach().clone() for name, part in network.state_dict().items()}
            yield Learnt(step, tuple(back), tuple(divergence), state)
        learner.step(wrong + PRICE * apart, step / STEPS)


def legs_on_seat(parts: list[Part], joined: list[tuple[int, int]]) -> int:
    """Return how many legs have an edge to the one seat; −1 where there isn't one seat."""
    seats = [i for i, part in enumerate(parts) if part.name.startswith("seat")]
    if len(seats) != 1:
        return -1
    return sum(seats[0] in pair and any(parts[i].name.startswith("leg") for i in pair) for pair in joined)
