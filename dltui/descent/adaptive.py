"""Rules that give every parameter a rate of its own; all keep ``rate``, what each gradient was multiplied by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dltui.descent.rule import Here, Memory, Rule, Vector, mean


@dataclass(frozen=True, kw_only=True)
class RootMeanSquare(Rule):
    """The rate divided by the root mean square of all gradients so far; a first gradient of 0 gives no step.

    Attributes:
        eps: ε, keeps the denominator from 0.
    """

    title: ClassVar[str] = "root mean square"
    formula: ClassVar[str] = "σ = √(Σg²/t), θ ← θ − η/(σ + ε)·g"
    lr: float = 0.1
    eps: float = 1e-10

    def step(self, here: Here, memory: Memory) -> tuple[Vector, Memory]:
        """Return the next point, the sum s, the root mean square σ and the rate."""
        s = memory.get("s", 0.0) + here.g**2
        sigma = np.sqrt(s / here.t)
        rate = self.lr / (sigma + self.eps)
        return here.w - rate * here.g, {"s": s, "σ": sigma, "rate": rate}


@dataclass(frozen=True, kw_only=True)
class AdaGrad(Rule):
    """AdaGrad: the sum of squares only grows, so the rate only falls (Duchi et al. 2011).

    Attributes:
        eps: ε, keeps the denominator from 0.
    """

    title: ClassVar[str] = "AdaGrad"
    formula: ClassVar[str] = "s ← s + g², θ ← θ − η·g/(√s + ε)"
    lr: float = 0.1
    eps: float = 1e-10

    def step(self, here: Here, memory: Memory) -> tuple[Vector, Memory]:
        """Return the next point, the sum s, its root σ and the rate."""
        s = memory.get("s", 0.0) + here.g**2
        sigma = np.sqrt(s)
        rate = self.lr / (sigma + self.eps)
        return here.w - rate * here.g, {"s": s, "σ": sigma, "rate": rate}


@dataclass(frozen=True, kw_only=True)
class RmsProp(Rule):
    """RMSProp: like AdaGrad, but old gradients are forgotten (Tieleman and Hinton 2012).

    Attributes:
        alpha: Share α of the mean of squares that is kept.
        eps: ε, keeps the denominator from 0.
        warm: Begin with the first square itself, not with a mean that holds a 0.
    """

    title: ClassVar[str] = "RMSProp"
    formula: ClassVar[str] = "v ← α·v + (1 − α)·g², θ ← θ − η·g/(√v + ε)"
    lr: float = 0.01
    alpha: float = 0.99
    eps: float = 1e-8
    warm: bool = False

    def step(self, here: Here, memory: Memory) -> tuple[Vector, Memory]:
        """Return the next point, the mean v, its root σ and the rate."""
        square = here.g**2
        v = square if self.warm and "v" not in memory else mean(self.alpha, memory.get("v"), square)
        sigma = np.sqrt(v)
        rate = self.lr / (sigma + self.eps)
        return here.w - rate * here.g, {"v": v, "σ": sigma, "rate": rate}


@dataclass(frozen=True, kw_only=True)
class AdaDelta(Rule):
    """AdaDelta: steps as large as earlier steps were, so that no rate need be chosen (Zeiler 2012).

    Attributes:
        rho: Share ρ of both means that is kept.
        eps: ε, what the first step begins with.
    """

    title: ClassVar[str] = "AdaDelta"
    formula: ClassVar[str] = (
        "v ← ρ·v + (1 − ρ)·g², Δ = √(u + ε)/√(v + ε)·g, u ← ρ·u + (1 − ρ)·Δ², θ ← θ − η·Δ"
    )
    lr: float = 1.0
    rho: float = 0.9
    eps: float = 1e-6

    def step(self, here: Here, memory: Memory) -> tuple[Vector, Memory]:
        """Return the next point, the means v of g² and u of Δ², and the rate."""
        v = mean(self.rho, memory.get("v"), here.g**2)
        ratio = np.sqrt(memory.get("u", 0.0) + self.eps) / np.sqrt(v + self.eps)
        u = mean(self.rho, memory.get("u"), (ratio * here.g) ** 2)
        rate = self.lr * ratio
        return here.w - rate * here.g, {"v": v, "u": u, "rate": rate}


@dataclass(frozen=True, kw_only=True)
class Ftrl(Rule):
    """FTRL-proximal: the weight is found anew at each step, and is exactly 0 while |z| ≤ λ₁ (McMahan et al. 2013).

    Without λ₁ and λ₂ it is AdaGrad with β for ε. It begins with the z of which the start comes.

    Attributes:
        beta: β, added to √n.
        l1: λ₁, the width of the dead zone.
        l2: λ₂, a pull towards 0.
    """

    title: ClassVar[str] = "FTRL"
    formula: ClassVar[str] = (
        "z ← z + g − (√(n+g²) − √n)/η·θ, n ← n + g², θ ← −(z − sign(z)·λ₁)/((β+√n)/η + λ₂), or 0 where |z| ≤ λ₁"
    )
    lr: float = 0.1
    beta: float = 1.0
    l1: float = 0.0
    l2: float = 0.0

    def begin(self, w: Vector) -> Memory:
        """Return the z that gives ``w``, and n = 0."""
        return {"z": -w * (self.beta / self.lr + self.l2) - np.sign(w) * self.l1, "n": np.zeros_like(w)}

    def step(self, here: Here, memory: Memory) -> tuple[Vector, Memory]:
        """Return the next point and both sums, with the rate of AdaGrad."""
        n = memory["n"] + here.g**2
        z = memory["z"] + here.g - (np.sqrt(n) - np.sqrt(memory["n"])) / self.lr * here.w
        below = (self.beta + np.sqrt(n)) / self.lr + self.l2
        pulled = np.abs(z) > self.l1
        w = np.where(pulled, -(z - np.sign(z) * self.l1) / np.where(below > 0, below, 1.0), 0.0)
        return w, {"z": z, "n": n, "rate": 1 / np.where(below > 0, below, np.inf)}
