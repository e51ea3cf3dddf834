"""A recurrent network on Hamlet whose gradient explodes, trained with and without clipping."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from dltui.data import load
from dltui.descent.clip import TINY, clipped
from dltui.device import seeded, threads

Array = NDArray[np.float64]

WIDTH, LENGTH, BATCH, STEPS, LETTERS = 32, 32, 8, 60, 65


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes:
        losses: The loss on each batch, before its step, as long as it was finite.
        norms: The length of each gradient, before clipping.
        applied: The length of what was stepped by.
        ended: Why it ended early, or nothing.
    """

    losses: Array
    norms: Array
    applied: Array
    ended: str = ""


class Recurrent(nn.Module):
    """h ← ReLU(Ue + Wh) over the letters, and logits of the next letter; W begins as ``gain`` times a rotation."""

    def __init__(self, gain: float) -> None:
        super().__init__()
        self.letter, self.enter = nn.Embedding(LETTERS, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.again, self.leave = nn.Linear(WIDTH, WIDTH, bias=False), nn.Linear(WIDTH, LETTERS)
        nn.init.orthogonal_(self.again.weight, gain)

    def forward(self, letters: Tensor) -> Tensor:
        """Map letters, shape (batch, length), to logits, shape (batch, length, 65)."""
        pushed = self.enter(self.letter(letters))
        h, states = torch.zeros_like(pushed[:, 0]), []
        for t in range(letters.shape[1]):
            h = torch.relu(pushed[:, t] + self.again(h))
            states.append(h)
        found: Tensor = self.leave(torch.stack(states, 1))
        return found


def shorten(parameters: list[nn.Parameter], threshold: float | None) -> tuple[float, float]:
    """Clip the gradients of all parameters as one vector, and return its length before and after."""
    slopes = [part.grad for part in parameters if part.grad is not None]
    flat = torch.cat([one.flatten() for one in slopes]).double().numpy()
    after = flat if threshold is None else clipped(flat, threshold, tiny=TINY)
    place = 0
    for one in slopes:
        one.copy_(torch.from_numpy(after[place : place + one.numel()]).view_as(one))
        place += one.numel()
    return float(np.linalg.norm(flat)), float(np.linalg.norm(after))


@lru_cache(maxsize=64)
def trained(threshold: float | None, gain: float, lr: float, seed: int) -> Run:
    """Train by plain SGD, with gradients clipped or not.

    Args:
        threshold: Longest gradient, or None for any.
        gain: How much the recurrent matrix stretches at first.
        lr: Learning rate η.
        seed: Seed of weights and batches.

    Returns:
        The run; it ends early, and says why, where a loss or a gradient is not finite.
    """
    data = load("hamlet")
    x, y = torch.from_numpy(data.x_train)[:, :LENGTH], torch.from_numpy(data.y_train)[:, :LENGTH]
    losses, norms, applied, ended = [], [], [], ""
    with seeded(seed), threads(1):
        net = Recurrent(gain)
        parameters = list(net.parameters())
        optimizer = torch.optim.SGD(parameters, lr)
        for step in range(STEPS):
            rows = torch.randint(len(x), (BATCH,))
            optimizer.zero_grad()
            loss = functional.cross_entropy(net(x[rows]).flatten(0, 1), y[rows].flatten())
            loss.backward()  # type: ignore[no-untyped-call]
            before, after = shorten(parameters, threshold)
            if not (np.isfinite(loss.item()) and np.isfinite(before)):
                what = "loss" if not np.isfinite(loss.item()) else "gradient"
                ended = f"lost at step {step}: the {what} is not a finite number any more"
                break
            losses.append(loss.item())
            norms.append(before)
            applied.append(after)
            optimizer.step()
    return Run(np.array(losses), np.array(norms), np.array(applied), ended)
