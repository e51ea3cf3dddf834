"""The points of a cloud that a PointNet's maximum takes, and what its answers stand.

Qi, Su, Mo and Guibas 2017, section 4.3 (theorem 2): features of the whole cloud hang on its critical points alone, and
stay the same for every cloud between these and the upper-bound shape.

Shape letters in this file: B batch, N points, F features.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dltui.device import pick_device
from dltui.errors import UsageError
from dltui.instruments.features.layers import forward
from dltui.models.pointnet import MaxOverPoints
from dltui.objective.undisturbed import undisturbed
from dltui.progress import Report, silent
from dltui.results.critical import CriticalPoints, rotation

if TYPE_CHECKING:
    from dltui.checkpoints.live import LiveModel
    from dltui.data.inputs import Given

SHUFFLES = 16  # orders of the points that are tried
BATCH = 32  # clouds at once
SIDE = 28  # places along each side of the box that the upper-bound shape is looked for in
CHUNK = 4096  # of those at once
NOISES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3)
DEGREES = tuple(range(0, 181, 15))
AXES = ("y", "x")
BEST = 3  # answers that are told


@dataclass(frozen=True)
class Pooled:
    """What a network's maxima over points saw.

    Attributes:
        inputs: Features of every point, one (B, N, F) for each maximum, in the order of the calls.
        output: What the network gave, (B, K).
    """

    inputs: tuple[Tensor, ...]
    output: Tensor

    @property
    def maxima(self) -> list[Tensor]:
        """Features of the whole clouds, one (B, F) for each maximum."""
        return [one.amax(dim=1) for one in self.inputs]

    def taken(self) -> Tensor:
        """Return how many features each point gives, (B, N); what is the same for all points hangs on none."""
        counts = torch.zeros(self.inputs[0].shape[:2], dtype=torch.long, device=self.output.device)
        for one in self.inputs:
            told = one.amax(dim=1) > one.amin(dim=1)
            counts.scatter_add_(1, one.argmax(dim=1), told.long())
        return counts


def critical(
    live: LiveModel,
    given: Given,
    samples: NDArray[Any],
    answers: NDArray[Any],
    *,
    seed: int = 0,
    device: str = "cpu",
    report: Report = silent,
) -> CriticalPoints:
    """Find the critical points of one cloud, and try how well a network bears shuffling, loss, noise and turning.

    Args:
        live: A network that takes maxima over points (``MaxOverPoints``); it is left as found.
        given: A cloud.
        samples: Clouds on which accuracy is measured, shape (n, N, 3).
        answers: Their classes, shape (n,).
        seed: Seed of orders, drops and noise.
        device: Where to compute.
        report: Is told after every measurement.

    Returns:
        The critical points, the upper-bound shape, and curves of accuracy.

    Raises:
        UsageError: If the network takes no maximum over points, or the answers are no classes.
    """
    check(live)
    if answers.ndim != 1 or answers.dtype.kind != "i":
        raise UsageError("accuracy needs classes to be right about: try --data shapes3d")
    place = pick_device(device)
    with undisturbed(live.module) as module, torch.no_grad():
        module.to(place).eval()
        x = given.tensor.to(place)
        whole = pooled(module, x)
        counts = whole.taken()[0]
        alone = pooled(module, x[:, _or_one(counts > 0)])
        drift = max(float((a - b).abs().max()) for a, b in zip(whole.maxima, alone.maxima, strict=True))
        tries = _tries(module, x, whole.output, counts, seed)
        curves = _curves(module, torch.from_numpy(samples).to(place), answers, seed, report)
        names = live.takes.classes
        return CriticalPoints(
            title=f"{live.title}, {given.title}",
            model=live.title,
            weights=live.weights_note,
            given=given.title,
            label="" if given.label is None or not names else names[given.label],
            cloud=x[0].cpu().numpy(),
            counts=counts.cpu().numpy(),
            upper=upper_bound(module, x).cpu().numpy(),
            features=[one.shape[-1] for one in whole.inputs],
            answers=_answers(whole.output[0], names),
            classes=list(names) or [str(at) for at in range(whole.output.shape[1])],
            features_change=drift,
            output_change=float((whole.output - alone.output).abs().max()),
            same_answer=bool(whole.output.argmax() == alone.output.argmax()),
            samples=len(samples),
            **tries,
            **curves,
        )


def check(live: LiveModel) -> None:
    """Refuse a network in which no point can be critical.

    Args:
        live: The network.

    Raises:
        UsageError: If it takes no maximum over points.
    """
    if not any(isinstance(part, MaxOverPoints) for part in live.module.modules()):
        raise UsageError(f"{live.title} takes no maximum over points, so none is critical: try pointnet")


def pooled(module: nn.Module, x: Tensor) -> Pooled:
    """Run a network on clouds and return what its maxima over points saw.

    Args:
        module: The network, in evaluation mode.
        x: Clouds, (B, N, 3).

    Returns:
        Features of every point, and the output.
    """
    seen: list[Tensor] = []
    handles = [
        part.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach().clone()))
        for part in module.modules()
        if isinstance(part, MaxOverPoints)
    ]
    try:
        output = forward(module, x)
    finally:
        for handle in handles:
            handle.remove()
    return Pooled(tuple(seen), output)


def upper_bound(module: nn.Module, x: Tensor) -> Tensor:
    """Return places that could be added to a cloud without a change of any maximum.

    Args:
        module: The network, in evaluation mode.
        x: One cloud, (1, N, 3).

    Returns:
        Those of a grid in a box a fifth larger than the cloud, (M, 3).
    """
    count = x.shape[1]
    low, high = x[0].amin(dim=0), x[0].amax(dim=0)
    spare = 0.1 * (high - low).max()
    lines = [torch.linspace(float(a), float(b), SIDE) for a, b in zip(low - spare, high + spare, strict=True)]
    grid = torch.cartesian_prod(*lines).to(x)
    found = []
    for part in torch.split(grid, CHUNK):
        with _only(module, count):
            seen = pooled(module, torch.cat([x, part[None]], dim=1))
        fits = torch.ones(len(part), dtype=torch.bool, device=x.device)
        for one in seen.inputs:
            fits &= (one[0, count:] <= one[0, :count].amax(dim=0)).all(dim=-1)
        found.append(part[fits])
    return torch.cat(found)


@contextmanager
def _only(module: nn.Module, count: int) -> Iterator[None]:
    """Let all maxima go over the first points alone while this lasts."""

    def first(_: nn.Module, inputs: tuple[Tensor, ...], __: Tensor) -> Tensor:
        return inputs[0][:, :count].amax(dim=1)

    handles = [
        part.register_forward_hook(first) for part in module.modules() if isinstance(part, MaxOverPoints)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _or_one(chosen: Tensor) -> Tensor:
    """Return which points are kept: at least the first."""
    kept = chosen.clone()
    kept[0] |= ~chosen.any()
    return kept


def _halves(count: int) -> list[int]:
    """Return a number of points, half of it, and so on down to two."""
    return [count >> i for i in range(count.bit_length()) if count >> i >= 2] or [count]


def _tries(module: nn.Module, x: Tensor, output: Tensor, counts: Tensor, seed: int) -> dict[str, Any]:
    """Return what a network says of one cloud, shuffled, thinned out and turned, by names of fields of the result."""
    draw, count = torch.Generator().manual_seed(seed), x.shape[1]
    orders = torch.stack([torch.randperm(count, generator=draw) for _ in range(SHUFFLES)]).to(x.device)
    mixed = torch.cat([module(x[:, order]) for order in orders])
    drops = torch.stack([torch.randperm(count, generator=draw).to(x.device), counts.argsort(stable=True)])
    fewer = torch.stack([torch.cat([module(x[:, rows[:most]]) for most in _halves(count)]) for rows in drops])
    turned = torch.stack([
        torch.cat([module(x @ _turn(axis, degrees, x).T) for degrees in DEGREES]) for axis in AXES
    ])
    likely = (one.double().softmax(dim=-1).cpu().numpy() for one in (mixed, fewer, turned))
    return {
        "shuffles": SHUFFLES,
        "shuffled": float((mixed - output).abs().max()),
        "orders": orders.cpu().numpy(),
        "drops": drops.cpu().numpy(),
        **dict(zip(("by_order", "by_drop", "by_turn"), likely, strict=True)),
    }


def _answers(scores: Tensor, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the likeliest answers."""
    likely = scores.double().softmax(dim=0)
    best = likely.topk(min(BEST, len(likely)))
    told = zip(best.indices.tolist(), best.values.tolist(), strict=True)
    return [
        {"number": at, "name": names[at] if names else str(at), "probability": share} for at, share in told
    ]


