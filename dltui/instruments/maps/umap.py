"""The layout of UMAP: neighbours pull, points drawn at random push (McInnes, Healy, Melville 2018, arXiv:1802.03426).

Two points at the distance d in the plane are neighbours with probability 1 / (1 + a d^2b); a and b follow from the
least distance at which points are packed. Every edge of the graph is drawn in proportion to its weight, and with each
draw five points that push. Draws are taken in handfuls with about one for every point, so that what is done at once is
what one draw after the other would do nearly as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

PUSHES = 5  # points that push, for every pull
MOST = 4.0  # how far one draw moves a point along an axis, times the rate
EXTENT = 10.0  # of the first layout to either side
NEAR = 1e-3  # added to squared distances of points that push, so that none is thrown to infinity


@dataclass(frozen=True)
class Curve:
    """1 / (1 + a d^2b).

    Attributes:
        a: Steepness.
        b: Half the power of the distance.
    """

    a: float
    b: float


def curve(min_dist: float, spread: float = 1.0) -> Curve:
    """Return the curve that comes nearest to 1 up to ``min_dist`` and exp(−(d − min_dist) / spread) beyond.

    Least squares over 300 distances up to three times the spread, by Gauss and Newton's steps, damped where they fail.

    Args:
        min_dist: Distance below which points count as packed.
        spread: How far the layout spreads.

    Returns:
        The curve.
    """
    d = np.linspace(0, 3 * spread, 300)[1:]  # at 0 every curve is 1
    wanted = np.where(d < min_dist, 1.0, np.exp(-(d - min_dist) / spread))
    logs, at = np.log(d), np.array([0.0, 0.0])  # log a, log b
    damping, loss = 1e-3, np.inf
    for _ in range(200):
        a, b = np.exp(at)
        power = a * d ** (2 * b)
        found = 1 / (1 + power)
        rest = wanted - found
        slope = -(found**2) * power
        steep = np.stack([slope, slope * 2 * b * logs], 1)
        now = float(rest @ rest)
        damping = damping / 3 if now < loss else damping * 4
        loss = min(loss, now)
        hessian = steep.T @ steep
        step = np.linalg.solve(hessian + damping * np.diag(np.diag(hessian)), steep.T @ rest)
        at = at + step
        if np.abs(step).max() < 1e-10:
            break
    return Curve(*(float(value) for value in np.exp(at)))


def spectral_start(graph: Tensor, fallback: Tensor, generator: torch.Generator) -> Tensor:
    """Return a first layout: the two smoothest functions on the graph that aren't constant.

    Args:
        graph: Weights, shape (n, n).
        fallback: A layout of shape (n, 2) where the graph falls into parts.
        generator: Of the jitter that parts points at one place.

    Returns:
        Shape (n, 2), within ±10.
    """
    degree = graph.sum(1).clamp_min(1e-12).rsqrt()
    values, vectors = torch.linalg.eigh(degree[:, None] * graph * degree[None, :])
    connected = float(1 - values[-2]) > 1e-5
    start = vectors[:, [-2, -3]] if connected else fallback - fallback.mean(0)
    start = start / start.abs().max().clamp_min(1e-12) * EXTENT
    return start + 1e-4 * torch.randn(start.shape, generator=generator).to(start)


def umap(
    graph: Tensor,
    start: Tensor,
    shape: Curve,
    *,
    epochs: int,
    generator: torch.Generator,
    watch: Callable[[int, Tensor], None] | None = None,
) -> Tensor:
    """Return places in the plane that are near where the graph has edges.

    Args:
        graph: Weights, shape (n, n), symmetric.
        start: First places, shape (n, 2).
        shape: How probability falls with distance.
        epochs: The heaviest edge is drawn so often.
        generator: Of all draws, on the CPU.
        watch: Called after every epoch with its number and the places.

    Returns:
        Shape (n, 2).
    """
    heads, tails = (graph > graph.max() / epochs).nonzero(as_tuple=True)
    pause = graph.max() / graph[heads, tails]  # epochs between two draws of an edge
    due = pause.clone()
    y, count = start.clone(), len(start)
    for epoch in range(1, epochs + 1):
        rate = 1 - (epoch - 1) / epochs
        drawn = (due <= epoch).nonzero()[:, 0]
        due[drawn] += pause[drawn]
        drawn = drawn[torch.randperm(len(drawn), generator=generator).to(drawn.device)]
        for some in torch.split(drawn, max(1, count // 2)):
            _pull(y, heads[some], tails[some], shape, rate)
            others = torch.randint(count, (len(some) * PUSHES,), generator=generator).to(y.device)
            _push(y, heads[some].repeat_interleave(PUSHES), others, shape, rate)
        if watch is not None:
            watch(epoch, y)
    return y


def crossing(graph: Tensor, y: Tensor, shape: Curve) -> float:
    """Return what the draws lower on average, a pair of points.

    −p log q − w log(1 − q) with q = 1 / (1 + a d^2b): p pulls; the push of points that are drawn at random has the
    weight w_ij = m (dᵢ + dⱼ) / 4n, m pushes a pull, dᵢ = Σⱼ p_ij (after Damrich and Hamprecht 2021, arXiv:2103.14608),
    and not the 1 − p of the cross-entropy that UMAP sets out from.

    Args:
        graph: p, shape (n, n).
        y: Places, shape (n, 2).
        shape: How q falls with distance.

    Returns:
        The mean over pairs, in nats.
    """
    count = len(y)
    total, degree = 0.0, graph.sum(1) * PUSHES / (4 * count)
    for rows in torch.split(torch.arange(count, device=y.device), 256):
        apart = (y[rows, None] - y[None]).square().sum(-1)
        found = 1 / (1 + shape.a * apart**shape.b)
        p = graph[rows]
        pushed = degree[rows, None] + degree[None]
        lost = p * found.log() + pushed * torch.log((1 - found).clamp_min(1e-4))
        lost[torch.arange(len(rows)), rows] = 0
        total -= float(lost.sum())
    return total / (count * (count - 1))


def _pull(y: Tensor, heads: Tensor, tails: Tensor, shape: Curve, rate: float) -> None:
    """Draw the ends of edges together: the gradient of log 1 / (1 + a d^2b)."""
    apart = y[heads] - y[tails]
    square = (apart * apart).sum(1).clamp_min(1e-12)
    power = shape.a * square**shape.b
    step = (-2 * shape.b * power / (square * (1 + power)))[:, None] * apart
    step.clamp_(-MOST, MOST).mul_(rate)
    y.index_add_(0, heads, step)
    y.index_add_(0, tails, -step)


def _push(y: Tensor, heads: Tensor, others: Tensor, shape: Curve, rate: float) -> None:
    """Push points from others: the gradient of log (1 − 1 / (1 + a d^2b))."""
    apart = y[heads] - y[others]
    square = (apart * apart).sum(1)
    strength = 2 * shape.b / ((NEAR + square) * (1 + shape.a * square**shape.b))
    step = (strength[:, None] * apart).clamp_(-MOST, MOST).mul_(rate)
    y.index_add_(0, heads, step)
