"""Networks that are shapes, trained live: one tells distances, one how likely a place lies inside.

Shape letters in this file: S shapes, P points of a cloud, Q places, C numbers of a code.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dltui.data.distances import FAMILIES, Distance, drawn_shapes, near_surface
from dltui.data.shapes3d_fields import BLUR, BOX
from dltui.device import seeded, threads
from dltui.lab.remembered import Remembered
from dltui.models.deepsdf import DeepSdf
from dltui.scene.remake import searched_code

Doubles = NDArray[np.float64]

KINDS = [family.__name__ for family in FAMILIES]
SHAPES = ("sphere", "box", "torus")
CODE, WIDTH = 8, 64
SPREAD = (
    0.1  # standard deviation of the numbers of a fresh code; codes further apart are not found back from 0
)
PLACES = 140  # of each shape in a batch
SHARP = 20.0  # logit of the occupancy over what the network gives, which is within −1 … 1
NEAR, ANYWHERE, SURFACE = 4000, 2000, 2000  # places and points that are drawn of each shape
RATES = {"distance": 4e-3, "occupancy": 6e-3}
WARM = 50  # batches over which rates rise: a clamped loss may not find back from a first step too far
FRAMES = 4
CHUNK = 16_384
SLOPES = 100  # places at which the gradient is asked for


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known of the shapes.

    Attributes:
        distances: Exact signed distance to each.
        places: Places around each, nine tenths near its surface, (S, Q, 3).
        values: The distances there, (S, Q).
        surface: Points on each, (S, P, 3).
    """

    distances: list[Distance]
    places: Tensor
    values: Tensor
    surface: Tensor


@lru_cache(maxsize=8)
def truth(seed: int) -> Truth:
    """Return three shapes whose sizes are drawn, with places around them."""
    draw, shapes = (
        np.random.default_rng([seed, 31]),
        [drawn_shapes(seed, len(KINDS))[KINDS.index(name)] for name in SHAPES],
    )
    places, surface = [], []
    for shape in shapes:
        around = near_surface(shape, draw, NEAR, BOX, BLUR)
        found = np.concatenate([around, draw.uniform(-BOX, BOX, (ANYWHERE, 3))])
        places.append(found[draw.permutation(len(found))])
        surface.append(near_surface(shape, draw, SURFACE, BOX, 0))
    values = [shape(spots) for shape, spots in zip(shapes, places, strict=True)]
    return Truth(
        shapes, *(torch.from_numpy(np.array(part, np.float32)) for part in (places, values, surface))
    )


@dataclass(frozen=True, eq=False)
class Look:
    """The training at one moment.

    Attributes:
        step: Batches that were learnt from.
        nets: The networks at this moment, in eval mode: ``distance`` and ``occupancy``.
        losses: Loss of both at the last batch; NaN before the first.
    """

    step: int
    nets: dict[str, DeepSdf]
    losses: tuple[float, float]

    def code(self, net: str, shape: int) -> Tensor:
        """Return the code of a shape that a network has learnt, (C,)."""
        return self.nets[net].codes.weight[shape].detach()

    def field(self, net: str, code: Tensor) -> Callable[[Doubles], Doubles]:
        """Return a function that is below 0 inside: the distance, or ½ less the probability of being inside."""

        def asked(places: Doubles) -> Doubles:
            flat, module = torch.from_numpy(places.reshape(-1, 3).astype(np.float32)), self.nets[net]
            with torch.no_grad(), threads(1):
                told = torch.cat([
                    module.decode(code.expand(len(q), -1), q)[:, 0] for q in torch.split(flat, CHUNK)
                ])
            found = told.double() if net == "distance" else 0.5 - (-SHARP * told.double()).sigmoid()
            values: Doubles = found.numpy().reshape(places.shape[:-1])
            return values

        return asked

    def slopes(self, shape: int, seed: int) -> Doubles:
        """Return ‖∇f‖ of DeepSDF at places near the surface of a shape."""
        places = truth(seed).places[shape, :SLOPES].clone().requires_grad_()
        with torch.enable_grad(), threads(1):
            told = self.nets["distance"].decode(self.code("distance", shape).expand(SLOPES, -1), places)
            (slope,) = torch.autograd.grad(told.sum(), places)
        lengths: Doubles = slope.norm(dim=1).double().numpy()
        return lengths


@lru_cache(maxsize=8)
def training(steps: int, clamp: float, eikonal: float, seed: int) -> Remembered[Look]:
    """Train both networks on three shapes.

    Args:
        steps: Batches.
        clamp: Distances are compared within this.
        eikonal: Weight of (‖∇f‖ − 1)² in DeepSDF's loss.
        seed: Seed of shapes, weights and batches.

    Returns:
        Looks before training, at some steps, and after the last one.
    """
    return Remembered(lambda: _training(steps, clamp, eikonal, seed))