def _curves(module: nn.Module, x: Tensor, answers: NDArray[Any], seed: int, report: Report) -> dict[str, Any]:
    """Return accuracy over kept points, noise and turning, by the names of fields of the result."""
    count, y = x.shape[1], torch.from_numpy(answers).to(x.device)
    draw = torch.Generator().manual_seed(seed)
    kept = _halves(count)
    order = torch.rand(x.shape[:2], generator=draw).argsort(dim=1).to(x.device)
    worth = torch.cat([pooled(module, part).taken() for part in torch.split(x, BATCH)]).argsort(
        dim=1, stable=True
    )
    blur = torch.randn(x.shape, generator=draw).to(x)
    trials = [_some(x, rows[:, :most]) for rows in (order, worth) for most in kept]
    trials += [x + sigma * blur for sigma in NOISES]
    trials += [x @ _turn(axis, degrees, x).T for axis in AXES for degrees in DEGREES]
    found = np.empty(len(trials))
    for at, clouds in enumerate(trials):
        right = [module(part).argmax(dim=1) for part in torch.split(clouds, BATCH)]
        found[at] = float((torch.cat(right) == y).double().mean())
        report(at + 1, len(trials), None)
    dropped, blurred, turned = np.split(found, [2 * len(kept), 2 * len(kept) + len(NOISES)])
    return {
        "kept": np.array(kept, float),
        "by_kept": dropped.reshape(2, -1),
        "noises": np.array(NOISES),
        "by_noise": blurred,
        "degrees": np.array(DEGREES, float),
        "by_degrees": turned.reshape(2, -1),
    }


def _some(x: Tensor, rows: Tensor) -> Tensor:
    """Return the chosen points of every cloud."""
    return x.gather(1, rows[..., None].expand(-1, -1, x.shape[2]))


def _turn(axis: str, degrees: float, like: Tensor) -> Tensor:
    """Return the rotation about an axis, (3, 3)."""
    return torch.from_numpy(rotation(axis, degrees)).to(like)
