"""A small post-norm transformer on digits, trained for a hundred steps: a start that large steps spoil."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.data import load
from dltui.device import seeded, threads

SAMPLES, BATCH, ROWS, WIDTH, BLOCKS = 600, 32, 8, 32, 2


class Block(nn.Module):
    """Attention and a two-layer network, each added to its input and normalised after it (post-norm)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, rows, width) to the same."""
        q, k, v = self.qkv(x).chunk(3, -1)
        share = torch.softmax(q @ k.transpose(1, 2) / q.shape[-1] ** 0.5, -1)
        x = self.first(x + self.out(share @ v))
        found: Tensor = self.second(x + self.down(torch.relu(self.up(x))))
        return found


class Reader(nn.Module):
    """Reads the rows of a digit as tokens and answers with ten logits."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.leave = nn.Linear(ROWS, WIDTH), nn.Linear(WIDTH, 10)
        self.place = nn.Parameter(0.02 * torch.randn(ROWS, WIDTH))
        self.blocks = nn.Sequential(*(Block(WIDTH) for _ in range(BLOCKS)))

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, rows, pixels of a row) to (batch, 10)."""
        found: Tensor = self.leave(self.blocks(self.enter(x) + self.place).mean(1))
        return found


@lru_cache(maxsize=64)
def trained(rates: tuple[float, ...], seed: int) -> tuple[float, ...]:
    """Train the reader with Adam, one step for each learning rate.

    Args:
        rates: Learning rates η of the steps.
        seed: Seed of weights and batches.

    Returns:
        The loss on each batch, before its step.
    """
    data = load("digits")
    x = torch.from_numpy(data.x_train[:SAMPLES]).reshape(-1, ROWS, ROWS)
    t = torch.from_numpy(data.y_train[:SAMPLES]).long()
    losses = []
    with seeded(seed), threads(1):
        net = Reader()
        optimizer = torch.optim.Adam(net.parameters(), 1.0, betas=(0.9, 0.98), fused=True)
        for rate in rates:
            rows = torch.randint(SAMPLES, (BATCH,))
            optimizer.param_groups[0]["lr"] = rate
            optimizer.zero_grad()
            loss = functional.cross_entropy(net(x[rows]), t[rows])
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            losses.append(loss.item())
    return tuple(losses)
