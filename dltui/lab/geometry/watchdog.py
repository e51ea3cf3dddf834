"""A training run with a watchdog: it flags what is not finite and what jumps, and does something about it."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

import torch
from torch import nn

from dltui.device import seeded, threads
from dltui.lab.geometry.nets import digits, perceptron

WINDOW = 10  # readings that a new one is held against
LOSS_JUMP, SLOPE_JUMP = 3.0, 10.0  # times their median: a spike
BATCH, WIDTH = 60, 32
KEPT = 5  # steps between two snapshots
TROUBLE = 30  # step at which the rate goes wrong
REMEDIES = ("none", "cut the rate", "clip", "roll back")


def flag(losses: Sequence[float], slopes: Sequence[float]) -> str:
    """Return what is wrong with the newest reading, or nothing.

    Args:
        losses: Loss of each step so far.
        slopes: Length of the gradient of each step so far.

    Returns:
        A few words; empty where all is well, or there are too few readings to tell.
    """
    loss, slope = losses[-1], slopes[-1]
    if not math.isfinite(loss):
        return "loss is not finite"
    if not math.isfinite(slope):
        return "gradient is not finite"
    if len(losses) <= WINDOW:
        return ""
    before, around = median(losses[-WINDOW - 1 : -1]), median(slopes[-WINDOW - 1 : -1])
    if loss > LOSS_JUMP * before:
        return f"loss {loss / before:.3g} × its median"
    if slope > SLOPE_JUMP * around:
        return f"gradient {slope / around:.3g} × its median"
    return ""


@dataclass
class Run:
    """A run and what the watchdog said.

    Attributes:
        remedy: What is done at the first flag.
        losses: Loss of the batch of each step.
        slopes: Length of its gradient.
        flagged: Step of the first flag, or None.
        reason: What it said.
        ended: Step at which numbers ended, or None.
    """

    remedy: str
    losses: list[float] = field(default_factory=list)
    slopes: list[float] = field(default_factory=list)
    flagged: int | None = None
    reason: str = ""
    ended: int | None = None


def watched(remedy: str, rate: float, factor: float, steps: int, seed: int) -> Iterator[Run]:
    """Train a small network on digits; from one step on the rate is too large by a factor. Yields after every step.

    Args:
        remedy: One of ``REMEDIES``: done once, at the first flag.
        rate: Learning rate η.
        factor: What it is multiplied by from step ``TROUBLE`` on.
        steps: Steps in all.
        seed: Seed of weights and batches.

    Yields:
        The same run, longer each time; it ends where loss or gradient are not finite and nothing helps.
    """
    data = digits(600)
    x, y = torch.from_numpy(data.x_train), torch.from_numpy(data.y_train)
    with seeded(seed):
        net = perceptron(WIDTH, 10, depth=2)
    order, run, kept = torch.Generator().manual_seed(seed), Run(remedy), copy.deepcopy(net.state_dict())
    clip, helped = math.inf, 1.0
    with threads(1):
        for step in range(steps):
            rows = torch.randperm(len(x), generator=order)[:BATCH]
            net.zero_grad()
            loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
            loss.backward()  # type: ignore[no-untyped-call]
            norm = float(nn.utils.get_total_norm([p.grad for p in net.parameters() if p.grad is not None]))
            run.losses.append(float(loss.detach()))
            run.slopes.append(norm)
            said = flag(run.losses, run.slopes) if run.flagged is None else ""
            if said:
                run.flagged, run.reason = step, said
                clip = median(run.slopes[-WINDOW - 1 : -1]) if remedy == "clip" else clip
                helped = 1 / factor if remedy in {"cut the rate", "roll back"} else helped
                if remedy == "roll back":
                    net.load_state_dict(kept)
                    yield run
                    continue
            if not (math.isfinite(run.losses[-1]) and math.isfinite(norm)):
                run.ended = step
                yield run
                return
            if run.flagged is None and not step % KEPT:
                kept = copy.deepcopy(net.state_dict())
            now = rate * (factor if step >= TROUBLE else 1.0) * helped
            shorter = min(1.0, clip / norm) if norm else 1.0
            with torch.no_grad():
                for parameter in net.parameters():
                    parameter.sub_(parameter.grad, alpha=now * shorter)  # type: ignore[arg-type]
            yield run
