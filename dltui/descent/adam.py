"""Adam and its kin: mean gradient over root mean square, both freed of the zeros that they began with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dltui.descent.rule import Here, Memory, Rule, Vector, mean

MOMENTS = "m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 − β₂)·g², m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ), "
FEW = 5  # below so many terms the spread of v is not known, says Liu et al. 2020


@dataclass(frozen=True, kw_only=True)
class Adam(Rule):
    """Adam (Kingma and Ba 2015).

    Attributes:
        beta1: Share β₁ of the mean gradient that is kept.
        beta2: Share β₂ of the mean square that is kept.
        eps: ε, keeps the denominator from 0.
        weight_decay: Pull λ towards 0, as part of the gradient.
        corrected: Divide both means by 1 − βᵗ.
    """

    title: ClassVar[str] = "Adam"
    formula: ClassVar[str] = MOMENTS + "θ ← θ − η·m̂/(√v̂ + ε)"
    lr: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 0.0
    corrected: bool = True

    def step(self, here: Here, memory: Memory) -> tuple[Vector, Memory]:
        """Return the next point, m, v, m̂, v̂ and the rate η/(√v̂ + ε)."""
        moments = self._moments(here.g + self.weight_decay * here.w, here.t, memory)
        rate = self.lr / (np.sqrt(moments["v̂"]) + self.eps)
        return here.w - rate * moments["m̂"], {**moments, "rate": rate}

    def _moments(self, g: Vector, t: int, memory: Memory) -> dict[str, Vector]:
        """Return m, v, m̂ and v̂."""
        m, v = mean(self.beta1, memory.get("m"), g), mean(self.beta2, memory.get("v"), g**2)
        low, high = (1 - self.beta1**t, 1 - self.beta2**t) if self.corrected else (1.0, 1.0)
        return {"m": m, "v": v, "m̂": m / low, "v̂": v / high}


@dataclass(frozen=True, kw_only=True)
class AdamW(Adam):
    """AdamW: the weight decay is no part of the gradient, so it isn't divided (Loshchilov and Hutter 2019)."""

    title: ClassVar[str] = "AdamW"
    formula: ClassVar[str] = MOMENTS + "θ ← (1 − ηλ)·θ − η·m̂/(√v̂ + ε)"
    weight_decay: float = 0.01

    def step(self, here: Here, memory: Memory) -> tuple[Vector, Memory]:
        """Return the next point, m, v, m̂, v̂ and the rate η/(√v̂ + ε)."""
        moments = self._moments(here.g, here.t, memory)
        rate = self.lr / (np.sqrt(moments["v̂"]) + self.eps)
        return (1 - self.lr * self.weight_decay) * here.w - rate * moments["m̂"], {**moments, "rate": rate}


@dataclass(frozen=True, kw_only=True)
class RAdam(Adam):
    """RAdam: plain momentum until the spread of v can be trusted, then Adam with a factor r (Liu et al. 2020)."""

    title: ClassVar[str] = "RAdam"
    formula: ClassVar[str] = MOMENTS + (
        "ρ = ρ∞ − 2tβ₂ᵗ/(1 − β₂ᵗ), r = √((ρ−4)(ρ−2)ρ∞/((ρ∞−4)(ρ∞−2)ρ)), "
        "θ ← θ − η·r·m̂/√v̂ where ρ > 5, else θ − η·m̂"
    )

    def step(self, here: Here, memory: Memory) -> tuple[Vector, Memory]:
        """Return the next point, m, v, m̂, v̂, the length ρ, the factor r (0 while it is not known) and the rate."""
        moments = self._moments(here.g + self.weight_decay * here.w, here.t, memory)
        rho, r = self.rectified(here.t)
        root = np.sqrt(1 - self.beta2**here.t)
        rate = self.lr * r * root / (np.sqrt(moments["v"]) + self.eps) if r else np.full_like(here.w, self.lr)
        shown = {"ρ": np.array(rho), "r": np.array(r), "rate": rate}
        return here.w - rate * moments["m̂"], {**moments, **shown}

    def rectified(self, t: int) -> tuple[float, float]:
        """Return ρₜ, how many terms the mean square has in effect, and r, 0 where they are too few."""
        longest, faded = 2 / (1 - self.beta2) - 1, self.beta2**t
        rho = longest - 2 * t * faded / (1 - faded)
        if rho <= FEW:
            return rho, 0.0
        above, below = (rho - 4) * (rho - 2) * longest, (longest - 4) * (longest - 2) * rho
        return rho, float(np.sqrt(above / below))
