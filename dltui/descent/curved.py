"""Rules that know how the surface bends: Newton, saddle-free Newton, and L-BFGS that guesses it from its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dltui.descent.rule import Here, Lost, Memory, Rule, Vector

FLAT = 1e-10  # a pair of step and change of slope that bends less tells L-BFGS nothing, as in torch
SINGULAR = 1e-12  # share of the largest curvature below which an eigenvalue counts as 0


@dataclass(frozen=True, kw_only=True)
class Newton(Rule):
    """Newton's method: to where the quadratic model has its critical point, be that a minimum or not."""

    title: ClassVar[str] = "Newton"
    formula: ClassVar[str] = "θ ← θ − η·H⁻¹g"
    curved: ClassVar[bool] = True
    lr: float = 1.0

    def step(self, here: Here, memory: Memory) -> tuple[Vector, Memory]:
        """Return the next point, and the eigenvalues λ of H.

        Args:
            here: Point, gradient and Hessian, of one walk.
            memory: Not used: it remembers nothing.

        Returns:
            The new point, and the eigenvalues λ of H.

        Raises:
            Lost: If an eigenvalue of H is 0 where there is a slope.
        """
        del memory
        values, vectors = _eigen(here)
        return here.w - self.lr * vectors @ ((vectors.T @ here.g) / self._divisors(values, here)), {
            "λ": values
        }

    def _divisors(self, values: Vector, here: Here) -> Vector:
        """Return what the slope along each eigenvector is divided by."""
        flat = np.abs(values) <= SINGULAR * max(float(np.abs(values).max()), SINGULAR)
        if flat.any() and np.linalg.norm(here.g) > 0:
            raise Lost("H has an eigenvalue of 0 here: no inverse, no Newton step")
        return np.where(flat, 1.0, values)


@dataclass(frozen=True, kw_only=True)
class SaddleFree(Newton):
    """Saddle-free Newton: divides by |λ|, so that it goes down along every eigenvector (Dauphin et al. 2014).

    Attributes:
        damping: Least |λ| by which is divided.
    """

    title: ClassVar[str] = "saddle-free Newton"
    formula: ClassVar[str] = "θ ← θ − η·|H|⁻¹g, |H| = V·|Λ|·Vᵀ"
    damping: float = 1e-8

    def _divisors(self, values: Vector, here: Here) -> Vector:
        """Return |λ|, the damping at least."""
        del here
        return np.maximum(np.abs(values), self.damping)


@dataclass(frozen=True, kw_only=True)
class Lbfgs(Rule):
    """L-BFGS: H⁻¹g from the last steps s and changes of slope y, no matrix kept; no line search.

    The first step is min(1, 1/‖g‖₁)·η long along −g, as in torch.

    Attributes:
        history: Pairs (s, y) that are kept.
    """

    title: ClassVar[str] = "L-BFGS"
    formula: ClassVar[str] = "s = Δθ, y = Δg, θ ← θ − η·Bg with B ≈ H⁻¹ of the last pairs (s, y)"
    lr: float = 1.0
    history: int = 10

    def step(self, here: Here, memory: Memory) -> tuple[Vector, Memory]:
        """Return the next point, the pairs s and y, shape (pairs, d), and the last move and gradient."""
        s, y = memory.get("s", np.empty((0, here.w.size))), memory.get("y", np.empty((0, here.w.size)))
        if "move" in memory:
            change = here.g - memory["g"]
            if float(change @ memory["move"]) > FLAT:
                s = np.vstack((s, memory["move"]))[-self.history :]
                y = np.vstack((y, change))[-self.history :]
            move = -self.lr * two_loops(here.g, s, y)
        else:
            move = -self.lr * min(1.0, 1.0 / max(float(np.abs(here.g).sum()), FLAT)) * here.g
        return here.w + move, {"s": s, "y": y, "move": move, "g": here.g}


def two_loops(g: Vector, s: Vector, y: Vector) -> Vector:
    """Return B·g, where B ≈ H⁻¹ comes of pairs of steps and changes of slope (Nocedal and Wright, algorithm 7.4).

    Args:
        g: Gradient, shape (d,).
        s: Steps, the oldest first, shape (pairs, d).
        y: What the gradient changed by on each, of the same shape.

    Returns:
        Shape (d,); g itself where there is no pair.
    """
    q, shares = g.copy(), np.empty(len(s))
    for i in reversed(range(len(s))):
        shares[i] = (s[i] @ q) / (y[i] @ s[i])
        q = q - shares[i] * y[i]
    if len(s):
        q = q * (s[-1] @ y[-1]) / (y[-1] @ y[-1])
    for i in range(len(s)):
        q = q + (shares[i] - (y[i] @ q) / (y[i] @ s[i])) * s[i]
    found: Vector = q
    return found


def _eigen(here: Here) -> tuple[Vector, Vector]:
    """Return the eigenvalues, rising, and eigenvectors of the Hessian here."""
    if here.h is None:
        raise TypeError("this rule asks for the Hessian")
    found = np.linalg.eigh(here.h)
    return found.eigenvalues, found.eigenvectors
