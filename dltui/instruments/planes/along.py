"""Directions one by one: random, along the gradient, along eigenvectors of the Hessian, from a file; or two of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from dltui.errors import DltuiError, UsageError
from dltui.figures import number
from dltui.instruments.axes import Axes
from dltui.instruments.curvature.pairs import Pairs, eigenpairs
from dltui.instruments.directions import beside, cosine, plane, rescaled, scaling
from dltui.instruments.planes.files import read_direction
from dltui.instruments.planes.spelled import Term
from dltui.instruments.planes.statistics import Statistics
from dltui.objective import Objective, Twin
from dltui.progress import Report

PARALLEL = 1 - 1e-6  # a cosine above which two directions span no plane


@dataclass(frozen=True)
class _Found:
    """One direction that was found: its numbers, what to say of it, eigenvalue and residual of an eigenvector."""

    direction: Tensor
    told: str
    pair: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Along:
    """Directions that are asked for; called with an objective, it finds them.

    Attributes:
        terms: One direction, or two.
        dimensions: 1 for a line, 2 for a plane; in a plane, one eigenvector alone is joined by the next from its end,
            any other direction by a random one.
        normalize: How directions are scaled; None for ``filter`` when all are random, else ``none``: gradients,
            eigenvectors and random directions beside them have length 1 then, those of files the length they have.
        vectors: Whether random directions move biases and scales of norms too.
        seed: Seed of the draws.
        statistics: Puts running statistics right at every point.
    """

    terms: tuple[Term, ...] = (Term("random"),)
    dimensions: int = 2
    normalize: str | None = None
    vectors: bool = False
    seed: int = 0
    statistics: Statistics | None = None

    @property
    def random(self) -> bool:
        """Whether every direction is a random one."""
        return all(term.kind == "random" for term in self.terms)

    @property
    def scale(self) -> str:
        """How directions are scaled."""
        return self.normalize or ("filter" if self.random else "none")

    def check(self) -> None:
        """Refuse what can't be spanned, before anything is loaded.

        Raises:
            UsageError: If there are more directions than dimensions, or an eigenvector would be scaled.
        """
        scaling(self.scale)
        named = ",".join(term.name for term in self.terms)
        if self.scale != "none" and any(term.kind == "eigen" for term in self.terms):
            raise UsageError(
                f"can't scan along {named} with --normalize {self.scale}: an eigenvector scaled {self.scale} by "
                f"{self.scale} is none any more; leave --normalize out, steps are lengths then"
            )
        if len(self.terms) > self.dimensions:
            raise UsageError(
                f"can't scan {self.dimensions} dimension along {named}: expected one direction; try --dimensions 2"
            )

    def __call__(self, objective: Objective, report: Report) -> Axes:
        """Find the directions around the weights of an objective.

        Args:
            objective: The loss of a model on its data.
            report: Called after every product with the Hessian.

        Returns:
            The directions, with what is known of them.

        Raises:
            DltuiError: If one of them is 0 or not finite, or two span no plane.
        """
        self.check()
        twin = objective.twin()
        if self.random:
            directions, angle = plane(twin, self.scale, self.seed, self.dimensions, vectors=self.vectors)
            return Axes(
                directions,
                angle,
                scale=self.scale,
                vectors=self.vectors,
                seed=self.seed,
                statistics=self.statistics,
            )
        terms = completed(self.terms, self.dimensions)
        found, products = self._found(terms, objective, twin, report)
        directions = [one.direction.to(twin.flat) for one in found]
        angle = cosine(*directions) if len(directions) == 2 else 0.0
        if abs(angle) > PARALLEL:
            raise DltuiError(
                f"{terms[0].name} and {terms[1].name} point the same way (cosine {angle:.6f}) and span no plane; "
                "expected two different directions; try --dimensions 1"
            )
        pairs = [one.pair for one in found if one.pair]
        return Axes(
            directions,
            angle,
            scale=self.scale,
            vectors=self.vectors,
            seed=self.seed,
            along=[term.name for term in terms],
            told=[one.told for one in found],
            curvatures=[value for value, _ in pairs],
            residuals=[residual for _, residual in pairs],
            products=products,
            statistics=self.statistics,
        )

    def _found(
        self, terms: tuple[Term, ...], objective: Objective, twin: Twin, report: Report
    ) -> tuple[list[_Found], int]:
        """Find what the model and its data decide, then the random direction upright on it."""
        numbers = [term.number for term in terms if term.kind == "eigen"]
        found: dict[Term, _Found] = {}
        products = 0
        if numbers:
            pairs = eigenpairs(objective, numbers, seed=self.seed, report=report)
            products = pairs.products
            for i, one in enumerate(numbers):
                found[Term("eigen", one)] = _eigenvector(pairs, i, one)
        for term in terms:
            if term.kind == "gradient":
                found[term] = self._gradient(objective, twin)
            elif term.kind == "file":
                found[term] = self._file(term, twin)
        random = next((term for term in terms if term.kind == "random"), None)
        if random is not None:
            (first,) = found.values()
            drawn = beside(first.direction, twin, self.scale, self.seed, vectors=self.vectors)
            found[random] = _Found(drawn, f"{self._how()} random direction, seed {self.seed}")
        return [found[term] for term in terms], products

    def _gradient(self, objective: Objective, twin: Twin) -> _Found:
        """Return the direction in which the loss rises fastest."""
        slope = objective.gradient(twin)
        length = float(slope.norm())
        if not torch.isfinite(slope).all():
            raise DltuiError(
                f"the gradient of {objective.title} is not finite; expected finite numbers; check the weights"
            )
        if length == 0:
            raise DltuiError(
                f"the gradient of {objective.title} is 0, so it has no direction; try --along eigen:1"
            )
        direction = slope / length if self.scale == "none" else rescaled(slope, twin, self.scale)
        return _Found(direction, f"{self._how()} gradient (‖∇L‖ {number(length)}), uphill to the right")

    def _file(self, term: Term, twin: Twin) -> _Found:
        """Return the direction that a file holds."""
        raw = read_direction(term.path, twin)
        told = f"direction of {term.path.name}"
        if self.scale == "none":
            return _Found(raw, f"{told}, length {number(float(raw.norm()))}")
        return _Found(rescaled(raw, twin, self.scale), f"{self.scale}-normalised {told}")

    def _how(self) -> str:
        """Return in a word how directions are scaled."""
        return "unit" if self.scale == "none" else f"{self.scale}-normalised"


def completed(terms: tuple[Term, ...], dimensions: int) -> tuple[Term, ...]:
    """Return as many directions as there are dimensions.

    Args:
        terms: Those that were asked for, at least one.
        dimensions: 1 or 2.

    Returns:
        The same; one eigenvector alone is joined by the next from its end, another direction by a random one.
    """
    if len(terms) == dimensions:
        return terms
    (one,) = terms
    if one.kind == "eigen":
        return one, replace(one, number=one.number + (1 if one.number > 0 else -1))
    return one, Term("random")


def _eigenvector(pairs: Pairs, place: int, which: int) -> _Found:
    """Return an eigenvector as a direction; an eigenvalue that has not converged is told as a bound."""
    value, residual = float(pairs.values[place]), float(pairs.residuals[place])
    if pairs.converged[place]:
        told, known = f"λ {number(value)} ± {number(residual, 1)}", value
    else:
        told, known = f"λ {'≥' if which > 0 else '≤'} {number(value)}, not converged", float("nan")
    return _Found(pairs.vectors[place], f"unit eigenvector eigen:{which} ({told})", (known, residual))