def _training(steps: int, clamp: float, eikonal: float, seed: int) -> Iterator[Look]:
    """Yield the looks."""
    nets = {name: _fresh(seed) for name in RATES}
    rules = {
        name: torch.optim.Adam(net.parameters(), RATES[name], betas=(0.9, 0.99), foreach=True)
        for name, net in nets.items()
    }
    draw, losses, known = torch.Generator().manual_seed(seed), (np.nan, np.nan), truth(seed)
    stops = np.unique(np.linspace(0, steps, min(FRAMES, steps) + 1).astype(int)).tolist()
    for step in range(steps + 1):
        if step:
            with threads(1):
                for name, rule in rules.items():
                    rule.param_groups[0]["lr"] = RATES[name] * (1 - (step - 1) / steps) * min(1, step / WARM)
                one = _measured(nets["distance"], rules["distance"], known, clamp, eikonal, draw)
                losses = one, _filled(nets["occupancy"], rules["occupancy"], known, draw)
        if step in stops:
            yield Look(step, copy.deepcopy(nets), losses)


def _fresh(seed: int) -> DeepSdf:
    """Return a fresh network that answers about 0 everywhere: an answer beyond the clamp would leave no gradient."""
    with seeded(seed):
        net = DeepSdf(len(SHAPES), code=CODE, width=WIDTH, dropout=0.0)
        nn.init.normal_(net.codes.weight, std=SPREAD)
        for layer in net.layers:  # torch's own start lets eight layers fade
            assert isinstance(layer, nn.Linear)
            layer.weight = nn.init.kaiming_normal_(torch.empty(layer.out_features, layer.in_features))
            nn.init.zeros_(layer.bias)
        nn.init.normal_(net.head.weight, std=1e-2)
        nn.init.zeros_(net.head.bias)
    return net


def _measured(
    net: DeepSdf,
    rule: torch.optim.Optimizer,
    known: Truth,
    clamp: float,
    eikonal: float,
    draw: torch.Generator,
) -> float:
    """Take one step of DeepSDF and return its loss."""
    q, d = _some(known, draw)
    numbers = torch.arange(len(SHAPES)).repeat_interleave(PLACES)
    rule.zero_grad()
    told = net.decode(net.codes(numbers), q.flatten(0, 1))[:, 0]
    loss = (told.clamp(-clamp, clamp) - d.flatten().clamp(-clamp, clamp)).abs().mean() + net.penalty()
    if eikonal:
        some = q[:, : PLACES // 4].flatten(0, 1).clone().requires_grad_()
        heights = net.decode(net.codes(numbers[::4]), some)
        (slope,) = torch.autograd.grad(heights.sum(), some, create_graph=True)
        loss = loss + eikonal * (slope.norm(dim=1) - 1).square().mean()
    loss.backward()  # type: ignore[no-untyped-call]
    rule.step()
    return float(loss.detach())


def _filled(net: DeepSdf, rule: torch.optim.Optimizer, known: Truth, draw: torch.Generator) -> float:
    """Take one step of the occupancy network and return its loss."""
    q, d = _some(known, draw)
    numbers = torch.arange(len(SHAPES)).repeat_interleave(PLACES)
    rule.zero_grad()
    logits = -SHARP * net.decode(net.codes(numbers), q.flatten(0, 1))[:, 0]
    inside = (d.flatten() < 0).float()
    loss = nn.functional.binary_cross_entropy_with_logits(logits, inside) + net.penalty()
    loss.backward()  # type: ignore[no-untyped-call]
    rule.step()
    return float(loss.detach())


def _some(known: Truth, draw: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return places around all shapes, (S, Q, 3), and the distances there, (S, Q)."""
    rows = torch.randint(known.places.shape[1], (len(SHAPES), PLACES), generator=draw)
    return known.places.gather(1, rows[..., None].expand(-1, -1, 3)), known.values.gather(1, rows)


@lru_cache(maxsize=16)
def halved(shape: int, hidden: float, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return what is left of a shape when a share of it, of the largest x, is hidden; a side of a box never in part.

    Args:
        shape: Its number.
        hidden: The share of its surface.
        seed: Seed of the shapes.

    Returns:
        Points of the surface that are seen, places near these, and the distances there.
    """
    known = truth(seed)
    edge = float(torch.quantile(known.surface[shape, :, 0], 1 - hidden))
    surface, places, values = known.surface[shape], known.places[shape], known.values[shape]
    near = (places[:, 0] <= edge) & (values.abs() < 2 * BLUR)
    return surface[surface[:, 0] <= edge], places[near][:400], values[near][:400]


def completed(look: Look, shape: int, hidden: float, seed: int) -> Tensor:
    """Return the code with which DeepSDF explains what is seen of a shape best, (C,)."""
    _, places, values = halved(shape, hidden, seed)
    with threads(1):
        return searched_code(look.nets["distance"], places, values[:, None])
