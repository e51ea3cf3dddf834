"""Rules with one rate for all: plain descent, momentum in its forms, and LARS with one rate a layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dltui.descent.rule import Here, Memory, Rule, Vector


@dataclass(frozen=True, kw_only=True)
class Gradient(Rule):
    """Gradient descent; it is SGD when the gradient comes from a batch.

    Attributes:
        weight_decay: Pull λ towards 0, as part of the gradient.
    """

    title: ClassVar[str] = "gradient descent"
    formula: ClassVar[str] = "θ ← θ − η·g"
    lr: float = 0.1
    weight_decay: float = 0.0

    def step(self, here: Here, memory: Memory) -> tuple[Vector, Memory]:
        """Return the next point and the memory as it was."""
        return here.w - self.lr * (here.g + self.weight_decay * here.w), memory


@dataclass(frozen=True, kw_only=True)
class Momentum(Rule):
    """Descent with inertia: the classic form, in which the old move is kept and the new pull added.

    With a constant η it is ``torch.optim.SGD(momentum=…)``, whose buffer is −m/η.

    Attributes:
        momentum: Share λ of the last move that is kept.
    """

    title: ClassVar[str] = "momentum"
    formula: ClassVar[str] = "m ← λ·m − η·g, θ ← θ + m"
    lr: float = 0.1
    momentum: float = 0.9

    def step(self, here: Here, memory: Memory) -> tuple[Vector, Memory]:
        """Return the next point and m, the move that leads there."""
        move = -self.lr * here.g
        if "m" in memory:
            move = self.momentum * memory["m"] + move
        return here.w + move, {"m": move}


@dataclass(frozen=True, kw_only=True)
class Averaged(Rule):
    """Momentum as a running mean of gradients: the same way at a rate of η/(1 − β).

    Attributes:
        momentum: Share β of the mean that is kept.
    """

    title: ClassVar[str] = "averaged momentum"
    formula: ClassVar[str] = "m ← β·m + (1 − β)·g, θ ← θ − η·m"
    lr: float = 0.1
    momentum: float = 0.9

    def step(self, here: Here, memory: Memory) -> tuple[Vector, Memory]:
        """Return the next point and m, the mean gradient."""
        move = (1 - self.momentum) * here.g
        if "m" in memory:
            move = self.momentum * memory["m"] + move
        return here.w - self.lr * move, {"m": move}


@dataclass(frozen=True, kw_only=True)
class Nesterov(Rule):
    """Momentum that looks ahead, in the form in which the gradient is taken where one stands (Sutskever 2013).

    Its points are those of θ′ ← θ + λm, g at θ′, seen from θ′.

    Attributes:
        momentum: Share λ of the last move that is kept.
    """

    title: ClassVar[str] = "Nesterov"
    formula: ClassVar[str] = "m ← λ·m − η·g, θ ← θ + λ·m − η·g"
    lr: float = 0.1
    momentum: float = 0.9

    def step(self, here: Here, memory: Memory) -> tuple[Vector, Memory]:
        """Return the next point and m."""
        pull = -self.lr * here.g
        move = self.momentum * memory["m"] + pull if "m" in memory else pull
        return here.w + self.momentum * move + pull, {"m": move}


@dataclass(frozen=True, kw_only=True)
class Lars(Rule):
    """LARS: each layer goes a share of its own length, however long its gradient is (You et al. 2017).

    Attributes:
        trust: Trust coefficient τ.
        weight_decay: β, the pull towards 0.
        momentum: Share μ of the last move that is kept.
        layers: Weights of each layer, in the order in which they lie in θ; empty where θ is one layer.
    """

    title: ClassVar[str] = "LARS"
    formula: ClassVar[str] = "ηₗ = η·τ‖wₗ‖/(‖gₗ‖ + β‖wₗ‖), m ← μ·m − ηₗ·(g + β·w), θ ← θ + m"
    lr: float = 1.0
    trust: float = 0.001
    weight_decay: float = 0.0
    momentum: float = 0.0
    layers: tuple[int, ...] = ()

    def step(self, here: Here, memory: Memory) -> tuple[Vector, Memory]:
        """Return the next point, m, and the rate of every weight; a layer without length or slope stands still."""
        rate = np.empty_like(here.w)
        for part in self.parts(here.w.shape[-1]):
            w, g = (float(np.linalg.norm(one[..., part])) for one in (here.w, here.g))
            below = g + self.weight_decay * w
            rate[..., part] = self.lr * self.trust * w / below if below else 0.0
        move = -rate * (here.g + self.weight_decay * here.w)
        if "m" in memory:
            move = self.momentum * memory["m"] + move
        return here.w + move, {"m": move, "rate": rate}

    def parts(self, size: int) -> list[slice]:
        """Return where each layer lies in θ.

        Args:
            size: Weights in all.

        Returns:
            One slice a layer.

        Raises:
            ValueError: If the layers do not make up θ.
        """
        layers = self.layers or (size,)
        if sum(layers) != size:
            raise ValueError(f"layers of {layers} weights make {sum(layers)}, not {size}")
        ends = np.cumsum(layers)
        return [slice(int(end - one), int(end)) for end, one in zip(ends, layers, strict=True)]
