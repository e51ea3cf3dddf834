"""A network that learns by Adam, whose steps grow smaller as the training nears its end."""

from __future__ import annotations

import torch
from torch import Tensor, nn

LAST = 0.1  # of the first step size, at the end


class Learner:
    """A network that learns.

    Args:
        network: The network.
        rate: Step size in the beginning.
        last: Share of it that is left at the end.
    """

    def __init__(self, network: nn.Module, rate: float, last: float = LAST) -> None:
        self.network, self.rate, self.last = network, rate, last
        self.optimizer = torch.optim.Adam(network.parameters(), lr=rate)

    def step(self, loss: Tensor, done: float) -> None:
        """Make one step down a loss.

        Args:
            loss: What shall become smaller, a scalar.
            done: Share of the training that is over; the step size falls by the same factor in equal times.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * self.last**done
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
